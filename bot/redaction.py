"""The last resort against secrets in logs and traces: whatever looks like one, or like a person's data, is masked.

Nothing relies on it: what is logged is chosen where it is logged. It is for the line that somebody forgets, and for
the libraries below, which do not know what is secret here.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

MASK: Final = "[masked]"
DEEPEST = 6
"""Levels of lists and mappings that are looked into; what lies deeper is not shown at all."""

_SHAPES: Final = re.compile(
    r"""
      xox[a-z](?:\.xox[a-z])?-[\w.-]+ | xapp-[\w.-]+                  # Slack's tokens
    | https://hooks\.slack\.com/[^\s"'<>]+                             # a response_url: whoever has it can post
    | (?<=://)[^\s/@"']+@                                              # user and password of an address
    | (?<=/tcr/)[\w-]{8,}                                              # the secret part of TCR's webhook
    | (?i:\b(?:basic|bearer)\s+)[A-Za-z0-9+/=._~-]{6,}                 # credentials of a request
    | \bSK[0-9a-f]{32}\b                                               # the name half of an API key
    | gAAAAA[\w-]{20,}={0,2}                                           # what Fernet sealed
    | (?<![\w+/=-])[\w+/-]{43}=(?![\w=])                               # a Fernet key
    | (?<![A-Za-z0-9])[A-Za-z0-9]{32}(?![A-Za-z0-9])                   # auth tokens and API secrets; SIDs have 34
    | (?<![\w.+-])[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+                       # an e-mail address
    | (?<![\w+])\+[1-9]\d{6,14}(?!\d)                                  # a phone number, E.164
    | (?<![\d-])\d{2}-\d{7}(?![\d-]) | (?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])  # EIN, SSN
    """,
    re.VERBOSE | re.ASCII,
)
_NAMES: Final = re.compile(r"(?i)token|secret|passw|authori[sz]ation|api_key|signature|cookie|response_url")
"""Of fields whose values are masked whatever they look like."""


def masked(text: str) -> str:
    """The text without what looks like a secret."""
    return _SHAPES.sub(MASK, text)


def masked_value(value: Any, name: str = "", depth: int = 0) -> Any:
    """A value of a log line, of any shape, without what looks like a secret; numbers stay as they are."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if _NAMES.search(name) or depth > DEEPEST:
        return MASK
    if isinstance(value, Mapping):
        return {masked(str(key)): masked_value(item, str(key), depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked_value(item, name, depth + 1) for item in value]
    return masked(value.decode(errors="replace") if isinstance(value, bytes) else str(value))
