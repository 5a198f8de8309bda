// The left side: who you are, where you are, and whether the bot is there.

import { avatar } from "./avatar.js";
import { fill, h, keepPlace } from "./dom.js";
import { icon } from "./icons.js";
import { themeButton } from "./theme.js";

export class Sidebar {
  away = false; // whether the server cannot be reached, and so the bot's state is not known

  constructor({ onPerson, onChannel, onHome }) {
    this.onPerson = onPerson;
    this.onChannel = onChannel;
    this.onHome = onHome;
    this.team = h("span", { class: "team-name" });
    this.people = h("div", {
      class: "people",
      role: "radiogroup",
      "aria-label": "Try it as",
      on: { keydown: (event) => this.#step(event) },
    });
    this.places = h("nav", { class: "places", "aria-label": "Channels" });
    this.bot = h("div", { class: "bot-state", role: "status", dataset: { testid: "bot-state" } });
    this.element = h(
      "aside",
      { class: "sidebar", id: "sidebar", "aria-label": "Workspace" },
      h("header", { class: "team" }, this.team, h("span", { class: "team-tag" }, "sandbox"), themeButton()),
      h("div", { class: "sidebar-scroll" }, h("h2", { class: "sidebar-title" }, "You are"), this.people, this.places),
      h(
        "footer",
        { class: "sidebar-foot" },
        h(
          "a",
          { class: "place", href: "/carrier", dataset: { testid: "carrier-link" } },
          icon("antenna", 18),
          h("span", {}, "Carrier desk"),
          icon("open", 14),
        ),
        this.bot,
      ),
    );
  }

  /** `place` is a channel id or "home"; `fresh` holds channels with news that the state does not tell yet. */
  draw(world, place, fresh) {
    this.team.textContent = world.team.name ?? "Workspace";
    keepPlace(this.element, () => {
      fill(
        this.people,
        world.people.map((person) => this.#person(person, world.me)),
      );
      const isIm = (channel) => channel.is_im;
      fill(
        this.places,
        h("h2", { class: "sidebar-title" }, "Channels"),
        world.channels.filter((channel) => !isIm(channel)).map((channel) => this.#channel(channel, place, fresh)),
        h("h2", { class: "sidebar-title" }, "Apps"),
        world.channels.filter(isIm).map((channel) => this.#channel(channel, place, fresh)),
        this.#home(place),
      );
    });
    const { name, connected } = world.bot;
    const [dot, words] = this.away
      ? ["dot-unknown", "Waiting for the server"]
      : connected
        ? ["dot-up", `${name} is connected`]
        : ["dot-down", `${name} is not connected`];
    if (this.bot.textContent !== words) fill(this.bot, h("span", { class: `dot ${dot}` }), h("span", {}, words));
  }

  #person(person, me) {
    const mine = person.id === me;
    return h(
      "button",
      {
        type: "button",
        class: "person",
        role: "radio",
        title: [person.real_name, person.role, person.title].filter(Boolean).join(", "),
        "aria-checked": String(mine),
        tabindex: mine ? 0 : -1,
        dataset: { testid: `person-${person.id}`, person: person.id },
        on: { click: () => this.onPerson(person.id) },
      },
      h("span", { class: "person-face" }, avatar(person, "medium")),
      h(
        "span",
        { class: "person-words" },
        h("span", { class: "person-name" }, person.real_name || person.name),
        h(
          "span",
          { class: "person-title" },
          person.role ? [h("span", { class: "person-role" }, person.role), person.title ? " · " : null] : null,
          person.title ?? "",
        ),
      ),
      person.is_restricted ? h("span", { class: "badge" }, "Guest") : null,
    );
  }

  #step(event) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...this.people.children];
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    next.focus();
    this.onPerson(next.dataset.person, { stay: true });
  }

  #place(props, ...children) {
    return h("button", { type: "button", class: "place", ...props }, children);
  }

  #channel(channel, place, fresh) {
    const here = channel.id === place;
    const unread = !here && (channel.unread || fresh.has(channel.id));
    const count = typeof channel.unread === "number" && channel.unread > 0 ? channel.unread : null;
    return this.#place(
      {
        class: `place${unread ? " place-unread" : ""}`,
        "aria-current": here ? "page" : null,
        dataset: { testid: `channel-${channel.id}` },
        on: { click: () => this.onChannel(channel.id) },
      },
      icon(channel.is_im ? "bot" : channel.is_private ? "lock" : "hash", 18),
      h("span", { class: "place-name" }, channel.name),
      channel.is_im ? h("span", { class: "app-tag" }, "App") : null,
      unread
        ? h(
            "span",
            { class: `unread${count ? " unread-count" : ""}` },
            count ?? "",
            h("span", { class: "visually-hidden" }, " unread"),
          )
        : null,
    );
  }

  #home(place) {
    return this.#place(
      {
        "aria-current": place === "home" ? "page" : null,
        dataset: { testid: "home-link" },
        on: { click: () => this.onHome() },
      },
      icon("home", 18),
      h("span", { class: "place-name" }, "App Home"),
    );
  }
}
