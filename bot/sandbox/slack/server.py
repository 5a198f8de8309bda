"""The local Slack: one aiohttp application with the Web API, Socket Mode, response URLs and the sandbox's page."""

import asyncio
import copy
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox.slack.chat import Chat
from bot.sandbox.slack.control import Control
from bot.sandbox.slack.conversations import Conversations
from bot.sandbox.slack.deliveries import Deliveries, Delivery, Kind
from bot.sandbox.slack.directory import Directory
from bot.sandbox.slack.errors import Json, SlackError
from bot.sandbox.slack.events import HttpEvents
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.files import Files
from bot.sandbox.slack.interactions import Interactions
from bot.sandbox.slack.manifest import Manifest
from bot.sandbox.slack.pacing import Pacing
from bot.sandbox.slack.payloads import Payloads
from bot.sandbox.slack.responses import Responses
from bot.sandbox.slack.socket import SocketMode
from bot.sandbox.slack.statefile import StateFile
from bot.sandbox.slack.store import Changed, Channel, Store
from bot.sandbox.slack.views import Views, export
from bot.sandbox.slack.webapi import ApiCall, WebApi
from bot.sandbox.world import APP_ID, BOT_USER_ID, SIGNING_SECRET, Person, dm_id

_Seen = TypeVar("_Seen")
_MAX_BODY = 20 * 1024 * 1024


