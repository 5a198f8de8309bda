"""What can be done with a change, by button, in each state."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.catalog import catalog
from bot.catalog.undo import undo_of
from bot.changes.change import FINAL, Change, State
from bot.plans.step import ManualStep, WaitStep
from handlers.blocks import kit
from handlers.blocks.change_words import ended, refusal, skippable
from handlers.blocks.kit import Block, inline
from handlers.blocks.parts import parts
from handlers.blocks.plan import price
from handlers.blocks.tokens import ticket


def buttons(change: Change, *, frozen: bool = False, own: bool = False) -> list[Block]:
    """All buttons that a change has in its state.

    `frozen`: whether a freeze holds it back; `own`: for its requester, without what is for others alone.
    """
    return [
        *(decide_buttons(change, frozen=frozen) if change.state == "pending" else []),
        *let_go(change, frozen=frozen),
        *(_BUTTONS[change.state](change) if change.state in _BUTTONS else []),
        *form(change),
        *([sign_off_button(change)] if change.review == "open" and not own else []),
        *why(change),
        details(change),
    ]


def button(change: Change, text: str, action: str, step: str = "", **more: Any) -> Block:
    """A button on a change; `step` is the step that it is about."""
    label = f"{text} #{change.number}: {change.plan.title}"
    return kit.button(text, f"change.{action}", ticket(change, step), label=label, **more)


def details(change: Change) -> Block:
    """The button that shows everything."""
    return button(change, "Details", "details")


def why(change: Change) -> list[Block]:
    """The button that explains who must approve it and why, as long as that matters."""
    open_ended = change.state in ("pending", "stale", "approved", "running", "waiting")
    return [button(change, "Why?", "why")] if open_ended else []


def decide_buttons(change: Change, *, frozen: bool | None = None) -> list[Block]:
    """Approve and Reject. `frozen`: whether a freeze holds it back; None for messages that are never drawn anew."""
    about = f"{inline(change.plan.title, 70)}\nPrice: {priced(change)}. {_then(change, frozen)}"
    ask = kit.confirm(f"Approve #{change.number}?", about, "Approve")
    return [
        button(change, "Approve", "approve", style="primary", confirm=ask),
        button(change, "Reject", "reject", style="danger"),
    ]


def _then(change: Change, frozen: bool | None) -> str:
    """What comes of an approval, for the question before it."""
    if frozen is None:
        return "It runs when it has all approvals and no freeze holds it."
    missing = sum(map(change.missing, change.requirement.groups))
    last = "This is the last approval missing." if missing < 2 else f"This is one of {missing} approvals missing."
    when = "The change runs at once." if missing < 2 else "The change runs when it has them all."
    return f"{last} {'A freeze holds the change: it runs when that ends or is lifted.' if frozen else when}"


def form(change: Change) -> list[Block]:
    """Back to the form: to amend what waits, or where nothing was done that asking anew would do a second time."""
    operation = catalog().get(change.operation)
    if change.amendable and operation and operation.command:
        return [button(change, "Amend", "amend")]
    ended = change.state in (FINAL - {"succeeded"}) | {"failed", "stale"}
    if not ended or change.begun or operation is None or not operation.command:
        return []
    return [button(change, "Back to the form", "form")]


def break_glass_button(change: Change) -> Block:
    """For those who have the right: let it run without the approvals that it takes."""
    return button(change, "Break glass", "break_glass", style="danger")


def sign_off_button(change: Change) -> Block:
    """For those whose approval was passed over: say that they have looked at it."""
    return button(change, "Sign off", "sign_off", style="primary")


def let_go(change: Change, *, frozen: bool) -> list[Block]:
    """Withdraw, for what waits to be decided, or for the end of a freeze before anything was done."""
    held = frozen and change.state == "approved" and not change.begun
    return [withdraw_button(change)] if change.state == "pending" or held else []


def withdraw_button(change: Change) -> Block:
    """For the requester: let it go before anybody has decided."""
    what = "It ends here; what is done at Twilio stays there." if change.begun else "Nothing is done at Twilio."
    ask = kit.confirm(f"Withdraw #{change.number}?", what, "Withdraw", "Keep it")
    return button(change, "Withdraw", "cancel", confirm=ask)


def _abandon(change: Change) -> Block:
    what = "What is done at Twilio stays there, and the rest is not done. This cannot be taken back."
    if change.state == "unknown":
        what = f"Whether the unknown step happened is left open. {what}"
    ask = kit.confirm(f"Abandon #{change.number}?", what, "Abandon", "Keep it", danger=True)
    return button(change, "Abandon", "abandon", style="danger", confirm=ask)


def _retry(change: Change) -> list[Block]:
    return [] if ended(change) else [button(change, "Try again", "retry", style="primary")]


def _skip(change: Change) -> list[Block]:
    step = skippable(change)
    if step is None:
        return []
    then = f"The run goes on. Then {kit.remark(step.skippable, 200)}."
    ask = kit.confirm(f"Skip step of #{change.number}?", then, "Skip it")
    return [button(change, "Skip this step", "skip", step.id, confirm=ask)]


def _undo(change: Change) -> list[Block]:
    undo = undo_of(change)
    if undo is None or (change.undoing and change.undoing.stands):
        return []
    lines = "\n".join(f"• {inline(step.title, 80)}" for step in undo.steps[:3])
    more = f"\n… and {len(undo.steps) - 3} more" if len(undo.steps) > 3 else ""
    what = f"This asks for a new change, which needs approval too:\n{lines}{more}"
    ask = kit.confirm(f"Undo #{change.number}?", what, "Ask for it", "Keep it")
    return [button(change, "Undo", "undo", confirm=ask)]


def _waiting_buttons(change: Change) -> list[Block]:
    match change.at:
        case ManualStep(id=step, link=url):
            page = [kit.button("Open Console", "link.console", url=url)] if url else []
            return [button(change, "Done", "done", step, style="primary"), *page, _abandon(change)]
        case WaitStep(id=step, word=word) if word:
            ask = kit.confirm("Are you sure?", f"{_contradicted(change)}{_sentenced(word)}", "Yes", "Not yet")
            return [button(change, "It has happened", "done", step, style="primary", confirm=ask), _abandon(change)]
    return [_abandon(change)]


def _sentenced(word: str) -> str:
    return f"{word.rstrip('.')}. Your name is recorded with it."


def _contradicted(change: Change) -> str:
    """What is known that speaks against a person's word."""
    return f"The last that Tenfour heard is {inline(refused)}. " if (refused := refusal(change)) else ""


