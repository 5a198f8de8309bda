"""Whether a verified campaign can send, as far as its last look knew: numbers, what is missing, what mends it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.checks import delivery
from bot.checks.ready_to_send import WAITING
from handlers.blocks.kit import code, error_page, inline, plural, remark

LISTED = 10
"""Failed numbers and reasons that are named."""
_STATES: Mapping[str, str] = MappingProxyType(
    {
        "REGISTERED": "registered",
        "PENDING_REGISTRATION": "waiting for the carriers",
        "UNREGISTERED": "not registered",
        "PENDING_DEREGISTRATION": "being taken off",
        "FAILURE": "failed",
        "FAILED": "failed",
        "": "unknown",
        "UNKNOWN": "unknown",
    }
)
_SEVERITIES: Mapping[str, str] = MappingProxyType({"block": "Must be mended", "warn": "Warning", "note": "Note"})
_UNHEARD = (
    "The state of single numbers comes by Event Streams alone, and no events of this account reach Tenfour: a number "
    "may still be waiting for the carriers."
)


def readiness_lines(snapshot: Mapping[str, Any]) -> list[str]:
    """What stands of a campaign besides its status; nothing where no look has asked for it yet."""
    seen = snapshot.get("readiness")
    if not isinstance(seen, Mapping):
        return []
    lines = [_numbers(seen), *failed_lines(seen), *reason_lines(seen)]
    # a reason that says so is enough
    said = any(reason.get("code") == "numbers-unknown" for reason in entries(seen.get("reasons")))
    return [*filter(None, lines), *([_UNHEARD] if seen.get("events") is False and not said else [])]


def failed_lines(seen: Mapping[str, Any]) -> list[str]:
    """Each number that carriers did not take, with Twilio's code and words."""
    failed = entries(seen.get("failed"))
    lines = []
    for number in failed[:LISTED]:
        given = number.get("error_code")
        why = [error_page(given) if given else "", _why(str(number.get("reason") or ""), given)]
        said = " ".join(filter(None, why)) or "Twilio gave no reason"
        lines.append(f"• {code(str(number.get('phone_number') or 'a number'))} failed: {said}")
    return [*lines, *_more(failed, "number")]


def reason_lines(seen: Mapping[str, Any]) -> list[str]:
    """What keeps it from sending, worst first as it came, each with what mends it."""
    reasons = entries(seen.get("reasons"))
    lines = []
    for reason in reasons[:LISTED]:
        given = str(reason.get("severity") or "note")
        word = _SEVERITIES.get(given) or inline(given, 30)
        if given == "block" and reason.get("code") in WAITING:
            word = "Takes time"  # nobody can mend it
        words = f"{remark(str(reason.get('text') or ''))} {remark(str(reason.get('fix') or ''))}".strip()
        lines.append(f"• *{word}*: {words}")
    return [*lines, *_more(reasons, "reason")]


def entries(found: Any) -> list[Mapping[str, Any]]:
    """The entries of a list that a look kept; what is no entry is passed over."""
    listed = found if isinstance(found, Sequence) and not isinstance(found, str) else ()
    return [entry for entry in listed if isinstance(entry, Mapping)]


def counted(value: Any) -> int:
    """How many there are of what an event or a look counted or listed."""
    if isinstance(value, int | float):
        return int(value)
    return len(value) if isinstance(value, Sequence | Mapping) and not isinstance(value, str) else 0


def _numbers(seen: Mapping[str, Any]) -> str:
    states = seen.get("numbers")
    if not isinstance(states, Mapping):
        return ""
    said: dict[str, int] = {}
    for state, count in states.items():
        word = _STATES.get(str(state).upper()) or code(str(state))
        said[word] = said.get(word, 0) + counted(count)
    told = ", ".join(f"{count} {word}" for word, count in said.items() if count)
    total = counted(seen.get("total")) or sum(said.values())
    return f"*Numbers*: {told} (of {plural(total, 'number')} in the pool)" if told else "*Numbers*: none in the pool"


def _why(reason: str, code_: Any) -> str:
    """Twilio's words; where it gives the address of a page, what is known of the code."""
    if not reason.startswith("https://"):
        return remark(reason, 200)
    outcome = delivery.explain(code_) if code_ else None
    return remark(" ".join((outcome.meaning, outcome.next_step)), 300) if outcome and outcome.known else ""


def _more(found: Sequence[Any], noun: str) -> list[str]:
    left = len(found) - LISTED
    return [f"… and {plural(left, f'more {noun}')}"] if left > 0 else []
