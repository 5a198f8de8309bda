"""Slack over HTTP: one path for commands, clicks, submissions, options and events. Others are served beside it.

What stands between the bot and the world is a TLS proxy. It may serve the bot under a path of its own, which it takes
away or leaves; its headers are believed for the log alone (`handlers.forwarded`).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from bot.logs import bound_request
from bot.settings import SettingsProblem
from bot.twilio.gateway import EVENTS_PATH, STATUS_PATH
from bot.watching.listener import PortTaken, serve_on
from bot.watching.observer import NOBODY, Observer
from handlers.door import CAME
from handlers.forwarded import HEADER, Network, client_address

PATH = "/slack/events"
LARGEST_BODY = 1_000_000
STAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"
MOST_DIGITS = 12
"""Of a time in seconds."""
BODY_SECONDS: Final = 10.0
"""How long a body may take: Slack has given up after three, Twilio waits for fifteen."""
KEEP_ALIVE_SECONDS: Final = 650.0
"""How long an idle connection is kept: longer than any usual proxy keeps its own (60 s, Google's 600 s), which would
otherwise send a request into a connection that is being closed, and answer it with 502."""
LINGER_SECONDS: Final = 1.0
SOURCES: Final[Mapping[str, str]] = MappingProxyType(
    {PATH: "slack", EVENTS_PATH: "twilio_events", STATUS_PATH: "twilio_callbacks", "/tcr/": "tcr"}
)
"""Who sends to a path, by a part of it, as the metrics call them."""
REASONS: Final[Mapping[int, str]] = MappingProxyType(
    {400: "malformed", 401: "credentials", 403: "signature", 404: "address", 408: "too_slow", 413: "too_large"}
)
"""Why a request was refused, by the status with which it was."""

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Listener:
    """Where requests arrive: every path also below `prefix` ("" or "/tenfour"), for a proxy that leaves it there.

    `trusted` are the networks of proxies whose word about the client's address is written into the log.
    """

    port: int
    prefix: str = ""
    trusted: tuple[Network, ...] = ()
    body_seconds: float = BODY_SECONDS
    observer: Observer = NOBODY


@asynccontextmanager
async def listen(app: AsyncApp | None, listener: Listener, others: Sequence[web.RouteDef] = ()) -> AsyncIterator[None]:
    """Serve Slack's requests (with an `app`) and `others` until the body ends.

    Requests under way are answered first. Raises `SettingsProblem` when the port cannot be used.
    """

    async def health(request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    site = web.Application(client_max_size=LARGEST_BODY, middlewares=[_door(listener)])
    routes = [*others, web.post(PATH, _slack(app))] if app else others
    for prefix in dict.fromkeys(("", listener.prefix)):
        for route in routes:
            site.router.add_route(route.method, prefix + route.path, route.handler, **route.kwargs)
    site.router.add_get("/healthz", health)
    site.on_response_prepare.append(_keep_to_ourselves)
    runner = web.AppRunner(
        site,
        access_log=None,
        shutdown_timeout=5,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
        lingering_time=LINGER_SECONDS,
    )
    await runner.setup()
    try:
        try:
            await serve_on(runner, listener.port)
        except PortTaken as problem:
            raise SettingsProblem([f"PORT: {problem}. Choose another one, or free it."]) from None
        yield
    finally:
        await runner.cleanup()


def _slack(app: AsyncApp) -> Handler:
    async def slack(request: web.Request) -> web.Response:
        came = asyncio.get_running_loop().time()
        if not _judgeable(request):
            return web.json_response({"error": "not surely from Slack"}, status=401)
        try:
            await request.text()
        except (UnicodeDecodeError, LookupError):  # no text in the encoding that it names
            return web.json_response({"error": "not a text"}, status=400)
        asked = await to_bolt_request(request)
        asked.context[CAME] = came
        response: web.Response = await to_aiohttp_response(await app.async_dispatch(asked))
        return response

    return slack


def _judgeable(request: web.Request) -> bool:
    """Whether the proof has the shape of one: at any other, Bolt's verifier fails with an error instead of refusing."""
    stamp, signature = request.headers.get(STAMP, ""), request.headers.get(SIGNATURE, "")
    return stamp.isascii() and stamp.isdecimal() and len(stamp) <= MOST_DIGITS and signature.isascii()


def _door(listener: Listener) -> Middleware:
    """Lets whole requests in, and writes down which were refused."""

    @web.middleware
    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if request.match_info.http_exception is None:  # nobody waits for a body that nobody reads
                await _whole(request, listener.body_seconds)
            with bound_request():
                response = await handler(request)
        except web.HTTPException as refused:
            _write_down(request, refused.status, listener)
            raise
        if 400 <= response.status < 500:
            _write_down(request, response.status, listener)
        return response

    return door


async def _whole(request: web.Request, seconds: float) -> None:
    """Read the body, whatever its sender does. Raises HTTP 413 for one that is too large, 408 for one that trickles."""
    if (request.content_length or 0) > LARGEST_BODY:
        raise _too_large(request)
    try:
        async with asyncio.timeout(seconds):
            await request.read()
    except web.HTTPRequestEntityTooLarge:  # it had not said so
        raise _too_large(request) from None
    except TimeoutError:
        slow = web.HTTPRequestTimeout(text=f"The body did not arrive within {seconds:g} seconds.")
        slow.force_close()
        raise slow from None


def _too_large(request: web.Request) -> web.HTTPRequestEntityTooLarge:
    size = request.content_length or LARGEST_BODY + 1
    too_large = web.HTTPRequestEntityTooLarge(
        LARGEST_BODY, size, text=f"The body is larger than {LARGEST_BODY} bytes, the most that is taken here."
    )
    too_large.force_close()
    return too_large


def _write_down(request: web.Request, status: int, listener: Listener) -> None:
    client = client_address(request.remote or "", request.headers.getall(HEADER, ()), listener.trusted)
    # the route, not the path: a path may hold a secret, or whatever a stranger likes to see in a log
    resource = request.match_info.route.resource
    source = next((name for path, name in SOURCES.items() if resource and path in resource.canonical), "unknown")
    # a wrong secret in TCR's path is answered as if nothing were there
    proof = {("slack", 401): "signature", ("tcr", 404): "credentials"}.get((source, status))
    reason = proof or REASONS.get(status, "unknown")
    listener.observer.refused_at_the_door(source, reason)
    log.warning("request_refused", status=status, route=resource.canonical if resource else "unknown", client=client)


async def _keep_to_ourselves(request: web.Request, response: web.StreamResponse) -> None:
    """What answers here, and in which version, is nobody's business."""
    response.headers.popall(hdrs.SERVER, None)
