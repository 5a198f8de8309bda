"""What people do on cards: decide, alone and in the same moment, settle what has stopped, and click once too often."""

import asyncio
from dataclasses import dataclass
from typing import Final

from tests.chaos.people import PEOPLE, Doing, NothingToDoError, Person, ticket
from tests.e2e.world import APPROVALS

STOPPED: Final = ("change.retry", "change.did_not", "change.ask_again", "change.abandon")
STOPPED_WEIGHTS: Final = (6, 4, 6, 1)


@dataclass
class Decider(Person):
    """Somebody in front of the approvals channel."""

    async def work(self) -> None:
        """Click, until cancelled."""
        doings: list[Doing] = [self.approve, self.approve_together, self.settle]
        doings += [self.change_mind, self.repeat, self.click_an_old_button, self.undo]
        while True:
            await self.attempt(self.random.choices(doings, (8, 4, 4, 1, 2, 1, 1))[0])
            await asyncio.sleep(self.random.uniform(0.05, 0.3))

    async def approve(self) -> None:
        """Approve what waits."""
        await self.click("change.approve", self.card("change.approve"))

    async def approve_together(self) -> None:
        """Two people approve in the same moment."""
        card = self.card("change.approve")
        other = self.random.choice([user for user in PEOPLE if user != self.user])
        await asyncio.gather(self.click("change.approve", card), self.click("change.approve", card, other))

    async def settle(self) -> None:
        """Do what a stopped run asks for: try again, say that it did not happen, ask again, or let it go."""
        wanted = self.random.choices(STOPPED, STOPPED_WEIGHTS)[0]
        await self.click(wanted, self.card(wanted))

    async def change_mind(self) -> None:
        """Withdraw what waits; only its requester may."""
        await self.click("change.cancel", self.card("change.cancel"))

    async def undo(self) -> None:
        """Ask for the undoing of what was done."""
        await self.click("change.undo", self.card("change.undo"))

    async def repeat(self) -> None:
        """Slack delivers something of a while ago once more."""
        if not self.promises.worth_repeating:
            raise NothingToDoError
        delivery = self.random.choice(self.promises.worth_repeating[-20:])
        await self.deliver_again(delivery, self.random.uniform(0, 0.3))

    async def click_an_old_button(self) -> None:
        """Approve with the digest of another plan, as on a card that was not redrawn yet."""
        cards = self.cards("change.approve")
        if len(cards) < 2:
            raise NothingToDoError
        here, there = self.random.sample(cards, 2)
        number, _ = ticket(here, "change.approve")
        _, digest = ticket(there, "change.approve")
        self.promises.sent["clicks with another plan's digest"] += 1
        await self.chaos.world.slack.click(
            self.user, "change.approve", channel=APPROVALS, ts=here["ts"], action={"value": f"{number}:{digest}"}
        )
