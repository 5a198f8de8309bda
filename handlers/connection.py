"""The connection to Slack: one session, one identity, and the two ways in which deliveries arrive."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import aiohttp
import structlog
from aiohttp.web import RouteDef
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.health import Pulse
from bot.watching.watch import UNWATCHED, Watch
from handlers.http import PATH, Listener, listen
from handlers.slack_client import WatchedClient
from handlers.sockets import Address, Sockets

CALL_SECONDS = 10.0

T = TypeVar("T")

log = structlog.get_logger()


class SlackProblem(Exception):
    """Slack cannot be used with these settings; the text names the setting and what to do."""


@dataclass(frozen=True)
class Slack:
    """Who we are at Slack, and the client that says so; in Socket Mode with an address for the first connection."""

    client: AsyncWebClient
    me: AuthorizeResult
    team: str
    bot_user: str
    address: Address | None = None


@asynccontextmanager
async def connect(
    api_url: str, bot_token: str, app_token: str | None, watch: Watch = UNWATCHED
) -> AsyncIterator[Slack]:
    """One `auth.test` in the life of the process. Raises `SlackProblem` when a token or the address is wrong.

    Posts are not repeated after a lost connection: the outbox looks first (`handlers.posts`).
    """
    # with a session of our own, the client's time-out would be ignored: it has to be the session's (slack.md 0.8)
    timeout, traces = aiohttp.ClientTimeout(total=CALL_SECONDS), watch.tracing.calls("slack")
    async with aiohttp.ClientSession(timeout=timeout, trace_configs=traces) as session:
        client = WatchedClient(
            observer=watch.observer,
            token=bot_token,
            base_url=api_url,
            session=session,
            # none: a handler would sleep for Retry-After inside a lease; what failed is drawn by the next sweep
            retry_handlers=[],
        )
        # beside each other: the start waits for both
        me, address = await asyncio.gather(
            _proved("SLACK_BOT_TOKEN", api_url, client.auth_test()),
            _proved("SLACK_APP_TOKEN", api_url, _address(client, app_token)),
        )
        identity = AuthorizeResult(
            enterprise_id=me.get("enterprise_id"),
            team_id=me["team_id"],
            bot_token=bot_token,
            bot_id=me.get("bot_id"),
            bot_user_id=me["user_id"],
        )
        yield Slack(client, identity, str(me["team_id"]), str(me["user_id"]), address)


async def _proved(setting: str, api_url: str, call: Awaitable[T]) -> T:
    """What Slack answers to the first call with a token. Raises `SlackProblem`."""
    try:
        return await call
    except SlackApiError as error:
        reason = error.response.get("error")
        raise SlackProblem(f"{setting}: Slack says {reason}. Copy the token again from your app's page.") from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise SlackProblem(f"SLACK_API_URL: {api_url} cannot be reached ({error or type(error).__name__})") from error


async def _address(client: AsyncWebClient, app_token: str | None) -> Address | None:
    """Where to connect first. A bad token shows here, at the start: connecting is tried for ever (slack.md 0.17)."""
    if app_token is None:
        return None
    opened = await client.apps_connections_open(app_token=app_token)
    return Address(str(opened["url"]), time.monotonic())


def bolt_app(slack: Slack, signing_secret: str | None) -> AsyncApp:
    """The Bolt app. A signing secret turns request verification on; Socket Mode frames carry no signatures."""

    async def authorize(**_: object) -> AuthorizeResult:
        return slack.me  # asking Slack at each request would cost a call each (slack.md 0.9)

    return AsyncApp(
        name="tenfour",  # Bolt would look for a name in the call stack, which takes it tens of milliseconds
        client=slack.client,
        authorize=authorize,
        signing_secret=signing_secret or "unused-in-socket-mode",
        request_verification_enabled=signing_secret is not None,
        process_before_response=True,  # Bolt would otherwise look for the ack every 10 ms only (perf.md)
    )


@asynccontextmanager
async def deliveries(
    app: AsyncApp,
    app_token: str | None,
    connections: int,
    listener: Listener,
    pulse: Pulse,
    others: Sequence[RouteDef],
    address: Address | None = None,
) -> AsyncIterator[None]:
    """Receive deliveries until the body ends: over so many connections with an app token, else by the listener.

    The first connection is made to `address`. `others` are served by that listener beside Slack, also in Socket Mode.
    """
    async with AsyncExitStack() as stack:
        if others and app_token:
            await stack.enter_async_context(listen(None, listener, others))
        if app_token:
            sockets = Sockets(app, app.client, app_token, connections, address=address)
            pulse.watch("Socket Mode", sockets.alive)
            await stack.enter_async_context(sockets.connected())
            log.info("ready", by="Socket Mode", connections=connections)
        else:
            await stack.enter_async_context(listen(app, listener, others))
            pulse.watch("Slack over HTTP", _listening)
            log.info("ready", by="HTTP", port=listener.port, path=listener.prefix + PATH)
        yield


async def _listening() -> bool:
    """Whether we listen for Slack: as far as that can be told from here, for as long as the process lives."""
    return True
