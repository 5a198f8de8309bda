"""A campaign is followed from its submission to its verdict and beyond, by any number of replicas."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bot.changes.change import Change
from bot.plans.call import Call, Param, Ref
from bot.plans.plan import Plan
from bot.plans.step import Watch
from bot.policy.verdict import Requirement
from bot.sandbox.twilio import start_west
from bot.sandbox.twilio.start_state import APPROVED_BRAND, SUPPORT_SERVICE
from bot.tracking.cadence import DAY
from bot.tracking.due import CLAIM_SECONDS
from bot.tracking.kinds import Kind, Look
from bot.tracking.registration import FAILURES, GONE, Fact, Registration
from bot.tracking.store import RegistrationStore, Said
from bot.tracking.subscriptions import Subscription
from bot.tracking.sweeping import AT_ONCE
from bot.tracking.tracker import Tracker
from bot.twilio import reads
from bot.twilio.faults import Uncertain, UnknownAccount
from bot.twilio.gateway import Account
from tests.conftest import Told
from tests.tracking.registry import ALERTS, BASE, Registry, nobody_waits, registration_of

READ = "GET /v1/Services/"


async def test_a_verdict_is_announced_with_its_errors(registry: Registry) -> None:
    campaign = await registry.submitted()
    await registry.tracker().sweep()
    assert ((await registry.known(campaign)).status, await registry.heard(campaign)) == ("PENDING", [])

    registry.clock.advance(BASE)
    await registry.tracker().sweep()
    registry.twilio.desk.reject(SUPPORT_SERVICE, [30908])
    registry.clock.advance(BASE)
    await registry.tracker().sweep()
    (review, verdict) = await registry.store.transitions(campaign)
    assert (review.before, review.after, review.severity) == ("PENDING", "IN_PROGRESS", "info")
    assert (verdict.before, verdict.after, verdict.severity) == ("IN_PROGRESS", "FAILED", "bad")
    assert verdict.snapshot["errors"][0]["error_code"] == 30908
    assert await registry.heard(campaign) == [(ALERTS, "IN_PROGRESS"), (ALERTS, "FAILED")]
    assert registry.told.registrations == [campaign] * 3


async def test_replicas_that_sweep_at_once_announce_once(registry: Registry) -> None:
    campaign = await registry.submitted()
    registry.twilio.desk.verify(SUPPORT_SERVICE)
    assert await registry.sweep_everywhere() == 1
    assert (await registry.heard(campaign), registry.told.registrations) == ([(ALERTS, "VERIFIED")], [campaign])


async def test_replicas_that_look_at_the_same_one_at_once_announce_once(registry: Registry) -> None:
    """As after a claim that ran out, or a person's *Check now* during a sweep."""
    campaign = await registry.submitted()
    registry.twilio.desk.verify(SUPPORT_SERVICE)
    await asyncio.gather(*(registry.tracker().look(campaign) for _ in range(10)))
    assert (await registry.heard(campaign), registry.told.registrations) == ([(ALERTS, "VERIFIED")], [campaign])
    assert len(await registry.store.transitions(campaign)) == 1


async def test_a_look_that_came_late_does_not_undo_a_newer_one(registry: Registry) -> None:
    campaign = await registry.submitted()
    registry.twilio.faults.add(READ, delay=0.15)  # reads PENDING, is held back
    late = asyncio.create_task(registry.tracker().look(campaign))
    while registry.twilio.faults.waiting():  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    registry.twilio.desk.verify(SUPPORT_SERVICE)
    await registry.tracker().look(campaign)
    await late
    assert (await registry.known(campaign)).status == "VERIFIED"
    assert await registry.heard(campaign) == [(ALERTS, "VERIFIED")]


async def test_each_subscribed_channel_gets_one_row_and_the_alerts_channel_always_does(registry: Registry) -> None:
    await registry.store.subscribe(Subscription(channel="C0A2P"))
    await registry.store.subscribe(Subscription(channel=ALERTS))
    campaign = await registry.submitted()
    registry.twilio.desk.verify(SUPPORT_SERVICE)
    await registry.tracker().sweep()
    assert sorted(await registry.heard(campaign)) == [("C0A2P", "VERIFIED"), (ALERTS, "VERIFIED")]


