"""How far a change is, in words: its state, its approvals, its steps, and what it made at Twilio."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.changes.change import Change, Decision, Event, State, StepRun, Verb
from bot.plans.step import ApprovalStep, GivenStep, Step, WaitStep
from bot.policy.verdict import GroupNeed
from bot.runs.settle import SKIPPED
from handlers.blocks.kit import code, credited, date, error_page, inline, link, person, plural, remark
from handlers.blocks.parts import part_name, parts

STATES: Mapping[State, str] = MappingProxyType(
    {
        "pending": "Waiting for approval",
        "approved": "Approved, about to run",
        "running": "Running",
        "waiting": "Waiting",
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
    {
        "attempting": "◐ sent",
        "done": "✓ done",
        "failed": "✕ failed",
        "unknown": "? unknown",
        "waiting": "◔ waits",
        "skipped": "↷ skipped",
    }
)
SIGNS = 10
"""Approvals of one group that are drawn as well as counted."""
PAGE = "Twilio's page on it"
IN_A_CHAIN = 10
"""Steps that a long chain of several parts shows of the part that its run stands in."""
_VERBS: Mapping[Verb, str] = MappingProxyType(
    {"approve": "✓ Approved", "reject": "✕ Rejected", "break_glass": "⚠ Glass broken"}
)
_SENT = frozenset({"attempting", "done", "failed", "unknown"})
_CONSTANT = "QE"  # the SID that every campaign of every account has: it names nothing (twilio.md 0.3)
_KINDS = MappingProxyType(
    {
        "MG": "messaging service",
        "PN": "number",
        "BN": "brand",
        "SC": "short code",
        "AI": "sender id",
        "XE": "WhatsApp or RCS sender",
        "BU": "Trust Hub bundle",
        "IT": "Trust Hub end user",
        "RD": "Trust Hub document",
        "AD": "postal address",
        "IG": "Conversations address",
        "SM": "message",
        "MM": "message",
    }
)
_PIECES = frozenset({"IT", "RD", "AD"})
_UNSEEN = frozenset({"BV", "EL"})
"""Assignments to a bundle and evaluations of one: nobody ever looks them up."""


def headline(change: Change) -> str:
    """`#142 Create the messaging service “Acme alerts”`, as plain text."""
    return f"#{change.number} {change.plan.title}"


def approvals(change: Change) -> list[str]:
    """How far each group's approval is, a line of mrkdwn each."""
    if not change.requirement.groups:
        return ["No approval needed"]
    return [_approval(change, need) for need in change.requirement.groups]


def denied(change: Change) -> bool:
    """Whether nobody can approve it as things are: it takes the approval of a group that has no name."""
    return any(not need.group for need in change.requirement.groups)


def _approval(change: Change, need: GroupNeed) -> str:
    if not need.group:
        return f"{need.label[:1].upper()}{inline(need.label[1:], 80)}"
    people = [f"{person(d.user)}{_for(d, need.group)}" for d in change.approvals(need.group)]
    names = f": {', '.join(people)}" if people else ""
    given = min(len(people), need.need)
    signs = f"{'●' * given}{'○' * (need.need - given)} " if need.need <= SIGNS else ""
    return f"{signs}{given} of {need.need} of {inline(need.label, 80)}{names}"


def needs(change: Change) -> str:
    """Whose approval it takes, in a sentence."""
    if denied(change):
        return f"It can be approved by {' and '.join(inline(need.label, 80) for need in change.requirement.groups)}."
    groups = [
        f"{need.need} of {inline(need.label, 80)} must approve ({need.need - change.missing(need)} so far)"
        for need in change.requirement.groups
    ]
    return f"{' and '.join(groups) or 'No approval is needed'}."


def decisions_on(change: Change, gate: str) -> list[str]:
    """Who decided on one part, when and why."""
    digest = change.plan.digest_at(gate)
    return [_decision(change, d) for d in change.decisions if d.digest == digest]


def decisions(change: Change, *, glass: bool = True) -> list[str]:
    """Who decided what, when and why, and what people said about the run; oldest first. `glass`: also who broke it."""
    told = [(d.at, _decision(change, d)) for d in change.decisions if glass or d.verb != "break_glass"]
    # what people said about a run that stopped weighs as much as an approval
    said = [e for e in change.timeline if e.who and e.what.startswith(("said that", "tried again", SKIPPED))]
    told += [(e.at, _said(e)) for e in said]
    return [line for _, line in sorted(told, key=lambda pair: pair[0])]


def _decision(change: Change, decision: Decision) -> str:
    word = _VERBS[decision.verb]
    gates = (s for s in change.plan.steps if isinstance(s, ApprovalStep))
    title = next((s.title for s in gates if change.plan.digest_at(s.id) == decision.digest), "")
    part = f", for “{part_name(title)}”" if title else ""
    reason = f": “{inline(decision.reason, 600)}”" if decision.reason else ""
    return f"{word} by {person(decision.user)}{_for(decision)}, {date(decision.at)}{part}{reason}"


def _for(decision: Decision, group: str = "") -> str:
    """Whose seat it was, of one group or of all, where somebody stood in."""
    absent = dict.fromkeys(user for name, user in sorted(decision.seats.items()) if group in ("", name))
    return f" for {', '.join(map(person, absent))}" if absent else ""


def _said(event: Event) -> str:
    if event.what == SKIPPED:
        return f"↷ Skipped by {person(event.who)}, {date(event.at)}: {inline(event.detail, 600)}"
    return f"• {person(event.who)} {inline(event.what, 400)}, {date(event.at)}"


