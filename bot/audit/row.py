"""A row of the audit: one thing that happened, in words and ids, with nothing sensitive in clear."""

from bot.changes.change import Change, Event
from bot.plans.call import Call, UnresolvedRefError
from bot.plans.step import CallStep
from bot.plans.values import Record

CHANGE = "change"
"""The kind of rows that come from the timeline of a change; other acts have kinds of their own, such as `refused`."""

LONGEST_VALUE = 200
"""Characters of a parameter that a row repeats; the digest covers all of them."""


class Row(Record):
    """One thing that happened. `seq` is its place in the log; 0 while it has none.

    `at` is when it happened (epoch seconds), for a row of a change a little before it was copied. `kind` is open:
    `change`, or what else there is. `who` is a Slack user id, or empty for Tenfour itself. `where` is workspace and
    channel (`T…/C…`). `account` is a name, `account_sid` the SID. `to` is the state that the change entered, `call`
    what was sent for the step, with its secrets masked.
    """

    seq: int = 0
    at: float
    kind: str
    what: str
    who: str = ""
    where: str = ""
    change: int = 0
    operation: str = ""
    account: str = ""
    account_sid: str = ""
    to: str = ""
    step: str = ""
    call: str = ""
    detail: str = ""
    rule: str = ""
    digest: str = ""


def rows_of(change: Change, start: int, most: int) -> list[Row]:
    """The rows of a change's timeline from entry `start` on, at most `most`."""
    # what was planned before it became stale is gone: the steps of the plan now are others
    told = [at for at, event in enumerate(change.timeline) if event.to == "stale"]
    fresh = told[-1] + 1 if told else 0
    entries = list(enumerate(change.timeline))[start : start + most]
    return [_row(change, event, planned=at >= fresh) for at, event in entries]


def act_row(
    kind: str, what: str, who: str, at: float, change: Change | None = None, *, where: str = "", detail: str = ""
) -> Row:
    """A row of something that stands in no timeline; of a change it is about, its secrets are masked."""
    if change is None:
        return Row(at=at, kind=kind, what=what, who=who, where=where, detail=detail)
    return Row(
        at=at,
        kind=kind,
        what=change.plan.masked(what),
        who=who,
        where=where,
        detail=change.plan.masked(detail),
        **_of(change),
        digest=change.digest,
    )


def in_words(call: Call) -> str:
    """A call on one line, as `POST /v1/Services FriendlyName=Acme`; secrets masked, long values cut."""
    pairs = [
        f"{name}={_short(str(value))}"
        for name, param in call.params.items()
        for value in (param if isinstance(param, tuple) else (param,))
    ]
    return " ".join([call.method, call.path, *pairs])


def _row(change: Change, event: Event, *, planned: bool) -> Row:
    return Row(
        at=event.at,
        kind=CHANGE,
        what=change.plan.masked(event.what),
        who=event.who,
        where=event.where,
        to=event.to,
        step=event.step,
        call=_call(change, event.step) if planned else "",
        detail=change.plan.masked(event.detail),
        rule=event.rule,
        digest=event.digest,
        **_of(change),
    )


def _of(change: Change) -> dict[str, int | str]:
    return {
        "change": change.number,
        "operation": change.operation,
        "account": change.plan.account_name,
        "account_sid": change.plan.account,
    }


def _call(change: Change, step_id: str) -> str:
    step = next((s for s in change.plan.steps if s.id == step_id), None)
    if not isinstance(step, CallStep):
        return ""
    try:
        call = step.call.bound(change.results)
    except (UnresolvedRefError, ValueError):  # a result that has no such field: said with the reference's name
        call = step.call
    # a value that is no secret of its own may repeat one, as a name within a description
    return change.plan.masked(in_words(call))


def _short(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…"
