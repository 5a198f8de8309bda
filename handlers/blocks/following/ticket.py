"""A ticket to those who can help: a text that is ready to copy, and where it goes.

It names registrations and what was submitted for them, and nobody who works on them. Its times are UTC, as others read
it elsewhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.catalog.rejections import Rejection, rejections
from bot.checks.external import APPEALS, BY_TWILIO
from bot.tracking.registration import Registration, Transition
from handlers.blocks import kit
from handlers.blocks.following.durations import duration
from handlers.blocks.following.shown import Shown
from handlers.blocks.following.standing_words import external, lower, standing
from handlers.blocks.kit import Block, link, visible

SUPPORT = "https://www.twilio.com/console/support/tickets/create"
CHUNK, MOST = 3000, 15_000
"""Characters of one piece of a block, and of a whole ticket."""
STATES, NUMBERS = 20, 50
"""States and numbers that are named."""

_KEYS = {
    "campaign": "Messaging Service SID",
    "brand": "Brand registration SID",
    "bundle": "Trust Hub bundle SID",
    "sink": "Event Streams sink SID",
    "traffic": "Messaging Service SID",
}
_IDS = {
    "brand_registration_sid": "Brand registration SID",
    "tcr_id": "Brand id at TCR",
    "campaign_id": "Campaign id at TCR",
    "us_app_to_person_usecase": "Use case",
}
_TEXTS = {
    "description": "Description",
    "message_flow": "Message flow",
    "privacy_policy_url": "Privacy policy",
    "terms_and_conditions_url": "Terms and conditions",
    "opt_in_keywords": "Opt-in keywords",
    "opt_in_message": "Opt-in message",
    "opt_out_keywords": "Opt-out keywords",
    "opt_out_message": "Opt-out message",
    "help_keywords": "Help keywords",
    "help_message": "Help message",
}
_STATES = {"REGISTERED": "registered", "PENDING_REGISTRATION": "waiting", "FAILURE": "failed", "": "unknown"}
_ASKS = {
    "FAILED": "Please review the rejection, or tell us exactly what has to change for it to pass.",
    "SUSPENDED": "Please tell us why, what we have to do, and by when, so that it is not removed.",
    "VERIFIED": "Please tell us what keeps its numbers from being registered, and when they will be.",
    "APPROVED": "Please tell us what the feedback on the brand asks for.",
}
_WAITS = "Please tell us what it is waiting for, whether something is needed from us, and when to expect a verdict."


def ticket_modal(shown: Shown, numbers: Sequence[str] | None = None) -> dict[str, Any]:
    """The window with the text; `numbers` are those of its pool, None while nobody has asked Twilio for them."""
    registration = shown.registration
    found = rejections(registration.snapshot, shown.guide)
    appeal = appeals(registration, found)
    text = ticket_text(shown, numbers)
    blocks = [
        kit.section(_where(appeal=appeal)),
        kit.section("*Copy all of this, subject first, and add what only you know:*"),
        _one_block(text),
        kit.context("Nothing was sent. No names of people, no credentials and no recipients are in it."),
    ]
    return kit.modal("Support ticket", blocks, callback_id="ticket")


def appeals(registration: Registration, found: Sequence[Rejection]) -> bool:
    """Whether it is a verdict of a secondary DCA, against which Twilio's onboarding team takes appeals."""
    codes = {r.code for r in found} - {str(code) for code in BY_TWILIO}
    return external(registration) and registration.status == "FAILED" and bool(codes)


def ticket_text(shown: Shown, numbers: Sequence[str] | None = None) -> str:
    """Subject and body, as plain text."""
    registration = shown.registration
    found = rejections(registration.snapshot, shown.guide)
    parts = [
        [f"Subject: {_subject(registration, found)}"],
        [*_opening(registration, found, shown.now)],
        [*_ids(registration, numbers)],
        [*_section("States (UTC)", _states(shown.transitions))],
        [*_section("Errors, as Twilio gave them", _errors(found))],
        [*_section("Numbers", _numbers(registration.snapshot.get("readiness")))],
        [*_section("What was submitted", _texts(registration))],
        [*_section("What we have tried", _tried(shown))],
        ["Thank you."],
    ]
    text = "\n\n".join("\n".join(lines) for lines in parts if lines)
    return kit.cut(visible(text), MOST)


def _where(*, appeal: bool) -> str:
    if appeal:
        return (
            f"This is a rejection by a secondary DCA: send an appeal by mail to `{APPEALS}`, with the feedback that "
            "TCR gave and why it does not apply. Anything else about the campaign goes to "
            f"{link(SUPPORT, 'Twilio support')}."
        )
    return (
        f"Open a ticket with {link(SUPPORT, 'Twilio support')} (help.twilio.com leads there too), signed in to the "
        "account that is named below."
    )


