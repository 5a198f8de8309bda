// The pane at the right: one thread and its replies.

import { Composer } from "./composer.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { isReply, MessageList } from "./messages.js";

export class ThreadPane {
  constructor({ contextFor, onClose, onSend }) {
    this.list = new MessageList({ label: "Thread", contextFor, onThread: () => {}, inThread: true });
    this.composer = new Composer({ onSend, testid: "thread-composer", sendTestid: "thread-send", commands: false });
    this.where = h("span", { class: "muted" });
    this.element = h(
      "aside",
      {
        class: "pane",
        "aria-label": "Thread",
        dataset: { testid: "thread" },
        hidden: true,
        on: { keydown: (event) => event.key === "Escape" && !event.defaultPrevented && onClose() },
      },
      h(
        "header",
        { class: "pane-head" },
        h("h2", {}, "Thread"),
        this.where,
        h(
          "button",
          {
            type: "button",
            class: "icon-button",
            "aria-label": "Close thread",
            dataset: { testid: "thread-close" },
            on: { click: onClose },
          },
          icon("close", 18),
        ),
      ),
      this.list.element,
      this.composer.element,
    );
  }

  /** Shows the thread under `root` of these messages; hides when `root` is null. */
  draw(root, messages, world, channel) {
    const opened = this.element.hidden && root;
    this.element.hidden = !root;
    if (!root) return;
    const shown = messages.filter((message) => message.ts === root || (isReply(message) && message.thread_ts === root));
    this.where.textContent = channel.is_im ? channel.name : `#${channel.name}`;
    const place = `${world.me}:${channel.id}:${root}`;
    this.composer.place(world, place, "Reply…");
    this.list.draw(shown, world, channel.id, place);
    if (opened) this.composer.focus();
  }
}
