"""How long each stage took in this team's own cases, from which it is known what is typical and what is stuck."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.tracking.registration import GONE, Registration, Transition, stage_of
from bot.tracking.typical import Typical, prior, typical

KEPT = 500
"""Cases of a stage that are kept; of more, the oldest are dropped."""
FRESH_SECONDS = 60.0
"""How old an answer about a stage may be: a sweep asks it for every look."""
_ANSWERS = 200
"""Stages whose answers are held at a time. Their names hold Twilio's words, so that there is no end to them."""


@dataclass(frozen=True)
class Passed:
    """A stage that a registration has left at `ended` (epoch seconds), after `seconds`.

    `by` names its beginning within the registration, the same whenever the log is read.
    """

    stage: str
    by: str
    seconds: float
    ended: float


class History:
    """One Redis hash for each stage: seconds and the time of the end, by registration and the stage's beginning."""

    def __init__(self, redis: Redis, keys: Keys, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis, self._keys, self._clock = redis, keys, clock
        self._answers: dict[str, tuple[float, Typical | None]] = {}

    async def typical(self, stage: str) -> Typical | None:
        """How long a stage usually takes; as of a minute ago at the oldest."""
        if prior(stage) is None:
            return None
        now = self._clock()
        known = self._answers.get(stage)
        if known and 0 <= now - known[0] < FRESH_SECONDS:
            return known[1]
        answer = typical(stage, [_case(row)[1] for row in await self._redis.hvals(self._key(stage))])
        if len(self._answers) >= _ANSWERS:
            self._answers.clear()
        self._answers[stage] = (now, answer)
        return answer

    async def learn(self, registration: Registration, transitions: Sequence[Transition]) -> None:
        """Take up how long the stages took that this registration has left; doing it twice is harmless."""
        cases = list(passed(registration, transitions))
        if not cases:
            return
        async with self._redis.pipeline(transaction=False) as pipe:
            for case in cases:
                row = f"{case.ended:.3f} {case.seconds:.3f}"
                pipe.hsetnx(self._key(case.stage), f"{registration.id}|{case.by}", row)
            new = await pipe.execute()
        for stage in {case.stage for case, is_new in zip(cases, new, strict=True) if is_new}:
            self._answers.pop(stage, None)
            await self._trim(stage)

    async def _trim(self, stage: str) -> None:
        # not in one script with the writing: who comes in between drops the same ones, or what is older still
        surplus = int(await self._redis.hlen(self._key(stage))) - KEPT
        if surplus <= 0:
            return
        rows = {str(f): str(row) for f, row in (await self._redis.hgetall(self._key(stage))).items()}
        oldest = sorted(rows, key=lambda field: (_case(rows[field])[0], field))[: len(rows) - KEPT]
        if oldest:
            await self._redis.hdel(self._key(stage), *oldest)

    def _key(self, stage: str) -> str:
        return self._keys.plain(f"history:{stage.translate(_NO_BRACES)}")


_NO_BRACES = str.maketrans("{}", "()")
"""A stage bears Twilio's word, and a key must not hold braces."""


def passed(registration: Registration, transitions: Sequence[Transition]) -> list[Passed]:
    """The stages that a registration has left, of those whose beginning we have seen; from its whole log.

    A beginning is a transition into the stage, or the change of ours that made or revived the registration, of which
    the last is known. So what is found in the middle of its way counts from its next stage on.
    """
    way = _Way(registration)
    for moved in transitions:
        if moved.about == "ready":
            way.turned_ready(moved)
        elif moved.about == "state":
            way.moved(moved)
    return way.left


class _Way:
    """Walks through the log: in which stage it is by now, and since when if that was seen."""

    def __init__(self, registration: Registration) -> None:
        self._kind, self._made_at = registration.kind, registration.made_at
        self._status, self._stage, self._at = "", "", 0.0
        self._begun: float | None = None
        self._by = ""
        self.left: list[Passed] = []

    def moved(self, moved: Transition) -> None:
        """Another state, or other errors in the same one."""
        if moved.before != self._status or not moved.before:
            # in between it was begun anew, and a first look that finds no verdict leaves no transition
            made = self._made_at if self._at <= self._made_at <= moved.at else 0.0
            began = stage_of(self._kind, moved.before, moved.snapshot)
            self._enter(began, made or moved.at, f"made {made:.0f}", seen=bool(made))
        reached = stage_of(self._kind, moved.after, moved.snapshot)
        self._status, self._at = moved.after, moved.at
        if reached != self._stage:
            # found so at first: when that began is known only if a change of ours made it
            self._enter(reached, moved.at, str(moved.id), seen=bool(moved.before) or self._begun is not None)

    def turned_ready(self, moved: Transition) -> None:
        """A verified campaign became ready to send, or is no longer."""
        ready = "ready" in (moved.snapshot.get("ready"), moved.facts.get("ready"), moved.after.lower())
        reached = stage_of(self._kind, "VERIFIED", moved.snapshot | {"ready": "ready" if ready else ""})
        self._status, self._at = self._status or "VERIFIED", moved.at
        if reached != self._stage:
            self._enter(reached, moved.at, str(moved.id), seen=True)

    def _enter(self, stage: str, at: float, by: str, *, seen: bool) -> None:
        if self._begun is not None and seen and at >= self._begun and _counts(self._stage, stage):
            self.left.append(Passed(self._stage, self._by, at - self._begun, at))
        self._stage, self._begun, self._by = stage, at if seen else None, by


def _counts(left: str, reached: str) -> bool:
    """Whether leaving this stage for that one says how long it takes; what was deleted on its way does not."""
    if prior(left) is None or reached.endswith(f":{GONE}"):
        return False
    return not left.endswith(":NUMBERS") or reached.endswith(":READY")


def _case(row: object) -> tuple[float, float]:
    """When a kept case ended (epoch seconds), and how long it took (seconds)."""
    ended, _, seconds = str(row).partition(" ")
    return float(ended), float(seconds)
