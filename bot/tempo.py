"""How fast a bot lives: after how long it takes somebody for gone, looks again, or gives up on an answer."""

from dataclasses import dataclass, field
from typing import Final

from bot.runs.ledger import LEASE_SECONDS
from bot.runs.patience import PATIENCE, Patience
from bot.twilio.pace import LEAST_CALM, SPREAD_SECONDS


@dataclass(frozen=True)
class Tempo:
    """The times that recovery depends on, all in seconds. They belong together: see `PRODUCTION`.

    `call`: how long Twilio may take to answer; `patience` must be longer, or what still takes effect is taken for lost.
    `lease`: how long a run rests whose worker died. `hold`: how long acts and cards rest whose process died.
    `redeliver`: how long a dead worker's task waits before another worker takes it. `reconnect`: how long a worker that
    lost Redis waits before it tries again. `sweep`: how often what is open is looked at. `left_behind`: after how long
    an act that was acknowledged is carried out by whoever finds it. `redraw`: the least time between two pictures of
    one change; chat.update allows about 50 a minute over all messages (slack.md 5), and a run shows its steps within
    that. `spread`: the least time between two calls in the time after a hold of an account, and `least_calm` how long
    that time is at least. `housekeeping`: how often it is asked whether something is due that is seldom due. `slow`:
    after how long a person is told that what they wait for still goes on. `settle`: how long Slack is given to draw the
    view of an ack, as an update that overtook it would be drawn over.
    """

    call: float = 20.0
    patience: Patience = field(default=PATIENCE)
    lease: float = LEASE_SECONDS
    hold: float = 15.0
    redeliver: float = 10.0
    reconnect: float = 1.0
    sweep: float = 5.0
    left_behind: float = 30.0
    redraw: float = 1.2
    spread: float = SPREAD_SECONDS
    least_calm: float = LEAST_CALM
    housekeeping: float = 60.0
    slow: float = 4.0
    settle: float = 0.5


PRODUCTION: Final = Tempo()
