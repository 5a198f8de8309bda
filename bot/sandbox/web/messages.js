// Messages of a channel or thread.

import { avatar } from "./avatar.js";
import { renderBlocks } from "./blocks.js";
import { showSource } from "./dialogs.js";
import { h, sync } from "./dom.js";
import { emojiOf } from "./emoji.js";
import { Form } from "./form.js";
import { icon } from "./icons.js";
import { picture } from "./images.js";
import { link, renderMrkdwn, renderText } from "./mrkdwn.js";
import { ago, clockTime, dateOfTs, dayName, fullTime } from "./time.js";

const GROUP_SPAN = 300; // s within which messages of one author stand under one name
const AT_END = 60; // px from the bottom that still count as reading the newest

export const isBroadcast = (message) => message.subtype === "thread_broadcast" || message.reply_broadcast === true;
export const isReply = (message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;
const threadOf = (message) => (isReply(message) ? message.thread_ts : message.ts);

/** A scrolling list of messages that stays at its end while its reader is there. */
export class MessageList {
  #forms = new Map();
  #place = null;

  constructor({ label, contextFor, onThread, inThread = false }) {
    this.contextFor = contextFor;
    this.onThread = onThread;
    this.inThread = inThread;
    this.list = h("div", { class: "message-list", role: "log", "aria-label": label });
    this.jump = h(
      "button",
      { type: "button", class: "jump", hidden: true, on: { click: () => this.toEnd() } },
      icon("down", 14),
      "New messages",
    );
    this.scroller = h(
      "div",
      { class: "message-scroll", tabindex: 0, on: { scroll: () => this.#onScroll() } },
      this.list,
    );
    this.element = h("div", { class: "messages" }, this.scroller, this.jump);
    // Pictures and fonts that arrive late must not push the newest message out of sight.
    new ResizeObserver(() => this.atEnd && this.toEnd()).observe(this.list);
    new ResizeObserver(() => this.atEnd && this.toEnd()).observe(this.scroller);
    this.atEnd = true;
  }

  /** `place` names person and channel: another place starts afresh. `intro` is shown above the first message. */
  draw(messages, world, channel, place, intro = null) {
    const moved = place !== this.#place;
    if (moved) {
      this.#place = place;
      this.list.replaceChildren();
      this.atEnd = true;
    }
    const before = this.list.childElementCount;
    sync(this.list, this.#rows(messages, world, intro), {
      key: (row) => row.key,
      sign: (row) => row.sign,
      render: (row) => row.render(channel),
    });
    if (this.atEnd) this.toEnd();
    else if (this.list.childElementCount > before) this.jump.hidden = false;
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.jump.hidden = true;
  }

  #onScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.atEnd = scrollHeight - scrollTop - clientHeight < AT_END;
    if (this.atEnd) this.jump.hidden = true;
  }

  #rows(messages, world, intro) {
    const rows = intro ? [{ key: "intro", sign: intro.textContent, render: () => intro }] : [];
    let last = null;
    for (const message of messages) {
      const date = dateOfTs(message.ts);
      const day = dayName(date);
      const newDay = !last || dayName(dateOfTs(last.ts)) !== day;
      if (newDay && !this.inThread)
        rows.push({
          key: `day-${date.toDateString()}`,
          sign: day,
          render: () => h("div", { class: "day" }, h("span", {}, day)),
        });
      const follows = !newDay && continues(last, message);
      const divider = this.inThread && message === messages[0] && messages.length > 1;
      rows.push({
        key: message.ts + (message.is_ephemeral ? "-e" : ""),
        sign: JSON.stringify([message, follows]),
        render: (channel) => this.#message(message, world, channel, follows),
      });
      if (divider) {
        const count = messages.length - 1;
        rows.push({
          key: "divider",
          sign: String(count),
          render: () => h("div", { class: "thread-count" }, h("span", {}, plural(count, "reply", "replies"))),
        });
      }
      last = message;
    }
    return rows;
  }

  #form(channel, message) {
    const key = `${channel}:${message.ts}`;
    if (!this.#forms.has(key)) this.#forms.set(key, new Form());
    const form = this.#forms.get(key);
    form.adopt(message.blocks);
    return form;
  }

  #message(message, world, channel, follows) {
    const author = world.author(message);
    const date = dateOfTs(message.ts);
    const ctx = this.contextFor(
      "message",
      { channel, ts: message.ts },
      this.#form(channel, message),
      () => message.blocks,
    );
    const stamp = h("time", { class: "stamp", datetime: date.toISOString(), title: fullTime(date) }, clockTime(date));
    const notes = this.inThread ? [] : broadcastNote(message, () => this.onThread(message.thread_ts));
    return h(
      "article",
      {
        class: `message${follows ? " message-follows" : ""}${message.is_ephemeral ? " message-ephemeral" : ""}`,
        "aria-label": `${author.real_name}, ${clockTime(date)}`,
        dataset: { testid: `message-${message.ts}`, ts: message.ts },
      },
      h("div", { class: "message-side" }, follows ? stamp : avatar(author, "large")),
      h(
        "div",
        { class: "message-main" },
        follows
          ? null
          : h(
              "div",
              { class: "message-head" },
              h("span", { class: "author" }, author.real_name),
              author.kind === "bot" ? h("span", { class: "app-tag" }, "App") : null,
              stamp,
            ),
        notes,
        h(
          "div",
          { class: "message-body" },
          body(message, ctx),
          message.edited ? h("span", { class: "edited", title: editedAt(message) }, "(edited)") : null,
        ),
        (message.attachments ?? []).map((item) => attachment(item, ctx)),
        (message.files ?? []).map(fileChip),
        reactions(message),
        message.is_ephemeral ? h("div", { class: "only-you" }, icon("eye", 14), "Only visible to you") : null,
        this.inThread ? null : this.#replies(message, world),
      ),
      this.#tools(message),
    );
  }

  #replies(message, world) {
    if (!message.reply_count || isReply(message)) return null;
    const people = [...new Set(message.replies?.map((reply) => reply.user ?? reply.bot_id))].slice(0, 4);
    const last = message.latest_reply ?? message.replies?.at(-1)?.ts;
    return h(
      "button",
      {
        type: "button",
        class: "replies",
        dataset: { testid: `open-thread-${message.ts}` },
        on: { click: () => this.onThread(message.ts) },
      },
      people.map((id) => avatar(world.author(id?.startsWith("B") ? { bot_id: id } : { user: id }), "small")),
      h("span", { class: "replies-count" }, plural(message.reply_count, "reply", "replies")),
      last ? h("span", { class: "replies-last" }, `Last reply ${ago(dateOfTs(last))}`) : null,
    );
  }

  #tools(message) {
    const tool = (glyph, words, act) =>
      h(
        "button",
        { type: "button", class: "icon-button", "aria-label": words, title: words, on: { click: act } },
        icon(glyph, 16),
      );
    return h(
      "div",
      { class: "message-tools" },
      this.inThread || message.is_ephemeral
        ? null
        : tool("thread", "Reply in thread", () => this.onThread(threadOf(message))),
      tool("code", "Show what was sent", () => showSource("Message as sent", bare(message))),
    );
  }
}

