"""The last resort against secrets in logs and traces: whatever looks like one, or like a person's data, is masked.

Nothing relies on it: what is logged is chosen where it is logged. It is for the line that somebody forgets, and for
the libraries below, which do not know what is secret here.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

MASK: Final = "[masked]"
DEEPEST = 6
"""Levels of lists and mappings that are looked into; what lies deeper is not shown at all."""

_SHAPES: Final = re.compile(
    r"""
      x(?:ox[a-z]|wfp)(?:\.xox[a-z])?-[\w.-]+ | xapp-[\w.-]+           # Slack's tokens
    | https://hooks\.slack(?:-gov)?\.com/[^\s"'<>]+                   # a response_url: whoever has it can post
    | (?<=://)[^\s"'<>]{0,300}@(?=[\w\[])                               # user and password of an address
    | (?<=/tcr/)[\w-]{8,}                                              # the secret part of TCR's webhook
    | (?i:\b(?:basic|bearer)\s+)[A-Za-z0-9+/=._~-]{6,}                 # credentials of a request
    | (?P<named>(?i:ticket|token|secret|passw(?:or)?d|api_?key|authorization|signature)   # name=value, "name": "value"
      [\w-]{0,20}["']?\s{0,2}[=:]\s{0,2}["']?)(?i:(?:basic|bearer)\s+)?[^\s"',;&<>(){}\[\]]+
    | \bSK[0-9a-f]{32}\b                                               # the name half of an API key
    | gAAAAA[\w-]{20,}={0,2}                                           # what Fernet sealed
    | (?<![\w+/-])[\w+/-]{43}=(?![\w=])                                # a Fernet key
    | (?<![A-Za-z0-9])[A-Za-z0-9]{32}(?![A-Za-z0-9])                   # auth tokens and API secrets; SIDs have 34
    | (?<![\w.+-])[\w.+%'-]{1,100}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+  # an e-mail address
    | (?:(?<![\w+])\+|%2[Bb])[1-9](?:[ .()/-]{0,2}\d){6,14}(?!\d)     # a phone number, E.164, grouped or not
    | (?<![\w.-])(?:1[ .-]?)?(?:\([2-9]\d\d\)[ ]?|[2-9]\d\d[ .-]?)[2-9]\d\d[ .-]?\d{4}(?![\w-])  # one of North America
    | (?<![\d-])\d{2}-\d{7}(?![\d-]) | (?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])  # EIN, SSN
    """,
    re.VERBOSE,
)
_NAMES: Final = re.compile(
    r"(?i)token|secret|passw|authori[sz]ation|credential|api_key|encryption_key|signature|cookie|response_url|ticket|e_?mail"
)
"""Of fields whose values are masked whatever they look like."""
_DASHES: Final = dict.fromkeys(map(ord, "\u2010\u2012\u2013\u2014\u2015\u2212"), "-")
"""What people type, or their phone puts, in place of a hyphen."""


def masked(text: str) -> str:
    """The text without what looks like a secret, also where it is written in other widths, dashes or digits."""
    if not text.isascii():
        plain = _plain(text)
        if _SHAPES.search(plain):
            text = plain
    return _SHAPES.sub(lambda found: (found["named"] or "") + MASK, text)


def masked_value(value: Any, name: str = "", depth: int = 0) -> Any:
    """A value of a log line, of any shape, without what looks like a secret; numbers that are not named so stay."""
    if value is None or isinstance(value, bool):
        return value
    if _NAMES.search(name) or depth > DEEPEST:
        return MASK
    if isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {masked(str(key)): masked_value(item, str(key), depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked_value(item, name, depth + 1) for item in value]
    return masked(value.decode(errors="replace") if isinstance(value, bytes) else str(value))


def _plain(text: str) -> str:
    """The same in plain letters, digits and hyphens, without what nobody sees."""
    folded = unicodedata.normalize("NFKC", text).translate(_DASHES)
    return "".join(each for each in folded if unicodedata.category(each) != "Cf")
