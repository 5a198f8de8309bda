"""The base of every plain value that is shown, hashed or stored."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """An immutable value; unknown fields are refused so that stored data never loses anything in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def canonical_json(data: Any) -> str:
    """The one JSON text of `data`: sorted keys, no spaces, UTF-8 kept; equal data gives equal text."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