class LocalSlack:
    """A workspace that refuses what Slack refuses, for tests and for trying the bot by hand.

    `clock` gives Unix seconds; `state_file` keeps messages and homes across restarts; `http_target` is the app's
    request URL and switches deliveries from Socket Mode to signed HTTP; `manifest` is the app manifest whose
    commands, scopes and event subscriptions are enforced (everything is granted when there is no such file).
    """

    def __init__(
        self,
        state_file: Path | None = None,
        clock: Callable[[], float] = time.time,
        http_target: str | None = None,
        manifest: Path | None = None,
        *,
        rate_limits: bool = True,
    ) -> None:
        self.url = ""
        self.twilio_url: str | None = None
        self.faults = Faults()
        self.socket = SocketMode()
        self.manifest = Manifest.read(manifest)
        self.store = Store(clock)
        self.pacing = Pacing(clock, enabled=rate_limits)
        self._state_file = StateFile(state_file, self.store)
        self._events = HttpEvents(http_target, SIGNING_SECRET, clock)
        self.deliveries = Deliveries(self.socket, self._events, "http" if http_target else "socket")
        chat = Chat(self.store, self.manifest, self.pacing)
        views = Views(self.store, self.manifest)
        self._files = Files(self.store, chat, self._base_url)
        self._responses = Responses(self.store, chat, self.faults)
        self._payloads = Payloads(self.store, self._base_url)
        self._people = Interactions(self.store, self.manifest, views, self._payloads, self.deliveries, self._responses)
        self._api = WebApi(
            chat=chat,
            views=views,
            conversations=Conversations(self.store, self.manifest),
            directory=Directory(self.store, self.manifest),
            files=self._files,
            connections_open=self._connections_open,
            manifest=self.manifest,
            pacing=self.pacing,
            faults=self.faults,
            clock=clock,
        )
        self._control = Control(self)
        self._runner: web.AppRunner | None = None

    # --- life

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Serve; port 0 takes a free one. Raises OSError when the port is taken, ValueError on a broken state file."""
        self._state_file.load()
        self._state_file.watch()
        await self._events.start()
        app = web.Application(client_max_size=_MAX_BODY)
        app.router.add_route("*", "/api/{method}", self._api.handle)
        app.router.add_get("/link/", self.socket.link)
        app.router.add_post("/response/{id}", self._responses.handle)
        app.router.add_post("/upload/{id}", self._upload)
        app.router.add_get("/files/{id}", self._download)
        self._control.add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0]
        self.url = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{bound[1]}"

    async def stop(self) -> None:
        """Close every connection and write the state file."""
        await self.deliveries.close()
        await self._control.close()
        await self.socket.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self._events.close()
        self._state_file.close()

    async def wait_connected(self, timeout: float = 10.0) -> None:  # noqa: ASYNC109 - the caller's deadline
        """Wait for a Socket Mode client. Raises TimeoutError."""
        await self.socket.wait_connected(timeout)

    @property
    def http_target(self) -> str | None:
        """The app's request URL; setting one switches to signed HTTP, None switches back to Socket Mode."""
        return self._events.target

    @http_target.setter
    def http_target(self, target: str | None) -> None:
        self._events.target = target
        self.deliveries.mode = "http" if target else "socket"

    async def until(self, condition: Callable[[], _Seen], timeout: float = 5.0) -> _Seen:  # noqa: ASYNC109
        """Wait until `condition` gives something true after a change, and return it. Raises TimeoutError."""
        changed = asyncio.Event()

        def tell(_change: Changed) -> None:
            changed.set()

        self.store.listeners.append(tell)
        try:
            async with asyncio.timeout(timeout):
                while not (seen := condition()):
                    await changed.wait()
                    changed.clear()
        finally:
            self.store.listeners.remove(tell)
        return seen

    # --- what people do

    async def command(self, user: str, channel: str, command: str, text: str = "") -> Delivery:
        return await self._people.command(user, channel, command, text)

    async def click(
        self,
        user: str,
        action_id: str,
        *,
        channel: str | None = None,
        ts: str | None = None,
        view_id: str | None = None,
        block_id: str | None = None,
        value: Any = None,
        action: Mapping[str, Any] | None = None,
        state: Json | None = None,
    ) -> Delivery:
        return await self._people.click(
            user,
            action_id,
            channel=channel,
            ts=ts,
            view_id=view_id,
            block_id=block_id,
            value=value,
            action=action,
            state=state,
        )

    async def submit(
        self,
        user: str,
        values: Mapping[str, Any] | None = None,
        *,
        view_id: str | None = None,
        bypass_client: bool = False,
        state: Json | None = None,
    ) -> Delivery:
        return await self._people.submit(user, values, view_id=view_id, bypass_client=bypass_client, state=state)

    async def close(self, user: str, *, view_id: str | None = None, all_views: bool = False) -> Delivery:
        return await self._people.close(user, view_id=view_id, all_views=all_views)

    async def suggest(
        self,
        user: str,
        action_id: str,
        query: str,
        *,
        view_id: str | None = None,
        channel: str | None = None,
        ts: str | None = None,
        block_id: str | None = None,
    ) -> list[Json]:
        """The options shown, groups flattened."""
        answer = await self.load_options(
            user, action_id, query, view_id=view_id, channel=channel, ts=ts, block_id=block_id
        )
        grouped = [option for group in answer.get("option_groups", []) for option in group["options"]]
        return [*answer.get("options", []), *grouped]

    async def load_options(self, user: str, action_id: str, query: str, **place: str | None) -> Json:
        """As `suggest`, with the answer as the app gave it."""
        return await self._people.suggest(user, action_id, query, **place)

    async def open_home(self, user: str) -> Delivery:
        return await self._people.open_home(user)

    async def post_as(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> Delivery:
        return await self._people.post_as(user, channel, text, thread_ts)

    async def change_group(self, group_id: str, *, added: Sequence[str] = (), removed: Sequence[str] = ()) -> Delivery:
        return await self._people.change_group(group_id, added=added, removed=removed)

    def reload(self, user: str) -> None:
        self._people.reload(user)

    async def deliver(
        self,
        payload: Json,
        *,
        kind: Kind | None = None,
        headers: Mapping[str, str | None] | None = None,
        body: bytes | None = None,
    ) -> Delivery:
        """Send any payload, forged or replayed. Over HTTP `headers` override (None removes) and `body` replaces."""
        if kind is None:
            if "command" in payload:
                kind = "slash_commands"
            else:
                kind = "events_api" if payload.get("type") == "event_callback" else "interactive"
        return await self.deliveries.send(kind, payload, headers=headers, body=body)

    # --- what is there

    def views(self, user: str) -> list[Json]:
        """The open modals, the last is on top."""
        return [export(entry) for entry in self.store.stack(user)]

    def home(self, user: str) -> Json | None:
        home = self.store.homes.get(user)
        return export(home) if home else None

    def messages(self, channel: str) -> list[Json]:
        """Oldest first, replies in threads included."""
        return copy.deepcopy(self.store.messages.get(channel, []))

    def ephemerals(self, user: str, channel: str | None = None) -> list[Json]:
        return [
            copy.deepcopy(held.message)
            for held in self.store.ephemerals
            if held.user == user and channel in {None, held.channel}
        ]

    def calls(self, method: str | None = None) -> list[ApiCall]:
        """The Web API calls so far, oldest first."""
        return [call for call in self._api.log if method in {None, call.method}]

    def add_channel(self, channel_id: str, name: str, members: list[str], *, is_private: bool = False) -> None:
        self.store.channels[channel_id] = Channel(channel_id, name, members=list(members), is_private=is_private)
        self.store.changed("state")

    def meet(self, person: Person, *channels: str) -> None:
        """Somebody new is seen in these channels."""
        self.store.people[person.id] = person
        dm = dm_id(person.id)
        self.store.channels[dm] = Channel(dm, "directmessage", members=[person.id, BOT_USER_ID], user=person.id)
        for channel in channels:
            self.store.channels[channel].members.append(person.id)
        self.store.changed("state")

    def change_person(self, user: str, **fields: Any) -> None:
        """Somebody is deactivated, becomes a guest, or comes back, while everybody works on; `fields` of a `Person`.

        Channels and groups still name them: what Slack says about a person must count all the same.
        """
        self.store.people[user] = replace(self.store.people[user], **fields)
        self.store.changed("state")

    def remove_member(self, channel_id: str, user: str) -> None:
        self.store.channels[channel_id].members.remove(user)
        self.store.changed("state")

    # --- endpoints of its own

    def _base_url(self) -> str:
        return self.url

    def _connections_open(self, _args: Json) -> Json:
        host = urlsplit(self.url).netloc
        return {"url": f"ws://{host}/link/?ticket={self.socket.new_ticket()}&app_id={APP_ID}"}

    async def _upload(self, request: web.Request) -> web.Response:
        content = await request.read()
        if request.content_type == "multipart/form-data":
            form = await request.post()
            held = form.get("file") or form.get("filename")
            content = held.file.read() if isinstance(held, web.FileField) else b""
        try:
            self._files.receive(request.match_info["id"], content)
        except SlackError as refusal:
            return web.Response(status=400, text=refusal.error)
        return web.Response(text=f"OK - {len(content)}")

    async def _download(self, request: web.Request) -> web.Response:
        content = self.store.file_bytes.get(request.match_info["id"])
        if content is None:
            raise web.HTTPNotFound
        return web.Response(body=content)
