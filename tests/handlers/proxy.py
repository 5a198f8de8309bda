"""A reverse proxy, as it stands before a bot: it serves it below a path, and removes that path or leaves it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

BELOW = "/tenfour"


@asynccontextmanager
async def reverse_proxy(bot: str, *, strips: bool) -> AsyncIterator[str]:
    """Its own address, with the path; what is below it goes to `bot`, with the client's address as proxies add it."""

    async def forward(request: web.Request) -> web.Response:
        path = request.raw_path.removeprefix(BELOW) if strips else request.raw_path
        before = request.headers.get("X-Forwarded-For")
        headers = {k: v for k, v in request.headers.items() if k not in ("Host", "Content-Length", "X-Forwarded-For")}
        headers["X-Forwarded-For"] = ", ".join(filter(None, [before, "203.0.113.7"]))
        url = URL(bot + path, encoded=True)
        async with session.request(request.method, url, data=await request.read(), headers=headers) as answer:
            kind = {"Content-Type": answer.headers["Content-Type"]} if "Content-Type" in answer.headers else {}
            return web.Response(status=answer.status, body=await answer.read(), headers=kind)

    site = web.Application(client_max_size=10_000_000)
    site.router.add_route("*", BELOW + "/{path:.*}", forward)
    async with aiohttp.ClientSession(auto_decompress=False) as session, TestServer(site) as server:
        yield str(server.make_url(BELOW))
