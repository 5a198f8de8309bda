"""Ready to send is announced once everything holds, and once only; a number that failed is told once."""

import secrets
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.plans.call import Call
from bot.sandbox.twilio.start_state import FREE_NUMBER, POOLED_NUMBER, SUPPORT_SERVICE
from bot.tracking.kinds import kinds
from bot.tracking.readiness import Readiness
from bot.tracking.ready import known_verdict, ready_news, told
from bot.tracking.registration import Announcement, Fact, Registration, Transition
from bot.tracking.store import Said
from bot.tracking.tracker import Tracker
from tests.tracking.registry import ALERTS, BASE, Registry, nobody_waits, registration_of

POOLED = "+14155550110"
FAILED = [{"phone_number": f"+1415555{n:04}", "error_code": "30126", "reason": ""} for n in range(3)]
verdicts = st.sampled_from(["ready", "unsure", "not"])


@st.composite
def looks(draw: st.DrawFn) -> tuple[str, bool, dict[str, Any]]:
    """What one look finds: the verdict, whether it saw everything, and the numbers."""
    failed = draw(st.lists(st.sampled_from(FAILED), unique_by=str))
    registered = draw(st.integers(0, 3))
    counts = {"numbers": {"REGISTERED": registered, "FAILURE": len(failed)}, "total": 6, "failed": failed}
    return draw(verdicts), draw(st.booleans()), counts


def look(old: Registration, ready: str, counts: dict[str, Any], *, complete: bool = True) -> Registration:
    """The campaign after a look; `told` is carried from look to look."""
    readiness = counts | {"told": told(known_verdict(old), ready, complete=complete), "service": "Acme", "reasons": []}
    snapshot = {"ready": ready, "readiness": readiness}
    return old.model_copy(update={"status": "VERIFIED", "snapshot": snapshot, "version": old.version + 1})


def campaign(status: str = "IN_PROGRESS", **snapshot: Any) -> Registration:
    return registration_of("MG1").model_copy(update={"status": status, "snapshot": snapshot})


def said(news: list[Transition]) -> list[tuple[str, str]]:
    return [(t.about, t.severity) for t in news]


@given(st.lists(looks(), min_size=1, max_size=8))
def test_over_any_looks_the_same_is_never_told_twice(seen: list[tuple[str, bool, dict[str, Any]]]) -> None:
    old, heard = campaign(), ""
    for ready, complete, counts in seen:
        now = look(old, ready, counts, complete=complete)
        for t in ready_news(old, now, 1.0):
            if t.about == "ready":
                assert complete, "a look that did not see everything decides nothing"
                assert t.facts["ready"] == ready != heard
                assert t.severity == ("bad" if ready == "not" else "good")
                heard = ready
        assert ready_news(now, look(now, ready, counts, complete=complete), 2.0) == []
        old = now


@given(looks(), looks())
def test_what_one_look_tells_can_be_told_apart(
    one: tuple[str, bool, dict[str, Any]], other: tuple[str, bool, dict[str, Any]]
) -> None:
    old = look(campaign(), one[0], one[2])
    news = ready_news(old, look(old, other[0], other[2]), 1.0)
    ids = {Announcement(channel="C1", transition=t).id for t in news}
    assert len(ids) == len(news)
    assert {t.id for t in news} <= {old.version + 1}


@given(st.lists(looks(), min_size=2, max_size=6))
def test_each_number_that_fails_is_told_when_it_fails_and_not_again(
    seen: list[tuple[str, bool, dict[str, Any]]],
) -> None:
    old, standing = campaign(), list[Any]()
    for ready, _, counts in seen:
        now = look(old, ready, counts)
        told_now = [f for t in ready_news(old, now, 1.0) for f in t.facts.get("failed", [])]
        assert told_now == [f for f in counts["failed"] if f not in standing]
        old, standing = now, counts["failed"]


