// Blocks to DOM. A context says whose eyes look (`world`), where the blocks stand (`kind`), which form their inputs belong
// to, and what to do when something in them is used.

import { renderAlert, renderCard, renderCarousel, renderContainer, renderPlan, renderTask } from "./cards.js";
import { renderChart } from "./charts.js";
import { h } from "./dom.js";
import { renderElement } from "./elements.js";
import { icon } from "./icons.js";
import { picture } from "./images.js";
import { renderInput } from "./inputs.js";
import { renderMarkdown } from "./markdown.js";
import { link, renderText, textOf } from "./mrkdwn.js";
import { raw } from "./raw.js";
import { renderRichText } from "./richtext.js";
import { renderDataTable, renderTable } from "./tables.js";

const RENDERERS = {
  __proto__: null,
  actions: (block, ctx) => elements(block, ctx, "actions"),
  alert: renderAlert,
  card: renderCard,
  carousel: renderCarousel,
  container: (block, ctx) => renderContainer(block, ctx, renderBlock),
  context,
  context_actions: (block, ctx) => elements(block, ctx, "actions actions-quiet"),
  data_table: renderDataTable,
  data_visualization: renderChart,
  divider: () => h("hr"),
  file,
  header,
  image,
  input: renderInput,
  markdown: (block) => h("div", { class: "markdown" }, renderMarkdown(block.text ?? "")),
  plan: renderPlan,
  rich_text: (block, ctx) => renderRichText(block, ctx.world),
  section,
  table: renderTable,
  task_card: renderTask,
  video,
};

/** One block as an element carrying its `data-block-id`; a block that cannot be drawn is shown raw. */
export function renderBlock(block, ctx) {
  const render = RENDERERS[block?.type];
  let body;
  try {
    body = render ? render(block, ctx) : raw(block);
  } catch (error) {
    body = raw(block, `This block could not be drawn (${error.message}); this is what was sent:`);
  }
  return h(
    "div",
    { class: `block block-${block?.type}`, dataset: { blockId: block?.block_id, blockType: block?.type } },
    body,
  );
}

/** Key and signature of a block for `sync`: the same block_id keeps its place, any difference redraws it. */
export const blockKey = (block, index) => block?.block_id ?? `${index}:${block?.type}`;

export function renderBlocks(blocks, ctx) {
  return (blocks ?? []).map((block) => renderBlock(block, ctx));
}

function section(block, ctx) {
  const { world } = ctx;
  const body = h(
    "div",
    { class: "section-body" },
    block.text ? h("div", { class: "text" }, renderText(block.text, world)) : null,
    block.fields?.length
      ? h(
          "div",
          { class: "fields" },
          block.fields.map((field) => h("div", { class: "text" }, renderText(field, world))),
        )
      : null,
  );
  if (!block.accessory) return body;
  const wide = !["button", "overflow", "image", "workflow_button"].includes(block.accessory.type);
  return h(
    "div",
    { class: `section-row${wide ? " section-row-wide" : ""}` },
    body,
    h("div", { class: "accessory" }, renderElement(block.accessory, block, ctx, { label: textOf(block.text) })),
  );
}

function header(block) {
  const level = Math.min(Math.max(block.level ?? 1, 1), 4);
  return h(`h${level + 1}`, { class: `block-heading level-${level}` }, renderText(block.text));
}

function context(block, ctx) {
  const items = (block.elements ?? []).map((element) =>
    element.type === "image"
      ? picture(element, "context-image")
      : h("span", { class: "context-text" }, renderText(element, ctx.world)),
  );
  return h("div", { class: "context" }, items);
}

function elements(block, ctx, className) {
  return h(
    "div",
    { class: className },
    (block.elements ?? []).map((element) => renderElement(element, block, ctx)),
  );
}

function image(block) {
  return h(
    "figure",
    { class: "image" },
    block.title ? h("figcaption", {}, renderText(block.title)) : null,
    picture(block, "image-picture"),
  );
}

function video(block) {
  return h(
    "div",
    { class: "card" },
    h(
      "div",
      { class: "card-title" },
      block.title_url ? link(block.title_url, textOf(block.title)) : textOf(block.title),
    ),
    block.description ? h("div", { class: "card-subtitle" }, renderText(block.description)) : null,
    block.video_url ? h("div", {}, link(block.video_url, "Open the video")) : null,
  );
}

function file(block) {
  return h("div", { class: "file-chip" }, icon("file"), h("span", {}, block.external_id ?? block.file_id ?? "file"));
}
