"""The conversations.* methods."""

import base64
import binascii
import copy
from types import MappingProxyType
from typing import Any

from bot.sandbox.slack.errors import Json, SlackError
from bot.sandbox.slack.manifest import Manifest
from bot.sandbox.slack.store import Channel, Store
from bot.sandbox.world import BOT_USER_ID, TEAM_ID, dm_id

_FAMILIES = MappingProxyType({"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"})


class Conversations:
    """Channels, their members and their history, as the bot may see them."""

    def __init__(self, store: Store, manifest: Manifest) -> None:
        self._store = store
        self._manifest = manifest

    def info(self, args: Json) -> Json:
        channel = self._visible(args["channel"], "read")
        described = self._describe(channel)
        if args.get("include_num_members"):
            described["num_members"] = len(channel.members)
        return {"channel": described}

    def channels(self, args: Json) -> Json:
        visible = [c for c in self._of_types(args) if not c.is_private or BOT_USER_ID in c.members]
        page, cursor = paged(visible, args, default=100)
        return {"channels": [self._describe(channel) for channel in page], **cursor}

    def of_user(self, args: Json) -> Json:
        """users.conversations: where the bot is, or where the bot and that person both are."""
        wanted = {BOT_USER_ID, args.get("user") or BOT_USER_ID}
        if not wanted <= set(self._store.people):
            raise SlackError("user_not_found")
        found = [c for c in self._of_types(args) if wanted <= set(c.members)]
        page, cursor = paged(found, args, default=100)
        return {"channels": [self._describe(channel) for channel in page], **cursor}

    def members(self, args: Json) -> Json:
        page, cursor = paged(self._visible(args["channel"], "read").members, args, default=100)
        return {"members": page, **cursor}

    def open(self, args: Json) -> Json:
        if args.get("channel"):
            channel = self._store.channels.get(args["channel"])
        else:
            users = [user for user in str(args.get("users") or "").split(",") if user]
            if not users:
                raise SlackError("users_list_not_supplied")
            if len(users) > 1:
                raise SlackError("too_many_users", ["[ERROR] the local Slack has no group direct messages"])
            if users[0] not in self._store.people:
                raise SlackError("user_not_found")
            channel = self._store.channels.get(dm_id(users[0]))
        if channel is None:
            raise SlackError("channel_not_found")
        if args.get("return_im"):
            return {"no_op": True, "already_open": True, "channel": self._describe(channel)}
        return {"no_op": True, "already_open": True, "channel": {"id": channel.id}}

    def join(self, args: Json) -> Json:
        channel = self._store.channels.get(args["channel"])
        if channel is None or channel.is_private:
            raise SlackError("channel_not_found")
        if channel.is_im:
            raise SlackError("method_not_supported_for_channel_type")
        if channel.is_archived:
            raise SlackError("is_archived")
        if BOT_USER_ID not in channel.members:
            channel.members.append(BOT_USER_ID)
            self._store.changed("state")
        return {"channel": self._describe(channel)}

    def history(self, args: Json) -> Json:
        channel = self._visible(args["channel"], "history")
        if BOT_USER_ID not in channel.members:
            raise SlackError("not_in_channel")
        messages = [m for m in self._store.messages.get(channel.id, []) if not _hidden_reply(m)]
        newest_first = list(reversed(self._within(messages, args)))
        page, cursor = paged(newest_first, args, default=100)
        return {"messages": self._shown(channel, page, args), "has_more": bool(cursor), "pin_count": 0, **cursor}

    def replies(self, args: Json) -> Json:
        channel = self._visible(args["channel"], "history")
        if BOT_USER_ID not in channel.members:
            raise SlackError("channel_not_found")
        found = self._store.find_message(channel.id, str(args["ts"]))
        if found is None:
            raise SlackError("thread_not_found")
        thread = self._store.thread(channel.id, str(found.get("thread_ts", found["ts"])))
        # The parent always comes along, whatever the window.
        parent, answers = thread[:1], self._within(thread[1:], args)
        page, cursor = paged([*parent, *answers], args, default=1000)
        return {"messages": self._shown(channel, page, args), "has_more": bool(cursor), **cursor}

    def _of_types(self, args: Json) -> list[Channel]:
        """The conversations of the kinds asked for; each kind needs its own scope."""
        kinds = str(args.get("types") or "public_channel").split(",")
        if set(kinds) - {"public_channel", "private_channel", "im", "mpim"}:
            raise SlackError("invalid_types")
        for kind in kinds:
            require_scope(self._manifest, f"{_FAMILIES[kind]}:read")
        return [
            channel
            for channel in self._store.channels.values()
            if _kind(channel) in kinds and not (args.get("exclude_archived") and channel.is_archived)
        ]

    def _visible(self, channel_id: Any, right: str) -> Channel:
        channel = self._store.channels.get(channel_id)
        if channel is None or (channel.is_private and BOT_USER_ID not in channel.members):
            raise SlackError("channel_not_found")
        require_scope(self._manifest, f"{_FAMILIES[_kind(channel)]}:{right}")
        return channel

    def _within(self, messages: list[Json], args: Json) -> list[Json]:
        oldest, latest, inclusive = args.get("oldest"), args.get("latest"), bool(args.get("inclusive"))
        for name, value in (("oldest", oldest), ("latest", latest)):
            if value is not None and not str(value).replace(".", "", 1).isdigit():
                raise SlackError(f"invalid_ts_{name}")

        def inside(ts: str) -> bool:
            moment = _micros(ts)
            low, high = _micros(str(oldest or "0")), None if latest is None else _micros(str(latest))
            if inclusive:
                return low <= moment and (high is None or moment <= high)
            return low < moment and (high is None or moment < high)

        return [message for message in messages if inside(message["ts"])]

    def _shown(self, channel: Channel, messages: list[Json], args: Json) -> list[Json]:
        shown = []
        for message in messages:
            copied = with_thread_counts(self._store, channel.id, copy.deepcopy(message))
            if "metadata" in copied and not args.get("include_all_metadata"):
                copied["metadata"] = {"event_type": copied["metadata"]["event_type"]}
            shown.append(copied)
        return shown

    def _describe(self, channel: Channel) -> Json:
        if channel.is_im:
            return {"id": channel.id, "is_im": True, "user": channel.user, "is_open": True, "is_archived": False}
        return {
            "id": channel.id,
            "name": channel.name,
            "name_normalized": channel.name,
            "is_channel": not channel.is_private,
            "is_group": False,
            "is_im": False,
            "is_mpim": False,
            "is_private": channel.is_private,
            "is_archived": channel.is_archived,
            "is_general": False,
            "is_shared": False,
            "is_ext_shared": False,
            "is_org_shared": False,
            "is_member": BOT_USER_ID in channel.members,
            "context_team_id": TEAM_ID,
            "topic": {"value": channel.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }


def with_thread_counts(store: Store, channel_id: str, message: Json) -> Json:
    """Add what Slack tells about a thread to its parent."""
    if message.get("thread_ts") != message["ts"]:
        return message
    answers = [m for m in store.thread(channel_id, message["ts"]) if m["ts"] != message["ts"]]
    if answers:
        message["reply_count"] = len(answers)
        message["reply_users"] = sorted({answer["user"] for answer in answers})
        message["reply_users_count"] = len(message["reply_users"])
        message["latest_reply"] = answers[-1]["ts"]
    return message


def require_scope(manifest: Manifest, scope: str) -> None:
    """Raises SlackError `missing_scope` with what is needed and what was granted."""
    if not manifest.grants(scope):
        raise SlackError("missing_scope", extra={"needed": scope, "provided": ",".join(manifest.scopes or ())})


def paged(items: Any, args: Json, *, default: int) -> tuple[Any, Json]:
    """One page, and the cursor of the next. Raises `invalid_cursor` or `invalid_limit`."""
    try:
        limit = int(args.get("limit") or default)
    except ValueError:
        limit = 0
    if not 1 <= limit <= 1000:
        raise SlackError("invalid_limit")
    start = 0
    if args.get("cursor"):
        try:
            start = int(base64.b64decode(str(args["cursor"]), validate=True).removeprefix(b"from:"))
        except (binascii.Error, ValueError):
            raise SlackError("invalid_cursor") from None
    if start + limit >= len(items):
        return items[start : start + limit], {}
    cursor = base64.b64encode(f"from:{start + limit}".encode()).decode()
    return items[start : start + limit], {"response_metadata": {"next_cursor": cursor}}


def _kind(channel: Channel) -> str:
    if channel.is_im:
        return "im"
    return "private_channel" if channel.is_private else "public_channel"


def _hidden_reply(message: Json) -> bool:
    is_reply = message.get("thread_ts", message["ts"]) != message["ts"]
    return is_reply and message.get("subtype") != "thread_broadcast"


def _micros(ts: str) -> int:
    seconds, _, fraction = ts.partition(".")
    return int(seconds or 0) * 1_000_000 + int(fraction.ljust(6, "0")[:6] or 0)
