"""What the engine needs from outside and says to it; `handlers` and the composition root implement it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class Notifier(Protocol):
    """How the engine tells the world. Each call is a hint: the truth is read from Redis when it is acted on."""

    async def change_moved(self, number: int) -> None:
        """A change is different from what its cards show."""

    async def registration_moved(self, registration: str) -> None:
        """A registration has something to announce."""

    async def review_waits(self, number: int, nth: int) -> None:
        """The `nth` reminder is due of a change that ran without its approvals and that nobody has signed off."""


class Engine(Protocol):
    """Starts the run of an approved change; starting it twice is harmless."""

    async def start_run(self, number: int) -> None:
        """Run this change soon."""


@dataclass(frozen=True)
class NumberState:
    """What events said last of a number's registration with the carriers (twilio.md 7 and 8.1).

    `status` is Twilio's word, `since` the event's own time (epoch seconds), `detail` what came with it.
    """

    status: str
    since: float
    detail: Mapping[str, Any] = field(default_factory=dict)


class Known(Protocol):
    """What is remembered of an account beside what Twilio's API tells: what events and sent messages said."""

    async def last_event(self, account_sid: str) -> float | None:
        """When the last event of this account came in (epoch seconds); None when none ever did."""

    async def number(self, account_sid: str, number_sid: str) -> NumberState | None:
        """What events said last of a number; None when nothing was heard of it."""

    async def follows_events(self, account_sid: str) -> bool:
        """Whether this account's events reach us, so that silence about a number means something."""

    async def codes(self, account_sid: str, service_sid: str) -> Mapping[str, int]:
        """How often each error code was seen in a service's traffic of late; empty where nobody follows it."""

    async def bypassing(self, account_sid: str, phone_number: str) -> int:
        """How many messages of late went out from a 10DLC number (E.164) outside any messaging service."""
