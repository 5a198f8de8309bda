"""Twilio's wire format: strict typed parameters, refusals and dates."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

UNKNOWN_OR_MISSING = 20001
PERMISSION_DENIED = 20003
INVALID = 20422
NOT_FOUND = 20404
CONFLICT = 20409

_SID_TAIL = "[0-9a-fA-F]{32}"
_E164 = re.compile(r"\+[1-9]\d{1,14}")


class Refusal(Exception):
    """A request that Twilio refuses: HTTP status, Twilio code and message; nothing was changed."""

    def __init__(self, status: int, code: int | None, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> dict[str, Any]:
        """The error body of Twilio's REST API."""
        more_info = f"https://www.twilio.com/docs/errors/{self.code}" if self.code else None
        return {"code": self.code, "message": self.message, "more_info": more_info, "status": self.status}


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One declared parameter, in the body of a POST or the query of a GET.

    `missing_code` and `invalid_code` are the Twilio codes answered (with HTTP 400) when a required
    parameter is absent or empty, and when a value is not acceptable.
    """

    name: str
    required: bool = False
    missing_code: int = UNKNOWN_OR_MISSING
    invalid_code: int = INVALID

    @property
    def field(self) -> str:
        """The snake_case name under which handlers and responses know the parameter."""
        return snake_case(self.name)

    @property
    def repeats(self) -> bool:
        """Whether the key may be sent several times."""
        return False

    def read(self, given: Sequence[str]) -> Any:
        """Typed value of the texts sent for this key; raises `Refusal`."""
        return self.read_one(given[0])

    def read_one(self, text: str) -> Any:
        """Typed value of one text; raises `Refusal`."""
        return text

    def refuse(self, why: str, code: int | None = None) -> Refusal:
        """The refusal of a value of this parameter."""
        return Refusal(400, code or self.invalid_code, f"Invalid parameter {self.name}: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Param):
    """A text of `shortest` to `longest` characters; `length_code` is answered when it is not."""

    shortest: int = 0
    longest: int | None = None
    length_code: int = INVALID
    pattern: str | None = None

    def read_one(self, text: str) -> str:
        if len(text) < self.shortest or (self.longest is not None and len(text) > self.longest):
            limits = f"{self.shortest} to {self.longest}" if self.longest is not None else f"at least {self.shortest}"
            raise self.refuse(f"has {len(text)} characters, must have {limits}", self.length_code)
        if self.pattern and not re.fullmatch(self.pattern, text):
            raise self.refuse(f"{text!r} is not of the form {self.pattern}")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts(Text):
    """A repeated key: `fewest` to `most` items, together at most `total` characters."""

    fewest: int = 0
    most: int | None = None
    total: int | None = None
    choices: tuple[str, ...] = ()

    @property
    def repeats(self) -> bool:
        return True

    def read(self, given: Sequence[str]) -> list[str]:
        if len(given) < self.fewest or (self.most is not None and len(given) > self.most):
            raise self.refuse(f"has {len(given)} items, must have {self.fewest} to {self.most}", self.length_code)
        if self.total is not None and sum(map(len, given)) > self.total:
            raise self.refuse(f"has more than {self.total} characters in total", self.length_code)
        for text in given:
            if self.choices and text not in self.choices:
                raise self.refuse(f"{text!r} is not one of {', '.join(self.choices)}")
        return [self.read_one(text) for text in given]


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean(Param):
    """`true` or `false`, lower case, as the helper libraries send it."""

    def read_one(self, text: str) -> bool:
        if text not in {"true", "false"}:
            raise self.refuse(f"{text!r} is not true or false")
        return text == "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer(Param):
    """A whole number from `least` to `most`; `most_code` is answered above `most`."""

    least: int | None = None
    most: int | None = None
    most_code: int | None = None

    def read_one(self, text: str) -> int:
        if not re.fullmatch(r"-?\d{1,18}", text):
            raise self.refuse(f"{text!r} is not a whole number")
        value = int(text)
        if self.least is not None and value < self.least:
            raise self.refuse(f"{value} is less than {self.least}")
        if self.most is not None and value > self.most:
            raise self.refuse(f"{value} is more than {self.most}", self.most_code)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Param):
    """One of a closed set of words, spelled exactly."""

    choices: tuple[str, ...]

    def read_one(self, text: str) -> str:
        if text not in self.choices:
            raise self.refuse(f"{text!r} is not one of {', '.join(self.choices)}")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Url(Param):
    """An absolute http or https URL; an empty text clears the setting unless the parameter is required."""

    https_only: bool = False

    def read_one(self, text: str) -> str:
        if not text:
            return text
        parts = urlsplit(text)
        if parts.scheme not in ({"https"} if self.https_only else {"http", "https"}) or not parts.hostname:
            raise self.refuse(f"{text!r} is not an absolute {'https' if self.https_only else 'http or https'} URL")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Sid(Param):
    """A SID with one prefix; an empty text clears the setting when `clearable`."""

    prefix: str
    clearable: bool = False

    def read_one(self, text: str) -> str:
        if self.clearable and not text:
            return text
        if not re.fullmatch(self.prefix + _SID_TAIL, text):
            raise self.refuse(f"{text!r} is not a SID of the form {self.prefix} and 32 hexadecimal digits")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneNumber(Param):
    """A phone number in E.164."""

    def read_one(self, text: str) -> str:
        if not _E164.fullmatch(text):
            raise self.refuse(f"{text!r} is not a phone number in E.164 format")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Json(Param):
    """JSON text, of an object unless `array`."""

    array: bool = False

    def read_one(self, text: str) -> Any:
        try:
            value = json.loads(text)
        except ValueError as error:
            raise self.refuse(f"is not JSON ({error})") from None
        if not isinstance(value, list if self.array else dict):
            raise self.refuse(f"is not a JSON {'array' if self.array else 'object'}")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Jsons(Json):
    """A repeated key, each text being JSON of its own."""

    @property
    def repeats(self) -> bool:
        return True

    def read(self, given: Sequence[str]) -> list[Any]:
        return [self.read_one(text) for text in given]


def decode(params: Sequence[Param], given: Iterable[tuple[str, str]], place: str) -> dict[str, Any]:
    """Typed values, by field name, of the pairs sent; absent parameters stay absent.

    `place` ("post body" or "query string") is named in the message of a missing parameter.
    Raises `Refusal`: 20001 for an unknown parameter, the declared code for a missing or bad one.
    """
    texts: dict[str, list[str]] = {}
    for name, text in given:
        texts.setdefault(name, []).append(text)
    known = {param.name for param in params}
    for name in texts:
        if name not in known:
            raise Refusal(400, UNKNOWN_OR_MISSING, f"Unknown parameter {name} in the {place}")
    for param in params:
        if param.required and not any(texts.get(param.name, [])):
            raise Refusal(400, param.missing_code, f"Missing required parameter {param.name} in the {place}")
    values: dict[str, Any] = {}
    for param in params:
        if param.name in texts:
            if len(texts[param.name]) > 1 and not param.repeats:
                raise param.refuse("was sent more than once")
            values[param.field] = param.read(texts[param.name])
    return values


def snake_case(name: str) -> str:
    """`A2PProfileBundleSid` -> `a2p_profile_bundle_sid`, `AutoCreation.Type` -> `auto_creation_type`."""
    flat = name.replace("A2P", "A2p").replace(".", "_")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", flat).lower()


def iso_8601(at: float) -> str:
    """Date of the product subdomains, to the second, UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc_2822(at: float) -> str:
    """Date of the 2010-04-01 API, to the second, UTC."""
    return format_datetime(datetime.fromtimestamp(int(at), UTC))
