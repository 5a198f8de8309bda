"""What a registration's card and verdicts are drawn from."""

from dataclasses import dataclass, field

from bot.checks.guide import Guide
from bot.tracking.memory import Past
from bot.tracking.registration import Registration, Transition
from bot.tracking.typical import Typical


@dataclass(frozen=True)
class Shown:
    """A registration as a channel sees it. `channel` is where, "" elsewhere; `now` is in epoch seconds.

    `typical` is how long its stage usually takes, and `past` what is remembered of its brand.
    """

    registration: Registration
    transitions: tuple[Transition, ...] = ()
    guide: Guide = field(default_factory=Guide.load)
    channel: str = ""
    now: float = 0.0
    typical: Typical | None = None
    past: Past = field(default_factory=Past)
