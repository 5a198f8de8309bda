"""What a week brought: figures that are what people would count by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tracking.case import Case, Verdict, case_of
from bot.tracking.registration import About, Registration, Transition
from bot.tracking.row import DAY
from bot.tracking.statistics import Share, statistics
from bot.tracking.subscriptions import Subscription
from bot.tracking.weeks import week_due, weeks_before, weeks_so_far

MONDAY = datetime(2026, 11, 16, tzinfo=UTC).timestamp()
WEEK = 7 * DAY
WEEKS = [(MONDAY - 2 * WEEK, MONDAY - WEEK), (MONDAY - WEEK, MONDAY)]
TUESDAY = MONDAY - 6 * DAY


def followed(status: str = "VERIFIED", *, made_at: float = 0.0, kind: str = "campaign", **said: object) -> Registration:
    return Registration(
        kind=kind, account="AC1", key="MG1", title="Acme", started_at=0, made_at=made_at, status=status, snapshot=said
    )


def moves(*told: tuple[float, str], about: About = "state", **said: object) -> list[Transition]:
    """A log of states by when each came."""
    log, before = list[Transition](), ""
    for n, (at, after) in enumerate(told):
        log.append(Transition(id=n, before=before, after=after, at=at, severity="info", snapshot=said, about=about))
        before = after
    return log


def test_a_campaign_that_passed_at_the_second_try_is_no_first_pass() -> None:
    log = moves((TUESDAY - 5 * DAY, "FAILED"), (TUESDAY - 4 * DAY, "IN_PROGRESS"), (TUESDAY, "VERIFIED"))
    again = case_of(followed(made_at=TUESDAY - 4 * DAY), log, MONDAY)
    first = case_of(followed(made_at=TUESDAY - 2 * DAY), moves((TUESDAY, "VERIFIED")), MONDAY)
    found = statistics([again, first, first], WEEKS)
    assert (found.first_pass, found.first_pass_before) == (Share(2, 3), Share(0, 0))
    assert (len(found.verified), found.refused) == (3, ())
    assert found.to_verdict.now is not None
    assert (found.to_verdict.now.p50, found.to_verdict.now.count) == (2 * DAY, 3)


def test_only_what_was_submitted_from_here_has_a_lead_time() -> None:
    adopted = case_of(followed(), moves((TUESDAY, "VERIFIED")), MONDAY)
    resubmitted = case_of(followed(made_at=TUESDAY + 1), moves((TUESDAY, "FAILED")), MONDAY)
    found = statistics([adopted, resubmitted], WEEKS)
    assert found.to_verdict.now is None
    assert found.refused == ("Acme",)


def test_a_suspension_that_is_lifted_is_no_verdict() -> None:
    log = moves((TUESDAY - 9 * DAY, "VERIFIED"), (TUESDAY, "SUSPENDED"), (TUESDAY + DAY, "VERIFIED"))
    assert statistics([case_of(followed(), log, MONDAY)], WEEKS).verified == ()


def test_it_is_ready_once_after_each_verdict() -> None:
    ready = moves((TUESDAY + DAY, "VERIFIED"), (TUESDAY + 3 * DAY, "VERIFIED"), about="ready", ready="ready")
    lost = moves((TUESDAY + 2 * DAY, "VERIFIED"), about="ready", ready="not")
    log = sorted([*moves((TUESDAY, "VERIFIED")), *ready, *lost], key=lambda t: t.at)
    assert case_of(followed(), log, MONDAY).readied == ((TUESDAY + DAY, DAY),)


def test_codes_are_counted_once_for_each_refusal_and_strange_ones_as_they_are() -> None:
    errors = [{"error_code": 30896}, {"error_code": 30896}, {"error_code": "NEW"}, {}, "odd"]
    refused = moves((TUESDAY, "FAILED"), errors=errors)
    told_again = moves((TUESDAY + 1, "FAILED"), about="deadline", errors=errors)
    resubmitted = moves((TUESDAY + 2, "IN_PROGRESS"))
    again = moves((TUESDAY + 3, "FAILED"), errors=[{"error_code": 30896}])
    case = case_of(followed("FAILED"), [*refused, *told_again, *resubmitted, *again], MONDAY)
    found = statistics([case], WEEKS)
    assert dict(found.codes) == {"30896": 2, "NEW": 1, "without a code": 1}
    assert next(iter(found.codes)) == "30896"


def test_numbers_that_cannot_send_and_services_that_fail_are_named() -> None:
    states = {"REGISTERED": 4, "FAILURE": 1, "PENDING_REGISTRATION": 3}
    failed = [{"phone_number": "+15035550100", "error_code": "30024"}, "odd"]
    readiness = {"failed": failed, "waiting": ["+15035550101"], "numbers": states}
    numbers = case_of(followed(readiness=readiness), [], MONDAY)
    found = statistics([numbers, case_of(followed("FAILING", kind="traffic"), [], MONDAY)], WEEKS)
    assert [(u.failed, u.waiting) for u in found.unsent] == [(("+15035550100", "odd"), 3)]
    assert (found.failing, found.needs, found.eventful) == (("Acme",), 2, True)


@pytest.mark.parametrize(
    "readiness", [None, "x", [], {"failed": 3, "waiting": "x", "numbers": ["x"]}, {"failed": None}]
)
def test_a_readiness_that_nobody_knows_breaks_nothing(readiness: object) -> None:
    case = case_of(followed(readiness=readiness), [], MONDAY)
    assert (case.failed, case.waiting) == ((), 0)


def test_a_week_in_which_nothing_happened_is_not_eventful() -> None:
    quiet = case_of(followed("APPROVED", kind="brand"), moves((TUESDAY - 30 * DAY, "APPROVED")), MONDAY)
    assert not statistics([quiet], WEEKS).eventful
    assert statistics([], WEEKS).followed == 0


@given(st.lists(st.tuples(st.floats(0, 4 * WEEK), st.booleans(), st.floats(0, WEEK)), max_size=30))
def test_every_verdict_counts_in_one_week_only(told: list[tuple[float, bool, float]]) -> None:
    row = case_of(followed(), [], MONDAY).row
    cases = [Case(row, (Verdict(MONDAY - WEEK + at, good, good, took),)) for at, good, took in told]
    weeks = [(MONDAY + n * WEEK, MONDAY + (n + 1) * WEEK) for n in range(-1, 4)]
    each = [statistics(cases, weeks[: n + 1]) for n in range(len(weeks))]
    assert sum(len(s.verified) + len(s.refused) for s in each) == len(told)
    assert sum(t.count for _, t in each[-1].weeks) == len(told)


LATE_SUNDAY = MONDAY - 1


@pytest.mark.parametrize(
    ("zone", "after_monday", "due"),
    [
        ("UTC", 9 * 3600 - 1, ""),
        ("UTC", 9 * 3600, "2026-W47"),
        ("UTC", 3 * DAY - 1, "2026-W47"),
        ("UTC", 3 * DAY, ""),
        ("UTC", -1, ""),
        ("America/New_York", 14 * 3600 - 1, ""),
        ("America/New_York", 14 * 3600, "2026-W47"),
        ("Asia/Tokyo", 0, "2026-W47"),
        ("Nowhere/Atlantis", 9 * 3600, "2026-W47"),
        ("../etc/passwd", 9 * 3600, "2026-W47"),
    ],
)
def test_a_digest_is_due_from_monday_nine_by_the_channels_clock_until_wednesday(
    zone: str, after_monday: float, due: str
) -> None:
    assert week_due(Subscription(channel="C1", zone=zone), MONDAY + after_monday) == due
    assert week_due(Subscription(channel="C1", zone=zone, weekly=False), MONDAY + after_monday) == ""


def test_the_first_days_of_january_belong_to_the_week_that_they_lie_in() -> None:
    assert week_due(Subscription(channel="C1"), datetime(2029, 1, 1, 12, tzinfo=UTC).timestamp()) == "2029-W01"
    assert week_due(Subscription(channel="C1"), datetime(2024, 12, 30, 12, tzinfo=UTC).timestamp()) == "2025-W01"


def test_weeks_lie_end_to_end_even_when_the_clocks_change() -> None:
    spans = weeks_before("America/New_York", datetime(2026, 11, 17, tzinfo=UTC).timestamp())
    assert all(a[1] == b[0] for a, b in pairwise(spans))
    assert {round((b - a) / 3600) for a, b in spans} == {168, 169}
    so_far = weeks_so_far("UTC", MONDAY + DAY)
    assert (so_far[-1], len(so_far), so_far[-2][1]) == ((MONDAY, MONDAY + DAY), 8, MONDAY)


def test_a_case_keeps_what_a_subscription_is_compared_with() -> None:
    case = case_of(followed(brand_registration_sid="BN1"), [], MONDAY)
    assert Subscription(channel="C1", accounts=("AC1",), brands=("BN1",), kinds=("campaign",)).covers(
        case.row.glimpse()
    )
    other = replace(case, row=case.row.model_copy(update={"brand_sid": "BN2", "said": {}}))
    assert not Subscription(channel="C1", brands=("BN1",)).covers(other.row.glimpse())
