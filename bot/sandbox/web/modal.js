// The stack of modals a person has open; the last one is on top and shown.

import { blockKey, renderBlock } from "./blocks.js";
import { renderAlert } from "./cards.js";
import { showSource } from "./dialogs.js";
import { h, sync, tabbable, trapFocus } from "./dom.js";
import { Form } from "./form.js";
import { icon } from "./icons.js";
import { renderText, textOf } from "./mrkdwn.js";

export class ModalStack {
  #views = [];
  #forms = new Map();
  #shown = null;
  #errors = {};
  #served = null;
  #busy = false;
  #before = null;

  /** `submit(view, values)` answers `{status, errors?}`; `close(view, all)` tells the server; `reload()` calls `update`. */
  constructor({ contextFor, submit, close, reload }) {
    this.contextFor = contextFor;
    this.sendSubmit = submit;
    this.sendClose = close;
    this.reload = reload;
    const button = (props, ...children) => h("button", { type: "button", ...props }, children);
    this.back = button(
      {
        class: "icon-button",
        "aria-label": "Back",
        hidden: true,
        dataset: { testid: "modal-back" },
        on: { click: () => this.close(false) },
      },
      icon("back", 18),
    );
    this.title = h("h1", { class: "modal-title", id: "modal-title" });
    this.source = button(
      {
        class: "icon-button",
        "aria-label": "Show what was sent",
        title: "Show what was sent",
        on: { click: () => showSource("View as sent", this.top) },
      },
      icon("code", 16),
    );
    this.cross = button(
      {
        class: "icon-button",
        "aria-label": "Close",
        dataset: { testid: "modal-x" },
        on: { click: () => this.close(true) },
      },
      icon("close", 18),
    );
    this.trouble = h("div", { class: "modal-trouble", role: "alert" });
    this.body = h("div", { class: "blocks" });
    this.closeButton = button({
      class: "button",
      dataset: { testid: "modal-close" },
      on: { click: () => this.close(false) },
    });
    this.submitButton = button({
      class: "button button-primary",
      dataset: { testid: "modal-submit" },
      on: { click: () => this.submit() },
    });
    this.element = h(
      "dialog",
      { class: "modal", "aria-labelledby": "modal-title", tabindex: -1, dataset: { testid: "modal" } },
      h("header", { class: "modal-head" }, this.back, this.title, this.source, this.cross),
      h("div", { class: "modal-body" }, this.trouble, this.body),
      h("footer", { class: "modal-foot" }, this.closeButton, this.submitButton),
    );
    trapFocus(this.element, () => this.close(false));
  }

  get top() {
    return this.#views.at(-1);
  }

