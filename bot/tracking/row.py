"""What a list shows of a registration, and where in the lists it belongs: pure functions of it and the time."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field

from bot.checks.ready_to_send import WAITING
from bot.plans.values import Record
from bot.tracking.cadence import UNDER_REVIEW
from bot.tracking.deadlines import deadlines
from bot.tracking.registration import GONE, Registration, states_of
from bot.tracking.stuck import MARK

DAY = 86400.0

State = Literal["refused", "review", "numbers", "ready", "other", "gone"]
"""Groups of states: every registration is in exactly one. *other* is what Twilio says in words that we do not know."""
STATES: tuple[State, ...] = ("refused", "review", "numbers", "ready", "other", "gone")

Needs = Literal[
    "", "refused", "suspended", "failing", "silent", "errors", "numbers", "unready", "unseen", "deadline", "stuck"
]
"""Why somebody must see to it, the gravest reason; "" when nobody must."""

_SAID = ("is_externally_registered", "brand_type", "brand_registration_sid", "mock", "identity_status", "ready")
"""What of a snapshot decides about the words for its state."""
_BAD: Mapping[str, Needs] = MappingProxyType(
    {"FAILED": "refused", "REJECTED": "refused", "SUSPENDED": "suspended", "FAILING": "failing", "SILENT": "silent"}
)
_WAITING = UNDER_REVIEW | {"PENDING_REVIEW", "PROVISIONALLY_APPROVED", "INITIALIZED", "VALIDATING"}
_NOT_WAITING = frozenset({"REGISTERED", "FAILURE", "PENDING_DEREGISTRATION", "UNKNOWN"})
_DONE = frozenset({"VERIFIED", "APPROVED", "ACTIVE", "FLOWING", "QUIET", "COMPLIANT"})


class Row(Record):
    """One registration within a list.

    `since` is when its stage was first seen so, `moved_at` the same or, before the first look, when it was taken up
    (epoch seconds). `said` is the little of its snapshot that decides about the words for its state.
    """

    id: str
    kind: str
    account: str
    account_name: str = ""
    key: str
    title: str
    status: str
    stage: str
    state: State
    since: float
    moved_at: float
    owner: str = ""
    brand_sid: str = ""
    ready: str = ""
    needs: Needs = ""
    version: int = 0
    said: dict[str, Any] = Field(default_factory=dict)

    def glimpse(self) -> Registration:
        """The registration as far as the row knows it: enough for its state in words, and for who hears of it."""
        return Registration(
            kind=self.kind,
            account=self.account,
            account_name=self.account_name,
            key=self.key,
            title=self.title,
            owner=self.owner,
            started_at=self.moved_at,
            status=self.status,
            since=self.since,
            snapshot=self.said,
        )


def row_of(registration: Registration, now: float) -> Row:
    """The row of a registration as it stands."""
    said = {name: registration.snapshot[name] for name in _SAID if registration.snapshot.get(name) is not None}
    reasons = _readiness(registration.snapshot).get("reasons")
    if reasons and isinstance(reasons, list | tuple):
        # of what kind they are decides whose turn it is
        kinds = [{name: r.get(name) for name in ("severity", "code")} for r in reasons if isinstance(r, Mapping)]
        said["readiness"] = {"reasons": kinds}
    return Row(
        id=registration.id,
        kind=registration.kind,
        account=registration.account,
        account_name=registration.account_name,
        key=registration.key,
        title=registration.title,
        status=registration.status,
        stage=registration.stage,
        state=state_of(registration),
        since=registration.stood_since,
        moved_at=registration.stood_since or registration.started_at,
        owner=registration.owner,
        brand_sid=registration.brand_sid,
        ready=str(registration.snapshot.get("ready") or ""),
        needs=needs_of(registration, now),
        version=registration.version,
        said=said,
    )


def state_of(registration: Registration) -> State:
    """The group of states that a registration is in."""
    status, known = _plain(registration.status), states_of(registration.kind)
    if registration.status == GONE:
        return "gone"
    if status in _BAD or registration.status in known.bad:
        return "refused"
    if status in _WAITING:
        return "review"
    if status not in _DONE and registration.status not in known.good:
        return "other"
    waits = registration.kind == "campaign" and registration.snapshot.get("ready") != "ready"
    return "numbers" if waits else "ready"


def needs_of(registration: Registration, now: float) -> Needs:
    """Why somebody must see to a registration."""
    if registration.status == GONE:
        return ""
    stuck = registration.told.get(MARK)
    # from its first reminder on
    near = (d.points[0] <= now < d.at for d in deadlines(registration))
    reasons: dict[Needs, bool] = {
        "errors": bool(registration.snapshot.get("errors")),
        "numbers": bool(failed_numbers(registration.snapshot)),
        "unready": registration.stage.endswith(":NUMBERS") and _held_up(registration.snapshot),
        "unseen": registration.out_of_sight,
        "deadline": any(near),
        "stuck": stuck is not None and stuck >= registration.stood_since,
    }
    found = [_BAD.get(_plain(registration.status), ""), *(need for need, holds in reasons.items() if holds)]
    return next(filter(None, found), "")


def _held_up(snapshot: Mapping[str, Any]) -> bool:
    """Whether something keeps a verified campaign from sending that time alone does not mend."""
    reasons = _readiness(snapshot).get("reasons")
    entries = [r for r in reasons if isinstance(r, Mapping)] if isinstance(reasons, list | tuple) else []
    return any(r.get("severity") == "block" and r.get("code") not in WAITING | {"numbers-leaving"} for r in entries)


def failed_numbers(snapshot: Mapping[str, Any]) -> tuple[str, ...]:
    """The team's own numbers that carriers did not take, as the last look at a campaign knew."""
    failed = _readiness(snapshot).get("failed")
    entries = failed if isinstance(failed, list | tuple) else ()
    return tuple(str(e.get("phone_number") or "?") if isinstance(e, Mapping) else str(e) for e in entries)


def waiting_numbers(snapshot: Mapping[str, Any]) -> int:
    """How many numbers of a campaign carriers have yet to take."""
    seen = _readiness(snapshot)
    named, states = seen.get("waiting"), seen.get("numbers")
    counted = states if isinstance(states, Mapping) else {}
    # of very many only some are named, and those of which nothing was heard are in no state
    on_their_way = sum(n for state, n in counted.items() if state not in _NOT_WAITING and isinstance(n, int))
    return max(len(named) if isinstance(named, list | tuple) else 0, on_their_way)


def _readiness(snapshot: Mapping[str, Any]) -> Mapping[str, Any]:
    found = snapshot.get("readiness")
    return found if isinstance(found, Mapping) else {}


def _plain(status: str) -> str:
    """Twilio writes states of bundles otherwise than those of brands: `twilio-approved` beside `APPROVED`."""
    return status.upper().replace("-", "_").removeprefix("TWILIO_")
