"""Steps: the ordered entries of a plan."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from bot.plans.call import Call, Param, Ref, Results, Wire
from bot.plans.values import Value

Lane = Literal["default", "registration", "external"]


class Adopt(Value):
    """How to find out whether a call whose answer was lost has happened: a read, and what an item must look like.

    `items` names the list in the answer ("" means the answer itself is the item). `match` compares response fields with
    values; `auto_creation.type` is a field within a field. A read that answers 404 counts as empty. With `gone`, the
    call takes something away: it has happened when nothing matches. When `repeatable`, a call that has surely not
    happened may be sent again: true only where a second call cannot buy or create a second thing, or where the match is
    by a unique token (reference: twilio.md 11.7).
    """

    read: Call
    items: str = ""
    match: dict[str, Param] = Field(default_factory=dict)
    gone: bool = False
    repeatable: bool = True


class Watch(Value):
    """A registration that this plan starts, revives or waits for: followed from the moment its step is done.

    With `again` the plan is another try at one that was rejected: tries are counted.
    """

    kind: str
    step: str
    key: Wire
    title: str
    again: bool = False


class Undo(Value):
    """The call that takes back what a step did; its references speak of the results of the same plan.

    `until` names the step after which it cannot be taken back any more: a draft can be deleted, a submission not.
    `already_done`, `settle_seconds` and `ends` are as in a `CallStep`; the lane is that of the step that is taken back.
    """

    until: str = ""
    title: str
    call: Call
    adopt: Adopt | None = None
    already_done: tuple[int, ...] = ()
    settle_seconds: float = 0.0
    ends: Watch | None = None


class CallStep(Value):
    """A step that sends one call. `keep` names the response fields that later steps and people need.

    `expect` says what the answer must show (by response field, as text; several texts where any of them will do) for
    the plan to go on: an evaluation answers 201 whether it found the bundle compliant or not. `advice` is what people
    read beside a refusal, by Twilio's code or else by HTTP status. `skippable` says what is missing when people skip
    the step; "" means that they cannot. `settle_seconds` must pass before the next call of the plan. `ends` is the
    registration that is over with it, so that nobody is alarmed by what was asked for. `lasting` is the sentence that
    says why what it did cannot be taken back.
    """

    kind: Literal["call"] = "call"
    id: str
    title: str
    call: Call
    adopt: Adopt | None = None
    already_done: tuple[int, ...] = ()
    keep: tuple[str, ...] = ("sid",)
    expect: Mapping[str, str | tuple[str, ...]] = Field(default_factory=dict)
    lane: Lane = "default"
    settle_seconds: float = 0.0
    advice: dict[int, str] = Field(default_factory=dict)
    undo: Undo | None = None
    skippable: str = ""
    ends: Watch | None = None
    lasting: str = ""

    @property
    def nameless(self) -> bool:
        """Whether nothing at Twilio stands for what it does: it takes something away, or leaves no trace."""
        return self.adopt is None or self.adopt.gone

    @property
    def named_by(self) -> str:
        """The response field that holds the SID of what it makes: a vetting, for one, has no plain `sid`."""
        return next((name for name in self.keep if name.endswith("sid")), "sid")

    def kept(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """What is kept of an answer."""
        return {name: answer[name] for name in self.keep if name in answer}

    def unmet(self, answer: Mapping[str, Any]) -> dict[str, str]:
        """What the answer shows where something else was expected, by field."""
        shown = {path: text(at(answer, path)) for path in self.expect}
        return {path: value for path, value in shown.items() if not _meets(value, self.expect[path])}


class WaitStep(Value):
    """A step that ends when its registrations reach a state; a run may wait for weeks at no cost.

    `until` are the states that end it, `fails` those that end it badly; in any other it goes on waiting. A state in
    `counts_after` is taken for good after so many seconds. `meanwhile` tells people what they can do. `word` is the
    sentence with which a person may close the step ("" means that nobody can): for states that no API tells. What was
    said before the step `newer_than` was done does not count, "" lets everything count.
    """

    kind: Literal["wait"] = "wait"
    id: str
    title: str
    watches: tuple[Watch, ...]
    until: tuple[str, ...]
    fails: tuple[str, ...] = ()
    counts_after: dict[str, float] = Field(default_factory=dict)
    meanwhile: str = ""
    word: str = ""
    skippable: str = ""
    newer_than: str = ""


class ManualStep(Value):
    """A thing that only a person can do, mostly in Twilio's Console: where, and a read that proves it where one can."""

    kind: Literal["manual"] = "manual"
    id: str
    title: str
    where: str
    link: str = ""
    check: Adopt | None = None


class ApprovalStep(Value):
    """A new approval in the middle of a plan: what comes after it costs money of its own."""

    kind: Literal["approval"] = "approval"
    id: str
    title: str


class GivenStep(Value):
    """A step that is done already, because what it would make stands at Twilio; later steps may refer to `result`."""

    kind: Literal["given"] = "given"
    id: str
    title: str
    result: dict[str, str] = Field(default_factory=dict)


Step = Annotated[CallStep | WaitStep | ManualStep | ApprovalStep | GivenStep, Field(discriminator="kind")]


def needs(step: Step) -> frozenset[str]:
    """The steps whose results a step refers to."""
    if isinstance(step, CallStep):
        return step.call.needs
    watches = step.watches if isinstance(step, WaitStep) else ()
    return frozenset(w.key.step for w in watches if isinstance(w.key, Ref))


def found(adopt: Adopt, answer: dict[str, Any], results: Results) -> list[dict[str, Any]]:
    """The items of an adopt read's `answer` that match; pure, so that it can be tested without a server."""
    probe = adopt.read.model_copy(update={"params": adopt.match}).resolved(results)
    items = answer.get(adopt.items) or [] if adopt.items else [answer]
    return [item for item in items if all(_same(at(item, k), v) for k, v in probe.params.items())]


def at(answer: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of an answer, or None; within a list those of its items that have one."""
    value: Any = answer
    for name in path.split("."):
        if isinstance(value, list):
            value = [item[name] for item in value if isinstance(item, Mapping) and name in item]
        else:
            value = value.get(name) if isinstance(value, Mapping) else None
    return value


def text(actual: Any) -> str:
    """A response value as the wire writes it; None is the empty text, as is a list of nothing."""
    if isinstance(actual, list):
        return ", ".join(map(text, actual))
    return "" if actual is None else str(actual).lower() if isinstance(actual, bool) else str(actual)


def _meets(shown: str, wanted: str | tuple[str, ...]) -> bool:
    return shown in wanted if isinstance(wanted, tuple) else shown == wanted


def _same(actual: Any, wanted: object) -> bool:
    if isinstance(actual, list):
        return isinstance(wanted, tuple) and [str(a) for a in actual] == list(wanted)
    # a field that was cleared with an empty text comes back as null or as the empty text
    return text(actual) == wanted
