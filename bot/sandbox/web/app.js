// The page: who sits here and where, and what is fetched and drawn when something changes.

import { api, Live, Unreachable } from "./api.js";
import { ChannelPage } from "./channel.js";
import { Deeds } from "./deeds.js";
import { h } from "./dom.js";
import { Frame } from "./frame.js";
import { HomePage } from "./home.js";
import { icon } from "./icons.js";
import { LogPane } from "./log.js";
import { isReply } from "./messages.js";
import { ModalStack } from "./modal.js";
import { Sidebar } from "./sidebar.js";
import { restoreTheme } from "./theme.js";
import { ThreadPane } from "./thread.js";
import { toast } from "./toast.js";
import { World } from "./world.js";

const HOME = "home";
const FIRST_PERSON = "U0RITA";
const STATE_EVERY = 4000; // ms: the bot's own connection comes and goes without a word on the live socket
const PATIENCE = 700; // ms without the live socket before the page says so

class App {
  person = null;
  place = null; // a channel id, or HOME
  thread = null;
  world = null;
  messages = [];
  fresh = new Set(); // channels with news that the last state did not tell yet
  #worry = null;
  #stateShown = "";

  constructor() {
    this.refresh = this.#refreshers();
    const deeds = new Deeds({
      seat: () => this,
      refresh: this.refresh,
      complainInModal: (words) => this.modals.complain(words),
    });
    const contextFor = (...args) => deeds.contextFor(...args);
    this.deeds = deeds;
    this.sidebar = new Sidebar({
      onPerson: (id, options) => this.go({ person: id, thread: null }, options),
      onChannel: (id) => this.go({ place: id, thread: null }),
      onHome: () => this.go({ place: HOME, thread: null }),
    });
    this.channelPage = new ChannelPage({
      contextFor,
      onThread: (ts) => this.go({ thread: ts }),
      onSend: (text) => deeds.send(text),
    });
    this.threadPane = new ThreadPane({
      contextFor,
      onClose: () => this.go({ thread: null }),
      onSend: (text) => deeds.reply(text),
    });
    this.home = new HomePage({ contextFor });
    this.log = new LogPane();
    this.modals = new ModalStack({
      contextFor,
      submit: (view, values) => deeds.submit(view, values),
      close: (view, all) => deeds.close(view, all),
      reload: () => this.refresh.views(),
    });
    this.frame = new Frame({
      sidebar: this.sidebar.element,
      tools: [this.home.source],
      panes: [this.threadPane.element, this.log.element],
      dialogs: [this.modals.element],
      onLog: () => this.#toggleLog(),
    });
    this.live = new Live({
      onChange: (change) => this.#onChange(change),
      onUp: () => this.#onUp(),
      onDown: () => this.#onDown(),
    });
  }

  async start() {
    addEventListener("popstate", () => this.#fromAddress());
    document.addEventListener("click", (event) => this.#followMention(event));
    setInterval(() => document.hidden || this.refresh.state(), STATE_EVERY);
    await this.#fromAddress();
  }

  // --- where

  /** Changes the person, the place or the open thread, and the address with it; with `stay` focus is left alone. */
  go({ person = this.person, place = this.place, thread = this.thread }, { stay = false } = {}) {
    const before = { person: this.person, place: this.place };
    Object.assign(this, { person, place, thread });
    if (thread && !this.log.element.hidden) this.log.toggle();
    this.#writeAddress("pushState");
    this.frame.drawer(false);
    if (person !== before.person || place !== before.place) this.#enter(before.person, { stay });
    else this.#draw();
  }

  #writeAddress(how) {
    const params = { as: this.person, channel: this.place, ...(this.thread ? { thread: this.thread } : {}) };
    history[how](null, "", `?${new URLSearchParams(params)}`);
  }

  #fromAddress() {
    const before = this.person;
    const params = new URLSearchParams(location.search);
    this.person = params.get("as") || FIRST_PERSON;
    this.place = params.get("channel") || this.place;
    this.thread = params.get("thread");
    return this.#enter(before);
  }

  #followMention(event) {
    const target = event.target.closest?.("[data-open-channel]");
    if (!target || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    this.go({ place: target.dataset.openChannel, thread: null });
  }

