"""What a run writes down: the lease, each attempt before its call, each outcome after it."""

from redis.asyncio import Redis

from bot.changes.change import Event, State, StepRun, StepState
from bot.redis.keys import Keys
from bot.redis.renewal import LeaseLostError
from bot.redis.scripts import Script

_LEASE = Script.beside(__file__, "lease.lua")
_RELEASE = Script.beside(__file__, "release.lua")
_STEP = Script.beside(__file__, "step.lua")
_SETTLE = Script.beside(__file__, "settle.lua")

LEASE_SECONDS = 10.0


class FencedOutError(LeaseLostError):
    """The run is not this worker's any more, or nobody's: stop at once and record nothing more."""


class RunLedger:
    """The records of runs. A worker holds a lease and a fencing token; without them nothing is recorded.

    What it is given to record is sealed already (`bot.changes.sealing`).
    """

    def __init__(self, redis: Redis, keys: Keys, worker: str, lease_seconds: float = LEASE_SECONDS) -> None:
        self._redis, self._keys, self._worker = redis, keys, worker
        self.lease_seconds = lease_seconds

    async def take(self, number: int) -> int | None:
        """The fencing token for a change that may run now, or None when somebody else has it or it may not."""
        return await self._lease(number, "") or None

    async def renew(self, number: int, fence: int) -> None:
        """Keep the lease. Raises `FencedOutError`."""
        if not await self._lease(number, fence):
            raise FencedOutError(f"#{number} is run by another worker")

    async def release(self, number: int, fence: int, resting: float = 0.0) -> None:
        """Give the lease back; nobody takes it for the seconds of `resting`."""
        args = [fence, int(resting * 1000)]
        await _RELEASE(self._redis, keys=[self._keys.change(number, "doc")], args=args)

    async def record(
        self,
        number: int,
        fence: int,
        step: str,
        run: StepRun,
        event: Event | None = None,
        *,
        to: State | None = None,
        note: str = "",
        **fields: str | float,
    ) -> None:
        """Store how far a step is, and with `to` the state, the note and fields of the change.

        Raises `FencedOutError`.
        """
        entry = event.model_dump_json() if event else ""
        flat = [str(x) for pair in fields.items() for x in pair]
        args: list[str | int] = [fence, step, run.model_dump_json(), entry, to or "", note, *flat]
        if not await _STEP(self._redis, keys=self._at(number), args=args):
            raise FencedOutError(f"#{number} is run by another worker, or was ended")

    async def settle(self, number: int, step: str, state: StepState, run: StepRun, event: Event) -> bool:
        """Record a person's word on a step that the change stands at in `state`, and let it run on.

        False when it is settled already.
        """
        args = [step, run.model_dump_json(), event.model_dump_json(), state]
        return bool(await _SETTLE(self._redis, keys=self._at(number), args=args))

    async def _lease(self, number: int, fence: int | str) -> int:
        args: list[str | int] = [self._worker, int(self.lease_seconds * 1000), fence]
        return int(await _LEASE(self._redis, keys=[self._keys.change(number, "doc")], args=args))

    def _at(self, number: int) -> list[str]:
        return [self._keys.change(number, part) for part in ("doc", "steps", "timeline")]
