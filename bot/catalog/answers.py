"""The answers of a form in the words of its questions, for before and after."""

from collections.abc import Mapping
from typing import Any

from bot.catalog.form import Ask, Form
from bot.plans.plan import Difference


def new_things(form: Form) -> tuple[Difference, ...]:
    """What a form that makes something new asks for; questions left empty are left out."""
    shown = ((ask.label, in_words(ask, getattr(form, name))) for name, ask in form.asks().items())
    return tuple(Difference(field=label, before=None, after=words) for label, words in shown if words)


def edits(form: Form, before: Mapping[str, Any], changed: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What a form that edits something changes about it."""
    asks = form.asks()
    return tuple(
        Difference(field=asks[n].label, before=in_words(asks[n], before.get(n)), after=in_words(asks[n], value))
        for n, value in changed.items()
    )


def in_words(ask: Ask, value: Any) -> str | None:
    """One answer as people read it, or None for an empty one."""
    if value is None or value in ("", ()):
        return None
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, (tuple, list)):
        return ", ".join(str(item) for item in value)
    return next((option.label for option in ask.options if option.value == value), str(value))
