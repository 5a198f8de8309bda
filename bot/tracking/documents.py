"""How a registration stands in its Redis hash: a field for each of its own, and one for each name of what is named."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bot.tracking.registration import Registration

_NAMED = ("heard", "muted", "told")
"""Fields of a registration that have an entry of the document for each name."""
LOOKED = ("title", "status", "since", "stage_since", "fetched_at", "snapshot", "trouble", "failures")
"""Fields of a registration that a look may change."""


def looked_fields(seen: Registration, names: Iterable[str] = LOOKED) -> dict[str, str | int | float]:
    """What a look writes into the document."""
    return {name: json.dumps(seen.snapshot) if name == "snapshot" else getattr(seen, name) for name in names}


def begun_fields(registration: Registration) -> list[str | int | float]:
    """The arguments of `begin.lua`."""
    snapshot = json.dumps(registration.snapshot)
    fields = registration.model_dump(exclude={"snapshot", *_NAMED}) | {"snapshot": snapshot}
    flat = ["" if x is None else x for pair in fields.items() for x in pair]
    known = [registration.change or "", registration.title, registration.started_at, registration.owner]
    return [*known, registration.made_at, registration.tries, *flat]


def loaded(found: Mapping[Any, Any]) -> Registration | None:
    """A registration from its document, or None."""
    if "kind" not in found:
        return None
    named: dict[str, dict[str, Any]] = {part: {} for part in _NAMED}
    for field, raw in found.items():
        if ":" in field:
            part, _, name = field.partition(":")
            if part in named:
                named[part][name] = json.loads(raw)
    snapshot, change = json.loads(found["snapshot"]), int(found["change"]) if found["change"] else None
    # validated although we have written it: another version may have, and what is odd about one is told as such
    return Registration.model_validate({**found, **named, "snapshot": snapshot, "change": change})
