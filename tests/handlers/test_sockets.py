"""Socket Mode over several connections: none is missed, whatever happens to one of them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs

from bot.sandbox.slack.server import LocalSlack
from bot.sandbox.world import APP_TOKEN, BOT_TOKEN, RITA
from handlers.sockets import Sockets, SocketTempo

HURRY = SocketTempo(ping=0.2, dial=2.0, first=0.02, longest=0.1, settled=0.0, notice=0.2)
PATIENT = SocketTempo(first=0.02, longest=0.1, settled=0.0)
CHANNEL = "C0A2P"


@dataclass
class App:
    """A bot that answers what is typed, once it may: `heard` is what arrived."""

    heard: list[str] = field(default_factory=list)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, ack: Any, command: dict[str, Any]) -> None:
        self.heard.append(command["text"])
        await self.may_answer.wait()
        await ack(f"heard {command['text']}")


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # what is waited for is nobody's event
            await asyncio.sleep(0.01)


@pytest_asyncio.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    slack = LocalSlack()
    await slack.start()
    yield slack
    await slack.stop()


@pytest.fixture
def app() -> App:
    app = App()
    app.may_answer.set()
    return app


def sockets(slack: LocalSlack, app: App, tempo: SocketTempo = PATIENT, wanted: int = 2) -> Sockets:
    client = AsyncWebClient(token=BOT_TOKEN, base_url=f"{slack.url}/api/", retry_handlers=[])

    async def authorize(**_: object) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T0TENFOUR", bot_token=BOT_TOKEN, bot_user_id="U0BOT")

    bolt = AsyncApp(
        client=client, authorize=authorize, request_verification_enabled=False, process_before_response=True
    )
    bolt.command("/a2p")(app.answer)
    return Sockets(bolt, client, APP_TOKEN, wanted, tempo)


async def typed(slack: LocalSlack, count: int, name: str = "") -> list[str]:
    deliveries = await asyncio.gather(*(slack.command(RITA.id, CHANNEL, "/a2p", f"{name}{n}") for n in range(count)))
    return [f"{d.status} {(d.ack or {}).get('text')}" for d in deliveries]


def answered(count: int, name: str = "") -> list[str]:
    return [f"acked heard {name}{n}" for n in range(count)]


async def test_a_connection_that_falls_silent_is_replaced_and_the_log_says_so(slack: LocalSlack, app: App) -> None:
    with capture_logs() as logs:
        async with sockets(slack, app, HURRY).connected():
            await until(lambda: slack.socket.open == 2)
            slack.socket.silence()
            await until(lambda: any(e["event"] == "socket_lost" and "silent" in e["why"] for e in logs))
            await until(lambda: len([e for e in logs if e["event"] == "socket_open"]) == 3)
            await until(lambda: slack.socket.open == 2)
            assert await typed(slack, 6) == answered(6)


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_nothing_is_lost_or_doubled_while_a_connection_is_refreshed(
    slack: LocalSlack, app: App, reason: str
) -> None:
    async with sockets(slack, app).connected():
        await until(lambda: slack.socket.open == 2)
        typing = asyncio.create_task(typed(slack, 20, "before"))
        await slack.socket.disconnect(reason, close=reason != "warning", most=1)
        assert await typed(slack, 20) == answered(20)
        assert await typing == answered(20, "before")
        assert len(app.heard) == len(set(app.heard)) == 40


async def test_an_answer_goes_over_another_connection_when_its_own_was_cut_meanwhile(
    slack: LocalSlack, app: App
) -> None:
    app.may_answer.clear()
    async with sockets(slack, app).connected():
        await until(lambda: slack.socket.open == 2)
        typing = asyncio.create_task(typed(slack, 8))
        await until(lambda: len(app.heard) == 8)
        slack.socket.drop(1)
        app.may_answer.set()
        assert await typing == answered(8)
        await until(lambda: slack.socket.open == 2)
        assert await typed(slack, 4, "after") == answered(4, "after")


async def test_a_connection_whose_successor_cannot_be_opened_is_heard_until_slack_closes_it(
    slack: LocalSlack, app: App
) -> None:
    async with sockets(slack, app, wanted=1).connected():
        slack.faults.add(method="apps.connections.open", error="internal_error", times=3)
        await slack.socket.disconnect("warning", close=False)
        assert await typed(slack, 4) == answered(4)
        await until(lambda: slack.socket.open == 2)
        assert await typed(slack, 4) == answered(4)


async def test_a_connection_that_cannot_be_opened_is_tried_ever_more_seldom_and_the_log_says_so(
    slack: LocalSlack, app: App
) -> None:
    slack.faults.add(method="apps.connections.open", status=500, times=2)
    slack.faults.add(method="apps.connections.open", error="internal_error", times=1)
    with capture_logs() as logs:
        all_of_them = sockets(slack, app, wanted=1)
        assert not await all_of_them.alive()
        async with all_of_them.connected():
            assert await all_of_them.alive()
            assert await typed(slack, 1) == answered(1)
    failures = [e for e in logs if e["event"] == "socket_not_opened"]
    assert [e["failures"] for e in failures] == [1, 2, 3]
    assert failures[-1]["why"] == "Slack says internal_error"


async def test_slack_that_asks_to_wait_is_given_the_time_it_asks_for(slack: LocalSlack, app: App) -> None:
    slack.faults.add(method="apps.connections.open", retry_after=1)
    with capture_logs() as logs:
        async with sockets(slack, app, wanted=1).connected():
            pass
    assert [e["again_in"] for e in logs if e["event"] == "socket_not_opened"] == [1.0]


async def test_more_connections_than_slack_allows_are_given_up_in_words(slack: LocalSlack, app: App) -> None:
    with capture_logs() as logs:
        async with sockets(slack, app, HURRY, wanted=11).connected():
            await until(lambda: any("lower TENFOUR_SLACK_CONNECTIONS" in str(e.get("why")) for e in logs))
            assert await typed(slack, 20) == answered(20)


async def test_what_was_taken_is_answered_before_the_connections_close(slack: LocalSlack, app: App) -> None:
    app.may_answer.clear()
    async with sockets(slack, app).connected():
        await until(lambda: slack.socket.open == 2)
        typing = asyncio.create_task(typed(slack, 10))
        await until(lambda: len(app.heard) == 10)
        asyncio.get_running_loop().call_later(0.05, app.may_answer.set)
    assert await typing == answered(10)
    await until(lambda: not slack.socket.connected)


async def test_a_frame_that_is_no_json_ends_nothing(slack: LocalSlack, app: App) -> None:
    async with sockets(slack, app, wanted=1).connected():
        for text in ("hello", "[]", '{"type": "events_api"}'):
            await slack.socket.say(text)
        assert await typed(slack, 1) == answered(1)
