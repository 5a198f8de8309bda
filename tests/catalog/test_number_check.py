"""`number.check`: whether a number can text right now, and the first thing that keeps it from it."""

from typing import Any

import pytest
from redis.asyncio import Redis

from bot.catalog.form import parse
from bot.catalog.numbers.check import INQUIRIES
from bot.catalog.operation import CannotPlanError
from bot.catalog.report import Report
from bot.plans.call import Call
from bot.redis.keys import Keys
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.numbers import Number
from bot.tracking.known import HeardAndSeen
from bot.tracking.registration import Fact, Registration
from bot.tracking.store import RegistrationStore, Said
from bot.tracking.tracker import Tracker
from tests.catalog.world import World
from tests.conftest import Told

POOLED, FREE, TOLL_FREE = "+14155550110", "+15125550120", "+18885550130"
SERVICE = start_state.SUPPORT_SERVICE
AT = 1_790_000_000.0


class Desk:
    """A person who asks, beside what the bot remembers of the account."""

    def __init__(self, world: World, redis: Redis, keys: Keys, told: Told) -> None:
        self.world, self.events = world, False
        self.store = RegistrationStore(redis, keys)
        self.known = HeardAndSeen(redis, keys, self.store, self._follows)
        self._tracker = Tracker(
            self.store, lambda _: world.account, told, world.clock, 60.0, "C0ALERTS", self._nobody_waits
        )

    async def asks(self, number: str = POOLED) -> Report:
        [inquiry] = INQUIRIES
        return await inquiry.answered(parse(inquiry.form, {"number": number}), self.world.account, self.known)

    async def hear(self, kind: str, key: str, status: str, **snapshot: Any) -> None:
        thing = Registration(kind=kind, account=self.world.account.sid, key=key, title=key, started_at=AT)
        fact = Fact(name="state", value=status, at=AT, event=f"{kind}{key}{status}")
        await self._tracker.hear(Said(thing, fact, status, snapshot))

    async def verified(self) -> None:
        """The service's campaign is verified, and replies reach somebody."""
        path = f"/2010-04-01/Accounts/{self.world.account.sid}/IncomingPhoneNumbers/{start_state.POOLED_NUMBER}.json"
        hook = {"SmsUrl": "https://acme.example/in"}
        await self.world.account.send(Call(product="api", method="POST", path=path, params=dict(hook)))
        await self.world.campaign()
        self.world.twilio.desk.verify(SERVICE)

    async def _follows(self, _: str) -> bool:
        return self.events

    async def _nobody_waits(self, number: int) -> None:
        raise AssertionError(number)


@pytest.fixture
def desk(world: World, redis: Redis, keys: Keys, told: Told) -> Desk:
    return Desk(world, redis, keys, told)


def verdict(report: Report) -> tuple[str, list[str]]:
    """The verdict, and what of it is more than a note."""
    said = dict(report.facts)["Can it text right now"].partition(".")[0]
    return said, [f.code for f in report.findings if f.severity != "note"]


async def test_a_number_of_a_verified_campaign_is_a_probable_yes_until_an_event_has_told(desk: Desk) -> None:
    await desk.verified()
    report = await desk.asks()
    nobody = "Probably: nobody tells whether carriers have registered it"
    assert verdict(report) == (nobody, ["numbers-unknown"])
    assert "/a2p-events setup" in dict(report.facts)["Next step"]
    assert "no events reach Tenfour" in dict(report.facts)["With the carriers"]

    desk.events = True
    await desk.hear("number", start_state.POOLED_NUMBER, "PENDING_REGISTRATION", service_sid=SERVICE)
    assert verdict(await desk.asks()) == ("Not yet", ["numbers-waiting"])
    await desk.hear("number", start_state.POOLED_NUMBER, "REGISTERED", service_sid=SERVICE)
    report = await desk.asks()
    assert (verdict(report), report.title) == (("Yes", []), f"{POOLED}: yes, it can text")
    assert dict(report.facts)["With the carriers"].startswith("registered since 2026-09-21")
    assert "VERIFIED, TCR C" in dict(report.facts)["Campaign"]
    assert "/a2p-message test" in dict(report.facts)["Next step"]


async def test_a_number_that_the_carriers_refused_cannot_text(desk: Desk) -> None:
    await desk.verified()
    await desk.hear("number", start_state.POOLED_NUMBER, "FAILURE", service_sid=SERVICE, error_code="30126")
    report = await desk.asks()
    assert verdict(report) == ("No", ["numbers-failed"])
    assert "30126" in report.findings[0].text


async def test_what_stands_in_the_way_comes_in_the_order_in_which_it_is_mended(desk: Desk) -> None:
    assert verdict(await desk.asks(FREE)) == ("No", ["not-in-pool", "nobody-answers"])
    assert verdict(await desk.asks()) == ("No", ["no-campaign", "nobody-answers"])
    await desk.world.campaign()
    said, codes = verdict(await desk.asks())
    assert (said, codes) == ("Not yet", ["campaign-under-review", "nobody-answers"])
    desk.world.twilio.desk.suspend(SERVICE)
    desk.world.rig(Number, start_state.POOLED_NUMBER, sms=False)
    said, codes = verdict(await desk.asks())
    assert (said, codes[:2]) == ("No", ["no-sms", "campaign-suspended"])


async def test_a_toll_free_number_is_not_judged_by_campaigns(desk: Desk) -> None:
    said, codes = verdict(await desk.asks(TOLL_FREE))
    assert (said, codes[0]) == ("Probably", "toll-free-not-10dlc")
    assert "not-in-pool" not in codes


async def test_refusals_of_late_are_shown_with_what_they_mean_and_sends_past_the_service(desk: Desk) -> None:
    await desk.verified()
    await desk.hear("traffic", SERVICE, "FAILING", codes={"30034": 7, "39999": 1})
    await desk.hear("traffic", "none", "FLOWING", bypass={POOLED: 2})
    report = await desk.asks()
    assert verdict(report)[1] == ["numbers-unknown", "refused-of-late", "bypasses-service"]
    [section] = report.sections
    assert section.lines[0].startswith("30034, 7 times: ")
    assert "39999" in section.lines[1]


async def test_a_number_of_another_account_is_said_to_be_that(desk: Desk) -> None:
    with pytest.raises(CannotPlanError, match="does not own"):
        await desk.asks("+15035559999")
