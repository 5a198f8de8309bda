"""Registrations: a brand or a campaign under watch, and what changed about it."""

from typing import Any, Literal

from pydantic import Field

from bot.plans.values import Record

Severity = Literal["good", "info", "bad"]

GONE = "GONE"
"""Our word for a registration that Twilio no longer has; all other states are Twilio's own words."""
FAILURES = 3
"""Looks in a row that fail before that is told: a single one mends itself."""


class Registration(Record):
    """One registration with its last snapshot. `key` is what it is found by: a campaign's messaging service SID.

    `status` is Twilio's word, "" before the first look. `since` is when it was first seen so (epoch seconds).
    `failures` counts the looks that failed since the last one that did not, `trouble` says why.
    `made_at` is when a change of ours last made or revived it (epoch seconds, 0 when none did); `tries` counts those
    changes that were another try after a rejection.
    """

    kind: str
    account: str
    account_name: str = ""
    key: str
    title: str
    owner: str = ""
    change: int | None = None
    started_at: float
    made_at: float = 0.0
    tries: int = 0
    status: str = ""
    since: float = 0.0
    fetched_at: float = 0.0
    version: int = 0
    snapshot: dict[str, Any] = Field(default_factory=dict)
    trouble: str = ""
    failures: int = 0

    @property
    def out_of_sight(self) -> bool:
        """Whether looks have failed for so long that people must know: what is shown may be out of date."""
        return self.failures >= FAILURES

    @property
    def id(self) -> str:
        """One text that names it, for indexes and buttons."""
        return f"{self.kind}|{self.account}|{self.key}"


class Transition(Record):
    """A difference between two snapshots that someone should hear about. `id` counts up within its registration."""

    id: int
    before: str
    after: str
    at: float
    severity: Severity
    snapshot: dict[str, Any]


class Announcement(Record):
    """A transition addressed to a channel: a row of the outbox."""

    channel: str
    transition: Transition

    @property
    def id(self) -> str:
        """Unique within its registration."""
        return f"{self.transition.id}:{self.channel}"


def registration_parts(registration_id: str) -> tuple[str, str, str]:
    """Kind, account and key of an id. Raises ValueError: ids from outside may be forged."""
    kind, account, key = registration_id.split("|")
    return kind, account, key


SETTLED = frozenset({"VERIFIED", "APPROVED", GONE})
REFUSED = frozenset({"FAILED", "SUSPENDED"})


def transition_between(old: Registration, status: str, snapshot: dict[str, Any], now: float) -> Transition | None:
    """What to announce after a look, or None. The first look announces only a verdict: the rest is no news."""
    errors_came = bool(snapshot.get("errors")) and snapshot.get("errors") != old.snapshot.get("errors")
    if status == old.status and not errors_came:
        return None
    if not old.status and status not in SETTLED | REFUSED and not errors_came:
        return None
    return Transition(
        id=old.version + 1,
        before=old.status,
        after=status,
        at=now,
        severity=_severity(status, errors_came),
        snapshot=snapshot,
    )


def _severity(status: str, errors_came: bool) -> Severity:
    if status in REFUSED or status == GONE or errors_came:
        return "bad"
    return "good" if status in SETTLED else "info"
