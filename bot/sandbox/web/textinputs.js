// Text, number, mail and web address inputs, with counters, and with actions sent while typing where the bot asked for them.

import { marks } from "./actions.js";
import { h } from "./dom.js";
import { actionValue, lengthOf } from "./form.js";
import { textOf } from "./mrkdwn.js";

const TYPING_DELAY = 300; // ms without a key before `on_character_entered` is sent
const KINDS = { __proto__: null, email_text_input: "email", url_text_input: "url", number_input: "text" };

export function renderTextInput(element, block, ctx, field) {
  const rich = element.type === "rich_text_input";
  const multiline = element.multiline || rich;
  const triggers = block.dispatch_action
    ? (element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"])
    : [];
  const counter =
    element.max_length || element.min_length ? h("div", { class: "counter", "aria-hidden": "true" }) : null;
  let timer = null;

  const act = () => {
    clearTimeout(timer);
    if (node.isConnected) ctx.act(block, element, actionValue(element, ctx.form.entry(block, element)));
  };
  const take = () => {
    ctx.form.set(block, element, node.value === "" ? null : rich ? richValue(node.value) : node.value);
    ctx.touched?.(block);
    count();
    if (triggers.includes("on_character_entered")) {
      clearTimeout(timer);
      timer = setTimeout(act, TYPING_DELAY);
    }
  };
  const key = (event) => {
    if (event.key !== "Enter" || event.isComposing || event.shiftKey) return;
    const chord = event.metaKey || event.ctrlKey;
    if (multiline && !chord) return;
    event.preventDefault();
    if (triggers.includes("on_enter_pressed")) act();
    else ctx.submit?.();
  };
  const count = () => {
    if (!counter) return;
    const length = lengthOf(node.value);
    const most = element.max_length;
    counter.textContent = most ? `${length} / ${most}` : `${length} (at least ${element.min_length})`;
    const short = element.min_length && length > 0 && length < element.min_length;
    counter.classList.toggle("over", Boolean(most && length > most));
    counter.classList.toggle("short", Boolean(short));
    if (short && most) counter.textContent += ` (at least ${element.min_length})`;
  };

  const value = ctx.form.value(block, element);
  const node = h(multiline ? "textarea" : "input", {
    type: multiline ? null : (KINDS[element.type] ?? "text"),
    inputmode: element.type === "number_input" ? (element.is_decimal_allowed ? "decimal" : "numeric") : null,
    class: "control",
    id: field.controlId,
    placeholder: textOf(element.placeholder) || null,
    autocomplete: "off",
    rows: multiline ? 4 : null,
    "aria-describedby": field.describedBy,
    "aria-required": field.input && !block.optional ? "true" : null,
    "aria-label": field.controlId ? null : field.label,
    dataset: marks(element, block),
    value: rich ? richText(value) : (value ?? ""),
    on: { input: take, keydown: key },
  });
  count();
  return h("div", { class: "text-input" }, node, counter);
}

const richValue = (text) => ({
  type: "rich_text",
  elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }],
});

function richText(value) {
  return (value?.elements ?? [])
    .map((part) => (part.elements ?? []).map((leaf) => leaf.text ?? leaf.url ?? "").join(""))
    .join("\n");
}
