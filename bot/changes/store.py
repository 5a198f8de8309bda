"""Changes in Redis: one hash slot a change, every move one script."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

from redis.asyncio import Redis

from bot.changes.change import APPROVED, BROKE_GLASS, Change, Decision, Event, State, Verb
from bot.changes.reads import ChangeReads
from bot.plans.plan import Plan
from bot.policy.verdict import Requirement
from bot.redis.batch import Batch
from bot.redis.keys import Keys
from bot.redis.scripts import Script
from bot.vault import Vault

DecideOutcome = Literal[
    "recorded", "missing", "settled", "expired", "outdated", "own", "already", "ineligible", "denied"
]

_CREATE = Script.beside(__file__, "create.lua")
_DECIDE = Script.beside(__file__, "decide.lua")
_TRANSITION = Script.beside(__file__, "transition.lua")
_SIGN_OFF = Script.beside(__file__, "sign_off.lua")

_OPEN, _CLOSING, _ALL, _LAST = "changes:open", "changes:closing", "changes:all", "changes:last"
_REVIEWS = "changes:reviews"


class ChangeStore(ChangeReads):
    """Reads and moves changes. What people typed and the plan made of it are sealed at rest.

    `sealer` is for those who write records of a change themselves (runs).
    """

    def __init__(self, redis: Redis, keys: Keys, vault: Vault) -> None:
        super().__init__(redis, keys, vault)
        self._write = Batch(redis)

    async def number_for(self, draft: str) -> int:
        """The change number of a draft: the same one however often it is asked for."""
        key = self._keys.draft(draft, "change")
        known = await self._redis.get(key)
        if known is None:
            number = await self._redis.incr(self._keys.plain(_LAST))
            await self._redis.set(key, number, nx=True, ex=90 * 86400)
            known = await self._redis.get(key)
        return int(str(known))

    async def of_draft(self, draft: str) -> Change | None:
        """The change that a draft became when it was requested, or None. Raises `SealedWithOtherKeyError`."""
        number = await self._redis.get(self._keys.draft(draft, "change"))
        return await self.load(int(str(number))) if number else None

    async def create(self, change: Change) -> bool:
        """Store a new change; False when its number exists already, which then stands as it is."""
        if await self._redis.exists(*self._at(change.number, "doc")):
            return False
        # the index comes first: an entry without a change is skipped, a change without an entry would be forgotten
        await self._redis.sadd(self._keys.plain(_OPEN), change.number)
        await self._redis.zadd(self._keys.plain(_ALL), {str(change.number): change.created_at}, nx=True)
        fields = {
            "state": change.state,
            "version": 1,
            "requester": change.requester,
            "team": change.team,
            "channel": change.channel,
            "operation": change.operation,
            "token": change.token,
            "inputs": self._vault.seal(change.inputs),
            "plan": self._vault.seal(change.plan.model_dump(mode="json")),
            "digest": change.plan.digest,
            "requirement": change.requirement.model_dump_json(),
            "created_at": change.created_at,
            "expires_at": change.expires_at,
            "note": self.sealer.text(change.note),
            "fence": 0,
        }
        flat = [x for pair in fields.items() for x in pair]
        entry = self.sealer.event(change.timeline[-1]).model_dump_json()
        return bool(await _CREATE(self._redis, keys=self._at(change.number, "doc", "timeline"), args=[entry, *flat]))

    async def decide(
        self, number: int, decision: Decision, rule: str = "", where: str = ""
    ) -> tuple[DecideOutcome, State | None]:
        """Record one decision and count the quorum, atomically. Returns the outcome and the state after it.

        What breaks glass is put on the list of reviews. `rule` and `where` are for the timeline.
        """
        said, to = _SAID[decision.verb]
        if decision.verb == "break_glass":
            # the list comes first: an entry without a review is skipped, a review without an entry would be forgotten
            await self._redis.zadd(self._keys.plain(_REVIEWS), {str(number): decision.at})
        event = Event(
            at=decision.at,
            who=decision.user,
            what=said,
            detail=": ".join(filter(None, [_absent(decision), decision.reason])),
            digest=decision.digest,
            rule=rule,
            where=where,
        )
        outcome, state = await self._write.script(
            _DECIDE,
            keys=self._at(number, "doc", "decisions", "timeline"),
            args=[
                decision.user,
                decision.verb,
                decision.digest,
                repr(decision.at),
                self.sealer.decision(decision).model_dump_json(),
                json.dumps(list(decision.groups)),
                self.sealer.event(event).model_dump_json(),
                self.sealer.event(event.model_copy(update={"to": to})).model_dump_json(),
            ],
        )
        return outcome, state or None

    async def move(
        self,
        number: int,
        expected: Sequence[State],
        to: State,
        event: Event | None = None,
        *,
        fence: int | None = None,
        seen: int | None = None,
        forget: Sequence[str] = (),
        note: str | None = None,
        **fields: Any,
    ) -> bool:
        """Move a change if it is in one of the expected states (and still ours, when a fence is given).

        With `seen` only if it is of that version still: nothing at all has happened to it meanwhile. `forget` names
        parts (such as "decisions") that are deleted with the move; a `note` of None stays as it is.
        """
        if note is not None:
            fields["note"] = self.sealer.text(note)
        if event:
            event = self.sealer.event(event.model_copy(update={"to": "" if to in expected else to}))
        entry = event.model_dump_json() if event else ""
        flat = [str(x) for pair in fields.items() for x in pair]
        args = [",".join(expected), to, "" if fence is None else fence, "" if seen is None else seen, entry, *flat]
        return bool(await _TRANSITION(self._redis, keys=self._at(number, "doc", "timeline", *forget), args=args))

    async def restate(self, number: int, plan: Plan, event: Event, note: str, fence: int, *, expires_at: float) -> bool:
        """Replace the plan of a change whose world has moved before any call: it becomes stale, all decisions are void.

        It can be asked for again until `expires_at`.
        """
        return await self.move(
            number,
            ["approved", "running"],
            "stale",
            event,
            fence=fence,
            forget=["decisions", "steps"],
            plan=self._vault.seal(plan.model_dump(mode="json")),
            digest=plan.digest,
            note=note,
            expires_at=expires_at,
            review="",  # what was let through without its approvals has not run
        )

    async def amend(
        self,
        seen: Change,
        *,
        plan: Plan,
        inputs: dict[str, Any],
        token: str,
        requirement: Requirement,
        event: Event,
        note: str,
        expires_at: float,
    ) -> bool:
        """Put another plan in the place of one that waits, unless anything has happened to it since it was `seen`."""
        return await self.move(
            seen.number,
            [seen.state],
            "pending" if requirement.groups else "approved",
            event,
            seen=seen.version,
            forget=["decisions", "steps"],
            note=note,
            plan=self._vault.seal(plan.model_dump(mode="json")),
            inputs=self._vault.seal(inputs),
            token=token,
            digest=plan.digest,
            requirement=requirement.model_dump_json(),
            expires_at=expires_at,
            review="",
        )

    async def sign_off(self, number: int, event: Event) -> bool:
        """End the review of a change that ran without its approvals; False when it is ended already."""
        await self.reopen(number)  # its card is to be drawn once more
        entry = self.sealer.event(event).model_dump_json()
        return bool(await _SIGN_OFF(self._redis, keys=self._at(number, "doc", "timeline"), args=[entry]))

    async def reviews(self) -> AsyncIterator[Change]:
        """The changes that ran without their approvals and are not signed off, oldest first."""
        numbers = [int(str(n)) for n in await self._redis.zrange(self._keys.plain(_REVIEWS), 0, -1)]
        async for number, change in self.many(numbers):
            if change is not None and change.review == "open":
                yield change
            elif change is not None and change.settled:  # until then its glass may be broken anew
                await self._redis.zrem(self._keys.plain(_REVIEWS), number)

    async def open_numbers(self) -> list[int]:
        """The changes that are not settled, or whose last word has not been told yet; oldest first."""
        closing = await self._redis.smembers(self._keys.plain(_CLOSING))
        return sorted({int(n) for n in (*closing, *await self._redis.smembers(self._keys.plain(_OPEN)))})

    async def reopen(self, number: int) -> None:
        """Put a change on the list of open ones again: its card shows something old."""
        await self._redis.sadd(self._keys.plain(_OPEN), number)

    async def close(self, told: Change) -> bool:
        """Take a change off the list of open ones: it is settled, and everybody has been told what `told` shows.

        False when there is something else to tell meanwhile: it stays on the list.
        """
        # on a list of its own meanwhile: whoever dies before the look below has not lost it
        await self._redis.sadd(self._keys.plain(_CLOSING), told.number)
        await self._redis.srem(self._keys.plain(_OPEN), told.number)
        # looked at after it: what moved before was put on the list again, and may just have been taken off
        now = await self.load(told.number)
        moved = now is not None and now.picture != told.picture
        if moved:
            await self.reopen(told.number)
        await self._redis.srem(self._keys.plain(_CLOSING), told.number)
        return not moved

    async def unsettled(self) -> AsyncIterator[Change]:
        """The changes that are not settled, oldest first."""
        async for _, change in self.many(await self.open_numbers()):
            if change and not change.settled:
                yield change

    async def latest(self, limit: int = 200) -> AsyncIterator[Change]:
        """The newest changes, newest first."""
        numbers = await self._redis.zrevrange(self._keys.plain(_ALL), 0, limit - 1)
        async for _, change in self.many(int(str(number)) for number in numbers):
            if change:
                yield change


def _absent(decision: Decision) -> str:
    """Whose seat was taken, as people are mentioned; "" where nobody's was."""
    absent = sorted(set(decision.seats.values()))
    return f"for {', '.join(f'<@{user}>' for user in absent)}" if absent else ""


_SAID: dict[Verb, tuple[str, State]] = {
    "approve": (APPROVED, "approved"),
    "reject": ("rejected", "rejected"),
    "break_glass": (BROKE_GLASS, "approved"),
}
"""What a verb is called afterwards, and the state that it can bring a change into."""
