"""How long stages took is learned from what was seen, once, and only where the beginning was seen."""

from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.sandbox.twilio.start_state import SUPPORT_SERVICE
from bot.tracking.history import FRESH_SECONDS, KEPT, History, passed
from bot.tracking.registration import GONE, About, Registration, Transition
from bot.tracking.tracker import Tracker
from bot.tracking.typical import DAY, ENOUGH, HOUR, Typical
from tests.conftest import Clock
from tests.tracking.registry import ALERTS, BASE, Registry, nobody_waits, registration_of

REVIEW = "campaign:IN_PROGRESS"


def move(number: int, before: str, after: str, at: float, about: About = "state", **snapshot: object) -> Transition:
    """A transition of a registration's log."""
    return Transition(
        id=number, before=before, after=after, at=at, severity="info", snapshot=dict(snapshot), about=about
    )


def campaign(key: str = "MG1", **more: object) -> Registration:
    return registration_of(key).model_copy(update=more)


def left(registration: Registration, *log: Transition) -> list[tuple[str, float]]:
    return [(case.stage, case.seconds) for case in passed(registration, log)]


SUBMITTED = campaign(made_at=100.0)
WAY = (
    move(2, "PENDING", "IN_PROGRESS", 150.0),
    move(3, "IN_PROGRESS", "VERIFIED", 1150.0, ready="not"),
    move(4, "VERIFIED", "VERIFIED", 1450.0, "ready", ready="ready"),
)


def test_each_stage_of_a_campaign_counts_from_its_submission_to_its_readiness() -> None:
    assert left(SUBMITTED, *WAY) == [("campaign:PENDING", 50.0), (REVIEW, 1000.0), ("campaign:NUMBERS", 300.0)]


def test_what_was_found_in_the_middle_of_its_way_counts_from_its_next_stage_on() -> None:
    assert left(campaign(), *WAY) == [(REVIEW, 1000.0), ("campaign:NUMBERS", 300.0)]
    found = move(1, "", "VERIFIED", 100.0, ready="not")
    assert left(campaign(), found, move(2, "VERIFIED", "VERIFIED", 400.0, "ready", ready="ready")) == []


def test_a_verdict_at_the_first_look_tells_nothing_of_stages_that_nobody_saw() -> None:
    assert left(SUBMITTED, move(1, "", "FAILED", 130.0, errors=[{}])) == []


def test_a_rejection_lasts_until_it_is_resubmitted_and_the_next_review_begins_then() -> None:
    log = (move(1, "IN_PROGRESS", "FAILED", 500.0), move(3, "IN_PROGRESS", "VERIFIED", 900.0))
    assert left(campaign(made_at=600.0), *log) == [("campaign:FAILED", 100.0), (REVIEW, 300.0)]
    again = (log[0], move(3, "", "FAILED", 700.0), move(4, "FAILED", "IN_PROGRESS", 800.0))
    assert left(campaign(made_at=600.0), *again) == [("campaign:FAILED", 100.0), ("campaign:FAILED", 100.0)]


def test_of_tries_whose_beginning_was_overwritten_nothing_is_made_up() -> None:
    log = (move(1, "IN_PROGRESS", "FAILED", 500.0), move(3, "IN_PROGRESS", "FAILED", 900.0))
    assert left(campaign(made_at=1000.0), *log) == []


def test_other_errors_and_single_numbers_do_not_end_a_stage() -> None:
    log = (
        WAY[0],
        move(3, "IN_PROGRESS", "IN_PROGRESS", 300.0, errors=[{"error_code": 30908}]),
        move(4, "IN_PROGRESS", "IN_PROGRESS", 400.0, "stuck"),
        move(5, "IN_PROGRESS", "FAILED", 650.0),
    )
    assert left(campaign(), *log) == [(REVIEW, 500.0)]


def test_what_was_deleted_on_its_way_does_not_count() -> None:
    assert left(campaign(), WAY[0], move(3, "IN_PROGRESS", GONE, 300.0)) == []


def test_numbers_of_which_nobody_ever_heard_that_they_are_registered_do_not_count() -> None:
    log = (*WAY[:2], move(9, "VERIFIED", "SUSPENDED", 9e6), move(10, "SUSPENDED", "VERIFIED", 9e6 + 50, ready="not"))
    assert left(campaign(), *log) == [(REVIEW, 1000.0), ("campaign:SUSPENDED", 50.0)]


def test_numbers_that_came_later_have_a_stage_of_their_own() -> None:
    later = (
        move(5, "VERIFIED", "VERIFIED", 9000.0, "ready", ready="not"),
        move(6, "VERIFIED", "VERIFIED", 9500.0, "ready", ready="ready"),
    )
    assert left(campaign(), *WAY, *later)[-2:] == [("campaign:NUMBERS", 300.0), ("campaign:NUMBERS", 500.0)]


def test_external_campaigns_and_other_kinds_have_stages_of_their_own() -> None:
    log = (
        move(1, "PENDING", "IN_PROGRESS", 150.0, is_externally_registered=True),
        move(2, "IN_PROGRESS", "FAILED", 250.0, is_externally_registered=True),
    )
    assert left(SUBMITTED, *log) == [("external:PENDING", 50.0), ("external:IN_PROGRESS", 100.0)]
    log = (move(1, "PENDING", "IN_REVIEW", 150.0), move(2, "IN_REVIEW", "APPROVED", 250.0))
    brand = SUBMITTED.model_copy(update={"kind": "brand"})
    assert left(brand, *log) == [("brand:PENDING", 50.0), ("brand:IN_REVIEW", 100.0)]
    assert left(SUBMITTED.model_copy(update={"kind": "message"}), *log) == []


