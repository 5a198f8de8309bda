"""One API call as data: what is shown before approval is what is sent after it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field, StrictBool

from bot.plans.values import Value, canonical_json

Product = Literal["messaging", "api", "pricing", "conversations", "studio", "trusthub", "events", "flex-api"]
Method = Literal["GET", "POST", "DELETE"]

_PATH_REF = re.compile(r"\{(\w+)\.(\w+)\}")


class Ref(Value):
    """A value that an earlier step of the same plan will yield, for example the SID of a new service."""

    step: str
    field: str = "sid"

    def __str__(self) -> str:
        return f"{{{self.step}.{self.field}}}"


class Secret(Value):
    """A value that identifies a person or a company: sent as it is, covered by the digest, and shown only masked."""

    value: str = Field(repr=False)
    shown: str

    def __str__(self) -> str:
        return self.shown


Wire = Annotated[str | Ref | Secret, Field(union_mode="left_to_right")]
JsonField = Annotated[str | Ref | Secret | StrictBool, Field(union_mode="left_to_right")]


class Json(Value):
    """A parameter whose value is one JSON object; its fields may be references or secrets (as `Attributes`).

    A boolean is one in the JSON too (as `batch_events`).
    """

    fields: dict[str, JsonField]

    def __str__(self) -> str:
        return canonical_json({n: v if isinstance(v, bool) else str(v) for n, v in self.fields.items()})


Param = Annotated[str | Ref | Secret | Json | tuple[Wire, ...], Field(union_mode="left_to_right")]
Results = Mapping[str, Mapping[str, Any]]


class UnresolvedRefError(LookupError):
    """A call refers to a step that has no result yet: a plan whose steps are out of order."""


class Call(Value):
    """A request to Twilio. `path` may hold `{step.field}`; `params` are wire names (`FriendlyName`) with text values.

    A tuple is sent as a repeated key (reference: twilio.md, "How to read this file").
    """

    product: Product
    method: Method
    path: str
    params: dict[str, Param] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)

    def resolved(self, results: Results) -> "Call":
        """The call with every reference replaced. Raises `UnresolvedRefError`."""

        def wire(value: str | Ref | Secret | Json) -> str:
            if isinstance(value, Json):
                fields = value.fields.items()
                return canonical_json({n: v if isinstance(v, bool) else resolve(v, results) for n, v in fields})
            return resolve(value, results)

        return self.model_copy(
            update={
                "path": self._path(results),
                "params": {
                    name: tuple(map(wire, value)) if isinstance(value, tuple) else wire(value)
                    for name, value in self.params.items()
                },
            }
        )

    def bound(self, results: Results) -> "Call":
        """The call with its references replaced and its secrets kept masked. Raises `UnresolvedRefError`."""
        return self.model_copy(
            update={
                "path": self._path(results),
                "params": {name: _bound(value, results) for name, value in self.params.items()},
            }
        )

    def _path(self, results: Results) -> str:
        return _PATH_REF.sub(lambda m: segment(resolve(Ref(step=m[1], field=m[2]), results)), self.path)

    @property
    def needs(self) -> frozenset[str]:
        """The steps whose results it refers to."""
        wires = [wire for param in self.params.values() for wire in _wires(param)]
        return frozenset({m[1] for m in _PATH_REF.finditer(self.path)} | {w.step for w in wires if isinstance(w, Ref)})

    @property
    def secrets(self) -> Iterator[Secret]:
        """The values that people see masked only."""
        for param in self.params.values():
            yield from (wire for wire in _wires(param) if isinstance(wire, Secret))


def segment(value: str) -> str:
    """`value` as one path segment: a slash or brace in it cannot change the path that was approved.

    Raises `ValueError` for an empty text and for dots, which no quoting keeps from being taken for a step upwards.
    """
    if value in ("", ".", ".."):
        raise ValueError(f"{value!r} cannot be part of a path")
    return quote(value, safe="")


def resolve(value: Wire, results: Results) -> str:
    """The text of a wire value as it is sent, with a reference looked up. Raises `UnresolvedRefError`."""
    if isinstance(value, Secret):
        return value.value
    if not isinstance(value, Ref):
        return value
    try:
        return str(results[value.step][value.field])
    except KeyError:
        raise UnresolvedRefError(f"no {value.field!r} from step {value.step!r} yet") from None


def _wires(param: Param) -> Iterable[str | Ref | Secret | bool]:
    return param.fields.values() if isinstance(param, Json) else param if isinstance(param, tuple) else (param,)


def _bound(param: Param, results: Results) -> Param:
    def wire(value: str | Ref | Secret) -> str | Secret:
        return resolve(value, results) if isinstance(value, Ref) else value

    if isinstance(param, Json):
        return Json(fields={n: v if isinstance(v, bool) else wire(v) for n, v in param.fields.items()})
    return tuple(map(wire, param)) if isinstance(param, tuple) else wire(param)