def test_what_was_ready_when_the_first_look_came_is_no_news_but_a_failed_number_is() -> None:
    adopted = campaign("VERIFIED", campaign_id="CACME01")
    counts = {"numbers": {"REGISTERED": 2, "FAILURE": 1}, "total": 3, "failed": FAILED[:1]}
    assert said(ready_news(adopted, look(adopted, "ready", counts), 1.0)) == [("numbers", "bad")]
    never = campaign("")
    assert said(ready_news(never, look(never, "ready", counts), 1.0)) == [("numbers", "bad")]
    # what a change of ours has just made becomes ready before our eyes
    made = never.model_copy(update={"made_at": 1.0})
    assert ("ready", "good") in said(ready_news(made, look(made, "ready", counts), 1.0))


def test_of_a_small_pool_each_number_is_told_and_of_a_large_one_a_handful_of_times() -> None:
    for total, words in ((5, 4), (400, 7)):
        # by the last one it is ready, which says it all
        counts = [{"numbers": {"REGISTERED": n}, "total": total, "failed": []} for n in range(total + 1)]
        seen = [look(campaign(), "ready" if n == total else "not", of) for n, of in enumerate(counts)]
        news = [said(ready_news(old, now, 1.0)) for old, now in pairwise(seen)]
        assert [told_of for told_of in news if told_of] == [[("numbers", "info")]] * words + [[("ready", "good")]]


def test_a_ready_campaign_that_cannot_be_judged_for_a_while_is_not_announced_again() -> None:
    counts = {"numbers": {"REGISTERED": 1}, "total": 1, "failed": []}
    ready = look(campaign(), "ready", counts)
    for complete in (True, False):
        unsure = look(ready, "unsure", counts, complete=complete)
        assert ready_news(ready, unsure, 1.0) == []
        assert ready_news(unsure, look(unsure, "ready", counts), 2.0) == []


def test_a_campaign_that_was_suspended_is_announced_as_ready_anew() -> None:
    counts = {"numbers": {"REGISTERED": 1}, "total": 1, "failed": []}
    assert said(ready_news(campaign("SUSPENDED"), look(campaign("SUSPENDED"), "ready", counts), 1.0)) == [
        ("ready", "good")
    ]


class Following:
    """A campaign of the local Twilio that is looked at in full, and numbers that events tell of."""

    def __init__(self, registry: Registry, *, events: bool = True) -> None:
        self.registry, self.events = registry, events
        looks = Readiness(registry.store, self._follows)
        self.tracker = Tracker(
            registry.store, lambda _: registry.account, registry.told, registry.clock, BASE, ALERTS, nobody_waits,
            kinds(campaign=looks.look),
        )  # fmt: skip

    async def _follows(self, _: str) -> bool:
        return self.events

    async def verified(self) -> str:
        """A campaign that was seen under review, with sound routing, and is VERIFIED now."""
        await self.webhook(POOLED_NUMBER)
        campaign = await self.registry.submitted()
        await self.looked(campaign)
        self.registry.twilio.desk.verify(SUPPORT_SERVICE)
        return campaign

    async def webhook(self, number_sid: str, url: str = "https://acme.example/in") -> None:
        path = f"/2010-04-01/Accounts/{self.registry.account.sid}/IncomingPhoneNumbers/{number_sid}.json"
        await self.registry.account.send(Call(product="api", method="POST", path=path, params={"SmsUrl": url}))

    async def add(self, number_sid: str) -> None:
        path = f"/v1/Services/{SUPPORT_SERVICE}/PhoneNumbers"
        params = {"PhoneNumberSid": number_sid}
        await self.registry.account.send(Call(product="messaging", method="POST", path=path, params=dict(params)))

    async def looked(self, campaign: str) -> dict[str, Any]:
        """Look once more; gives the snapshot."""
        self.registry.clock.advance(BASE)
        await self.tracker.look(campaign)
        return (await self.registry.known(campaign)).snapshot

    async def hear(self, status: str, number_sid: str = POOLED_NUMBER, **detail: str) -> None:
        account = self.registry.account.sid
        number = Registration(kind="number", account=account, key=number_sid, title=number_sid, started_at=0.0)
        fact = Fact(name="state", value=status, at=self.registry.clock(), event=secrets.token_hex(8))
        await self.tracker.hear(Said(number, fact, status, {"service_sid": SUPPORT_SERVICE, **detail}))

    async def news(self, campaign: str) -> list[tuple[str, str]]:
        return said([t for t in await self.registry.store.transitions(campaign) if t.about in ("ready", "numbers")])


