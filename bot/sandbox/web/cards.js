// Newer blocks that group or frame others: alert, card, carousel, container, plan, task_card.

import { h } from "./dom.js";
import { renderElement } from "./elements.js";
import { icon } from "./icons.js";
import { picture } from "./images.js";
import { link, renderText } from "./mrkdwn.js";
import { renderRichText } from "./richtext.js";

const ALERT_ICONS = { __proto__: null, warning: "alert", error: "alert", success: "check", info: "info" };

export function renderAlert(block, { world }) {
  const level = ["info", "warning", "error", "success"].includes(block.level) ? block.level : "default";
  return h(
    "div",
    { class: `alert alert-${level}`, role: level === "error" ? "alert" : "status" },
    icon(ALERT_ICONS[level] ?? "info", 18),
    h("div", { class: "text" }, renderText(block.text, world)),
  );
}

export function renderCard(block, ctx) {
  const { world } = ctx;
  const line = (name) => (block[name] ? h("div", { class: `card-${name}` }, renderText(block[name], world)) : null);
  return h(
    "article",
    { class: "card" },
    block.hero_image ? picture(block.hero_image, "card-hero") : null,
    h(
      "div",
      { class: "card-head" },
      block.icon
        ? picture(block.icon, "card-icon")
        : block.slack_icon
          ? h("span", { class: "card-icon card-glyph", title: block.slack_icon.name }, icon(block.slack_icon.name))
          : null,
      h("div", {}, line("title"), line("subtitle")),
    ),
    line("body"),
    line("subtext"),
    block.actions?.length
      ? h(
          "div",
          { class: "actions" },
          block.actions.map((element) => renderElement(element, block, ctx)),
        )
      : null,
  );
}

export function renderCarousel(block, ctx) {
  return h(
    "div",
    { class: "carousel", role: "group", "aria-label": "Cards", tabindex: 0 },
    (block.elements ?? []).map((card) => renderCard({ block_id: block.block_id, ...card }, ctx)),
  );
}

export function renderContainer(block, ctx, renderBlock) {
  const title = block.rich_text_title
    ? renderRichText(block.rich_text_title, ctx.world)
    : renderText(block.title, ctx.world);
  const head = [
    h("span", { class: "container-title" }, title),
    block.subtitle ? h("span", { class: "container-subtitle" }, renderText(block.subtitle, ctx.world)) : null,
  ];
  const body = h(
    "div",
    { class: "container-body" },
    (block.child_blocks ?? []).map((child) => renderBlock(child, ctx)),
  );
  const width = ["narrow", "standard", "wide", "full"].includes(block.width) ? block.width : "standard";
  if (!block.is_collapsible) {
    const ruled = block.has_header_divider ? " container-ruled" : "";
    return h(
      "section",
      { class: `container container-${width}${ruled}` },
      h("div", { class: "container-head" }, head),
      body,
    );
  }
  return h(
    "details",
    {
      class: `container container-${width}`,
      open: !block.default_collapsed,
      dataset: { fold: `container-${block.block_id}` },
    },
    h("summary", { class: "container-head" }, icon("chevron", 16), h("span", { class: "container-words" }, head)),
    body,
  );
}

const TASK_STATES = {
  __proto__: null,
  pending: ["circle", "Not started"],
  in_progress: ["arrows", "In progress"],
  complete: ["check", "Complete"],
  error: ["cross", "Failed"],
};

export function renderPlan(block, ctx) {
  const tasks = block.tasks ?? [];
  const done = tasks.filter((task) => task.status === "complete").length;
  return h(
    "section",
    { class: "plan" },
    h(
      "div",
      { class: "plan-head" },
      h("span", { class: "plan-title" }, renderText(block.title, ctx.world)),
      tasks.length ? h("span", { class: "plan-count" }, `${done} of ${tasks.length}`) : null,
    ),
    h(
      "ol",
      { class: "plan-tasks" },
      tasks.map((task) => h("li", {}, renderTask(task, ctx))),
    ),
  );
}

export function renderTask(task, { world }) {
  const [glyph, words] = TASK_STATES[task.status] ?? ["circle", task.status ?? "Unknown state"];
  const parts = [task.details, task.output].filter(Boolean).map((part) => renderRichText(part, world));
  const sources = (task.sources ?? []).map((source) =>
    link(source.url ?? "", source.text ?? source.title ?? source.url ?? ""),
  );
  const head = [
    h(
      "span",
      { class: `task-mark task-${task.status}`, role: "img", "aria-label": words, title: words },
      glyph === "arrows" ? null : icon(glyph, 14),
    ),
    h("span", { class: "task-title" }, renderText(task.title, world)),
  ];
  if (!parts.length && !sources.length) return h("div", { class: "task" }, h("div", { class: "task-head" }, head));
  return h(
    "details",
    {
      class: "task",
      open: task.status === "error" || task.status === "in_progress",
      dataset: { fold: `task-${task.task_id}` },
    },
    h("summary", { class: "task-head" }, head, icon("chevron", 14)),
    h("div", { class: "task-body" }, parts, sources.length ? h("div", { class: "task-sources" }, sources) : null),
  );
}
