// One control for every kind of select: a text box that filters a list, for one choice or for several.

import { fill, freshId, h } from "./dom.js";
import { icon } from "./icons.js";
import { textOf } from "./mrkdwn.js";
import { placeBeside } from "./popup.js";

/**
 * `source` is `{minQuery, delay, load(query) -> {groups: [{label, options}]} | Promise of it}`.
 * `onChange(options)` follows each choice, `onCommit()` when the person is done choosing.
 */
export class Combobox {
  #open = false;
  #active = -1;
  #rows = [];
  #touched = false;
  #typed = null;
  #request = 0;
  #timer = null;

  constructor({
    id,
    source,
    selected = [],
    multiple = false,
    max = Infinity,
    placeholder = "",
    clearable = false,
    attributes = {},
    onChange,
    onCommit,
  }) {
    Object.assign(this, { source, selected, multiple, max, clearable, onChange, onCommit });
    const listId = freshId("list");
    this.input = h("input", {
      type: "text",
      id,
      class: "combo-input",
      role: "combobox",
      autocomplete: "off",
      spellcheck: "false",
      placeholder,
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": listId,
      ...attributes,
      on: {
        input: () => this.#type(),
        keydown: (event) => this.#key(event),
        blur: () => this.#close(),
        click: () => this.#show(),
        focus: () => this.input.select(),
      },
    });
    this.chips = h("span", { class: "combo-chips" });
    this.clear = h(
      "button",
      { type: "button", class: "combo-clear", "aria-label": "Clear", tabindex: -1, on: { click: () => this.#clear() } },
      icon("close", 12),
    );
    this.list = h("div", { id: listId, role: "listbox", "aria-multiselectable": multiple ? "true" : null });
    this.note = h("div", { class: "combo-note", role: "status" });
    // The list must not take focus from the text box when it is pressed.
    this.popup = h(
      "div",
      { class: "popup combo-popup", popover: "manual", on: { mousedown: (event) => event.preventDefault() } },
      this.list,
      this.note,
    );
    const box = h(
      "div",
      { class: "combo-box", on: { mousedown: (event) => this.#press(event) } },
      this.chips,
      this.input,
      this.clear,
      icon("chevron", 16),
    );
    this.element = h("div", { class: `combo${multiple ? " combo-multi" : ""}` }, box, this.popup);
    this.placeholder = placeholder;
    this.#draw();
  }

  #draw() {
    if (this.multiple) {
      fill(
        this.chips,
        this.selected.map((option) => this.#chip(option)),
      );
      this.input.placeholder = this.selected.length ? "" : this.placeholder;
    } else if (this.#typed === null) {
      this.input.value = this.selected.length ? textOf(this.selected[0].text) : "";
    }
    this.clear.hidden = this.multiple || !this.clearable || !this.selected.length;
  }

  #chip(option) {
    const words = textOf(option.text);
    const remove = h(
      "button",
      {
        type: "button",
        tabindex: -1,
        "aria-label": `Remove ${words}`,
        dataset: { remove: option.value },
        on: { click: () => this.#toggle(option, true) },
      },
      icon("close", 10),
    );
    return h("span", { class: "chip" }, h("span", {}, words), remove);
  }

  #press(event) {
    if (event.target === this.input || event.target.closest("button")) return;
    event.preventDefault();
    this.input.focus();
    this.#open ? this.#close() : this.#show();
  }

  #clear() {
    this.selected = [];
    this.#touched = true;
    this.#typed = null;
    this.#draw();
    this.onChange(this.selected);
    this.input.focus();
    if (!this.#open) this.#commit();
  }

  #type() {
    this.#typed = this.input.value;
    this.#show(true);
  }

  #show(again = false) {
    if (this.#open && !again) return;
    if (!this.#open) {
      this.#open = true;
      this.popup.showPopover();
      this.stopPlacing = placeBeside(this.popup, this.element.firstChild, () => this.#close());
      this.input.setAttribute("aria-expanded", "true");
    }
    this.#load(this.#typed ?? "");
  }

  #close() {
    clearTimeout(this.#timer);
    this.#request += 1;
    if (this.#open) {
      this.#open = false;
      this.stopPlacing();
      if (this.popup.isConnected) this.popup.hidePopover();
      this.input.setAttribute("aria-expanded", "false");
      this.input.removeAttribute("aria-activedescendant");
    }
    this.#typed = null;
    if (this.multiple) this.input.value = "";
    this.#draw();
    this.#commit();
  }

  #commit() {
    if (!this.#touched) return;
    this.#touched = false;
    this.onCommit?.();
  }

  #load(query) {
    clearTimeout(this.#timer);
    const request = (this.#request += 1);
    const { minQuery = 0, delay = 0 } = this.source;
    if (query.length < minQuery) {
      this.#list([], minQuery === 1 ? "Type to search" : `Type at least ${minQuery} characters to search`);
      return;
    }
    const run = async () => {
      try {
        const result = this.source.load(query);
        if (result instanceof Promise) this.#list(null, "Loading…");
        const { groups } = await result;
        if (request === this.#request && this.#open) this.#list(groups, "No matches");
      } catch (error) {
        if (request === this.#request && this.#open) this.#list([], error.message);
      }
    };
    if (delay && query) {
      this.#list(null, "Searching…");
      this.#timer = setTimeout(run, delay);
    } else run();
  }

  /** Shows `groups`; null keeps the rows that are there, dimmed and not to be picked, while new ones are on their way. */
  #list(groups, empty) {
    this.list.setAttribute("aria-busy", String(!groups));
    if (groups) {
      this.#rows = [];
      fill(
        this.list,
        groups.filter((group) => group.options?.length).map((group) => this.#group(group)),
      );
      const current = this.#rows.findIndex((row) => this.#isSelected(row.option));
      this.#activate(current >= 0 && this.#typed === null ? current : this.#rows.length ? 0 : -1);
    }
    this.note.textContent = this.#rows.length ? "" : empty;
    this.note.hidden = this.#rows.length > 0;
    this.list.hidden = this.#rows.length === 0;
  }

  #group(group) {
    const rows = group.options.map((option) => this.#row(option));
    const name = textOf(group.label);
    if (!name) return rows;
    const id = freshId("group");
    return h("div", { role: "group", "aria-labelledby": id }, h("div", { class: "combo-group", id }, name), rows);
  }

  #row(option) {
    const node = h(
      "div",
      {
        role: "option",
        id: freshId("option"),
        class: "option",
        dataset: { value: option.value },
        "aria-selected": String(this.#isSelected(option)),
        on: {
          click: () => this.#pick(option),
          mousemove: () =>
            this.#activate(
              this.#rows.findIndex((row) => row.node === node),
              false,
            ),
        },
      },
      h(
        "span",
        { class: "option-words" },
        h("span", {}, textOf(option.text)),
        option.description ? h("span", { class: "option-more" }, textOf(option.description)) : null,
      ),
      icon("check", 14),
    );
    this.#rows.push({ option, node });
    return node;
  }

  #isSelected(option) {
    return this.selected.some((item) => item.value === option.value);
  }

  #activate(index, scroll = true) {
    this.#rows[this.#active]?.node.classList.remove("active");
    this.#active = index;
    const row = this.#rows[index];
    if (!row) return this.input.removeAttribute("aria-activedescendant");
    row.node.classList.add("active");
    this.input.setAttribute("aria-activedescendant", row.node.id);
    if (scroll) row.node.scrollIntoView({ block: "nearest" });
    return undefined;
  }

  #pick(option) {
    if (this.multiple) return this.#toggle(option);
    this.selected = [option];
    this.#touched = true;
    this.onChange(this.selected);
    this.#close();
    return undefined;
  }

  #toggle(option, remove = this.#isSelected(option)) {
    if (!remove && this.selected.length >= this.max) {
      this.note.textContent = `Choose at most ${this.max}`;
      this.note.hidden = false;
      return;
    }
    this.selected = remove ? this.selected.filter((item) => item.value !== option.value) : [...this.selected, option];
    this.#touched = true;
    this.onChange(this.selected);
    this.#draw();
    for (const row of this.#rows) row.node.setAttribute("aria-selected", String(this.#isSelected(row.option)));
    if (!this.#open) this.#commit();
  }

  #key(event) {
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (!this.#open) return this.#show();
      const step = key === "ArrowDown" ? 1 : -1;
      if (this.#rows.length) this.#activate((this.#active + step + this.#rows.length) % this.#rows.length);
    } else if (key === "Enter") {
      event.preventDefault();
      if (!this.#open) this.#show();
      else if (this.#rows[this.#active] && this.list.getAttribute("aria-busy") !== "true")
        this.#pick(this.#rows[this.#active].option);
    } else if (key === "Escape" && this.#open) {
      // Escape closes the list alone, not the modal around it.
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    } else if (key === "Backspace" && this.multiple && !this.input.value && this.selected.length) {
      this.#toggle(this.selected.at(-1), true);
    }
    return undefined;
  }
}
