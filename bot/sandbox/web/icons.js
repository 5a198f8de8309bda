// Line icons on a 20 px grid, drawn as SVG nodes so that they take the colour of the text around them.

const PATHS = {
  alert: "M10 3 2.5 16.5h15zM10 8v4M10 14.2v.1",
  antenna: "M10 9v8.5M7 17.5h6M6.5 10.5a4.5 4.5 0 1 1 7 0M4.2 12.8a7.6 7.6 0 1 1 11.6 0",
  back: "M16.5 10h-13M9 4.5 3.5 10 9 15.5",
  bot: "M4.5 7.5h11v8.5h-11zM10 7.5V4M10 4v-.1M7.8 11.2v.9M12.2 11.2v.9M2.5 10.5v3M17.5 10.5v3",
  check: "m4 10.5 4 4 8-9",
  chevron: "m6 8 4 4 4-4",
  circle: "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13",
  close: "M5 5l10 10M15 5 5 15",
  code: "m7 6-4 4 4 4M13 6l4 4-4 4",
  cross: "M6 6l8 8M14 6l-8 8",
  down: "M10 4v12M4.5 10.5 10 16l5.5-5.5",
  eye: "M2.5 10S5.5 5 10 5s7.5 5 7.5 5-3 5-7.5 5-7.5-5-7.5-5M10 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4",
  file: "M5 2.5h6.5L15.5 6.5v11H5zM11.5 2.5v4h4",
  hash: "M8 3 6.5 17M13.5 3 12 17M3.5 7.5h13.5M3 12.5h13.5",
  home: "M3.5 9 10 3.5 16.5 9v7.5h-4.5v-4.5H8v4.5H3.5z",
  info: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14M10 9.2v4.3M10 6.6v.1",
  list: "M7 5h10M7 10h10M7 15h10M3.5 5v.1M3.5 10v.1M3.5 15v.1",
  lock: "M5 9h10v8H5zM7 9V6.5a3 3 0 0 1 6 0V9",
  menu: "M3 5.5h14M3 10h14M3 14.5h14",
  moon: "M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5",
  more: "M4.5 10v.1M10 10v.1M15.5 10v.1",
  open: "M11.5 3.5h5v5M16.5 3.5 9 11M14 11.5v5H3.5V6h5",
  pin: "M10 17.5s5.5-5 5.5-9a5.5 5.5 0 0 0-11 0c0 4 5.5 9 5.5 9M10 10.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4",
  reply: "M8 5 3 9.5 8 14v-3c4 0 6.5 1 9 4-.5-5-3.5-7.5-9-7.5z",
  search: "M8.8 3.5a5.3 5.3 0 1 0 0 10.6 5.3 5.3 0 0 0 0-10.6M12.8 12.8l4 4",
  send: "m3.5 16.5 13.5-6.5L3.5 3.5 5.5 10zM5.5 10H10",
  sun: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1 1M14.7 14.7l1 1M4.3 15.7l1-1M14.7 5.3l1-1",
  thread: "M3.5 4h13v9.5H9L5.5 16.5v-3h-2zM7 8.8h6",
  trash: "M4 5.5h12M8 5.5v-2h4v2M5.5 5.5l.7 11h7.6l.7-11",
};

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) node.setAttribute(name, value);
  for (const child of children.flat()) if (child) node.append(child);
  return node;
}

/** A decorative icon; whoever uses it says in words what it means. Unknown names give a plain circle. */
export function icon(name, size = 20) {
  return svg(
    "svg",
    {
      viewBox: "0 0 20 20",
      width: size,
      height: size,
      class: `icon icon-${name}`,
      "aria-hidden": "true",
      focusable: "false",
    },
    svg("path", { d: PATHS[name] ?? PATHS.circle }),
  );
}
