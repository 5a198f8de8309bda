"""Posts that stand once: a stored row before, the message's ts after, and metadata to recognise an uncertain one."""

import json
from typing import Any

import structlog
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.blocks.kit import Message

EVENT_TYPE = "tenfour_post"
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})

log = structlog.get_logger()


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
            if error.response.get("error") not in GONE:
                raise
            await self._redis.hdel(book, slot)
            return await self._post(book, slot, channel, message)
        return str(standing["ts"])

    async def once(
        self, book: str, slot: str, channel: str, message: Message, *, thread_ts: str = "", broadcast: bool = False
    ) -> str:
        """Post the message unless it stands already. Returns its ts."""
        standing = await self._standing(book, slot)
        if standing is not None:
            return str(standing["ts"])
        return await self._post(book, slot, channel, message, thread_ts=thread_ts, broadcast=broadcast)

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
        await self._redis.hset(book, slot, json.dumps({"channel": channel, "thread": thread_ts, "ts": ""}))
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
        except SlackApiError:
            await self._redis.hdel(book, slot)  # refused: surely not posted
            raise
        ts = str(answer["ts"])
        await self._redis.hset(book, slot, json.dumps({"channel": answer["channel"], "thread": thread_ts, "ts": ts}))
        return ts

    async def _find(self, row: dict[str, Any], key: str) -> str:
        """The ts of a message of ours with this key among the latest of its channel or thread, or ""."""
        try:
            if row.get("thread"):
                answer = await self._client.conversations_replies(
                    channel=row["channel"], ts=row["thread"], limit=200, include_all_metadata=True
                )
            else:
                answer = await self._client.conversations_history(
                    channel=row["channel"], limit=200, include_all_metadata=True
                )
        except SlackApiError as error:
            # without the history scope we would rather show a message twice than not at all
            log.warning("uncertain_post_not_checked", channel=row["channel"], why=error.response.get("error"))
            return ""
        for message in answer["messages"]:
            if ((message.get("metadata") or {}).get("event_payload") or {}).get("key") == key:
                return str(message["ts"])
        return ""
