// Building and updating DOM. Data only ever enters the page as text nodes and attributes, never as markup.

const signatures = new WeakMap();

/** Element `tag` with properties and children; `on` holds listeners, `dataset` and `style` objects are merged. */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) setProp(node, name, value);
  append(node, children);
  return node;
}

function setProp(node, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name === "on") {
    for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
  } else if (name === "dataset") {
    for (const [key, item] of Object.entries(value)) if (item !== undefined && item !== null) node.dataset[key] = item;
  } else if (name === "style") {
    for (const [key, item] of Object.entries(value)) node.style.setProperty(key, item);
  } else if (name === "value" || name === "checked" || name === "disabled" || name === "open") {
    node[name] = value;
  } else {
    node.setAttribute(name, value === true ? "" : String(value));
  }
}

export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

let lastId = 0;

/** A fresh id for binding labels, hints and list boxes to their controls. */
export const freshId = (prefix) => `${prefix}-${(lastId += 1)}`;

/**
 * Makes the children of `parent` show `items`, touching only what changed: a child stays the same node while its key and
 * signature stay the same, so focus, selection, open menus and folded details survive a refetch.
 */
export function sync(parent, items, { key, sign, render }) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const seen = new Set();
  const wanted = items.map((item, index) => {
    let name = String(key(item, index));
    while (seen.has(name)) name += "'";
    seen.add(name);
    const signature = sign(item, index);
    const before = old.get(name);
    if (before && signatures.get(before) === signature) return before;
    const node = render(item, index, before);
    node.dataset.key = name;
    signatures.set(node, signature);
    return node;
  });
  keepPlace(parent, () => {
    const keep = new Set(wanted);
    for (const node of [...parent.children]) if (!keep.has(node)) node.remove();
    wanted.forEach((node, index) => {
      const present = parent.children[index];
      // A focused node that is moved loses focus, so a node in its place is left alone.
      if (present !== node) parent.insertBefore(node, present ?? null);
    });
  });
}

const IDENTITY = ["data-testid", "data-block-id", "data-action-id", "data-value", "data-focus"];

function identity(node) {
  const parts = IDENTITY.filter((name) => node.hasAttribute(name)).map(
    (name) => `[${name}="${CSS.escape(node.getAttribute(name))}"]`,
  );
  return parts.length ? parts.join("") : null;
}

/** Runs `change` and puts focus, text selection and opened details of `root` back where they were. */
export function keepPlace(root, change) {
  const active = document.activeElement;
  const inside = active && active !== root && root.contains(active);
  const selector = inside ? identity(active) : null;
  const scope = inside ? active.closest("[data-key]")?.dataset.key : null;
  const selection = inside && "selectionStart" in active ? [active.selectionStart, active.selectionEnd] : null;
  const folds = new Map([...root.querySelectorAll("details[data-fold]")].map((node) => [node.dataset.fold, node.open]));
  change();
  for (const node of root.querySelectorAll("details[data-fold]")) {
    if (folds.has(node.dataset.fold)) node.open = folds.get(node.dataset.fold);
  }
  if (!selector || document.activeElement === active) return;
  const within = scope && root.querySelector(`[data-key="${CSS.escape(scope)}"]`);
  const next = (within || root).querySelector(selector);
  if (!next) return;
  next.focus({ preventScroll: true });
  if (selection && selection[0] !== null) {
    try {
      next.setSelectionRange(...selection);
    } catch {
      // Inputs of type number, email and date have no text selection.
    }
  }
}

/** Elements of `root` that Tab can reach, in document order. */
export function tabbable(root) {
  const all = root.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]");
  return [...all].filter((node) => !node.disabled && node.tabIndex >= 0 && node.getClientRects().length > 0);
}

/** Keeps Tab inside `root` and hands Escape to `onEscape`, whatever the browser's own dialog handling does. */
export function trapFocus(root, onEscape) {
  root.addEventListener("cancel", (event) => event.preventDefault());
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) {
      event.preventDefault();
      event.stopPropagation();
      onEscape();
    } else if (event.key === "Tab") {
      const nodes = tabbable(root);
      if (!nodes.length) return;
      const edge = event.shiftKey ? nodes[0] : nodes.at(-1);
      if (document.activeElement === edge || !root.contains(document.activeElement)) {
        event.preventDefault();
        (event.shiftKey ? nodes.at(-1) : nodes[0]).focus();
      }
    }
  });
}
