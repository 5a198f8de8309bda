// What this page does not know how to draw is shown as it came, never dropped.

import { h } from "./dom.js";

export function raw(object, why = `The sandbox does not draw "${object?.type ?? "this"}"; this is what was sent:`) {
  return h(
    "div",
    { class: "raw", role: "note" },
    h("div", { class: "raw-why" }, why),
    h("pre", {}, JSON.stringify(object, null, 2)),
  );
}
