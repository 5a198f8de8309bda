"""What happens in the parts of the bot is counted where it happens."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError

from bot.plans.call import Call
from bot.redis.keys import Keys
from bot.sandbox.twilio.server import LocalTwilio
from bot.tracking.registration import registration_id
from bot.tracking.store import RegistrationStore
from bot.tracking.tracker import Tracker
from bot.twilio.faults import Refused, Throttled, Uncertain
from bot.twilio.gateway import EVENTS_PATH, STATUS_PATH, Account
from bot.twilio.pace import Pace
from bot.watching.metrics import Metrics
from handlers.http import Listener, listen
from handlers.slack_client import WatchedClient
from tests.conftest import Clock, Told
from tests.redis.servers import free_port
from tests.tracking.registry import nobody_waits, registration_of

SERVICES = Call(product="messaging", method="POST", path="/v1/Services", params={"FriendlyName": "Acme"})
GONE = Call(product="messaging", method="POST", path="/v1/Services/MG" + "0" * 32)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(("main",), process=False)


@pytest.fixture
async def watched(twilio: LocalTwilio, metrics: Metrics, redis: Redis, keys: Keys) -> AsyncIterator[Account]:
    """The local Twilio's account, with a pace, and watched."""
    opened = Account(
        twilio.account_sid,
        twilio.account_sid,
        twilio.auth_token,
        f"{twilio.url}/{{product}}",
        name="main",
        pace=Pace(redis, keys),
        observer=metrics,
    )
    yield opened
    await opened.close()


def counted(metrics: Metrics, name: str, **labels: str) -> float | None:
    """The value of a sample, None where there is none."""
    return metrics.registry.get_sample_value(f"tenfour_{name}", labels)


async def test_calls_to_twilio_are_counted_by_how_they_ended(
    twilio: LocalTwilio, watched: Account, metrics: Metrics
) -> None:
    twilio.faults.add(match="POST /v1/Services$", status=500)
    with pytest.raises(Uncertain):
        await watched.send(SERVICES)
    with pytest.raises(Refused):
        await watched.send(GONE)
    await watched.send(SERVICES)
    assert counted(metrics, "twilio_calls_total", account="main", method="POST", outcome="uncertain") == 1
    assert counted(metrics, "twilio_calls_total", account="main", method="POST", outcome="refused") == 1
    assert counted(metrics, "twilio_calls_total", account="main", method="POST", outcome="ok") == 1
    assert counted(metrics, "twilio_call_seconds_count", account="main") == 3


async def test_a_429_is_counted_with_the_time_for_which_it_holds_the_account(
    twilio: LocalTwilio, watched: Account, metrics: Metrics
) -> None:
    twilio.faults.add(match="POST /v1/Services$", status=429, retry_after=7)
    with pytest.raises(Throttled):
        await watched.send(SERVICES)
    assert counted(metrics, "twilio_throttled_total", account="main") == 1
    assert counted(metrics, "twilio_held_seconds_total", account="main") == 7


async def test_looks_and_what_they_find_are_counted_by_kind(
    twilio: LocalTwilio, watched: Account, metrics: Metrics, redis: Redis, keys: Keys, clock: Clock, told: Told
) -> None:
    store = RegistrationStore(redis, keys, metrics)
    tracker = Tracker(store, lambda _: watched, told, clock, 60.0, "C0ALERTS", nobody_waits, observer=metrics)
    await store.begin(registration_of("MG" + "1b" * 16, watched.sid, clock()).model_copy(update={"kind": "brand"}))
    twilio.faults.add(match="GET /v1/a2p/BrandRegistrations", status=500, times=3)
    await tracker.look(registration_id("brand", watched.sid, "MG" + "1b" * 16))
    assert counted(metrics, "looks_total", kind="brand", outcome="failed") == 1


async def answers_by_name(request: web.Request) -> web.Response:
    """A Slack that does as the method says."""
    if request.path.endswith("users.info"):
        return web.json_response({"ok": False, "error": "user_not_found"})
    if request.path.endswith("chat.update"):
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "1"})
    return web.json_response({"ok": True})


async def test_calls_to_slack_are_counted_by_method_and_how_they_ended(metrics: Metrics) -> None:
    slack = web.Application()
    slack.router.add_route("*", "/api/{method}", answers_by_name)
    async with TestServer(slack) as server, aiohttp.ClientSession() as session:
        url = str(server.make_url("/api/"))
        client = WatchedClient(observer=metrics, token="t", base_url=url, session=session, retry_handlers=[])
        await client.auth_test()
        with pytest.raises(SlackApiError):
            await client.users_info(user="U0ADA")
        with pytest.raises(SlackApiError):
            await client.chat_update(channel="C1", ts="1.2", text="hello")
    away = WatchedClient(observer=metrics, token="t", base_url="http://127.0.0.1:1/api/", retry_handlers=[])
    with pytest.raises(aiohttp.ClientError):
        await away.auth_test()
    assert counted(metrics, "slack_calls_total", method="auth.test", outcome="ok") == 1
    assert counted(metrics, "slack_calls_total", method="users.info", outcome="refused") == 1
    assert counted(metrics, "slack_calls_total", method="chat.update", outcome="throttled") == 1
    assert counted(metrics, "slack_calls_total", method="auth.test", outcome="silent") == 1


async def refuses(request: web.Request) -> web.Response:
    """Refuses with the status that the request asks for."""
    return web.Response(status=int(request.query["status"]))


@pytest.mark.parametrize(
    ("path", "status", "source", "reason"),
    [
        (f"{EVENTS_PATH}/AC1", 401, "twilio_events", "credentials"),
        (f"{EVENTS_PATH}/AC1", 403, "twilio_events", "signature"),
        (f"{STATUS_PATH}/AC1", 403, "twilio_callbacks", "signature"),
        ("/tcr/guessed", 404, "tcr", "credentials"),
        ("/tcr/secret", 400, "tcr", "malformed"),
    ],
)
async def test_what_is_refused_over_http_is_counted_by_source_and_reason(
    metrics: Metrics, path: str, status: int, source: str, reason: str
) -> None:
    port = free_port()
    paths = (EVENTS_PATH + "/{account_sid}", STATUS_PATH + "/{account_sid}", "/tcr/{secret}")
    others = [web.post(known, refuses) for known in paths]
    async with listen(None, Listener(port, observer=metrics), others), aiohttp.ClientSession() as session:
        await session.post(f"http://127.0.0.1:{port}{path}?status={status}")
        await session.post(f"http://127.0.0.1:{port}/wp-login.php")
    assert counted(metrics, "deliveries_refused_total", source=source, reason=reason) == 1
    assert counted(metrics, "deliveries_refused_total", source="unknown", reason="address") == 1
