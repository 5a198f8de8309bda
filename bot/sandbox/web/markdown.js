// Standard Markdown, as the `markdown` block carries it, to DOM nodes.

import { h } from "./dom.js";
import { emojify } from "./emoji.js";
import { link } from "./mrkdwn.js";

const FENCE = /^\s*(```|~~~)\s*(\S*)/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^\s*([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const QUOTE = /^\s*>\s?/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

export const renderMarkdown = (text) => blocks(text.replace(/\r\n?/g, "\n").split("\n"));

function blocks(lines) {
  const nodes = [];
  for (let at = 0; at < lines.length;) {
    const [node, next] = block(lines, at);
    if (node) nodes.push(node);
    at = next;
  }
  return nodes;
}

function block(lines, at) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  if (FENCE.test(line)) return fence(lines, at);
  const heading = HEADING.exec(line);
  if (heading)
    return [h(`h${Math.min(6, heading[1].length + 1)}`, { class: "md-heading" }, inline(heading[2])), at + 1];
  if (RULE.test(line)) return [h("hr"), at + 1];
  if (QUOTE.test(line)) {
    const end = reach(lines, at, (item) => QUOTE.test(item));
    return [h("blockquote", {}, blocks(lines.slice(at, end).map((item) => item.replace(QUOTE, "")))), end];
  }
  if (ITEM.test(line)) return list(lines, at);
  if (line.includes("|") && TABLE_RULE.test(lines[at + 1] ?? "") && lines[at + 1].includes("-"))
    return table(lines, at);
  const end = reach(
    lines,
    at + 1,
    (item) =>
      item.trim() &&
      !FENCE.test(item) &&
      !HEADING.test(item) &&
      !RULE.test(item) &&
      !QUOTE.test(item) &&
      !ITEM.test(item),
  );
  return [h("p", {}, softLines(lines.slice(at, end))), end];
}

const softLines = (lines) => lines.flatMap((line, index) => [...(index ? [h("br")] : []), ...inline(line.trim())]);

function reach(lines, at, test) {
  let end = at;
  while (end < lines.length && test(lines[end])) end += 1;
  return end;
}

function fence(lines, at) {
  const [, mark, language] = FENCE.exec(lines[at]);
  const end = reach(lines, at + 1, (line) => !line.trim().startsWith(mark));
  return [h("pre", { dataset: { language: language || undefined } }, lines.slice(at + 1, end).join("\n")), end + 1];
}

function list(lines, at) {
  const [, indent, marker] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(marker);
  const items = [];
  let cursor = at;
  while (cursor < lines.length) {
    const match = ITEM.exec(lines[cursor]);
    if (!match || match[1].length !== indent.length || /\d/.test(match[2]) !== ordered) break;
    // Whatever is indented deeper belongs to this item.
    const end = reach(lines, cursor + 1, (line) => line.trim() && /^\s*/.exec(line)[0].length > indent.length);
    const inner = lines.slice(cursor + 1, end);
    const least = Math.min(...inner.map((line) => /^\s*/.exec(line)[0].length), 99);
    items.push(
      item(
        match[3],
        inner.map((line) => line.slice(least)),
      ),
    );
    cursor = end;
  }
  const start = ordered ? Number.parseInt(marker, 10) : undefined;
  return [h(ordered ? "ol" : "ul", { start: start === 1 ? undefined : start }, items), Math.max(cursor, at + 1)];
}

function item(text, inner) {
  const task = /^\[([ xX])\]\s+(.*)$/.exec(text);
  if (!task) return h("li", {}, inline(text), blocks(inner));
  const done = task[1] !== " ";
  const box = h("input", { type: "checkbox", checked: done, disabled: true, "aria-label": done ? "done" : "not done" });
  return h("li", { class: "md-task" }, box, " ", inline(task[2]), blocks(inner));
}

function cells(line) {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function table(lines, at) {
  const aligns = cells(lines[at + 1]).map((rule) =>
    /^:-+:$/.test(rule) ? "center" : /-:$/.test(rule) ? "right" : "left",
  );
  const end = reach(lines, at + 2, (line) => line.includes("|") && line.trim());
  const row = (line, tag) =>
    h(
      "tr",
      {},
      cells(line).map((cell, index) => h(tag, { style: { "text-align": aligns[index] ?? "left" } }, inline(cell))),
    );
  return [
    h(
      "div",
      { class: "table-wrap" },
      h(
        "table",
        { class: "grid" },
        h("thead", {}, row(lines[at], "th")),
        h(
          "tbody",
          {},
          lines.slice(at + 2, end).map((line) => row(line, "td")),
        ),
      ),
    ),
    end,
  ];
}

const SPANS = [
  { find: /\\([\\`*_{}[\]()#+\-.!|~<>])/, make: (match) => match[1] },
  { find: /(`+)([\s\S]+?)\1(?!`)/, make: (match) => h("code", {}, match[2].trim() || match[2]) },
  {
    find: /!?\[([^\]]*)\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/,
    make: (match) => link(match[2], inline(match[1] || match[2])),
  },
  { find: /<((?:https?:|mailto:)[^\s>]+)>/, make: (match) => link(match[1], match[1]) },
  { find: /\*\*\*(?=\S)([\s\S]*?\S)\*\*\*/, make: (match) => h("strong", {}, h("em", {}, inline(match[1]))) },
  { find: /\*\*(?=\S)([\s\S]*?\S)\*\*/, make: (match) => h("strong", {}, inline(match[1])) },
  {
    find: /(?<![\p{L}\p{N}_])__(?=\S)([\s\S]*?\S)__(?![\p{L}\p{N}_])/u,
    make: (match) => h("strong", {}, inline(match[1])),
  },
  { find: /~~(?=\S)([\s\S]*?\S)~~/, make: (match) => h("s", {}, inline(match[1])) },
  { find: /\*(?=[^\s*])([^*]*?[^\s*])\*/, make: (match) => h("em", {}, inline(match[1])) },
  {
    find: /(?<![\p{L}\p{N}_])_(?=[^\s_])([^_]*?[^\s_])_(?![\p{L}\p{N}_])/u,
    make: (match) => h("em", {}, inline(match[1])),
  },
  { find: /https?:\/\/[^\s<>]*[^\s<>.,;:!?'")\]]/, make: (match) => link(match[0], match[0]) },
];

function inline(text) {
  const nodes = [];
  let rest = text;
  while (rest) {
    let first = null;
    for (const span of SPANS) {
      const match = span.find.exec(rest);
      // On a tie the earlier entry of SPANS wins: escapes and code before emphasis.
      if (match && (!first || match.index < first.match.index)) first = { span, match };
    }
    if (!first) break;
    const { span, match } = first;
    if (match.index) nodes.push(emojify(rest.slice(0, match.index)));
    nodes.push(span.make(match));
    rest = rest.slice(match.index + match[0].length);
  }
  if (rest) nodes.push(emojify(rest));
  return nodes;
}
