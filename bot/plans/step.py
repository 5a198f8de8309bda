"""Steps: the ordered entries of a plan."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from bot.plans.call import Call, Param, Results
from bot.plans.values import Value

Lane = Literal["default", "registration", "external"]


class Adopt(Value):
    """How to find out whether a call whose answer was lost has happened: a read, and what an item must look like.

    `items` names the list in the answer ("" means the answer itself is the item). `match` compares response fields with
    values. A read that answers 404 counts as empty. When `repeatable`, a sure absence allows the call to be sent again:
    true only where a second call cannot buy or create a second thing, or where the match is by a unique token
    (reference: twilio.md 11.7).
    """

    read: Call
    items: str = ""
    match: dict[str, Param] = Field(default_factory=dict)
    repeatable: bool = True


class CallStep(Value):
    """A step that sends one call. `keep` names the response fields that later steps and people need.

    `advice` is what people read beside a refusal, by Twilio's code or else by HTTP status.
    """

    kind: Literal["call"] = "call"
    id: str
    title: str
    call: Call
    adopt: Adopt | None = None
    already_done: tuple[int, ...] = ()
    keep: tuple[str, ...] = ("sid",)
    lane: Lane = "default"
    settle_seconds: float = 0.0
    advice: dict[int, str] = Field(default_factory=dict)

    def kept(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """What is kept of an answer."""
        return {name: answer[name] for name in self.keep if name in answer}


class WaitStep(Value):
    """A step that ends when a registration reaches a state; a run may wait for weeks at no cost."""

    kind: Literal["wait"] = "wait"
    id: str
    title: str
    registration: str
    until: tuple[str, ...]


class ManualStep(Value):
    """A thing that only Twilio's Console can do; a person closes it."""

    kind: Literal["manual"] = "manual"
    id: str
    title: str
    where: str
    check: Adopt | None = None


Step = Annotated[CallStep | WaitStep | ManualStep, Field(discriminator="kind")]


def found(adopt: Adopt, answer: dict[str, Any], results: Results) -> list[dict[str, Any]]:
    """The items of an adopt read's `answer` that match; pure, so that it can be tested without a server."""
    probe = adopt.read.model_copy(update={"params": adopt.match}).resolved(results)
    items = answer.get(adopt.items) or [] if adopt.items else [answer]
    return [item for item in items if all(_same(item.get(k), v) for k, v in probe.params.items())]


def _same(actual: Any, wanted: object) -> bool:
    if isinstance(actual, list):
        return isinstance(wanted, tuple) and [str(a) for a in actual] == list(wanted)
    if isinstance(actual, bool):
        return wanted == str(actual).lower()
    return actual is not None and str(actual) == wanted
