"""What a registration's card says besides its state: facts, what was heard, and what is typical."""

from collections.abc import Mapping
from typing import Any

from bot.catalog.brands.resubmit import FREE_UPDATES
from bot.checks.standing import Standing
from bot.tracking.deadlines import MAIL, MAIL_SENT, deadlines
from bot.tracking.registration import REFUSED, SETTLED, Fact, Registration
from handlers.blocks.account import account_label
from handlers.blocks.following.deadline_words import deadline_line
from handlers.blocks.following.shown import Shown
from handlers.blocks.following.standing_words import holder_of, in_console
from handlers.blocks.following.typical_words import typical_line
from handlers.blocks.kit import code, date, inline, person, remark, span

_HEARD: Mapping[str, str] = {
    MAIL: "Verification mail",
    MAIL_SENT: "Verification mail",
    "event": "Last event of Twilio",
    "tcr": "Last event of TCR",
}
COMPLIANCE = "com.twilio.messaging.compliance."
"""How the types of Twilio's events begin, which says nothing to people."""
HEARD = 5
"""What events said that is shown, the latest first."""
CODES = 5
"""Error codes, and numbers, of a service's traffic that are shown, the most frequent first."""

_KEYS: Mapping[str, str] = {
    "campaign": "Messaging service",
    "brand": "Brand",
    "bundle": "Trust Hub bundle",
    "sink": "Event Streams sink",
    "traffic": "Messaging service",
}


def facts(registration: Registration, now: Standing) -> list[tuple[str, str]]:
    """Label and value, in Slack's markup, of what is known."""
    seen = registration.snapshot
    found = [
        (_KEYS.get(registration.kind) or inline(registration.kind), in_console(registration)),
        ("Use case", shown_value(seen, "us_app_to_person_usecase")),
        ("Its brand", shown_value(seen, "brand_registration_sid")),
        ("Campaign at TCR", shown_value(seen, "campaign_id")),
        ("Identity", shown_value(seen, "identity_status")),
        ("Brand at TCR", shown_value(seen, "tcr_id")),
        ("Trust score", shown_value(seen, "brand_score")),
        ("Corrections", _corrections(registration)),
        ("Mock", "yes: it can never send" if seen.get("mock") else ""),
        *(_of_traffic(seen) if registration.kind == "traffic" else ()),
        ("Account", account_label(registration.account, registration.account_name)),
        ("It is up to", holder_of(registration, now)),
        ("Seen to by", person(registration.owner) if registration.owner else "nobody yet"),
        ("Since", _since(registration)),
        ("Looked at", date(registration.fetched_at) if registration.fetched_at else ""),
        ("Change", f"#{registration.change}" if registration.change else ""),
    ]
    return [(label, value) for label, value in found if value]


def pace_lines(shown: Shown) -> list[str]:
    """What is typical of its stage, and everything that runs out."""
    registration = shown.registration
    lines = [deadline_line(d.name, d.at, shown.now) for d in deadlines(registration)]
    waits = registration.status not in SETTLED | REFUSED or _numbers_wait(registration)
    usual = typical_line(shown.typical, registration.stage) if shown.typical and waits else ""
    return [*([usual] if usual else []), *lines]


def heard_lines(registration: Registration) -> list[str]:
    """What events said of it that no read tells, the latest first."""
    facts_heard = sorted(registration.heard.values(), key=lambda fact: fact.at, reverse=True)
    left = len(facts_heard) - HEARD
    return [*map(_heard, facts_heard[:HEARD]), *([f"… and {left} more"] if left > 0 else [])]


def traffic_lines(registration: Registration) -> list[str]:
    """What became of a service's messages, a line for each thing that is known; nothing for other kinds."""
    told = _of_traffic(registration.snapshot) if registration.kind == "traffic" else []
    return [f"*{label}*: {value}" for label, value in told if value]


def shown_value(snapshot: Mapping[str, Any], name: str) -> str:
    """A value of Twilio's as it gave it, or ""."""
    value = snapshot.get(name)
    return code(str(value)) if value else ""


def _heard(fact: Fact) -> str:
    told = _HEARD.get(fact.name) or f"Event on {code(fact.name)}"
    # an event that tells no time of its own has none: it is older than all others
    return f"{told}: {code(fact.value.removeprefix(COMPLIANCE))}{f', {date(fact.at)}' if fact.at else ''}"


def _numbers_wait(registration: Registration) -> bool:
    """Whether a verified campaign still waits for its numbers, as far as is known, rather than for something else."""
    readiness = registration.snapshot.get("readiness")
    waiting = readiness.get("waiting", True) if isinstance(readiness, Mapping) else True
    return registration.stage.endswith(":NUMBERS") and bool(waiting or registration.snapshot.get("ready") != "not")


def _corrections(registration: Registration) -> str:
    """How many of a brand's free corrections were sent from here: Twilio shows no count of its own."""
    if registration.kind != "brand" or not (registration.tries or registration.status == "FAILED"):
        return ""
    return f"{registration.tries} of {FREE_UPDATES} free ones sent from here"


def _since(registration: Registration) -> str:
    """When the status began, and for how long it stood at the last look."""
    if not registration.since:
        return f"{date(registration.started_at)} (followed since then)"
    stood = f" ({span(registration.fetched_at - registration.since)} at the last look)"
    return date(registration.since) + (stood if registration.fetched_at > registration.since else "")


def _of_traffic(seen: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What became of a service's messages: counts and codes, nothing of what they say or to whom they went."""
    rate, hours = seen.get("rate"), seen.get("hours")
    over = f" of the last {hours} hours" if isinstance(hours, int) else ""
    return [
        (f"Messages{over}", _count(seen, "finished")),
        ("Delivered", _count(seen, "delivered")),
        ("Refused for registration", f"{rate:.1%}" if isinstance(rate, int | float) else ""),
        ("Error codes", _counts(seen.get("codes"))),
        ("Most likely", remark(str(seen.get("likely") or ""))),
        ("Sent outside the service", _counts(seen.get("bypass"))),
    ]


def _count(seen: Mapping[str, Any], name: str) -> str:
    value = seen.get(name)
    return "" if value is None else inline(str(value), 20)


def _counts(found: Any) -> str:
    """How often each was seen, as they came: the most frequent first."""
    counts = list(found.items()) if isinstance(found, Mapping) else []
    left = len(counts) - CODES
    more = [f"and {left} more"] if left > 0 else []
    return ", ".join([*(f"{inline(str(n), 20)} of {code(str(name))}" for name, n in counts[:CODES]), *more])
