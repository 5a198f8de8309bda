// Short notes at the foot of the page that go away by themselves.

import { h } from "./dom.js";
import { icon } from "./icons.js";

const LIFETIME = 8000; // ms
const tray = h("div", { class: "toasts", popover: "manual", role: "status", "aria-live": "polite" });

/** Says `words` to the person; `kind` is "error" or "info". */
export function toast(words, kind = "error") {
  if (!tray.isConnected) document.body.append(tray);
  const dismiss = () => {
    clearTimeout(timer);
    note.remove();
    if (!tray.children.length && tray.matches(":popover-open")) tray.hidePopover();
  };
  const note = h(
    "div",
    { class: `toast toast-${kind}`, dataset: { testid: "toast" } },
    icon(kind === "error" ? "alert" : "info", 18),
    h("span", {}, words),
    h(
      "button",
      { type: "button", class: "icon-button", "aria-label": "Dismiss", on: { click: dismiss } },
      icon("close", 14),
    ),
  );
  const timer = setTimeout(dismiss, LIFETIME);
  tray.append(note);
  while (tray.children.length > 3) tray.firstElementChild.remove();
  // Shown again each time, so that it lies above a modal that opened since.
  if (tray.matches(":popover-open")) tray.hidePopover();
  tray.showPopover();
}
