"""Socket Mode: tickets, connections, envelopes and their acknowledgements (slack.md section 4.2)."""

import asyncio
import json
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp
from aiohttp import web

from bot.sandbox.slack.errors import Json
from bot.sandbox.world import APP_ID

MAX_CONNECTIONS = 10
_HEARTBEAT_SECONDS = 20.0


@dataclass(eq=False)
class _Connection:
    """One websocket, with the transport below it so that it can be cut. A `silent` one is dead and does not say so."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    silent: bool = False


@dataclass
class _Envelope:
    """An envelope on its way. `expected` acks are waited for: two when a duplicate was sent."""

    expected: int
    acks: list[Json | None] = field(default_factory=list)
    complete: asyncio.Event = field(default_factory=asyncio.Event)


class SocketMode:
    """The `/link/` endpoint. Every envelope goes to exactly one connection, in turn."""

    def __init__(self) -> None:
        self.black_hole = False
        self._tickets: set[str] = set()
        self._connections: list[_Connection] = []
        self._waiting: dict[str, _Envelope] = {}
        self._turn = 0
        self._connected = asyncio.Event()

    @property
    def connected(self) -> bool:
        return bool(self._connections)

    @property
    def open(self) -> int:
        """How many connections there are, the silent ones too."""
        return len(self._connections)

    def new_ticket(self) -> str:
        """Good for one connection."""
        ticket = str(uuid4())
        self._tickets.add(ticket)
        return ticket

    async def wait_connected(self, timeout: float) -> None:  # noqa: ASYNC109 - the caller's deadline
        async with asyncio.timeout(timeout):
            await self._connected.wait()

    async def link(self, request: web.Request) -> web.WebSocketResponse:
        """GET /link/?ticket=... ; HTTP 401 for a ticket that is unknown or was used before."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPUnauthorized(text="invalid ticket")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(timeout=1.0, heartbeat=_HEARTBEAT_SECONDS, autoping=False)
        await socket.prepare(request)
        if len(self._connections) >= MAX_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        connection = _Connection(socket, request.transport)
        self._connections.append(connection)
        try:
            await socket.send_json(_hello(len(self._connections)))
            self._connected.set()
            await self._read(connection)
        finally:
            self._forget(connection)
        return socket

    async def send(
        self,
        kind: str,
        payload: Json,
        timeout: float,  # noqa: ASYNC109 - the deadline is part of what is simulated
        *,
        copies: int = 1,
        retry_attempt: int = 0,
        retry_reason: str = "",
    ) -> tuple[str, Json | None]:
        """Deliver and wait: ("acked", reply), ("timeout", None) or ("not_connected", None).

        Copies carry the same envelope id, as seen after reconnects of real apps.
        """
        envelope_id = str(uuid4())
        frame: Json = {
            "envelope_id": envelope_id,
            "type": kind,
            "accepts_response_payload": kind != "events_api",
            "payload": payload,
        }
        if kind == "events_api" or retry_attempt:
            frame |= {"retry_attempt": retry_attempt, "retry_reason": retry_reason}
        envelope = _Envelope(copies)
        self._waiting[envelope_id] = envelope
        try:
            sent = [await self._send_to_one(frame) for _ in range(copies)]
            if not any(sent):
                return "not_connected", None
            async with asyncio.timeout(timeout):
                await envelope.complete.wait()
        except TimeoutError:
            if not envelope.acks:
                return "timeout", None
        finally:
            del self._waiting[envelope_id]
        return "acked", envelope.acks[0] if kind != "events_api" else None

    async def disconnect(
        self, reason: str = "refresh_requested", *, close: bool = True, most: int = MAX_CONNECTIONS
    ) -> None:
        """Tell clients to reconnect, the oldest first (`warning` with close=False is the notice before)."""
        for connection in self._connections[:most]:
            frame = {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
            await connection.socket.send_json(frame)
            if close:
                self._forget(connection)
                await connection.socket.close()

    async def say(self, text: str) -> None:
        """Send this frame over every connection, whatever it is."""
        for connection in list(self._connections):
            await connection.socket.send_str(text)

    def silence(self) -> None:
        """Let the oldest connection fall silent: it stays open, says nothing and hears nothing, as half-open do."""
        self._connections[0].silent = True

    def drop(self, most: int = MAX_CONNECTIONS) -> None:
        """Cut connections without a closing frame, the oldest first, as a broken network does."""
        for connection in self._connections[:most]:
            self._forget(connection)
            if connection.transport is not None:
                connection.transport.abort()

    async def close(self) -> None:
        for connection in list(self._connections):
            self._forget(connection)
            await connection.socket.close(code=aiohttp.WSCloseCode.GOING_AWAY)

    async def _send_to_one(self, frame: Json) -> bool:
        while self._connections:
            self._turn += 1
            connection = self._connections[self._turn % len(self._connections)]
            if connection.silent:  # it is sent, and lost on its way
                return True
            try:
                await connection.socket.send_json(frame)
            except (ConnectionError, RuntimeError):
                self._forget(connection)
                continue
            return True
        return False

    async def _read(self, connection: _Connection) -> None:
        socket = connection.socket
        async for message in socket:
            if self.black_hole or connection.silent:
                continue
            if message.type == aiohttp.WSMsgType.PING:
                await socket.pong(message.data)
            elif message.type == aiohttp.WSMsgType.TEXT:
                self._acknowledge(message.data)

    def _acknowledge(self, text: str) -> None:
        try:
            ack = json.loads(text)
        except ValueError:
            return
        envelope = self._waiting.get(ack.get("envelope_id", "")) if isinstance(ack, dict) else None
        if envelope is None:
            return
        payload = ack.get("payload")
        envelope.acks.append(payload if isinstance(payload, dict) and payload else None)
        if len(envelope.acks) >= envelope.expected:
            envelope.complete.set()

    def _forget(self, connection: _Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
        if not self._connections:
            self._connected.clear()


def _hello(connections: int) -> Json:
    return {
        "type": "hello",
        "num_connections": connections,
        "connection_info": {"app_id": APP_ID},
        "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060},
    }
