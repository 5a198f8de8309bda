// Light or dark: the system's choice until the person makes their own.

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

const KEY = "tenfour-sandbox-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

const current = () => document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");

export function restoreTheme() {
  const saved = localStorage.getItem(KEY);
  if (saved === "light" || saved === "dark") document.documentElement.dataset.theme = saved;
}

export function themeButton() {
  const draw = () => {
    const words = current() === "dark" ? "Use light colours" : "Use dark colours";
    node.setAttribute("aria-label", words);
    node.title = words;
    fill(node, icon(current() === "dark" ? "sun" : "moon", 18));
  };
  const turn = () => {
    const next = current() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem(KEY, next);
    draw();
  };
  const node = h("button", { type: "button", class: "icon-button", dataset: { testid: "theme" }, on: { click: turn } });
  dark.addEventListener("change", draw);
  draw();
  return node;
}
