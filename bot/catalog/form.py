"""Forms: the validated inputs of an operation, which also describe their own questions."""

import inspect
from collections.abc import Mapping, Sized
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, TypeVar, cast

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
class When:
    """A question is asked only while another field (of the same form) has one of these values."""

    field: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Ask:
    """How a field is asked. `page` counts from 1; `source` names the choices of a lookup (`bot.catalog.choices`).

    A `sensitive` answer identifies a person or a company: it is shown masked, wherever it stands.
    """

    label: str
    hint: str = ""
    control: Control = "text"
    page: int = 1
    options: tuple[Option, ...] = ()
    source: str = ""
    placeholder: str = ""
    max_length: int | None = None
    sensitive: bool = False
    when: When | None = None


class Form(BaseModel):
    """Inputs of an operation. Subclasses annotate each field with `Annotated[type, constraints, Ask(...)]`.

    A form may be put together from others: `starts` says by how many pages the questions of a base are moved.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    page_titles: ClassVar[tuple[str, ...]] = ()
    starts: ClassVar[Mapping[str, int]] = MappingProxyType({})

    @classmethod
    def asks(cls) -> dict[str, Ask]:
        """The questions by field name, in the order of their pages."""
        return dict(_asks(cls))

    @classmethod
    def ask_of(cls, name: str, ask: Ask) -> Ask:
        """A question as this form asks it, where it was declared for several."""
        return ask

    @classmethod
    def asked(cls, values: Values) -> dict[str, Ask]:
        """The questions that these answers leave open: those whose condition, if they have one, is met."""
        asks = cls.asks()
        # once for each field that conditions look at: pages are drawn anew while people type
        answers = {ask.when.field: answer(cls, ask.when.field, values) for ask in asks.values() if ask.when}

        def open_(ask: Ask) -> bool:
            if ask.when is None:
                return True
            # a question about something that is not asked itself is not asked either
            return open_(asks[ask.when.field]) and answers[ask.when.field] in ask.when.values

        return {name: ask for name, ask in asks.items() if open_(ask)}

    @classmethod
    def pages(cls) -> int:
        """How many pages the questions are split over."""
        return max((ask.page for ask in cls.asks().values()), default=0)

    @classmethod
    def open_pages(cls, values: Values) -> list[int]:
        """The pages on which these answers leave something to ask, in order; the first one at least."""
        return sorted({ask.page for ask in cls.asked(values).values()}) or [1]

    @classmethod
    def together(cls, values: Values) -> dict[str, str]:
        """Rules over several fields: field name -> what is wrong. Values may be missing while the form is filled."""
        return {}


@lru_cache(maxsize=512)
def _asks(form: type[Form]) -> tuple[tuple[str, Ask], ...]:
    """The questions of a form in the order of their pages: they never change, and are looked at with every letter."""

    def moved(name: str) -> int:
        base = next((c.__name__ for c in reversed(form.__mro__) if name in inspect.get_annotations(c)), "")
        return form.starts.get(base, 0)

    found = [
        (n, form.ask_of(n, replace(ask, page=ask.page + moved(n))))
        for n, info in form.model_fields.items()
        for ask in info.metadata
        if isinstance(ask, Ask)
    ]
    return tuple(sorted(found, key=lambda named: named[1].page))


@dataclass(frozen=True)
class Mistake:
    """A value that a form does not accept."""

    field: str
    text: str


def mistakes(form: type[Form], values: Values, page: int | None = None) -> list[Mistake]:
    """What is wrong with `values`, for one page or for the whole form; also names that the form does not know."""
    asks, asked = form.asks(), form.asked(values)
    names = [n for n, ask in asked.items() if page is None or ask.page == page]
    found: dict[str, str] = {}
    parsed: dict[str, Any] = {}
    for name in asked:
        try:
            parsed[name] = _parsed(form, name, values.get(name))
        except ValueError as error:
            if name in names:
                found[name] = str(error)
    for name in values:
        if name not in form.model_fields and page is None:
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
    asks, asked = form.asks(), form.asked(values)
    # what is not asked has no value, also where it would be needed if it were
    given = {n: None if n in asks and n not in asked else _parsed(form, n, values.get(n)) for n in form.model_fields}
    return cast("F", form.model_construct(**given))


def answer(form: type[Form], name: str, values: Values) -> Any:
    """One answer as the form takes it, or its default where none was given; None for one that it refuses."""
    try:
        return _parsed(form, name, values.get(name))
    except ValueError:
        return None


def accepts(form: type[Form], name: str, value: Any) -> bool:
    """Whether a field takes this value by its own rules."""
    try:
        _parsed(form, name, value)
    except ValueError:
        return False
    return True


def blank(value: Any) -> bool:
    """Whether this is no answer at all."""
    return value is None or value in ("", [], ()) or (isinstance(value, str) and not value.strip())


def _parsed(form: type[Form], name: str, value: Any) -> Any:
    info = form.model_fields[name]
    if blank(value):
        if info.is_required():
            raise ValueError("this is needed")
        return info.get_default(call_default_factory=True)
    try:
        return _adapter(form, name).validate_python(value.strip() if isinstance(value, str) else value)
    except ValidationError as error:
        sensitive = any(isinstance(m, Ask) and m.sensitive for m in info.metadata)
        raise ValueError("; ".join(dict.fromkeys(_in_words(e, quote=not sensitive) for e in error.errors()))) from None


@lru_cache(maxsize=4096)
def _adapter(form: type[Form], name: str) -> TypeAdapter[Any]:
    info = form.model_fields[name]
    annotated: Any = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
    return TypeAdapter(annotated)


def _in_words(error: Mapping[str, Any], *, quote: bool) -> str:
    given, words = error["input"] if quote else "this", _IN_WORDS.get(error["type"])
    if words is None:
        return str(error["msg"]).removeprefix("Value error, ")
    size = len(error["input"]) if isinstance(error["input"], Sized) else 0
    return words.format(given=repr(str(given)[:40]) if quote else given, size=size, **error.get("ctx", {}))
