// The App Home of the person in the seat.

import { blockKey, renderBlock } from "./blocks.js";
import { showSource } from "./dialogs.js";
import { fill, h, sync } from "./dom.js";
import { Form } from "./form.js";
import { icon } from "./icons.js";

export class HomePage {
  #form = new Form();
  #person = null;
  #view = null;

  constructor({ contextFor }) {
    this.contextFor = contextFor;
    this.blocks = h("div", { class: "blocks" });
    this.empty = h("div", { class: "empty" });
    this.element = h(
      "div",
      { class: "home", dataset: { testid: "home" }, tabindex: 0, "aria-label": "App Home" },
      h("div", { class: "home-sheet" }, this.empty, this.blocks),
    );
    this.source = h(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": "Show what was sent",
        title: "Show what was sent",
        on: { click: () => this.#view && showSource("Home view as sent", this.#view) },
      },
      icon("code", 16),
    );
  }

  update(view, world) {
    if (world.me !== this.#person) {
      this.#person = world.me;
      this.#form = new Form();
      this.blocks.replaceChildren();
    }
    this.#view = view;
    this.source.hidden = !view;
    this.empty.hidden = Boolean(view);
    if (!view) {
      const who = world.personName(world.me);
      const words = world.bot.connected
        ? `${world.bot.name} has not published a Home for ${who} yet.`
        : `${world.bot.name} is not connected, so there is no Home for ${who} yet.`;
      fill(this.empty, icon("home", 32), h("p", {}, words));
    }
    const blocks = view?.blocks ?? [];
    this.#form.adopt(blocks);
    const ctx = this.contextFor("home", { view_id: view?.id ?? "home" }, this.#form, () => this.#view?.blocks);
    sync(this.blocks, blocks, {
      key: blockKey,
      // The view's id is part of what a click sends, so a new view redraws its blocks.
      sign: (block) => JSON.stringify([view.id, block]),
      render: (block) => renderBlock(block, ctx),
    });
  }
}
