"""What runs out is reminded of in time, each time once, and a last word says that it is over."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tracking.cadence import next_look
from bot.tracking.deadlines import DAY, HOUR, MAIL, MAIL_SENT, REMIND_AT, deadline_news, deadlines, next_reminder
from bot.tracking.registration import GONE, Fact, Registration, Transition

T0 = 1_790_000_000.0
MADE = datetime.fromtimestamp(T0, UTC).isoformat().replace("+00:00", "Z")


def brand(status: str = "PENDING", **more: object) -> Registration:
    given = Registration(kind="brand", account="AC1", key="BN1", title="Acme", started_at=T0)
    return given.model_copy(update={"status": status, "since": T0, **more})


def mail(value: str, at: float = T0, name: str = MAIL) -> dict[str, Fact]:
    return {name: Fact(name=name, value=value, at=at, event=f"EZ{at}")}


SOLE = brand(made_at=T0, snapshot={"brand_type": "SOLE_PROPRIETOR"})
MAILED = brand("APPROVED", heard=mail("sent"))
MOCK = brand("APPROVED", snapshot={"mock": True, "date_created": MADE})
SUSPENDED = brand("SUSPENDED", kind="campaign", key="MG1")
RUNNING = {"passcode": SOLE, "mail_2fa": MAILED, "mock_removal": MOCK, "suspended_removal": SUSPENDED}
LASTS = {"passcode": DAY, "mail_2fa": 7 * DAY, "mock_removal": 30 * DAY, "suspended_removal": 30 * DAY}
names = st.sampled_from(sorted(RUNNING))


def after(registration: Registration, news: Sequence[Transition]) -> Registration:
    return registration.model_copy(update={"told": {**registration.told, **{t.mark: t.at for t in news}}})


def told(registration: Registration, looks: Sequence[float]) -> list[Transition]:
    """What is said over looks (seconds after T0) at a registration that stays as it is."""
    words: list[Transition] = []
    for at in looks:
        news = deadline_news(registration, registration, T0 + at)
        words += news
        registration = after(registration, news)
    return words


@given(names, st.lists(st.floats(0, 40 * DAY), max_size=30))
def test_whenever_looks_come_each_reminder_is_given_once_and_none_before_its_time(name: str, at: list[float]) -> None:
    words = told(RUNNING[name], sorted(at))
    marks = [t.mark for t in words]
    assert len(marks) == len(set(marks)) <= len(REMIND_AT[name]) + 1
    for word in words:
        nth = int(word.mark.rpartition(":")[2])
        left = (*REMIND_AT[name], 0.0)[nth]
        assert word.at >= T0 + LASTS[name] - left
    assert marks == sorted(marks)


@given(names, st.floats(0, 40 * DAY), st.floats(0, 40 * DAY))
def test_a_look_right_after_a_look_says_nothing_more(name: str, one: float, other: float) -> None:
    early, late = sorted((one, other))
    assert [t.at for t in told(RUNNING[name], [early, early, late, late, early])] == [
        t.at for t in told(RUNNING[name], [early, late])
    ]


@given(names, st.floats(0, 29 * DAY))
def test_whoever_looks_when_the_next_reminder_is_due_misses_none(name: str, start: float) -> None:
    registration, now, words = RUNNING[name], T0 + start, list[Transition]()
    while (due := next_reminder(registration, now)) is not None:
        assert due >= now
        now = due
        news = deadline_news(registration, registration, now)
        assert len(news) == 1
        words, registration = words + news, after(registration, news)
    ahead = [left for left in REMIND_AT[name] if LASTS[name] - left > start]
    assert [t.facts["left"] for t in words][-len(ahead) - 1 :] == pytest.approx([*ahead, 0.0])
    assert len(words) <= len(ahead) + 2


@given(names, st.floats(0, 29 * DAY), st.floats(60, DAY))
def test_the_next_look_comes_no_later_than_the_next_reminder(name: str, at: float, base: float) -> None:
    due = next_reminder(RUNNING[name], T0 + at)
    assert due is not None
    assert next_look(RUNNING[name], T0 + at, base, None) <= max(T0 + at + base, due)


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_one_that_is_far_gone_when_we_first_hear_of_it_is_told_once(name: str) -> None:
    (word,) = told(RUNNING[name], [50 * DAY, 51 * DAY, 80 * DAY])
    assert (word.severity, word.facts["left"], word.facts["name"]) == ("bad", 0.0, name)


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_daily_looks_warn_then_alarm_then_say_that_it_is_over(name: str) -> None:
    words = told(RUNNING[name], [n * HOUR for n in range(41 * 24)])
    assert [t.facts["left"] for t in words] == [*REMIND_AT[name], 0.0]
    assert [t.severity for t in words] == ["bad" if t.facts["left"] < LASTS[name] / 10 else "warn" for t in words]
    assert words[0].severity == "warn"
    assert words[-1].facts == {"name": name, "at": T0 + LASTS[name], "begun": T0, "left": 0.0}
    assert {(t.about, t.before == t.after) for t in words} == {("deadline", True)}


@pytest.mark.parametrize(("left", "severity"), [(2.5 * HOUR, "warn"), (2.3 * HOUR, "bad")])
def test_less_than_a_tenth_of_the_time_is_bad(left: float, severity: str) -> None:
    (word,) = told(SOLE, [DAY - left])
    assert word.severity == severity


@pytest.mark.parametrize(
    "settled",
    [
        brand("APPROVED", made_at=T0, snapshot={"brand_type": "SOLE_PROPRIETOR"}),
        brand("PENDING", made_at=T0, snapshot={"brand_type": "STANDARD"}),
        brand("PENDING", snapshot={"brand_type": "SOLE_PROPRIETOR"}),
        brand("APPROVED", snapshot={"mock": False, "date_created": MADE}),
        brand("APPROVED", snapshot={"mock": True, "date_created": "soon"}),
        brand("APPROVED", heard=mail("completed")),
        brand("APPROVED", heard=mail("invalid_contact_email")),
        brand("APPROVED", heard=mail("sent", at=0.0)),
        brand("SUSPENDED"),
        brand("VERIFIED", kind="campaign"),
        brand("FAILED", heard=mail("sent")),
        *(r.model_copy(update={"status": GONE}) for r in RUNNING.values()),
    ],
)
def test_nothing_runs_out_for_what_is_settled(settled: Registration) -> None:
    assert (deadlines(settled), next_reminder(settled, T0), told(settled, [99 * DAY])) == ([], None, [])


def test_a_mail_that_is_sent_again_begins_anew_though_the_one_before_was_told_of() -> None:
    old = after(MAILED, told(MAILED, [4 * DAY]))
    again = old.model_copy(update={"heard": mail("sent", T0 + 5 * DAY)})
    (deadline,) = deadlines(again)
    assert deadline.at == T0 + 12 * DAY
    assert [t.facts["left"] for t in told(again, [6 * DAY, 9 * DAY])] == [3 * DAY]


def test_opening_the_mail_gives_no_more_time_where_it_is_known_when_it_was_sent() -> None:
    opened = mail("opened", T0 + 3 * DAY)
    assert [d.at for d in deadlines(brand(heard=opened | mail("sent", T0, MAIL_SENT)))] == [T0 + 7 * DAY]
    assert [d.at for d in deadlines(brand(heard=opened))] == [T0 + 10 * DAY]


def test_a_mail_that_timed_out_is_over_at_once() -> None:
    (word,) = told(brand(heard=mail("timeout", T0 + DAY)), [DAY, 2 * DAY])
    assert (word.severity, word.facts["left"]) == ("bad", 0.0)


def test_the_mail_of_a_try_before_is_forgotten() -> None:
    assert deadlines(brand(heard=mail("sent"), made_at=T0 + 2 * DAY)) == []
    assert len(deadlines(brand(heard=mail("sent"), made_at=T0 + 60))) == 1


def test_the_nearest_comes_first() -> None:
    both = SOLE.model_copy(update={"snapshot": SOLE.snapshot | MOCK.snapshot, "heard": mail("sent")})
    assert [d.name for d in deadlines(both)] == ["passcode", "mail_2fa", "mock_removal"]


def test_marks_of_any_number_of_mails_are_bounded() -> None:
    registration = MAILED
    for n in range(200):
        registration = registration.model_copy(update={"heard": mail("sent", T0 + n * 8 * DAY)})
        for day in range(8):
            now = T0 + (8 * n + day) * DAY
            registration = after(registration, deadline_news(registration, registration, now))
    assert len(registration.told) <= len(REMIND_AT["mail_2fa"]) + 1
