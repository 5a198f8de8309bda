"""The portfolio: one index over everything that people follow, which may lag or be lost but never lies for long."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from bot.redis.keys import Keys, hash_tag
from bot.tracking.portfolio import GONE_KEPT, NEEDS, Filter, Portfolio
from bot.tracking.registration import GONE, Registration
from bot.tracking.row import DAY, STATES, row_of, state_of
from bot.tracking.store import RegistrationStore
from tests.conftest import START, Clock

MAIN, EAST = "AC" + "5a" * 16, "AC" + "e5" * 16
ACME, OTHER = "BN" + "1a" * 16, "BN" + "2b" * 16

Made = Callable[..., Registration]


@pytest.fixture
def portfolio(redis: Redis, keys: Keys, registrations: RegistrationStore, clock: Clock) -> Portfolio:
    return Portfolio(redis, keys, registrations, clock)


def campaign(key: str, status: str = "PENDING", age: float = 0.0, **more: object) -> Registration:
    """A campaign of Acme's brand that has been in its status for `age` seconds."""
    since = START - age
    plain = {"account": MAIN, "account_name": "main", "title": f"Campaign {key}", "owner": "U0RITA", "version": 1}
    said = {"brand_registration_sid": ACME}
    fields = plain | {"kind": "campaign", "started_at": since, "status": status, "since": since, "snapshot": said}
    return Registration.model_validate({"key": key, **fields, **more})


async def keys_of(portfolio: Portfolio, **wanted: str) -> list[str]:
    """The registrations of a filter, in order."""
    return [row.key for row in (await portfolio.page(Filter(**wanted), 0, 100))[0]]


async def test_what_needs_somebody_comes_first_and_then_what_moved_last(portfolio: Portfolio) -> None:
    for registration in (
        campaign("MG1", age=3 * DAY),
        campaign("MG2", age=1 * DAY),
        campaign("MG3", "FAILED", age=9 * DAY),
        campaign("MG4", age=5 * DAY, failures=3),
        campaign("MG5", age=30 * DAY, told={"stuck": START}),
    ):
        await portfolio.learn(registration)
    assert await keys_of(portfolio) == ["MG4", "MG3", "MG5", "MG2", "MG1"]
    assert await keys_of(portfolio, state=NEEDS) == ["MG4", "MG3", "MG5"]
    assert [row.needs for row in (await portfolio.page(Filter(state=NEEDS)))[0]] == ["unseen", "refused", "stuck"]


async def test_a_filter_narrows_by_everything_at_once_and_its_pages_lie_end_to_end(portfolio: Portfolio) -> None:
    for n in range(23):
        await portfolio.learn(campaign(f"MG{n:02}", age=n, account=EAST if n % 2 else MAIN))
    await portfolio.learn(campaign("MG98", account=EAST, owner="U0BOB"))
    await portfolio.learn(campaign("MG99", account=EAST, snapshot={"brand_registration_sid": OTHER}))
    wanted = Filter(account=EAST, brand=ACME, state="review", owner="U0RITA")
    pages = [await portfolio.page(wanted, at, 5) for at in (0, 5, 10, 15)]
    assert [row.key for rows, _ in pages for row in rows] == [f"MG{n:02}" for n in range(23) if n % 2]
    assert {total for _, total in pages} == {11}


async def test_a_row_that_moves_is_in_one_state_and_choices_without_rows_are_no_choices(portfolio: Portfolio) -> None:
    await portfolio.learn(campaign("MG1", owner="U0BOB"))
    await portfolio.learn(campaign("MG1", "VERIFIED", version=2))
    counts = await portfolio.counts(Filter(state="review"))
    assert {name: n for name, n in counts.items() if n} == {"numbers": 1}
    choices = await portfolio.choices()
    assert (choices.owners, choices.states, dict(choices.accounts)) == (("U0RITA",), ("numbers",), {MAIN: "main"})


async def test_counts_are_of_the_filter(portfolio: Portfolio) -> None:
    await portfolio.learn(campaign("MG1", "FAILED"))
    await portfolio.learn(campaign("MG2", account=EAST))
    assert {n: c for n, c in (await portfolio.counts(Filter(account=MAIN))).items() if c} == {"refused": 1, NEEDS: 1}
    assert sum((await portfolio.counts(Filter())).values()) == 3


async def test_an_older_state_that_comes_late_changes_nothing(portfolio: Portfolio) -> None:
    await portfolio.learn(campaign("MG1", "VERIFIED", version=5))
    await portfolio.learn(campaign("MG1", "PENDING", version=4))
    assert await keys_of(portfolio, state="numbers") == ["MG1"]


async def test_replicas_that_learn_at_once_leave_the_latest_in_every_set(
    redis: Redis, keys: Keys, registrations: RegistrationStore, clock: Clock
) -> None:
    states = ["PENDING", "FAILED", "IN_PROGRESS", "SUSPENDED", "VERIFIED"] * 4
    replicas = [Portfolio(redis, keys, registrations, clock) for _ in range(4)]
    moves = [campaign("MG1", status, version=n, owner=f"U{n}") for n, status in enumerate(states)]
    await asyncio.gather(*(r.learn(move) for r in replicas for move in moves))
    assert sum((await replicas[0].counts(Filter())).values()) == 1
    assert (await replicas[0].choices()).owners == ("U19",)


