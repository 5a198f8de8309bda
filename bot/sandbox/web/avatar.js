// Round-cornered squares with initials, or a glyph for the bot.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { avatarColors, initialsOf } from "./world.js";

export function avatar(author, size = "medium") {
  if (author.kind === "bot")
    return h("span", { class: `avatar avatar-${size} avatar-bot`, "aria-hidden": "true" }, icon("antenna", 20));
  const { background, ink } = avatarColors(author);
  return h(
    "span",
    { class: `avatar avatar-${size}`, style: { background, color: ink }, "aria-hidden": "true" },
    initialsOf(author),
  );
}
