"""The HTTP control API under /_sandbox, which the sandbox's web page uses, and the page's own files."""

import asyncio
import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox import world
from bot.sandbox.slack.conversations import with_thread_counts
from bot.sandbox.slack.deliveries import Delivery
from bot.sandbox.slack.errors import Json
from bot.sandbox.slack.interactions import OptionsLoadError
from bot.sandbox.slack.screens import NotOnScreenError
from bot.sandbox.slack.store import Changed, Channel

if TYPE_CHECKING:
    from bot.sandbox.slack.server import LocalSlack

_STANDINGS = ("deleted", "is_restricted", "is_ultra_restricted", "is_stranger")
WEB_FOLDER = Path(world.__file__).parent / "web"


class Control:
    """JSON endpoints over a LocalSlack: the same drivers and views that tests use in Python."""

    def __init__(self, slack: "LocalSlack") -> None:
        self._slack = slack
        self._live: dict[web.WebSocketResponse, tuple[str, asyncio.Queue[Json]]] = {}
        slack.store.listeners.append(self._tell)

    def add_routes(self, app: web.Application) -> None:
        app.middlewares.append(_own_pages_only)
        app.router.add_get("/", self._page("index.html"))
        app.router.add_get("/carrier", self._page("carrier.html"))
        app.router.add_get("/web/{path:.+}", self._file)
        get, post = app.router.add_get, app.router.add_post
        get("/_sandbox/state", self._state)
        get("/_sandbox/messages", self._messages)
        get("/_sandbox/views", self._views)
        get("/_sandbox/home", self._home)
        get("/_sandbox/log", self._log)
        get("/_sandbox/live", self._live_socket)
        post("/_sandbox/command", self._command)
        post("/_sandbox/click", self._click)
        post("/_sandbox/submit", self._submit)
        post("/_sandbox/close", self._close)
        post("/_sandbox/suggest", self._suggest)
        post("/_sandbox/home", self._open_home)
        post("/_sandbox/message", self._message)
        post("/_sandbox/person", self._change_person)

    async def close(self) -> None:
        for socket in list(self._live):
            await socket.close()

    # --- reading

    async def _state(self, request: web.Request) -> web.Response:
        slack, user = self._slack, _user(self._slack, request.query.get("user") or world.RITA.id)
        body = {
            "team": {"id": world.TEAM_ID, "name": world.TEAM_NAME, "domain": world.TEAM_DOMAIN},
            "user": user,
            "people": [_person(person) for person in slack.store.people.values() if not person.is_bot],
            "channels": [
                self._describe(channel, user) for channel in slack.store.channels.values() if user in channel.members
            ],
            "commands": [
                {"command": entry.command, "description": entry.description, "usage_hint": entry.usage_hint}
                for entry in slack.manifest.commands
            ],
            "bot": {
                "id": world.BOT_USER_ID,
                "name": world.BOT_NAME,
                "connected": slack.socket.connected or slack.deliveries.mode == "http",
            },
            "groups": [
                {"id": g.id, "handle": g.handle, "members": list(g.members)} for g in slack.store.groups.values()
            ],
            "twilio_url": slack.twilio_url,
        }
        return web.json_response(body)

    def _describe(self, channel: Channel, user: str) -> Json:
        read = self._slack.store.read_until.get((user, channel.id), "")
        unread = sum(1 for m in self._slack.store.messages.get(channel.id, []) if m["ts"] > read and m["user"] != user)
        return {
            "id": channel.id,
            "name": world.BOT_NAME if channel.is_im else channel.name,
            "is_im": channel.is_im,
            "topic": channel.topic,
            "unread": unread,
            "members": list(channel.members),
            "is_read_only": channel.is_im and self._slack.manifest.messages_read_only,
        }

    async def _messages(self, request: web.Request) -> web.Response:
        store = self._slack.store
        user, channel_id = _user(self._slack, request.query.get("user")), request.query.get("channel", "")
        channel = store.channels.get(channel_id)
        if channel is None or user not in channel.members:
            raise _problem(404, f"{user} is not in a channel {channel_id}")
        shown = []
        for message in store.messages.get(channel_id, []):
            counted = with_thread_counts(store, channel_id, copy.deepcopy(message))
            shown.append({**counted, "reply_count": counted.get("reply_count", 0)})
        if shown and store.read_until.get((user, channel_id)) != shown[-1]["ts"]:
            store.read_until[user, channel_id] = shown[-1]["ts"]
            store.changed("state", user=user)
        shown += [
            {**copy.deepcopy(held.message), "is_ephemeral": True, "reply_count": 0}
            for held in store.ephemerals
            if held.user == user and held.channel == channel_id
        ]
        return web.json_response({"messages": sorted(shown, key=lambda message: str(message["ts"]))})

    async def _views(self, request: web.Request) -> web.Response:
        return web.json_response(self._open_views(_user(self._slack, request.query.get("user"))))

    def _open_views(self, user: str) -> Json:
        store = self._slack.store
        return {
            "views": self._slack.views(user),
            "errors": store.view_errors.get(user),
            "notice": store.notices.get(user),
        }

    async def _home(self, request: web.Request) -> web.Response:
        return web.json_response({"view": self._slack.home(_user(self._slack, request.query.get("user")))})

    async def _log(self, _request: web.Request) -> web.Response:
        calls = [
            {"method": call.method, "args": call.args, "response": call.response, "status": call.status, "at": call.at}
            for call in reversed(self._slack.calls()[-500:])
        ]
        return web.json_response({"calls": calls})

    # --- doing

    async def _command(self, request: web.Request) -> web.Response:
        body = await _body(request)
        user = _user(self._slack, body.get("user"))
        with _Answering():
            delivery = await self._slack.command(
                user, str(body.get("channel")), str(body.get("command")), str(body.get("text") or "")
            )
        return web.json_response(_outcome(delivery))

    async def _click(self, request: web.Request) -> web.Response:
        body = await _body(request)
        user = _user(self._slack, body.get("user"))
        with _Answering():
            delivery = await self._slack.click(
                user,
                str(body.get("action_id")),
                channel=body.get("channel"),
                ts=body.get("ts"),
                view_id=body.get("view_id"),
                block_id=body.get("block_id"),
                action=body.get("action") or {},
                state=(body.get("state") or {}).get("values"),
            )
        return web.json_response({**_outcome(delivery), **self._open_views(user)})

    async def _submit(self, request: web.Request) -> web.Response:
        body = await _body(request)
        user = _user(self._slack, body.get("user"))
        with _Answering():
            delivery = await self._slack.submit(
                user, view_id=body.get("view_id"), state=(body.get("state") or {}).get("values")
            )
        return web.json_response({**self._open_views(user), **_outcome(delivery)})

    async def _close(self, request: web.Request) -> web.Response:
        body = await _body(request)
        user = _user(self._slack, body.get("user"))
        with _Answering():
            delivery = await self._slack.close(user, view_id=body.get("view_id"), all_views=bool(body.get("all_views")))
        return web.json_response({**self._open_views(user), **_outcome(delivery)})

    async def _suggest(self, request: web.Request) -> web.Response:
        body = await _body(request)
        place = {name: body.get(name) for name in ("view_id", "channel", "ts", "block_id")}
        user = _user(self._slack, body.get("user"))
        with _Answering():
            answer = await self._slack.load_options(
                user, str(body.get("action_id")), str(body.get("value") or ""), **place
            )
        return web.json_response(answer)

    async def _open_home(self, request: web.Request) -> web.Response:
        user = _user(self._slack, (await _body(request)).get("user"))
        return web.json_response({**_outcome(await self._slack.open_home(user)), "view": self._slack.home(user)})

    async def _message(self, request: web.Request) -> web.Response:
        body = await _body(request)
        user = _user(self._slack, body.get("user"))
        with _Answering():
            delivery = await self._slack.post_as(
                user, str(body.get("channel")), str(body.get("text") or ""), body.get("thread_ts")
            )
        return web.json_response(_outcome(delivery))

    async def _change_person(self, request: web.Request) -> web.Response:
        body = await _body(request)
        user = _user(self._slack, body.pop("user", None))
        if unknown := {name for name, value in body.items() if name not in _STANDINGS or not isinstance(value, bool)}:
            raise _problem(400, f"only true or false for {', '.join(_STANDINGS)}, not {', '.join(sorted(unknown))}")
        self._slack.change_person(user, **body)
        return web.json_response(_person(self._slack.store.people[user]))

    # --- live

    async def _live_socket(self, request: web.Request) -> web.WebSocketResponse:
        user = _user(self._slack, request.query.get("user"))
        socket = web.WebSocketResponse(timeout=1.0, heartbeat=20.0)
        await socket.prepare(request)
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self._live[socket] = (user, queue)
        writer = asyncio.get_running_loop().create_task(_pump(socket, queue))
        try:
            async for _message in socket:
                pass
        finally:
            del self._live[socket]
            writer.cancel()
        return socket

    def _tell(self, change: Changed) -> None:
        message: Json = {"type": "changed", "what": change.what}
        if change.channel is not None:
            message["channel"] = change.channel
        for user, queue in self._live.values():
            if change.user not in {None, user}:
                continue
            channel = self._slack.store.channels.get(change.channel or "")
            if channel is None or user in channel.members:
                queue.put_nowait(message)

    # --- files

    def _page(self, name: str) -> Any:
        async def serve(_request: web.Request) -> web.StreamResponse:
            return _static(WEB_FOLDER / name)

        return serve

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return _static(WEB_FOLDER / request.match_info["path"])