async def test_a_crash_between_recording_and_telling_leaves_the_announcement_to_the_next(registry: Registry) -> None:
    class Crashed(Told):
        async def registration_moved(self, registration: str) -> None:
            raise ConnectionError(registration)

    campaign = await registry.submitted()
    registry.twilio.desk.verify(SUPPORT_SERVICE)
    crashed = Tracker(registry.store, lambda _: registry.account, Crashed(), registry.clock, BASE, ALERTS, nobody_waits)
    with pytest.raises(ConnectionError):
        await crashed.look(campaign)
    assert await registry.store.untold(registry.clock()) == [campaign]
    assert await registry.heard(campaign) == [(ALERTS, "VERIFIED")]
    registry.clock.advance(DAY)
    await registry.tracker().sweep()
    assert await registry.heard(campaign) == [(ALERTS, "VERIFIED")]


async def test_a_read_that_fails_leaves_word_and_comes_again(registry: Registry) -> None:
    campaign = await registry.submitted()
    await registry.tracker().sweep()
    before = await registry.known(campaign)
    registry.clock.advance(BASE)
    registry.twilio.faults.add(READ, status=429, retry_after=0, times=3)
    await registry.tracker().sweep()
    troubled = await registry.known(campaign)
    assert "slow down" in troubled.trouble
    assert (troubled.status, troubled.fetched_at) == (before.status, before.fetched_at)
    assert (await registry.due(campaign), await registry.heard(campaign)) == (5 * BASE, [])

    registry.clock.advance(5 * BASE)
    await registry.tracker().sweep()
    well = await registry.known(campaign)
    assert (well.trouble, well.fetched_at) == ("", registry.clock())


async def test_looks_that_fail_for_long_are_told_when_that_begins_and_when_it_ends(registry: Registry) -> None:
    campaign = await registry.submitted()
    await registry.tracker().sweep()
    registry.told.registrations.clear()
    registry.twilio.faults.add(READ, status=403, times=FAILURES + 2)
    told = []
    for _ in range(FAILURES + 4):
        await registry.tracker().look(campaign)
        told.append(len(registry.told.registrations))
    assert told == [0, 0, 1, 1, 1, 2, 2]
    assert await registry.heard(campaign) == []
    assert not (await registry.known(campaign)).out_of_sight


async def test_trouble_that_was_not_told_because_of_a_crash_is_left_to_the_sweep(registry: Registry) -> None:
    campaign = await registry.submitted()
    registry.twilio.faults.add(READ, status=403, times=FAILURES)
    for _ in range(FAILURES):
        assert await registry.store.untold(registry.clock()) == []
        await registry.tracker().look(campaign)
    assert await registry.store.untold(registry.clock()) == [campaign]


@pytest.mark.parametrize(
    "read",
    [
        lambda: reads.Campaign.model_validate({"messaging_service_sid": "MG1", "campaign_status": ["Zanzibar"]}),
        lambda: dict[str, Any]()["Zanzibar"],
        lambda: [].get("Zanzibar"),  # type: ignore[attr-defined]
    ],
)
async def test_an_answer_of_another_shape_is_trouble_like_any_other_and_not_quoted(
    registry: Registry, read: Callable[[], Any]
) -> None:
    async def odd(_account: Account, _key: str) -> tuple[str, dict[str, Any]]:
        read()
        raise AssertionError

    campaign = await registry.submitted()
    await looking(registry, odd).look(campaign)
    known = await registry.known(campaign)
    assert (known.failures, "cannot read" in known.trouble, "Zanzibar" in known.trouble) == (1, True, False)


async def test_a_refused_read_is_no_verdict(registry: Registry) -> None:
    campaign = await registry.submitted()
    wrong = Account(registry.account.sid, registry.account.sid, "wrong", f"{registry.twilio.url}/{{product}}")
    await registry.tracker(wrong).sweep()
    await wrong.close()
    known = await registry.known(campaign)
    assert (known.status, await registry.heard(campaign)) == ("", [])
    assert "HTTP 401" in known.trouble


async def test_one_registration_that_cannot_be_looked_at_does_not_hold_up_the_others(registry: Registry) -> None:
    campaign = await registry.submitted()
    orphans = [registration_of(f"MG{n}", account="AC-nobody-knows") for n in range(21)]
    for orphan in orphans:
        await registry.store.begin(orphan)

    def account_of(sid: str) -> Account:
        if sid != registry.account.sid:
            raise LookupError(f"account {sid} is not configured")
        return registry.account

    tracker = Tracker(registry.store, account_of, registry.told, registry.clock, BASE, ALERTS, nobody_waits)
    assert await tracker.sweep() == 22
    assert (await registry.known(campaign)).status == "PENDING"


