"""Who hears what, and when: nothing before its time, nothing never, nothing of what was not asked for."""

from datetime import UTC, datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tracking.registration import Mute, Registration, Severity, Transition
from bot.tracking.subscriptions import Subscription, addressed, hearers, known_zone

DAY = 86400.0
BERLIN = "Europe/Berlin"
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
ZONES = ("UTC", BERLIN, "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Mars/Base", "", "/")
MINUTES = st.one_of(st.none(), st.integers(0, 1439))
MOMENTS = st.integers(1_577_836_800, 2_051_222_400).map(float) | st.sampled_from(
    [1_774_745_000.0 + 600 * n for n in range(40)] + [1_792_887_000.0 + 600 * n for n in range(40)]  # clocks change
)
SUBSCRIPTIONS = st.builds(
    Subscription,
    channel=st.just("C1"),
    quiet_from=MINUTES,
    quiet_until=MINUTES,
    zone=st.sampled_from(ZONES),
    severities=st.lists(st.sampled_from(SEVERITIES), unique=True).map(tuple),
    kinds=st.lists(st.sampled_from(("campaign", "brand")), unique=True).map(tuple),
    accounts=st.lists(st.sampled_from(("AC1", "AC2")), unique=True).map(tuple),
    brands=st.lists(st.sampled_from(("BN1", "BN2")), unique=True).map(tuple),
    digest_only=st.booleans(),
    off=st.booleans(),
)
REGISTRATIONS = st.builds(
    Registration,
    kind=st.sampled_from(("campaign", "brand", "number", "vetting", "sink")),
    account=st.sampled_from(("AC1", "AC2")),
    key=st.sampled_from(("BN1", "MG1")),
    title=st.just("Acme"),
    started_at=st.just(0.0),
    snapshot=st.sampled_from(({}, {"brand_registration_sid": "BN2"})),
    muted=st.sampled_from(({}, {"C1": Mute(by="U1", at=0.0)})),
)


def moved(severity: Severity = "bad") -> Transition:
    return Transition(id=1, before="PENDING", after="FAILED", at=0.0, severity=severity, snapshot={})


def campaign(**fields: object) -> Registration:
    known = {"kind": "campaign", "account": "AC1", "key": "MG1", "title": "Acme", "started_at": 0.0}
    return Registration.model_validate(known | fields)


def at(text: str, zone: str = BERLIN, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


@given(SUBSCRIPTIONS, MOMENTS)
def test_what_is_kept_in_quiet_hours_is_told_within_a_day_and_not_in_quiet_hours(the: Subscription, now: float) -> None:
    opens = the.opens_at(now)
    assert now <= opens < now + DAY
    assert the.opens_at(opens) == opens


@given(SUBSCRIPTIONS, REGISTRATIONS, st.lists(st.sampled_from(SEVERITIES)), MOMENTS)
def test_everything_that_is_wanted_is_addressed_once_and_nothing_before_its_time(
    the: Subscription, registration: Registration, severities: list[Severity], now: float
) -> None:
    news = [moved(severity) for severity in severities]
    rows = addressed(news, registration, [the], now)
    muted = the.channel in registration.muted
    assert [r.transition for r in rows] == [t for t in news if the.hears(registration, t) and not muted]
    assert all(r.not_before == the.opens_at(now) >= now for r in rows)


@pytest.mark.parametrize(
    ("begins", "ends", "now", "opens"),
    [
        ("20:00", "07:00", "2026-11-20 19:59", "2026-11-20 19:59"),
        ("20:00", "07:00", "2026-11-20 20:00", "2026-11-21 07:00"),
        ("20:00", "07:00", "2026-11-20 03:00", "2026-11-20 07:00"),
        ("20:00", "07:00", "2026-11-20 07:00", "2026-11-20 07:00"),
        ("12:00", "13:00", "2026-11-20 12:30", "2026-11-20 13:00"),
        ("12:00", "12:00", "2026-11-20 12:00", "2026-11-20 12:00"),
        ("20:00", "07:00", "2026-03-28 22:00", "2026-03-29 07:00"),  # the night is an hour shorter
        ("20:00", "07:00", "2026-10-24 22:00", "2026-10-25 07:00"),  # and an hour longer
        ("22:00", "02:30", "2026-03-28 23:00", "2026-03-29 03:30"),  # there is no half past two in that night
        ("22:00", "02:30", "2026-10-24 23:00", "2026-10-25 02:30"),  # there are two: the first counts
        ("00:30", "00:00", "2026-11-20 01:00", "2026-11-20 01:00"),  # more than may be quiet
    ],
)
def test_quiet_hours_go_by_the_clock_of_their_zone(begins: str, ends: str, now: str, opens: str) -> None:
    begin, end = (int(t[:2]) * 60 + int(t[3:]) for t in (begins, ends))
    the = Subscription(channel="C1", quiet_from=begin, quiet_until=end, zone=BERLIN)
    assert the.opens_at(at(now)) == at(opens)


def test_a_zone_that_nobody_knows_is_utc() -> None:
    the = Subscription(channel="C1", quiet_from=600, quiet_until=660, zone="Mars/Base")
    noon = datetime(2026, 11, 20, 10, 30, tzinfo=UTC).timestamp()
    assert the.opens_at(noon) == noon + 1800
    assert [known_zone(z) for z in ("Mars/Base", "", "/etc/passwd", "..", "Europe", BERLIN)] == [False] * 5 + [True]


def test_what_belongs_to_a_campaign_or_a_brand_is_chosen_with_it() -> None:
    campaigns, brands = Subscription(channel="C1", kinds=("campaign",)), Subscription(channel="C1", kinds=("brand",))
    for kind, of in (("number", campaigns), ("share", campaigns), ("campaign", campaigns), ("vetting", brands)):
        assert [s for s in (campaigns, brands) if s.covers(campaign(kind=kind))] == [of]
    assert campaigns.covers(campaign(snapshot={"is_externally_registered": True}))


def test_a_campaign_is_covered_by_its_account_and_its_brand() -> None:
    the = campaign(snapshot={"brand_registration_sid": "BN1"})
    assert Subscription(channel="C1", accounts=("AC1",), brands=("BN1",)).covers(the)
    assert not Subscription(channel="C1", accounts=("AC2",), brands=("BN1",)).covers(the)
    assert not Subscription(channel="C1", accounts=("AC1",), brands=("BN2",)).covers(the)
    assert not Subscription(channel="C1", brands=("BN1",)).covers(campaign())


def test_only_severities_that_were_ticked_are_heard() -> None:
    the = Subscription(channel="C1", severities=("bad", "warn"))
    assert [s for s in SEVERITIES if the.hears(campaign(), moved(s))] == [s for s in SEVERITIES if s in ("bad", "warn")]
    assert not the.follows(campaign())
    assert Subscription(channel="C1").follows(campaign())
    assert not Subscription(channel="C1", digest_only=True).hears(campaign(), moved())


def test_the_alerts_channel_hears_everything_until_somebody_says_otherwise_in_it() -> None:
    assert hearers({}, "C0ALERTS") == {"C0ALERTS": Subscription(channel="C0ALERTS")}
    less = Subscription(channel="C0ALERTS", severities=("bad",))
    assert hearers({"C0ALERTS": less}, "C0ALERTS") == {"C0ALERTS": less}
    off, other = Subscription(channel="C0ALERTS", off=True), Subscription(channel="C1")
    assert hearers({"C0ALERTS": off, "C1": other}, "C0ALERTS") == {"C1": other}
