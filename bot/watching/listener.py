"""The port for those who run the bot: /healthz, /readyz and /metrics. It knows nothing of Slack, and asks for no proof.

It listens on every address of the machine, as a container's probe comes from outside; keep it in your own network.
"""

import errno
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from bot.watching.readiness import Readiness

NEVER_KEPT = {"Cache-Control": "no-store"}


class PortTaken(Exception):
    """The port cannot be listened on; the text says why."""


@asynccontextmanager
async def listen_for_operators(
    port: int, readiness: Readiness, registry: CollectorRegistry, refresh: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    """Serve the three paths until the body ends; `refresh` reads anew what is shown, before it is shown.

    Raises `PortTaken`.
    """

    async def health(request: web.Request) -> web.Response:
        # that it answers is the answer: the process lives, and its loop turns
        return web.json_response({"ok": True}, headers=NEVER_KEPT)

    async def ready(request: web.Request) -> web.Response:
        report = await readiness.report()
        return web.json_response(report.as_json(), status=200 if report.ready else 503, headers=NEVER_KEPT)

    async def metrics(request: web.Request) -> web.Response:
        await readiness.report()
        await refresh()
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type, **NEVER_KEPT})

    site = web.Application()
    site.add_routes([web.get("/healthz", health), web.get("/readyz", ready), web.get("/metrics", metrics)])
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await serve_on(runner, port)
        yield
    finally:
        await runner.cleanup()


async def serve_on(runner: web.AppRunner, port: int) -> None:
    """Serve on a port of every address of the machine. Raises `PortTaken`."""
    try:
        await web.TCPSite(runner, port=port).start()
    except OSError as error:
        why = "something listens there already" if error.errno == errno.EADDRINUSE else error.strerror
        raise PortTaken(f"port {port} cannot be used: {why}") from error
