"""The payloads that Slack sends to the app (slack.md sections 1.1, 1.4, 1.6, 1.7, 3.1 and 4.1)."""

import copy
import re
from collections.abc import Callable

from bot.sandbox.slack.errors import Json
from bot.sandbox.slack.inputs import state_values
from bot.sandbox.slack.store import Channel, OpenView, ResponseUrl, Store
from bot.sandbox.slack.views import export
from bot.sandbox.world import APP_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, SlashCommand

_VERIFICATION_TOKEN = "sandbox-verification-token"  # noqa: S105 - deprecated by Slack, trusted by nobody


class Payloads:
    """Builds payloads from the store. Every interaction gets a trigger of its own."""

    def __init__(self, store: Store, base_url: Callable[[], str]) -> None:
        self._store = store
        self._base_url = base_url

    def command(self, user: str, channel: Channel, command: SlashCommand, text: str) -> Json:
        response_url = self._store.new_response_url(user, channel.id)
        return {
            "token": _VERIFICATION_TOKEN,
            "team_id": TEAM_ID,
            "team_domain": TEAM_DOMAIN,
            "channel_id": channel.id,
            "channel_name": channel.name,
            "user_id": user,
            "user_name": self._store.people[user].name,
            "command": command.command,
            "text": self._escaped(text) if command.should_escape else text,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": self.url_of(response_url),
            "trigger_id": self._store.new_trigger(user, channel=channel.id),
        }

    def message_action(
        self, user: str, channel: Channel, message: Json, inputs: Json, action: Json, *, is_ephemeral: bool
    ) -> Json:
        """block_actions from a message. `message` is left out for ephemerals, its metadata always (unconfirmed)."""
        container: Json = {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel.id,
            "is_ephemeral": is_ephemeral,
        }
        if "thread_ts" in message:
            container["thread_ts"] = message["thread_ts"]
        response_url = self._store.new_response_url(
            user,
            channel.id,
            ts=message["ts"],
            is_ephemeral=is_ephemeral,
            thread_ts=message.get("thread_ts"),
        )
        payload = {
            **self._interaction("block_actions", user),
            "container": container,
            "trigger_id": self._store.new_trigger(user, channel=channel.id),
            "channel": {"id": channel.id, "name": channel.name},
            "state": {"values": state_values(message.get("blocks", []), inputs)},
            "response_url": self.url_of(response_url),
            "actions": [action],
        }
        if not is_ephemeral:
            shown = copy.deepcopy(message)
            shown.pop("metadata", None)
            payload["message"] = shown
        return payload

    def view_action(self, entry: OpenView, action: Json) -> Json:
        """block_actions from a modal or the home tab: with `view`, without `response_url`."""
        return {
            **self._interaction("block_actions", entry.user),
            "container": {"type": "view", "view_id": entry.id},
            "trigger_id": self._store.new_trigger(entry.user, view_id=entry.id),
            "view": export(entry),
            "actions": [action],
        }

    def submission(self, entry: OpenView, response_urls: list[Json]) -> Json:
        return {
            **self._interaction("view_submission", entry.user),
            "trigger_id": self._store.new_trigger(entry.user, view_id=entry.id),
            "view": export(entry),
            "response_urls": response_urls,
        }

    def closed(self, entry: OpenView, *, is_cleared: bool) -> Json:
        """view_closed. Whether Slack sends what was typed is unconfirmed, so nothing of it is sent."""
        return {
            **self._interaction("view_closed", entry.user),
            "view": export(entry, with_state=False),
            "is_cleared": is_cleared,
        }

    def suggestion(self, user: str, container: Json, names: tuple[str, str], query: str) -> Json:
        """block_suggestion; `container` brings `view`, or `message` and `channel`; `names` are block_id, action_id."""
        return {
            **self._interaction("block_suggestion", user),
            **container,
            "block_id": names[0],
            "action_id": names[1],
            "value": query,
        }

    def event(self, event: Json) -> Json:
        now = int(self._store.clock())
        return {
            "token": _VERIFICATION_TOKEN,
            "team_id": TEAM_ID,
            "context_team_id": TEAM_ID,
            "context_enterprise_id": None,
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": self._store.next_id("Ev"),
            "event_time": now,
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM_ID,
                    "user_id": BOT_USER_ID,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
        }

    def url_of(self, entry: ResponseUrl) -> str:
        return f"{self._base_url()}/response/{entry.id}"

    def _interaction(self, kind: str, user: str) -> Json:
        person = self._store.people[user]
        return {
            "type": kind,
            "user": {"id": user, "username": person.name, "name": person.name, "team_id": person.team_id},
            "api_app_id": APP_ID,
            "token": _VERIFICATION_TOKEN,
            "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _escaped(self, text: str) -> str:
        """@name, #channel and links as ids, for commands with `should_escape`."""
        for person in self._store.people.values():
            text = re.sub(rf"@{re.escape(person.name)}\b", f"<@{person.id}>", text)
        for channel in self._store.channels.values():
            if not channel.is_im:
                label = "" if channel.is_private else channel.name
                text = re.sub(rf"#{re.escape(channel.name)}(?![\w-])", f"<#{channel.id}|{label}>", text)
        return re.sub(r"(?<![<|])\bhttps?://[^\s<>]+", lambda found: f"<{found[0]}>", text)
