"""What the engine needs from outside and says to it; `handlers` and the composition root implement it."""

from typing import Protocol


class Notifier(Protocol):
    """How the engine tells the world. Each call is a hint: the truth is read from Redis when it is acted on."""

    async def change_moved(self, number: int) -> None:
        """A change is different from what its cards show."""

    async def registration_moved(self, registration: str) -> None:
        """A registration has something to announce."""

    async def change_waits(self, number: int, nth: int) -> None:
        """The `nth` reminder is due of a change that waits for approval; earlier ones that were missed are not."""

    async def review_waits(self, number: int, nth: int) -> None:
        """The `nth` reminder is due of a change that ran without its approvals and that nobody has signed off."""


class Engine(Protocol):
    """Starts the run of an approved change; starting it twice is harmless."""

    async def start_run(self, number: int) -> None:
        """Run this change soon."""
