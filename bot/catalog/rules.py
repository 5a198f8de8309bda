"""Rules that several forms share: SIDs, URLs, keywords, yes and no."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from bot.catalog.form import Option


def _sid(prefix: str, what: str) -> Any:
    pattern = re.compile(rf"{prefix}[0-9a-fA-F]{{32}}")

    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(f"{value[:40]!r} is not {what}: it starts with {prefix} and has 34 characters")
        return value

    return AfterValidator(check)


ServiceSid = Annotated[str, _sid("MG", "a messaging service SID")]
BrandSid = Annotated[str, _sid("BN", "a brand registration SID")]


def _us_number(value: str) -> str:
    digits = re.sub(r"[\s().-]", "", value)
    match = re.fullmatch(r"(?:\+?1)?([2-9]\d{2}[2-9]\d{6})", digits)
    if not match:
        raise ValueError(f"{value[:40]!r} is not a US number: write it like +15035550123")
    return f"+1{match[1]}"


UsNumber = Annotated[str, AfterValidator(_us_number)]
"""A US number in E.164, typed in any usual way."""


def _number_or_sid(value: str) -> str:
    if value.startswith("PN"):
        if not re.fullmatch(r"PN[0-9a-fA-F]{32}", value):
            raise ValueError(f"{value[:40]!r} is not a phone number SID: it starts with PN and has 34 characters")
        return value
    return _us_number(value)


NumberOrSid = Annotated[str, AfterValidator(_number_or_sid)]
"""A number of ours: its SID, or the number itself."""


def _any_number(value: str) -> str:
    value = value.removeprefix("whatsapp:")
    foreign = re.fullmatch(r"\+(?!1)[1-9]\d{6,14}", value)
    return value if foreign or re.fullmatch(r"\d{5,6}", value) else _number_or_sid(value)


AnyNumberOrSid = Annotated[str, AfterValidator(_any_number)]
"""The SID of a number, a number of any country in E.164 (with or without `whatsapp:`), or a short code."""


def _address(value: str) -> str:
    return value if re.fullmatch(r"IG[0-9a-fA-F]{32}", value) else _any_number(value)


AddressOrNumber = Annotated[str, AfterValidator(_address)]
"""A Conversations address: its SID, or the number whose address it is."""


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or " " in value:
        raise ValueError("give a full URL that starts with https://")
    return value


def _https(value: str) -> str:
    if urlsplit(_url(value)).scheme != "https":
        raise ValueError("the URL must start with https://")
    return value


@dataclass(frozen=True)
class CalledByTwilio:
    """Marks a rule: its values are addresses that Twilio calls, which `bot.catalog.webhooks` looks at."""


Url = Annotated[str, AfterValidator(_url)]
Webhook = Annotated[str, AfterValidator(_url), CalledByTwilio()]
"""A URL that Twilio calls. Whatever operation asks for one, its plan says what is wrong with it."""
HttpsUrl = Annotated[str, AfterValidator(_https)]


def shaped(pattern: str, wrong: str, *, upper: bool = False) -> Callable[[str | None], str | None]:
    """A rule for text that must look like `pattern`; `wrong` tells people what is expected. None passes."""
    compiled = re.compile(pattern)

    def check(value: str | None) -> str | None:
        value = value.upper() if value and upper else value
        if value is not None and not compiled.fullmatch(value):
            raise ValueError(wrong)
        return value

    return check


def split_words(value: Any) -> Any:
    """Typed text as separate words (commas or spaces between them); anything else as it is."""
    return tuple(w for w in re.split(r"[,\s]+", value) if w) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(split_words)]
"""Keywords, typed with commas or spaces between them."""
KEYWORDS_LIMIT = 255


def _keywords(value: tuple[str, ...]) -> tuple[str, ...]:
    wrong = [w for w in value if not (w.isascii() and w.isalnum())]
    if wrong:
        raise ValueError(f"{wrong[0][:40]!r} has characters besides letters and digits")
    if sum(map(len, value)) > KEYWORDS_LIMIT:
        raise ValueError(f"keywords may have {KEYWORDS_LIMIT} characters together")
    return tuple(dict.fromkeys(w.upper() for w in value))


Keywords = Annotated[Words, AfterValidator(_keywords)]
"""Keywords that recipients text: letters and digits, 255 characters together (twilio.md 5.1)."""

HTTP_METHODS = (Option("POST", "POST"), Option("GET", "GET"))


def flag(value: bool) -> str:
    """A boolean as Twilio's wire wants it."""
    return "true" if value else "false"
