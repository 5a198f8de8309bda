// What people have typed and chosen in the inputs of one message, modal or Home, in the shape of `state.values`.

/** Elements that carry a value, with the field of their state entry and the `initial_…` field it starts from. */
const VALUE_FIELDS = {
  __proto__: null,
  channels_select: ["selected_channel", "initial_channel"],
  checkboxes: ["selected_options", "initial_options"],
  conversations_select: ["selected_conversation", "initial_conversation"],
  datepicker: ["selected_date", "initial_date"],
  datetimepicker: ["selected_date_time", "initial_date_time"],
  email_text_input: ["value", "initial_value"],
  external_select: ["selected_option", "initial_option"],
  multi_channels_select: ["selected_channels", "initial_channels"],
  multi_conversations_select: ["selected_conversations", "initial_conversations"],
  multi_external_select: ["selected_options", "initial_options"],
  multi_static_select: ["selected_options", "initial_options"],
  multi_users_select: ["selected_users", "initial_users"],
  number_input: ["value", "initial_value"],
  plain_text_input: ["value", "initial_value"],
  radio_buttons: ["selected_option", "initial_option"],
  rich_text_input: ["rich_text_value", "initial_value"],
  static_select: ["selected_option", "initial_option"],
  timepicker: ["selected_time", "initial_time"],
  url_text_input: ["value", "initial_value"],
  users_select: ["selected_user", "initial_user"],
};

export const valueField = (type) => VALUE_FIELDS[type]?.[0];
const isList = (field) => field.endsWith("s");

/** Every element of `blocks` that carries a value, with the block it stands in. */
export function* inputsOf(blocks) {
  for (const block of blocks ?? []) {
    const inside = block.type === "container" ? null : [block.element, block.accessory, ...(block.elements ?? [])];
    if (block.type === "container") yield* inputsOf(block.child_blocks);
    for (const element of inside ?? []) if (element && element.type in VALUE_FIELDS) yield { block, element };
  }
}

const LONGEST_TEXT = 3000;

/** Characters as people count them: one for an emoji that takes two UTF-16 units. */
export const lengthOf = (text) => [...text].length;

const keyOf = (block, element) => `${block.block_id}\n${element.action_id}\n${element.type}`;

function initialEntry(element) {
  const [field, initial] = VALUE_FIELDS[element.type];
  const entry = { type: element.type, [field]: element[initial] ?? (isList(field) ? [] : null) };
  if (element.type === "timepicker" && element.timezone) entry.timezone = element.timezone;
  return entry;
}

export class Form {
  #entries = new Map();
  #seed;

  /** @param seed `state.values` that the server holds already, as after the page was loaded anew. */
  constructor(seed = {}) {
    this.#seed = seed;
  }

  entry(block, element) {
    const key = keyOf(block, element);
    if (!this.#entries.has(key)) {
      const known = this.#seed[block.block_id]?.[element.action_id];
      this.#entries.set(key, known?.type === element.type ? structuredClone(known) : initialEntry(element));
    }
    return this.#entries.get(key);
  }

  value(block, element) {
    return this.entry(block, element)[valueField(element.type)];
  }

  set(block, element, value) {
    this.entry(block, element)[valueField(element.type)] = value;
  }

  /**
   * Takes over new blocks: a value survives only under the same block_id and action_id, and a choice only as one of the
   * options that are still offered.
   */
  adopt(blocks) {
    const inputs = [...inputsOf(blocks)];
    const alive = new Set(inputs.map(({ block, element }) => keyOf(block, element)));
    for (const key of this.#entries.keys()) if (!alive.has(key)) this.#entries.delete(key);
    for (const { block, element } of inputs) this.#offer(this.entry(block, element), element);
    this.#seed = {};
  }

  #offer(entry, element) {
    const options = element.options ?? element.option_groups?.flatMap((group) => group.options);
    if (!options || element.type.includes("external")) return;
    const present = (option) => options.find((other) => other.value === option?.value);
    if (entry.selected_option) entry.selected_option = present(entry.selected_option) ?? null;
    if (entry.selected_options) entry.selected_options = entry.selected_options.map(present).filter(Boolean);
  }

  values(blocks) {
    const values = {};
    for (const { block, element } of inputsOf(blocks)) {
      values[block.block_id] ??= {};
      values[block.block_id][element.action_id] = structuredClone(this.entry(block, element));
    }
    return values;
  }

  /** What the client itself refuses before anything is sent: `{block_id: words}`, empty when all is well. */
  check(blocks) {
    const errors = {};
    for (const { block, element } of inputsOf(blocks)) {
      if (block.type !== "input") continue;
      const words = complaint(block, element, this.value(block, element));
      if (words) errors[block.block_id] = words;
    }
    return errors;
  }
}

function isEmpty(value) {
  return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

function complaint(block, element, value) {
  if (isEmpty(value)) return block.optional ? null : "Please complete this required field.";
  if (element.type === "number_input") return numberComplaint(element, value);
  if (element.type === "email_text_input" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value))
    return "Please enter a valid email address.";
  if (element.type === "url_text_input" && !isUrl(value)) return "Please enter a valid URL.";
  if (typeof value !== "string") return tooMany(element, value);
  const [least, most] = [element.min_length ?? 0, element.max_length ?? LONGEST_TEXT];
  if (element.type === "plain_text_input" && lengthOf(value) > most) return `Please enter at most ${most} characters.`;
  if (element.type === "plain_text_input" && lengthOf(value) < least)
    return `Please enter at least ${least} characters.`;
  return null;
}

function tooMany(element, value) {
  const most = element.max_selected_items;
  return most && Array.isArray(value) && value.length > most ? `Please choose at most ${most}.` : null;
}

function isUrl(value) {
  try {
    return /^https?:$/.test(new URL(value).protocol);
  } catch {
    return false;
  }
}

function numberComplaint(element, value) {
  if (!/^[-+]?(\d+\.?\d*|\.\d+)$/.test(value)) return "Please enter a number.";
  if (!element.is_decimal_allowed && !Number.isInteger(Number(value))) return "Please enter a whole number.";
  if (element.min_value !== undefined && Number(value) < Number(element.min_value))
    return `Please enter a number not below ${element.min_value}.`;
  if (element.max_value !== undefined && Number(value) > Number(element.max_value))
    return `Please enter a number not above ${element.max_value}.`;
  return null;
}

/** The keys of an action that say what was chosen, as the chat sends them beside `type`, `block_id` and `action_id`. */
export function actionValue(element, entry) {
  const field = valueField(element.type);
  const initial = VALUE_FIELDS[element.type][1];
  const action = { type: element.type, [field]: entry[field] };
  if (element[initial] !== undefined && field !== "value") action[initial] = element[initial];
  if (element.placeholder && /select|picker/.test(element.type)) action.placeholder = element.placeholder;
  if (entry.timezone) action.timezone = entry.timezone;
  return action;
}
