"""What was asked for on an account in a month, in US dollars: caps of the policy are compared with it."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from redis.asyncio import Redis

from bot.changes.change import CAME_TO_NOTHING
from bot.plans.cost import Cost
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from bot.plans.values import Record
from bot.redis.keys import Keys

KEPT_SECONDS = 400 * 86400
BEING_ASKED_SECONDS = 60.0
"""How long a hold counts whose change is not stored yet: it is being asked for."""


class Hold(Record):
    """What one part of a change costs. It counts until the change comes to nothing before its first call `step`."""

    usd: Decimal
    step: str
    at: float


def price_of(plan: Plan, gate: str) -> Decimal:
    """What one part of a plan costs in US dollars: one-off, and the first month of what recurs."""
    return sum((cost.usd for cost in _of_part(plan, gate)), Decimal(0))


class Budget:
    """One Redis hash per account and month (UTC), a field for each part of a change that was asked for.

    Nothing is ever taken back from it: whether a hold counts is read from its change, so that no crash can make it lie.
    """

    def __init__(self, redis: Redis, keys: Keys, clock: Callable[[], float]) -> None:
        self._redis, self._keys, self._clock = redis, keys, clock

    async def hold(self, number: int, gate: str, plan: Plan) -> Decimal:
        """Count a part of a change; returns what all others have asked for on its account in this month.

        Of two that are asked for at the same time at least one sees the other.
        """
        usd, now = price_of(plan, gate), self._clock()
        key = self._key(plan.account, now)
        field = f"{number}:{gate}"
        first = next((s.id for s in plan.part(gate) if isinstance(s, CallStep) and s.call.method != "GET"), "")
        await self._redis.hset(key, field, Hold(usd=usd, step=first, at=now).model_dump_json())
        await self._redis.expire(key, KEPT_SECONDS)
        return await self._counting({n: held for n, held in (await self._holds(key)).items() if n != field}, now)

    async def spent(self, account: str, month: float) -> Decimal:
        """What counts of an account in the month (UTC) in which `month` lies, in epoch seconds."""
        return await self._counting(await self._holds(self._key(account, month)), self._clock())

    def _key(self, account: str, when: float) -> str:
        return self._keys.plain(f"spend:{account}:{datetime.fromtimestamp(when, UTC):%Y-%m}")

    async def _holds(self, key: str) -> dict[str, Hold]:
        rows = await self._redis.hgetall(key)
        return {str(name): Hold.model_validate_json(str(raw)) for name, raw in rows.items()}

    async def _counting(self, holds: dict[str, Hold], now: float) -> Decimal:
        async with self._redis.pipeline(transaction=False) as pipe:
            for name, hold in holds.items():
                number = int(name.partition(":")[0])
                pipe.hget(self._keys.change(number, "doc"), "state")
                pipe.hexists(self._keys.change(number, "steps"), hold.step)
            answers = await pipe.execute()
        total = Decimal(0)
        for hold, state, begun in zip(holds.values(), answers[::2], answers[1::2], strict=True):
            asked = state not in CAME_TO_NOTHING if state else now - hold.at < BEING_ASKED_SECONDS
            total += hold.usd if asked or begun else Decimal(0)
        return total


def _of_part(plan: Plan, gate: str) -> tuple[Cost, ...]:
    return tuple(cost for cost in plan.costs if cost.part == gate)
