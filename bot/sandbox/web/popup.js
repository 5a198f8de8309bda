// Lists and menus that open beside a control, above everything else and never cut off by a scrolling box.

/** Keeps `popup` under (or, when there is more room, above) `anchor`; `onLost` is called when the anchor scrolls away. Returns a stop. */
export function placeBeside(popup, anchor, onLost, { align = "start", match = true } = {}) {
  const gap = 4;
  const place = () => {
    const box = anchor.getBoundingClientRect();
    if (!anchor.isConnected || box.bottom < 0 || box.top > innerHeight) return onLost();
    const below = innerHeight - box.bottom - 12;
    const above = box.top - 12;
    const up = below < 220 && above > below;
    popup.style.maxHeight = `${Math.max(120, Math.min(340, up ? above : below))}px`;
    popup.style.minWidth = match ? `${box.width}px` : "";
    popup.style.maxWidth = match ? `min(${Math.max(box.width, 320)}px, 100vw - 16px)` : "";
    const width = popup.offsetWidth;
    const left = align === "end" ? box.right - width : box.left;
    popup.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
    popup.style.top = up ? "auto" : `${box.bottom + gap}px`;
    popup.style.bottom = up ? `${innerHeight - box.top + gap}px` : "auto";
    return undefined;
  };
  const inside = (event) => popup.contains(event.target) || place();
  place();
  addEventListener("scroll", inside, { capture: true, passive: true });
  addEventListener("resize", place);
  return () => {
    removeEventListener("scroll", inside, { capture: true });
    removeEventListener("resize", place);
  };
}

/** Opens `popup` as a menu of `anchor`; arrow keys move, Escape and a click elsewhere close. `items` are its buttons. */
export function openMenu(popup, anchor, items) {
  popup.showPopover();
  const stop = placeBeside(popup, anchor, () => close(), { align: "end", match: false });
  anchor.setAttribute("aria-expanded", "true");
  items[0]?.focus();

  function close(refocus = false) {
    stop();
    if (popup.isConnected) popup.hidePopover();
    anchor.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    popup.removeEventListener("keydown", keys);
    if (refocus) anchor.focus();
  }
  function outside(event) {
    if (!popup.contains(event.target) && !anchor.contains(event.target)) close();
  }
  function keys(event) {
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      items[(to + items.length) % items.length].focus();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close(true);
    } else if (event.key === "Tab") close(true);
  }
  document.addEventListener("pointerdown", outside, true);
  popup.addEventListener("keydown", keys);
  return close;
}
