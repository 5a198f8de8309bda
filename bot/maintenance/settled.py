"""What becomes of a settled change in time: its content is erased, a person is taken out of it, or all of it goes."""

from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis

from bot.audit.trail import AuditTrail
from bot.changes.change import Change, Decision, Event
from bot.changes.store import ChangeStore
from bot.plans.plan import Plan
from bot.redis.keys import Keys
from bot.redis.scripts import Script
from bot.vault import Vault

PARTS = ("doc", "decisions", "steps", "timeline", "posts", "drawing")
ERASED = "(erased)"
LINKS = ("of",)
"""Inputs that name another change, and nothing of anybody."""

_REWRITE = Script.beside(__file__, "rewrite.lua")


class NotSettledError(Exception):
    """A change is not over, or something happened to it meanwhile; the text says which."""


class SettledChanges:
    """Rewrites and removes settled changes. What their timelines say is copied into the audit before."""

    def __init__(self, redis: Redis, keys: Keys, vault: Vault, store: ChangeStore, trail: AuditTrail) -> None:
        self._redis, self._keys, self._vault, self._store, self._trail = redis, keys, vault, store, trail

    async def erase(self, change: Change) -> None:
        """Keep of a change who asked, who decided, when, and which calls' steps there were; nothing that was typed.

        Its card is drawn once more. Raises `NotSettledError`.
        """
        plan = Plan(
            operation=change.plan.operation,
            account=change.plan.account,
            account_name=change.plan.account_name,
            title=f"{change.operation} {ERASED}",
            steps=(),
            costs=change.plan.costs,
        )
        kept = {name: change.inputs[name] for name in LINKS if name in change.inputs}
        seal = self._vault.seal
        fields = {"inputs": seal(kept), "plan": seal(plan.model_dump(mode="json")), "note": ""}
        bare = change.model_copy(
            update={
                "decisions": tuple(d.model_copy(update={"reason": ""}) for d in change.decisions),
                "steps": {s: r.model_copy(update={"result": {}, "error": ""}) for s, r in change.steps.items()},
                "timeline": tuple(e.model_copy(update={"detail": ""}) for e in change.timeline),
            }
        )
        await self._rewrite(change, bare, fields)

    async def rename(self, change: Change, user: str, name: str) -> None:
        """Put a name that means nobody in the place of a person. Raises `NotSettledError`."""

        def renamed(text: str) -> str:
            return text.replace(user, name)

        def decision(said: Decision) -> Decision:
            seats = {group: renamed(seat) for group, seat in said.seats.items()}
            mine = said.user == user  # what they gave as a reason is theirs, and goes with them
            reason = "" if mine else renamed(said.reason)
            return said.model_copy(update={"user": renamed(said.user), "seats": seats, "reason": reason})

        def event(told: Event) -> Event:
            detail = "" if told.who == user else renamed(told.detail)
            return told.model_copy(update={"who": renamed(told.who), "detail": detail})

        bare = change.model_copy(
            update={
                "decisions": tuple(map(decision, change.decisions)),
                "timeline": tuple(map(event, change.timeline)),
            }
        )
        fields = {"requester": renamed(change.requester), "note": self._store.sealer.text(renamed(change.note))}
        await self._rewrite(change, bare, fields)

    async def remove(self, change: Change) -> None:
        """Keep nothing of a change but what the audit says of it. Raises `NotSettledError`."""
        await self._ready(change)
        number = str(change.number)
        # the lists come last: one that was cut off in between is found and removed again
        await self._redis.unlink(*(self._keys.change(change.number, part) for part in PARTS))
        for listed in ("changes:open", "changes:closing"):
            await self._redis.srem(self._keys.plain(listed), number)
        for listed in ("changes:reviews", "changes:all"):
            await self._redis.zrem(self._keys.plain(listed), number)
        await self._redis.hdel(self._keys.audit("copied"), number)

    async def _ready(self, change: Change) -> None:
        if not change.settled:
            raise NotSettledError(
                f"#{change.number} is {change.called}: only what is over can be erased. Withdraw, "
                "reject or end it first."
            )
        if change.review == "open":
            raise NotSettledError(
                f"#{change.number} ran without its approvals and is not signed off yet: do that first."
            )
        await self._trail.copy(change.number)

    async def _rewrite(self, was: Change, now: Change, fields: dict[str, str]) -> None:
        await self._ready(was)
        sealer = self._store.sealer
        decisions = {
            f"{d.user}:{'glass:' if d.verb == 'break_glass' else ''}{d.digest[:16]}": sealer.decision(
                d
            ).model_dump_json()
            for d in now.decisions
        }
        steps = {step: sealer.run(run).model_dump_json() for step, run in now.steps.items()}
        args: list[Any] = [was.version]
        for pairs in (fields, decisions, steps):
            args += [len(pairs), *(x for pair in pairs.items() for x in pair)]
        args += [sealer.event(event).model_dump_json() for event in now.timeline]
        names = [self._keys.change(was.number, part) for part in ("doc", "decisions", "steps", "timeline")]
        # on the list first: its card shows what is erased here until it was drawn once more
        await self._store.reopen(was.number)
        if not await _REWRITE(self._redis, keys=names, args=args):
            raise NotSettledError(f"Something happened to #{was.number} in this moment: try again.")


class Retention:
    """Removes settled changes that are older than they are kept; None keeps all."""

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        store: ChangeStore,
        settled: SettledChanges,
        clock: Callable[[], float],
        days: float | None,
    ) -> None:
        self._redis, self._keys, self._store, self._settled = redis, keys, store, settled
        self._clock, self._days = clock, days

    async def forget_daily(self) -> None:
        """`forget`, once a day whoever and however often it is called."""
        key = self._keys.plain("changes:forgotten")
        if self._days is not None and await self._redis.set(key, "1", nx=True, ex=86400):
            await self.forget()

    async def forget(self) -> int:
        """Remove the changes whose last event is older than the days they are kept; returns how many."""
        if self._days is None:
            return 0
        before, removed = self._clock() - self._days * 86400, 0
        listed = self._keys.plain("changes:all")
        numbers = [int(str(n)) for n in await self._redis.zrangebyscore(listed, "-inf", before)]
        async for number, change in self._store.many(numbers):
            if change is None:
                if not await self._redis.exists(self._keys.change(number, "doc")):
                    await self._redis.zrem(listed, str(number))  # left by one that was cut off
                continue
            last = max((event.at for event in change.timeline), default=change.created_at)
            # what its card does not show yet is told first
            if change.settled and change.review != "open" and last < before and not await self._open(number):
                await self._settled.remove(change)
                removed += 1
        return removed

    async def _open(self, number: int) -> bool:
        return number in await self._store.open_numbers()
