"""POST /response/{id}: answering through a response_url (slack.md section 1.2), and replies in a command's ack."""

import asyncio
from typing import Any

from aiohttp import web

from bot.sandbox.slack.chat import Chat, checked_metadata
from bot.sandbox.slack.errors import Json, SlackError
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.store import RESPONSE_URL_SECONDS, RESPONSE_URL_USES, ResponseUrl, Store
from bot.sandbox.world import SLACKBOT_ID

_FIELDS = frozenset(
    [
        "response_type",
        "text",
        "blocks",
        "attachments",
        "thread_ts",
        "replace_original",
        "delete_original",
        "metadata",
        "unfurl_links",
        "unfurl_media",
        "mrkdwn",
        "parse",
        "link_names",
    ]
)


class Responses:
    """Writes what the app answers to an interaction into the channel it came from."""

    def __init__(self, store: Store, chat: Chat, faults: Faults) -> None:
        self._store = store
        self._chat = chat
        self._faults = faults

    async def handle(self, request: web.Request) -> web.Response:
        fault = self._faults.take("response_url")
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault is not None and fault.refuses:
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            return web.Response(status=fault.status or 500, text=fault.error or "error", headers=headers)
        try:
            entry = self._live(request.match_info["id"])
            self._respond(entry, await _body(request))
        except SlackError as refusal:
            gone = refusal.error in {"expired_url", "used_url"}
            return web.Response(status=404 if gone else 400, text=refusal.error)
        entry.uses += 1
        if fault is not None and fault.drop_response and request.transport is not None:
            request.transport.abort()
        return web.Response(text="ok")

    def _live(self, response_id: str) -> ResponseUrl:
        entry = self._store.response_urls.get(response_id)
        if entry is None or self._store.clock() - entry.at > RESPONSE_URL_SECONDS:
            raise SlackError("expired_url")
        if entry.uses >= RESPONSE_URL_USES:
            raise SlackError("used_url")
        return entry

    def reply_to_command(self, entry: ResponseUrl, typed: str, reply: Json) -> None:
        """The ack of a slash command may itself be the reply. Raises SlackError when Slack would refuse it."""
        if not reply.get("text") and not reply.get("blocks"):
            return
        if reply.get("response_type") == "in_channel":
            # Only an in-channel reply also shows what the person typed.
            said = {"type": "message", "user": entry.user, "ts": self._store.next_ts(), "text": typed}
            content = self._chat.content(reply)
            self._store.add_message(entry.channel, said)
            self._show(entry, content, in_channel=True)
        else:
            self._show(entry, self._chat.content(reply), in_channel=False)

    def slackbot(self, user: str, channel: str, text: str) -> None:
        """A line from Slackbot that only this person sees."""
        message = {"type": "message", "user": SLACKBOT_ID, "ts": self._store.next_ts(), "text": text}
        self._store.add_ephemeral(user, channel, message)

    def _respond(self, entry: ResponseUrl, body: Json) -> None:
        if body.get("response_type") not in {None, "ephemeral", "in_channel"}:
            raise SlackError("invalid_payload")
        if _true(body.get("delete_original")):
            self._delete_original(entry)
            return
        content = self._chat.content(body)
        metadata = checked_metadata(body.get("metadata"))
        if _true(body.get("replace_original")) and entry.ts is not None:
            self._replace_original(entry, content)
            return
        in_channel = body.get("response_type") == "in_channel"
        message = self._show(entry, content, in_channel=in_channel, thread_ts=body.get("thread_ts"))
        if metadata:
            message["metadata"] = metadata

    def _show(self, entry: ResponseUrl, content: Json, *, in_channel: bool, thread_ts: Any = None) -> Json:
        message = self._chat.bot_message(content)
        if thread_ts:
            message["thread_ts"] = str(thread_ts)
        if in_channel:
            self._store.add_message(entry.channel, message)
        else:
            self._store.add_ephemeral(entry.user, entry.channel, message)
        if entry.ts is None:
            # A command has no message of its own: its first answer is what replace_original replaces.
            entry.ts, entry.is_ephemeral = message["ts"], not in_channel
        return message

    def _replace_original(self, entry: ResponseUrl, content: Json) -> None:
        message = self._original(entry)
        self._chat.rewrite(entry.channel, message, content)
        self._store.changed("messages", channel=entry.channel, user=entry.user if entry.is_ephemeral else None)

    def _delete_original(self, entry: ResponseUrl) -> None:
        message = self._original(entry)
        if entry.is_ephemeral:
            self._store.ephemerals = [held for held in self._store.ephemerals if held.message is not message]
            self._store.changed("messages", channel=entry.channel, user=entry.user)
        else:
            self._store.remove_message(entry.channel, message["ts"])

    def _original(self, entry: ResponseUrl) -> Json:
        message: Json | None = None
        if entry.ts is not None and entry.is_ephemeral:
            held = self._store.find_ephemeral(entry.user, entry.channel, entry.ts)
            message = held.message if held else None
        elif entry.ts is not None:
            message = self._store.find_message(entry.channel, entry.ts)
        if message is None:
            raise SlackError("message_not_found")
        return message


async def _body(request: web.Request) -> Json:
    try:
        body = await request.json()
    except ValueError:
        raise SlackError("invalid_payload") from None
    if not isinstance(body, dict) or set(body) - _FIELDS:
        raise SlackError("invalid_payload")
    return body


def _true(value: Any) -> bool:
    return value is True or value == "true"
