// `input` blocks: label, control, hint and error, bound to each other for screen readers.

import { freshId, h } from "./dom.js";
import { renderElement } from "./elements.js";
import { icon } from "./icons.js";
import { renderText, textOf } from "./mrkdwn.js";

export function renderInput(block, ctx) {
  const controlId = freshId("field");
  const [labelId, hintId, errorId] = [`${controlId}-label`, `${controlId}-hint`, `${controlId}-error`];
  const words = ctx.errors?.[block.block_id];
  const grouped = ["checkboxes", "radio_buttons"].includes(block.element?.type);
  const describedBy = [words ? errorId : null, block.hint ? hintId : null].filter(Boolean).join(" ") || undefined;
  const field = {
    input: true,
    label: textOf(block.label),
    labelId: grouped ? labelId : undefined,
    controlId,
    describedBy,
    optional: block.optional,
  };
  const control = renderElement(block.element, block, ctx, field);
  const node = h(
    "div",
    { class: `input-block${words ? " has-error" : ""}` },
    h(
      grouped ? "div" : "label",
      { class: "input-label", id: labelId, for: grouped ? null : controlId },
      renderText(block.label),
      block.optional ? h("span", { class: "input-optional" }, " (optional)") : null,
    ),
    control,
    words
      ? h("div", { class: "input-error", id: errorId, role: "alert" }, icon("alert", 14), h("span", {}, words))
      : null,
    block.hint ? h("div", { class: "input-hint", id: hintId }, renderText(block.hint)) : null,
  );
  if (words) node.querySelector("input, textarea")?.setAttribute("aria-invalid", "true");
  return node;
}
