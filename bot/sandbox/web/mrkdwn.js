// The chat's own text markup ("mrkdwn") and plain text, to DOM nodes.

import { h } from "./dom.js";
import { emojify } from "./emoji.js";
import { formatDateTokens, fullTime } from "./time.js";

const TOKEN_BASE = 0xf0000; // A private-use plane: finished nodes stand in the text as one character each.
const TOKEN = /[\u{F0000}-\u{FFFFD}]/u;
const STRAY_TOKEN = /[\u{F0000}-\u{FFFFD}]/gu;
const EMPHASIS = { "*": "strong", _: "em", "~": "s" };
const WORD = /[\p{L}\p{N}]/u;

/** Decodes the three entities of the wire format, once: `&amp;lt;` becomes `&lt;`. */
export const decode = (text) => text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);

/** Text object or bare string to nodes. */
export function renderText(object, world) {
  if (object === undefined || object === null) return [];
  if (typeof object === "string") return plain(object);
  if (object.type === "mrkdwn") return renderMrkdwn(object.text ?? "", world, { verbatim: object.verbatim });
  return plain(object.text ?? "", object.emoji !== false);
}

/** Text object to one line of plain characters, for attributes, input values and search. */
export function textOf(object) {
  if (object === undefined || object === null) return "";
  if (typeof object === "string") return emojify(object);
  return object.type === "mrkdwn" ? decode(object.text ?? "") : emojify(object.text ?? "");
}

function plain(text, emoji = true) {
  return withBreaks(emoji ? emojify(text) : text);
}

export function withBreaks(text) {
  return text.split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line]));
}

/** Anchor for web, mail and phone addresses; any other scheme is shown as text so that nothing can run. */
export function link(url, children) {
  if (!/^(https?:|mailto:|tel:)/i.test(url)) return h("span", { title: url }, children);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, children);
}

export function mentionUser(id, world) {
  const mine = id === world.me;
  return h("span", { class: `mention${mine ? " mention-me" : ""}`, title: id }, `@${world.personName(id)}`);
}

export function mentionChannel(id, world, label) {
  const name = world.channelName(id) ?? label;
  if (!name) return h("span", { class: "mention", title: id }, "private channel");
  if (!world.channel(id)) return h("span", { class: "mention", title: id }, `#${name}`);
  return h("a", { class: "mention", href: `?as=${world.me}&channel=${id}`, dataset: { openChannel: id } }, `#${name}`);
}

export function mentionGroup(id, world, label) {
  const name = (label ?? world.groupName(id) ?? id).replace(/^@/, "");
  return h("span", { class: "mention", title: id }, `@${name}`);
}

export const mentionBroadcast = (range) => h("span", { class: "mention mention-broadcast" }, `@${range}`);

export function dateNode(epoch, format, url, fallback) {
  const seconds = Number(epoch);
  if (!Number.isFinite(seconds) || !format) return h("span", {}, fallback ?? "");
  const date = new Date(seconds * 1000);
  const node = h("time", { datetime: date.toISOString(), title: fullTime(date) }, formatDateTokens(format, seconds));
  return url ? link(url, node) : node;
}

export function renderMrkdwn(text, world, { verbatim = false } = {}) {
  const pieces = text.replace(STRAY_TOKEN, "\uFFFD").split(/```([\s\S]+?)```/);
  return pieces.flatMap((piece, index) => {
    if (index % 2) return [preformatted(piece, world)];
    // The line break beside a code block is the block's own edge, not an empty line.
    const trimmed = piece
      .replace(index > 0 ? /^\n/ : /(?!)/, "")
      .replace(index < pieces.length - 1 ? /\n$/ : /(?!)/, "");
    return trimmed ? renderLines(trimmed, world, verbatim) : [];
  });
}

function preformatted(text, world) {
  const bare = text
    .replace(/^\n/, "")
    .replace(/\n$/, "")
    .replace(/<([^<>]+)>/g, (_, inner) => tokenText(inner, world));
  return h("pre", {}, decode(bare));
}

