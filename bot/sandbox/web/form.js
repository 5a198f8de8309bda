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

const keyOf = (block, element) => `${block.block_id}\n${element.action_id}\n${element.type}`;

function initialEntry(element, currentChannel) {
  const [field, initial] = VALUE_FIELDS[element.type];
  let value = element[initial] ?? (isList(field) ? [] : null);
  if (element.default_to_current_conversation && currentChannel && !element[initial]) {
    value = isList(field) ? [currentChannel] : currentChannel;
  }
  const entry = { type: element.type, [field]: value };
  if (element.type === "timepicker" && element.timezone) entry.timezone = element.timezone;
  return entry;
}

export class Form {
  #entries = new Map();

  /** @param currentChannel the channel that `default_to_current_conversation` means, if any. */
  constructor(currentChannel) {
    this.currentChannel = currentChannel;
  }

  entry(block, element) {
    const key = keyOf(block, element);
    if (!this.#entries.has(key)) this.#entries.set(key, initialEntry(element, this.currentChannel));
    return this.#entries.get(key);
  }

  value(block, element) {
    return this.entry(block, element)[valueField(element.type)];
  }

  set(block, element, value) {
    this.entry(block, element)[valueField(element.type)] = value;
  }

  /** Forgets what belongs to inputs that are gone: a value survives an update only under the same block_id and action_id. */
  prune(blocks) {
    const alive = new Set([...inputsOf(blocks)].map(({ block, element }) => keyOf(block, element)));
    for (const key of this.#entries.keys()) if (!alive.has(key)) this.#entries.delete(key);
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
  if (value === null || value === undefined || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  if (value.type === "rich_text") return !JSON.stringify(value).includes('"text":"');
  return typeof value === "string" && value.trim() === "";
}

function complaint(block, element, value) {
  if (isEmpty(value)) return block.optional ? null : "Please complete this required field.";
  if (element.type === "number_input") return numberComplaint(element, value);
  if (element.type === "email_text_input" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)) return "Enter a valid email address.";
  if (element.type === "url_text_input" && !isUrl(value)) return "Enter a valid URL, beginning with https:// or http://.";
  if (typeof value !== "string") return tooMany(element, value);
  if (element.max_length && value.length > element.max_length) return `Use at most ${element.max_length} characters; this has ${value.length}.`;
  if (element.min_length && value.length < element.min_length) return `Use at least ${element.min_length} characters; this has ${value.length}.`;
  return null;
}

function tooMany(element, value) {
  const most = element.max_selected_items;
  return most && Array.isArray(value) && value.length > most ? `Choose at most ${most}.` : null;
}

function isUrl(value) {
  try {
    return /^https?:$/.test(new URL(value).protocol);
  } catch {
    return false;
  }
}

function numberComplaint(element, value) {
  if (!/^-?\d+(\.\d+)?$/.test(value)) return "Enter a number.";
  if (!element.is_decimal_allowed && value.includes(".")) return "Enter a whole number.";
  if (element.min_value !== undefined && Number(value) < Number(element.min_value)) return `Enter a number of at least ${element.min_value}.`;
  if (element.max_value !== undefined && Number(value) > Number(element.max_value)) return `Enter a number of at most ${element.max_value}.`;
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