/** A message without what this page added to it. */
function bare({ replies, ...message }) {
  return message;
}

export const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;

const editedAt = (message) => (message.edited?.ts ? fullTime(dateOfTs(message.edited.ts)) : undefined);

function continues(last, message) {
  if (!last || last.is_ephemeral || message.is_ephemeral || isBroadcast(message) || last.reply_count) return false;
  const same =
    (last.user ?? last.bot_id) === (message.user ?? message.bot_id) &&
    last.bot_id === message.bot_id &&
    last.username === message.username;
  return same && Number(message.ts) - Number(last.ts) < GROUP_SPAN;
}

function broadcastNote(message, open) {
  if (!isBroadcast(message)) return [];
  return [
    h(
      "div",
      { class: "broadcast-note" },
      "replied to a ",
      h("button", { type: "button", class: "link-button", on: { click: open } }, "thread"),
    ),
  ];
}

function body(message, ctx) {
  if (message.blocks?.length) return renderBlocks(message.blocks, ctx);
  return h("div", { class: "text" }, renderMrkdwn(message.text ?? "", ctx.world));
}

const COLORS = { __proto__: null, good: "var(--good)", warning: "var(--warn)", danger: "var(--danger)" };

function attachment(item, ctx) {
  const color =
    COLORS[item.color] ??
    (/^#?[0-9a-f]{6}$/i.test(item.color ?? "") ? `#${item.color.replace("#", "")}` : "var(--line-strong)");
  const mrkdwn = (text) => (text ? h("div", { class: "text" }, renderMrkdwn(text, ctx.world)) : null);
  const inside = item.blocks?.length
    ? renderBlocks(item.blocks, ctx)
    : [
        mrkdwn(item.pretext),
        item.title
          ? h(
              "div",
              { class: "attachment-title" },
              item.title_link ? link(item.title_link, item.title) : renderText(item.title),
            )
          : null,
        mrkdwn(item.text ?? (item.title ? "" : item.fallback)),
        item.fields?.length
          ? h(
              "div",
              { class: "fields" },
              item.fields.map((field) =>
                h(
                  "div",
                  { class: "text" },
                  h("strong", {}, field.title ?? ""),
                  h("br"),
                  renderMrkdwn(field.value ?? "", ctx.world),
                ),
              ),
            )
          : null,
        item.footer ? h("div", { class: "context" }, item.footer) : null,
      ];
  return h("div", { class: "attachment", style: { "border-inline-start-color": color } }, inside);
}

function fileChip(file) {
  const name = file.title || file.name || file.id;
  const address = file.url_private_download ?? file.url_private ?? file.permalink;
  if (address && /^image\//.test(file.mimetype ?? ""))
    return h(
      "figure",
      { class: "image" },
      h("figcaption", {}, name),
      picture({ image_url: address, alt_text: file.alt_txt || name }, "image-picture"),
    );
  const size = file.size ? ` · ${Math.max(1, Math.round(file.size / 1024))} kB` : "";
  return h(
    "div",
    { class: "file-chip" },
    icon("file"),
    h(
      "span",
      {},
      address ? h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, name) : name,
      h("span", { class: "muted" }, `${file.pretty_type ?? file.filetype ?? file.mimetype ?? ""}${size}`),
    ),
  );
}

function reactions(message) {
  if (!message.reactions?.length) return null;
  return h(
    "div",
    { class: "reactions" },
    message.reactions.map((item) =>
      h(
        "span",
        { class: "reaction", title: `:${item.name}:` },
        emojiOf(item.name) ?? `:${item.name}:`,
        ` ${item.count ?? item.users?.length ?? 1}`,
      ),
    ),
  );
}
