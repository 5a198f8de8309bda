"""Slack's rate limits: one message a second in a channel with short bursts, and the tiers (slack.md section 5)."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.slack.errors import SlackError

CHANNEL_BURST = 5
CHANNEL_PER_SECOND = 1.0


@dataclass
class _Bucket:
    tokens: float
    at: float


class Pacing:
    """Token buckets, by method and by channel. `enabled` may be switched at any time."""

    def __init__(self, clock: Callable[[], float], *, enabled: bool) -> None:
        self.enabled = enabled
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def call(self, method: str, per_minute: int | None) -> None:
        """Count a call. Raises SlackError `ratelimited` above the method's tier."""
        if per_minute is not None:
            self._take(f"method:{method}", per_minute, per_minute / 60)

    def post(self, channel: str) -> None:
        """Count a message posted to a channel. Raises SlackError `ratelimited`."""
        self._take(f"channel:{channel}", CHANNEL_BURST, CHANNEL_PER_SECOND)

    def _take(self, name: str, burst: float, per_second: float) -> None:
        if not self.enabled:
            return
        now = self._clock()
        bucket = self._buckets.setdefault(name, _Bucket(burst, now))
        bucket.tokens = min(burst, bucket.tokens + max(0.0, now - bucket.at) * per_second)
        bucket.at = now
        if bucket.tokens < 1:
            raise SlackError("ratelimited", retry_after=max(1, math.ceil((1 - bucket.tokens) / per_second)))
        bucket.tokens -= 1
