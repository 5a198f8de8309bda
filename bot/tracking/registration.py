"""Registrations: what is under watch, what is known of it, and what changed about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field

from bot.plans.values import Record

Severity = Literal["good", "info", "warn", "bad"]
"""How much a transition matters: *bad* keeps somebody from sending, *warn* will if nobody acts."""
SEVERITIES: tuple[Severity, ...] = ("bad", "warn", "good", "info")

About = Literal["state", "ready", "numbers", "stuck", "deadline"]
"""What a transition tells: another state (or other errors), readiness to send, single numbers, or that time passes."""

GONE = "GONE"
"""Our word for a registration that Twilio no longer has; all other states are Twilio's own words, or said so here."""
SILENT = "SILENT"
"""Our word for a sink that Twilio calls active, and that brought no event of what was seen to move."""
FAILURES = 3
"""Looks in a row that fail before that is told: a single one mends itself."""


class Fact(Record):
    """What an event said that no read tells. Of all that is said under one name, the latest counts.

    `at` is the event's own time (epoch seconds), `event` its id; the id decides where two are of the same time.
    """

    name: str
    value: str
    at: float
    event: str
    detail: dict[str, Any] = Field(default_factory=dict)


class Mute(Record):
    """A channel that wants to hear no more of one registration, and whose wish that was."""

    by: str
    at: float


class Registration(Record):
    """One registration with its last snapshot. `key` is what it is found by: a campaign's messaging service SID.

    `status` is Twilio's word, "" before the first look. `since` is when it was first seen so (epoch seconds),
    `stage_since` when its stage was last seen to change.
    `failures` counts the looks that failed since the last one that did not, `trouble` says why.
    `made_at` is when a change of ours last made or revived it (epoch seconds, 0 when none did); `tries` counts those
    changes that were another try after a rejection.
    `heard` is what events said, by name; `muted` the channels that hear no more of it; `told` when each reminder with
    a name of its own was last given (epoch seconds).
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
    stage_since: float = 0.0
    fetched_at: float = 0.0
    version: int = 0
    snapshot: dict[str, Any] = Field(default_factory=dict)
    trouble: str = ""
    failures: int = 0
    heard: Mapping[str, Fact] = Field(default_factory=dict)
    muted: Mapping[str, Mute] = Field(default_factory=dict)
    told: Mapping[str, float] = Field(default_factory=dict)

    @property
    def out_of_sight(self) -> bool:
        """Whether looks have failed for so long that people must know: what is shown may be out of date."""
        return self.failures >= FAILURES

    @property
    def id(self) -> str:
        """One text that names it, for indexes and buttons."""
        return registration_id(self.kind, self.account, self.key)

    @property
    def external(self) -> bool:
        """Whether it is a campaign that was registered in TCR rather than at Twilio (twilio.md 6)."""
        return self.kind == "campaign" and bool(self.snapshot.get("is_externally_registered"))

    @property
    def brand_sid(self) -> str:
        """The brand that it is, or that it hangs on; "" where that is not known."""
        return self.key if self.kind in ("brand", "vetting") else str(self.snapshot.get("brand_registration_sid") or "")

    @property
    def stage(self) -> str:
        """Where it is on its way, as of `stage_of`."""
        return stage_of(self.kind, self.status, self.snapshot)

    @property
    def stood_since(self) -> float:
        """When its stage was first seen so (epoch seconds): a verified campaign is ready, or not, in the same state."""
        return max(self.since, self.stage_since)


class Transition(Record):
    """A difference between two snapshots that someone should hear about. `id` counts up within its registration.

    `facts` is what it is about besides the two states, as plain data. `mark` names a reminder: it is given once.
    """

    id: int
    before: str
    after: str
    at: float
    severity: Severity
    snapshot: dict[str, Any]
    about: About = "state"
    facts: dict[str, Any] = Field(default_factory=dict)
    mark: str = ""


class Announcement(Record):
    """A transition addressed to a channel: a row of the outbox. It is told at `not_before` (epoch seconds) or later."""

    channel: str
    transition: Transition
    not_before: float = 0.0

    @property
    def id(self) -> str:
        """Unique within its registration."""
        about = "" if self.transition.about == "state" else f".{self.transition.mark or self.transition.about}"
        return f"{self.transition.id}{about}:{self.channel}"


def stage_of(kind: str, status: str, snapshot: Mapping[str, Any]) -> str:
    """Where something in this state is on its way: what waits in the same stage takes about as long.

    A verified campaign goes on: its numbers are registered, then it is ready.
    """
    way = "external" if kind == "campaign" and snapshot.get("is_externally_registered") else kind
    if kind == "campaign" and status == "VERIFIED":
        return f"{way}:READY" if snapshot.get("ready") == "ready" else f"{way}:NUMBERS"
    return f"{way}:{status}"


def registration_id(kind: str, account: str, key: str) -> str:
    """The id of a registration."""
    return f"{kind}|{account}|{key}"


def registration_parts(registration_id: str) -> tuple[str, str, str]:
    """Kind, account and key of an id. Raises ValueError: ids from outside may be forged."""
    kind, account, key = registration_id.split("|")
    return kind, account, key


SETTLED = frozenset({"VERIFIED", "APPROVED", GONE})
REFUSED = frozenset({"FAILED", "SUSPENDED"})
FLOWING, FAILING, QUIET = "FLOWING", "FAILING", "QUIET"
"""Our words for the messages of a service: they arrive, carriers refuse too many of them, or there are none."""


ON_ITS_WAY = frozenset({"draft", "pending-review", "in-review", "twilio-approved"})
"""States of a bundle of which nobody needs to hear: what stands on it, a brand, tells how things are."""


@dataclass(frozen=True)
class States:
    """What the states of a kind amount to: those that are good, and those that keep somebody from what they want.

    A first look tells a good or a bad one; those that are `usual` are no news then. From one of a `lull` to another of
    it is no news either: a night is quiet, a morning is not.
    """

    good: frozenset[str]
    bad: frozenset[str]
    usual: frozenset[str] = frozenset()
    lull: frozenset[str] = frozenset()


STATES: Mapping[str, States] = MappingProxyType(
    {
        "sink": States(good=frozenset({"active"}), bad=frozenset({"failed", SILENT}), usual=frozenset({"active"})),
        "bundle": States(
            good=frozenset({"twilio-approved"}),
            bad=frozenset({"twilio-rejected"}),
            usual=frozenset({"twilio-approved"}),
            lull=ON_ITS_WAY,
        ),
        "traffic": States(
            good=frozenset({FLOWING}),
            bad=frozenset({FAILING}),
            usual=frozenset({FLOWING}),
            lull=frozenset({FLOWING, QUIET}),
        ),
    }
)
_OTHERS = States(good=SETTLED, bad=REFUSED)


def states_of(kind: str) -> States:
    """What the states of a kind amount to; those that are not in the table have the words of brands and campaigns."""
    return STATES.get(kind, _OTHERS)