async def test_a_kind_that_nobody_can_read_yet_is_passed_over(registry: Registry) -> None:
    brand = registration_of("BN1").model_copy(update={"kind": "opt-out"})
    await registry.store.begin(brand)
    assert await registry.tracker().sweep() == 1
    assert (await registry.known(brand.id)).status == ""


async def test_what_is_not_followed_is_not_looked_at(registry: Registry) -> None:
    await registry.tracker().look(registration_of("MG404").id)
    assert registry.twilio.log == []


async def test_a_campaign_that_is_gone_is_announced_once_and_looked_at_daily(registry: Registry) -> None:
    campaign = await registry.submitted()
    await registry.tracker().sweep()
    path = f"{reads.campaign_path(SUPPORT_SERVICE)}/{reads.CAMPAIGN_SID}"
    await registry.account.send(Call(product="messaging", method="DELETE", path=path))
    for _ in range(3):
        registry.clock.advance(DAY)
        await registry.tracker().sweep()
    assert (await registry.known(campaign)).status == GONE
    assert await registry.heard(campaign) == [(ALERTS, GONE)]
    assert 0.9 * DAY < await registry.due(campaign) <= DAY


async def test_a_status_that_nobody_knows_is_kept_raw_and_announced(registry: Registry) -> None:
    campaign = await registry.submitted()
    await registry.tracker().sweep()
    registry.twilio.desk.status(SUPPORT_SERVICE, "AWAITING_CARRIER_X")
    registry.clock.advance(BASE)
    await registry.tracker().sweep()
    assert (await registry.known(campaign)).status == "AWAITING_CARRIER_X"
    assert await registry.heard(campaign) == [(ALERTS, "AWAITING_CARRIER_X")]
    assert await registry.due(campaign) == 15 * BASE


async def test_fields_that_nobody_knows_are_kept_in_the_snapshot(registry: Registry) -> None:
    campaign = await registry.submitted()
    await registry.tracker().sweep()
    snapshot = (await registry.known(campaign)).snapshot
    shown = registry.twilio.campaigns[0]
    assert set(shown) <= set(snapshot)
    assert {name: snapshot[name] for name in shown} == shown


async def test_the_time_of_a_state_is_when_it_was_first_seen(registry: Registry) -> None:
    campaign = await registry.submitted()
    began = registry.clock()
    registry.clock.advance(BASE)
    for _ in range(3):
        await registry.tracker().look(campaign)
        registry.clock.advance(BASE)
    assert (await registry.known(campaign)).since == began + BASE


def change_of(account: str, *watches: Watch) -> Change:
    """A change that makes, or ends, what is watched."""
    return Change(
        number=7,
        state="running",
        version=1,
        requester="U0RITA",
        team="T0TENFOUR",
        channel="C0A2P",
        operation="campaign.register",
        token="tf-k2m9q7xw4a",
        inputs={},
        plan=Plan(operation="campaign.register", account=account, title="", steps=(), watches=watches),
        requirement=Requirement(rule="tests"),
        created_at=0.0,
        expires_at=0.0,
    )


async def test_what_a_change_has_made_is_followed_with_its_owner(registry: Registry) -> None:
    watch = Watch(kind="campaign", step="service", key=Ref(step="service"), title="Campaign of “Acme”")
    change = change_of(registry.account.sid, watch)
    for _ in range(2):
        await registry.tracker().follow(change, watch, {"service": {"sid": SUPPORT_SERVICE}})
    registration = await registry.known(registration_of(SUPPORT_SERVICE, registry.account.sid).id)
    assert (registration.key, registration.owner, registration.change) == (SUPPORT_SERVICE, "U0RITA", 7)
    assert await registry.due(registration.id) == 0


async def test_tries_after_a_rejection_are_counted_once_each_and_waiting_for_one_counts_nothing(
    registry: Registry,
) -> None:
    first = Watch(kind="brand", step="brand", key=APPROVED_BRAND, title="Brand “Acme”")
    again = first.model_copy(update={"again": True})
    tracker, change = registry.tracker(), change_of(registry.account.sid, first)
    brand = Registration(kind="brand", account=change.plan.account, key=APPROVED_BRAND, title="", started_at=1.0)
    await registry.store.await_(brand, change.number)
    assert ((known := await registry.known(brand.id)).tries, known.made_at) == (0, 0.0)
    for number, watch in ((8, first), (9, again), (9, again), (10, again)):
        await tracker.follow(change.model_copy(update={"number": number}), watch, {})
    known = await registry.known(brand.id)
    assert (known.tries, known.made_at) == (2, registry.clock())


