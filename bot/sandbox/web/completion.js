// What can be typed next: slash commands at the start of a line, people after an @.

import { avatar } from "./avatar.js";
import { fill, freshId, h } from "./dom.js";

const LONGEST = 8;

/** A list above the composer; `complete(text, caret)` answers what fits there, or null. */
export class Completion {
  #items = [];
  #active = 0;

  constructor(field, onPick) {
    this.field = field;
    this.onPick = onPick;
    this.element = h("div", {
      class: "completion",
      role: "listbox",
      id: freshId("completion"),
      "aria-label": "Suggestions",
      hidden: true,
    });
    field.setAttribute("aria-controls", this.element.id);
    field.setAttribute("aria-autocomplete", "list");
  }

  get open() {
    return !this.element.hidden;
  }

  get current() {
    return this.open ? this.#items[this.#active] : undefined;
  }

  show(items) {
    this.#items = items.slice(0, LONGEST);
    this.#active = 0;
    this.element.hidden = !this.#items.length;
    fill(
      this.element,
      this.#items.map((item, index) => this.#row(item, index)),
    );
    this.#mark();
  }

  hide() {
    this.show([]);
  }

  move(step) {
    this.#active = (this.#active + step + this.#items.length) % this.#items.length;
    this.#mark();
  }

  #row(item, index) {
    return h(
      "div",
      {
        class: "option",
        role: "option",
        id: freshId("suggestion"),
        dataset: { value: item.value },
        on: {
          mousedown: (event) => event.preventDefault(),
          click: () => this.onPick(item),
          mousemove: () => {
            this.#active = index;
            this.#mark(false);
          },
        },
      },
      item.person ? avatar(item.person, "small") : null,
      h(
        "span",
        { class: "option-words" },
        h("span", {}, h("b", {}, item.label), item.hint ? h("span", { class: "usage" }, ` ${item.hint}`) : null),
        item.more ? h("span", { class: "option-more" }, item.more) : null,
      ),
    );
  }

  #mark(scroll = true) {
    [...this.element.children].forEach((node, index) => {
      const active = index === this.#active;
      node.classList.toggle("active", active);
      node.setAttribute("aria-selected", String(active));
      if (active && scroll) node.scrollIntoView({ block: "nearest" });
    });
    const row = this.element.children[this.#active];
    if (row) this.field.setAttribute("aria-activedescendant", row.id);
    else this.field.removeAttribute("aria-activedescendant");
  }
}

/** Commands that begin with what is typed, while no space follows yet. */
export function commandItems(text, commands) {
  const typed = /^\/\S*$/.exec(text)?.[0].toLowerCase();
  if (!typed) return [];
  const name = (command) => command.command;
  return commands
    .filter((command) => name(command).toLowerCase().startsWith(typed))
    .sort((one, two) => name(one).localeCompare(name(two)))
    .map((command) => ({
      kind: "command",
      value: name(command),
      label: name(command),
      hint: command.usage_hint,
      more: command.description,
    }));
}

/** People and the bot whose name fits the word after the last @ before the caret. */
export function personItems(text, caret, world) {
  const match = /(?:^|\s)@([\p{L}\p{N}._-]*)$/u.exec(text.slice(0, caret));
  if (!match) return [];
  const typed = match[1].toLowerCase();
  const bot = { id: world.bot.id, real_name: world.bot.name, title: "App", kind: "bot" };
  return [...world.people, bot]
    .filter((person) =>
      `${person.real_name} ${person.name ?? ""}`
        .toLowerCase()
        .split(" ")
        .some((word) => word.startsWith(typed)),
    )
    .map((person) => ({
      kind: "person",
      value: person.id,
      label: person.real_name,
      more: person.title,
      person,
      from: caret - typed.length - 1,
    }));
}

/** `@Ann Approver` back to `<@U0ANN>`, longest names first so that no name is cut by a shorter one. */
export function encodeMentions(text, world) {
  const named = [...world.people, { id: world.bot.id, real_name: world.bot.name }].sort(
    (one, two) => two.real_name.length - one.real_name.length,
  );
  return named.reduce((result, person) => result.replaceAll(`@${person.real_name}`, `<@${person.id}>`), text);
}

export const escapeText = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
