"""What happened to a registration, in a few words: for where much is told at once."""

from collections.abc import Sequence

from bot.catalog.rejections import rejections
from bot.checks.guide import Guide
from bot.tracking.registration import Registration, Transition
from bot.tracking.stuck import UNSURE
from handlers.blocks.following.deadline_words import deadline_words
from handlers.blocks.following.readiness import counted
from handlers.blocks.following.standing_words import lower, standing
from handlers.blocks.kit import plural

_RANK = {"bad": 3, "warn": 2, "good": 1, "info": 0}


def in_short(the: Registration, moved: Transition, guide: Guide) -> str:
    """One transition: the state that it led to with its error codes, or what else it tells."""
    facts = moved.facts
    match moved.about:
        case "ready":
            word = facts.get("ready")
            return {"ready": "ready to send", UNSURE: "most likely ready to send"}.get(
                str(word), "cannot send any more"
            )
        case "numbers" if failed := counted(facts.get("failed")):
            return f"{plural(failed, 'number')} could not be registered with carriers"
        case "numbers":
            registered, total = counted(facts.get("registered")), counted(facts.get("total"))
            of = f"{registered} of {plural(total, 'number')}" if total else plural(registered, "number")
            return f"{of} registered with carriers"
        case "stuck":
            return "takes longer than usual"
        case "deadline":
            return f"a deadline: {lower(deadline_words(str(facts.get('name') or '')).called)}"
    then = the.model_copy(update={"status": moved.after, "snapshot": moved.snapshot})
    words = lower(standing(then).words)
    codes = [rejection.code for rejection in rejections(moved.snapshot, guide)]
    return f"{words} ({'error' if len(codes) == 1 else 'errors'} {', '.join(codes)})" if codes else words


def telling(moved: Sequence[Transition]) -> Transition:
    """Of what happened to one registration, in order, what it comes to: the gravest since its state last changed."""
    last_state = max((n for n, each in enumerate(moved) if each.about == "state"), default=0)
    return max(reversed(moved[last_state:]), key=lambda each: _RANK[each.severity])
