"""Payloads as Slack sends them, written by hand: from whomever, with whatever in them."""

import itertools
from typing import Any

from bot.sandbox.world import TEAM_ID
from tests.e2e.world import A2P, APPROVALS, World

Json = dict[str, Any]
_numbers = itertools.count(1)


def command(world: World, user: str, name: str, text: str, *, team: str = TEAM_ID, channel: str = A2P) -> Json:
    """A slash command."""
    return {
        "command": name,
        "text": text,
        "user_id": user,
        "team_id": team,
        "channel_id": channel,
        "trigger_id": trigger(world, user),
        "response_url": response_url(world, user, channel),
    }


def click_on_card(
    world: World, user: str, action: str, value: str, *, team: str = TEAM_ID, origin: str = "", **more: Any
) -> Json:
    """A click on a button of a message in the approvals channel. `origin` is the person's own team."""
    return {
        **_interaction(world, "block_actions", user, team, origin),
        "container": {"type": "message", "message_ts": "1.2", "channel_id": APPROVALS, "is_ephemeral": False},
        "channel": {"id": APPROVALS, "name": "a2p-approvals"},
        "response_url": response_url(world, user, APPROVALS),
        "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": "1.3"}],
        **more,
    }


def click_in_view(world: World, user: str, action: Json, view: Json, *, team: str = TEAM_ID, origin: str = "") -> Json:
    """A click, or an answer, in a modal."""
    return {
        **_interaction(world, "block_actions", user, team, origin),
        "container": {"type": "view", "view_id": view["id"]},
        "view": view,
        "actions": [{"block_id": "b", "action_ts": "1.3", **action}],
    }


def submission(world: World, user: str, view: Json, *, team: str = TEAM_ID, origin: str = "") -> Json:
    """A modal is submitted."""
    return {**_interaction(world, "view_submission", user, team, origin), "view": view, "response_urls": []}


def closed(world: World, user: str, view: Json, *, team: str = TEAM_ID) -> Json:
    """A modal is closed."""
    return {**_interaction(world, "view_closed", user, team, ""), "view": view, "is_cleared": False}


def options(world: World, user: str, action: str, view: Json, *, team: str = TEAM_ID, origin: str = "") -> Json:
    """Somebody looks for the choices of a menu."""
    asked = {"block_id": "b", "action_id": action, "value": ""}
    return {**_interaction(world, "block_suggestion", user, team, origin), "view": view, **asked}


def home_opened(user: str) -> Json:
    """Somebody opens App Home."""
    number = next(_numbers)
    event = {"type": "app_home_opened", "user": user, "channel": "D" + user[1:], "tab": "home", "event_ts": "1.2"}
    return {"type": "event_callback", "team_id": TEAM_ID, "event_id": f"EvFORGED{number}", "event": event}


def view(callback: str, memo: str, values: Json | None = None, **more: Any) -> Json:
    """A modal as Slack sends it back."""
    number = next(_numbers)
    return {
        "id": f"V0FORGED{number}",
        "type": "modal",
        "callback_id": callback,
        "private_metadata": memo,
        "state": {"values": values or {}},
        "hash": "1.abc",
        "title": {"type": "plain_text", "text": "Tenfour"},
        "blocks": [],
        **more,
    }


def trigger(world: World, user: str) -> str:
    """A fresh right to open a modal."""
    return world.slack.store.new_trigger(user, channel=A2P)


def response_url(world: World, user: str, channel: str) -> str:
    """A fresh right to answer somebody privately in a channel."""
    return f"{world.slack.url}/response/{world.slack.store.new_response_url(user, channel).id}"


def _interaction(world: World, kind: str, user: str, team: str, origin: str) -> Json:
    return {
        "type": kind,
        "user": {"id": user, "username": user.lower(), "team_id": origin or team},
        "team": {"id": team, "domain": "acme"},
        "trigger_id": trigger(world, user),
    }
