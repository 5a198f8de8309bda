"""Wires that misbehave: between a worker and Twilio, and between a worker and Redis."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import unquote, urlsplit

import aiohttp
from aiohttp import web


@asynccontextmanager
async def answering_500(target: str, method: str, path: str) -> AsyncIterator[str]:
    """Passes requests on to `target`, and answers HTTP 500 to one method and path though Twilio has done it."""
    async with aiohttp.ClientSession() as session:

        async def forward(request: web.Request) -> web.Response:
            headers = {k: v for k, v in request.headers.items() if k not in ("Host", "Content-Length")}
            data = await request.read()
            async with session.request(
                request.method, target + request.path_qs, headers=headers, data=data or None
            ) as answer:
                body = await answer.read()
            if request.method == method and request.path.endswith(path):
                return web.Response(status=500, text="Internal server error")
            return web.Response(status=answer.status, body=body, content_type=answer.content_type)

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", forward)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        await runner.cleanup()


class RedisWire:
    """A way to Redis that can be made to break off: while `broken`, whatever is sent is lost with its connection."""

    def __init__(self, url: str) -> None:
        self._socket = unquote(urlsplit(url).path)
        self._server: asyncio.Server | None = None
        self._pumps: set[asyncio.Task[None]] = set()
        self.broken = False
        self.lost = 0
        self.url = ""

    async def __aenter__(self) -> "RedisWire":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/0"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server:
            self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(self._socket)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            pump = asyncio.create_task(self._pump(source, sink, both=(writer, far_writer)))
            self._pumps.add(pump)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, both: tuple[asyncio.StreamWriter, ...]
    ) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                if self.broken:
                    self.lost += 1
                    break
                sink.write(data)
                await sink.drain()
        for writer in both:
            writer.close()
