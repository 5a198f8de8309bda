// What a verdict still needs to know: the codes of a rejection, or the name of a status.

import { ask } from "./dialogs.js";
import { fill, freshId, h } from "./dom.js";
import { icon } from "./icons.js";

/** Asks for the codes of a rejection; an array of `{code, title}`, or null when the person thinks better of it. */
export function chooseCodes({ title, codes, common = [], action = "Reject" }) {
  const known = new Map(codes.map((item) => [item.code, item.title]));
  const chosen = new Set();
  const search = h("input", {
    type: "search",
    class: "control",
    autofocus: true,
    placeholder: "Search by code or words",
    "aria-label": "Search codes",
    dataset: { testid: "code-search" },
    on: { input: () => draw() },
  });
  const list = h("div", { class: "codes", role: "group", "aria-label": "Codes" });
  const reject = h("button", {
    type: "button",
    class: "button button-danger-solid",
    dataset: { testid: "reject-confirm" },
  });

  const row = (code) => {
    const toggle = (event) => {
      if (event.target.checked) chosen.add(code);
      else chosen.delete(code);
      count();
    };
    const box = h("input", { type: "checkbox", checked: chosen.has(code), dataset: { code }, on: { change: toggle } });
    return h("label", { class: "choice" }, box, h("span", {}, h("b", {}, String(code)), ` ${known.get(code) ?? ""}`));
  };
  const group = (name, items) => (items.length ? [h("h3", {}, name), items.map(row)] : []);

  function draw() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (code) => `${code} ${known.get(code)}`.toLowerCase();
    if (words.length) {
      const found = [...known.keys()].filter((code) => words.every((word) => text(code).includes(word)));
      fill(list, found.length ? found.map(row) : unlisted());
      return;
    }
    const first = common.filter((code) => known.has(code));
    const rest = [...known.keys()].filter((code) => !first.includes(code));
    fill(list, group("Common", first), group(first.length ? "All others" : "Codes", rest));
  }

  /** Carriers invent codes, so one that the list does not hold can be given as well. */
  function unlisted() {
    const code = Number(search.value.trim());
    if (Number.isInteger(code) && code >= 10000 && code <= 99999) return row(code);
    return h("p", { class: "nothing" }, "No code fits. Type five digits to use one that is not listed.");
  }

  function count() {
    reject.disabled = chosen.size === 0;
    reject.textContent = chosen.size > 1 ? `${action} with ${chosen.size} codes` : action;
  }

  draw();
  count();
  return ask((settle) => {
    reject.addEventListener("click", () => settle([...chosen].map((code) => ({ code, title: known.get(code) ?? "" }))));
    return frame({ title, testid: "reject-dialog", className: "code-dialog", settle }, [search, list], reject);
  });
}

/** Asks for any status, also one that nobody has heard of; null when the person thinks better of it. */
export function askStatus({ title, known }) {
  const listId = freshId("statuses");
  const field = h("input", {
    class: "control",
    autofocus: true,
    list: listId,
    "aria-label": "Status",
    placeholder: "SOME_NEW_STATUS",
    dataset: { testid: "status-field" },
  });
  const options = h(
    "datalist",
    { id: listId },
    known.map((value) => h("option", { value })),
  );
  return ask((settle) => {
    const take = () => field.value.trim() && settle(field.value.trim());
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      // Focus goes back to the button that asked, which this very key press would press again.
      event.preventDefault();
      take();
    });
    const set = h(
      "button",
      { type: "button", class: "button button-primary", dataset: { testid: "status-confirm" }, on: { click: take } },
      "Set status",
    );
    return frame({ title, testid: "status-dialog", settle }, [field, options], set);
  });
}

/** Asks for a sentence; null when the person thinks better of it. */
export function askWords({ title, label, placeholder, confirm }) {
  const field = h("textarea", {
    class: "control",
    autofocus: true,
    rows: 3,
    "aria-label": label,
    placeholder,
    dataset: { testid: "words-field" },
  });
  return ask((settle) => {
    const take = () => field.value.trim() && settle(field.value.trim());
    const done = h(
      "button",
      {
        type: "button",
        class: "button button-danger-solid",
        dataset: { testid: "words-confirm" },
        on: { click: take },
      },
      confirm,
    );
    return frame({ title, testid: "words-dialog", settle }, [field], done);
  });
}

function frame({ title, testid, className = "", settle }, body, action) {
  const leave = () => settle(null);
  return h(
    "dialog",
    { class: `dialog ${className}`, "aria-label": title, dataset: { testid } },
    h(
      "div",
      { class: "dialog-head" },
      h("h2", {}, title),
      h(
        "button",
        { type: "button", class: "icon-button", "aria-label": "Close", on: { click: leave } },
        icon("close", 18),
      ),
    ),
    body,
    h(
      "div",
      { class: "dialog-foot" },
      h("button", { type: "button", class: "button", on: { click: leave } }, "Cancel"),
      action,
    ),
  );
}
