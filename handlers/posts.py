"""Posts that stand once: a stored row before, the message's ts after, and metadata to recognise an uncertain one."""

import json
import time
from typing import Any

import aiohttp
import structlog
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.blocks.kit import Message

EVENT_TYPE = "tenfour_post"
UNREACHABLE = "unreachable"
"""Stands for the ts of a message to somebody whom no message reaches any more."""

NOT_STANDING = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
THREAD_GONE = frozenset({"thread_not_found", "message_not_found", "cannot_reply_to_message"})
"""What Slack says of a reply to a message that somebody has deleted."""
CHANNEL_CLOSED = frozenset({"not_in_channel", "channel_not_found", "is_archived"})
PERSON_GONE = frozenset({"user_disabled", "user_not_found", "users_not_found", "cannot_dm_bot"})
UNCLEAR = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})

log = structlog.get_logger()


def why(error: SlackApiError) -> str:
    """Slack's word for what it refused."""
    return str(error.response.get("error")) if isinstance(error.response.data, dict) else "no clear answer"


def passing(error: BaseException) -> bool:
    """Whether Slack has given no clear answer, so that the same call may work a moment later."""
    if isinstance(error, SlackApiError):
        return error.response.status_code != 200 or why(error) in UNCLEAR
    return isinstance(error, aiohttp.ClientError | TimeoutError | ConnectionError)


