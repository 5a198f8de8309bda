"""One API call as data: what is shown before approval is what is sent after it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field

from bot.plans.values import Value

Product = Literal["messaging", "api", "pricing", "conversations", "studio", "trusthub", "events", "flex-api"]
Method = Literal["GET", "POST", "DELETE"]

_PATH_REF = re.compile(r"\{(\w+)\.(\w+)\}")


class Ref(Value):
    """A value that an earlier step of the same plan will yield, for example the SID of a new service."""

    step: str
    field: str = "sid"

    def __str__(self) -> str:
        return f"{{{self.step}.{self.field}}}"


Wire = str | Ref
Param = Annotated[Wire | tuple[Wire, ...], Field(union_mode="left_to_right")]
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

        def wire(value: Wire) -> str:
            return resolve(value, results)

        return self.model_copy(
            update={
                "path": _PATH_REF.sub(lambda m: segment(resolve(Ref(step=m[1], field=m[2]), results)), self.path),
                "params": {
                    name: tuple(map(wire, value)) if isinstance(value, tuple) else wire(value)
                    for name, value in self.params.items()
                },
            }
        )


def segment(value: str) -> str:
    """`value` as one path segment: a slash or brace in it cannot change the path that was approved.

    Raises `ValueError` for an empty text and for dots, which no quoting keeps from being taken for a step upwards.
    """
    if value in ("", ".", ".."):
        raise ValueError(f"{value!r} cannot be part of a path")
    return quote(value, safe="")


def resolve(value: Wire, results: Results) -> str:
    """The text of a wire value, with a reference looked up. Raises `UnresolvedRefError`."""
    if not isinstance(value, Ref):
        return value
    try:
        return str(results[value.step][value.field])
    except KeyError:
        raise UnresolvedRefError(f"no {value.field!r} from step {value.step!r} yet") from None
