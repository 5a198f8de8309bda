"""What has happened to a change and what comes next, a sentence or two for each state."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.catalog.undo import lasting, undo_of
from bot.changes.change import Change, State, called
from bot.changes.freezes import Freeze
from bot.plans.step import CallStep, ManualStep, WaitStep
from bot.runs.pauses import UNSEEN
from handlers.blocks.budget import raised
from handlers.blocks.freeze import held
from handlers.blocks.kit import code, date, inline, person, plural, remark
from handlers.blocks.parts import part_name
from handlers.blocks.progress import (
    needs,
)

NAMED = 5
"""Steps that a sentence names; of more it says how many."""


_DECLINED = "DECLINED"  # of a share: brands and campaigns announce their refusals themselves


_ONCE = frozenset({"message", "vetting"})  # what becomes of these is decided once


# What has happened and what comes next, a sentence or two for each state


def sentence(change: Change, freeze: Freeze | None = None) -> str:
    """What happened, who did it, and what to do next, also where a freeze keeps it from running; mrkdwn."""
    if stopped := held(change, freeze):
        return stopped if change.state == "approved" else f"{sentence(change)}\n{stopped}"
    return f"{_SENTENCES[change.state](change)}{_undoing(change)}"


def _undoing(change: Change) -> str:
    """Which change takes this one back, and how far that is."""
    undoing = change.undoing
    if undoing is None or undoing.state is None or not undoing.stands:
        return ""
    if undoing.over:
        return f" Undone by #{undoing.number}{', as far as it can be' if lasting(change) else ''}."
    return f" #{undoing.number} would undo this, and is {called(undoing.state)}."


def _note(change: Change) -> str:
    """What the run says of itself, as sentences: Twilio's own words often end without a full stop."""
    if not change.note:
        return ""
    said = remark(change.note, 900)
    return f" {said}" if said.endswith((".", "!", "?", "…", ":", "”", "*")) else f" {said}."


def _pending(change: Change) -> str:
    judged = f" {raised(change)}" if raised(change) else ""
    if change.gate:
        name = part_name(gate_title(change))
        return f"The next part is “{name}”. {needs(change)}{judged} What came before it is done."
    return f"{person(change.requester)} asks for this. {needs(change)}{judged}{_note(change)}"


def _running(change: Change) -> str:
    done = sum(1 for step in change.plan.steps if step.id in change.results)
    return f"{done} of {plural(len(change.plan.steps), 'step')} done.{_note(change)}"


def gate_title(change: Change) -> str:
    """The part that is to be approved, by its title."""
    return next((s.title for s in change.plan.steps if s.id == change.gate), "")


def _waiting(change: Change) -> str:
    match change.at:
        case ManualStep(title=title, where=where):
            return f"Somebody has to do this by hand: *{inline(title)}*. {remark(where, 900)} Then press *Done* here."
        case WaitStep(title=title, word=word) if word:
            press = "Press *It has happened* once you know."
            return f"Waits until: *{inline(title)}*.{_now(change)}{_note(change)} {press}"
        case WaitStep(title=title):
            alone = "" if "by itself" in change.note else " It goes on by itself."
            return f"Waits until: *{inline(title)}*.{_now(change)}{_note(change)}{alone}"
    return f"It goes on by itself.{_note(change)}"


def _now(change: Change) -> str:
    """What Twilio says of what is waited for."""
    run = change.steps.get(change.at.id) if change.at else None
    status = run.result.get("status") if run else None
    return f" It is {code(str(status))} now." if status and status != UNSEEN else ""


def _succeeded(change: Change) -> str:
    done = sum(1 for run in change.steps.values() if run.state == "done")
    if not change.plan.steps:
        return f"{plural(done, 'step')} done. What they were has been erased."
    skipped = [s for s in change.plan.steps if s.id in change.steps and change.steps[s.id].state == "skipped"]
    missing = "; ".join(s.skippable or s.title if isinstance(s, CallStep | WaitStep) else s.title for s in skipped)
    without = f" Skipped: {remark(missing, 900)}." if skipped else ""
    return f"{done} of {plural(len(change.plan.steps), 'step')} done.{without}{_followed(change)}"


def _followed(change: Change) -> str:
    """What is not over with the change: registrations that it has started and did not wait for, in a sentence."""
    waited = {w.kind for step in change.plan.steps if isinstance(step, WaitStep) for w in step.watches}
    titles = [w.title for w in change.plan.watches if w.step in change.results and w.kind not in waited]
    if not titles:
        return ""
    names = "; ".join(inline(t, 150) for t in titles)
    return f" What becomes of it is followed from here, and told in the alerts channel: {names}."


def _failed(change: Change) -> str:
    failed = any(run.state == "failed" for run in change.steps.values())
    ways = [] if ended(change) else ["try again from the step that failed" if failed else "try again"]
    if step := skippable(change):
        ways.append(f"skip it ({inline(step.skippable, 200)})")
    if undo_of(change):
        ways.append("undo what was done")
    ways.append("abandon it")
    fix = "Fix the cause, then"
    if ended(change):  # a chain is not asked for anew because of its last step
        fix = "Here you can" if skippable(change) else "For another try ask for it anew; here you can"
    what = f"{', '.join(ways[:-1])}, or {ways[-1]}" if len(ways) > 1 else ways[0]
    return f"Nothing runs now.{_note(change)} {fix} {what}.{_left_behind(change)}"


