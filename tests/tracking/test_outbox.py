"""A look is recorded whole or not at all, and what it announces is neither lost nor told twice."""

import asyncio

import pytest

from bot.tracking.due import CLAIM_SECONDS
from bot.tracking.news import state_news
from bot.tracking.registration import Registration
from bot.tracking.store import RegistrationStore
from bot.tracking.subscriptions import Subscription
from tests.conftest import Clock
from tests.tracking.registry import ALERTS, announcement_of, registration_of, transition_of

ACCOUNT = registration_of("MG1").account


async def begun(registrations: RegistrationStore, key: str = "MG1", at: float = 0.0) -> Registration:
    """A registration that is followed, as it is stored."""
    registration = registration_of(key, started_at=at)
    await registrations.begin(registration)
    known = await registrations.load(registration.id)
    assert known is not None
    return known


async def test_a_look_based_on_an_old_version_records_nothing_at_all(registrations: RegistrationStore) -> None:
    old = await begun(registrations)
    assert await registrations.observe(old.model_copy(update={"status": "VERIFIED"}))
    late = old.model_copy(update={"status": "PENDING", "snapshot": {"late": True}})
    assert not await registrations.observe(late, [transition_of(1, "PENDING")], [announcement_of(1)])
    known = await registrations.load(old.id)
    assert known is not None
    assert (known.status, known.snapshot, known.version) == ("VERIFIED", {}, 1)
    assert (await registrations.transitions(old.id), await registrations.announcements(old.id)) == ([], [])


async def test_of_many_looks_at_once_one_is_recorded(registrations: RegistrationStore) -> None:
    old = await begun(registrations)
    seen = old.model_copy(update={"status": "VERIFIED"})
    rows = [announcement_of(1), announcement_of(1, "C0OTHER")]
    recorded = await asyncio.gather(*(registrations.observe(seen, [transition_of(1)], rows) for _ in range(30)))
    assert recorded.count(True) == 1
    assert await registrations.transitions(old.id) == [transition_of(1)]
    assert sorted(a.channel for a in await registrations.announcements(old.id)) == [ALERTS, "C0OTHER"]


async def test_a_look_at_what_is_not_followed_records_nothing(registrations: RegistrationStore) -> None:
    stranger = registration_of("MG404")
    assert not await registrations.observe(stranger, [transition_of(1)], [announcement_of(1)])
    assert await registrations.load(stranger.id) is None
    assert await registrations.announcements(stranger.id) == []


async def test_announcements_wait_oldest_first_until_each_is_told(registrations: RegistrationStore) -> None:
    registration = await begun(registrations)
    for number in (1, 2, 10):
        seen = registration.model_copy(update={"version": (1, 2, 10).index(number)})
        assert await registrations.observe(seen, [transition_of(number)], [announcement_of(number)])
    assert await registrations.untold(0.0) == [registration.id]
    waiting = await registrations.announcements(registration.id)
    assert [a.transition.id for a in waiting] == [1, 2, 10]
    await registrations.told(registration.id, waiting[0])
    await registrations.told(registration.id, waiting[0])
    await registrations.all_told(registration.id, 3)
    assert await registrations.untold(0.0) == [registration.id]
    assert [a.transition.id for a in await registrations.announcements(registration.id)] == [2, 10]


async def test_what_is_all_told_is_off_the_list(registrations: RegistrationStore) -> None:
    registration = await begun(registrations)
    await registrations.observe(registration, [transition_of(1)], [announcement_of(1)])
    await registrations.told(registration.id, announcement_of(1))
    await registrations.all_told(registration.id, 1)
    assert await registrations.untold(0.0) == []


async def test_what_moved_while_it_was_drawn_stays_on_the_list(registrations: RegistrationStore) -> None:
    registration = await begun(registrations)
    await registrations.observe(registration, [transition_of(1)], [announcement_of(1)])
    await registrations.told(registration.id, announcement_of(1))
    await registrations.all_told(registration.id, drawn=0)
    assert await registrations.untold(0.0) == [registration.id]


async def test_a_list_entry_without_rows_is_cleaned_up(registrations: RegistrationStore) -> None:
    registration = await begun(registrations)
    await registrations.observe(registration, (), ())
    assert not await registrations.observe(registration, [transition_of(1)], [announcement_of(1)])
    assert await registrations.untold(0.0) == [registration.id]
    await registrations.all_told(registration.id, 1)
    assert await registrations.untold(0.0) == []


@pytest.mark.parametrize("lead", range(4))
async def test_an_announcement_that_comes_while_the_last_one_is_crossed_off_is_not_forgotten(
    registrations: RegistrationStore, lead: int
) -> None:
    for n in range(25):
        registration = await begun(registrations, f"MG{n}")

        async def cross_off(registration_id: str = registration.id) -> None:
            for _ in range(lead):
                await asyncio.sleep(0)
            await registrations.all_told(registration_id, 0)

        await asyncio.gather(
            registrations.observe(registration, [transition_of(1)], [announcement_of(1)]), cross_off(), cross_off()
        )
        assert registration.id in await registrations.untold(0.0)


