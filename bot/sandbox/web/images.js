// Pictures in blocks.

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** Image element or image block picture; one that cannot be fetched gives way to its words. */
export function picture(image, className) {
  const address = image.image_url ?? image.slack_file?.url;
  const words = image.alt_text || "Image";
  if (!address) {
    return h("span", { class: `${className} image-missing` }, icon("file", 16), ` ${words} (file ${image.slack_file?.id ?? "unknown"})`);
  }
  const node = h("img", { src: address, alt: words, class: className, loading: "lazy", referrerpolicy: "no-referrer" });
  node.addEventListener("error", () =>
    node.replaceWith(h("span", { class: `${className} image-missing`, title: address }, icon("alert", 16), ` ${words}`)),
  );
  return node;
}
