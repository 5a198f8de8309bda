// Where one writes: messages, and slash commands with completion.

import { Completion, commandItems, personItems } from "./completion.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

const HISTORY = 30;

export class Composer {
  #world = null;
  #drafts = new Map();
  #sent = new Map();
  #recall = 0;
  #key = null;

  /** `onSend(text)` may throw to get its text back into the box. */
  constructor({ onSend, testid = "composer", sendTestid = "send", commands = true }) {
    this.onSend = onSend;
    this.commands = commands;
    this.field = h("textarea", {
      class: "composer-field",
      rows: 1,
      dataset: { testid },
      spellcheck: "true",
      on: {
        input: () => this.#changed(),
        keydown: (event) => this.#onKey(event),
        blur: () => this.completion.hide(),
        click: () => this.#suggest(),
      },
    });
    this.completion = new Completion(this.field, (item) => this.#complete(item));
    this.hint = h("div", { class: "composer-hint", hidden: true });
    this.button = h(
      "button",
      {
        type: "button",
        class: "icon-button composer-send",
        "aria-label": "Send",
        title: "Send (Enter)",
        disabled: true,
        dataset: { testid: sendTestid },
        on: { click: () => this.#send() },
      },
      icon("send", 18),
    );
    this.box = h("div", { class: "composer-box" }, this.field, this.button);
    this.closed = h("p", { class: "composer-closed", hidden: true });
    this.element = h("div", { class: "composer" }, this.completion.element, this.hint, this.box, this.closed);
  }

  /** `key` names person and place, so that each keeps its own draft; `closed` takes the box away and says why. */
  place(world, key, words, closed = "") {
    this.#world = world;
    this.box.hidden = Boolean(closed);
    this.closed.hidden = !closed;
    this.closed.textContent = closed;
    if (key === this.#key) return;
    this.#key = key;
    this.field.placeholder = words;
    this.field.setAttribute("aria-label", words);
    this.#put(this.#drafts.get(key) ?? "");
  }

  focus() {
    this.field.focus();
  }

  #put(text) {
    this.field.value = text;
    this.field.setSelectionRange(text.length, text.length);
    this.#changed(false);
  }

  #changed(suggest = true) {
    const text = this.field.value;
    this.#drafts.set(this.#key, text);
    this.button.disabled = !text.trim();
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, 220)}px`;
    if (suggest) this.#suggest();
    this.#showHint(text);
  }

  #suggest() {
    const { value, selectionStart } = this.field;
    const commands = this.commands ? commandItems(value, this.#world.commands) : [];
    this.completion.show(commands.length ? commands : personItems(value, selectionStart, this.#world));
  }

  #showHint(text) {
    const name = /^(\/\S+)\s/.exec(text)?.[1];
    const command = this.commands && name && this.#world.commands.find((item) => item.command === name);
    this.hint.hidden = !command;
    if (command)
      this.hint.replaceChildren(
        h("b", {}, command.command),
        ` ${command.usage_hint ?? ""}`,
        h("span", { class: "option-more" }, command.description ?? ""),
      );
  }

  #complete(item) {
    if (item.kind === "command") this.#put(`${item.value} `);
    else {
      const { value, selectionStart } = this.field;
      const before = `${value.slice(0, item.from)}@${item.label} `;
      this.#put(before + value.slice(selectionStart));
      this.field.setSelectionRange(before.length, before.length);
    }
    this.completion.hide();
    this.field.focus();
  }

  #onKey(event) {
    if (event.isComposing) return;
    const { completion } = this;
    if (completion.open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      completion.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (completion.open && (event.key === "Tab" || event.key === "Enter") && !event.shiftKey) {
      event.preventDefault();
      const item = completion.current;
      // A command that is already written out in full is sent, not completed once more.
      if (event.key === "Enter" && item.value === this.field.value) this.#send();
      else this.#complete(item);
    } else if (completion.open && event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      completion.hide();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") this.#remember(event);
  }

  /** Arrow up in an empty box brings back what this person sent before. */
  #remember(event) {
    const sent = this.#sent.get(this.#world.me) ?? [];
    const step = event.key === "ArrowUp" ? 1 : -1;
    const recalling = this.#recall > 0 && this.field.value === sent.at(-this.#recall);
    if (!recalling) this.#recall = 0;
    const next = this.#recall + step;
    if ((this.field.value && !recalling) || next < 0 || next > sent.length) return;
    event.preventDefault();
    this.#recall = next;
    this.#put(next ? sent.at(-next) : "");
    this.completion.hide();
  }

  async #send() {
    const text = this.field.value.trim();
    if (!text) return;
    const key = this.#key;
    this.#recall = 0;
    this.#sent.set(this.#world.me, [...(this.#sent.get(this.#world.me) ?? []), text].slice(-HISTORY));
    this.#put("");
    this.completion.hide();
    try {
      await this.onSend(text);
    } catch {
      if (key === this.#key && !this.field.value) this.#put(text);
      else this.#drafts.set(key, text);
    }
  }
}
