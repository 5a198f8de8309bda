"""Reads changes from Redis: one, many of them together, or as much of one as a decision needs."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, cast

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from bot.changes.ballot import Ballot
from bot.changes.change import Change, Decision, Review, State, Undoing
from bot.changes.refusal import Refusal
from bot.changes.sealing import Sealer
from bot.plans.plan import Plan
from bot.policy.verdict import Requirement
from bot.redis.batch import Batch
from bot.redis.keys import Keys
from bot.vault import SealedWithOtherKeyError, Vault

BATCH = 25
"""Changes that are read with one round trip."""
UNREADABLE = (SealedWithOtherKeyError, ValidationError)

_NO_CHANGE = "There is no change #{}."

log = structlog.get_logger()


class ChangeReads:
    """The reading half of `ChangeStore`."""

    def __init__(self, redis: Redis, keys: Keys, vault: Vault) -> None:
        self._redis, self._keys, self._vault = redis, keys, vault
        self._ask = Batch(redis, reads=True)
        self.sealer = Sealer(vault)

    async def load(self, number: int) -> Change | None:
        """The change as it stands, or None. Raises `SealedWithOtherKeyError`."""
        async with self._redis.pipeline(transaction=True) as pipe:
            self._read(pipe, number)
            doc, decisions, steps, timeline = await pipe.execute()
        if not doc:
            return None
        undoing = await self._states([int(doc.get("undoing", 0))])
        return self._opened(number, doc, decisions, steps, timeline, undoing)

    async def many(self, numbers: Iterable[int]) -> AsyncIterator[tuple[int, Change | None]]:
        """These changes as they stand, in their order, with a few round trips for all of them.

        None stands for one that is not there, or that cannot be read: it must not hide the others.
        """
        left = list(numbers)
        while left:
            batch, left = left[:BATCH], left[BATCH:]
            async with self._redis.pipeline(transaction=False) as pipe:
                for number in batch:
                    self._read(pipe, number)
                    pipe.hget(self._keys.change(number, "doc"), "version")
                flat = await pipe.execute()
            rows = list(zip(batch, zip(*(flat[at::5] for at in range(5)), strict=True), strict=True))
            undoing = await self._states([int((row[0] or {}).get("undoing", 0)) for _, row in rows])
            for number, (doc, decisions, steps, timeline, version) in rows:
                if doc.get("version") != version:  # it moved between two of its parts
                    yield number, await self._readable(number)
                else:
                    row = (doc, decisions, steps, timeline, undoing)
                    yield number, self._opened_if_readable(number, *row) if doc else None

    async def ballot(self, number: int) -> Ballot:
        """What a decision on a change is taken on. Raises `Refusal` when there is no such change.

        Its parts may be of two moments: the script that records a decision judges anew.
        """
        fields = ("state", "requester", "digest", "requirement")
        doc_key, decisions_key = self._at(number, "doc", "decisions")
        read = await self._ask.together(("HMGET", doc_key, *fields), ("HVALS", decisions_key))
        (state, requester, digest, requirement), decisions = read
        if state is None:
            raise Refusal(_NO_CHANGE.format(number))
        return Ballot(
            number=number,
            state=state,
            requester=requester,
            digest=digest,
            requirement=Requirement.model_validate_json(requirement),
            decisions=tuple(sorted(map(Decision.model_validate_json, decisions), key=lambda d: d.at)),
        )

    async def known(self, number: int) -> Change:
        """The change as it stands. Raises `Refusal` when there is none."""
        change = await self.load(number)
        if change is None:
            raise Refusal(_NO_CHANGE.format(number))
        return change

    def _read(self, pipe: Pipeline, number: int) -> None:
        """Ask for the parts of a change."""
        doc_key, decisions_key, steps_key, timeline_key = self._at(number, "doc", "decisions", "steps", "timeline")
        for key in (doc_key, decisions_key, steps_key):
            pipe.hgetall(key)
        pipe.lrange(timeline_key, 0, -1)

    def _opened(
        self,
        number: int,
        doc: Mapping[str, str],
        decisions: Mapping[str, str],
        steps: Mapping[str, str],
        timeline: Sequence[str],
        undoing: Mapping[int, Undoing],
    ) -> Change:
        return Change(
            number=number,
            state=cast(State, doc["state"]),
            version=int(doc["version"]),
            requester=doc["requester"],
            team=doc["team"],
            channel=doc["channel"],
            operation=doc["operation"],
            token=doc["token"],
            inputs=self._vault.open(doc["inputs"]),
            plan=Plan.model_validate(self._vault.open(doc["plan"])),
            requirement=Requirement.model_validate_json(doc["requirement"]),
            created_at=float(doc["created_at"]),
            expires_at=float(doc["expires_at"]),
            decisions=tuple(sorted(map(self.sealer.opened_decision, decisions.values()), key=lambda d: d.at)),
            steps={step: self.sealer.opened_run(run) for step, run in steps.items()},
            timeline=tuple(map(self.sealer.opened_event, timeline)),
            note=self.sealer.opened_text(doc.get("note", "")),
            undoing=undoing.get(int(doc.get("undoing", 0))),
            review=cast(Review, doc.get("review", "")),
        )

    async def _states(self, numbers: Sequence[int]) -> dict[int, Undoing]:
        """The changes of these numbers that undo others; 0 stands for none."""
        # read where they are written: a copy of a state could only be older
        asked = [number for number in numbers if number]
        if not asked:
            return {}
        async with self._redis.pipeline(transaction=False) as pipe:
            for number in asked:
                pipe.hget(self._keys.change(number, "doc"), "state")
            states = await pipe.execute()
        pairs = zip(asked, states, strict=True)
        return {number: Undoing.model_validate({"number": number, "state": state}) for number, state in pairs}

    async def _readable(self, number: int) -> Change | None:
        """A change for a list, in which one that cannot be read must not hide the others."""
        try:
            return await self.load(number)
        except UNREADABLE as error:
            _tell_unreadable(number, error)
            return None

    def _opened_if_readable(self, number: int, *parts: Any) -> Change | None:
        try:
            return self._opened(number, *parts)
        except UNREADABLE as error:
            _tell_unreadable(number, error)
            return None

    def _at(self, number: int, *parts: str) -> list[str]:
        return [self._keys.change(number, part) for part in parts]


def _tell_unreadable(number: int, error: Exception) -> None:
    # the type, not the words: those may be typed
    log.error("change_unreadable", change=number, why=type(error).__name__)
