// `rich_text` blocks: sections, lists, preformatted text and quotes.

import { h } from "./dom.js";
import { emojiOf } from "./emoji.js";
import { dateNode, link, mentionBroadcast, mentionChannel, mentionGroup, mentionUser, withBreaks } from "./mrkdwn.js";
import { raw } from "./raw.js";

const ORDERED_STYLES = ["decimal", "lower-alpha", "lower-roman"];
const BULLET_STYLES = ["disc", "circle", "square"];

export function renderRichText(block, world) {
  const nodes = (block?.elements ?? []).map((element) => part(element, world));
  return h("div", { class: "rich-text" }, nodes);
}

function part(element, world) {
  const children = () => (element.elements ?? []).map((item) => leaf(item, world));
  switch (element.type) {
    case "rich_text_section":
      return h("div", { class: "rich-section" }, children());
    case "rich_text_quote":
      return h("blockquote", {}, children());
    case "rich_text_preformatted":
      return h(
        "pre",
        {},
        (element.elements ?? []).map((item) => item.text ?? item.url ?? ""),
      );
    case "rich_text_list":
      return list(element, world);
    default:
      return raw(element);
  }
}

function list(element, world) {
  const indent = element.indent ?? 0;
  const ordered = element.style === "ordered";
  const style = (ordered ? ORDERED_STYLES : BULLET_STYLES)[indent % 3];
  return h(
    ordered ? "ol" : "ul",
    {
      class: element.border ? "rich-bordered" : undefined,
      start: ordered && element.offset ? element.offset + 1 : undefined,
      style: { "list-style-type": style, "margin-inline-start": `${indent * 1.5}em` },
    },
    (element.elements ?? []).map((item) => h("li", {}, part(item, world))),
  );
}

function leaf(element, world) {
  switch (element.type) {
    case "text":
      return styled(withBreaks(element.text ?? ""), element.style);
    case "link":
      return styled([link(element.url, element.text || element.url)], element.style);
    case "user":
      return styled([mentionUser(element.user_id, world)], element.style);
    case "channel":
      return styled([mentionChannel(element.channel_id, world)], element.style);
    case "usergroup":
      return styled([mentionGroup(element.usergroup_id, world)], element.style);
    case "broadcast":
      return mentionBroadcast(element.range);
    case "emoji":
      return emojiOf(element.name) ?? fromUnicode(element.unicode) ?? `:${element.name}:`;
    case "date":
      return styled([dateNode(element.timestamp, element.format, element.url, element.fallback)], element.style);
    case "color":
      return h(
        "span",
        { class: "color-chip" },
        h("i", { style: { background: /^#[0-9a-f]{3,8}$/i.test(element.value) ? element.value : "none" } }),
        element.value,
      );
    default:
      return raw(element);
  }
}

function fromUnicode(codes) {
  if (!codes || !/^[0-9a-f]+(-[0-9a-f]+)*$/i.test(codes)) return undefined;
  return String.fromCodePoint(...codes.split("-").map((code) => Number.parseInt(code, 16)));
}

function styled(nodes, style = {}) {
  const tags = { code: "code", bold: "strong", italic: "em", strike: "s", underline: "u" };
  let result = nodes;
  for (const [name, tag] of Object.entries(tags)) if (style?.[name]) result = [h(tag, {}, result)];
  return result;
}
