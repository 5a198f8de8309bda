"""How the messages of a service fare: counted by the hour, and judged by what is refused for their registration."""

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis

from bot.checks import delivery
from bot.redis.keys import Keys
from bot.redis.scripts import Script
from bot.tracking.registration import FAILING, FLOWING, QUIET, Registration, Transition, registration_id
from bot.tracking.store import RegistrationStore
from bot.twilio.gateway import Account

UNREGISTERED = "30034"
PAST_THE_SERVICE = (
    "These messages were sent from numbers by themselves, not through a messaging service, so carriers see no "
    "campaign. Whatever sends them must name the service (MessagingServiceSid) instead of the number (From)."
)
"""What refusals mean of messages that went out past any service."""
OUTSIDE = "none"
"""The key of what is sent outside any messaging service."""
FINAL = frozenset({"delivered", "undelivered", "failed"})
COUNTED = FINAL | {"sent"}
"""`sent` is the last word where a carrier gives no receipt (twilio.md 11.1): counted, but nothing is judged by it."""
CARRIER_CODES = frozenset(
    {"30007", "30022", "30023", "30024", "30027", "30032", "30033", "30034", "30035", "30125", "30126"}
)
"""Carriers or Twilio refused it for the registration of its sender, or for what that registration allows."""
HOUR = 3600.0
KEPT_SECONDS = 8 * 86400
REMEMBERED_SECONDS = 5 * 3600
"""For how long a receipt is known again: events come again for four hours (twilio.md 8)."""
MOST_REMEMBERED = 100_000
"""Receipts of one service that are known again, about 10 MB; of more the oldest are forgotten, and may count twice."""
HINT_SECONDS = 600
"""How often receipts have the traffic looked at, besides its own cadence."""
DAY_HOURS = 24
RECENT_HOURS = 3
"""Of which the last is still running: what is wrong now must not hide behind a good day."""
HANDFUL = 5
"""So many refused messages are no accident of one phone."""
TOO_MANY, FEW = 0.05, 0.02
"""Shares of finished messages: above the first it fails, up to the second it flows; between them it stays as it was."""

_COUNT = Script.beside(__file__, "count.lua")


@dataclass(frozen=True)
class Receipt:
    """What became of a message. `service` is "" outside any; `bypassing` the 10DLC number that sent it so, else ""."""

    message: str
    status: str
    service: str = ""
    bypassing: str = ""
    code: str = ""

    @property
    def counts(self) -> bool:
        """Whether it says something about how messages fare; the rest is on its way."""
        return self.status in COUNTED


@dataclass(frozen=True)
class Tally:
    """What some hours counted: outcomes by status, finished messages by error code, bypassing messages by number."""

    outcomes: Mapping[str, int] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)
    bypass: Mapping[str, int] = field(default_factory=dict)

    @property
    def finished(self) -> int:
        """How many messages came to an end that is known."""
        return sum(self.outcomes.get(status, 0) for status in FINAL)

    @property
    def refused(self) -> int:
        """How many of those carriers refused for the sake of registration."""
        return sum(n for code, n in self.codes.items() if code in CARRIER_CODES)

    @property
    def share(self) -> float:
        """The share of `refused` in `finished`, from 0 to 1."""
        return min(1.0, self.refused / self.finished) if self.finished else 0.0


