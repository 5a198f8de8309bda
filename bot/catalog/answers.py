"""The answers of a form in the words of its questions, for before and after."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bot.catalog.form import Ask, Form
from bot.plans.masking import mask
from bot.plans.plan import Difference

NO_NAMES: Mapping[str, str] = MappingProxyType({})


def new_things(form: Form, names: Mapping[str, str] = NO_NAMES) -> tuple[Difference, ...]:
    """What a form that makes something new asks for; questions left empty are left out.

    `names` says what people call the things that the form knows by their SIDs.
    """
    given = ((ask.label, in_words(ask, getattr(form, name))) for name, ask in form.asks().items())
    return tuple(Difference(field=label, before=None, after=_called(words, names)) for label, words in given if words)


def edits(form: Form, before: Mapping[str, Any], changed: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What a form that edits something changes about it."""
    asks = form.asks()
    return tuple(
        Difference(field=asks[n].label, before=in_words(asks[n], before.get(n)), after=in_words(asks[n], value))
        for n, value in changed.items()
    )


def same(before: Any, after: Any) -> bool:
    """Whether two answers say the same: blanks and line ends alone change nothing for whoever reads them."""
    if isinstance(before, str) and isinstance(after, str):
        return before.split() == after.split()
    return bool(before == after)


def in_words(ask: Ask, value: Any) -> str | None:
    """One answer as people read it, or None for an empty one."""
    if value is None or value in ("", ()):
        return None
    if ask.sensitive:
        return mask(str(value))
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, (tuple, list)):
        return ", ".join(str(item) for item in value)
    return next((option.label for option in ask.options if option.value == value), str(value))


def _called(words: str, names: Mapping[str, str]) -> str:
    # what nobody has given a name goes by its SID, and that need not be said twice
    return f"{names[words]} ({words})" if names.get(words, words) != words else words
