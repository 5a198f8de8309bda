"""How long a call whose answer was lost may still take effect, and how long a run rests that cannot go on."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Patience:
    """When Twilio is asked what became of a call without an answer; seconds since the attempt was recorded.

    Its effect may show from `look_after` on. That it does not show proves nothing before `sure_after`, which must be
    well beyond the time-out of a call: Twilio may still be at it when we have stopped listening.

    A run that Twilio has put off without saying for how long is tried again after `retry_after`, one that broke off for
    a reason that nobody foresaw (as when Redis went away) after `broken_after`.
    """

    look_after: float = 2.0
    sure_after: float = 30.0
    retry_after: float = 15.0
    broken_after: float = 60.0


PATIENCE: Final = Patience()
