// `table` and `data_table` blocks.

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { emojify } from "./emoji.js";
import { renderRichText } from "./richtext.js";
import { raw } from "./raw.js";

function cell(item, world) {
  if (item === null || item === undefined) return "";
  if (typeof item === "string" || typeof item === "number") return String(item);
  if (item.type === "raw_text") return emojify(item.text ?? "");
  if (item.type === "raw_number") return item.text ?? String(item.value);
  if (item.type === "rich_text") return renderRichText(item, world);
  return raw(item);
}

function cellClass(setting) {
  const align = ["center", "right"].includes(setting?.align) ? `cell-${setting.align}` : "";
  return [align, setting?.is_wrapped ? "cell-wrap" : ""].filter(Boolean).join(" ") || undefined;
}

export function renderTable(block, { world }) {
  const settings = block.column_settings ?? [];
  const [head, ...body] = block.rows ?? [];
  const row = (items, tag) =>
    h(
      "tr",
      {},
      (items ?? []).map((item, at) =>
        h(tag, { class: cellClass(settings[at]), scope: tag === "th" ? "col" : null }, cell(item, world)),
      ),
    );
  return h(
    "div",
    { class: "table-wrap", tabindex: 0, role: "group", "aria-label": "Table" },
    h(
      "table",
      { class: "grid" },
      h("thead", {}, row(head, "th")),
      h(
        "tbody",
        {},
        body.map((items) => row(items, "td")),
      ),
    ),
  );
}

const sortValue = (item) => (item?.type === "raw_number" ? Number(item.value) : plainText(item));

function plainText(item) {
  if (item?.type !== "rich_text") return String(item?.text ?? item ?? "").toLowerCase();
  const texts = [];
  const walk = (node) => {
    if (node.text) texts.push(node.text);
    (node.elements ?? []).forEach(walk);
  };
  walk(item);
  return texts.join(" ").toLowerCase();
}

/** A table the reader sorts and pages; the server plays no part in that. */
export function renderDataTable(block, { world }) {
  const [head, ...rows] = block.rows ?? [];
  const size = Math.min(Math.max(block.page_size ?? 5, 1), 100);
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const rowHeader = block.row_header_column_index ?? 0;
  let page = 0;
  let sort = null;

  const body = h("tbody");
  const foot = h("div", { class: "table-foot" });
  const heads = (head ?? []).map((item, at) =>
    h(
      "th",
      { scope: "col", class: numeric(rows, at) ? "cell-right" : undefined },
      h(
        "button",
        { type: "button", class: "sorter", on: { click: () => sortBy(at) } },
        cell(item, world),
        icon("chevron", 14),
      ),
    ),
  );

  function sortBy(at) {
    sort = sort?.at === at ? (sort.down ? null : { at, down: true }) : { at, down: false };
    page = 0;
    draw();
  }

  function ordered() {
    if (!sort) return rows;
    const direction = sort.down ? -1 : 1;
    return [...rows].sort((one, two) => {
      const [left, right] = [sortValue(one[sort.at]), sortValue(two[sort.at])];
      return direction * (left < right ? -1 : left > right ? 1 : 0);
    });
  }

  function draw() {
    heads.forEach((node, at) => {
      const state = sort?.at !== at ? "none" : sort.down ? "descending" : "ascending";
      node.setAttribute("aria-sort", state);
    });
    fill(
      body,
      ordered()
        .slice(page * size, (page + 1) * size)
        .map((items) =>
          h(
            "tr",
            {},
            items.map((item, at) =>
              h(
                at === rowHeader ? "th" : "td",
                { scope: at === rowHeader ? "row" : null, class: numeric(rows, at) ? "cell-right" : undefined },
                cell(item, world),
              ),
            ),
          ),
        ),
    );
    fill(
      foot,
      h(
        "span",
        {},
        rows.length ? `${page * size + 1}–${Math.min((page + 1) * size, rows.length)} of ${rows.length}` : "No rows",
      ),
      pages > 1 ? [pager("Previous", -1, page === 0), pager("Next", 1, page === pages - 1)] : null,
    );
  }

  function pager(words, step, disabled) {
    const turn = () => {
      page += step;
      draw();
      foot.querySelector(`[data-focus="${words}"]:not(:disabled)`)?.focus();
    };
    return h(
      "button",
      { type: "button", class: "button button-small", disabled, dataset: { focus: words }, on: { click: turn } },
      words,
    );
  }

  draw();
  return h(
    "div",
    { class: "data-table" },
    h(
      "div",
      { class: "table-wrap", tabindex: 0, role: "group", "aria-label": block.caption ?? "Table" },
      h("table", { class: "grid" }, h("caption", {}, block.caption ?? ""), h("thead", {}, h("tr", {}, heads)), body),
    ),
    foot,
  );
}

const numeric = (rows, at) => rows.length > 0 && rows.every((items) => items[at]?.type === "raw_number");
