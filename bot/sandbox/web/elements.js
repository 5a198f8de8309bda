// Interactive elements: buttons, overflow menus, option groups, dates and times. Selects and text inputs have their own files.

import { changed, marks, send } from "./actions.js";
import { fill, freshId, h } from "./dom.js";
import { valueField } from "./form.js";
import { icon } from "./icons.js";
import { picture } from "./images.js";
import { renderText, textOf } from "./mrkdwn.js";
import { openMenu } from "./popup.js";
import { raw } from "./raw.js";
import { renderSelect } from "./selects.js";
import { renderTextInput } from "./textinputs.js";

const RENDERERS = {
  __proto__: null,
  button,
  checkboxes: (...args) => optionGroup("checkbox", ...args),
  datepicker: (...args) => picker("date", ...args),
  datetimepicker: (...args) => picker("datetime-local", ...args),
  feedback_buttons: feedback,
  icon_button: iconButton,
  image: (element) => picture(element, "accessory-image"),
  overflow,
  radio_buttons: (...args) => optionGroup("radio", ...args),
  timepicker: (...args) => picker("time", ...args),
  workflow_button: button,
};

/**
 * One element of `block`. `field` says how it stands in its block: `label` (words naming it), `controlId` and `describedBy`
 * (ids that bind label, hint and error), `input` (inside an input block, where nothing is sent until submit unless the block
 * says `dispatch_action`), `optional`.
 */
export function renderElement(element, block, ctx, field = {}) {
  const type = element?.type ?? "";
  if (type in RENDERERS) return RENDERERS[type](element, block, ctx, field);
  if (/_select$/.test(type) && valueField(type)) return renderSelect(element, block, ctx, field);
  if (/_input$/.test(type) && valueField(type)) return renderTextInput(element, block, ctx, field);
  return raw(element);
}

function button(element, block, ctx) {
  if (element.visible_to_user_ids && !element.visible_to_user_ids.includes(ctx.world.me)) return null;
  const style = ["primary", "danger"].includes(element.style) ? ` button-${element.style}` : "";
  const press = () => {
    if (element.url) window.open(element.url, "_blank", "noopener,noreferrer");
    if (element.type === "workflow_button") return;
    send(node, element, block, ctx, {
      type: element.type,
      text: element.text,
      value: element.value,
      style: element.style,
    });
  };
  const node = h(
    "button",
    {
      type: "button",
      class: `button${style}`,
      "aria-label": element.accessibility_label,
      title: element.accessibility_label,
      dataset: marks(element, block),
      on: { click: press },
    },
    h("span", { class: "button-text" }, renderText(element.text)),
    element.url ? icon("open", 14) : null,
  );
  return node;
}

function iconButton(element, block, ctx) {
  const press = () => send(node, element, block, ctx, { type: element.type, value: element.value });
  const words = element.accessibility_label ?? textOf(element.text);
  const node = h(
    "button",
    {
      type: "button",
      class: "button button-quiet",
      "aria-label": words,
      title: words,
      dataset: marks(element, block),
      on: { click: press },
    },
    icon(element.icon ?? "circle", 16),
  );
  return node;
}

function feedback(element, block, ctx) {
  const one = (choice) => {
    const press = () => send(node, element, block, ctx, { type: element.type, value: choice.value, text: choice.text });
    const node = h(
      "button",
      {
        type: "button",
        class: "button button-quiet",
        "aria-label": choice.accessibility_label,
        dataset: { ...marks(element, block), value: choice.value },
        on: { click: press },
      },
      renderText(choice.text),
    );
    return node;
  };
  return h("span", { class: "actions" }, [element.positive_button, element.negative_button].filter(Boolean).map(one));
}

function overflow(element, block, ctx, field) {
  let close = null;
  const pick = (option) => {
    close(true);
    close = null;
    if (option.url) window.open(option.url, "_blank", "noopener,noreferrer");
    send(trigger, element, block, ctx, { type: "overflow", selected_option: option });
  };
  const items = (element.options ?? []).map((option) =>
    h(
      "button",
      {
        type: "button",
        role: "menuitem",
        tabindex: -1,
        class: "option",
        dataset: { value: option.value },
        on: { click: () => pick(option) },
      },
      h(
        "span",
        { class: "option-words" },
        h("span", {}, renderText(option.text)),
        option.description ? h("span", { class: "option-more" }, renderText(option.description)) : null,
      ),
      option.url ? icon("open", 14) : null,
    ),
  );
  const popup = h("div", { class: "popup menu", role: "menu", popover: "manual" }, items);
  const toggle = () => {
    if (popup.matches(":popover-open")) close?.();
    else close = openMenu(popup, trigger, items);
  };
  const trigger = h(
    "button",
    {
      type: "button",
      class: "button button-icon",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-label": field.label ? `More: ${field.label.slice(0, 60)}` : "More actions",
      dataset: marks(element, block),
      on: { click: toggle },
    },
    icon("more", 18),
  );
  return h("span", { class: "overflow" }, trigger, popup);
}

function optionGroup(kind, element, block, ctx, field) {
  const single = kind === "radio";
  const name = freshId("group");
  const group = h("div", {
    class: "option-group",
    role: single ? "radiogroup" : "group",
    id: field.controlId,
    dataset: marks(element, block),
    "aria-labelledby": field.labelId,
    "aria-label": field.labelId ? null : field.label,
    "aria-describedby": field.describedBy,
  });
  const draw = () => {
    const value = ctx.form.value(block, element);
    const chosen = new Set((single ? [value] : (value ?? [])).filter(Boolean).map((option) => option.value));
    fill(
      group,
      (element.options ?? []).map((option, index) => choice(option, index, chosen.has(option.value))),
    );
  };
  const choice = (option, index, checked) => {
    const input = h("input", {
      type: kind,
      name,
      value: option.value,
      checked,
      dataset: { value: option.value, focus: element.action_id },
      on: { change: take },
    });
    input.option = option;
    return h(
      "label",
      { class: "choice" },
      input,
      h(
        "span",
        {},
        h("span", {}, renderText(option.text, ctx.world)),
        option.description ? h("span", { class: "option-more" }, renderText(option.description, ctx.world)) : null,
      ),
    );
  };
  const take = () => {
    const options = [...group.querySelectorAll("input:checked")].map((input) => input.option);
    changed(single ? (options[0] ?? null) : options, element, block, ctx, field, draw);
  };
  draw();
  return group;
}

/** Unix seconds to the local wall time that a `datetime-local` input holds. */
function localDateTime(seconds) {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const PICKED = { date: "Date", time: "Time", "datetime-local": "Date and time" };

function picker(kind, element, block, ctx, field) {
  const value = ctx.form.value(block, element);
  let timer = null;
  const take = () => {
    const text = node.value;
    const next = !text ? null : kind === "datetime-local" ? Math.floor(new Date(text).getTime() / 1000) : text;
    clearTimeout(timer);
    ctx.form.set(block, element, next);
    // While a date is typed the browser reports every half-finished year; only the one that stays is sent.
    timer = setTimeout(
      () => changed(next, element, block, ctx, field),
      field.input && !block.dispatch_action ? 0 : 500,
    );
  };
  const node = h("input", {
    type: kind,
    class: "control picker",
    id: field.controlId,
    dataset: marks(element, block),
    value: value && kind === "datetime-local" ? localDateTime(value) : (value ?? ""),
    title: textOf(element.placeholder),
    "aria-label": field.controlId ? null : textOf(element.placeholder) || field.label || PICKED[kind],
    "aria-describedby": field.describedBy,
    on: { change: take },
  });
  return node;
}