async def test_an_older_change_that_goes_on_makes_no_news_of_what_was_told_since(registry: Registry) -> None:
    campaign = await registry.submitted()
    watch = Watch(kind="campaign", step="campaign", key=SUPPORT_SERVICE, title="Campaign of “Acme”")
    older = change_of(registry.account.sid, watch)
    newer = older.model_copy(update={"number": 8})
    for change in (older, newer):
        await registry.tracker().follow(change, watch, {})
    registry.twilio.desk.verify(SUPPORT_SERVICE)
    await registry.tracker().look(campaign)
    for change in (older, newer):
        await registry.tracker().follow(change, watch, {})
        await registry.tracker().look(campaign)
    assert await registry.heard(campaign) == [(ALERTS, "VERIFIED")]
    assert (await registry.known(campaign)).change == newer.number


async def test_a_campaign_of_tcr_that_is_gone_is_still_known_as_one(registry: Registry) -> None:
    registry.twilio.shares.accept("CACME10")
    params: dict[str, Param] = {"CampaignId": "CACME10", "MessagingServiceSid": SUPPORT_SERVICE}
    path = "/v1/Services/PreregisteredUsa2p"
    await registry.account.send(Call(product="messaging", method="POST", path=path, params=params))
    campaign = registration_of(SUPPORT_SERVICE, registry.account.sid, registry.clock())
    await registry.store.begin(campaign)
    await registry.tracker().sweep()
    path = f"{reads.campaign_path(SUPPORT_SERVICE)}/{reads.CAMPAIGN_SID}"
    await registry.account.send(Call(product="messaging", method="DELETE", path=path))
    registry.clock.advance(DAY)
    await registry.tracker().sweep()
    known = await registry.known(campaign.id)
    assert (known.status, known.snapshot) == (GONE, {"campaign_id": "CACME10", "is_externally_registered": True})
    assert (await registry.store.transitions(campaign.id))[-1].snapshot == known.snapshot


async def test_an_account_that_is_suspended_is_left_alone_and_does_not_hold_up_the_others(registry: Registry) -> None:
    west = start_west.CREDENTIALS
    suspended = Account(west.account_sid, west.account_sid, west.auth_token, f"{registry.twilio.url}/{{product}}")
    registry.twilio.account(west.account_sid).suspend()
    for number in range(60):
        await registry.store.begin(registration_of(f"MG{number}", account=west.account_sid))
    campaign = await registry.submitted()
    accounts = {registry.account.sid: registry.account, west.account_sid: suspended}
    tracker = Tracker(registry.store, accounts.__getitem__, registry.told, registry.clock, BASE, ALERTS, nobody_waits)
    before = len(registry.twilio.log)
    assert await tracker.sweep() == 61
    await suspended.close()
    assert (await registry.known(campaign)).status == "PENDING"
    assert "HTTP 401" in (await registry.known(registration_of("MG59", account=west.account_sid).id)).trouble
    # those that were under way when the first answer came, not all of them
    assert len(registry.twilio.log) - before <= 21


async def test_a_campaign_that_we_deleted_ourselves_alarms_nobody_and_its_card_says_so(registry: Registry) -> None:
    campaign = await registry.submitted()
    tracker = registry.tracker()
    await tracker.look(campaign)
    change = change_of(registry.account.sid)
    await tracker.end(change, Watch(kind="campaign", step="campaign", key=SUPPORT_SERVICE, title="Campaign"))
    await tracker.end(change, Watch(kind="campaign", step="campaign", key=SUPPORT_SERVICE, title="Campaign"))
    known = await registry.known(campaign)
    untold = await registry.store.untold(registry.clock())
    assert (known.status, await registry.heard(campaign), untold) == (GONE, [], [campaign])
    registry.clock.advance(DAY)
    assert await tracker.sweep() == 0


async def test_what_belongs_to_an_account_that_is_not_configured_any_more_is_looked_at_each_hour(
    registry: Registry,
) -> None:
    def nowhere(sid: str) -> Account:
        raise UnknownAccount(sid)

    campaign = await registry.submitted()
    await Tracker(registry.store, nowhere, registry.told, registry.clock, BASE, ALERTS, nobody_waits).sweep()
    known = await registry.known(campaign)
    assert ("no credentials" in known.trouble, await registry.due(campaign)) == (True, 3600.0)


