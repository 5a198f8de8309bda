"""A change in Slack: its card in every state, what its requester is told, lists, and the questions about it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.catalog import catalog
from bot.catalog.undo import lasting
from bot.changes.change import CAME_TO_NOTHING, Change, State
from bot.changes.freezes import Freeze
from bot.plans.step import CallStep, ManualStep, WaitStep
from handlers.blocks import kit
from handlers.blocks.account import account_of
from handlers.blocks.budget import spent, tier_name
from handlers.blocks.change_buttons import button, buttons, details, form, let_go, priced
from handlers.blocks.change_words import sentence, unknown_title
from handlers.blocks.freeze import freeze_of, stage
from handlers.blocks.glass import review
from handlers.blocks.kit import Block, Message, code, date, inline, person, plural, remark
from handlers.blocks.parts import covered, part_name
from handlers.blocks.plan import checks, plan_blocks
from handlers.blocks.progress import (
    approvals,
    checklist,
    decisions,
    decisions_on,
    headline,
    results,
    was_sent,
)
from handlers.blocks.tokens import memo


def change_card(change: Change, freeze: Freeze | None = None) -> Message:
    """The card in the approvals channel. Once a change has ended, a short record without decisions to take.

    `freeze` is what keeps it from running.
    """
    state = sentence(change, freeze)
    title = stage(change, freeze)
    blocks = [kit.header(headline(change)), *kit.sections([f"*{title}*", state])]
    asked = f"Asked by {person(change.requester)}, {date(change.created_at)} · account {account_of(change.plan)}"
    blocks.append(kit.context(asked) if change.settled else _facts(change))
    blocks += [*kit.sections(review(change)), *_body(change)]
    blocks.append(kit.actions(*buttons(change, frozen=freeze is not None)))
    cost = f" Price: {priced(change)}." if change.state == "pending" else ""
    text = f"#{change.number} {remark(change.plan.title)}: {_lower(title)}. {state}{cost}"
    return kit.message(text, blocks)


def _facts(change: Change) -> Block:
    facts = [
        ("Asked by", f"{person(change.requester)}, {date(change.created_at)}"),
        ("Account", account_of(change.plan)),
        ("Price", priced(change)),
        ("Checks", checks(change.plan)),
        ("Approval", "\n".join([*approvals(change), _by_rule(change)])),
    ]
    if line := spent(change):
        facts.append(("Budget", f"{inline(change.plan.account_name, 40)}: {line}"))
    if change.state in ("pending", "stale"):
        facts.append(("Expires", date(change.expires_at)))
    return kit.fields(facts)


def _by_rule(change: Change) -> str:
    tier = tier_name(change)
    return f"(rule “{inline(change.requirement.rule, 80)}”{f', cost tier {tier}' if tier else ''})"


def _body(change: Change) -> list[Block]:
    """Decisions, steps, results, and for a stale change the new plan."""
    blocks = _titled("Decisions", decisions(change, glass=False))  # broken glass is told of above
    if change.state == "rejected" and len(change.decisions) == 1:
        blocks = []  # the sentence above says it all
    if change.state == "pending" and change.gate:
        blocks += _titled("Steps", checklist(change, until=change.gate))
    if change.state in ("pending", "stale"):
        blocks += [block for title, lines in covered(change) for block in _titled(title, lines)]
        blocks += _titled("Weigh before you approve", _warnings(change))
    elif was_sent(change) or not change.settled:
        blocks += _titled("Steps", checklist(change))
    made = "Was made at Twilio, before it was undone" if change.undone else "At Twilio"
    blocks += _titled(made, [f"• {line}" for line in results(change)])
    if change.state in CAME_TO_NOTHING | {"failed"} or change.undoing:
        blocks += _titled("What cannot be undone", _lasting(change))
    if change.state == "stale":
        blocks += [kit.divider(), *kit.sections(["*The new plan*"]), *plan_blocks(change.plan, calls=False)]
    return blocks


def _lasting(change: Change, most: int = 6) -> list[str]:
    """Why there is no Undo, or none of everything."""
    found = lasting(change)
    lines = [f"• {remark(why, 300)}" for why in found[:most]]
    return lines + ([f"… and {plural(len(found) - most, 'more step')}."] if len(found) > most else [])


def _titled(title: str, lines: Sequence[str]) -> list[Block]:
    return kit.sections([f"*{title}*", *lines]) if lines else []


def _warnings(change: Change, most: int = 6) -> list[str]:
    """What the checks found, for those who decide about money on it."""
    found = [f for f in change.plan.findings if f.severity != "note"]
    lines = [f"• {remark(f.text, 400)}" for f in found[:most]]
    return lines + ([f"… and {plural(len(found) - most, 'more finding')}, see Details."] if len(found) > most else [])


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


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
        private_metadata=memo(n=change.number, g=change.digest),
    )


def happened_modal(change: Change) -> dict[str, Any]:
    """What an unknown step made, as somebody has seen it at Twilio."""
    step = next((s for s in change.plan.steps if s.id == change.unknown_step), None)
    blocks = [kit.section(f"Twilio gave no clear answer to this step:\n*{inline(unknown_title(change))}*")]
    if isinstance(step, CallStep):
        blocks.append(kit.context(f"Call: {code(f'{step.call.method} {step.call.path}')}"))
    if isinstance(step, CallStep) and step.nameless:
        looked = "Tenfour looks once more." if step.adopt else "No API shows it, so it goes on with your word."
        blocks.append(kit.section(f"Say so only if you know that it has taken effect. {looked}"))
    else:
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
        private_metadata=memo(n=change.number, g=change.digest, s=change.unknown_step),
    )


# Telling the requester


_TOLD: Mapping[State, str] = MappingProxyType(
    {
        "pending": "asks for the approval of its next part",
        "waiting": "needs somebody's hand",
        "approved": "was approved",
        "rejected": "was rejected",
        "expired": "has expired",
        "stale": "needs a new approval",
        "failed": "failed",
        "unknown": "has an unknown outcome",
        "succeeded": "is done",
    }
)


def told(change: Change, freeze: Freeze | None = None) -> Message | None:
    """The direct message to the requester; None for states that they need not hear about."""
    if change.state not in _TOLD or not _worth_telling(change):
        return None
    free = change.state == "approved" and not change.requirement.groups
    what = f"needs no approval{'' if freeze else ' and starts'}" if free else _TOLD[change.state]
    if change.state == "approved" and any(d.digest == change.digest for d in change.glass):
        what = "was let through without its approvals" if freeze else "runs without its approvals"
    said = f"Your change #{change.number} {what}: {remark(change.plan.title)}."
    blocks = kit.sections([f"*{said}*", sentence(change, freeze)])
    if change.state == "approved":
        blocks += _titled("Decisions", decisions(change))
    if change.state in ("failed", "unknown"):
        blocks += _titled("Steps", checklist(change))
    if change.state not in ("approved", "pending", "waiting"):  # what it makes is told when it ends
        blocks += _titled("At Twilio", [f"• {line}" for line in results(change)])
    blocks += _next(change) if change.state == "succeeded" else []
    do = [*let_go(change, frozen=freeze is not None), *_told_buttons(change)]
    return kit.message(f"{said} {sentence(change, freeze)}", [*blocks, kit.actions(*do)])


def _next(change: Change) -> list[Block]:
    """What people usually do after it."""
    operation = catalog().get(change.plan.operation)
    return [kit.context(f"*Next*: {remark(operation.next)}")] if operation and operation.next else []


def _told_buttons(change: Change) -> list[Block]:
    """What the requester can do about it: the approvals channel, where the card is, may be closed to them."""
    if change.state in ("waiting", "failed", "succeeded"):
        return buttons(change, own=True)
    again = [button(change, "Ask for approval again", "ask_again", style="primary")] if change.state == "stale" else []
    return [*again, *form(change), details(change)]


def _worth_telling(change: Change) -> bool:
    if change.state == "approved":
        return _newly_approved(change)
    if change.state == "waiting":  # what goes on by itself need not be told
        return isinstance(change.at, ManualStep) or (isinstance(change.at, WaitStep) and bool(change.at.word))
    return change.state != "pending" or bool(change.gate)


def part_decided(change: Change, gate: str) -> Message:
    """What `next_part` asked for is decided, or asked for no more: there is nothing to press."""
    name = part_name(next((s.title for s in change.plan.steps if s.id == gate), ""))
    lines = decisions_on(change, gate) or ["Nobody decided on it."]
    text = f"#{change.number} asked for the approval of “{name}”."
    return kit.message(f"{text} {' '.join(lines)}", kit.sections([text, *lines]))


def _newly_approved(change: Change) -> bool:
    """Whether people have just approved it; a run that was settled or tried again passes through approved too."""
    last = next((e for e in reversed(change.timeline) if e.to == "approved"), None)
    return last is None or not last.what.startswith(("tried again", "said that"))


def _urgency(change: Change) -> tuple[float, int]:
    """What expires first comes first, then what never does, in the order in which it was asked for."""
    return change.expires_at if change.state in ("pending", "stale") else math.inf, change.number


LISTED = 20
"""Changes that one list shows: each takes a block, and a message has fifty."""


# Lists


def change_line(change: Change, *notes: str, freeze: Freeze | None = None) -> Block:
    """A change within a list; while it waits with how far each group is, and until when. `notes` are lines below."""
    facts = [stage(change, freeze), f"asked by {person(change.requester)}, {date(change.created_at, 'day')}"]
    far: list[str] = []
    if change.state == "pending":
        facts = [*facts, priced(change), f"expires {date(change.expires_at)}"]
        far = approvals(change)
    lines = [f"*{inline(headline(change))}*", " · ".join(facts), *far, *notes]
    return kit.section("\n".join(filter(None, lines)), details(change))


def approvals_list(
    changes: Iterable[Change],
    *,
    viewer: str,
    above: Sequence[Block] = (),
    below: Sequence[Block] = (),
    frozen: Sequence[Freeze] = (),
) -> Message:
    """Changes that are not settled: those that wait for others' decision, the viewer's own, and those under way.

    `above` and `below` is what else the viewer must know: what is frozen, who decides for whom. `frozen` are the
    freezes that stand.
    """
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
        return kit.message(text, [*above, kit.section(text), *below])
    blocks: list[Block] = [*above]
    room = LISTED
    for title, group in groups:
        shown = sorted(group, key=_urgency)[: max(0, room)]
        room -= len(shown)
        lines = [change_line(c, freeze=freeze_of(c, frozen)) for c in shown]
        blocks += [kit.section(f"*{title}* ({len(group)})"), *lines] if group else []
    if len(every) > LISTED:
        blocks.append(kit.context(f"{len(every) - LISTED} more are not shown. Settle some of these, then look again."))
    return kit.message(counts, [*blocks, *below])
