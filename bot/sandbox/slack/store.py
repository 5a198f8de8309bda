"""Everything the local Slack remembers: channels, messages, views, homes, triggers, response URLs, files."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.sandbox.slack.errors import Json
from bot.sandbox.world import BOT_USER_ID, CHANNELS, PEOPLE, USER_GROUPS, Person, UserGroup, dm_id

TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 30 * 60
RESPONSE_URL_USES = 5
PROCESSING_SECONDS = 1.0


@dataclass
class Channel:
    """A conversation. `user` is set for a direct message with the bot: the person at the other end."""

    id: str
    name: str
    topic: str = ""
    members: list[str] = field(default_factory=list)
    is_private: bool = False
    is_archived: bool = False
    user: str | None = None

    @property
    def is_im(self) -> bool:
        return self.user is not None


@dataclass
class Ephemeral:
    """A message that only one person sees, until the sandbox restarts."""

    user: str
    channel: str
    message: Json


@dataclass
class Trigger:
    """What a person just did; it lets the app open one modal within three seconds."""

    id: str
    user: str
    at: float
    view_id: str | None = None
    channel: str | None = None
    used: bool = False


@dataclass
class ResponseUrl:
    """A bearer right to answer an interaction. `ts` names the message that `replace_original` would replace."""

    id: str
    user: str
    channel: str
    at: float
    uses: int = 0
    ts: str | None = None
    is_ephemeral: bool = False
    thread_ts: str | None = None


@dataclass
class OpenView:
    """A modal or home view as a person has it before them. `inputs` is what they entered: values[block][action]."""

    view: Json
    user: str
    inputs: Json = field(default_factory=dict)
    options: Json = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.view["id"])


@dataclass(frozen=True)
class Changed:
    """Something a web page may want to draw again; `user` None means everybody who can see it."""

    what: str
    channel: str | None = None
    user: str | None = None


class Store:
    """The workspace's state. Every change goes through `changed`, which tells the listeners (page, state file)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.people: dict[str, Person] = {person.id: person for person in PEOPLE}
        self.groups: dict[str, UserGroup] = {group.id: group for group in USER_GROUPS}
        self.channels: dict[str, Channel] = {}
        for seed in CHANNELS:
            self.channels[seed.id] = Channel(seed.id, seed.name, seed.topic, list(seed.members), seed.is_private)
        for person in PEOPLE:
            if not person.is_bot:
                self.channels[dm_id(person.id)] = Channel(
                    dm_id(person.id), "directmessage", members=[person.id, BOT_USER_ID], user=person.id
                )
        self.messages: dict[str, list[Json]] = {}
        self.ephemerals: list[Ephemeral] = []
        self.message_inputs: dict[tuple[str, str, str], Json] = {}
        self.stacks: dict[str, list[OpenView]] = {}
        self.homes: dict[str, OpenView] = {}
        self.view_errors: dict[str, dict[str, str]] = {}
        self.notices: dict[str, str] = {}
        self.held_external_ids: set[str] = set()
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.files: dict[str, Json] = {}
        self.file_bytes: dict[str, bytes] = {}
        self.read_until: dict[tuple[str, str], str] = {}
        self.listeners: list[Callable[[Changed], None]] = []
        self._counter = 0
        self._last_micros = 0

    # --- ids and time

    def next_id(self, prefix: str) -> str:
        """A fresh id such as `V00000000A7`; unique for the life of the workspace, restarts included."""
        self._counter += 1
        number, digits = self._counter, ""
        while number:
            number, digit = divmod(number, 36)
            digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit] + digits
        return prefix + digits.rjust(9, "0")

    def next_ts(self) -> str:
        """A message timestamp, later than every one before it even when the clock stands still or goes back."""
        self._last_micros = max(int(self.clock() * 1_000_000), self._last_micros + 1)
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"

    def next_hash(self) -> str:
        return f"{int(self.clock())}.{self.next_id('').lower()[-8:]}"

    # --- changes

    def changed(self, what: str, *, channel: str | None = None, user: str | None = None) -> None:
        for listener in self.listeners:
            listener(Changed(what, channel, user))

    # --- messages

    def add_message(self, channel_id: str, message: Json) -> Json:
        parent_ts = str(message.get("thread_ts", message["ts"]))
        parent = self.find_message(channel_id, parent_ts) if parent_ts != message["ts"] else None
        if parent is not None:
            parent["thread_ts"] = parent_ts
            message.setdefault("parent_user_id", parent["user"])
        self.messages.setdefault(channel_id, []).append(message)
        self.changed("messages", channel=channel_id)
        return message

    def find_message(self, channel_id: str, ts: str) -> Json | None:
        return next((m for m in reversed(self.messages.get(channel_id, [])) if m["ts"] == ts), None)

    def thread(self, channel_id: str, ts: str) -> list[Json]:
        """The parent and its replies, oldest first."""
        return [m for m in self.messages.get(channel_id, []) if m["ts"] == ts or m.get("thread_ts") == ts]

    def remove_message(self, channel_id: str, ts: str) -> None:
        self.messages[channel_id] = [m for m in self.messages.get(channel_id, []) if m["ts"] != ts]
        self.changed("messages", channel=channel_id)

    def add_ephemeral(self, user: str, channel_id: str, message: Json) -> Json:
        self.ephemerals.append(Ephemeral(user, channel_id, message))
        self.changed("messages", channel=channel_id, user=user)
        return message

    def find_ephemeral(self, user: str, channel_id: str, ts: str) -> Ephemeral | None:
        for entry in self.ephemerals:
            if entry.user == user and entry.channel == channel_id and entry.message["ts"] == ts:
                return entry
        return None

    # --- views

    def stack(self, user: str) -> list[OpenView]:
        return self.stacks.setdefault(user, [])

    def open_views(self) -> Iterator[OpenView]:
        for stack in self.stacks.values():
            yield from stack

    def find_view(self, *, view_id: str | None = None, external_id: str | None = None) -> OpenView | None:
        """An open modal or a published home, by Slack's id or the app's own."""
        for entry in [*self.open_views(), *self.homes.values()]:
            if view_id is not None and entry.id == view_id:
                return entry
            if external_id and entry.view["external_id"] == external_id:
                return entry
        return None

    def close_views(self, user: str, view_ids: set[str]) -> None:
        self.stacks[user] = [entry for entry in self.stack(user) if entry.id not in view_ids]
        self.view_errors.pop(user, None)
        self.notices.pop(user, None)
        self.changed("views", user=user)

    # --- triggers and response URLs

    def new_trigger(self, user: str, *, view_id: str | None = None, channel: str | None = None) -> str:
        for old in [t.id for t in self.triggers.values() if self.clock() - t.at > 600]:
            del self.triggers[old]
        trigger_id = f"{int(self.clock())}.{self._last_micros % 1_000_000}.{self.next_id('').lower()}"
        self.triggers[trigger_id] = Trigger(trigger_id, user, self.clock(), view_id, channel)
        return trigger_id

    def new_response_url(self, user: str, channel: str, **original: Any) -> ResponseUrl:
        now = self.clock()
        for old in [u.id for u in self.response_urls.values() if now - u.at > RESPONSE_URL_SECONDS]:
            del self.response_urls[old]
        entry = ResponseUrl(self.next_id("R"), user, channel, now, **original)
        self.response_urls[entry.id] = entry
        return entry

    def file_ready(self, file_id: str) -> bool:
        """Whether an uploaded file has been processed; until then Slack refuses blocks that show it."""
        entry = self.files.get(file_id)
        return entry is not None and "done_at" in entry and self.clock() - float(entry["done_at"]) >= PROCESSING_SECONDS

    # --- across restarts

    def snapshot(self) -> Json:
        """What survives a restart. Open modals, ephemerals and triggers do not: Slack's clients would lose them too."""
        return {
            "version": 1,
            "counter": self._counter,
            "last_micros": self._last_micros,
            "channels": [asdict(channel) for channel in self.channels.values()],
            "groups": [asdict(group) for group in self.groups.values()],
            "messages": self.messages,
            "homes": {user: home.view for user, home in self.homes.items()},
            "response_urls": [asdict(entry) for entry in self.response_urls.values()],
            "files": self.files,
            "read_until": [[user, channel, ts] for (user, channel), ts in self.read_until.items()],
        }

    def restore(self, saved: Json) -> None:
        self._counter = int(saved["counter"])
        self._last_micros = int(saved["last_micros"])
        self.channels.update({entry["id"]: Channel(**entry) for entry in saved["channels"]})
        for entry in saved.get("groups", []):
            self.groups[entry["id"]] = UserGroup(**{**entry, "members": tuple(entry["members"])})
        self.messages = {channel: list(messages) for channel, messages in saved["messages"].items()}
        self.homes = {user: OpenView(view, user) for user, view in saved["homes"].items()}
        self.response_urls = {entry["id"]: ResponseUrl(**entry) for entry in saved["response_urls"]}
        self.files = dict(saved["files"])
        self.read_until = {(user, channel): ts for user, channel, ts in saved["read_until"]}
