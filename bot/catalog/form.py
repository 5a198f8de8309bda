"""Forms: the validated inputs of an operation, which also describe their own questions."""

from collections.abc import Mapping, Sized
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

Control = Literal["text", "paragraph", "url", "integer", "yes_no", "choice", "lookup", "lookups"]
Values = Mapping[str, Any]
F = TypeVar("F", bound="Form")


_IN_WORDS = MappingProxyType(
    {
        "string_too_short": "at least {min_length} characters are needed, this has {size}",
        "string_too_long": "at most {max_length} characters fit, this has {size}",
        "too_short": "at least {min_length} are needed, there are {size}",
        "too_long": "at most {max_length} can be given, there are {size}",
        "greater_than_equal": "{given} is too small, it must be at least {ge}",
        "less_than_equal": "{given} is too large, it must be at most {le}",
        "int_parsing": "{given} is not a whole number",
        "int_from_float": "{given} is not a whole number",
        "bool_parsing": "{given} is neither yes nor no",
        "literal_error": "{given} is not one of {expected}",
    }
)
"""What is wrong with a value, for people who have never heard of types; by the kind of pydantic's error."""


@dataclass(frozen=True)
class Option:
    """One choice: what is stored, what people read, and why they would take it."""

    value: str
    label: str
    description: str = ""


@dataclass(frozen=True)
class Ask:
    """How a field is asked. `page` counts from 1; `source` names the choices of a lookup (`bot.catalog.choices`)."""

    label: str
    hint: str = ""
    control: Control = "text"
    page: int = 1
    options: tuple[Option, ...] = ()
    source: str = ""
    placeholder: str = ""
    max_length: int | None = None


class Form(BaseModel):
    """Inputs of an operation. Subclasses annotate each field with `Annotated[type, constraints, Ask(...)]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    page_titles: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def asks(cls) -> dict[str, Ask]:
        """The questions by field name, in the order of their pages."""
        found = [(n, ask) for n, info in cls.model_fields.items() for ask in info.metadata if isinstance(ask, Ask)]
        return dict(sorted(found, key=lambda named: named[1].page))

    @classmethod
    def pages(cls) -> int:
        """How many pages the questions are split over."""
        return max(ask.page for ask in cls.asks().values())

    @classmethod
    def together(cls, values: Values) -> dict[str, str]:
        """Rules over several fields: field name -> what is wrong. Values may be missing while the form is filled."""
        return {}


@dataclass(frozen=True)
class Mistake:
    """A value that a form does not accept."""

    field: str
    text: str


def mistakes(form: type[Form], values: Values, page: int | None = None) -> list[Mistake]:
    """What is wrong with `values`, for one page or for the whole form; also names that the form does not know."""
    asks = form.asks()
    names = [n for n, ask in asks.items() if page is None or ask.page == page]
    found: dict[str, str] = {}
    parsed: dict[str, Any] = {}
    for name in asks:
        try:
            parsed[name] = _parsed(form, name, values.get(name))
        except ValueError as error:
            if name in names:
                found[name] = str(error)
    for name in values:
        if name not in asks and page is None:
            found[name] = f"unknown field; this form has {', '.join(asks)}"
    for name, text in form.together(parsed).items():
        if name in names:
            found.setdefault(name, text)
    return [Mistake(field, text) for field, text in found.items()]


def parse(form: type[F], values: Values) -> F:
    """The form's value. Raises `ValueError` when `mistakes` would find any."""
    wrong = mistakes(form, values)
    if wrong:
        raise ValueError("; ".join(f"{m.field}: {m.text}" for m in wrong))
    return form.model_validate({n: _parsed(form, n, v) for n, v in values.items() if not _blank(v)})


def _blank(value: Any) -> bool:
    return value is None or value in ("", [], ()) or (isinstance(value, str) and not value.strip())


def _parsed(form: type[Form], name: str, value: Any) -> Any:
    info = form.model_fields[name]
    if _blank(value):
        if info.is_required():
            raise ValueError("this is needed")
        return info.get_default(call_default_factory=True)
    annotated: Any = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
    try:
        return TypeAdapter(annotated).validate_python(value.strip() if isinstance(value, str) else value)
    except ValidationError as error:
        raise ValueError("; ".join(dict.fromkeys(_in_words(e) for e in error.errors()))) from None


def _in_words(error: Mapping[str, Any]) -> str:
    given, words = error["input"], _IN_WORDS.get(error["type"])
    if words is None:
        return str(error["msg"]).removeprefix("Value error, ")
    size = len(given) if isinstance(given, Sized) else 0
    return words.format(given=repr(str(given)[:40]), size=size, **error.get("ctx", {}))
