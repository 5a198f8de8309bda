"""What each person has before them, and what they entered there."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.blocks import find_element, walk_elements
from bot.sandbox.slack.elements import EXTERNAL_SELECTS
from bot.sandbox.slack.errors import Json
from bot.sandbox.slack.inputs import STATE_KEYS, entered_state
from bot.sandbox.slack.store import Channel, OpenView, Store


class NotOnScreenError(LookupError):
    """The person does not see what the driver was asked to use: a channel, message, view or element."""


@dataclass
class Place:
    """A message or view as one person has it before them, and what they entered there."""

    user: str
    blocks: list[Json]
    inputs: Json
    options: Json
    entry: OpenView | None = None
    channel: Channel | None = None
    message: Json | None = None
    is_ephemeral: bool = False


class Screens:
    """Finds messages, views and elements as one person sees them, and keeps what they enter."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._message_options: dict[tuple[str, str, str], Json] = {}

    def channel(self, user: str, channel_id: str) -> Channel:
        channel = self._store.channels.get(channel_id)
        if channel is None or user not in channel.members:
            raise NotOnScreenError(f"{user} is not in a channel {channel_id}")
        return channel

    def modal(self, user: str, view_id: str | None) -> OpenView:
        for entry in reversed(self._store.stack(user)):
            if view_id in {None, entry.id}:
                return entry
        raise NotOnScreenError(f"{user} has no open modal {view_id or ''}".rstrip())

    def place(
        self, user: str, action_id: str, block_id: str | None, channel: str | None, ts: str | None, view_id: str | None
    ) -> Place:
        if view_id == "home" or (view_id and user in self._store.homes and self._store.homes[user].id == view_id):
            if user not in self._store.homes:
                raise NotOnScreenError(f"{user} has no Home view")
            return of_view(self._store.homes[user])
        if view_id is not None:
            return of_view(self.modal(user, view_id))
        stack = self._store.stack(user)
        if channel is None and ts is None and stack and find_element(stack[-1].view["blocks"], action_id, block_id):
            return of_view(stack[-1])
        for candidate in self._messages(user, channel):
            if ts in {None, candidate.message["ts"] if candidate.message else None} and (
                ts is not None or find_element(candidate.blocks, action_id, block_id)
            ):
                return candidate
        raise NotOnScreenError(f"{user} sees no {action_id} ({channel=} {ts=})")

    def element(self, place: Place, action_id: str, block_id: str | None) -> tuple[Json, Json]:
        found = find_element(place.blocks, action_id, block_id)
        if found is None:
            raise NotOnScreenError(f"no element {action_id} in block {block_id or '(any)'} there")
        return found

    def enter(self, place: Place, block_id: str, value: Any, *, forge: bool) -> None:
        elements = [e for b, e in walk_elements(place.blocks) if b["block_id"] == block_id and e["type"] in STATE_KEYS]
        if not elements:
            raise NotOnScreenError(f"no input in a block {block_id}")
        if len(elements) == 1 and not (isinstance(value, dict) and elements[0]["action_id"] in value):
            value = {elements[0]["action_id"]: value}
        for element in elements:
            if element["action_id"] in value:
                self.set(place, block_id, element, value[element["action_id"]], forge=forge)

    def set(self, place: Place, block_id: str, element: Json, value: Any, *, forge: bool = False) -> Json:
        known = place.options.get(f"{block_id}/{element['action_id']}", [])
        known = [*known, *([element["initial_option"]] if "initial_option" in element else [])]
        known += element.get("initial_options", [])
        state = entered_state(element, value, known, forge=forge)
        place.inputs.setdefault(block_id, {})[element["action_id"]] = state
        self._keep(place)
        return state

    def merge_state(self, place: Place, state: Json | None) -> None:
        """Take over `state.values` as a web page sends it; what is not on the screen is left out."""
        for block, element in walk_elements(place.blocks):
            value = ((state or {}).get(block["block_id"]) or {}).get(element.get("action_id"))
            if isinstance(value, dict) and element["type"] in STATE_KEYS:
                self.set(place, block["block_id"], element, value, forge=element["type"] in EXTERNAL_SELECTS)

    def remember_options(self, place: Place, block_id: str, action_id: str, options: list[Json]) -> None:
        """What an external menu has shown; only that can be chosen."""
        place.options[f"{block_id}/{action_id}"] = options
        self._keep(place)

    def _messages(self, user: str, channel_id: str | None) -> list[Place]:
        """Newest first, ephemerals included."""
        places = []
        for channel in self._store.channels.values():
            if user not in channel.members or channel_id not in {None, channel.id}:
                continue
            shown = [(message, False) for message in self._store.messages.get(channel.id, [])]
            shown += [
                (held.message, True)
                for held in self._store.ephemerals
                if held.user == user and held.channel == channel.id
            ]
            for message, is_ephemeral in shown:
                if "blocks" in message:
                    key = (channel.id, message["ts"], user)
                    inputs = self._store.message_inputs.get(key, {})
                    options = self._message_options.get(key, {})
                    place = Place(user, message["blocks"], inputs, options, None, channel, message, is_ephemeral)
                    places.append(place)
        return sorted(places, key=lambda place: str((place.message or {})["ts"]), reverse=True)

    def _keep(self, place: Place) -> None:
        if place.channel is not None and place.message is not None:
            key = (place.channel.id, place.message["ts"], place.user)
            self._store.message_inputs[key] = place.inputs
            self._message_options[key] = place.options


def of_view(entry: OpenView) -> Place:
    return Place(entry.user, entry.view["blocks"], entry.inputs, entry.options, entry)