  /** Thread and log share the right side: one of them at a time leaves room for the channel. */
  #toggleLog() {
    this.log.toggle();
    if (!this.log.element.hidden && this.thread) this.go({ thread: null });
  }

  /** Takes up a new person or place: what is shown of the old one goes at once. */
  async #enter(personBefore, { stay = false } = {}) {
    this.messages = [];
    if (personBefore !== this.person) {
      this.modals.reset();
      this.fresh.clear();
    }
    this.#draw();
    await this.refresh.state();
    if (!this.world && this.person !== FIRST_PERSON) {
      // The address names nobody whom this workspace knows.
      this.person = FIRST_PERSON;
      await this.refresh.state();
    }
    this.live.follow(this.person);
    await Promise.all([this.refresh.messages(), this.refresh.views()]);
    if (this.place === HOME) {
      await this.deeds.openHome();
      await this.refresh.home();
    } else if (!stay && !this.modals.top && !this.thread && !matchMedia("(pointer: coarse)").matches) {
      this.channelPage.composer.focus();
    }
  }

  // --- what the server says

  #refreshers() {
    const inChannel = () => this.place && this.place !== HOME;
    return {
      state: this.#coalesced(
        () => api.state(this.person),
        (state) => this.#takeState(state),
      ),
      messages: this.#coalesced(
        () => inChannel() && api.messages(this.person, this.place),
        (answer) => answer && this.#takeMessages(answer.messages),
      ),
      views: this.#coalesced(
        () => api.views(this.person),
        (answer) => this.modals.update(answer),
      ),
      home: this.#coalesced(
        () => this.place === HOME && api.home(this.person),
        (answer) => answer && this.home.update(answer.view, this.world),
      ),
    };
  }

  /** A refetch that runs once at a time, again if asked meanwhile, and anew when person or place changed under it. */
  #coalesced(load, take) {
    let running = null;
    let again = false;
    const run = async () => {
      do {
        again = false;
        const where = `${this.person} ${this.place}`;
        try {
          const answer = await load();
          if (where === `${this.person} ${this.place}`) await take(answer);
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

  #takeState(state) {
    const signature = JSON.stringify([state, this.place]);
    if (signature === this.#stateShown) return;
    this.#stateShown = signature;
    this.world = new World({ ...state, user: this.person });
    if (this.place !== HOME && !this.world.channel(this.place)) {
      this.place = this.world.channels[0]?.id ?? HOME;
      this.thread = null;
      this.#writeAddress("replaceState");
      this.refresh.messages();
    }
    this.#draw();
  }

  #takeMessages(messages) {
    const repliesOf = Map.groupBy(messages.filter(isReply), (message) => message.thread_ts);
    this.messages = messages.map((message) => {
      const replies = repliesOf.get(message.ts);
      return replies ? { ...message, replies: replies.map(({ user, bot_id, ts }) => ({ user, bot_id, ts })) } : message;
    });
    this.fresh.delete(this.place);
    this.#draw();
  }

  #onChange({ what, channel }) {
    if (what === "messages" && channel && channel !== this.place) {
      this.fresh.add(channel);
      this.refresh.state();
    } else this.refresh[what]?.();
    if (!this.log.element.hidden) this.log.refresh();
  }

  #onUp() {
    clearTimeout(this.#worry);
    this.#worry = null;
    this.frame.banner.hidden = true;
    this.sidebar.away = false;
    for (const refresh of Object.values(this.refresh)) refresh();
  }

  #onDown() {
    this.#worry ??= setTimeout(() => {
      this.frame.banner.hidden = false;
      this.sidebar.away = true;
      this.#draw();
    }, PATIENCE);
  }

  // --- drawing

  #draw() {
    if (!this.world) return;
    const { world, place } = this;
    const who = world.personName(this.person);
    const channel = world.channel(place);
    this.sidebar.draw(world, place, this.fresh);
    this.home.source.hidden = place !== HOME;
    document.title = `${place === HOME ? "App Home" : (channel?.name ?? "Sandbox")} · ${who} · Tenfour sandbox`;
    if (!channel) {
      const topic = h("p", { class: "topic" }, `What ${world.bot.name} shows ${who}`);
      this.frame.show(this.home.element, [h("h1", {}, icon("home", 18), "App Home"), topic]);
      this.threadPane.draw(null);
      return;
    }
    this.frame.show(this.channelPage.element, this.channelPage.heading(channel, world));
    this.channelPage.draw(this.messages, world, channel);
    this.threadPane.draw(this.thread, this.messages, world, channel);
  }
}

restoreTheme();
await new App().start();
