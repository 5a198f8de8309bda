"""How long a stage usually takes: the team's own cases, and what Twilio says until there are enough of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tracking.typical import DAY, ENOUGH, PRIORS, prior, typical

REVIEW = "campaign:IN_PROGRESS"
stages = st.sampled_from([*sorted(PRIORS), "brand:FAILED", "campaign:NEVER_SEEN"])
durations = st.floats(0, 400 * DAY) | st.sampled_from([0.0, 1.0, DAY])
cases = st.lists(durations, max_size=60)


@given(stages, cases)
def test_half_never_takes_longer_than_nine_of_ten_and_nothing_takes_no_time(stage: str, own: list[float]) -> None:
    found = typical(stage, own)
    assert found is not None
    assert 0 < found.p50 <= found.p90
    assert found.own == len(own)


@given(stages, cases, st.integers(0, 59))
def test_a_case_that_took_longer_never_makes_a_stage_look_faster(stage: str, own: list[float], at: int) -> None:
    slower = [d + DAY if n == at else d for n, d in enumerate(own)]
    before, after = typical(stage, own), typical(stage, slower)
    assert before is not None
    assert after is not None
    assert after.p50 >= before.p50 * (1 - 1e-9)
    assert after.p90 >= before.p90 * (1 - 1e-9)


@given(stages, cases, st.floats(400 * DAY, 1e12))
def test_one_absurd_case_does_not_decide(stage: str, own: list[float], absurd: float) -> None:
    said, found = prior(stage), typical(stage, [*own, absurd])
    assert said is not None
    assert found is not None
    assert found.p90 <= max(2 * said[1], *own, 1.0) * (1 + 1e-9)


@given(stages, st.lists(durations, min_size=ENOUGH, max_size=60))
def test_with_enough_of_its_own_only_these_count(stage: str, own: list[float]) -> None:
    found = typical(stage, own)
    assert found == typical("brand:PENDING", own)
    assert found is not None
    assert sum(d <= found.p90 for d in own) >= 0.9 * len(own)


@pytest.mark.parametrize("broken", [math.inf, math.nan, -math.inf])
def test_what_is_no_duration_counts_for_nothing(broken: float) -> None:
    assert typical(REVIEW, [broken, 5 * DAY]) == typical(REVIEW, [5 * DAY])


def test_even_what_is_done_at_once_takes_a_moment() -> None:
    found = typical("brand:PENDING", [0.0, -5.0] * ENOUGH)
    assert found is not None
    assert (found.p50, found.p90) == (1.0, 1.0)


def test_without_any_history_it_is_what_twilio_says() -> None:
    found = typical(REVIEW, [])
    assert found is not None
    assert (found.p50, found.p90, found.own) == (15 * DAY, 28 * DAY, 0)


def test_what_twilio_says_fades_case_by_case() -> None:
    seen = [typical(REVIEW, [5 * DAY] * n) for n in range(ENOUGH + 1)]
    nine_of_ten = [found.p90 for found in seen if found]
    assert nine_of_ten == sorted(nine_of_ten, reverse=True)
    assert nine_of_ten[0] > 2 * nine_of_ten[ENOUGH - 1]
    assert nine_of_ten[-1] == 5 * DAY


@pytest.mark.parametrize("stage", ["campaign:Awaiting carrier", "brand:DELETION_PENDING", "bundle:odd"])
def test_a_state_that_nobody_knows_is_not_waited_for_for_ever(stage: str) -> None:
    found = typical(stage, [])
    assert found is not None
    assert found.p90 == 14 * DAY


@pytest.mark.parametrize("stage", ["campaign:FAILED", "external:FAILED", "brand:SUSPENDED", "bundle:twilio-rejected"])
def test_what_waits_for_the_team_is_spoken_of_after_a_week(stage: str) -> None:
    found = typical(stage, [])
    assert found is not None
    assert found.p90 == 7 * DAY


@pytest.mark.parametrize(
    "stage",
    [
        *(
            "brand:APPROVED",
            "campaign:READY",
            "external:READY",
            "campaign:GONE",
            "vetting:SUCCESS",
            "number:FAILURE",
        ),
        *("bundle:twilio-approved", "campaign:", "message:sent", "sink:active", "traffic:FAILING", "", "nothing"),
    ],
)
def test_nobody_waits_for_the_end_of_what_is_settled(stage: str) -> None:
    assert typical(stage, [DAY] * 30) is None
