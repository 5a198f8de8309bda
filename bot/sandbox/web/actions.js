// How a control tells the bot that it was used.

import { confirmed } from "./dialogs.js";
import { actionValue } from "./form.js";

/** What browser tests and focus keeping know a control by. */
export const marks = (element, block) => ({
  blockId: block.block_id,
  actionId: element.action_id,
  elementType: element.type,
});

/** Sends an action, with the control shown as busy until the bot has answered, after the element's own confirm dialog. */
export async function send(control, element, block, ctx, action) {
  if (control.getAttribute("aria-busy") === "true") return;
  if (element.confirm && !(await confirmed(element.confirm, ctx.world))) return;
  control.setAttribute("aria-busy", "true");
  try {
    await ctx.act(block, element, action);
  } finally {
    control.removeAttribute("aria-busy");
  }
}

/** Stores a new value and, where a change is sent at once, sends it; `redraw` puts the old value back when the person thinks better of it. */
export async function changed(value, element, block, ctx, field, redraw) {
  const before = ctx.form.value(block, element);
  ctx.form.set(block, element, value);
  ctx.touched?.(block);
  if (field.input && !block.dispatch_action) return;
  if (element.confirm && !(await confirmed(element.confirm, ctx.world))) {
    ctx.form.set(block, element, before);
    redraw?.();
    return;
  }
  await ctx.act(block, element, actionValue(element, ctx.form.entry(block, element)));
}