class Posts:
    """Puts messages into Slack. A *book* is a Redis hash beside the thing that is shown; a *slot* is one message of it.

    Callers hold a lease on the book, so that no two processes fill one slot at the same time.
    """

    def __init__(self, client: AsyncWebClient, redis: Redis) -> None:
        self._client, self._redis = client, redis

    async def put(self, book: str, slot: str, channel: str, message: Message) -> str:
        """Post the message, or redraw the one that stands. Returns its ts."""
        standing = await self._standing(book, slot)
        if standing is None:
            return await self._post(book, slot, channel, message)
        try:
            await self._client.chat_update(channel=standing["channel"], ts=standing["ts"], **message)
        except SlackApiError as error:
            if why(error) not in NOT_STANDING:
                raise
            await self._redis.hdel(book, slot)
            return await self._post(book, slot, channel, message)
        return str(standing["ts"])

    async def once(
        self, book: str, slot: str, channel: str, message: Message, *, thread_ts: str = "", broadcast: bool = False
    ) -> str:
        """Post the message unless it stands already. Returns its ts, or `UNREACHABLE` when its reader is gone."""
        standing = await self._standing(book, slot)
        if standing is not None:
            return str(standing["ts"])
        try:
            return await self._post(book, slot, channel, message, thread_ts=thread_ts, broadcast=broadcast)
        except SlackApiError as error:
            if why(error) not in PERSON_GONE:
                raise
            log.warning("reader_is_gone", user=channel, slot=slot, why=why(error))
            await self._redis.hset(book, slot, json.dumps({"channel": channel, "ts": UNREACHABLE}))
            return UNREACHABLE

    async def redraw(self, book: str, slot: str, message: Message) -> None:
        """Redraw a message if it stands for sure; one that somebody has deleted is forgotten."""
        raw = await self._redis.hget(book, slot)
        row = json.loads(raw) if raw else {}
        if row.get("ts") and row["ts"] != UNREACHABLE:
            try:
                await self._client.chat_update(channel=row["channel"], ts=row["ts"], **message)
            except SlackApiError as error:
                if why(error) not in NOT_STANDING:
                    raise
                await self._redis.hdel(book, slot)

    async def note(self, book: str, name: str, value: str) -> None:
        """Keep a word about a book beside its messages."""
        await self._redis.hset(book, name, value)

    async def noted(self, book: str, name: str) -> str:
        """The word that was kept, or ""."""
        return str(await self._redis.hget(book, name) or "")

    async def forget(self, book: str, slot: str) -> None:
        """Keep nothing of a slot, or of a word."""
        await self._redis.hdel(book, slot)

    async def slots(self, book: str) -> list[str]:
        """The slots of a book that are filled, or being filled."""
        return [str(slot) for slot in await self._redis.hkeys(book)]

    async def address(self, book: str, slot: str) -> str:
        """The web address of a message that stands; "" where Slack gives none."""
        raw = await self._redis.hget(book, slot)
        row = json.loads(raw) if raw else {}
        if not row.get("ts") or row["ts"] == UNREACHABLE:
            return ""
        try:
            answer = await self._client.chat_getPermalink(channel=row["channel"], message_ts=row["ts"])
        except SlackApiError as error:
            log.info("no_permalink", channel=row["channel"], why=why(error))
            return ""
        return str(answer["permalink"])

    async def stands(self, book: str, slot: str) -> str:
        """The ts of a message that stands for sure, or was left out; "" while it is to be posted."""
        raw = await self._redis.hget(book, slot)
        return str(json.loads(raw).get("ts") or "") if raw else ""

    async def landed(self, book: str, slot: str) -> bool:
        """Whether a message stands; one of which that is not known is looked for."""
        return await self._standing(book, slot) is not None

    async def leave_out(self, book: str, slot: str) -> None:
        """Nobody needs this message: it counts as posted."""
        await self._redis.hset(book, slot, json.dumps({"channel": "", "ts": UNREACHABLE}))

    async def close(self, book: str, slot: str, message: Message) -> None:
        """Redraw a message for the last time, if it stands, and keep nothing of it."""
        standing = await self._standing(book, slot)
        if standing is not None and standing["ts"] != UNREACHABLE:
            try:
                await self._client.chat_update(channel=standing["channel"], ts=standing["ts"], **message)
            except SlackApiError as error:
                if why(error) not in NOT_STANDING:
                    raise
        await self._redis.hdel(book, slot)

    async def _standing(self, book: str, slot: str) -> dict[str, Any] | None:
        raw = await self._redis.hget(book, slot)
        row = json.loads(raw) if raw else None
        if row and not row.get("ts"):
            # an earlier attempt left no ts: it may have been posted just before a crash, or its answer was lost
            row["ts"] = await self._find(row, f"{book}/{slot}")
            if not row["ts"]:
                return None
            await self._redis.hset(book, slot, json.dumps(row))
        return row

    async def _post(
        self, book: str, slot: str, channel: str, message: Message, *, thread_ts: str = "", broadcast: bool = False
    ) -> str:
        if channel.startswith(("U", "W")):
            opened = await self._client.conversations_open(users=channel)
            channel = opened["channel"]["id"]
        row = {"channel": channel, "thread": thread_ts, "ts": "", "since": time.time()}
        await self._redis.hset(book, slot, json.dumps(row))
        threaded: dict[str, Any] = {"thread_ts": thread_ts, "reply_broadcast": broadcast} if thread_ts else {}
        try:
            answer = await self._client.chat_postMessage(
                channel=channel,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"key": f"{book}/{slot}"}},
                unfurl_links=False,
                unfurl_media=False,
                **threaded,
                **message,
            )
        except SlackApiError as error:
            if error.response.status_code in (200, 429) and why(error) not in UNCLEAR:
                await self._redis.hdel(book, slot)  # surely not posted
            raise
        ts = str(answer["ts"])
        await self._redis.hset(book, slot, json.dumps(row | {"ts": ts}))
        return ts

    async def _find(self, row: dict[str, Any], key: str) -> str:
        """The ts of a message of ours with this key, looked for from shortly before it was sent, or ""."""
        since: dict[str, Any] = {
            "oldest": f"{row.get('since', 0) - 60:.6f}",
            "limit": 200,
            "include_all_metadata": True,
        }
        try:
            if row.get("thread"):
                answer = await self._client.conversations_replies(channel=row["channel"], ts=row["thread"], **since)
            else:
                answer = await self._client.conversations_history(channel=row["channel"], **since)
        except SlackApiError as error:
            if why(error) in THREAD_GONE:
                return ""
            if why(error) not in CHANNEL_CLOSED | {"missing_scope"}:
                raise  # the next sweep looks again
            # without the history scope we would rather show a message twice than not at all
            log.warning("uncertain_post_not_checked", channel=row["channel"], why=why(error))
            return ""
        for message in answer["messages"]:
            if ((message.get("metadata") or {}).get("event_payload") or {}).get("key") == key:
                return str(message["ts"])
        return ""
