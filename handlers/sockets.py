"""Socket Mode: several connections at once, each watched, and each replaced before it is missed (slack.md 4.2, 4.3).

Slack gives a delivery to any one of an app's connections. slack_sdk's own client keeps one, closes it before it has
another, and tries a spent address for ever (docs/decisions/024-sockets-of-our-own.md).
"""

import asyncio
import json
import random
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.logs import bound_request
from handlers.background import Background
from handlers.door import CAME

MOST_SOCKETS: Final = 10
"""Of one app, over all its processes (slack.md 4.2)."""
ANSWER_SECONDS: Final = 3.0
"""Slack has given up on an answer by then."""
CLOSE_SECONDS: Final = 2.0
FRESH_SECONDS: Final = 10.0
"""How long after it was given an address is used."""
_REMEMBERED: Final = 500
"""Answers of one connection."""
_REFUSED: Final = {
    "too_many_websockets": f"Slack allows {MOST_SOCKETS} connections in all: lower TENFOUR_SLACK_CONNECTIONS or run "
    "fewer processes that hear from Slack",
    "link_disabled": "Socket Mode is switched off for this app: switch it on at api.slack.com/apps, Socket Mode",
}
"""Reasons of a `disconnect` that a new connection does not mend, and what does."""

log = structlog.get_logger()


@dataclass(frozen=True)
class SocketTempo:
    """The times of a connection, all in seconds.

    `ping`: after so long without any frame we send a ping, and after half as much again without any the connection is
    dead; Slack's own pings come more often than that. `dial`: how long opening one may take. `first` and `longest`:
    the wait after one failure, and after many; `settled`: a connection that lasted so long was no failure. `notice`:
    how long a connection that Slack wants replaced is still heard after its successor is open (slack.md 4.2: 10 s).
    """

    ping: float = 20.0
    dial: float = 10.0
    first: float = 1.0
    longest: float = 30.0
    settled: float = 30.0
    notice: float = 15.0


PRODUCTION: Final = SocketTempo()


class NotOpenedError(Exception):
    """Slack let us in and sent us away again; the text is its reason."""


@dataclass(frozen=True)
class Address:
    """Where a connection may be opened, once, and when Slack said so, by the monotonic clock."""

    url: str
    given: float


@dataclass(eq=False)
class _Socket:
    """One connection. `leaving` is set once a successor is wanted: Slack said so, or it is over; `why` says which.

    `sent` are its last answers, each with its time: they may be lost with it.
    """

    ws: aiohttp.ClientWebSocketResponse
    number: int
    opened: float
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    why: str = ""
    sent: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))


