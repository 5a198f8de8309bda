"""Slack over HTTP: one path for commands, clicks, submissions, options and events."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

PATH = "/slack/events"
LARGEST_BODY = 1_000_000


@asynccontextmanager
async def listen(app: AsyncApp | None, port: int, others: Sequence[web.RouteDef] = ()) -> AsyncIterator[None]:
    """Serve Slack's requests (with an `app`) and `others` on `port` until the body ends.

    Requests under way are answered first.
    """

    async def health(request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    site = web.Application(client_max_size=LARGEST_BODY)
    if app:
        site.router.add_post(PATH, _slack(app))
    site.add_routes(others)
    site.router.add_get("/healthz", health)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=5)
    await runner.setup()
    try:
        await web.TCPSite(runner, port=port).start()
        yield
    finally:
        await runner.cleanup()


def _slack(app: AsyncApp) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def slack(request: web.Request) -> web.Response:
        response: web.Response = await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))
        return response

    return slack
