"""A change in Slack: its card in every state, what its requester is told, lists, and the questions about it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.changes.change import Change, State
from bot.plans.step import CallStep
from handlers.blocks import kit
from handlers.blocks.kit import Block, Message, code, date, inline, person, plural, remark
from handlers.blocks.plan import checks, plan_blocks, price
from handlers.blocks.progress import STATES, approvals, checklist, decisions, headline, needs, results, was_sent
from handlers.blocks.tokens import memo, ticket

LISTED = 20
"""Changes that one list shows: each takes a block, and a message has fifty."""


# The card


def change_card(change: Change) -> Message:
    """The card in the approvals channel. Once a change has ended, a short record without decisions to take."""
    state = _sentence(change)
    blocks = [kit.header(headline(change)), *kit.sections([f"*{STATES[change.state]}*", state])]
    asked = f"Asked by {person(change.requester)}, {date(change.created_at)} · account {code(change.plan.account)}"
    blocks.append(kit.context(asked) if change.settled else _facts(change))
    blocks += _body(change)
    blocks.append(kit.actions(*_buttons(change)))
    cost = f" Price: {price(change.plan)}." if change.state == "pending" else ""
    text = f"#{change.number} {remark(change.plan.title)}: {_lower(STATES[change.state])}. {state}{cost}"
    return kit.message(text, blocks)


def _facts(change: Change) -> Block:
    facts = [
        ("Asked by", f"{person(change.requester)}, {date(change.created_at)}"),
        ("Account", code(change.plan.account)),
        ("Price", price(change.plan)),
        ("Checks", checks(change.plan)),
        ("Approval", "\n".join([*approvals(change), f"(rule “{inline(change.requirement.rule, 80)}”)"])),
    ]
    if change.state in ("pending", "stale"):
        facts.append(("Expires", date(change.expires_at)))
    return kit.fields(facts)


def _body(change: Change) -> list[Block]:
    """Decisions, steps, results, and for a stale change the new plan."""
    blocks = _titled("Decisions", decisions(change))
    if change.state == "rejected" and len(change.decisions) == 1:
        blocks = []  # the sentence above says it all
    if change.state in ("pending", "stale"):
        blocks += _titled("What it will do", _planned(change))
        blocks += _titled("Weigh before you approve", _warnings(change))
    elif was_sent(change) or not change.settled:
        blocks += _titled("Steps", checklist(change))
    blocks += _titled("Made at Twilio", [f"• {line}" for line in results(change)])
    if change.state == "stale":
        blocks += [kit.divider(), *kit.sections(["*The new plan*"]), *plan_blocks(change.plan, calls=False)]
    return blocks


def _titled(title: str, lines: Sequence[str]) -> list[Block]:
    return kit.sections([f"*{title}*", *lines]) if lines else []


def _warnings(change: Change, most: int = 6) -> list[str]:
    """What the checks found, for those who decide about money on it."""
    found = [f for f in change.plan.findings if f.severity != "note"]
    lines = [f"• {remark(f.text, 400)}" for f in found[:most]]
    return lines + ([f"… and {plural(len(found) - most, 'more finding')}, see Details."] if len(found) > most else [])


def _planned(change: Change, most: int = 25) -> list[str]:
    lines = [f"{n}. {inline(step.title)}" for n, step in enumerate(change.plan.steps, 1)]
    if rest := lines[most:]:
        lines[most:] = [f"… and {plural(len(rest), 'more step')}. Details shows every step."]
    return lines


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


# What has happened and what comes next, a sentence or two for each state


def _sentence(change: Change) -> str:
    """What happened, who did it, and what to do next; mrkdwn."""
    return _SENTENCES[change.state](change)


def _note(change: Change) -> str:
    return f" {remark(change.note, 900)}" if change.note else ""


def _pending(change: Change) -> str:
    return f"{person(change.requester)} asks for this. {needs(change)}{_note(change)}"


def _running(change: Change) -> str:
    done = sum(1 for step in change.plan.steps if step.id in change.results)
    return f"{done} of {plural(len(change.plan.steps), 'step')} done.{_note(change)}"


def _failed(change: Change) -> str:
    return f"Nothing runs now.{_note(change)} Fix the cause, then try again from the step that failed, or abandon it."


def _unknown(change: Change) -> str:
    step = inline(_unknown_title(change))
    # the note of a run names the step itself
    what = _note(change).strip() if step in _note(change) else f"{step}.{_note(change)}"
    return (
        f"Nobody knows yet whether this happened: {what} Look in Twilio's Console, then say here that it happened, or "
        "that it did not. Nothing after it runs until then."
    )


def _rejected(change: Change) -> str:
    last = next((d for d in reversed(change.decisions) if d.verb == "reject"), None)
    if last is None:
        return "It was rejected. Nothing was done at Twilio."
    reason = f" Reason: “{inline(last.reason, 600)}”." if last.reason else ""
    return f"{person(last.user)} rejected it, {date(last.at)}.{reason} Nothing was done at Twilio."


def _expired(change: Change) -> str:
    return f"Nobody decided before {date(change.expires_at)}. Nothing was done at Twilio. Ask for it again if needed."


def _stale(change: Change) -> str:
    return (
        f"Twilio is not as it was when this was approved, so nothing was sent. {_changed(change)}"
        f"{person(change.requester)} can ask for approval of the new plan, or withdraw it."
    )


def _changed(change: Change) -> str:
    return f"What changed: {remark(change.note, 900)}. " if change.note else ""


def _abandoned(change: Change) -> str:
    done = sum(1 for run in change.steps.values() if run.state == "done")
    stays = f"What {plural(done, 'step')} did at Twilio stays there." if done else "No step of it is known to be done."
    open_end = " Whether the step marked unknown happened was never settled." if change.unknown_step else ""
    return f"It was given up{_by(change)}. {stays}{open_end}"


def _by(change: Change) -> str:
    """Who brought the change into its state, and when."""
    last = next((e for e in reversed(change.timeline) if e.to == change.state), None)
    if last is None:
        return ""
    return f" by {person(last.who)}, {date(last.at)}" if last.who else f", {date(last.at)}: nobody had settled it"


def _unknown_title(change: Change) -> str:
    return next((s.title for s in change.plan.steps if s.id == change.unknown_step), change.plan.title)


_SENTENCES: Mapping[State, Callable[[Change], str]] = MappingProxyType(
    {
        "pending": _pending,
        "approved": lambda c: f"It runs as soon as a worker is free.{_note(c)}",
        "running": _running,
        "waiting": lambda c: f"The run goes on by itself when the registration is through.{_note(c)}",
        "unknown": _unknown,
        "failed": _failed,
        "succeeded": lambda c: f"{len(c.plan.steps)} of {plural(len(c.plan.steps), 'step')} done.",
        "rejected": _rejected,
        "cancelled": lambda c: f"{person(c.requester)} withdrew it. Nothing was done at Twilio.",
        "expired": _expired,
        "stale": _stale,
        "abandoned": _abandoned,
    }
)


# Buttons


def _buttons(change: Change) -> list[Block]:
    return [*(_BUTTONS[change.state](change) if change.state in _BUTTONS else []), _details(change)]


def _button(change: Change, text: str, action: str, step: str = "", **more: Any) -> Block:
    label = f"{text} #{change.number}: {change.plan.title}"
    return kit.button(text, f"change.{action}", ticket(change, step), label=label, **more)


def _details(change: Change) -> Block:
    return _button(change, "Details", "details")


def decide_buttons(change: Change) -> list[Block]:
    """Approve and Reject."""
    cost = price(change.plan)
    ask = kit.confirm(
        f"Approve #{change.number}?",
        f"{inline(change.plan.title, 120)}\nPrice: {cost}. It runs at once when it has all approvals.",
        "Approve",
    )
    return [
        _button(change, "Approve", "approve", style="primary", confirm=ask),
        _button(change, "Reject", "reject", style="danger"),
    ]


def _withdraw(change: Change) -> Block:
    ask = kit.confirm(f"Withdraw #{change.number}?", "It ends here; nothing is done at Twilio.", "Withdraw", "Keep it")
    return _button(change, "Withdraw", "cancel", confirm=ask)


def _abandon(change: Change) -> Block:
    what = "What is done at Twilio stays there, and the rest is not done. This cannot be taken back."
    ask = kit.confirm(f"Abandon #{change.number}?", what, "Abandon", "Keep it", danger=True)
    return _button(change, "Abandon", "abandon", style="danger", confirm=ask)


def _happened(change: Change) -> Block:
    return _button(change, "It happened", "happened", change.unknown_step)


def _did_not(change: Change) -> Block:
    what = "Only say so if you have looked in Twilio's Console: the call is sent again, which may cost again."
    ask = kit.confirm("It did not happen?", what, "It did not, send again")
    return _button(change, "It did not happen", "did_not", change.unknown_step, confirm=ask)


_BUTTONS: Mapping[State, Callable[[Change], list[Block]]] = MappingProxyType(
    {
        "pending": lambda c: [*decide_buttons(c), _withdraw(c)],
        "stale": lambda c: [_button(c, "Ask for approval again", "ask_again", style="primary"), _withdraw(c)],
        "failed": lambda c: [_button(c, "Try again", "retry", style="primary"), _abandon(c)],
        "unknown": lambda c: [_happened(c), _did_not(c), _abandon(c)],
    }
)


# Questions


def reject_modal(change: Change) -> dict[str, Any]:
    """Why a change is rejected."""
    reason = kit.text_input("reason", multiline=True, most=1000)
    hint = "The requester reads this. Say what would have to change."
    blocks = [
        kit.section(f"*{inline(headline(change))}*\nAsked by {person(change.requester)}."),
        kit.input_block("reason", "Why not?", reason, hint=hint),
    ]
    return kit.modal(
        f"Reject #{change.number}",
        blocks,
        callback_id="reject",
        submit="Reject",
        close="Cancel",
        private_metadata=memo(n=change.number, g=change.plan.digest),
    )


def happened_modal(change: Change) -> dict[str, Any]:
    """What an unknown step made, as somebody has seen it at Twilio."""
    step = next((s for s in change.plan.steps if s.id == change.unknown_step), None)
    blocks = [kit.section(f"Twilio gave no clear answer to this step:\n*{inline(_unknown_title(change))}*")]
    if isinstance(step, CallStep):
        blocks.append(kit.context(f"Call: {code(f'{step.call.method} {step.call.path}')}"))
    blocks.append(
        kit.input_block(
            "sid",
            "SID of what it made",
            kit.text_input("sid", most=34, placeholder="34 characters, for example MG…"),
            hint="Copy it from Twilio's Console. It is looked up there, and the run goes on with it.",
        )
    )
    return kit.modal(
        f"#{change.number}: it happened",
        blocks,
        callback_id="happened",
        submit="Go on with this",
        close="Cancel",
        private_metadata=memo(n=change.number, g=change.plan.digest, s=change.unknown_step),
    )


# Telling the requester


_TOLD: Mapping[State, str] = MappingProxyType(
    {
        "approved": "was approved",
        "rejected": "was rejected",
        "expired": "has expired",
        "stale": "needs a new approval",
        "failed": "failed",
        "unknown": "has an unknown outcome",
        "succeeded": "is done",
    }
)


def told(change: Change) -> Message | None:
    """The direct message to the requester; None for states that they need not hear about."""
    if change.state not in _TOLD or (change.state == "approved" and not _newly_approved(change)):
        return None
    free = change.state == "approved" and not change.requirement.groups
    what = "needs no approval and starts" if free else _TOLD[change.state]
    said = f"Your change #{change.number} {what}: {remark(change.plan.title)}."
    blocks = kit.sections([f"*{said}*", _sentence(change)])
    if change.state == "approved":
        blocks += _titled("Decisions", decisions(change))
    if change.state in ("failed", "unknown"):
        blocks += _titled("Steps", checklist(change))
    blocks += _titled("Made at Twilio", [f"• {line}" for line in results(change)])
    more = [_button(change, "Ask for approval again", "ask_again", style="primary")] if change.state == "stale" else []
    return kit.message(f"{said} {_sentence(change)}", [*blocks, kit.actions(*more, _details(change))])


def _newly_approved(change: Change) -> bool:
    """Whether people have just approved it; a run that was settled or tried again passes through approved too."""
    last = next((e for e in reversed(change.timeline) if e.to == "approved"), None)
    return last is None or not last.what.startswith(("tried again", "said that"))


# Lists


def change_line(change: Change) -> Block:
    """A change within a list."""
    facts = [STATES[change.state], f"asked by {person(change.requester)}, {date(change.created_at, 'day')}"]
    if change.state == "pending":
        facts = [*facts, *approvals(change), price(change.plan), f"expires {date(change.expires_at, 'day')}"]
    return kit.section(f"*{inline(headline(change))}*\n{' · '.join(facts)}", _details(change))


def approvals_list(changes: Iterable[Change], *, viewer: str) -> Message:
    """Changes that are not settled: those that wait for others' decision, the viewer's own, and those under way."""
    every = list(changes)
    pending = [c for c in every if c.state == "pending"]
    own = [c for c in pending if c.requester == viewer]
    others = [c for c in pending if c.requester != viewer]
    under_way = [c for c in every if c.state != "pending"]
    counts = (
        f"{plural(len(pending), 'change')} to decide, {len(own)} of them asked for by you; {len(under_way)} under way."
    )
    groups = (
        ("Asked for by others", others),
        ("Asked for by you: somebody else decides these", own),
        ("Approved, running or stuck", under_way),
    )
    if not every:
        text = "No change waits for a decision, and none is under way. `/a2p` shows what you can ask for."
        return kit.message(text, [kit.section(text)])
    blocks: list[Block] = []
    room = LISTED
    for title, group in groups:
        shown = sorted(group, key=lambda c: c.number)[: max(0, room)]
        room -= len(shown)
        blocks += [kit.section(f"*{title}* ({len(group)})"), *map(change_line, shown)] if group else []
    if len(every) > LISTED:
        blocks.append(kit.context(f"{len(every) - LISTED} more are not shown. Settle some of these, then look again."))
    return kit.message(counts, blocks)
