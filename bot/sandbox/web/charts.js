// `data_visualization` blocks: pie, bar, line and area charts with their numbers as a table for those who cannot see them.

import { h } from "./dom.js";
import { svg } from "./icons.js";
import { textOf } from "./mrkdwn.js";
import { raw } from "./raw.js";

const WIDTH = 520;
const HEIGHT = 220;
const PAD = { left: 44, right: 10, top: 10, bottom: 28 };

export function renderChart(block) {
  const chart = block.chart ?? {};
  const segments = chart.segments ?? [];
  const series = chart.series ?? [];
  let drawing;
  if (chart.type === "pie" && segments.length) drawing = pie(segments);
  else if (["bar", "line", "area"].includes(chart.type) && series.length) drawing = axes(chart, series);
  else return raw(block);
  const names =
    chart.type === "pie" ? segments.map((item) => `${label(item)} (${item.value})`) : series.map((item) => label(item));
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, textOf(block.title)),
    drawing,
    h(
      "div",
      { class: "chart-legend" },
      names.map((name, at) => h("span", {}, h("i", { class: `series-${at % 6}` }), name)),
    ),
    numbers(chart, segments, series),
  );
}

const label = (item) => textOf(item.label ?? item.name ?? "");
const points = (series) =>
  (series.data ?? []).map((point) => ({
    name: textOf(point.label ?? point.category ?? point.x ?? ""),
    value: Number(point.value ?? point.y ?? point),
  }));

function categories(chart, series) {
  return (chart.axis_config?.categories ?? points(series[0]).map((point) => point.name)).map((item) =>
    textOf(item.label ?? item),
  );
}

function pie(segments) {
  const total = segments.reduce((sum, item) => sum + Number(item.value), 0);
  let angle = -Math.PI / 2;
  const at = (turn, radius) =>
    `${(110 + radius * Math.cos(turn)).toFixed(2)} ${(110 + radius * Math.sin(turn)).toFixed(2)}`;
  const parts = segments.map((item, index) => {
    const sweep = Math.min((Number(item.value) / total) * 2 * Math.PI, 2 * Math.PI - 1e-4);
    const [from, to] = [angle, angle + sweep];
    angle = to;
    const large = sweep > Math.PI ? 1 : 0;
    const path = `M${at(from, 96)} A96 96 0 ${large} 1 ${at(to, 96)} L${at(to, 56)} A56 56 0 ${large} 0 ${at(from, 56)}Z`;
    return svg("path", { d: path, class: `series-${index % 6}` });
  });
  return svg("svg", { viewBox: "0 0 220 220", class: "chart-pie", "aria-hidden": "true" }, parts);
}

/** A round number at or above `value`, so that the axis reads well. */
function ceiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value);
}

function axes(chart, series) {
  const names = categories(chart, series);
  const top = ceiling(Math.max(...series.flatMap((item) => points(item).map((point) => point.value)), 0));
  const width = WIDTH - PAD.left - PAD.right;
  const height = HEIGHT - PAD.top - PAD.bottom;
  const x = (index) => PAD.left + (width * (index + 0.5)) / names.length;
  const y = (value) => PAD.top + height * (1 - value / top);
  const grid = [0, 0.5, 1].flatMap((share) => [
    svg("line", { x1: PAD.left, x2: WIDTH - PAD.right, y1: y(top * share), y2: y(top * share), class: "chart-grid" }),
    words(PAD.left - 6, y(top * share) + 4, String(top * share), "end"),
  ]);
  const every = Math.ceil(names.length / 8);
  const labels = names.map((name, index) => (index % every ? null : words(x(index), HEIGHT - 8, name, "middle")));
  const marks = chart.type === "bar" ? bars(series, names, x, y, width, top) : lines(chart, series, x, y);
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart-axes", "aria-hidden": "true" },
    grid,
    marks,
    labels,
  );
}

function words(x, y, text, anchor) {
  const node = svg("text", { x, y, "text-anchor": anchor });
  node.textContent = text;
  return node;
}

function bars(series, names, x, y, width) {
  const wide = Math.min(40, (width / names.length) * 0.7) / series.length;
  return series.flatMap((item, order) =>
    points(item).map((point, index) => {
      const left = x(index) + (order - series.length / 2) * wide;
      return svg("rect", {
        x: left,
        width: Math.max(wide - 1.5, 1),
        y: y(point.value),
        height: Math.max(0, y(0) - y(point.value)),
        rx: 2,
        class: `series-${order % 6}`,
      });
    }),
  );
}

function lines(chart, series, x, y) {
  return series.flatMap((item, order) => {
    const spots = points(item).map((point, index) => `${x(index).toFixed(1)},${y(point.value).toFixed(1)}`);
    const area = `${x(0)},${y(0)} ${spots.join(" ")} ${x(spots.length - 1)},${y(0)}`;
    return [
      chart.type === "area" ? svg("polygon", { points: area, class: `chart-area series-${order % 6}` }) : null,
      svg("polyline", { points: spots.join(" "), class: `chart-line series-${order % 6}` }),
    ];
  });
}

function numbers(chart, segments, series) {
  const rows =
    chart.type === "pie"
      ? segments.map((item) => [label(item), item.value])
      : categories(chart, series).map((name, index) => [
          name,
          ...series.map((item) => points(item)[index]?.value ?? ""),
        ]);
  const head = ["Category", ...(chart.type === "pie" ? ["Value"] : series.map(label))];
  const row = (items, tag) =>
    h(
      "tr",
      {},
      items.map((item) => h(tag, {}, String(item))),
    );
  return h(
    "table",
    { class: "visually-hidden" },
    h("thead", {}, row(head, "th")),
    h(
      "tbody",
      {},
      rows.map((items) => row(items, "td")),
    ),
  );
}
