"""What a plan would do: findings, before and after, price, and the exact calls."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import takewhile
from types import MappingProxyType
from typing import Any

from bot.catalog import catalog
from bot.catalog.operation import Operation
from bot.changes.change import Change
from bot.changes.drafts import Draft
from bot.changes.freezes import Freeze
from bot.plans.call import Call, Json, Param, Ref, Secret
from bot.plans.cost import Cost, Period, total
from bot.plans.finding import Finding, Severity, blocking
from bot.plans.plan import Difference, Plan
from bot.plans.step import ApprovalStep, CallStep, GivenStep, ManualStep, Step, WaitStep
from bot.tracking.registration import GONE
from handlers.blocks import kit
from handlers.blocks.account import account_of
from handlers.blocks.freeze import held, stage
from handlers.blocks.kit import Block, Message, code, error_page, inline, money, plural, remark, span
from handlers.blocks.parts import part_name
from handlers.blocks.progress import (
    approvals,
    checklist,
    decisions,
    headline,
    results,
    timeline,
)
from handlers.blocks.tokens import memo

_SEVERITIES: Mapping[Severity, str] = MappingProxyType(
    {"block": "Stops this request", "warn": "Weigh this before you ask", "note": "Good to know"}
)
_EACH: Mapping[Period, str] = MappingProxyType({"once": "once", "month": "a month"})
_PRICE_MISSING = "price-unknown"  # the finding of a plan whose costs lack a price that Twilio does not name
_DIGEST_SHOWN = 12
FEW = 10
"""New settings that are shown among those that change; more of them are listed on their own."""
DIFFERENCE, LEAD = 300, 60
"""Characters shown of each side of a difference, and of what both sides share before it."""
_FIELD = re.compile(r"[a-z0-9_]+")
_LIKE_A_REFERENCE = re.compile(r"\{\w+\.\w+\}")


def preview_modal(
    operation: Operation, draft: Draft, above: Sequence[Block] = (), submit: str = "Request approval"
) -> dict[str, Any]:
    """What a draft would do, before anybody is asked. Raises ValueError when it was not planned yet.

    `above` says what else comes of it; `submit` is what its button says.
    """
    plan = draft.plan
    if plan is None:
        raise ValueError(f"draft {draft.id} has no plan yet")
    stops = len(blocking(plan.findings))
    blocks = list(above)
    if stops:
        what = f"{plural(stops, 'finding')} below {'stops' if stops == 1 else 'stop'} this request"
        blocks.append(kit.alert(f"This cannot be requested: {what}. Go back and fix it, then preview again.", "error"))
    blocks += [kit.header(plan.title), kit.context(f"{inline(operation.title)} · account {account_of(plan)}")]
    blocks += plan_blocks(plan)
    blocks.append(kit.actions(kit.button("Back", "form.back", label="Back to the form")))
    return kit.modal(
        "Preview",
        blocks,
        callback_id="preview",
        submit=None if stops else submit,
        private_metadata=memo(d=draft.id, g=plan.digest),
    )


def details_modal(change: Change, buttons: Sequence[Block] = (), freeze: Freeze | None = None) -> dict[str, Any]:
    """Everything about a change: how far it is, who decided, what it does exactly, what happened.

    `buttons` are for what the viewer may do and not everybody should be offered; `freeze` is what holds it back.
    """
    made = results(change, every=True)
    blocks = [
        kit.header(headline(change)),
        kit.section(f"*{stage(change, freeze)}*{f' · {remark(change.note, 1000)}' if change.note else ''}"),
        *kit.sections(filter(None, [held(change, freeze)])),
        kit.fields(
            [
                ("Asked by", f"{kit.person(change.requester)}, {kit.date(change.created_at)}"),
                ("Account", account_of(change.plan)),
                ("Approval", "\n".join(approvals(change))),
                ("Rule", f"“{inline(change.requirement.rule)}”"),
            ]
        ),
        *([kit.actions(*buttons)] if buttons else []),
        *_titled("Decisions", decisions(change), mark=""),
        *_titled("Steps", checklist(change, most=None), mark=""),
        *_titled("At Twilio", made),
        kit.divider(),
        *plan_blocks(change.plan),
        kit.divider(),
        *_titled("What happened", timeline(change)),
    ]
    return kit.modal(f"Change #{change.number}", blocks, callback_id="details")


def plan_blocks(plan: Plan, *, calls: bool = True) -> list[Block]:
    """Findings by severity, before and after, price; then, with `calls`, exactly what is sent."""
    blocks = [
        *_findings(plan.findings, _labels(plan.operation)),
        *_differences(plan.differences),
        *_price(plan),
    ]
    if calls and plan.steps:
        blocks += _exact_steps(plan)
    if not plan.steps:
        return [*blocks, kit.context("Nothing would be sent to Twilio.")]
    shown = plan.digest[:_DIGEST_SHOWN]
    return [*blocks, kit.context(f"Plan {code(shown)}. An approval covers exactly these calls and no others.")]


def price(plan: Plan, part: str | None = None) -> str:
    """The price in one line: `$15.00 once, about $10.00 a month`; of one part of the plan, or of all of it."""
    costs = tuple(c for c in plan.costs if part is None or c.part == part)
    parts = [_sum(costs, period) for period in ("once", "month")]
    line = ", then ".join(p for p in parts if p) or "no charge that Tenfour knows of"
    # what has no price, numbers and conversations, begins in the first part: those after it have all their prices
    return f"{line}; at least one price is unknown" if _incomplete(plan) and not part else line


def plan_message(operation: Operation, plan: Plan) -> Message:
    """What a typed command would do, for the person who wants to know before asking."""
    stops = len(blocking(plan.findings))
    say = f"This could not be requested: {plural(stops, 'finding')}." if stops else "Nothing was asked for."
    blocks = [kit.header(plan.title), kit.context(f"{inline(operation.title)} · account {account_of(plan)} · {say}")]
    blocks += plan_blocks(plan)
    text = f"What would be done: {inline(plan.title)}. {price(plan)[:1].upper()}{price(plan)[1:]}. {say}"
    return kit.message(text, [*blocks, kit.context("To ask for it, type the same without `--plan`.")])


def checks(plan: Plan) -> str:
    """How many findings of each severity, in one line."""
    words: Mapping[Severity, str] = {"block": "blocker", "warn": "warning", "note": "note"}
    counts = [(sum(1 for f in plan.findings if f.severity == s), word) for s, word in words.items()]
    return ", ".join(plural(n, word) for n, word in counts if n) or "no findings"


def _titled(title: str, lines: Iterable[str], mark: str = "• ") -> list[Block]:
    shown = [f"{mark}{line}" for line in lines]
    return kit.sections([f"*{title}*", *shown]) if shown else []


def _labels(operation: str) -> dict[str, str]:
    """The questions of a form by field, so that a finding speaks of what people see."""
    known = catalog().get(operation)
    return {name: ask.label for name, ask in known.form.asks().items()} if known else {}


def _findings(findings: tuple[Finding, ...], labels: Mapping[str, str]) -> list[Block]:
    blocks: list[Block] = []
    for severity, title in _SEVERITIES.items():
        found = [f for f in findings if f.severity == severity]
        blocks += _titled(f"{title} ({len(found)})", (finding_line(f, labels.get(f.field, f.field)) for f in found))
    return blocks


def finding_line(finding: Finding, label: str, codes_are: str = "Prevents") -> str:
    """One finding with its fix and the errors that come of it, as mrkdwn.

    The bare name of a field, which is no question here, says nothing to people: it is left out.
    """
    field = f"*{inline(label, 60)}*: " if label and not _FIELD.fullmatch(label) else ""
    # a note asks for nothing: what stands beside it is not a fix
    word = "" if finding.severity == "note" else "Fix: "
    fix = f"\n      ↳ {word}{remark(finding.fix, 600)}" if finding.fix else ""
    codes = ", ".join(map(error_page, finding.prevents))
    errors = f"\n      ↳ {codes_are} error {codes}" if codes else ""
    return f"{field}{remark(finding.text, 1200)}{fix}{errors}"


def _differences(differences: tuple[Difference, ...]) -> list[Block]:
    made = [d for d in differences if d.before is None]
    if len(made) == len(differences):
        return _titled("What is new", map(_made, made))
    if len(made) <= FEW:
        return _titled("What changes", map(_difference, differences))
    # a form of many answers would bury the few things that change
    changed = [d for d in differences if d.before is not None]
    return [*_titled("What changes", map(_difference, changed)), *_titled("What is new", map(_made, made))]


def _made(difference: Difference) -> str:
    return f"*{inline(difference.field, 80)}*: {inline(difference.after or 'nothing', DIFFERENCE)}"


def _difference(difference: Difference) -> str:
    name = f"*{inline(difference.field, 80)}*"
    sides = _where_they_differ(difference.before, difference.after)
    quoted = not any("“" in v for v in sides if v)  # a side that has quotes of its own gets no others
    before, after = (None if v is None else _side(v, quoted=quoted) for v in sides)
    if before is None:
        return f"{name}: {after} (new)" if after else f"{name}: nothing"
    if before == after:
        return f"{name}: {after}, changed to another value that looks the same while it is masked"
    return f"{name}: {before} → {after}" if after else f"{name}: {before} goes away"


def _side(value: str, *, quoted: bool) -> str:
    shown = inline(value, DIFFERENCE)
    return f"“{shown}”" if quoted else shown


def _where_they_differ(before: str | None, after: str | None) -> tuple[str | None, str | None]:
    """Both sides from shortly before their first difference, when cutting their ends would hide it."""
    if before is None or after is None or max(len(before), len(after)) <= DIFFERENCE:
        return before, after
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    start = shared - LEAD
    return (before, after) if start <= 0 else ("…" + before[start:], "…" + after[start:])


def _price(plan: Plan) -> list[Block]:
    if not plan.costs:
        return kit.sections([f"*Price*: {price(plan)}."])
    lines = [line for gate in _gates(plan) for line in _priced(plan, gate)]
    if all(_sum(plan.costs, period) for period in ("once", "month")):
        every = sum((c.usd for c in plan.costs), Decimal(0))
        lines.append(f"*Total in the first month*: {_about(all(c.certain for c in plan.costs))}{money(every)}")
    sources = "; ".join(inline(source, 300) for source in dict.fromkeys(c.source for c in plan.costs))
    small = [f"Prices from: {sources}."]
    if not all(cost.certain for cost in plan.costs):
        small.insert(0, "“About”: Twilio's API names no price for this, or its sources disagree.")
    return [*_titled(f"Price: {price(plan)}", lines), kit.context(*small)]


def _gates(plan: Plan) -> list[str]:
    """The parts that are approved on their own, by the approval step that each begins with; "" is the first."""
    return ["", *(s.id for s in plan.steps if isinstance(s, ApprovalStep))]


def _priced(plan: Plan, gate: str) -> list[str]:
    """What one part costs; its title only where there are several."""
    mine = [c for c in plan.costs if c.part == gate]
    lines = [f"{_about(c.certain)}{money(c.usd)} {_EACH[c.period]}: {inline(c.what, 200)}" for c in mine]
    if len(_gates(plan)) == 1:
        return lines
    title = next((s.title for s in plan.steps if s.id == gate), "")
    name = f"Approved later, “{part_name(title)}”" if gate else "Approved first"
    return [f"*{name}*: {price(plan, gate)}", *lines]


def _about(certain: bool) -> str:
    return "" if certain else "about "


def _sum(costs: tuple[Cost, ...], period: Period) -> str:
    mine = [c for c in costs if c.period == period]
    if not mine:
        return ""
    return f"{_about(all(c.certain for c in mine))}{money(total(costs, period))} {_EACH[period]}"


def _incomplete(plan: Plan) -> bool:
    return any(f.code == _PRICE_MISSING for f in plan.findings)


def _exact_steps(plan: Plan) -> list[Block]:
    """One block a step, or several short steps in one, so that a hundred steps still fit."""
    groups: list[list[Block]] = []
    sizes: list[int] = []
    for number, step in enumerate(plan.steps, 1):
        parts = _exact_step(number, step)
        size = sum(len(str(part)) for part in parts)
        if groups and sizes[-1] + size <= kit.SECTION:
            groups[-1] += parts
            sizes[-1] += size
        else:
            groups.append(parts)
            sizes.append(size)
    return [kit.section(f"*Exactly what is done* ({plural(len(plan.steps), 'step')}, in this order)")] + [
        kit.rich(*parts) for parts in groups
    ]


def _exact_step(number: int, step: Step) -> list[Block]:
    match step:
        case CallStep():
            line = kit.rich_line(f"{number}. {step.title}", f"{step.call.product}.twilio.com")
            return [line, *kit.preformatted(call_text(step.call))]
        case ManualStep():
            proof = "what Twilio shows then is checked" if step.check else "a person's word closes it"
            return [kit.rich_line(f"{number}. By hand: {step.title}", _spoken(step.where, step.link, proof))]
        case ApprovalStep():
            say = "nothing after it is sent before people have approved it"
            return [kit.rich_line(f"{number}. New approval: {step.title}", say)]
        case GivenStep():
            made = ", ".join(f"{name} {value}" for name, value in step.result.items())
            return [kit.rich_line(f"{number}. There already: {step.title}", _spoken("nothing is sent", made))]
        case WaitStep():
            return [kit.rich_line(f"{number}. Wait: {step.title}", _waited(step))]


def _waited(step: WaitStep) -> str:
    """What ends a wait, and what people can do meanwhile."""
    after = [f"{state} counts after {span(seconds)}" for state, seconds in step.counts_after.items()]
    states = [state for state in step.fails if state != GONE]
    fails = f"fails on {' or '.join(states)}" if states else ""
    gone = "fails when Twilio no longer has it" if GONE in step.fails else ""
    word = f"a person may say: {step.word}" if step.word else ""
    return _spoken(f"until {' or '.join(step.until)}", *after, fails, gone, word, step.meanwhile)


def _spoken(*parts: str) -> str:
    """The parts as one remark; without markup, which a list of steps shows as it is."""
    return kit.unmarked("; ".join(part.strip().rstrip(".;") for part in parts if part.strip()))


def call_text(call: Call) -> str:
    """A call, exactly: method and path, then a line per parameter; further lines of a value are indented."""
    lines = [f"{call.method} {kit.visible(call.path)}"]
    lines += [f"{name}: {kit.visible(value)}" for name, value in call.headers.items()]
    lines += [line for name, value in call.params.items() for line in _param(name, value)]
    return "\n".join(lines)


def _param(name: str, value: Param) -> list[str]:
    values = value if isinstance(value, tuple) else (value,)
    return [f"{name} = {_wire(v)}" for v in values]


def _wire(value: str | Ref | Secret | Json) -> str:
    if not isinstance(value, str):
        return str(value)
    # indented, so that a line break in a value cannot pass for another parameter
    shown = kit.visible(value).replace("\n", "\n    ")
    return f"{shown}  (as text)" if _LIKE_A_REFERENCE.fullmatch(value) else shown