async def test_what_we_delete_is_over_though_something_else_is_recorded_in_that_moment(registry: Registry) -> None:
    class Busy(RegistrationStore):
        acts = 1

        async def load(self, registration_id: str) -> Registration | None:
            known = await super().load(registration_id)
            if self.acts:
                self.acts -= 1
                await self.assign(registration_id, "U0ANN")
            return known

    campaign = await registry.submitted()
    tracker = Tracker(
        Busy(registry.redis, registry.keys), lambda _: registry.account, registry.told, registry.clock, BASE, ALERTS,
        nobody_waits,
    )  # fmt: skip
    watch = Watch(kind="campaign", step="campaign", key=SUPPORT_SERVICE, title="Campaign")
    await tracker.end(change_of(registry.account.sid), watch)
    known = await registry.known(campaign)
    assert (known.status, known.owner, await registry.store.looked_at()) == (GONE, "U0ANN", [])


@pytest.mark.parametrize("fails", [False, True])
async def test_an_event_that_comes_during_a_look_has_it_looked_at_once_more_at_once(
    registry: Registry, *, fails: bool
) -> None:
    campaign = await registry.submitted()
    looks = list[str]()

    async def look(_account: Account, key: str) -> tuple[str, dict[str, Any]]:
        looks.append(key)
        if len(looks) == 1:
            await tracker.hint([registration_of(key, registry.account.sid, registry.clock())])
            if fails:
                raise Uncertain("GET", "no answer")
        return "PENDING", {}

    tracker = looking(registry, look)
    await tracker.sweep()
    assert (len(looks), await registry.due(campaign)) == (2, BASE)


async def test_what_a_change_ends_during_a_look_is_looked_at_no_more(registry: Registry) -> None:
    campaign = await registry.submitted()

    async def look(_account: Account, _key: str) -> tuple[str, dict[str, Any]]:
        await registry.store.forget(campaign)
        return "PENDING", {}

    await looking(registry, look).sweep()
    assert await registry.store.looked_at() == []


async def test_what_another_replica_has_claimed_since_is_left_to_it(registry: Registry) -> None:
    """As when an account answers so slowly that the claim is over before its last registrations have their turn."""
    campaigns = [registration_of(f"MG{n}", registry.account.sid, registry.clock()) for n in range(AT_ONCE + 5)]
    looks, claimed = list[str](), asyncio.Event()

    async def look(_account: Account, key: str) -> tuple[str, dict[str, Any]]:
        looks.append(key)
        if len(looks) == AT_ONCE:
            registry.clock.advance(CLAIM_SECONDS)
            assert len(await registry.store.claim(registry.account.sid, registry.clock(), 100)) == len(campaigns)
            claimed.set()
        await claimed.wait()
        return "PENDING", {}

    for campaign in campaigns:
        await registry.store.begin(campaign)
    await looking(registry, look).sweep()
    assert len(looks) == AT_ONCE


async def test_what_only_a_newer_version_knows_is_left_to_its_replicas(registry: Registry) -> None:
    newer = Registration(kind="newer", account=registry.account.sid, key="X1", title="X1", started_at=registry.clock())
    await registry.store.begin(newer)
    await registry.tracker().sweep()
    assert await registry.store.looked_at() == [newer.id]


async def test_one_that_cannot_be_taken_up_is_told_and_keeps_no_other_from_being_told(registry: Registry) -> None:
    async def odd(registration: Registration, _log: object) -> None:
        raise ValueError(registration.id)

    campaigns = [registration_of(f"MG{n}") for n in range(3)]
    for campaign in campaigns:
        await registry.store.begin(campaign)
        await registry.store.redraw(campaign.id)
    await Tracker(
        registry.store, lambda _: registry.account, registry.told, registry.clock, BASE, ALERTS, nobody_waits,
        projections=(odd,),
    ).tell_left()  # fmt: skip
    assert sorted(registry.told.registrations) == [c.id for c in campaigns]


async def test_a_card_tells_what_an_event_said_even_if_a_look_finds_nothing_new(registry: Registry) -> None:
    campaign = await registry.known(await registry.submitted())
    fact = Fact(name="event", value="campaign-submitted", at=1.0, event="EV1")
    for novelty in ("latest", "known"):
        assert await registry.tracker().hear(Said(campaign, fact)) == novelty
        assert await registry.store.untold(registry.clock()) == [campaign.id]
        await registry.store.all_told(campaign.id, 1)


def looking(registry: Registry, look: Look) -> Tracker:
    """A tracker that looks at campaigns like this."""
    kinds = {"campaign": Kind(look, announced=True)}
    return Tracker(
        registry.store, lambda _: registry.account, registry.told, registry.clock, BASE, ALERTS, nobody_waits, kinds
    )
