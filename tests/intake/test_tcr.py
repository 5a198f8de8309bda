"""TCR's word on a share: only from whoever knows the path, once, and never further than the wait for it."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from redis.asyncio import Redis

from bot.intake.tcr import TcrIntake
from bot.redis.keys import Keys
from bot.tracking.registration import Registration
from bot.tracking.store import RegistrationStore
from bot.tracking.tracker import Tracker
from bot.twilio.gateway import Account
from tests.conftest import Clock, Told

ACCOUNT, CAMPAIGN = "AC" + "5a" * 16, "CABC123"
ID = f"share|{ACCOUNT}|{CAMPAIGN}"


class Intake:
    """The webhook on a real port, and what it has set going."""

    def __init__(self, redis: Redis, keys: Keys, clock: Clock, told: Told) -> None:
        self.store, self.woken, self.broken = RegistrationStore(redis, keys), list[int](), False

        async def wake(number: int) -> None:
            if self.broken:
                raise ConnectionError
            self.woken.append(number)

        def nobody(sid: str) -> Account:
            raise AssertionError(sid)

        tracker = Tracker(self.store, nobody, told, clock, 60.0, "C0ALERTS", wake)
        self.intake = TcrIntake(redis, keys, tracker, (ACCOUNT,), "unguessable")
        self.url = ""

    async def post(self, body: Any, path: str = "unguessable") -> int:
        async with aiohttp.ClientSession() as session, session.post(f"{self.url}/tcr/{path}", json=body) as answer:
            return answer.status

    async def status(self) -> str:
        known = await self.store.load(ID)
        return known.status if known else "never heard of"


@pytest_asyncio.fixture(name="tcr")
async def _tcr(redis: Redis, keys: Keys, clock: Clock, told: Told) -> AsyncIterator[Intake]:
    tcr = Intake(redis, keys, clock, told)
    app = web.Application()
    app.add_routes(tcr.intake.routes())
    async with TestServer(app) as server:
        tcr.url = str(server.make_url("")).rstrip("/")
        yield tcr


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {"eventType": kind, "campaignId": CAMPAIGN, **more}


@pytest.mark.parametrize("path", ["guessed", "gu\u00e9ssed", "%FF", "unguessable%00"])
async def test_an_event_without_the_secret_changes_nothing(tcr: Intake, path: str) -> None:
    assert await tcr.post(event("CAMPAIGN_SHARE_ACCEPT"), path) == 404
    assert await tcr.status() == "never heard of"


async def test_an_accept_is_known_and_a_later_decline_voids_it_with_its_words(tcr: Intake) -> None:
    assert await tcr.post(event("CAMPAIGN_SHARE_ACCEPT")) == 204
    assert await tcr.status() == "ACCEPTED"
    await tcr.post([event("CAMPAIGN_SHARE_DELETE", description="The call to action is missing.")])
    known = await tcr.store.load(ID)
    assert known
    assert (known.status, known.snapshot) == ("DECLINED", {"said": "The call to action is missing."})


async def test_an_event_delivered_twice_is_taken_once(tcr: Intake) -> None:
    assert await tcr.intake.take(event("CAMPAIGN_SHARE_ACCEPT"))
    assert not await tcr.intake.take(event("CAMPAIGN_SHARE_ACCEPT"))


async def test_an_event_whose_taking_broke_off_is_taken_when_it_is_delivered_again(tcr: Intake) -> None:
    share = Registration(kind="share", account=ACCOUNT, key=CAMPAIGN, title="Share", started_at=0.0)
    await tcr.store.await_(share, 7)
    tcr.broken = True
    assert await tcr.post(event("CAMPAIGN_SHARE_ACCEPT")) == 500
    tcr.broken = False
    assert await tcr.post(event("CAMPAIGN_SHARE_ACCEPT")) == 204
    assert (await tcr.status(), tcr.woken) == ("ACCEPTED", [7])


async def test_a_campaign_that_is_shared_again_is_accepted_and_declined_again_in_the_same_words(tcr: Intake) -> None:
    words = {"description": "The website does not work."}
    for _ in range(2):
        await tcr.post(event("CAMPAIGN_SHARE_ADD"))
        await tcr.post(event("CAMPAIGN_SHARE_ACCEPT"))
        assert await tcr.status() == "ACCEPTED"
        await tcr.post(event("CAMPAIGN_SHARE_DELETE", **words))
        assert await tcr.status() == "DECLINED"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        7,
        event("CAMPAIGN_BILLED"),
        {"eventType": "CAMPAIGN_SHARE_ACCEPT"},
        {"eventType": "CAMPAIGN_SHARE_ACCEPT", "campaignId": "C{}{}{}"},
    ],
)
async def test_what_is_about_no_share_is_acknowledged_and_passed_over(tcr: Intake, body: Any) -> None:
    assert await tcr.post(body) == 204
    assert await tcr.status() == "never heard of"