class Traffic:
    """Counts receipts and looks at what was counted; all of one service lies in the hash slot of its registration."""

    def __init__(self, redis: Redis, keys: Keys, registrations: RegistrationStore, clock: Callable[[], float]) -> None:
        self._redis, self._keys, self._registrations, self._clock = redis, keys, registrations, clock

    async def count_all(self, told: Sequence[tuple[str, Receipt]]) -> list[tuple[str, Receipt]]:
        """Count receipts with the accounts that they are of, each once.

        Gives one of each service whose traffic should be looked at, which `hinted` then takes note of.
        """
        counting = [(account, receipt) for account, receipt in told if receipt.counts]
        now = self._clock()
        calls = [self._counted(account, receipt, now) for account, receipt in counting]
        answers = await _COUNT.together(self._redis, calls)
        wanting = [each for each, answer in zip(counting, answers, strict=True) if answer]
        return list({(account, receipt.service): (account, receipt) for account, receipt in wanting}.values())

    def _counted(self, account: str, receipt: Receipt, now: float) -> tuple[list[str], list[str | int | float]]:
        """The keys and arguments of `count.lua`."""
        key = receipt.service or OUTSIDE
        code = [f"code:{receipt.code}"] if receipt.code and receipt.status in FINAL else []
        bypass = [_digest(receipt.message, "bypass"), f"bypass:{receipt.bypassing}"] if receipt.bypassing else ["", ""]
        keys = [self._at(account, key, part) for part in ("receipts", f"counts:{_hour(now)}", "hinted")]
        said = _digest(receipt.message, receipt.status)
        kept = [REMEMBERED_SECONDS, MOST_REMEMBERED, KEPT_SECONDS]
        return keys, [said, now, *kept, *bypass, f"outcome:{receipt.status}", *code]

    async def hinted(self, account: str, receipt: Receipt) -> None:
        """The traffic of this receipt is going to be looked at: its next ones need not ask for it."""
        await self._redis.set(self._at(account, receipt.service or OUTSIDE, "hinted"), 1, ex=HINT_SECONDS)

    async def look(self, account: Account, key: str) -> tuple[str, dict[str, Any]]:
        """How the messages of a service fare: `FLOWING`, `FAILING` or `QUIET`, and the counts of the last day."""
        known = await self._registrations.load(registration_id("traffic", account.sid, key))
        return await self._look(account, key, known.status if known else "")

    async def again(self, account: Account, known: Registration) -> tuple[str, dict[str, Any]]:
        """The same for a service of whose messages this is known."""
        return await self._look(account, known.key, known.status)

    async def _look(self, account: Account, key: str, before: str) -> tuple[str, dict[str, Any]]:
        hours = await self._hours(account.sid, key)
        day = tally(hours)
        found = summary(day) | {"service": await self._service(account.sid, key)}
        return judged(day, tally(hours[:RECENT_HOURS]), before), found

    async def _service(self, account: str, key: str) -> str:
        """What people call a service, as far as its campaign is followed; "" otherwise."""
        campaign = await self._registrations.load(registration_id("campaign", account, key))
        readiness = campaign.snapshot.get("readiness") if campaign else None
        return str(readiness.get("service") or "") if isinstance(readiness, Mapping) else ""

    async def learn(self, registration: Registration, transitions: Sequence[Transition]) -> None:
        """Have the campaign looked at whose messages begin to fail: it may be suspended, its next look a day off."""
        if registration.kind == "traffic" and transitions and transitions[-1].after == FAILING:
            await self._registrations.look_again(
                registration_id("campaign", registration.account, registration.key), self._clock()
            )

    async def _hours(self, account: str, key: str) -> list[dict[str, int]]:
        """The counts of the last day by the hour, the running one first."""
        running = _hour(self._clock())
        async with self._redis.pipeline(transaction=False) as pipe:
            for ago in range(DAY_HOURS):
                pipe.hgetall(self._at(account, key, f"counts:{running - ago}"))
            found = await pipe.execute()
        return [{str(name): int(str(n)) for name, n in hour.items()} for hour in found]

    def _at(self, account: str, key: str, part: str) -> str:
        return self._keys.registration("traffic", account, key, part)


def tally(hours: Iterable[Mapping[str, int]]) -> Tally:
    """The sum of some hours."""
    sums: dict[str, Counter[str]] = {"outcome": Counter(), "code": Counter(), "bypass": Counter()}
    for hour in hours:
        for name, n in hour.items():
            part, _, what = name.partition(":")
            if part in sums:
                sums[part][what] += n
    return Tally(sums["outcome"], sums["code"], sums["bypass"])


def judged(day: Tally, recent: Tally, before: str) -> str:
    """The state of a service's traffic, from its last day, its last hours, and the state that it was in.

    What fails stays so until as many messages as it took to see it have come to a good end, or a whole day saw no
    refusal: a service that nobody dares to use must not seem to have recovered.
    """
    if not any(day.outcomes.values()):
        return QUIET
    if recent.refused >= HANDFUL and recent.share > TOO_MANY:
        return FAILING
    recovered = (recent.finished >= HANDFUL and recent.share <= FEW) or (day.finished > 0 and not day.refused)
    return FAILING if before == FAILING and not recovered else FLOWING


def summary(day: Tally) -> dict[str, Any]:
    """The snapshot of a service's traffic."""
    return {
        "hours": DAY_HOURS,
        "finished": day.finished,
        "delivered": day.outcomes.get("delivered", 0),
        "sent": day.outcomes.get("sent", 0),
        "codes": dict(_ordered(day.codes)),
        "rate": round(day.share, 4),
        "likely": _likely(day),
        "bypass": dict(_ordered(day.bypass)),
    }


def _likely(day: Tally) -> str:
    """What the refusal that is met most often means, in words; "" when there is none."""
    refusals = [code for code, _ in _ordered(day.codes) if code in CARRIER_CODES]
    if refusals[:1] == [UNREGISTERED] and day.bypass:
        return PAST_THE_SERVICE
    return delivery.in_words(refusals[0]) if refusals else ""


def _ordered(counts: Mapping[str, int]) -> Sequence[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _hour(now: float) -> int:
    return int(now // HOUR)


def _digest(message: str, status: str) -> str:
    """A receipt in few bytes: a busy service has many within the hours for which they are remembered."""
    return base64.b85encode(hashlib.sha256(f"{message}:{status}".encode()).digest()[:12]).decode()