async def test_what_is_due_is_handed_out_once(registrations: RegistrationStore, clock: Clock) -> None:
    for n in range(60):
        await begun(registrations, f"MG{n}", clock())
    batches = await asyncio.gather(*(registrations.claim(ACCOUNT, clock(), 10) for _ in range(20)))
    claimed = [registration for batch in batches for registration in batch]
    assert (len(claimed), len(set(claimed))) == (60, 60)
    assert max(map(len, batches)) == 10


async def test_what_is_not_due_is_not_handed_out(registrations: RegistrationStore, clock: Clock) -> None:
    registration = await begun(registrations, at=clock() + 1)
    assert await registrations.claim(ACCOUNT, clock(), 10) == []
    clock.advance(1)
    assert await registrations.claim(ACCOUNT, clock(), 10) == [registration.id]


async def test_what_a_dead_worker_had_claimed_comes_again_after_a_minute(
    registrations: RegistrationStore, clock: Clock
) -> None:
    registration = await begun(registrations, at=clock())
    assert await registrations.claim(ACCOUNT, clock(), 10) == [registration.id]
    clock.advance(CLAIM_SECONDS - 1)
    assert await registrations.claim(ACCOUNT, clock(), 10) == []
    clock.advance(1)
    assert await registrations.claim(ACCOUNT, clock(), 10) == [registration.id]


async def test_the_longest_due_come_first(registrations: RegistrationStore, clock: Clock) -> None:
    for n in (3, 1, 2):
        await begun(registrations, f"MG{n}", clock() + n)
    clock.advance(10)
    first_two = await registrations.claim(ACCOUNT, clock(), 2)
    assert [registration.split("|")[2] for registration in first_two] == ["MG1", "MG2"]
    assert [registration.split("|")[2] for registration in await registrations.claim(ACCOUNT, clock(), 2)] == ["MG3"]


async def test_following_again_for_the_same_change_keeps_what_is_known(
    registrations: RegistrationStore, clock: Clock
) -> None:
    old = await begun(registrations, at=clock())
    await registrations.observe(old.model_copy(update={"status": "FAILED", "since": 5.0}), [transition_of(1)])
    await registrations.begin(registration_of("MG1", started_at=clock()))
    known = await registrations.load(old.id)
    assert known is not None
    assert (known.status, known.since, known.version) == ("FAILED", 5.0, 1)


async def test_a_resubmission_makes_an_equal_verdict_news_again_and_is_looked_at_at_once(
    registrations: RegistrationStore, clock: Clock
) -> None:
    old = await begun(registrations, at=clock())
    seen = old.model_copy(update={"status": "FAILED", "snapshot": {"errors": [{"error_code": 30896}]}})
    await registrations.observe(seen, [transition_of(1)])
    await registrations.look_at(old.id, clock() + 1e6)
    await registrations.begin(registration_of("MG1", started_at=clock()).model_copy(update={"change": 9}))
    known = await registrations.load(old.id)
    assert known is not None
    assert (known.status, known.change) == ("", 9)
    assert state_news(known, seen, clock()) is not None
    assert await registrations.claim(ACCOUNT, clock(), 1) == [old.id]


async def test_a_look_from_before_a_resubmission_is_not_recorded_after_it(
    registrations: RegistrationStore, clock: Clock
) -> None:
    before = await begun(registrations, at=clock())
    await registrations.begin(registration_of("MG1", started_at=clock()).model_copy(update={"change": 9}))
    assert not await registrations.observe(before.model_copy(update={"status": "FAILED"}), [transition_of(1)])


async def test_following_while_a_look_is_recorded_never_undoes_the_look(registrations: RegistrationStore) -> None:
    for n in range(25):
        registration = registration_of(f"MG{n}")

        async def look(followed: Registration = registration) -> None:
            seen, recorded = followed.model_copy(update={"status": "VERIFIED"}), False
            while not recorded:
                recorded = await registrations.observe(seen, (), ())

        await asyncio.gather(registrations.begin(registration), look(), registrations.begin(registration))
        known = await registrations.load(registration.id)
        assert known is not None
        assert (known.status, known.version) == ("VERIFIED", 1)


async def test_a_channel_hears_until_it_unsubscribes(registrations: RegistrationStore) -> None:
    await registrations.subscribe(Subscription(channel="C0A2P", by="U0RITA"))
    last = Subscription(channel="C0A2P", by="U0ANN", severities=("bad",))
    await registrations.subscribe(last)
    assert await registrations.subscriptions() == {"C0A2P": last}
    assert await registrations.unsubscribe("C0A2P")
    assert not await registrations.unsubscribe("C0A2P")
    assert await registrations.subscriptions() == {}
