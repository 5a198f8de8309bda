"""The chat.* methods, and the shape of the messages that the bot writes."""

import copy
from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack.blocks import validate_message
from bot.sandbox.slack.conversations import require_scope
from bot.sandbox.slack.errors import Json, SlackError
from bot.sandbox.slack.inputs import carried_over
from bot.sandbox.slack.manifest import Manifest
from bot.sandbox.slack.pacing import Pacing
from bot.sandbox.slack.store import Channel, Store
from bot.sandbox.slack.views import with_ids
from bot.sandbox.world import APP_ID, BOT_ID, BOT_NAME, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, dm_id

MAX_TEXT = 40_000
MAX_UPDATE_TEXT = 4_000
MAX_MARKDOWN_TEXT = 12_000


class Chat:
    """Posting, updating and deleting the bot's messages."""

    def __init__(self, store: Store, manifest: Manifest, pacing: Pacing) -> None:
        self._store = store
        self._manifest = manifest
        self._pacing = pacing

    def post_message(self, args: Json) -> Json:
        channel = self.channel_for_post(args["channel"])
        content = self.content(args)
        thread_ts = self._thread(channel, args.get("thread_ts"))
        metadata = checked_metadata(args.get("metadata"))
        self._pacing.post(channel.id)
        message = self.bot_message(content)
        if metadata:
            message["metadata"] = metadata
        if thread_ts:
            message["thread_ts"] = thread_ts
            if args.get("reply_broadcast"):
                message["subtype"] = "thread_broadcast"
        self._store.add_message(channel.id, message)
        answer: Json = {"channel": channel.id, "ts": message["ts"], "message": copy.deepcopy(message)}
        return _warned(answer, content)

    def update(self, args: Json) -> Json:
        channel = self._store.channels.get(args["channel"])
        if channel is None or BOT_USER_ID not in channel.members:
            raise SlackError("channel_not_found")
        message = self._store.find_message(channel.id, str(args["ts"]))
        if message is None:
            raise SlackError("message_not_found")
        if message.get("bot_id") != BOT_ID:
            raise SlackError("cant_update_message")
        if len(args.get("text") or "") > MAX_UPDATE_TEXT:
            raise SlackError("msg_too_long")
        if all(args.get(name) is None for name in ("text", "blocks", "attachments", "markdown_text")):
            raise SlackError("no_text")
        content, metadata = self.content(args), checked_metadata(args.get("metadata"))
        self.rewrite(channel.id, message, content)
        if args.get("metadata") is not None:
            message.pop("metadata", None)
            if metadata:
                message["metadata"] = metadata
        if args.get("reply_broadcast") and "thread_ts" in message:
            message["subtype"] = "thread_broadcast"
        self._store.changed("messages", channel=channel.id)
        shown = copy.deepcopy(message)
        return {"channel": channel.id, "ts": message["ts"], "text": message["text"], "message": shown}

    def delete(self, args: Json) -> Json:
        channel = self._store.channels.get(args["channel"])
        if channel is None or BOT_USER_ID not in channel.members:
            raise SlackError("channel_not_found")
        message = self._store.find_message(channel.id, str(args["ts"]))
        if message is None:
            raise SlackError("message_not_found")
        if message.get("bot_id") != BOT_ID:
            raise SlackError("cant_delete_message")
        self._store.remove_message(channel.id, message["ts"])
        return {"channel": channel.id, "ts": message["ts"]}

    def post_ephemeral(self, args: Json) -> Json:
        channel = self._store.channels.get(args["channel"])
        if channel is None:
            raise SlackError("channel_not_found")
        if BOT_USER_ID not in channel.members:
            raise SlackError("not_in_channel")
        if args["user"] not in channel.members:
            raise SlackError("user_not_in_channel")
        content = self.content(args)
        checked_metadata(args.get("metadata"))
        message = self.bot_message(content)
        if args.get("thread_ts"):
            message["thread_ts"] = str(args["thread_ts"])
        self._store.add_ephemeral(args["user"], channel.id, message)
        return _warned({"message_ts": message["ts"]}, content)

    def permalink(self, args: Json) -> Json:
        channel = self._store.channels.get(args["channel"])
        if channel is None or BOT_USER_ID not in channel.members:
            raise SlackError("channel_not_found")
        message = self._store.find_message(channel.id, str(args["message_ts"]))
        if message is None:
            raise SlackError("message_not_found")
        link = f"https://{TEAM_DOMAIN}.slack.com/archives/{channel.id}/p{message['ts'].replace('.', '')}"
        if "thread_ts" in message and message["thread_ts"] != message["ts"]:
            link += f"?thread_ts={message['thread_ts']}&cid={channel.id}"
        return {"channel": channel.id, "permalink": link}

    def channel_for_post(self, name: Any) -> Channel:
        """The channel a post goes to; a user id means the direct message with that person."""
        channel = self._store.channels.get(dm_id(name) if name in self._store.people else name)
        if channel is None:
            channel = next((c for c in self._store.channels.values() if name in {c.name, f"#{c.name}"}), None)
        if channel is None or (channel.is_private and BOT_USER_ID not in channel.members):
            raise SlackError("channel_not_found")
        if channel.is_archived:
            raise SlackError("is_archived")
        if channel.is_im and not self._manifest.messages_tab:
            raise SlackError("messages_tab_disabled")
        public = "chat:write.public" in (self._manifest.scopes or ())
        if BOT_USER_ID not in channel.members and not public:
            raise SlackError("not_in_channel")
        return channel

    def content(self, args: Json) -> Json:
        """Text and blocks, checked. Raises `no_text`, `invalid_blocks`, `markdown_text_conflict`, `msg_too_long`."""
        if any(args.get(name) for name in ("username", "icon_emoji", "icon_url")):
            require_scope(self._manifest, "chat:write.customize")
        text, blocks, markdown = args.get("text"), args.get("blocks"), args.get("markdown_text")
        if args.get("attachments"):
            raise SlackError("invalid_attachments", ["[ERROR] the local Slack does not support attachments"])
        if markdown is not None:
            if text or blocks:
                raise SlackError("markdown_text_conflict")
            if len(markdown) > MAX_MARKDOWN_TEXT:
                raise SlackError("msg_too_long")
            blocks = [{"type": "markdown", "text": markdown}]
            text = markdown
        if text is not None and not isinstance(text, str):
            raise SlackError("invalid_arguments", ["[ERROR] must be a string [json-pointer:/text]"])
        if not text and not blocks:
            raise SlackError("no_text")
        report = validate_message({"blocks": blocks})
        if report.problems:
            raise SlackError("invalid_blocks", report.lines(), extra={"errors": [p.message for p in report.problems]})
        for file_id in _slack_files(blocks or []):
            if not self._store.file_ready(file_id):
                raise SlackError("invalid_blocks", [f"[ERROR] slack file {file_id} is unknown or still processed"])
        content: Json = {"text": (text or "")[:MAX_TEXT]}
        if blocks:
            content["blocks"] = with_ids(blocks, self._store)
        return content

    def bot_message(self, content: Json) -> Json:
        """A new message by the bot, with its timestamp, not yet in any channel."""
        return {
            "type": "message",
            "user": BOT_USER_ID,
            "ts": self._store.next_ts(),
            "bot_id": BOT_ID,
            "app_id": APP_ID,
            "team": TEAM_ID,
            "bot_profile": {"id": BOT_ID, "app_id": APP_ID, "name": BOT_NAME, "team_id": TEAM_ID, "deleted": False},
            **content,
        }

    def rewrite(self, channel_id: str, message: Json, content: Json) -> None:
        """Replace text and blocks; without blocks the old ones go. What people typed into unchanged inputs stays."""
        old = message.pop("blocks", [])
        message.update(content)
        if "blocks" not in content:
            message["edited"] = {"user": BOT_USER_ID, "ts": self._store.next_ts()}
        for key, inputs in self._store.message_inputs.items():
            if key[:2] == (channel_id, message["ts"]):
                self._store.message_inputs[key] = carried_over(old, content.get("blocks", []), inputs)

    def _thread(self, channel: Channel, thread_ts: Any) -> str | None:
        if thread_ts in {None, ""}:
            return None
        parent = self._store.find_message(channel.id, str(thread_ts))
        if parent is None:
            raise SlackError("thread_not_found")
        # Slack misplaces a reply to a reply; refusing it finds the mistake sooner.
        if parent.get("thread_ts", parent["ts"]) != parent["ts"]:
            raise SlackError("cannot_reply_to_message", ["[ERROR] thread_ts must be the parent's ts, not a reply's"])
        return str(thread_ts)


