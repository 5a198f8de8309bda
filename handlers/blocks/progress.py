"""How far a change is, in words: its state, its approvals, its steps, and what it made at Twilio."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bot.changes.change import Change, Event, GroupNeed, State, StepRun
from bot.plans.step import Step
from handlers.blocks.kit import code, date, error_page, inline, link, person, plural, remark

STATES: Mapping[State, str] = MappingProxyType(
    {
        "pending": "Waiting for approval",
        "approved": "Approved, about to run",
        "running": "Running",
        "waiting": "Waiting for a registration",
        "unknown": "Outcome unknown, somebody must look",
        "failed": "Failed",
        "succeeded": "Done",
        "rejected": "Rejected",
        "cancelled": "Withdrawn",
        "expired": "Expired",
        "stale": "Out of date, needs a new approval",
        "abandoned": "Abandoned",
    }
)
"""What people read for each state."""

_STEPS = MappingProxyType(
    {"attempting": "◐ sent", "done": "✓ done", "failed": "✕ failed", "unknown": "? unknown", "waiting": "○ waiting"}
)
PAGE = "Twilio's page on it"
_SENT = frozenset({"attempting", "done", "failed", "unknown"})
_CONSTANT = "QE"  # the SID that every campaign of every account has: it names nothing (twilio.md 0.3)
_KINDS = MappingProxyType({"MG": "messaging service", "PN": "number", "BN": "brand", "SC": "short code"})


def headline(change: Change) -> str:
    """`#142 Create the messaging service “Acme alerts”`, as plain text."""
    return f"#{change.number} {change.plan.title}"


def approvals(change: Change) -> list[str]:
    """How far each group's approval is, a line of mrkdwn each."""
    if not change.requirement.groups:
        return ["No approval needed"]
    return [_approval(change, need) for need in change.requirement.groups]


def _approval(change: Change, need: GroupNeed) -> str:
    people = list(dict.fromkeys(d.user for d in change.approvals(need.group)))
    names = f": {', '.join(map(person, people))}" if people else ""
    return f"{len(people)} of {need.need} of {inline(need.label, 80)}{names}"


def needs(change: Change) -> str:
    """Whose approval it takes, in a sentence."""
    groups = [
        f"{need.need} of {inline(need.label, 80)} must approve ({len(change.approvals(need.group))} so far)"
        for need in change.requirement.groups
    ]
    return f"{' and '.join(groups) or 'No approval is needed'}."


def decisions(change: Change) -> list[str]:
    """Who decided what, when and why."""
    lines = []
    for decision in change.decisions:
        word = "✓ Approved" if decision.verb == "approve" else "✕ Rejected"
        reason = f": “{inline(decision.reason, 600)}”" if decision.reason else ""
        lines.append(f"{word} by {person(decision.user)}, {date(decision.at)}{reason}")
    # what people said about a run that stopped weighs as much as an approval
    said = [e for e in change.timeline if e.who and e.what.startswith(("said that", "tried again"))]
    return lines + [f"• {person(e.who)} {inline(e.what, 400)}, {date(e.at)}" for e in said]


def checklist(change: Change, most: int | None = 25) -> list[str]:
    """The steps with how far each is: a sign and a word, and what Twilio said where it refused."""
    lines = [_step(change, n, step) for n, step in enumerate(change.plan.steps, 1)]
    rest = change.plan.steps[most:] if most else ()
    if rest:
        done = sum(1 for step in rest if step.id in change.results)
        lines[most:] = [f"… and {plural(len(rest), 'more step')}, {done} of them done. Details shows every step."]
    return lines


def _step(change: Change, number: int, step: Step) -> str:
    run = change.steps.get(step.id)
    word = _STEPS[run.state] if run else ("○ waiting" if not change.settled else "- not sent")
    return f"{word} · {number}. {inline(step.title)}{_trouble(run)}"


def _trouble(run: StepRun | None) -> str:
    """What went wrong with a step, in Twilio's words; also when a done step was found rather than sent."""
    if run is None:
        return ""
    if run.state == "done":
        return " (found at Twilio after its answer was lost)" if run.adopted else ""
    if not run.error:
        return ""
    page = f"{error_page(run.code)}: " if run.code else ""
    more = f" {link(run.link, PAGE)}" if run.link and not run.code else ""
    return f"\n      ↳ {page}{remark(run.error, 500)}{more}"


def was_sent(change: Change) -> bool:
    """Whether any call of the change may have reached Twilio."""
    return any(run.state in _SENT for run in change.steps.values())


def results(change: Change) -> list[str]:
    """What the change made at Twilio: names, SIDs, links to Console."""
    found: dict[str, str] = {}
    for step in change.plan.steps:
        for sid, line in _made(change.results.get(step.id, {})).items():
            found.setdefault(sid, line)
    return list(found.values())


def _made(result: Mapping[str, Any]) -> dict[str, str]:
    """The lines of one step's result, by the SID that they are about."""
    sid = str(result.get("sid") or "")
    service = str(result.get("messaging_service_sid") or "")
    if "campaign_status" in result and service:
        status = code(str(result["campaign_status"]))
        return {f"campaign {service}": f"campaign of {code(service)}, status {status}{_console(service)}"}
    if not sid or sid.startswith(_CONSTANT):
        return {}
    number = f"{inline(str(result['phone_number']), 40)} " if result.get("phone_number") else ""
    return {sid: f"{_KINDS.get(sid[:2], 'made')} {number}{code(sid)}{_console(sid)}"}


def _console(sid: str) -> str:
    url = console_url(sid)
    return f" · {link(url, 'open in Console')}" if url else ""


def console_url(sid: str) -> str:
    """The page of Twilio's Console on a messaging service or number; "" for what has no page that we know of."""
    if not (len(sid) == 34 and sid.isalnum() and sid.isascii()):
        return ""
    paths = {"MG": f"service/sms/{sid}/properties", "PN": f"develop/phone-numbers/manage/incoming/{sid}/configure"}
    path = paths.get(sid[:2])
    return f"https://console.twilio.com/us1/{path}" if path else ""


def timeline(change: Change, most: int = 100) -> list[str]:
    """What happened, oldest first; the latest `most` entries."""
    skipped = len(change.timeline) - most
    lines = [f"_{skipped} older entries are not shown._"] if skipped > 0 else []
    return lines + [_entry(event) for event in change.timeline[-most:]]


def _entry(event: Event) -> str:
    who = f"{person(event.who)} " if event.who else ""
    detail = f": {remark(event.detail, 300)}" if event.detail else ""
    return f"{date(event.at)} · {who}{remark(event.what, 300)}{detail}"
