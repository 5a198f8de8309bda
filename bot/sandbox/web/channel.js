// One channel or direct conversation: heading, messages, composer.

import { avatar } from "./avatar.js";
import { Composer } from "./composer.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { isBroadcast, isReply, MessageList } from "./messages.js";
import { renderMrkdwn } from "./mrkdwn.js";

export class ChannelPage {
  constructor({ contextFor, onThread, onSend }) {
    this.list = new MessageList({ label: "Messages", contextFor, onThread });
    this.composer = new Composer({ onSend });
    this.element = h("div", { class: "channel" }, this.list.element, this.composer.element);
  }

  heading(channel, world) {
    const members = (channel.members ?? []).map((id) => world.author({ user: id }));
    const title = h("h1", {}, icon(channel.is_im ? "bot" : channel.is_private ? "lock" : "hash", 18), channel.name);
    const topic = channel.is_im
      ? `Only you and ${channel.name} see this.`
      : (channel.topic?.value ?? channel.topic ?? "");
    return [
      title,
      topic ? h("p", { class: "topic", title: topic }, renderMrkdwn(topic, world)) : null,
      members.length
        ? h(
            "span",
            {
              class: "members",
              title: members.map((person) => person.real_name).join(", "),
              role: "img",
              "aria-label": `Members: ${members.map((person) => person.real_name).join(", ")}`,
            },
            members.slice(0, 5).map((person) => avatar(person, "small")),
            h("span", {}, String(members.length)),
          )
        : null,
    ].filter(Boolean);
  }

  draw(messages, world, channel) {
    const top = messages.filter((message) => !isReply(message) || isBroadcast(message));
    const name = channel.is_im ? channel.name : `#${channel.name}`;
    this.list.draw(top, world, channel.id, `${world.me}:${channel.id}`, intro(channel, world, name));
    this.composer.place(world, `${world.me}:${channel.id}`, `Message ${name}, or type / for commands`, closed(channel));
  }
}

const closed = (channel) => (channel.is_read_only ? "Sending messages to this app has been turned off." : "");

function intro(channel, world, name) {
  const hint =
    world.commands.length && !channel.is_read_only
      ? h("p", {}, "Type ", h("kbd", {}, "/"), ` below to see what ${world.bot.name} can do.`)
      : null;
  return h(
    "div",
    { class: "intro" },
    h("h2", {}, channel.is_im ? `You and ${name}` : `The beginning of ${name}`),
    hint,
  );
}