words = st.sampled_from(["PENDING", "IN_PROGRESS", "VERIFIED", "FAILED", "SUSPENDED", GONE, "", "{odd}"])


@given(st.lists(st.tuples(words, words, st.booleans()), max_size=8), st.floats(0, 900))
def test_whatever_the_log_no_stage_takes_less_than_nothing_and_each_has_a_name_of_its_own(
    log: list[tuple[str, str, bool]], made_at: float
) -> None:
    moves = [move(n, b, a, n * 100.0, ready="ready" if r else "not") for n, (b, a, r) in enumerate(log)]
    found = passed(campaign(made_at=made_at), moves)
    assert all(case.seconds >= 0 for case in found)
    assert len({(case.stage, case.by) for case in found}) == len(found)
    # what was learned from the log so far is what is learned from the whole log
    assert passed(campaign(made_at=made_at), moves[:4]) == found[: len(passed(campaign(made_at=made_at), moves[:4]))]


async def test_learning_the_same_log_over_and_over_counts_it_once(redis: Redis, keys: Keys, clock: Clock) -> None:
    one, other = History(redis, keys, clock), History(redis, keys, clock)
    for history in (one, other, one):
        await history.learn(SUBMITTED, WAY)
        await history.learn(SUBMITTED, WAY[:2])
    found = await one.typical(REVIEW)
    assert found is not None
    assert found.own == 1


async def test_of_many_cases_the_latest_are_kept_whatever_the_order_they_come_in(redis: Redis, keys: Keys) -> None:
    history, surplus = History(redis, keys), 3
    rows = [text for n in range(KEPT) for text in (f"old{n}", f"{1000.0 + n} {DAY}")]
    await redis.hset(keys.plain(f"history:{REVIEW}"), items=rows)
    for n in range(surplus):
        began, ended = move(1, "PENDING", "IN_PROGRESS", 1e6), move(2, "IN_PROGRESS", "FAILED", 1e6 + n + 1)
        await history.learn(campaign(f"MG{n}"), (began, ended))
    oldest = (move(1, "PENDING", "IN_PROGRESS", 1.0), move(2, "IN_PROGRESS", "FAILED", 2.0))
    await history.learn(campaign("MGold"), oldest)
    kept = {str(field) for field in await redis.hkeys(keys.plain(f"history:{REVIEW}"))}
    assert kept == {f"old{n}" for n in range(surplus, KEPT)} | {f"{campaign(f'MG{n}').id}|1" for n in range(surplus)}


async def test_an_answer_is_held_for_a_minute_unless_this_process_learns(
    redis: Redis, keys: Keys, clock: Clock
) -> None:
    asked, other = History(redis, keys, clock), History(redis, keys, clock)

    async def own() -> int:
        return found.own if (found := await asked.typical(REVIEW)) else -1

    assert await own() == 0
    await other.learn(campaign("MG2"), WAY)
    clock.advance(FRESH_SECONDS - 1)
    assert await own() == 0
    clock.advance(1)
    assert await own() == 1
    await asked.learn(campaign("MG3"), WAY)
    assert await own() == 2


async def test_a_state_with_braces_in_its_name_is_a_key_all_the_same(redis: Redis, keys: Keys) -> None:
    log = (move(1, "PENDING", "{odd}", 10.0), move(2, "{odd}", "VERIFIED", 30.0))
    history = History(redis, keys)
    await history.learn(campaign(), log)
    found = await history.typical("campaign:{odd}")
    assert found is not None
    assert found.own == 1


async def test_a_team_that_is_faster_than_twilio_says_hears_sooner_that_something_is_stuck(registry: Registry) -> None:
    history = History(registry.redis, registry.keys, registry.clock)
    for n in range(ENOUGH):
        log = (move(1, "PENDING", "IN_PROGRESS", 10.0), move(2, "IN_PROGRESS", "VERIFIED", 10.0 + 2 * DAY))
        await history.learn(campaign(f"MG{n}"), log)
    assert await history.typical(REVIEW) == Typical(2 * DAY, 2 * DAY, ENOUGH)
    told, clock = registry.told, registry.clock
    tracker = Tracker(
        *(registry.store, lambda _: registry.account, told, clock, BASE, ALERTS, nobody_waits),
        history=history,
        projections=(history.learn,),
    )
    submitted = await registry.submitted()
    await tracker.look(submitted)
    registry.twilio.desk.review(SUPPORT_SERVICE)
    await tracker.look(submitted)
    for _ in range(3):
        clock.advance(DAY)
        await tracker.sweep()
    clock.advance(HOUR)
    registry.twilio.desk.verify(SUPPORT_SERVICE)
    await tracker.look(submitted)
    moves = await registry.store.transitions(submitted)
    assert [(t.about, t.after) for t in moves if t.about != "ready"] == [
        *(("state", "IN_PROGRESS"), ("stuck", "IN_PROGRESS"), ("state", "VERIFIED"))
    ]
    learned = await history.typical(REVIEW)
    assert learned is not None
    assert learned.own == ENOUGH + 1
