"""Slack over HTTP: one path for commands, clicks, submissions, options and events."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

PATH = "/slack/events"
LARGEST_BODY = 1_000_000
STAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"
MOST_DIGITS = 12
"""Of a time in seconds."""


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
        if not _judgeable(request):
            return web.json_response({"error": "not surely from Slack"}, status=401)
        try:
            await request.text()
        except (UnicodeDecodeError, LookupError):  # no text in the encoding that it names
            return web.json_response({"error": "not a text"}, status=400)
        response: web.Response = await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))
        return response

    return slack


def _judgeable(request: web.Request) -> bool:
    """Whether the proof has the shape of one: at any other, Bolt's verifier fails with an error instead of refusing."""
    stamp, signature = request.headers.get(STAMP, ""), request.headers.get(SIGNATURE, "")
    return stamp.isascii() and stamp.isdecimal() and len(stamp) <= MOST_DIGITS and signature.isascii()
