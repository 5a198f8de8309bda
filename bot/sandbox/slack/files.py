"""Uploads in three steps: files.getUploadURLExternal, the upload itself, files.completeUploadExternal."""

import copy
import mimetypes
from collections.abc import Callable

from bot.sandbox.slack.chat import Chat
from bot.sandbox.slack.errors import Json, SlackError
from bot.sandbox.slack.store import Store
from bot.sandbox.world import BOT_USER_ID

_MAX_SNIPPET = 1_048_576


class Files:
    """Files that the bot uploads. Like Slack, a file is not usable in blocks until it has been processed."""

    def __init__(self, store: Store, chat: Chat, base_url: Callable[[], str]) -> None:
        self._store = store
        self._chat = chat
        self._base_url = base_url

    def upload_url(self, args: Json) -> Json:
        try:
            length = int(args["length"])
        except (TypeError, ValueError):
            length = 0
        if length < 1:
            raise SlackError("invalid_arguments", ["[ERROR] must be at least 1 [json-pointer:/length]"])
        if len(str(args.get("alt_txt") or "")) > 1000:
            raise SlackError("alt_txt_too_large")
        if args.get("snippet_type") and length > _MAX_SNIPPET:
            raise SlackError("snippet_too_large")
        file_id = self._store.next_id("F")
        self._store.files[file_id] = {
            "id": file_id,
            "name": str(args["filename"]),
            "title": str(args["filename"]),
            "size": length,
            "alt_txt": str(args.get("alt_txt") or ""),
            "user": BOT_USER_ID,
            "state": "announced",
        }
        return {"upload_url": f"{self._base_url()}/upload/{file_id}", "file_id": file_id}

    def receive(self, file_id: str, content: bytes) -> None:
        """The bytes of an announced file. Raises SlackError `file_not_found` or `file_update_failed`."""
        entry = self._store.files.get(file_id)
        if entry is None or entry["state"] != "announced":
            raise SlackError("file_not_found")
        if len(content) != entry["size"]:
            raise SlackError("file_update_failed")
        self._store.file_bytes[file_id] = content
        entry["state"] = "uploaded"

    def complete(self, args: Json) -> Json:
        wanted = args["files"]
        if not isinstance(wanted, list) or not wanted or not all(isinstance(f, dict) and "id" in f for f in wanted):
            raise SlackError("invalid_arguments", ["[ERROR] files must be a list of objects with an id"])
        entries = [self._store.files.get(item["id"]) for item in wanted]
        if any(entry is None or entry["state"] != "uploaded" for entry in entries):
            raise SlackError("file_not_found")
        names = [args["channel_id"]] if args.get("channel_id") else str(args.get("channels") or "").split(",")
        if len(names) > 100:
            raise SlackError("channels_limit_exceeded")
        channels = [self._chat.channel_for_post(name) for name in names if name]
        if args.get("thread_ts") and len(channels) != 1:
            raise SlackError("invalid_arguments", ["[ERROR] thread_ts needs exactly one channel"])
        finished = []
        for item, entry in zip(wanted, entries, strict=True):
            if entry is not None:
                entry |= {"title": item.get("title") or entry["title"], "state": "done", "done_at": self._store.clock()}
                entry["channels"] = [channel.id for channel in channels]
                finished.append(entry)
        for channel in channels:
            content: Json = {"text": str(args.get("initial_comment") or "")}
            if not content["text"] and args.get("blocks"):
                content = self._chat.content({"blocks": args["blocks"]})
            message = self._chat.bot_message(content)
            message |= {"subtype": "file_share", "files": [self._describe(entry) for entry in finished]}
            if args.get("thread_ts"):
                message["thread_ts"] = str(args["thread_ts"])
            self._store.add_message(channel.id, message)
        return {"files": [self._describe(entry) for entry in finished]}

    def info(self, args: Json) -> Json:
        entry = self._store.files.get(args["file"])
        if entry is None or entry["state"] != "done":
            raise SlackError("file_not_found")
        return {"file": self._describe(entry), "comments": []}

    def _describe(self, entry: Json) -> Json:
        described = copy.deepcopy(entry)
        for private in ("state", "done_at"):
            described.pop(private, None)
        guessed = mimetypes.guess_type(entry["name"])[0] or "application/octet-stream"
        described["mimetype"] = guessed if self._store.file_ready(entry["id"]) else ""
        described["url_private"] = f"{self._base_url()}/files/{entry['id']}"
        return described
