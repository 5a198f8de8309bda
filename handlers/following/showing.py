"""Gathers what a registration's card and verdicts show, besides the registration itself."""

from collections.abc import Callable

from bot.checks.guide import Guide
from bot.tracking.history import History
from bot.tracking.memory import Memory
from bot.tracking.registration import Registration
from bot.tracking.store import RegistrationStore
from handlers.blocks.following.registration import Shown


class Showing:
    """Reads it from Redis alone: no call to Twilio or Slack."""

    def __init__(
        self,
        store: RegistrationStore,
        history: History,
        memory: Memory,
        guide: Guide,
        clock: Callable[[], float],
    ) -> None:
        self._store, self._history, self._memory, self._guide, self._clock = store, history, memory, guide, clock

    async def of(self, registration: Registration, channel: str = "") -> Shown:
        """A registration as `channel` sees it."""
        return Shown(
            registration=registration,
            transitions=tuple(await self._store.transitions(registration.id)),
            guide=self._guide,
            channel=channel,
            now=self._clock(),
            typical=await self._history.typical(registration.stage),
            past=await self._memory.past(registration.account, registration.brand_sid),
        )