def checked_metadata(metadata: Any) -> Json | None:
    """None when there is none or it is empty. Raises `invalid_metadata_format` or `invalid_metadata_schema`."""
    if metadata is None or metadata == {}:
        return None
    if not isinstance(metadata, dict) or set(metadata) - {"event_type", "event_payload"}:
        raise SlackError("invalid_metadata_format")
    event_type, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(event_type, str) or not event_type or not isinstance(payload, dict):
        raise SlackError("invalid_metadata_format")
    if not all(_plain(value) for value in payload.values()):
        raise SlackError("invalid_metadata_schema")
    return metadata


def _slack_files(value: Any) -> Iterator[str]:
    """The ids of every uploaded file that blocks show."""
    if isinstance(value, dict):
        if isinstance(value.get("slack_file"), dict) and "id" in value["slack_file"]:
            yield value["slack_file"]["id"]
        for entry in value.values():
            yield from _slack_files(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _slack_files(entry)


def _plain(value: Any) -> bool:
    """String, number, boolean, a flat object, or a list of those."""
    if isinstance(value, list):
        return all(_plain(item) and not isinstance(item, list) for item in value)
    if isinstance(value, dict):
        return all(isinstance(item, str | int | float | bool) for item in value.values())
    return isinstance(value, str | int | float | bool)


def _warned(answer: Json, content: Json) -> Json:
    if not content["text"]:
        warning = "missing_text_in_message"
        return {**answer, "warning": warning, "response_metadata": {"warnings": [warning]}}
    return answer