def ended(change: Change) -> bool:
    """Whether what the run waits for ended for good, as a message or a vetting does: looking again is of no use."""
    step = change.at
    return isinstance(step, WaitStep) and step.id in change.steps and {w.kind for w in step.watches} <= _ONCE


def skippable(change: Change) -> CallStep | WaitStep | None:
    """The step that failed, where it is harmless to go on without it; a change may also fail before any step does."""
    step = change.at
    failed = step is not None and step.id in change.steps and change.steps[step.id].state == "failed"
    return step if failed and isinstance(step, CallStep | WaitStep) and step.skippable else None


def _left_behind(change: Change) -> str:
    """What stands at Twilio because of a change that did not come to its end, in a sentence."""
    effects = change.effects
    done = [s.title for s in change.plan.steps if s.id in effects]
    if not done:
        return " Nothing of it stands at Twilio." if not change.begun else ""
    what = "; ".join(inline(t, 120) for t in done) if len(done) <= NAMED else f"{len(done)} steps, see below"
    return f" Done at Twilio so far: {what}."


def _unknown(change: Change) -> str:
    step = inline(unknown_title(change))
    # the note of a run names the step itself
    what = _note(change).strip() if step in _note(change) else f"{step}.{_note(change)}"
    who = "somebody who may approve it" if change.requirement.groups else person(change.requester)
    made = " and which SID it made" if not nameless(change) else ""
    return (
        f"Nobody knows yet whether this happened: {what} Nothing after it runs until somebody says so. "
        f"Look in Twilio's Console. Then {who} says on its card that it happened{made}, and it goes on from there; "
        "or that it did not, and the call is sent again. Abandoning it leaves everything at Twilio as it is."
    )


def nameless(change: Change) -> bool:
    """Whether no SID stands for what the unknown step does."""
    step = next((s for s in change.plan.steps if s.id == change.unknown_step), None)
    return isinstance(step, CallStep) and step.nameless


def _rejected(change: Change) -> str:
    last = next((d for d in reversed(change.decisions) if d.verb == "reject"), None)
    if last is None:
        return f"It was rejected.{_stays(change)}"
    reason = f" Reason: “{inline(last.reason, 600)}”." if last.reason else ""
    return f"{person(last.user)} rejected it, {date(last.at)}.{reason}{_stays(change)}"


def _stays(change: Change) -> str:
    return _left_behind(change) if change.begun else " Nothing was done at Twilio."


def _expired(change: Change) -> str:
    return f"Nobody decided before {date(change.expires_at)}.{_stays(change)} Ask for it again if needed."


def _stale(change: Change) -> str:
    return (
        f"Twilio is not as it was when this was approved, so nothing was sent. {_changed(change)}"
        f"{person(change.requester)} can ask for approval of the new plan, or withdraw it."
    )


def _changed(change: Change) -> str:
    return f"What changed: {remark(change.note, 900)}. " if change.note else ""


def _abandoned(change: Change) -> str:
    done = len(change.effects)
    stays = f"What {plural(done, 'step')} did at Twilio stays there." if done else "No step of it is known to be done."
    if change.undone:
        stays = ""
    open_end = " Whether the step marked unknown happened was never settled." if change.unknown_step else ""
    return f"{_given_up(change)}{f' {stays}' if stays else ''}{open_end}"


def _given_up(change: Change) -> str:
    """Who gave the change up, when and what for, in a sentence."""
    last = next((e for e in reversed(change.timeline) if e.to == change.state), None)
    if last is None:
        return "It was given up."
    if not last.who:
        return f"It was given up, {date(last.at)}: nobody had settled it."
    return f"{person(last.who)} {inline(last.what)}, {date(last.at)}."


def unknown_title(change: Change) -> str:
    """The step whose outcome nobody knows, by its title."""
    return next((s.title for s in change.plan.steps if s.id == change.unknown_step), change.plan.title)


_SENTENCES: Mapping[State, Callable[[Change], str]] = MappingProxyType(
    {
        "pending": _pending,
        # the note of a part is its title, which the decision names
        "approved": lambda c: f"It runs in a moment.{'' if c.gate else _note(c)}",
        "running": _running,
        "waiting": _waiting,
        "unknown": _unknown,
        "failed": _failed,
        "succeeded": _succeeded,
        "rejected": _rejected,
        "cancelled": lambda c: f"{person(c.requester)} withdrew it.{_stays(c)}",
        "expired": _expired,
        "stale": _stale,
        "abandoned": _abandoned,
    }
)


def refusal(change: Change) -> str:
    """The state of what a change waits for, where that is a refusal: it goes on waiting, and people must hear of it."""
    at = change.at
    run = change.steps.get(at.id) if change.state == "waiting" and isinstance(at, WaitStep) else None
    status = str(run.result.get("status") or "") if run else ""
    return status if _DECLINED in status.split(", ") else ""
