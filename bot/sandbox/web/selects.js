// Select menus: which options each kind offers, and how a choice is stored.

import { changed } from "./actions.js";
import { Combobox } from "./combobox.js";
import { h } from "./dom.js";
import { textOf } from "./mrkdwn.js";

const SEARCH_DELAY = 200; // ms after the last key before the bot is asked
const plain = (text) => ({ type: "plain_text", text });

export function renderSelect(element, block, ctx, field) {
  const multiple = element.type.startsWith("multi_");
  const kind = element.type.replace(/^multi_/, "").replace(/_select$/, "");
  const store = STORES[kind];
  const holder = h("div", { class: "select" });
  let pending = null;

  const draw = () => {
    const value = ctx.form.value(block, element);
    const values = multiple ? (value ?? []) : value ? [value] : [];
    const combobox = new Combobox({
      id: field.controlId,
      source: store.source(element, block, ctx),
      selected: values.map((item) => store.option(item, ctx.world)),
      multiple,
      max: element.max_selected_items,
      placeholder: textOf(element.placeholder) || (multiple ? "Select options" : "Select an option"),
      clearable: Boolean(field.input && block.optional),
      attributes: {
        "data-block-id": block.block_id,
        "data-action-id": element.action_id,
        "data-element-type": element.type,
        "aria-describedby": field.describedBy,
        "aria-label": field.controlId ? null : field.label || textOf(element.placeholder) || null,
        "aria-required": field.input && !block.optional ? "true" : null,
      },
      onChange: (options) => {
        const items = options.map((option) => store.value(option));
        pending = multiple ? items : (items[0] ?? null);
        if (field.input && !block.dispatch_action) changed(pending, element, block, ctx, field);
      },
      // A choice of several is sent once, when the list closes.
      onCommit: () => {
        if (!(field.input && !block.dispatch_action)) changed(pending, element, block, ctx, field, draw);
      },
    });
    holder.replaceChildren(combobox.element);
  };
  draw();
  return holder;
}

const optionStore = { option: (value) => value, value: (option) => option };
const idStore = (name) => ({
  option: (id, world) => ({ text: plain(name(id, world)), value: id }),
  value: (option) => option.value,
});
const channelLabel = (channel) => (channel.is_im ? channel.name : `#${channel.name}`);

const STORES = {
  static: { ...optionStore, source: (element) => local(groupsOf(element)) },
  external: { ...optionStore, source: external },
  users: {
    ...idStore((id, world) => world.personName(id)),
    source: (_, __, { world }) =>
      local([
        {
          options: world.people.map((person) => ({
            text: plain(person.real_name || person.name),
            value: person.id,
            description: person.title ? plain(person.title) : undefined,
          })),
        },
      ]),
  },
  channels: {
    ...idStore((id, world) => `#${world.channelName(id) ?? id}`),
    source: (_, __, { world }) =>
      local([{ options: channelOptions(world.channels.filter((channel) => !channel.is_im)) }]),
  },
  conversations: {
    ...idStore((id, world) => (world.channel(id) ? channelLabel(world.channel(id)) : id)),
    source: (element, __, { world }) =>
      local([{ options: channelOptions(world.channels.filter((channel) => included(element.filter, channel))) }]),
  },
};

const channelOptions = (channels) =>
  channels.map((channel) => ({ text: plain(channelLabel(channel)), value: channel.id }));

function included(filter, channel) {
  if (channel.is_im) return !filter?.exclude_bot_users && (!filter?.include || filter.include.includes("im"));
  return !filter?.include || filter.include.includes(channel.is_private ? "private" : "public");
}

const groupsOf = (element) => element.option_groups ?? [{ options: element.options ?? [] }];

/** Options that are all here: filtered by every word typed, in any order. */
function local(groups) {
  const matches = (option, words) => {
    const text = `${textOf(option.text)} ${textOf(option.description)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return {
    load(query) {
      const words = query.toLowerCase().split(/\s+/).filter(Boolean);
      return {
        groups: groups.map((group) => ({
          ...group,
          options: group.options.filter((option) => matches(option, words)),
        })),
      };
    },
  };
}

function external(element, block, ctx) {
  return {
    minQuery: element.min_query_length ?? 3,
    delay: SEARCH_DELAY,
    async load(query) {
      const answer = await ctx.suggest(block, element, query);
      return { groups: answer?.option_groups ?? [{ options: answer?.options ?? [] }] };
    },
  };
}
