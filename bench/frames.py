"""Socket Mode's side of Slack, as fast as frames are acknowledged, in a process of its own: see `frames`.

It hands out the address of its own socket, and passes every other Web API call on to the local Slack.
"""

import argparse
import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web

from bench.load import HOST, Load, Tally, free_port, helper, load_of, orders

HEARTBEAT_SECONDS = 5.0
CONNECT_SECONDS = 60.0


@dataclass(frozen=True)
class Frames:
    """A Slack for Socket Mode: `api_url` for whoever connects, `drive` to have frames acknowledged."""

    api_url: str
    drive: Callable[[Sequence[bytes], int], Awaitable[Load]]
    """Frames as they go over the wire, and how many in flight, to how they were acknowledged."""


def frame(kind: str, payload: dict[str, Any], number: int) -> bytes:
    """An envelope (slack.md 4.2)."""
    envelope = {"envelope_id": f"E{number}", "type": kind, "accepts_response_payload": True, "payload": payload}
    return json.dumps(envelope).encode()


@asynccontextmanager
async def frames(slack_url: str) -> AsyncIterator[Frames]:
    """Such a Slack in a process of its own, in front of the local Slack at `slack_url`."""
    port = free_port()
    async with helper("bench.frames", str(port), slack_url) as ask:

        async def drive(wanted: Sequence[bytes], in_flight: int) -> Load:
            return load_of(await ask({"in_flight": in_flight}, wanted))

        yield Frames(f"http://{HOST}:{port}/api/", drive)


class _Link:
    """The sockets of one app. Frames go to each in turn."""

    def __init__(self, port: int, slack_url: str, session: aiohttp.ClientSession) -> None:
        self._port, self._slack_url, self._session = port, slack_url, session
        self._sockets: list[web.WebSocketResponse] = []
        self._connected = asyncio.Event()
        self._turns: Iterator[tuple[str, str]] = iter(())
        self._sent: dict[str, float] = {}
        self._tally: Tally | None = None
        self._next = itertools.count()

    async def api(self, request: web.Request) -> web.Response:
        if request.match_info["method"] == "apps.connections.open":
            return web.json_response({"ok": True, "url": f"ws://{HOST}:{self._port}/link/"})
        passed = {n: v for n, v in request.headers.items() if n in ("Authorization", "Content-Type")}
        url = f"{self._slack_url}{request.path_qs}"
        async with self._session.request(request.method, url, data=await request.read(), headers=passed) as answer:
            body = await answer.read()
            return web.Response(status=answer.status, body=body, content_type=answer.content_type)

    async def link(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, compress=False)
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1, "debug_info": {"host": "bench"}})
        self._sockets.append(socket)
        self._connected.set()
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                await self._acknowledged(message.data)
        self._sockets.remove(socket)
        return socket

    async def drive(self, wanted: Sequence[bytes], in_flight: int) -> Load:
        """Send each once; as many are under way as are wanted."""
        async with asyncio.timeout(CONNECT_SECONDS):
            await self._connected.wait()
        self._turns = iter([(json.loads(text)["envelope_id"], text.decode()) for text in wanted])
        self._tally = Tally(len(wanted))
        for _ in range(in_flight):
            await self._send_next()
        return await self._tally.complete()

    async def _send_next(self) -> None:
        if turn := next(self._turns, None):
            envelope, text = turn
            self._sent[envelope] = time.perf_counter()
            await self._sockets[next(self._next) % len(self._sockets)].send_str(text)

    async def _acknowledged(self, text: str) -> None:
        ack = json.loads(text)
        sent = self._sent.pop(ack.get("envelope_id", ""), None)
        if sent is None or self._tally is None:
            return
        payload = ack.get("payload")
        self._tally.add(time.perf_counter() - sent, 200, json.dumps(payload).encode() if payload else b"")
        await self._send_next()


async def _serve(port: int, slack_url: str) -> None:
    async with AsyncExitStack() as stack:
        link = _Link(port, slack_url, await stack.enter_async_context(aiohttp.ClientSession()))
        site = web.Application()
        site.router.add_route("*", "/api/{method}", link.api)
        site.router.add_get("/link/", link.link)
        runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, HOST, port).start()
        await orders(lambda order, parts: link.drive(parts, order["in_flight"]))


def main() -> None:
    """Serve until the standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("slack_url")
    wanted = parser.parse_args()
    asyncio.run(_serve(wanted.port, wanted.slack_url))


if __name__ == "__main__":
    main()
