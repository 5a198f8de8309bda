// What a person does, told to the server; and what they are told when it does not go well.

import { api, Gone, Unreachable } from "./api.js";
import { encodeMentions, escapeText } from "./completion.js";
import { toast } from "./toast.js";

const REASONS = {
  __proto__: null,
  timeout: "the bot did not answer within 3 seconds",
  not_connected: "the bot is not connected",
};

export class Deeds {
  /** `seat()` answers who sits here and where: `{person, place, thread, world}`. */
  constructor({ seat, refresh, complainInModal }) {
    this.seat = seat;
    this.refresh = refresh;
    this.complainInModal = complainInModal;
  }

  /** What the blocks of a message, modal or Home need to be drawn and used; `blocks()` are its current ones. */
  contextFor(kind, target, form, blocks) {
    const { world } = this.seat();
    const place = (block, element) => ({
      user: this.seat().person,
      ...target,
      block_id: block.block_id,
      action_id: element.action_id,
    });
    const act = async (block, element, action) => {
      const state = { values: form.values(blocks()) };
      const answer = await this.tell(() => api.click({ ...place(block, element), action, state }));
      this.complain(answer, kind === "modal" ? this.complainInModal : toast);
    };
    const suggest = async (block, element, value) => {
      try {
        return await api.suggest({ ...place(block, element), value });
      } catch (error) {
        const status = /^options load: (timeout|not_connected)/.exec(error.message)?.[1];
        throw new Error(`The options could not be loaded: ${REASONS[status] ?? error.message}.`);
      }
    };
    return { kind, form, world, act, suggest };
  }

  submit(view, values) {
    return api.submit({ user: this.seat().person, view_id: view.id, state: { values } });
  }

  close(view, all) {
    return this.tell(() => api.close({ user: this.seat().person, view_id: view.id, all_views: all }));
  }

  async openHome() {
    const answer = await this.tell(() => api.openHome({ user: this.seat().person }));
    // An app that does not listen for this event is not at fault.
    if (answer?.status !== "not_subscribed") this.complain(answer);
  }

  /** Sends a message or a slash command. Rejects when it did not get through, so that the text is given back. */
  async send(text) {
    const [, command, rest] = /^(\/\S+)\s*([\s\S]*)$/.exec(text) ?? [];
    if (command) await this.#command(command, rest);
    else await this.#message(text);
    await Promise.all([this.refresh.messages(), this.refresh.views()]);
  }

  async reply(text) {
    if (text.startsWith("/")) {
      toast("Commands cannot be used in threads. Type it in the channel instead.", "info");
      throw new Error("not in threads");
    }
    await this.#message(text, { thread_ts: this.seat().thread });
    await this.refresh.messages();
  }

  async #command(command, rest) {
    const { person, place, world } = this.seat();
    const isEscaped = world.commands.find((item) => item.command === command)?.should_escape;
    const text = isEscaped ? encodeMentions(rest, world) : rest;
    // What goes wrong with a command is told in the channel, by a line that only this person sees.
    await this.#must(() => api.command({ user: person, channel: place, command, text }));
  }

  async #message(words, more = {}) {
    const { person, place, world } = this.seat();
    const text = encodeMentions(escapeText(words), world);
    const answer = await this.#must(() => api.message({ user: person, channel: place, text, ...more }));
    // People talk to each other as well: nobody expects the bot to take every message.
    if (answer.status === "client_refused") this.complain(answer);
  }

  /** Says what became of something that the bot did not simply take; `say` is where. */
  complain(answer, say = toast) {
    const status = answer?.status;
    if (!status || ["acked", "not_sent"].includes(status)) return;
    const { name } = this.seat().world.bot;
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
  async tell(ask) {
    try {
      return await ask();
    } catch (error) {
      // Typing is told a moment later, and a modal may have moved on by then.
      if (error instanceof Gone) {
        this.refresh.views();
        return undefined;
      }
      const away = "The local server cannot be reached. Is the sandbox still running?";
      toast(error instanceof Unreachable ? away : error.message);
      return undefined;
    }
  }

  async #must(ask) {
    const answer = await this.tell(ask);
    if (answer === undefined) throw new Error("not sent");
    return answer;
  }
}
