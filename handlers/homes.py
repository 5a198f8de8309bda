"""Redraws App Homes after something has moved: each once for everything that moved meanwhile."""

from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger()


class Homes:
    """Draws one Home after the other, by one hand. A freeze moves every open change at once, and a Home shows them all.

    `concerned` names the people whose Homes show changes at all, `publish` draws one of them.
    """

    def __init__(
        self,
        visitors: Callable[[set[str]], Awaitable[set[str]]],
        concerned: Callable[[], Awaitable[set[str]]],
        publish: Callable[[str], Awaitable[None]],
    ) -> None:
        self._visitors, self._concerned, self._publish = visitors, concerned, publish
        self._wanted: set[str] = set()
        self._moved = self._drawing = self._approvers_too = False

    async def redraw(self, users: set[str]) -> None:
        """Draw the Homes of these people and of all approvers, as far as they have ever opened theirs."""
        self._approvers_too = True
        await self.redraw_these(users)

    async def redraw_these(self, users: set[str]) -> None:
        """Draw the Homes of these people alone: what moved is decided by nobody."""
        self._wanted |= users
        self._moved = True
        if self._drawing:
            return  # whoever draws does these too
        self._drawing = True
        try:
            while self._moved:
                users, self._wanted, self._moved = self._wanted, set(), False
                await self._draw(users)
        finally:
            self._drawing = False

    async def _draw(self, users: set[str]) -> None:
        approvers_too, self._approvers_too = self._approvers_too, False
        try:
            users = users | (await self._concerned() if approvers_too else set())
        except Exception as error:  # who asked is drawn all the same
            log.warning("approvers_not_known", why=type(error).__name__)
        for user in sorted(await self._visitors(users)):
            try:
                await self._publish(user)
            except Exception as error:  # one page must not keep the others from being drawn
                log.warning("home_not_drawn", user=user, why=type(error).__name__)
