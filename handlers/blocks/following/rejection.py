"""One error of a rejected registration: what was submitted beside what is wanted, and what our guide knows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.catalog.rejections import UNEXPLAINED, Fault, Rejection, submitted
from bot.checks.eligibility import BLOCKING_FEEDBACK
from bot.checks.guide import form_field
from bot.tracking.memory import Accepted, Past, Refused
from handlers.blocks import kit
from handlers.blocks.kit import Block, code, date, error_page, inline, link, remark

COUNTED = "Tenfour counts it: the weekly digest says how often it came."
SHOWN = 300
"""Characters of a text that was submitted."""
CODES, TIMES = 4, 3
"""Codes of earlier refusals that are named, and refusals named for each."""


def rejection_blocks(rejection: Rejection, snapshot: Mapping[str, Any], past: Past, *, failed: bool) -> list[Block]:
    """The error in full. `failed`: whether it is a verdict, so that a resubmission is worth a word."""
    guidance, faults = rejection.guidance, rejection.faults(snapshot)
    columns = _columns(rejection, [f for f in faults if f.submitted is not None])
    lines = [
        *_head(rejection),
        *(f"*Field*: {_named(f)}" for f in faults if f.submitted is None),
        *([f"*Meaning*: {remark(guidance.meaning)}"] if guidance else [f"{UNEXPLAINED} {COUNTED}"]),
        *([f"*Fix*: {remark(guidance.remedy)}"] if guidance and not columns else []),
    ]
    after = [
        *([f"*Resubmission*: {rejection.resubmission}"] if guidance and failed else []),
        *_accepted(faults, past.accepted),
    ]
    return [*kit.sections(lines), *([kit.fields(columns)] if columns else []), *kit.sections(after)]


def feedback_line(rejection: Rejection) -> str:
    """An error of something that is approved all the same, and whether it stops campaigns."""
    number = int(rejection.code) if rejection.code.isdecimal() else 0
    stops = (
        "*It stops the campaigns of this brand until it is addressed.*"
        if number in BLOCKING_FEEDBACK
        else "It stops nothing by itself."
    )
    said = inline(rejection.description, 300) or "(Twilio gave no words)"
    fix = f" {remark(rejection.guidance.remedy)}" if rejection.guidance else ""
    return f"• {_page(rejection)}: {said} {stops}{fix}"


def refused_before(past: Past, codes: Sequence[str], before: float) -> list[str]:
    """What its brand was refused for before this moment (epoch seconds), the same codes first."""
    found: dict[str, list[Refused]] = {}
    for refused in past.refused:
        if refused.at < before:
            for each in _codes(refused):
                found.setdefault(each, []).append(refused)
    same = [c for c in dict.fromkeys(codes) if c in found]
    others = [c for c in found if c not in same]
    named = [*same, *others][:CODES]
    left = len(found) - len(named)
    more = [f"… and for {kit.plural(left, 'other code')}."] if left > 0 else []
    return [*(_refusals(each, found[each]) for each in named), *more]


def _head(rejection: Rejection) -> Iterator[str]:
    title = f" {inline(rejection.guidance.title)}" if rejection.guidance else ""
    yield f"*{_page(rejection)}*{title}"
    yield f"> {inline(rejection.description, 1000) or '(Twilio gave no words)'}"


def _page(rejection: Rejection) -> str:
    return link(rejection.url, rejection.code) if rejection.url else error_page(rejection.code)


def _columns(rejection: Rejection, faults: Sequence[Fault]) -> list[tuple[str, str]]:
    """What was submitted and what is wanted, side by side: two pairs a row."""
    if not faults:
        return []
    first, *rest = [(f"Submitted as {_label(f)}", _quoted(f.submitted or "")) for f in faults]
    wanted = remark(rejection.guidance.remedy) if rejection.guidance else "see Twilio's words and its page"
    return [first, ("Wanted", wanted), *rest]


def _accepted(faults: Sequence[Fault], accepted: Accepted | None) -> Iterator[str]:
    """The wording of the fields at fault that was accepted last, for this brand."""
    for fault in faults if accepted else ():
        field = form_field(fault.field)
        words = submitted(field, accepted.texts) if field and accepted else ""
        if not words or accepted is None:
            continue
        case = f", for {code(accepted.use_case)}" if accepted.use_case else ""
        where = f"{date(accepted.at, 'day')} ({inline(accepted.title, 100)}{case})"
        if words == fault.submitted:
            yield f"*Accepted before*: the same wording of {inline(_label(fault))} was accepted {where}."
        else:
            yield f"*Accepted before* as {inline(_label(fault))}, {where}: {_quoted(words)}"


def _refusals(each: str, refused: Sequence[Refused]) -> str:
    told = ", ".join(f"{date(r.at, 'day')} ({inline(r.title, 80)})" for r in refused[:TIMES])
    left = len(refused) - TIMES
    return f"Refused before for {error_page(each)}: {told}{f', and {left} more' if left > 0 else ''}."


def _codes(refused: Refused) -> list[str]:
    given = (str(error.get("error_code") or "").strip() for error in refused.errors)
    return list(dict.fromkeys(each for each in given if each))


def _named(fault: Fault) -> str:
    return f"{inline(fault.label)} ({code(fault.field)})" if fault.label else code(fault.field)


def _label(fault: Fault) -> str:
    return f"{fault.label} ({kit.cut(fault.field, 60)})" if fault.label else kit.cut(fault.field, 60)


def _quoted(text: str) -> str:
    return f"“{inline(text, SHOWN)}”" if text else "nothing"
