"""The base of every plain value that is shown, hashed or stored."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """An immutable value; unknown fields are refused, so that no version runs a plan of which it knows half."""

    # a validation error must not repeat what people typed
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Record(Value):
    """A value that Redis holds while versions change. Fields that only a newer version knows are passed over.

    Plans and requirements stay strict: what decides and acts must be understood to the last field, what tells need not.
    """

    model_config = ConfigDict(extra="ignore")


def canonical_json(data: Any) -> str:
    """The one JSON text of `data`: sorted keys, no spaces, UTF-8 kept; equal data gives equal text."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