async def test_ready_is_announced_when_the_last_number_is_registered_and_once(registry: Registry) -> None:
    following = Following(registry)
    await following.add(FREE_NUMBER)
    campaign = await following.verified()
    await following.webhook(FREE_NUMBER)
    seen = await following.looked(campaign)
    assert (seen["ready"], seen["readiness"]["numbers"]) == ("not", {"UNKNOWN": 2})
    assert await following.news(campaign) == []

    await following.hear("PENDING_REGISTRATION")
    await following.hear("REGISTERED", FREE_NUMBER)
    seen = await following.looked(campaign)
    assert (seen["ready"], seen["readiness"]["waiting"]) == ("not", [POOLED])
    assert await following.news(campaign) == [("numbers", "info")]

    await following.hear("REGISTERED")
    # the brand is not shown just then: nothing is said before it is
    registry.twilio.faults.add("/a2p/BrandRegistrations", status=409)
    seen = await following.looked(campaign)
    assert (seen["ready"], [r["code"] for r in seen["readiness"]["reasons"]]) == ("unsure", ["not-read"])
    assert await following.news(campaign) == [("numbers", "info"), ("numbers", "info")]
    for _ in range(3):
        seen = await following.looked(campaign)
    assert (seen["ready"], seen["readiness"]["reasons"]) == ("ready", [])
    assert await following.news(campaign) == [("numbers", "info"), ("numbers", "info"), ("ready", "good")]
    [ready] = [t for t in await registry.store.transitions(campaign) if t.about == "ready"]
    assert ready.facts == {"ready": "ready", "total": 2, "service": "Acme support"}
    assert [a.transition.about for a in await registry.store.announcements(campaign)][-1] == "ready"


async def test_a_number_that_fails_is_told_with_what_twilio_says_of_it(registry: Registry) -> None:
    following = Following(registry)
    campaign = await following.verified()
    await following.hear("FAILURE", error_code="30126", failure_reason="https://www.twilio.com/docs/api/errors/30126")
    for _ in range(2):
        seen = await following.looked(campaign)
    assert seen["ready"] == "not"
    assert await following.news(campaign) == [("numbers", "bad")]
    (told_of,) = (await registry.store.transitions(campaign))[-1].facts["failed"]
    assert (told_of["phone_number"], told_of["error_code"]) == (POOLED, "30126")


async def test_where_no_events_come_it_is_said_that_nobody_knows_the_numbers(registry: Registry) -> None:
    following = Following(registry, events=False)
    campaign = await following.verified()
    for _ in range(2):
        seen = await following.looked(campaign)
    assert (seen["ready"], seen["readiness"]["waiting"]) == ("unsure", [])
    assert await following.news(campaign) == [("ready", "good")]
    assert "do not reach Tenfour" in (await registry.store.transitions(campaign))[-1].facts["why"]


async def test_numbers_that_are_older_than_the_events_count_as_unknown_and_new_ones_are_waited_for(
    registry: Registry,
) -> None:
    following = Following(registry, events=False)
    campaign = await following.verified()
    await following.looked(campaign)
    following.events = True
    for _ in range(2):
        assert (await following.looked(campaign))["ready"] == "unsure"
    await following.add(FREE_NUMBER)
    seen = await following.looked(campaign)
    assert (seen["ready"], seen["readiness"]["waiting"]) == ("not", ["+15125550120"])


async def test_replies_that_reach_nobody_keep_it_from_being_ready(registry: Registry) -> None:
    following = Following(registry)
    campaign = await following.verified()
    await following.webhook(POOLED_NUMBER, "")
    await following.hear("REGISTERED")
    seen = await following.looked(campaign)
    assert (seen["ready"], [r["code"] for r in seen["readiness"]["reasons"]]) == ("not", ["nobody-answers"])


async def test_before_its_verdict_a_look_costs_one_call(registry: Registry) -> None:
    following = Following(registry)
    campaign = await registry.submitted()
    before = len(registry.twilio.log)
    await following.looked(campaign)
    assert len(registry.twilio.log) == before + 1
