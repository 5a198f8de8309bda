// Choosing the codes of a rejection.

import { fill, h, trapFocus } from "./dom.js";
import { icon } from "./icons.js";

// Reasons that reviewers give most, according to the team's reference on rejections.
const COMMON = [30909, 30896, 30908, 30882, 30886, 30893, 30891, 30907];

/** Asks which codes the rejection carries; an array of at least one, or null when the person thinks better of it. */
export function chooseCodes(name, codes) {
  const before = document.activeElement;
  const known = new Map(codes.map((item) => [item.code, item.title]));
  const chosen = new Set();
  return new Promise((resolve) => {
    const settle = (answer) => {
      dialog.close();
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(answer);
    };
    const search = h("input", { type: "search", class: "control", placeholder: "Search by code or words", "aria-label": "Search codes", dataset: { testid: "code-search" }, on: { input: () => draw() } });
    const list = h("div", { class: "codes", role: "group", "aria-label": "Codes" });
    const reject = h("button", { type: "button", class: "button button-danger-solid", disabled: true, dataset: { testid: "reject-confirm" }, on: { click: () => settle([...chosen]) } });
    const dialog = h(
      "dialog",
      { class: "dialog code-dialog", "aria-label": `Reject the campaign of ${name}`, dataset: { testid: "reject-dialog" } },
      h("div", { class: "dialog-head" }, h("h2", {}, `Reject the campaign of ${name}`), h("button", { type: "button", class: "icon-button", "aria-label": "Close", on: { click: () => settle(null) } }, icon("close", 18))),
      search,
      list,
      h("div", { class: "dialog-foot" }, h("button", { type: "button", class: "button", on: { click: () => settle(null) } }, "Cancel"), reject),
    );

    const row = (code) => {
      const toggle = (event) => {
        event.target.checked ? chosen.add(code) : chosen.delete(code);
        count();
      };
      const box = h("input", { type: "checkbox", checked: chosen.has(code), dataset: { code }, on: { change: toggle } });
      return h("label", { class: "choice" }, box, h("span", {}, h("b", {}, String(code)), ` ${known.get(code) ?? ""}`));
    };
    const group = (title, items) => (items.length ? [h("h3", {}, title), items.map(row)] : []);

    function draw() {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const fits = (code) => words.every((word) => `${code} ${known.get(code)}`.toLowerCase().includes(word));
      const common = COMMON.filter((code) => known.has(code));
      if (words.length) {
        const found = [...known.keys()].filter(fits);
        fill(list, found.length ? found.map(row) : typedCode());
      } else fill(list, group("Common", common), group("All codes", [...known.keys()].filter((code) => !common.includes(code))));
    }
    /** A code that the list does not hold can still be given, as carriers do invent new ones. */
    function typedCode() {
      const code = Number(search.value.trim());
      return Number.isInteger(code) && code >= 10000 && code <= 99999 ? row(code) : h("p", { class: "nothing" }, "No code fits. Type five digits to use one that is not listed.");
    }
    function count() {
      reject.disabled = chosen.size === 0;
      reject.textContent = chosen.size > 1 ? `Reject with ${chosen.size} codes` : "Reject";
    }

    draw();
    count();
    trapFocus(dialog, () => settle(null));
    document.body.append(dialog);
    dialog.showModal();
    search.focus();
  });
}