  get #form() {
    return this.#forms.get(this.top.id);
  }

  /** Shows what the server says is open: `errors` of the last submission of the top view, and a `notice` above it. */
  update({ views, errors, notice }) {
    this.#views = views ?? [];
    const ids = new Set(this.#views.map((view) => view.id));
    for (const id of this.#forms.keys()) if (!ids.has(id)) this.#forms.delete(id);
    for (const view of this.#views) {
      if (!this.#forms.has(view.id)) this.#forms.set(view.id, new Form(view.state?.values));
      this.#forms.get(view.id).adopt(view.blocks);
    }
    if (!this.top) return this.#hide();
    const served = JSON.stringify([this.top.id, errors ?? null]);
    // The server keeps telling the errors of the last submission; those a person has since corrected stay gone.
    const news = served !== this.#served;
    if (news) this.#errors = { ...errors };
    this.#served = served;
    this.#draw(news && Object.keys(this.#errors).length > 0);
    if (notice && !this.trouble.childElementCount) this.complain(notice);
    return undefined;
  }

  /** Puts everything away, as when another person takes the seat. */
  reset() {
    this.#forms.clear();
    this.#views = [];
    this.#hide();
  }

  #hide() {
    if (!this.element.open) return;
    this.element.close();
    this.#shown = null;
    this.#errors = {};
    this.#served = null;
    if (this.#before?.isConnected) this.#before.focus();
  }

  #draw(focusError = false) {
    const view = this.top;
    const fresh = view.id !== this.#shown;
    if (fresh) {
      this.#shown = view.id;
      this.body.replaceChildren();
      this.trouble.replaceChildren();
      this.#setBusy(false);
    }
    this.title.replaceChildren(...renderText(view.title));
    this.back.hidden = this.#views.length < 2;
    this.closeButton.textContent = textOf(view.close) || (view.submit ? "Cancel" : "Close");
    this.submitButton.hidden = !view.submit;
    this.submitButton.replaceChildren(...renderText(view.submit));
    this.element.dataset.callbackId = view.callback_id ?? "";
    this.element.dataset.viewId = view.id;
    const before = new Set([...this.body.children].map((node) => node.dataset.key));
    const hadControls = this.#controls().length > 0;
    this.#drawBlocks();
    // An update that keeps no block is another step of the form: it begins at its top.
    const turned = fresh || ![...this.body.children].some((node) => before.has(node.dataset.key));
    if (!this.element.open) {
      this.#before = document.activeElement;
      this.element.showModal();
    }
    if (turned) this.body.parentElement.scrollTop = 0;
    if (focusError) this.#focusError();
    else if (turned || (!hadControls && !this.body.contains(document.activeElement))) this.#focusFirst();
  }

  #drawBlocks() {
    const view = this.top;
    const ctx = this.contextFor("modal", { view_id: view.id }, this.#form, () => this.top?.blocks);
    ctx.errors = this.#errors;
    ctx.touched = (block) => this.#forgive(block);
    ctx.submit = () => this.submit();
    sync(this.body, view.blocks ?? [], {
      key: blockKey,
      sign: (block) => JSON.stringify([block, this.#errors[block.block_id]]),
      render: (block) => renderBlock(block, ctx),
    });
  }

  #controls() {
    return tabbable(this.body);
  }

  #focusFirst() {
    const wanted = (this.top.blocks ?? []).find((block) => block.element?.focus_on_load);
    const place = wanted && this.body.querySelector(`[data-key="${CSS.escape(wanted.block_id)}"] :is(input, textarea)`);
    const first = place ?? this.body.querySelector(".input-block :is(input, textarea):not(:disabled)");
    (first ?? this.element).focus({ preventScroll: !place });
  }

  #focusError() {
    const field = this.body.querySelector(".has-error :is(input, textarea, button)");
    field?.focus({ preventScroll: true });
    this.body.querySelector(".has-error")?.scrollIntoView({ block: "center", behavior: "smooth" });
  }

  /** Takes a field's error away as soon as the person changes it, without redrawing the field under their hands. */
  #forgive(block) {
    if (!(block.block_id in this.#errors)) return;
    delete this.#errors[block.block_id];
    const node = this.body.querySelector(`[data-key="${CSS.escape(block.block_id)}"]`);
    node?.querySelector(".has-error")?.classList.remove("has-error");
    node?.querySelector(".input-error")?.remove();
    node?.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
  }

  #setBusy(busy) {
    this.#busy = busy;
    this.element.setAttribute("aria-busy", String(busy));
    this.submitButton.setAttribute("aria-busy", String(busy));
  }

  async submit() {
    const view = this.top;
    if (this.#busy || !view?.submit) return;
    this.trouble.replaceChildren();
    const complaints = this.#form.check(view.blocks);
    if (Object.keys(complaints).length) {
      this.#errors = complaints;
      this.#drawBlocks();
      this.#focusError();
      return;
    }
    this.#setBusy(true);
    let words = null;
    try {
      const result = await this.sendSubmit(view, this.#form.values(view.blocks));
      // The same errors may be served twice in a row, and count again.
      if (result.errors) this.#served = null;
      else if (result.status !== "acked") words = refusal(result);
      if (words) this.complain(words);
      await this.reload();
    } catch (error) {
      this.complain(`The local server could not take this (${error.message}). What you typed is kept.`);
    }
    this.#setBusy(false);
  }

  /** Says above the top view what went wrong. */
  complain(words) {
    if (!this.top) return;
    this.trouble.replaceChildren(renderAlert({ level: "error", text: { type: "plain_text", text: words } }, {}));
    this.body.parentElement.scrollTop = 0;
  }

  /** Closes the top view, or with `all` every view; the server is told, and the page does not wait for it. */
  close(all) {
    const view = this.top;
    if (!view) return;
    const rest = all || view.clear_on_close ? [] : this.#views.slice(0, -1);
    this.update({ views: rest });
    this.sendClose(view, all);
  }
}

function refusal({ status, messages }) {
  if (status === "invalid_ack") return `The app's answer was not valid: ${(messages ?? []).join(" ")}`;
  const why =
    { timeout: "it did not answer within 3 seconds", not_connected: "it is not connected" }[status] ??
    `it answered ${status}`;
  return `We had some trouble connecting to the app: ${why}. What you typed is kept; try again.`;
}
