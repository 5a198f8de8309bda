// A pane with what the bot called, newest first: for whoever wonders what happened behind a click.

import { api } from "./api.js";
import { h, sync } from "./dom.js";
import { icon } from "./icons.js";
import { clockTimeSeconds, dateOfTs } from "./time.js";

const SHOWN = 100;

export class LogPane {
  constructor() {
    this.list = h("div", { class: "log-list" });
    this.element = h(
      "aside",
      {
        class: "pane",
        hidden: true,
        "aria-label": "What the bot called",
        dataset: { testid: "log" },
        on: { keydown: (event) => event.key === "Escape" && this.toggle() },
      },
      h(
        "header",
        { class: "pane-head" },
        h("h2", {}, "Web API calls"),
        h("span", { class: "muted" }, "newest first"),
        h(
          "button",
          { type: "button", class: "icon-button", "aria-label": "Close log", on: { click: () => this.toggle() } },
          icon("close", 18),
        ),
      ),
      h("div", { class: "log-scroll" }, this.list),
    );
  }

  toggle() {
    this.element.hidden = !this.element.hidden;
    if (!this.element.hidden) this.refresh();
  }

  async refresh() {
    if (this.loading) return;
    this.loading = true;
    try {
      const { calls } = await api.log();
      const items = calls.slice(0, SHOWN).map((call) => ({ call, key: `${call.at} ${call.method}` }));
      sync(this.list, items, {
        key: (item) => item.key,
        sign: (item) => JSON.stringify(item.call),
        render: ({ call, key }) => row(call, key),
      });
    } finally {
      this.loading = false;
    }
  }
}

function row(call, key) {
  const failed = call.response?.ok === false || call.status >= 400;
  return h(
    "details",
    { class: "log-row", dataset: { fold: `log-${key}` } },
    h(
      "summary",
      {},
      h("span", { class: `dot ${failed ? "dot-down" : "dot-up"}` }),
      h("span", { class: "log-method" }, call.method),
      failed ? h("span", { class: "log-error" }, call.response?.error ?? `HTTP ${call.status}`) : null,
      h("time", {}, clockTimeSeconds(dateOfTs(call.at))),
    ),
    h("pre", {}, JSON.stringify({ args: call.args, response: call.response }, null, 2)),
  );
}
