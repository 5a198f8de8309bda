"""What the parts of the bot say of themselves while they work, in the words of the project."""

from typing import Final


class Observer:
    """Hears what happens and does nothing with it; `bot.watching.metrics` counts it.

    Nothing that names a person, a number or a registration is ever said here: an `account` is its name, all other words
    come from closed sets. Durations are seconds. No method raises or waits.
    """

    def acknowledged(self, kind: str, outcome: str, seconds: float) -> None:
        """A delivery of Slack's got its ack: `done`, `again` (a copy), `refused`, `busy` or `outdated`."""

    def refused_at_the_door(self, source: str, reason: str) -> None:
        """A request was refused: `source` is whose it should have been (`slack`, `twilio_events` ...)."""

    def slack_called(self, method: str, outcome: str, seconds: float) -> None:
        """Slack's Web API was called: `ok`, `refused`, `throttled`, `silent` or `given_up`."""

    def decided(self, verb: str, outcome: str) -> None:
        """Somebody decided on a change: the state of it after that, or `refused`."""

    def ran(self, outcome: str) -> None:
        """A worker's turn at a change ended, with the state that it left or with why it goes on later."""

    def claimed(self, late: float) -> None:
        """A registration was taken in hand so many seconds after it was due."""

    def looked(self, kind: str, outcome: str) -> None:
        """A registration was looked at: `same`, `moved`, `overtaken` or `failed`."""

    def moved(self, kind: str, status: str) -> None:
        """A transition was recorded."""

    def announced(self, kind: str, number: int) -> None:
        """So many alerts about one registration were posted."""

    def twilio_called(self, account: str, method: str, outcome: str, seconds: float) -> None:
        """Twilio was called: `ok`, `refused`, `throttled`, `unreachable`, `uncertain`, `given_up`."""

    def held(self, account: str, seconds: float | None) -> None:
        """All calls of an account rest for so long, as Twilio asked for with a 429; None when it did not say."""

    def took_events(self, account: str, outcome: str, number: int) -> None:
        """Events were taken: `read`, `unknown` type, `foreign` account, `no_object`, or `broke_off`."""


NOBODY: Final = Observer()
"""Listens to nothing; for parts that are built without anybody watching."""
