// The carrier desk: what carriers and Twilio would do in days, done here by a button.

import { request } from "./api.js";
import { BrandList } from "./carrier-brands.js";
import { BundleList } from "./carrier-bundles.js";
import { EventPanel } from "./carrier-events.js";
import { FaultPanel } from "./carrier-faults.js";
import { RequestLog } from "./carrier-log.js";
import { MessageList } from "./carrier-messages.js";
import { ServiceList } from "./carrier-services.js";
import { ShareList } from "./carrier-shares.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { restoreTheme, themeButton } from "./theme.js";
import { toast } from "./toast.js";

const EVERY = 1000; // ms between refreshes
const RETRY = 2500; // ms between attempts while the server is away

class Desk {
  constructor() {
    const act = (path, body, method) => this.#act(path, body, method);
    this.services = new ServiceList(act);
    this.brands = new BrandList(act);
    this.bundles = new BundleList(act);
    this.shares = new ShareList(act);
    this.messages = new MessageList(act);
    this.events = new EventPanel(act);
    this.faults = new FaultPanel(act);
    this.log = new RequestLog();
    this.account = "";
    this.accounts = h("select", {
      class: "desk-account",
      "aria-label": "Account",
      dataset: { testid: "desk-account" },
      on: { change: () => this.#choose(this.accounts.value) },
    });
    this.state = h("span", { class: "desk-state", role: "status", dataset: { testid: "desk-state" } });
  }

  async start() {
    restoreTheme();
    this.#build();
    for (;;) {
      await this.#refresh();
      await new Promise((resolve) => setTimeout(resolve, this.base ? EVERY : RETRY));
    }
  }

  #build() {
    const panel = (title, note, body, props = {}) =>
      h(
        "section",
        { class: "panel", ...props },
        h("header", { class: "panel-head" }, h("h2", {}, title), note ? h("p", {}, note) : null),
        body,
      );
    fill(
      document.body,
      h(
        "header",
        { class: "desk-head" },
        h(
          "a",
          { class: "icon-button", href: "/", "aria-label": "Back to the chat", title: "Back to the chat" },
          icon("back"),
        ),
        h("h1", {}, "Carrier desk"),
        h("p", {}, "You decide what carriers would take days to decide, and what goes wrong on the way."),
        this.accounts,
        this.state,
        themeButton(),
      ),
      h(
        "main",
        { class: "desk" },
        h(
          "div",
          { class: "desk-column" },
          panel("Services and campaigns", null, this.services.element),
          panel("Brands", null, this.brands.element),
          panel("Trust Hub reviews", "Bundles and vettings.", this.bundles.element),
        ),
        h(
          "div",
          { class: "desk-column desk-side" },
          panel("Campaigns in TCR", "Registered there, shared with Twilio.", this.shares.element),
          panel("Messages", "By the phone they went to.", this.messages.element),
          panel("Event Streams", "What Twilio tells by itself.", this.events.element),
          panel("Faults", "What the next matching calls meet.", this.faults.element),
        ),
        panel("Requests", null, this.log.element, { class: "panel desk-wide" }),
      ),
    );
    this.log.place(document.querySelector(".desk-wide .panel-head"));
  }

  async #refresh() {
    if (document.hidden && this.base) return;
    try {
      if (!this.base) await this.#find();
      const [state, log] = await Promise.all([
        request(this.#of("/_desk/state"), { base: this.base }),
        request(`/_desk/log?after=${this.log.last}`, { base: this.base }),
      ]);
      this.#offer(state);
      this.services.draw(state);
      this.brands.draw(state);
      this.bundles.draw(state);
      this.shares.draw(state);
      this.messages.draw(state);
      this.events.draw(state);
      this.faults.draw(state);
      this.log.add(log.calls ?? []);
      this.#say(true, "Local Twilio is connected");
    } catch (error) {
      // A restarted sandbox may have put its Twilio on another port, and numbers its calls anew.
      this.base = null;
      this.log.restart();
      this.#say(false, this.reason ?? `Local Twilio cannot be reached (${error.message}). Trying again…`);
    }
  }

  /** A path of the control API, about the account that was chosen. */
  #of(path) {
    return this.account ? `${path}?account_sid=${this.account}` : path;
  }

  #choose(sid) {
    this.account = sid;
    this.#refresh();
  }

  #offer({ accounts = [], account_sid: shown }) {
    this.accounts.hidden = accounts.length < 2;
    if (this.accounts.options.length !== accounts.length) {
      fill(this.accounts, ...accounts.map(({ sid, name }) => h("option", { value: sid }, name)));
      this.accounts.value = shown;
    }
  }

  async #find() {
    this.reason = null;
    const { twilio_url: url } = await request("/_sandbox/state?user=U0RITA");
    if (!url) {
      this.reason = "This sandbox runs without a local Twilio.";
      throw new Error(this.reason);
    }
    this.base = url.replace(/\/$/, "");
  }

  #say(up, words) {
    const text = this.state.textContent;
    if (text !== words) fill(this.state, h("span", { class: `dot ${up ? "dot-up" : "dot-down"}` }), words);
  }

  /** Tells the local Twilio something; true when it took it. */
  async #act(path, body, method) {
    try {
      await request(this.#of(path), { base: this.base ?? "", body, method });
    } catch (error) {
      toast(error.message);
      return false;
    }
    await this.#refresh();
    return true;
  }
}

await new Desk().start();
