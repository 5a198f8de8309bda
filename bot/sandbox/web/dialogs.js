// Small dialogs above the page: the frame of them all, an element's confirm dialog, and a look at the JSON of a message.

import { h, trapFocus } from "./dom.js";
import { icon } from "./icons.js";
import { renderText, textOf } from "./mrkdwn.js";

/** Shows the dialog that `build(settle)` makes, and returns what `settle` was called with; null after Escape. */
export function ask(build) {
  const before = document.activeElement;
  return new Promise((resolve) => {
    const settle = (answer) => {
      dialog.close();
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(answer);
    };
    const dialog = build(settle);
    trapFocus(dialog, () => settle(null));
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("[autofocus]")?.focus();
  });
}

/** The confirm dialog of a button or select; true when the person goes on. */
export async function confirmed(confirm, world) {
  const answer = await ask((settle) =>
    h(
      "dialog",
      { class: "dialog", role: "alertdialog", "aria-label": textOf(confirm.title), dataset: { testid: "confirm" } },
      h("h2", {}, renderText(confirm.title)),
      h("div", { class: "text" }, renderText(confirm.text, world)),
      h(
        "div",
        { class: "dialog-foot" },
        h(
          "button",
          { type: "button", class: "button", dataset: { testid: "confirm-no" }, on: { click: () => settle(false) } },
          textOf(confirm.deny) || "Cancel",
        ),
        h(
          "button",
          {
            type: "button",
            autofocus: true,
            class: `button ${confirm.style === "danger" ? "button-danger-solid" : "button-primary"}`,
            dataset: { testid: "confirm-yes" },
            on: { click: () => settle(true) },
          },
          textOf(confirm.confirm) || "Yes",
        ),
      ),
    ),
  );
  return answer === true;
}

/** What the bot really sent, as JSON, for whoever builds or debugs it. */
export function showSource(title, object) {
  const text = JSON.stringify(object, null, 2);
  return ask((settle) => {
    const copy = h("button", { type: "button", class: "button", on: { click: copyText } }, "Copy");
    async function copyText() {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
    }
    return h(
      "dialog",
      { class: "dialog dialog-wide", "aria-label": title, dataset: { testid: "source" } },
      h(
        "div",
        { class: "dialog-head" },
        h("h2", {}, title),
        h(
          "button",
          {
            type: "button",
            class: "icon-button",
            "aria-label": "Close",
            autofocus: true,
            on: { click: () => settle(false) },
          },
          icon("close", 18),
        ),
      ),
      h("pre", { class: "source", tabindex: 0 }, text),
      h("div", { class: "dialog-foot" }, copy),
    );
  });
}
