"""One error of a rejected registration, beside what was submitted and what our guide knows."""

from collections.abc import Mapping
from typing import Any

from bot.catalog.rejections import UNEXPLAINED, Fault, Rejection
from handlers.blocks.kit import code, error_page, inline, link, remark

_SHOWN = 300


def rejection_lines(rejection: Rejection, snapshot: Mapping[str, Any]) -> list[str]:
    """The error in full, lines of mrkdwn."""
    guidance = rejection.guidance
    title = f" {inline(guidance.title)}" if guidance else ""
    page = link(rejection.url, rejection.code) if rejection.url else error_page(rejection.code)
    said = inline(rejection.description, 1000) or "(Twilio gave no words)"
    faults = [line for fault in rejection.faults(snapshot) for line in _fault(fault)]
    lines = [f"*{page}*{title}", f"> {said}", *faults]
    if guidance is None:
        return [*lines, UNEXPLAINED]
    return [
        *lines,
        f"*Meaning*: {remark(guidance.meaning)}",
        f"*Fix*: {remark(guidance.remedy)}",
        f"*Resubmission*: {rejection.resubmission}",
    ]


def _fault(fault: Fault) -> list[str]:
    named = f"{inline(fault.label)} ({code(fault.field)})" if fault.label else code(fault.field)
    if fault.submitted is None:
        return [f"*Field*: {named}"]
    shown = f"“{inline(fault.submitted, _SHOWN)}”" if fault.submitted else "nothing"
    return [f"*Field*: {named}", f"*Submitted*: {shown}"]