class Sockets:
    """Keeps `wanted` connections open, gives what arrives to `app`, and sends back its answers."""

    def __init__(
        self,
        app: AsyncApp,
        client: AsyncWebClient,
        app_token: str,
        wanted: int,
        tempo: SocketTempo = PRODUCTION,
        address: Address | None = None,
    ) -> None:
        self._app, self._client, self._app_token = app, client, app_token
        self._wanted, self._tempo, self._address = wanted, tempo, address
        self._readers: dict[_Socket, asyncio.Task[None]] = {}
        self._answers, self._retiring = Background(), Background()
        self._up = asyncio.Event()

    async def alive(self) -> bool:
        """Whether Slack reaches us over any connection: a dead one is found within one and a half pings."""
        return bool(self._readers)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Connections from the moment the first one is open until the body ends.

        It ends without losing what has arrived: what was taken is answered, then no more is taken, then they close.
        """
        async with aiohttp.ClientSession() as session:
            keepers = [asyncio.create_task(self._keep(session, number)) for number in range(1, self._wanted + 1)]
            try:
                await self._up.wait()
                yield
            finally:
                await _stop(keepers)
                await self._answers.finish(ANSWER_SECONDS)
                sockets = list(self._readers)
                for socket in sockets:
                    socket.leaving.set()  # it is we who go
                await _stop(list(self._readers.values()))
                await self._answers.finish(ANSWER_SECONDS)
                await asyncio.gather(*(socket.ws.close() for socket in sockets))
                await self._retiring.finish(CLOSE_SECONDS)

    async def _keep(self, session: aiohttp.ClientSession, number: int) -> None:
        """Have one connection, whatever happens to it."""
        failures, old = 0, None
        while True:
            try:
                socket = await self._open(session, number)
            except Exception as error:  # whatever it is, a bot that has stopped to try would be deaf without a word
                failures += 1
                wait = self._wait(failures, error)
                log.warning("socket_not_opened", socket=number, why=_why(error), failures=failures, again_in=wait)
                await asyncio.sleep(wait)
                continue
            if old:
                self._retiring.start(self._retire(old), f"socket {number}")
            await socket.leaving.wait()
            old = socket
            failures = 0 if time.monotonic() - socket.opened > self._tempo.settled else failures + 1
            if socket.why in _REFUSED:
                log.error("socket_refused", socket=number, why=_REFUSED[socket.why])
                failures += 10
            await asyncio.sleep(self._wait(failures - 1))

    async def _open(self, session: aiohttp.ClientSession, number: int) -> _Socket:
        """A connection on which Slack has said hello. Its address is good for one attempt, so each asks for another."""
        async with asyncio.timeout(self._tempo.dial):
            ws = await session.ws_connect(
                await self._where(),
                # the watchdog on the age of the last frame: any frame puts it off, and it ends a connection that says
                # nothing although it was asked
                heartbeat=self._tempo.ping,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
                proxy=self._client.proxy,
                ssl=True if self._client.ssl is None else self._client.ssl,
            )
            try:
                hello = _read_frame(await ws.receive())
            except BaseException:
                await ws.close()
                raise
        if hello.get("type") != "hello":
            await ws.close()
            raise NotOpenedError(str(hello.get("reason") or "it was closed at once"))
        socket = _Socket(ws, number, time.monotonic())
        self._readers[socket] = asyncio.create_task(self._read(socket))
        log.info("socket_open", socket=number, of_this_process=self._wanted, of_the_app=hello.get("num_connections"))
        self._up.set()
        return socket

    async def _where(self) -> str:
        """An address to connect to: that of the start, while it is fresh, or a new one."""
        first, self._address = self._address, None
        if first and time.monotonic() - first.given < FRESH_SECONDS:
            return first.url
        return str((await self._client.apps_connections_open(app_token=self._app_token))["url"])

    async def _read(self, socket: _Socket) -> None:
        try:
            async for message in socket.ws:
                self._take(socket, message)
        finally:
            del self._readers[socket]
            if not socket.leaving.is_set():
                socket.why = _ended(socket.ws)
                log.warning("socket_lost", socket=socket.number, why=socket.why)
                socket.leaving.set()
                if socket.ws.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE:
                    self._say_again(socket)

    def _take(self, socket: _Socket, message: aiohttp.WSMessage) -> None:
        frame = _read_frame(message)
        if frame.get("type") == "disconnect":
            # it stays open for a while, and what arrives on it meanwhile is answered
            socket.why = str(frame.get("reason"))
            log.info("socket_to_be_replaced", socket=socket.number, why=socket.why)
            socket.leaving.set()
        elif request := SocketModeRequest.from_dict(frame):
            came = asyncio.get_running_loop().time()
            self._answers.start(self._answer(socket, request, came), f"answer to {request.type}")

    async def _answer(self, socket: _Socket, request: SocketModeRequest, came: float) -> None:
        asked = AsyncBoltRequest(
            mode="socket_mode", body=request.payload, headers=build_headers(request), context={CAME: came}
        )
        with bound_request():
            response: BoltResponse = await self._app.async_dispatch(asked)
        if response.status != 200:  # left without an ack: Slack sends events again, and shows people an error
            log.warning("delivery_not_acknowledged", kind=request.type, status=response.status)
            return
        answer = json.dumps(SocketModeResponse(request.envelope_id, _payload(response)).to_dict())
        if not await self._send(answer, socket):
            log.warning("answer_not_sent", kind=request.type, why="no connection is open")

    def _say_again(self, lost: _Socket) -> None:
        """Send the answers again that a cut connection may have swallowed, while Slack still waits for them."""
        since = time.monotonic() - ANSWER_SECONDS
        for at, answer in lost.sent:
            if at > since:
                self._answers.start(self._send(answer, lost), "an answer again")

    async def _send(self, answer: str, socket: _Socket) -> bool:
        """Send an answer over its connection, or another one when that has gone: an envelope's id is the app's."""
        for one in (socket, *(other for other in list(self._readers) if other is not socket)):
            if not one.ws.closed:
                try:
                    await one.ws.send_str(answer)
                except ConnectionError:
                    continue
                one.sent.append((time.monotonic(), answer))
                return True
        return False

    async def _retire(self, socket: _Socket) -> None:
        """Close a connection that has a successor; Slack closes it first, so that no frame is on its way meanwhile."""
        if reader := self._readers.get(socket):
            await asyncio.wait({reader}, timeout=self._tempo.notice)
        await socket.ws.close()

    def _wait(self, failures: int, error: Exception | None = None) -> float:
        """How long to wait after so many failures in a row: longer each time, and never the same for all."""
        if failures <= 0:
            return 0.0
        if isinstance(error, SlackApiError) and (asked := error.response.headers.get("Retry-After", "")).isdecimal():
            return float(asked)
        if isinstance(error, NotOpenedError):
            return self._tempo.longest
        longest = min(self._tempo.longest, self._tempo.first * 2.0 ** min(failures - 1, 10))
        return round(random.uniform(0.5, 1.0) * longest, 2)  # no secret


def _read_frame(message: aiohttp.WSMessage) -> dict[str, Any]:
    """What a frame says; nothing of what is no JSON object, such as the note of a closed connection."""
    if message.type is not aiohttp.WSMsgType.TEXT:
        return {}
    try:
        frame = json.loads(message.data)
    except ValueError:
        frame = None
    return frame if isinstance(frame, dict) else {}


def _payload(response: BoltResponse) -> dict[str, Any] | None:
    """The answer as Slack takes it in an envelope: JSON as it is, a text as a message's."""
    if not response.body:
        return None
    if response.first_headers().get("content-type", "").startswith("application/json"):
        payload: dict[str, Any] = json.loads(response.body)
        return payload
    return {"text": response.body}


def _ended(ws: aiohttp.ClientWebSocketResponse) -> str:
    """Why a connection is over."""
    match ws.exception():
        case aiohttp.ServerTimeoutError():
            return "silent: no frame came, and no answer to a ping"
        case None:
            return f"closed by Slack ({ws.close_code})"
        case error:
            return type(error).__name__


def _why(error: Exception) -> str:
    if isinstance(error, SlackApiError):
        said = error.response.get("error") if isinstance(error.response.data, dict) else ""
        return f"Slack says {said or error.response.status_code}"
    if isinstance(error, NotOpenedError):
        return _REFUSED.get(str(error), str(error))
    return f"{type(error).__name__} {error}".strip()


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
