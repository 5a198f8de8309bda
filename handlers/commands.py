"""Slash commands: read what was typed, and open the form it asks for."""

import difflib
import shlex
from collections.abc import Iterable

from bot.catalog.form import Form
from bot.changes.changes import Refusal
from handlers import forms
from handlers.blocks.change import approvals_list
from handlers.blocks.help import help_message, usage
from handlers.blocks.kit import Message
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk

CURLY = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'"})  # noqa: RUF001  # phones type them


async def operate(desk: Desk, delivery: Delivery) -> Payload | None:
    """`/a2p-service create friendly_name="Acme alerts"`: open the form of an operation, prefilled."""
    command = delivery.body["command"]
    words = split(delivery.body.get("text") or "")
    known = desk.catalog.words(command)
    verb = words[0].lower() if words else ""
    if verb not in known:
        if verb in ("", "help"):
            return _ephemeral(usage(command, known, "", ""))
        return _ephemeral(usage(command, known, verb, nearest(verb, known)))
    operation = known[verb]
    await forms.open_form(desk, delivery, operation, arguments(words[1:], operation.form))
    return None


async def show_help(desk: Desk, delivery: Delivery) -> Payload | None:
    """`/a2p`: what there is, filtered by what this person may do."""
    desk.later(delivery, _send_help(desk, delivery))
    return None


async def show_approvals(desk: Desk, delivery: Delivery) -> Payload | None:
    """`/a2p-approvals`: what waits for a decision or runs."""
    desk.later(delivery, _send_approvals(desk, delivery), members_only=True)
    return None


def split(text: str) -> list[str]:
    """The words of a command's text; quotes keep words together. Raises `Refusal` when a quote stays open."""
    try:
        return shlex.split(text.translate(CURLY))
    except ValueError:
        raise Refusal(f"There is a quote without its partner in: {text[:200]}") from None


def arguments(words: Iterable[str], form: type[Form]) -> dict[str, str]:
    """Typed `name=value` pairs. Raises `Refusal` naming the nearest field for one that the form does not have."""
    asks = form.asks()
    given = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise Refusal(
                f"“{word[:80]}” is not name=value (quote a value that has spaces). The fields are: {', '.join(asks)}."
            )
        if name not in asks:
            near = nearest(name, asks)
            hint = f" Did you mean {near}?" if near else ""
            raise Refusal(f"There is no field “{name[:80]}”.{hint} The fields are: {', '.join(asks)}.")
        given[name] = value
    return given


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like this one, or ""."""
    found = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return found[0] if found else ""


async def _send_help(desk: Desk, delivery: Delivery) -> None:
    may = await desk.changes.allowed(delivery.user, (o.name for o in desk.catalog.operations))
    await desk.answer(delivery, help_message(desk.catalog, allowed=may))


async def _send_approvals(desk: Desk, delivery: Delivery) -> None:
    unsettled = [change async for change in desk.changes.store.unsettled()]
    await desk.answer(delivery, approvals_list(unsettled, viewer=delivery.user))


def _ephemeral(message: Message) -> Payload:
    return {"response_type": "ephemeral", **message}
