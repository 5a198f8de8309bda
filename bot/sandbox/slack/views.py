"""Modals and App Home: opening, pushing, updating, publishing, and what a submission's reply does to the stack."""

import copy
from typing import Any

from bot.sandbox.slack.blocks import validate_view, walk_elements
from bot.sandbox.slack.errors import Json, SlackError
from bot.sandbox.slack.inputs import STATE_KEYS, carried_over, state_values
from bot.sandbox.slack.manifest import Manifest
from bot.sandbox.slack.schema import Report, Surface
from bot.sandbox.slack.store import TRIGGER_SECONDS, OpenView, Store, Trigger
from bot.sandbox.world import APP_ID, BOT_ID, TEAM_ID

MAX_STACK = 3
CONNECTION_TROUBLE = "We had some trouble connecting. Try again?"


class Views:
    """The views.* methods, shared by the Web API and by replies to submissions."""

    def __init__(self, store: Store, manifest: Manifest) -> None:
        self._store = store
        self._manifest = manifest

    def open(self, args: Json) -> Json:
        view, trigger = self._view_for_trigger(args)
        self._refuse_external_id(view)
        trigger.used = True
        entry = self._new(view, trigger.user, "modal", previous=None)
        entry.inputs = _preselected(entry.view["blocks"], trigger.channel)
        self._store.stacks[trigger.user] = [entry]
        self._shown(trigger.user)
        return {"view": export(entry)}

    def push(self, args: Json) -> Json:
        view, trigger = self._view_for_trigger(args)
        stack = self._store.stack(trigger.user)
        if trigger.view_id is None or not any(entry.id == trigger.view_id for entry in stack):
            raise SlackError("not_found")
        if len(stack) >= MAX_STACK:
            raise SlackError("push_limit_reached")
        self._refuse_external_id(view)
        trigger.used = True
        return {"view": export(self._push(view, trigger.user))}

    def update(self, args: Json) -> Json:
        if (args.get("view_id") is None) == (args.get("external_id") is None):
            raise SlackError("invalid_arguments", ["[ERROR] provide exactly one of `view_id` and `external_id`"])
        view = _sound(args["view"], "modal")
        entry = self._store.find_view(view_id=args.get("view_id"), external_id=args.get("external_id"))
        if entry is None or entry.view["type"] != "modal":
            raise SlackError("not_found")
        if args.get("hash") and args["hash"] != entry.view["hash"]:
            raise SlackError("hash_conflict")
        self.replace(entry, view)
        return {"view": export(entry)}

    def publish(self, args: Json) -> Json:
        if not self._manifest.home_tab:
            raise SlackError("not_enabled")
        view, user = _sound(args["view"], "home"), args["user_id"]
        person = self._store.people.get(user)
        if person is None or person.is_bot:
            raise SlackError("invalid_arguments", ["[ERROR] invalid `user_id`"])
        home = self._store.homes.get(user)
        if args.get("hash") and (home is None or args["hash"] != home.view["hash"]):
            raise SlackError("hash_conflict")
        if home is None:
            self._refuse_external_id(view)
            home = self._store.homes[user] = self._new(view, user, "home", previous=None)
            self._store.changed("home", user=user)
        else:
            self.replace(home, view)
        return {"view": export(home)}

    def replace(self, entry: OpenView, view: Json) -> None:
        """Put new content into a view. Inputs stay where block_id and action_id stay."""
        self._refuse_external_id(view, entry)
        surface: Surface = entry.view["type"]
        fresh = self._new(view, entry.user, surface, previous=entry.view["previous_view_id"], keep=entry.view)
        entry.inputs = carried_over(entry.view["blocks"], fresh.view["blocks"], entry.inputs)
        entry.view = fresh.view
        if surface == "home":
            self._store.changed("home", user=entry.user)
        else:
            self._shown(entry.user)

    def apply_reply(self, entry: OpenView, reply: Json | None) -> tuple[dict[str, str], list[str]]:
        """Do what the app's answer to a submission asks. Returns (errors by block id, why the answer is invalid)."""
        store, user = self._store, entry.user
        action = (reply or {}).get("response_action")
        if not reply:
            store.close_views(user, {entry.id})
            return {}, []
        if action == "clear" and set(reply) == {"response_action"}:
            store.close_views(user, {other.id for other in store.stack(user)})
            return {}, []
        if action == "errors":
            return self._field_errors(entry, reply.get("errors"))
        if action in {"update", "push"}:
            return {}, self._reply_with_view(entry, action, reply.get("view"))
        return {}, self._trouble(user, [f"[ERROR] response_action {action!r} is not known, or has unknown fields"])

    def _field_errors(self, entry: OpenView, errors: Any) -> tuple[dict[str, str], list[str]]:
        inputs = {block["block_id"] for block, _ in walk_elements(entry.view["blocks"]) if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors:
            return {}, self._trouble(entry.user, ["[ERROR] errors must be an object of block ids"])
        unknown = sorted(set(errors) - inputs)
        wrong = [f"[ERROR] {block_id} is not an input block of this view" for block_id in unknown]
        wrong += [
            f"[ERROR] the error of {b} must be a text" for b, t in errors.items() if not (isinstance(t, str) and t)
        ]
        if wrong:
            return {}, self._trouble(entry.user, wrong)
        self._store.view_errors[entry.user] = errors
        self._store.changed("views", user=entry.user)
        return errors, []

    def _reply_with_view(self, entry: OpenView, action: str, view: Any) -> list[str]:
        try:
            sound = _sound(view, "modal")
            if action == "update":
                self.replace(entry, sound)
            elif len(self._store.stack(entry.user)) >= MAX_STACK:
                raise SlackError("push_limit_reached")
            else:
                self._refuse_external_id(sound)
                self._push(sound, entry.user)
        except SlackError as refusal:
            return self._trouble(entry.user, refusal.messages or [f"[ERROR] {refusal.error}"])
        return []

    def _trouble(self, user: str, messages: list[str]) -> list[str]:
        self._store.notices[user] = CONNECTION_TROUBLE
        self._store.changed("views", user=user)
        return messages

    def _view_for_trigger(self, args: Json) -> tuple[Json, Trigger]:
        """Checks the view first: a view that is refused does not use up its trigger."""
        if args.get("trigger_id") is None:
            raise SlackError("invalid_arguments", ["[ERROR] missing required field: trigger_id"])
        view = _sound(args["view"], "modal")
        trigger = self._store.triggers.get(args["trigger_id"])
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._store.clock() - trigger.at > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
        return view, trigger

    def _refuse_external_id(self, view: Json, owner: OpenView | None = None) -> None:
        external_id = view.get("external_id")
        if not external_id:
            return
        holder = self._store.find_view(external_id=external_id)
        if external_id in self._store.held_external_ids or (holder is not None and holder is not owner):
            raise SlackError("duplicate_external_id")

    def _push(self, view: Json, user: str) -> OpenView:
        stack = self._store.stack(user)
        entry = self._new(view, user, "modal", previous=stack[-1].id if stack else None)
        stack.append(entry)
        self._shown(user)
        return entry

    def _shown(self, user: str) -> None:
        self._store.view_errors.pop(user, None)
        self._store.notices.pop(user, None)
        self._store.changed("views", user=user)

    def _new(
        self, view: Json, user: str, surface: Surface, *, previous: str | None, keep: Json | None = None
    ) -> OpenView:
        view_id = keep["id"] if keep else self._store.next_id("V")
        stack = self._store.stack(user) if surface == "modal" and previous else []
        root = keep["root_view_id"] if keep else (stack[0].id if stack else view_id)
        full: Json = {
            "id": view_id,
            "team_id": TEAM_ID,
            "type": surface,
            "blocks": with_ids(view["blocks"], self._store),
            "private_metadata": view.get("private_metadata", ""),
            "callback_id": view.get("callback_id", ""),
            "hash": self._store.next_hash(),
            "title": view.get("title", {"type": "plain_text", "text": "View Title", "emoji": True}),
            "clear_on_close": view.get("clear_on_close", False),
            "notify_on_close": view.get("notify_on_close", False),
            "close": view.get("close"),
            "submit": view.get("submit"),
            "previous_view_id": previous,
            "root_view_id": root,
            "app_id": APP_ID,
            "external_id": view.get("external_id", ""),
            "app_installed_team_id": TEAM_ID,
            "bot_id": BOT_ID,
        }
        return OpenView(full, user)


def export(entry: OpenView, *, with_state: bool = True) -> Json:
    """The view as payloads and answers carry it."""
    values = state_values(entry.view["blocks"], entry.inputs) if with_state else {}
    return {**copy.deepcopy(entry.view), "state": {"values": values}}


def _preselected(blocks: list[Json], channel: str | None) -> Json:
    """Where the user was, for menus with `default_to_current_conversation`."""
    inputs: Json = {}
    for block, entry in walk_elements(blocks):
        if entry.get("default_to_current_conversation") and channel is not None:
            key = STATE_KEYS[entry["type"]]
            chosen: str | list[str] = [channel] if key.endswith("s") else channel
            inputs.setdefault(block["block_id"], {})[entry["action_id"]] = {"type": entry["type"], key: chosen}
    return inputs


def with_ids(blocks: list[Json], store: Store) -> list[Json]:
    """A copy in which every block and element has an id, as Slack makes them up where the app gave none."""
    filled = copy.deepcopy(blocks)
    for block in filled:
        _give_block_id(block, store)
    for _, entry in walk_elements(filled):
        if entry["type"] != "image":
            entry.setdefault("action_id", store.next_id("a").lower()[-5:])
    return filled


def _give_block_id(block: Json, store: Store) -> None:
    # Slack discards the block_id of a markdown block and makes up its own.
    if block["type"] == "markdown" or "block_id" not in block:
        block["block_id"] = store.next_id("b").lower()[-5:]
    for child in [*block.get("child_blocks", []), *(block["elements"] if block["type"] == "carousel" else [])]:
        _give_block_id(child, store)


def _sound(view: Any, surface: Surface) -> Json:
    report: Report = validate_view(view, surface)
    if report.problems:
        raise SlackError("invalid_arguments", report.lines())
    sound: Json = view
    return sound
