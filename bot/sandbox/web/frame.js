// The frame around everything: banner, sidebar as a drawer on narrow screens, heading, the page and its panes.

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

export class Frame {
  /** `tools` stand at the end of the heading, `panes` at the right of the page, `dialogs` above all. */
  constructor({ sidebar, tools, panes, dialogs, onLog }) {
    this.banner = h(
      "div",
      { class: "banner", role: "status", hidden: true, dataset: { testid: "banner" } },
      h("span", { class: "spinner" }),
      "Reconnecting…",
    );
    this.menu = iconButton("menu", "Channels and people", "menu", () => this.drawer(), {
      class: "icon-button menu-button",
      "aria-controls": "sidebar",
      "aria-expanded": "false",
    });
    this.words = h("div", { class: "page-words" });
    this.page = h("main", { class: "page" });
    const log = iconButton("list", "What the bot called", "log-button", onLog);
    const shade = h("div", { class: "shade", on: { click: () => this.drawer(false) } });
    fill(
      document.body,
      this.banner,
      h(
        "div",
        { class: "frame" },
        sidebar,
        shade,
        h(
          "div",
          { class: "stage" },
          h("header", { class: "page-head" }, this.menu, this.words, tools, log),
          h("div", { class: "stage-row" }, this.page, panes),
        ),
      ),
      dialogs,
    );
    document.body.addEventListener("keydown", (event) => event.key === "Escape" && this.drawer(false));
  }

  /** Opens or closes the drawer that the sidebar is on narrow screens. */
  drawer(open = !document.body.classList.contains("drawer-open")) {
    document.body.classList.toggle("drawer-open", open);
    this.menu.setAttribute("aria-expanded", String(open));
  }

  /** Puts `element` on the page under `heading`. */
  show(element, heading) {
    fill(this.words, heading);
    if (this.page.firstChild !== element) fill(this.page, element);
  }
}

function iconButton(glyph, words, testid, click, props = {}) {
  const given = { type: "button", class: "icon-button", "aria-label": words, title: words, dataset: { testid } };
  return h("button", { ...given, ...props, on: { click } }, icon(glyph, 18));
}
