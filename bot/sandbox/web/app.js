// The page: who looks at what, and what happens when something changes.

import { api, Live, Unreachable } from "./api.js";
import { ChannelPage } from "./channel.js";
import { encodeMentions, escapeText } from "./completion.js";
import { fill, h } from "./dom.js";
import { HomePage } from "./home.js";
import { icon } from "./icons.js";
import { LogPane } from "./log.js";
import { ModalStack } from "./modal.js";
import { Sidebar } from "./sidebar.js";
import { restoreTheme } from "./theme.js";
import { ThreadPane } from "./thread.js";
import { toast } from "./toast.js";
import { World } from "./world.js";

const HOME = "home";
const FIRST_PERSON = "U0RITA";
const PATIENCE = 700; // ms without the live socket before the page says so

class App {
  constructor() {
    const contextFor = (...args) => this.#context(...args);
    this.person = null;
    this.place = null;
    this.thread = null;
    this.world = null;
    this.messages = [];
    this.fresh = new Set();
    this.sidebar = new Sidebar({
      onPerson: (id, options) => this.go({ person: id, thread: null }, options),
      onChannel: (id) => this.go({ place: id, thread: null }),
      onHome: () => this.go({ place: HOME, thread: null }),
    });
    this.channelPage = new ChannelPage({
      contextFor,
      onThread: (ts) => this.go({ thread: ts }),
      onSend: (text) => this.#send(text),
    });
    this.threadPane = new ThreadPane({
      contextFor,
      onClose: () => this.go({ thread: null }),
      onSend: (text) => this.#reply(text),
    });
    this.home = new HomePage({ contextFor });
    this.log = new LogPane();
    this.modals = new ModalStack({
      contextFor,
      submit: (view, values) => api.submit({ user: this.person, view_id: view.id, state: { values } }),
      close: (view, all) => this.#tell(() => api.close({ user: this.person, view_id: view.id, all_views: all })),
      reload: () => this.refresh.views(),
    });
    this.refresh = {
      state: this.#coalesced(
        () => api.state(this.person),
        (state) => this.#showState(state),
      ),
      messages: this.#coalesced(
        () => this.place !== HOME && this.place && api.messages(this.person, this.place),
        (answer) => answer && this.#showMessages(answer.messages),
      ),
      views: this.#coalesced(
        () => api.views(this.person),
        (answer) => this.modals.update(answer),
      ),
      home: this.#coalesced(
        () => this.place === HOME && api.home(this.person),
        (answer) => this.place === HOME && this.home.update(answer?.view ?? null, this.world),
      ),
    };
    this.live = new Live({
      onChange: (change) => this.#onChange(change),
      onUp: () => this.#onUp(),
      onDown: () => this.#onDown(),
    });
  }

  async start() {
    restoreTheme();
    this.#build();
    const params = new URLSearchParams(location.search);
    this.person = params.get("as") || FIRST_PERSON;
    this.place = params.get("channel");
    this.thread = params.get("thread");
    addEventListener("popstate", () => this.#fromAddress());
    document.addEventListener("click", (event) => this.#followMention(event));
    await this.#enter();
  }

  #build() {
    this.banner = h(
      "div",
      { class: "banner", role: "status", hidden: true, dataset: { testid: "banner" } },
      h("span", { class: "spinner" }),
      "Reconnecting…",
    );
    this.menu = h(
      "button",
      {
        type: "button",
        class: "icon-button menu-button",
        "aria-label": "Channels and people",
        "aria-controls": "sidebar",
        dataset: { testid: "menu" },
        on: { click: () => this.#drawer() },
      },
      icon("menu"),
    );
    this.head = h("div", { class: "page-words" });
    this.logButton = h(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": "What the bot called",
        title: "What the bot called",
        dataset: { testid: "log-button" },
        on: { click: () => this.#toggleLog() },
      },
      icon("list", 18),
    );
    this.page = h("main", { class: "page" });
    const shade = h("div", { class: "shade", on: { click: () => this.#drawer(false) } });
    fill(
      document.body,
      this.banner,
      h(
        "div",
        { class: "frame" },
        this.sidebar.element,
        shade,
        h(
          "div",
          { class: "stage" },
          h("header", { class: "page-head" }, this.menu, this.head, this.home.source, this.logButton),
          h("div", { class: "stage-row" }, this.page, this.threadPane.element, this.log.element),
        ),
      ),
      this.modals.element,
    );
    document.body.addEventListener("keydown", (event) => event.key === "Escape" && this.#drawer(false));
  }

  #drawer(open = !document.body.classList.contains("drawer-open")) {
    document.body.classList.toggle("drawer-open", open);
    this.menu.setAttribute("aria-expanded", String(open));
  }

  /** Thread and log share the right side: one of them at a time leaves room for the channel. */
  #toggleLog() {
    this.log.toggle();
    if (!this.log.element.hidden && this.thread) this.go({ thread: null });
  }

  /** Changes the person, the place or the open thread, and the address with it; with `stay` focus is left alone. */
  go({ person = this.person, place = this.place, thread = this.thread }, { stay = false } = {}) {
    const moved = person !== this.person || place !== this.place;
    const was = this.person;
    Object.assign(this, { person, place, thread });
    if (thread && !this.log.element.hidden) this.log.toggle();
    const params = new URLSearchParams({ as: person, channel: place, ...(thread ? { thread } : {}) });
    history.pushState(null, "", `?${params}`);
    this.#drawer(false);
    if (moved) this.#enter({ otherPerson: was !== person, stay });
    else this.#draw();
  }

  #fromAddress() {
    const params = new URLSearchParams(location.search);
    const was = this.person;
    this.person = params.get("as") || FIRST_PERSON;
    this.place = params.get("channel") || this.place;
    this.thread = params.get("thread");
    this.#enter({ otherPerson: was !== this.person });
  }

  #followMention(event) {
    const target = event.target.closest?.("[data-open-channel]");
    if (!target || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    this.go({ place: target.dataset.openChannel, thread: null });
  }

  /** Takes up a new person or place: what is shown of the old one goes at once. */
  async #enter({ otherPerson = true, stay = false } = {}) {
    this.messages = [];
    if (otherPerson) {
      this.modals.reset();
      this.fresh.clear();
    }
    if (this.world) this.#draw();
    await this.refresh.state();
    this.live.follow(this.person);
    await Promise.all([this.refresh.messages(), this.refresh.views()]);
    if (this.place === HOME) this.#openHome();
    else if (!matchMedia("(pointer: coarse)").matches && !this.modals.top && !this.thread)
      this.channelPage.composer.focus();
  }

  async #openHome() {
    const answer = await this.#tell(() => api.openHome({ user: this.person }));
    await this.refresh.home();
    // An app that does not listen for this event is not at fault.
    if (answer?.status !== "not_subscribed") this.#complain(answer);
  }

  #showState(state) {
    this.world = new World({ ...state, user: this.person });
    if (!this.world.person(this.person) && this.world.people.length) {
      this.person = this.world.people[0].id;
      return this.refresh.state();
    }
    if (this.place !== HOME && !this.world.channel(this.place)) {
      this.place = this.world.channels[0]?.id ?? HOME;
      this.thread = null;
      history.replaceState(null, "", `?${new URLSearchParams({ as: this.person, channel: this.place })}`);
    }
    this.#draw();
    return undefined;
  }

  #showMessages(messages) {
    const roots = new Map(messages.map((message) => [message.ts, message]));
    const replies = Map.groupBy(
      messages.filter((message) => message.thread_ts && message.thread_ts !== message.ts),
      (message) => message.thread_ts,
    );
    for (const [ts, items] of replies)
      if (roots.has(ts))
        roots.set(ts, {
          ...roots.get(ts),
          replies: items.map(({ user, bot_id, ts: at }) => ({ user, bot_id, ts: at })),
        });
    this.messages = [...roots.values()];
    if (this.fresh.delete(this.place)) this.sidebar.draw(this.world, this.place, this.fresh);
    this.#draw();
  }

  #draw() {
    if (!this.world) return;
    const channel = this.world.channel(this.place);
    this.sidebar.draw(this.world, this.place, this.fresh);
    this.home.source.hidden = this.place !== HOME;
    document.title = `${this.place === HOME ? "App Home" : (channel?.name ?? "Sandbox")} · ${this.world.personName(this.person)} · Tenfour sandbox`;
    if (this.place === HOME || !channel) {
      fill(
        this.head,
        h("h1", {}, icon("home", 18), "App Home"),
        h("p", { class: "topic" }, `What ${this.world.bot.name} shows ${this.world.personName(this.person)}`),
      );
      if (this.page.firstChild !== this.home.element) fill(this.page, this.home.element);
      this.threadPane.draw(null);
      return;
    }
    fill(this.head, ...this.channelPage.heading(channel, this.world));
    if (this.page.firstChild !== this.channelPage.element) fill(this.page, this.channelPage.element);
    this.channelPage.draw(this.messages, this.world, channel);
    this.threadPane.draw(this.thread, this.messages, this.world, channel);
  }

  /** A refetch that runs once at a time, again if asked meanwhile, and is dropped when person or place changed under it. */
  #coalesced(load, show) {
    let running = null;
    let again = false;
    const run = async () => {
      do {
        again = false;
        const where = `${this.person} ${this.place}`;
        try {
          const answer = await load();
          if (where === `${this.person} ${this.place}`) await show(answer);
          else again = true;
        } catch (error) {
          // While the server is away the banner says so; the live socket brings everything back.
          if (!(error instanceof Unreachable)) toast(error.message);
        }
      } while (again);
      running = null;
    };
    return () => {
      if (running) again = true;
      else running = run();
      return running;
    };
  }

  #onChange({ what, channel }) {
    if (what === "messages" && channel && channel !== this.place) {
      this.fresh.add(channel);
      this.refresh.state();
    } else this.refresh[what]?.();
    if (!this.log.element.hidden) this.log.refresh();
  }

  #onUp() {
    clearTimeout(this.worry);
    this.worry = null;
    this.banner.hidden = true;
    for (const refresh of Object.values(this.refresh)) refresh();
  }

  #onDown() {
    this.worry ??= setTimeout(() => {
      this.banner.hidden = false;
    }, PATIENCE);
  }

  #context(kind, target, form, blocks) {
    return {
      kind,
      form,
      world: this.world,
      act: async (block, element, action) => {
        const values = form.values(blocks());
        const answer = await this.#tell(() =>
          api.click({
            user: this.person,
            ...target,
            block_id: block.block_id,
            action_id: element.action_id,
            action,
            state: { values },
          }),
        );
        this.#complain(answer, kind === "modal" ? (words) => this.modals.complain(words) : toast);
      },
      suggest: async (block, element, value) => {
        try {
          return await api.suggest({
            user: this.person,
            ...target,
            block_id: block.block_id,
            action_id: element.action_id,
            value,
          });
        } catch (error) {
          throw new Error(`The options could not be loaded. ${error.message}`);
        }
      },
    };
  }

  /** Says what became of something that the bot did not simply take; `say` is where. */
  #complain(answer, say = toast) {
    const status = answer?.status;
    if (!status || ["acked", "not_sent"].includes(status)) return;
    const name = this.world.bot.name;
    const words = {
      timeout: `${name} did not answer within 3 seconds. It may still be working on it.`,
      not_connected: `${name} is not connected, so nothing happened.`,
      not_subscribed: `${name}'s manifest does not ask for this, so nothing was sent.`,
      client_refused: Object.values(answer.errors ?? {}).join(" "),
      invalid_ack: `${name}'s answer was not valid: ${(answer.messages ?? []).join(" ")}`,
    };
    say(words[status] || `${name} did not accept this (${status}).`);
  }

  /** Runs a request whose failure the person must hear of; undefined when it failed. */
  async #tell(ask) {
    try {
      return await ask();
    } catch (error) {
      toast(
        error instanceof Unreachable
          ? "The local server cannot be reached. Is the sandbox still running?"
          : error.message,
      );
      return undefined;
    }
  }

  async #send(text) {
    const [, command, rest] = /^(\/\S+)\s*([\s\S]*)$/.exec(text) ?? [];
    const { person, place } = this;
    this.channelPage.list.toEnd();
    if (!command) {
      await this.#must(() =>
        api.message({ user: person, channel: place, text: encodeMentions(escapeText(text), this.world) }),
      );
    } else {
      const escaped = this.world.commands.find((item) => item.command === command)?.should_escape;
      // What goes wrong with a command is told in the channel, by a line that only this person sees.
      await this.#must(() =>
        api.command({ user: person, channel: place, command, text: escaped ? encodeMentions(rest, this.world) : rest }),
      );
    }
    await Promise.all([this.refresh.messages(), this.refresh.views()]);
  }

  async #reply(text) {
    if (text.startsWith("/")) {
      toast("Commands cannot be used in threads. Type it in the channel instead.", "info");
      throw new Error("not in threads");
    }
    await this.#must(() =>
      api.message({
        user: this.person,
        channel: this.place,
        text: encodeMentions(escapeText(text), this.world),
        thread_ts: this.thread,
      }),
    );
    await this.refresh.messages();
  }

  async #must(ask) {
    const answer = await this.#tell(ask);
    if (answer === undefined) throw new Error("not sent");
    return answer;
  }
}

await new App().start();
