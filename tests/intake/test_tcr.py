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
from bot.tracking.registration import GONE, Registration
from bot.tracking.store import RegistrationStore
from bot.tracking.tracker import Tracker
from bot.twilio.gateway import Account
from tests.conftest import Clock, Told
from tests.intake.receiver import SERVICE, SIGNED, Receiver, payload

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
    assert await tcr.post(event("CAMPAIGN_SHARE_ACCEPT")) == 503
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


async def followed(receiver: Receiver) -> Registration:
    """A campaign that was registered in TCR and is looked at tomorrow."""
    campaign = Registration(
        kind="campaign",
        account=SIGNED.sid,
        key=SERVICE,
        title="Orders",
        started_at=receiver.clock(),
        status="IN_PROGRESS",
        snapshot={"campaign_id": CAMPAIGN, "is_externally_registered": True},
    )
    await receiver.tracker.adopt(campaign)
    await receiver.store.look_at(campaign.id, receiver.clock() + 86400)
    return campaign


async def test_what_tcr_says_of_a_followed_campaign_stands_in_its_log_and_has_twilio_asked(receiver: Receiver) -> None:
    campaign = await followed(receiver)
    for each in payload("tcr"):
        receiver.clock.advance(1)
        assert await receiver.send_tcr(each) == 204
    told = await receiver.store.events(campaign.id)
    assert [(f.name, f.value) for f in told] == [("tcr", each["eventType"]) for each in payload("tcr")]
    assert told[1].detail == {"said": "Suspended by an operator"}
    assert await receiver.due() == {f"campaign {SERVICE}"}
    assert (await receiver.known("campaign", SERVICE)).status == "IN_PROGRESS", "TCR's word alone decided something"
    assert receiver.begun == ["look at what was heard of"]


async def test_what_tcr_says_twice_is_put_down_once_and_again_once_something_else_came_in_between(
    receiver: Receiver,
) -> None:
    campaign = await followed(receiver)
    _, suspended, lifted, _ = payload("tcr")
    taken = []
    for each in (suspended, suspended, lifted, lifted, suspended):
        receiver.clock.advance(10)
        taken.append(await receiver.tcr.take(each))
    assert taken == [True, False, True, False, True]
    assert [f.value.rpartition("_")[2] for f in await receiver.store.events(campaign.id)] == [
        "SUSPENDED",
        "UNSUSPENDED",
        "SUSPENDED",
    ]


async def test_an_event_whose_taking_broke_off_is_put_down_once_when_it_is_delivered_again(receiver: Receiver) -> None:
    campaign = await followed(receiver)
    _, suspended, *_ = payload("tcr")
    await receiver.tcr.take(suspended)
    last = receiver.keys.plain(f"tcr:told:{CAMPAIGN}")
    begun = str(await receiver.redis.get(last)).removesuffix("done")
    await receiver.redis.set(last, begun)  # as a crash leaves it
    receiver.clock.advance(10)
    assert await receiver.tcr.take(suspended)
    assert len(await receiver.store.events(campaign.id)) == 1


async def test_what_tcr_says_of_a_campaign_that_nobody_follows_is_acknowledged_and_begins_nothing(
    receiver: Receiver,
) -> None:
    assert await receiver.send_tcr(payload("tcr")) == 204
    assert await receiver.due() == set()


async def test_the_id_in_tcr_leads_to_the_service_that_has_the_campaign_now(receiver: Receiver) -> None:
    before = await followed(receiver)
    after = before.model_copy(update={"key": "MG" + "9a" * 16})
    await receiver.index.learn(after, [])
    await receiver.index.learn(before.model_copy(update={"status": GONE}), [])
    assert await receiver.index.of(CAMPAIGN) == after.id
