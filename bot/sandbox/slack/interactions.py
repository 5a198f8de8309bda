"""What people do in Slack: type commands, click, submit, close, look for options, open the Home tab, write."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.sandbox.slack.blocks import walk_elements
from bot.sandbox.slack.composition import SUGGESTIONS
from bot.sandbox.slack.deliveries import Deliveries, Delivery
from bot.sandbox.slack.elements import EXTERNAL_SELECTS
from bot.sandbox.slack.errors import Json, SlackError
from bot.sandbox.slack.inputs import (
    STATE_KEYS,
    ImpossibleInputError,
    client_errors,
    state_values,
)
from bot.sandbox.slack.manifest import Manifest
from bot.sandbox.slack.payloads import Payloads
from bot.sandbox.slack.responses import Responses
from bot.sandbox.slack.schema import Report
from bot.sandbox.slack.screens import NotOnScreenError, Place, Screens, of_view
from bot.sandbox.slack.store import OpenView, Store
from bot.sandbox.slack.views import CONNECTION_TROUBLE, Views, export
from bot.sandbox.world import BOT_USER_ID, TEAM_ID, dm_id

READ_ONLY = "Sending messages to this app has been turned off."


class OptionsLoadError(RuntimeError):
    """An options load that was not answered, or whose answer Slack would refuse."""

    def __init__(self, delivery: Delivery) -> None:
        super().__init__(f"options load: {delivery.status} {delivery.messages}")
        self.delivery = delivery


class Interactions:
    """The drivers. Each makes the payload that Slack would, delivers it, and does with the reply what Slack would."""

    def __init__(
        self,
        store: Store,
        manifest: Manifest,
        views: Views,
        payloads: Payloads,
        deliveries: Deliveries,
        responses: Responses,
    ) -> None:
        self._store = store
        self._manifest = manifest
        self._views = views
        self._payloads = payloads
        self._deliveries = deliveries
        self._responses = responses
        self._screens = Screens(store)

    # --- commands

    async def command(self, user: str, channel_id: str, name: str, text: str = "") -> Delivery:
        """Type a slash command. A name that the manifest lacks is refused by the composer: "client_refused"."""
        channel = self._screens.channel(user, channel_id)
        if channel.is_im and self._manifest.messages_read_only:
            return Delivery("slash_commands", {}, "client_refused", errors={"channel": READ_ONLY})
        known = self._manifest.command(name)
        if known is None:
            refusal = f"{name} is not a valid command. In Slack, all messages that start with the “/” character"
            self._responses.slackbot(user, channel.id, f"{refusal} are interpreted as commands.")
            return Delivery("slash_commands", {}, "client_refused", errors={"command": refusal})
        payload = self._payloads.command(user, channel, known, text)
        delivery = await self._deliveries.send("slash_commands", payload)
        if not delivery.acked:
            error = "operation_timeout" if delivery.status == "timeout" else "dispatch_failed"
            self._responses.slackbot(user, channel.id, f"{name} failed with the error {error}")
        elif delivery.ack:
            entry = self._store.response_urls[payload["response_url"].rpartition("/")[2]]
            try:
                self._responses.reply_to_command(entry, f"{name} {text}".strip(), delivery.ack)
            except SlackError as refused:
                delivery.status = "invalid_ack"
                delivery.messages = refused.messages or [refused.error]
                self._responses.slackbot(user, channel.id, f"{name} failed with the error {refused.error}")
        return delivery

    # --- clicks

    async def click(
        self,
        user: str,
        action_id: str,
        *,
        channel: str | None = None,
        ts: str | None = None,
        view_id: str | None = None,
        block_id: str | None = None,
        value: Any = None,
        action: Mapping[str, Any] | None = None,
        state: Json | None = None,
    ) -> Delivery:
        """Use an element. Without a place it is looked for in the top modal, then in the newest message.

        `value` is what is chosen or typed; `action` overrides keys of the action sent; `state` is all that the
        person has entered around it (`state.values`). An input without dispatch_action only keeps what was entered:
        status "not_sent".
        """
        place = self._screens.place(user, action_id, block_id, channel, ts, view_id)
        self._screens.merge_state(place, state)
        block, element = self._screens.element(place, action_id, block_id)
        if element["type"] == "workflow_button":
            return Delivery("interactive", {}, "not_sent")
        sent = self._action(place, block, element, value, dict(action or {}))
        if block["type"] == "input" and not block.get("dispatch_action"):
            return Delivery("interactive", {}, "not_sent")
        if place.entry is not None:
            payload = self._payloads.view_action(place.entry, sent)
        elif place.channel is not None and place.message is not None:
            payload = self._payloads.message_action(
                user, place.channel, place.message, place.inputs, sent, is_ephemeral=place.is_ephemeral
            )
        delivery = await self._interact(payload)
        if not delivery.acked and place.entry is not None:
            self._trouble(user)
        return delivery

    async def suggest(
        self,
        user: str,
        action_id: str,
        query: str,
        *,
        view_id: str | None = None,
        channel: str | None = None,
        ts: str | None = None,
        block_id: str | None = None,
    ) -> Json:
        """Type into an external menu; the checked answer with `options` or `option_groups`.

        Raises OptionsLoadError, or ImpossibleInputError when Slack would wait for more characters.
        """
        place = self._screens.place(user, action_id, block_id, channel, ts, view_id)
        block, element = self._screens.element(place, action_id, block_id)
        if element["type"] not in EXTERNAL_SELECTS:
            raise NotOnScreenError(f"{action_id} is a {element['type']}: it loads no options")
        shortest = element.get("min_query_length", 3)
        if len(query) < shortest:
            raise ImpossibleInputError(f"{action_id} loads options only from {shortest} characters on")
        container: Json = {}
        if place.entry is not None:
            container = {"container": {"type": "view", "view_id": place.entry.id}, "view": export(place.entry)}
        elif place.channel is not None and place.message is not None:
            where = {"type": "message", "message_ts": place.message["ts"], "channel_id": place.channel.id}
            container = {
                "container": {**where, "is_ephemeral": place.is_ephemeral},
                "channel": {"id": place.channel.id, "name": place.channel.name},
            }
            if not place.is_ephemeral:
                container["message"] = {name: part for name, part in place.message.items() if name != "metadata"}
        payload = self._payloads.suggestion(user, container, (block["block_id"], action_id), query)
        delivery = await self._interact(payload)
        answer = delivery.ack or {}
        report = Report("modal")
        SUGGESTIONS(answer, "", report)
        if not delivery.acked or report.problems:
            delivery.messages = report.lines()
            if delivery.acked:
                delivery.status = "invalid_ack"
            raise OptionsLoadError(delivery)
        groups = [entry for group in answer.get("option_groups", []) for entry in group["options"]]
        self._screens.remember_options(place, block["block_id"], action_id, [*answer.get("options", []), *groups])
        return answer

    # --- modals

    async def submit(
        self,
        user: str,
        values: Mapping[str, Any] | None = None,
        *,
        view_id: str | None = None,
        bypass_client: bool = False,
        state: Json | None = None,
    ) -> Delivery:
        """Fill in and submit a modal (the top one), and do what the reply asks.

        `values` maps a block id to what is entered (for a block with several elements, to a dict by action id).
        What Slack's client refuses is not sent ("client_refused" with `errors`) unless `bypass_client`.
        """
        entry = self._screens.modal(user, view_id)
        place = of_view(entry)
        self._screens.merge_state(place, state)
        for block_id, value in (values or {}).items():
            self._screens.enter(place, block_id, value, forge=bypass_client)
        if not bypass_client:
            if entry.view["submit"] is None:
                raise NotOnScreenError("this modal has no submit button")
            errors = client_errors(place.blocks, state_values(place.blocks, place.inputs))
            if errors:
                self._store.view_errors[user] = errors
                self._store.changed("views", user=user)
                return Delivery("interactive", {}, "client_refused", errors=errors)
        self._store.view_errors.pop(user, None)
        payload = self._payloads.submission(entry, self._response_urls(entry))
        delivery = await self._interact(payload)
        if not delivery.acked:
            self._trouble(user)
        elif any(other is entry for other in self._store.stack(user)):
            delivery.errors, delivery.messages = self._views.apply_reply(entry, delivery.ack)
            if delivery.messages:
                delivery.status = "invalid_ack"
        return delivery

    async def close(self, user: str, *, view_id: str | None = None, all_views: bool = False) -> Delivery:
        """Cancel a modal, or close the whole stack with the X. The app hears of it only with notify_on_close."""
        stack = self._store.stack(user)
        entry = stack[0] if all_views and stack else self._screens.modal(user, view_id)
        cleared = all_views or entry.view["clear_on_close"]
        closing = [other.id for other in stack] if cleared else [entry.id]
        payload = self._payloads.closed(entry, is_cleared=cleared)
        notify = entry.view["notify_on_close"]
        self._store.close_views(user, set(closing))
        if not notify:
            return Delivery("interactive", {}, "not_sent")
        return await self._interact(payload)

    def reload(self, user: str) -> None:
        """Reload the client: modals vanish, nobody is told, and their external ids stay taken."""
        held = {entry.view["external_id"] for entry in self._store.stack(user)}
        self._store.held_external_ids |= held - {""}
        self._store.close_views(user, {entry.id for entry in self._store.stack(user)})

    # --- home and messages

    async def open_home(self, user: str) -> Delivery:
        event: Json = {
            "type": "app_home_opened",
            "user": user,
            "channel": dm_id(user),
            "tab": "home",
            "event_ts": self._store.next_ts(),
        }
        home = self._store.homes.get(user)
        if home is not None:
            event["view"] = export(home)
        return await self._event("app_home_opened", event)

    async def post_as(self, user: str, channel_id: str, text: str, thread_ts: str | None = None) -> Delivery:
        """Write a message; the bot hears of it as its event subscriptions say."""
        channel = self._screens.channel(user, channel_id)
        if channel.is_im and self._manifest.messages_read_only:
            return Delivery("events_api", {}, "client_refused", errors={"channel": READ_ONLY})
        message: Json = {
            "type": "message",
            "user": user,
            "ts": self._store.next_ts(),
            "client_msg_id": self._store.next_id("m").lower(),
            "text": text.replace("@Tenfour", f"<@{BOT_USER_ID}>").replace("@tenfour", f"<@{BOT_USER_ID}>"),
            "team": TEAM_ID,
        }
        if thread_ts is not None:
            if self._store.find_message(channel.id, thread_ts) is None:
                raise NotOnScreenError(f"no message {thread_ts} in {channel.id}")
            message["thread_ts"] = thread_ts
        self._store.add_message(channel.id, message)
        where: Json = {"channel": channel.id, "event_ts": message["ts"]}
        sent = Delivery("events_api", {}, "not_subscribed")
        if BOT_USER_ID not in channel.members:
            return sent
        if not channel.is_im and f"<@{BOT_USER_ID}>" in message["text"]:
            sent = await self._event("app_mention", {**message, **where, "type": "app_mention"})
        family = "im" if channel.is_im else ("groups" if channel.is_private else "channels")
        kind = {"im": "im", "groups": "group", "channels": "channel"}[family]
        heard = await self._event(f"message.{family}", {**message, **where, "channel_type": kind})
        return sent if heard.status == "not_subscribed" else heard

    async def change_group(self, group_id: str, *, added: Sequence[str], removed: Sequence[str]) -> Delivery:
        """Change who is in a user group; the app hears of the difference."""
        group = self._store.groups[group_id]
        members = tuple(user for user in group.members if user not in removed)
        members += tuple(user for user in added if user not in members)
        self._store.groups[group_id] = replace(group, members=members)
        self._store.changed("state")
        now = int(self._store.clock())
        event: Json = {
            "type": "subteam_members_changed",
            "subteam_id": group_id,
            "team_id": TEAM_ID,
            "date_previous_update": now,
            "date_update": now,
            "added_users": list(added),
            "added_users_count": str(len(added)),
            "removed_users": list(removed),
            "removed_users_count": str(len(removed)),
            "event_ts": self._store.next_ts(),
        }
        return await self._event("subteam_members_changed", event)

    # --- payload parts

    def _action(self, place: Place, block: Json, element: Json, value: Any, overrides: Json) -> Json:
        kind = element["type"]
        action: Json = {"type": kind, "action_id": element["action_id"], "block_id": block["block_id"]}
        if kind in STATE_KEYS:
            key = STATE_KEYS[kind]
            if value is None and key in overrides:
                self._screens.set(place, block["block_id"], element, {key: overrides[key]}, forge=True)
            elif value is not None:
                self._screens.set(place, block["block_id"], element, value)
            current = state_values([block], place.inputs)[block["block_id"]][element["action_id"]]
            action |= {**current, **({"placeholder": element["placeholder"]} if "placeholder" in element else {})}
        elif kind == "overflow":
            action["selected_option"] = next(
                (entry for entry in element["options"] if value in {entry["value"], None}), None
            )
            if action["selected_option"] is None:
                raise ImpossibleInputError(f"{value!r} is not in the menu {element['action_id']}")
        elif kind == "feedback_buttons":
            pressed = element["negative_button" if value == "negative" else "positive_button"]
            action |= {"text": pressed["text"], "value": pressed["value"]}
        else:
            shown = ("text", "value", "style", "url", "icon", "confirm", "accessibility_label")
            action |= {name: element[name] for name in shown if name in element}
            if value is not None:
                action["value"] = value
        return {**action, "action_ts": self._store.next_ts(), **overrides}

    def _response_urls(self, entry: OpenView) -> list[Json]:
        urls = []
        values = state_values(entry.view["blocks"], entry.inputs)
        for block, element in walk_elements(entry.view["blocks"]):
            if not element.get("response_url_enabled"):
                continue
            state = values[block["block_id"]][element["action_id"]]
            channel = state.get("selected_conversation") or state.get("selected_channel")
            if channel in self._store.channels:
                url = self._payloads.url_of(self._store.new_response_url(entry.user, str(channel)))
                names = {"block_id": block["block_id"], "action_id": element["action_id"]}
                urls.append({"response_url": url, "channel_id": channel, **names})
        return urls

    async def _interact(self, payload: Json) -> Delivery:
        if not self._manifest.interactivity:
            return Delivery("interactive", payload, "not_subscribed")
        return await self._deliveries.send("interactive", payload)

    async def _event(self, subscription: str, event: Json) -> Delivery:
        if subscription not in self._manifest.bot_events:
            return Delivery("events_api", {}, "not_subscribed")
        return await self._deliveries.send("events_api", self._payloads.event(event))

    def _trouble(self, user: str) -> None:
        self._store.notices[user] = CONNECTION_TROUBLE
        self._store.changed("views", user=user)