def checklist(change: Change, most: int | None = 25, *, until: str = "") -> list[str]:
    """The steps with how far each is: a sign and a word, and what Twilio said where it refused.

    Of more than `most`, those of the part that the run stands in, around where it stands, and a line for each other
    part. With `until`, the id of an approval step, nothing after that step.
    """
    steps = change.plan.steps
    every = parts(change.plan)
    if most is None or len(steps) <= most:
        lines = [_step(change, n, step) for n, step in enumerate(steps, 1)]
        return lines[: 1 + [s.id for s in steps].index(until)] if until else lines
    stands = next((p for p in every if change.at in p), every[-1])
    shown: list[str] = []
    number = 1
    for part in every:
        if until == part[0].id:
            return [*shown, _step(change, number, part[0])]
        near = most if len(every) == 1 else IN_A_CHAIN
        shown += _around(change, number, part, near) if part == stands and not until else _part(change, number, part)
        number += len(part)
    return shown


def _around(change: Change, number: int, part: Sequence[Step], most: int) -> list[str]:
    """The steps of a part, the first of which has this number; of more than `most` those where the run stands."""
    lines = [_step(change, n, step) for n, step in enumerate(part, number)]
    if len(lines) <= most:
        return lines
    stands = part.index(change.at) if change.at else len(part)
    first = max(0, min(stands - most // 2, len(part) - most))
    earlier, later = part[:first], part[first + most :]
    return [
        *_left_out(change, earlier, "earlier step"),
        *lines[first : first + most],
        *_left_out(change, later, "more step", "and "),
    ]


def _part(change: Change, number: int, part: Sequence[Step]) -> list[str]:
    """A part that the run has left behind or not come to, in a line."""
    if not part:
        return []
    gate = part[0] if isinstance(part[0], ApprovalStep) else None
    runs = [change.steps[s.id].state for s in part if s.id in change.steps]
    if not runs:
        word = "- not done" if change.settled else "○ to come"
        what = f"New approval: {inline(gate.title)}" if gate else inline(part[0].title)
        rest = f" (and {plural(len(part) - 1, 'step')})" if len(part) > 1 else ""
        return [f"{word} · {number}. {what}{rest}"]
    skipped = runs.count("skipped")
    over = f"{runs.count('done')} done" + (f", {skipped} skipped" if skipped else "")
    name = f" · {part_name(gate.title)}" if gate else ""
    return [f"✓ {number} to {number + len(part) - 1}{name} · {over}"]


def _left_out(change: Change, steps: Sequence[Step], word: str, joined: str = "") -> list[str]:
    if not steps:
        return []
    done = sum(1 for step in steps if step.id in change.results)
    return [f"… {joined}{plural(len(steps), word)}, {done} of them done. Details shows every step."]


def _step(change: Change, number: int, step: Step) -> str:
    run = change.steps.get(step.id)
    over = change.settled and (run is None or run.state == "waiting")
    word = "- not done" if over else _STEPS[run.state] if run else "○ to come"
    if run and run.state == "done" and isinstance(step, GivenStep):
        word = "✓ there already"
    title = f"New approval: {step.title}" if isinstance(step, ApprovalStep) else step.title
    ended = run.result.get("status") if run and run.state == "done" and isinstance(step, WaitStep) else None
    with_what = f" ({code(str(ended))})" if ended else ""
    return f"{word} · {number}. {inline(title)}{with_what}{_trouble(run)}"


def _trouble(run: StepRun | None) -> str:
    """What went wrong with a step, in Twilio's words; also when a done step was found rather than sent."""
    if run is None:
        return ""
    if run.state == "waiting" and run.result.get("status"):
        return f" (now {code(str(run.result['status']))}; waits since {date(run.at)})"
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


def results(change: Change, *, every: bool = False) -> list[str]:
    """What the change made or changed at Twilio: names, SIDs, links to Console.

    Without `every`, the pieces of Trust Hub's bundles are only counted where there is more than them.
    """
    found: dict[str, str] = {}
    heard = _heard_of_campaign(change)
    for result in change.effects.values():
        known = result | {"campaign_status": heard} if heard and "campaign_status" in result else result
        for sid, line in _made(known).items():
            found.setdefault(sid, line)
    shown = [line for sid, line in found.items() if every or sid[:2] not in _PIECES]
    hidden = len(found) - len(shown)
    if not shown or not hidden:
        return list(found.values())
    return [*shown, f"{plural(hidden, 'piece')} of Trust Hub bundles, see Details"]


def _heard_of_campaign(change: Change) -> str:
    """The state of its campaign as the change has last waited for it: newer than what registering it answered."""
    waits = [s for s in change.plan.steps if isinstance(s, WaitStep) and any(w.kind == "campaign" for w in s.watches)]
    heard = [change.steps[s.id].result.get("status") for s in waits if s.id in change.steps]
    return str(heard[-1] or "") if heard else ""


def _made(result: Mapping[str, Any]) -> dict[str, str]:
    """The lines of one step's result, by the SID that they are about."""
    sid = str(result.get("sid") or "")
    service = str(result.get("messaging_service_sid") or "")
    if "campaign_status" in result and service:
        status = code(str(result["campaign_status"]))
        return {f"campaign {service}": f"campaign of {code(service)}, status {status}{_console(service)}"}
    if not sid or sid.startswith(_CONSTANT) or sid[:2] in _UNSEEN:
        return {}
    number = f"{inline(str(result['phone_number']), 40)} " if result.get("phone_number") else ""
    kind = f"{_KINDS[sid[:2]]} " if sid[:2] in _KINDS else ""
    return {sid: f"{kind}{number}{code(sid)}{_console(sid)}"}


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
    detail = f": {credited(event.detail, 300)}" if event.detail else ""
    return f"{date(event.at)} · {who}{remark(event.what, 300)}{detail}"
