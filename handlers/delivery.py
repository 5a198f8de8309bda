"""One delivery from Slack: who did what, where, and how to answer them."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from bot.changes.refusal import Refusal

Payload = dict[str, Any]

REMEMBER_SECONDS: Final = 86400
"""Delayed events come again for up to a day (slack.md 2.8)."""

_UNTAGGED: Final = {ord("{"): "(", ord("}"): ")"}
"""Braces would say which hash slot a key is in."""


@dataclass(frozen=True)
class Delivery:
    """A slash command, click, submission, closed view, options request or event, reduced to what handlers need.

    `user` and `team` come from the verified envelope; nothing else in it says who somebody is (slack.md 7.1).
    """

    kind: str
    user: str
    team: str
    body: Payload = field(repr=False)

    @classmethod
    def of(cls, body: Payload) -> "Delivery":
        """The delivery in a request body of any kind."""
        if "command" in body:
            return cls("command", body["user_id"], body.get("team_id", ""), body)
        if body.get("type") == "event_callback":
            return cls("event", body["event"].get("user") or "", body.get("team_id", ""), body)
        user = body.get("user") or {}
        team = (body.get("team") or {}).get("id") or user.get("team_id") or ""
        return cls(body.get("type", "unknown"), user.get("id", ""), team, body)

    @property
    def once(self) -> str:
        """What a second delivery of the same thing would carry too, or "" where there is nothing of the kind."""
        event_id = self.body.get("event_id")
        return str(event_id or ("" if self.kind == "block_suggestion" else self.trigger))

    @cached_property
    def mark(self) -> str:
        """The name of this delivery in keys: its copies have the same; "" where they cannot be told."""
        return f"{self.kind}:{self.once}".translate(_UNTAGGED) if self.once else ""

    @property
    def teams(self) -> frozenset[str]:
        """The workspaces that the envelope names, of the person and of where it happened; none for events."""
        if self.kind == "event":
            return frozenset()
        person, place = self.body.get("user") or {}, self.body.get("team") or {}
        named = (self.body.get("team_id"), place.get("id"), person.get("team_id"))
        return frozenset(str(team) for team in named if team)

    @property
    def trigger(self) -> str:
        """What opens a modal, for three seconds."""
        return str(self.body.get("trigger_id") or "")

    @property
    def channel(self) -> str:
        """Where it happened; empty in modals and on App Home."""
        return str(self.body.get("channel_id") or (self.body.get("channel") or {}).get("id") or "")

    @property
    def response_url(self) -> str:
        """Where a private answer goes; empty in modals and on App Home."""
        return str(self.body.get("response_url") or "")

    @property
    def view(self) -> Payload:
        """The modal or home view it came from."""
        view: Payload = self.body.get("view") or {}
        return view

    @property
    def action(self) -> Payload:
        """The element that was used."""
        action: Payload = (self.body.get("actions") or [{}])[0]
        return action

    @property
    def action_id(self) -> str:
        """Its action id; an options request carries it on top."""
        return str(self.body.get("action_id") or self.action.get("action_id") or "")

    @property
    def value(self) -> str:
        """The value of the button."""
        return str(self.action.get("value") or "")

    def answer(self, block: str) -> Payload:
        """What was entered into the only element of a modal's block; an empty mapping when there is none."""
        fields: Payload = self.view.get("state", {}).get("values", {}).get(block) or {}
        answer: Payload = next(iter(fields.values()), {})
        return answer

    def typed(self, block: str) -> str:
        """What was typed into an input of the view, or ""."""
        fields: Payload = self.view.get("state", {}).get("values", {}).get(block, {})
        return next((str(f.get("value") or "").strip() for f in fields.values()), "")

    def ticket(self) -> tuple[int, str, str]:
        """Change number, digest and step of a card's button. Raises `Refusal` when they were tampered with."""
        number, _, rest = self.value.partition(":")
        if not number.isascii() or not number.isdecimal() or len(number) > 12:
            raise Refusal("This button carries something that is not a change. Open the card again and retry.")
        digest, _, step = rest.partition(":")
        return int(number), digest, step

    def memo(self, **fields: type[int] | type[str]) -> tuple[Any, ...]:
        """Fields of the view's private metadata, of these types. Raises `Refusal` when it is not what we put there."""
        try:
            data = json.loads(self.view.get("private_metadata") or "{}")
            values = tuple(data[name] for name in fields)
        except (ValueError, KeyError, TypeError, RecursionError):
            values = ()
        if not values or not all(type(v) is kind for v, kind in zip(values, fields.values(), strict=True)):
            raise Refusal("This window was changed on its way here. Close it and start again.")
        return values
