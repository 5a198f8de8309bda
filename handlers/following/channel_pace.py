"""How fast a channel is told: a few messages at once, then one after the other (slack.md 5)."""

from collections.abc import Callable

BURST = 3
"""Messages that may follow each other at once; Slack allows one a second in a channel, and short bursts."""


class ChannelPace:
    """Says how long to wait before each message; `seconds` is the time between two of them in the long run."""

    def __init__(self, clock: Callable[[], float], seconds: float) -> None:
        self._clock, self._seconds = clock, seconds
        self._next: dict[str, float] = {}

    def wait(self, channel: str) -> float:
        """How long the next message to this channel has to wait (seconds): it counts as sent then."""
        now = self._clock()
        at = max(self._next.get(channel, 0.0), now - (BURST - 1) * self._seconds)
        self._next[channel] = at + self._seconds
        return max(0.0, at - now)