def _subject(registration: Registration, found: Sequence[Rejection]) -> str:
    name = registration.snapshot.get("campaign_id") or registration.snapshot.get("tcr_id") or registration.key
    codes = f" with {', '.join(r.code for r in found)}" if found else ""
    return f"US A2P 10DLC {registration.kind} {name} is {registration.status or 'not seen yet'}{codes}"


def _opening(registration: Registration, found: Sequence[Rejection], now: float) -> Iterator[str]:
    yield "Hello,"
    yield ""
    stood = max(now, registration.fetched_at) - registration.since
    since = f" since {_utc(registration.since)}, for {duration(stood)} now" if registration.since else ""
    words = lower(standing(registration).words)
    yield f"{registration.title} has the status {registration.status or 'unknown'} ({words}){since}."
    yield _ASKS.get(registration.status, _WAITS)
    if appeals(registration, found):
        yield "The feedback says: [paste the feedback that TCR gave]."
        yield "It does not apply because [reason, with links to the pages that show it]."


def _ids(registration: Registration, numbers: Sequence[str] | None) -> Iterator[str]:
    yield f"Account SID: {registration.account}"
    yield f"{_KEYS.get(registration.kind, registration.kind)}: {registration.key}"
    for name, label in _IDS.items():
        if value := registration.snapshot.get(name):
            yield f"{label}: {value}"
    if external(registration):
        yield "Registered at: TCR, associated with the messaging service above"
    if numbers is not None:
        left = len(numbers) - NUMBERS
        more = f" and {left} more" if left > 0 else ""
        yield f"Numbers in the sender pool: {', '.join(numbers[:NUMBERS]) or 'none'}{more}"


def _states(transitions: Sequence[Transition]) -> list[str]:
    moved = [t for t in transitions if t.about == "state"][-STATES:]
    return [f"{_utc(t.at)}: {t.before or 'first look'} to {t.after}{_with_codes(t.snapshot)}" for t in moved]


def _with_codes(snapshot: Mapping[str, Any]) -> str:
    errors = snapshot.get("errors")
    given = [e.get("error_code") for e in errors if isinstance(e, Mapping)] if isinstance(errors, list | tuple) else []
    codes = ", ".join(str(each) for each in given if each is not None)
    return f" ({codes})" if codes else ""


def _errors(found: Sequence[Rejection]) -> list[str]:
    about = [f" about {', '.join(r.fields)}" if r.fields else "" for r in found]
    return [f"{r.code}{named}: {r.description or 'no words given'}" for r, named in zip(found, about, strict=True)]


def _numbers(readiness: Any) -> list[str]:
    if not isinstance(readiness, Mapping):
        return []
    failed, states = readiness.get("failed"), readiness.get("numbers")
    entries = [n for n in failed if isinstance(n, Mapping)] if isinstance(failed, list | tuple) else []
    told = [f"{n} {_STATES.get(str(s), str(s))}" for s, n in states.items()] if isinstance(states, Mapping) else []
    named = [f"{n.get('phone_number')} failed: {n.get('error_code') or ''} {n.get('reason') or ''}" for n in entries]
    return [*([", ".join(told)] if told else []), *(line.rstrip() for line in named[:NUMBERS])]


def _texts(registration: Registration) -> list[str]:
    """The campaign's own texts; what a brand was submitted with identifies somebody, and Twilio has it."""
    if registration.kind != "campaign":
        return []
    seen = registration.snapshot
    samples = seen.get("message_samples")
    listed = samples if isinstance(samples, list | tuple) else ()
    lines = [f"{label}: {_written(seen[name])}" for name, label in _TEXTS.items() if seen.get(name)]
    return [*lines, *(f"Sample {n}: {sample}" for n, sample in enumerate(listed, 1))]


def _tried(shown: Shown) -> list[str]:
    registration = shown.registration
    refused = [r for r in shown.past.refused if r.registration == registration.id]
    lines = [f"Rejected on {_utc(r.at)}{_with_codes({'errors': list(r.errors)})}" for r in refused]
    if registration.tries:
        lines.append(f"Corrected and submitted again: {kit.plural(registration.tries, 'time')}")
    return [*lines, "[Add what you have changed, and what it did.]"]


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"{title}:", *(f"- {line}" for line in lines)] if lines else []


def _one_block(text: str) -> Block:
    """The text as one code block, which is copied in one go; Slack takes no long piece within it."""
    pieces = [text[at : at + CHUNK] for at in range(0, len(text), CHUNK)] or [" "]
    elements = [{"type": "text", "text": piece} for piece in pieces]
    return kit.rich({"type": "rich_text_preformatted", "elements": elements})


def _written(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _utc(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
