"""How long a call whose answer was lost may still take effect."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Patience:
    """When Twilio is asked what became of a call without an answer; seconds since the attempt was recorded.

    Its effect may show from `look_after` on. That it does not show proves nothing before `sure_after`, which must be
    well beyond the time-out of a call: Twilio may still be at it when we have stopped listening.
    """

    look_after: float = 2.0
    sure_after: float = 30.0


PATIENCE: Final = Patience()