def _happened(change: Change) -> Block:
    return button(change, "It happened, go on", "happened", change.unknown_step)


def _did_not(change: Change) -> Block:
    what = (
        "Only say so if you have looked in Twilio's Console: the call is sent again, which may cost again. "
        "Your name is recorded with it."
    )
    ask = kit.confirm("It did not happen?", what, "Send it again", "Not sure")
    return button(change, "It did not, send it again", "did_not", change.unknown_step, confirm=ask)


_BUTTONS: Mapping[State, Callable[[Change], list[Block]]] = MappingProxyType(
    {
        "stale": lambda c: [button(c, "Ask for approval again", "ask_again", style="primary"), withdraw_button(c)],
        "failed": lambda c: [*_retry(c), *_skip(c), *_undo(c), _abandon(c)],
        "waiting": _waiting_buttons,
        "unknown": lambda c: [_happened(c), _did_not(c), _abandon(c)],
        **dict.fromkeys(FINAL, _undo),
    }
)


def priced(change: Change) -> str:
    """The price of the part that is decided, or runs, and of all parts where there are several."""
    cost, total = price(change.plan, change.gate), price(change.plan)
    if len(parts(change.plan)) == 1:
        return cost
    return f"{cost} for this part{'' if cost == total else f'; {total} in all'}"