class _Answering:
    """Turns what a driver refuses into an HTTP answer with an `error` text."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, problem: BaseException | None, _trace: object) -> None:
        if isinstance(problem, NotOnScreenError):
            raise _problem(404, str(problem)) from problem
        if isinstance(problem, OptionsLoadError):
            raise _problem(502, str(problem)) from problem
        if isinstance(problem, ValueError):
            raise _problem(400, str(problem)) from problem


@web.middleware
async def _own_pages_only(request: web.Request, handler: Any) -> web.StreamResponse:
    """The control API acts for people without asking who calls, so other web sites are kept out of it."""
    origin = request.headers.get("Origin")
    if request.path.startswith("/_sandbox") and origin and urlsplit(origin).netloc != request.host:
        raise _problem(403, "the control API answers only to its own page")
    response: web.StreamResponse = await handler(request)
    return response


async def _pump(socket: web.WebSocketResponse, queue: asyncio.Queue[Json]) -> None:
    while not socket.closed:
        await socket.send_json(await queue.get())


def _static(path: Path) -> web.StreamResponse:
    inside = path.resolve()
    if not inside.is_relative_to(WEB_FOLDER.resolve()) or not inside.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(inside, headers={"Cache-Control": "no-cache"})


async def _body(request: web.Request) -> Json:
    try:
        body = await request.json()
    except ValueError:
        raise _problem(400, "the body must be JSON") from None
    if not isinstance(body, dict):
        raise _problem(400, "the body must be a JSON object")
    return body


def _user(slack: "LocalSlack", user: Any) -> str:
    if user not in slack.store.people:
        raise _problem(404, f"no such person: {user}")
    return str(user)


def _problem(status: int, text: str) -> web.HTTPException:
    kinds: dict[int, type[web.HTTPException]] = {
        400: web.HTTPBadRequest,
        403: web.HTTPForbidden,
        404: web.HTTPNotFound,
        502: web.HTTPBadGateway,
    }
    return kinds[status](text=json.dumps({"error": text}), content_type="application/json")


def _person(person: world.Person) -> Json:
    return {
        "id": person.id,
        "name": person.name,
        "real_name": person.real_name,
        "title": person.title,
        "initials": person.initials,
        "color": person.color,
        "is_restricted": person.is_restricted,
        "deleted": person.deleted,
    }


def _outcome(delivery: Delivery) -> Json:
    outcome: Json = {"status": delivery.status, "elapsed_ms": round(delivery.elapsed * 1000, 1)}
    if delivery.errors:
        outcome["errors"] = delivery.errors
    if delivery.messages:
        outcome["messages"] = delivery.messages
    return outcome
