"""What stands longer than usual is told once, then weekly."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tracking.history import History
from bot.tracking.kinds import kinds
from bot.tracking.news import what_is_new
from bot.tracking.registration import GONE, Registration, Transition
from bot.tracking.stuck import AGAIN_SECONDS, COUNTED, SOONEST, stuck_at, stuck_news
from bot.tracking.tracker import Tracker
from bot.tracking.typical import DAY, HOUR, Typical, typical
from bot.twilio.gateway import Account
from tests.tracking.registry import ALERTS, BASE, Registry, nobody_waits, registration_of

T0 = 1_790_000_000.0
USUAL = Typical(p50=15 * DAY, p90=28 * DAY, own=3)


def standing(status: str = "IN_PROGRESS", **more: object) -> Registration:
    return registration_of("MG1").model_copy(update={"status": status, "since": T0, "started_at": T0, **more})


def told(registration: Registration, looks: list[float], usual: Typical | None = USUAL) -> list[Transition]:
    """What is said over some looks at a registration that stays as it is."""
    words: list[Transition] = []
    for now in looks:
        news = stuck_news(registration, registration, now, usual)
        words += news
        registration = registration.model_copy(update={"told": {**registration.told, **{t.mark: t.at for t in news}}})
    return words


@given(st.lists(st.integers(0, 300 * 86400), max_size=20), st.integers(0, 60 * 86400))
def test_whenever_looks_come_a_word_is_never_early_and_a_week_lies_between_two(after: list[int], p90: int) -> None:
    words = [t.at for t in told(standing(), sorted(T0 + a for a in after), Typical(p90 / 2, p90, 0))]
    assert all(at >= T0 + p90 for at in words)
    assert all(later - earlier >= AGAIN_SECONDS for earlier, later in pairwise(words))
    assert bool(words) == any(a >= max(SOONEST, p90) for a in after)


def test_daily_looks_tell_after_nine_of_ten_then_weekly_with_what_is_usual() -> None:
    first, second, third = told(standing(), [T0 + n * DAY for n in range(43)])
    assert [t.at for t in (first, second, third)] == [T0 + 28 * DAY, T0 + 35 * DAY, T0 + 42 * DAY]
    assert first.facts == {
        **{"stage": "campaign:IN_PROGRESS", "stood": 28 * DAY, "p50": 15 * DAY, "p90": 28 * DAY, "own": 3},
        "times": 1,
    }
    assert (third.facts["times"], third.severity, third.about, third.after) == (3, "warn", "stuck", "IN_PROGRESS")


def test_the_marks_of_years_are_bounded() -> None:
    words = told(standing(), [T0 + n * DAY for n in range(0, 10 * 365, 5)])
    assert len(words) > 300
    assert len({t.mark for t in words}) == COUNTED
    assert words[-1].facts["times"] == COUNTED


def test_another_stage_begins_to_count_anew() -> None:
    before = {t.mark: t.at for t in told(standing(), [T0 + n * DAY for n in range(60)])}
    moved = standing("FAILED", since=T0 + 60 * DAY, told=before)
    (word, *_) = told(moved, [T0 + n * DAY for n in range(60, 90)], typical("campaign:FAILED", []))
    assert (word.at, word.facts["times"]) == (T0 + 67 * DAY, 1)


def test_numbers_that_came_later_have_time_of_their_own() -> None:
    late = standing("VERIFIED", snapshot={"ready": "not"}, stage_since=T0 + 400 * DAY)
    usual = typical(late.stage, [])
    assert told(late, [T0 + 413 * DAY], usual) == []
    (word,) = told(late, [T0 + 415 * DAY], usual)
    assert (word.facts["stage"], word.facts["stood"]) == ("campaign:NUMBERS", 15 * DAY)


@pytest.mark.parametrize(
    ("status", "ready", "days"), [("FAILED", "", 7), ("VERIFIED", "not", 14), ("VERIFIED", "unsure", None)]
)
def test_what_had_long_stood_so_when_we_began_to_follow_it_is_not_told_at_once(
    status: str, ready: str, days: int | None
) -> None:
    adopted = standing(status, started_at=T0 + 400 * DAY, snapshot={"ready": ready})
    words = told(adopted, [T0 + (400 + n) * DAY for n in range(20)], typical(adopted.stage, []))
    assert [t.at for t in words][:1] == ([] if days is None else [T0 + (400 + days) * DAY])


def test_a_review_that_hangs_is_told_as_soon_as_it_is_followed() -> None:
    assert len(told(standing(started_at=T0 + 40 * DAY), [T0 + 40 * DAY])) == 1


async def test_a_campaign_that_is_ready_no_longer_is_given_time_from_then_on(registry: Registry) -> None:
    ready = ["ready"]

    async def look(account: Account, key: str) -> tuple[str, dict[str, Any]]:
        return "VERIFIED", {"ready": ready[-1]}

    store, clock = registry.store, registry.clock
    tracker = Tracker(
        *(store, lambda _: registry.account, registry.told, clock, BASE, ALERTS, nobody_waits),
        kinds=kinds(campaign=look),
        history=History(registry.redis, registry.keys, clock),
    )
    verified = registration_of("MG1", started_at=clock())
    await store.begin(verified)
    for now_ready, days in (("ready", 400), ("not", 13), ("not", 2)):
        ready.append(now_ready)
        await tracker.look(verified.id)
        clock.advance(days * DAY)
    assert [t.about for t in await store.transitions(verified.id) if t.about == "stuck"] == []
    await tracker.look(verified.id)
    (word,) = [t for t in await store.transitions(verified.id) if t.about == "stuck"]
    assert word.facts["stood"] == 15 * DAY


@pytest.mark.parametrize(("ready", "words"), [("not", 3), ("unsure", 1), ("ready", 0), (None, 0)])
def test_numbers_of_which_nothing_can_be_known_are_told_once_not_weekly(ready: str | None, words: int) -> None:
    verified = standing("VERIFIED", snapshot={"ready": ready}, stage_since=T0)
    looks = [T0 + n * DAY for n in range(30)]
    assert len(told(verified, looks, typical(verified.stage, []))) == words


def test_a_campaign_that_people_know_as_ready_is_not_stuck_because_that_cannot_be_told_for_certain_any_more() -> None:
    verified = standing("VERIFIED", snapshot={"ready": "unsure", "readiness": {"told": "ready"}}, stage_since=T0)
    assert told(verified, [T0 + 90 * DAY], typical(verified.stage, [])) == []


@pytest.mark.parametrize("status", ["VERIFIED", "APPROVED", GONE, ""])
def test_what_is_settled_or_was_not_looked_at_is_never_stuck(status: str) -> None:
    kind = "brand" if status == "APPROVED" else "campaign"
    settled = standing(status, kind=kind, snapshot={"ready": "ready"})
    assert told(settled, [T0 + 900 * DAY], typical(settled.stage, [])) == []
    assert stuck_at(registration_of("MG1"), USUAL) is None


def test_a_stage_that_others_left_within_seconds_is_not_stuck_a_minute_later() -> None:
    assert told(standing(), [T0 + 60], Typical(1.0, 2.0, 30)) == []
    assert len(told(standing(), [T0 + HOUR], Typical(1.0, 2.0, 30))) == 1


def test_what_has_just_moved_is_not_called_stuck() -> None:
    old, now = standing(), T0 + 90 * DAY
    moved = old.model_copy(update={"status": "FAILED"})
    assert [t.about for t in what_is_new(old, moved, now, USUAL)] == ["state"]
    assert [t.about for t in what_is_new(old, old, now, USUAL)] == ["stuck"]
