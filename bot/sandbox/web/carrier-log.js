// Every request the local Twilio got, newest first.

import { h } from "./dom.js";
import { clockTimeSeconds } from "./time.js";

const KEPT = 300;

export class RequestLog {
  #seen = 0;
  #filter = "";

  constructor() {
    this.empty = h("p", { class: "nothing" }, "No request yet.");
    this.list = h("div", { class: "requests", role: "list" });
    this.element = h("div", { class: "requests-scroll" }, this.empty, this.list);
    this.search = h("input", {
      type: "search",
      class: "control",
      placeholder: "Filter by path, parameter, status",
      "aria-label": "Filter requests",
      dataset: { testid: "log-filter" },
      on: { input: () => this.#narrow() },
    });
    this.writes = h("input", { type: "checkbox", on: { change: () => this.#narrow() } });
  }

  /** Puts the filter into the panel's heading. */
  place(head) {
    head.append(h("label", { class: "choice" }, this.writes, "Only what had an effect"), this.search);
  }

  /** What to ask the server to go on after. */
  get last() {
    return this.#seen;
  }

  restart() {
    this.#seen = 0;
    this.list.replaceChildren();
    this.empty.hidden = false;
  }

  add(calls) {
    for (const call of calls.slice(-KEPT)) {
      if (call.number <= this.#seen) continue;
      this.#seen = call.number;
      const row = requestRow(call);
      row.hidden = !this.#fits(row);
      this.list.prepend(row);
    }
    while (this.list.children.length > KEPT) this.list.lastElementChild.remove();
    this.empty.hidden = this.list.children.length > 0;
  }

  #narrow() {
    this.#filter = this.search.value.trim().toLowerCase();
    for (const row of this.list.children) row.hidden = !this.#fits(row);
  }

  #fits(row) {
    if (this.writes.checked && row.dataset.effect !== "true") return false;
    return this.#filter.split(/\s+/).every((word) => row.dataset.words.includes(word));
  }
}

function requestRow(call) {
  const failed = call.status >= 400 || !call.status;
  const words = JSON.stringify([call.method, call.product, call.path, call.status, call.params]).toLowerCase();
  const more = { params: call.params, headers: call.headers, response: call.response };
  return h(
    "details",
    {
      class: "request",
      role: "listitem",
      dataset: { words, effect: String(Boolean(call.effect)), testid: `request-${call.number}` },
    },
    h(
      "summary",
      {},
      h("time", {}, clockTimeSeconds(new Date(call.at * 1000))),
      h("span", { class: `verb verb-${String(call.method).toLowerCase()}` }, call.method),
      h(
        "span",
        { class: "path", title: call.path },
        h("span", { class: "muted" }, call.product ? `${call.product} ` : ""),
        call.path,
      ),
      h("span", { class: `http${failed ? " http-bad" : ""}` }, call.status ? String(call.status) : "dropped"),
      h("span", { class: "effect" }, call.effect ? "changed something" : ""),
    ),
    h(
      "div",
      { class: "request-more" },
      Object.entries(more)
        .filter(
          ([, value]) =>
            value !== undefined && value !== null && !(typeof value === "object" && !Object.keys(value).length),
        )
        .map(([name, value]) => h("section", {}, h("h4", {}, name), params(value))),
    ),
  );
}

function params(value) {
  if (typeof value !== "object") return h("pre", {}, String(value));
  const flat = Object.values(value).every((item) => typeof item !== "object" || Array.isArray(item));
  if (!flat) return h("pre", {}, JSON.stringify(value, null, 2));
  return h(
    "dl",
    {},
    Object.entries(value).map(([name, item]) => [
      h("dt", {}, name),
      h(
        "dd",
        {},
        Array.isArray(item)
          ? item.map((one) => h("div", {}, typeof one === "object" ? JSON.stringify(one) : String(one)))
          : item === null
            ? "null"
            : String(item),
      ),
    ]),
  );
}
