// Pictures in blocks.

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** Image element or image block picture; one that cannot be fetched gives way to its words. */
export function picture(image, className) {
  const file = image.slack_file;
  const address = image.image_url ?? file?.url ?? (file?.id ? `/files/${encodeURIComponent(file.id)}` : undefined);
  const words = image.alt_text || "Image";
  if (!address) {
    return h("span", { class: `${className} image-missing` }, icon("file", 16), ` ${words}`);
  }
  const node = h("img", { src: address, alt: words, class: className, loading: "lazy", referrerpolicy: "no-referrer" });
  node.addEventListener("error", () =>
    node.replaceWith(
      h("span", { class: `${className} image-missing`, title: address }, icon("alert", 16), ` ${words}`),
    ),
  );
  return node;
}