function renderLines(text, world, verbatim) {
  const nodes = [];
  const lines = text.split("\n");
  const quoted = /^(?:&gt;|>)(?!(?:&gt;|>){2}) ?/;
  const rest = /^(?:&gt;|>){3} ?/;
  for (let at = 0; at < lines.length;) {
    if (rest.test(lines[at])) {
      lines[at] = lines[at].replace(rest, "");
      nodes.push(h("blockquote", {}, inlineLines(lines.slice(at), world, verbatim)));
      break;
    }
    const quote = quoted.test(lines[at]);
    let end = at;
    while (end < lines.length && quoted.test(lines[end]) === quote && !rest.test(lines[end])) end += 1;
    const block = lines.slice(at, end);
    if (quote)
      nodes.push(
        h(
          "blockquote",
          {},
          inlineLines(
            block.map((line) => line.replace(quoted, "")),
            world,
            verbatim,
          ),
        ),
      );
    else nodes.push(...inlineLines(block, world, verbatim));
    at = end;
  }
  return nodes;
}

const inlineLines = (lines, world, verbatim) =>
  lines.flatMap((line, index) => [...(index ? [h("br")] : []), ...inline(line, world, verbatim)]);

function inline(line, world, verbatim) {
  const made = [];
  const keep = (node) => String.fromCodePoint(TOKEN_BASE + made.push(node) - 1);
  let text = line.replace(/`([^`]+)`/g, (_, code) =>
    keep(h("code", {}, decode(code.replace(/<([^<>]+)>/g, (__, inner) => tokenText(inner, world))))),
  );
  text = text.replace(/<([^<>]+)>/g, (_, inner) => keep(token(inner, world)));
  if (!verbatim) {
    text = text.replace(/https?:\/\/[^\s<>|\u{F0000}-\u{FFFFD}]*[^\s<>|.,;:!?'")\]*_~\u{F0000}-\u{FFFFD}]/gu, (url) =>
      keep(link(decode(url), decode(url))),
    );
  }
  return emphasis(text, made);
}

/** Finds the first well-formed `*bold*`, `_italic_` or `~strike~` of `text`, and does the same inside and after it. */
function emphasis(text, made) {
  for (let start = 0; start < text.length; start += 1) {
    const mark = text[start];
    if (!(mark in EMPHASIS) || WORD.test(text[start - 1] ?? "") || /[\s]/.test(text[start + 1] ?? " ")) continue;
    const end = closing(text, mark, start);
    if (end < 0) continue;
    return [
      ...leaves(text.slice(0, start), made),
      h(EMPHASIS[mark], {}, emphasis(text.slice(start + 1, end), made)),
      ...emphasis(text.slice(end + 1), made),
    ];
  }
  return leaves(text, made);
}

function closing(text, mark, start) {
  for (let at = start + 2; at < text.length; at += 1) {
    if (text[at] === mark && !/\s/.test(text[at - 1]) && text[at - 1] !== mark && !WORD.test(text[at + 1] ?? ""))
      return at;
  }
  return -1;
}

function leaves(text, made) {
  const nodes = [];
  for (const part of text.split(/([\u{F0000}-\u{FFFFD}])/u)) {
    if (!part) continue;
    if (TOKEN.test(part)) nodes.push(made[part.codePointAt(0) - TOKEN_BASE]);
    else nodes.push(decode(emojify(part)));
  }
  return nodes;
}

function splitToken(inner) {
  const bar = inner.indexOf("|");
  return bar < 0 ? [inner, undefined] : [inner.slice(0, bar), inner.slice(bar + 1)];
}

function token(inner, world) {
  const [target, label] = splitToken(inner);
  const name = label === undefined ? undefined : decode(label);
  if (target.startsWith("@")) return mentionUser(target.slice(1), world);
  if (target.startsWith("#")) return mentionChannel(target.slice(1), world, name);
  if (target.startsWith("!")) return special(target.slice(1), name, world);
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return link(decode(target), emojify(name || decode(target)));
  return h("span", {}, `<${decode(inner)}>`);
}

function special(target, label, world) {
  const [kind, ...rest] = target.split("^");
  if (kind === "date") return dateNode(rest[0], decode(rest[1] ?? ""), rest[2] && decode(rest[2]), label);
  if (kind === "subteam") return mentionGroup(rest[0], world, label);
  if (["here", "channel", "everyone"].includes(kind)) return mentionBroadcast(kind);
  return h("span", {}, label ?? `<!${target}>`);
}

/** What a `<…>` token reads as inside code, where nothing becomes a link. */
function tokenText(inner, world) {
  const [target, label] = splitToken(inner);
  if (target.startsWith("@")) return `@${world.personName(target.slice(1))}`;
  if (target.startsWith("#")) return `#${label || world.channelName(target.slice(1)) || target.slice(1)}`;
  if (target.startsWith("!")) return label ?? `@${target.slice(1)}`;
  return label || target;
}