async def test_brands_are_found_by_title_and_those_without_come_last(portfolio: Portfolio) -> None:
    await portfolio.learn(campaign("MG1"))
    await portfolio.learn(campaign("MG2", snapshot={"brand_registration_sid": OTHER}))
    assert await portfolio.brands("bn") == {ACME: "", OTHER: ""}
    await portfolio.learn(campaign(ACME, "APPROVED", kind="brand", title="Acme Inc.", snapshot={}))
    await portfolio.learn(campaign("MG1", "VERIFIED", version=2))
    assert list(await portfolio.brands()) == [ACME, OTHER]
    assert await portfolio.brands("aCM") == {ACME: "Acme Inc."}
    assert await portfolio.brand_title(ACME) == "Acme Inc."


async def test_what_only_a_change_waits_for_is_in_no_list(portfolio: Portfolio) -> None:
    await portfolio.learn(campaign("SM1", "queued", kind="message"))
    await portfolio.learn(campaign("X1", "queued", kind="of_a_newer_version"))
    assert await keys_of(portfolio) == []


async def test_an_index_that_was_lost_is_built_again_even_of_what_has_no_due_time(
    portfolio: Portfolio, registrations: RegistrationStore, redis: Redis, keys: Keys
) -> None:
    silent = campaign("S1", "SILENT", kind="sink")
    for registration in (campaign("MG1"), campaign("a:b", "VERIFIED"), silent, campaign("SM1", kind="message")):
        await registrations.begin(registration)
    await registrations.forget(silent.id)
    await redis.set(keys.portfolio("order"), "nonsense of another version")
    assert not (await portfolio.choices()).built
    await portfolio.keep_up()
    assert sorted(await keys_of(portfolio)) == ["MG1", "S1", "a:b"]
    assert (await portfolio.choices()).built


async def test_once_a_day_the_index_is_compared_with_the_registrations(
    portfolio: Portfolio, registrations: RegistrationStore, redis: Redis, keys: Keys, clock: Clock
) -> None:
    await portfolio.keep_up()
    await registrations.begin(campaign("MG1"))
    gone = campaign("MG2", GONE)
    await registrations.begin(gone)
    await portfolio.learn(gone)
    lost = campaign("MG3")
    await portfolio.learn(lost)
    clock.advance(DAY - 1)
    await portfolio.keep_up()
    assert sorted(await keys_of(portfolio)) == ["MG2", "MG3"]
    clock.advance(1)
    await portfolio.keep_up()
    assert sorted(await keys_of(portfolio)) == ["MG1", "MG2"]
    clock.advance(GONE_KEPT)
    await portfolio.keep_up()
    assert await keys_of(portfolio) == ["MG1"]


def test_all_of_the_index_lies_in_one_slot(keys: Keys) -> None:
    assert {hash_tag(keys.portfolio(part)) for part in ("rows", "order", f"account:{MAIN}")} == {"portfolio"}


@given(st.text(max_size=30), st.sampled_from(["campaign", "brand", "bundle", "sink", "traffic"]))
def test_a_status_that_nobody_knows_belongs_to_one_group_and_is_kept_as_it_is(status: str, kind: str) -> None:
    registration = campaign("MG1", status, kind=kind)
    assert state_of(registration) in STATES
    assert row_of(registration, START).glimpse().status == status


@pytest.mark.parametrize(
    ("kind", "status", "snapshot", "state"),
    [
        ("bundle", "twilio-rejected", {}, "refused"),
        ("bundle", "in-review", {}, "review"),
        ("sink", "validating", {}, "review"),
        ("traffic", "FAILING", {}, "refused"),
        ("brand", "APPROVED", {}, "ready"),
        ("campaign", "VERIFIED", {"ready": "ready"}, "ready"),
        ("campaign", "VERIFIED", {"ready": "waiting"}, "numbers"),
        ("campaign", "ON_HOLD", {}, "other"),
        ("campaign", "", {}, "review"),
    ],
)
def test_every_kind_finds_its_group(kind: str, status: str, snapshot: dict[str, str], state: str) -> None:
    assert state_of(campaign("MG1", status, kind=kind, snapshot=snapshot)) == state


def test_a_deadline_needs_somebody_from_its_first_reminder_until_it_is_over() -> None:
    brand = campaign(ACME, kind="brand", made_at=START, snapshot={"brand_type": "SOLE_PROPRIETOR"})
    hours = {hour: row_of(brand, START + hour * 3600).needs for hour in (1, 11, 13, 23, 25)}
    assert hours == {1: "", 11: "", 13: "deadline", 23: "deadline", 25: ""}


@pytest.mark.parametrize(("code", "needs"), [("nobody-answers", "unready"), ("numbers-waiting", "")])
def test_a_verified_campaign_needs_somebody_when_more_than_time_keeps_it_from_sending(code: str, needs: str) -> None:
    snapshot = {"ready": "not", "readiness": {"reasons": [{"code": code, "severity": "block", "text": "", "fix": ""}]}}
    campaign = Registration(
        kind="campaign", account="AC1", key="MG1", title="C", started_at=START, status="VERIFIED", snapshot=snapshot
    )
    assert row_of(campaign, START).needs == needs
