"""Somebody at Slack: what they see, and what Slack makes of their clicks."""

import asyncio
import copy
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from bot.sandbox.slack.deliveries import Delivery
from bot.sandbox.slack.inputs import ImpossibleInputError
from bot.sandbox.slack.screens import NotOnScreenError
from tests.chaos.promises import Clicked, Promises, refused
from tests.chaos.world import ChaosWorld
from tests.e2e.world import ANN, APPROVALS, BOB, RITA, Json, shown

PEOPLE: Final = (RITA, ANN, BOB)
LOOK_SECONDS = 1.0
"""How long somebody looks at a window in which nothing happens."""
SOON, LATER = 0.02, 3.0
"""How late a copy comes at most, in seconds: in the same moment, or when the world is another one."""

Doing = Callable[[], Coroutine[Any, Any, None]]


class GaveUpError(Exception):
    """The window shows nothing of use."""


class NothingToDoError(Exception):
    """There is no such button at the moment."""


@dataclass
class Person:
    """One hand of somebody: it does one thing after the other, by dice of its own."""

    chaos: ChaosWorld
    user: str
    random: Random
    promises: Promises
    late: set[asyncio.Task[None]] = field(default_factory=set)

    async def attempt(self, doing: Doing) -> None:
        """Do something, as far as bots and windows let it be done."""
        try:
            await doing()
        except (GaveUpError, NotOnScreenError, ImpossibleInputError, ConnectionError):
            self.promises.sent["given up half-way"] += 1
        except NothingToDoError:
            return

    async def sees(self, condition: Callable[[Json], bool]) -> Json:
        """Wait until the top window is such a one. Raises `GaveUpError`."""
        deadline = asyncio.get_running_loop().time() + LOOK_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            if condition(view := self.chaos.world.view(self.user)):
                return view
            if '"level": "error"' in shown(view):  # it says what went wrong
                break
            await asyncio.sleep(0.02)
        raise GaveUpError

    def cards(self, action: str) -> list[Json]:
        """The cards with such a button."""
        messages = self.chaos.world.slack.messages(APPROVALS)
        return [m for m in messages if m["text"].startswith("#") and f'"{action}"' in shown(m)]

    def card(self, action: str) -> Json:
        """One of the cards with such a button. Raises `NothingToDoError`."""
        if cards := self.cards(action):
            return self.random.choice(cards)
        raise NothingToDoError

    async def click(self, action: str, card: Json, user: str = "") -> None:
        """Click a button of a card."""
        who, (number, digest) = user or self.user, ticket(card, action)
        delivery = await self.chaos.world.slack.click(who, action, channel=APPROVALS, ts=card["ts"])
        self.promises.note(delivery, lambda: self.promised(action, number, digest, who))
        self.once_more(delivery)

    async def says(self, what: str, number: int, digest: str, **answers: str) -> None:
        """Submit the window on top, which is about a change."""
        delivery = await self.chaos.world.slack.submit(self.user, answers)
        told_no = refused(delivery)
        self.promises.note(delivery, lambda: None if told_no else self.promised(what, number, digest))
        self.once_more(delivery)

    def promised(self, what: str, number: int, digest: str, user: str = "") -> None:
        """Remember that Slack showed a click as accepted."""
        self.promises.clicked.append(Clicked(user or self.user, what, number, digest))

    def once_more(self, delivery: Delivery) -> None:
        """Some deliveries come again: at once, or when the world is another one."""
        again, pause = self.random.random(), self.random.choice((SOON, LATER)) * self.random.random()
        if again < 0.35:
            task = asyncio.create_task(self.deliver_again(delivery, pause))
            self.late.add(task)
            task.add_done_callback(self.late.discard)

    async def deliver_again(self, delivery: Delivery, pause: float) -> None:
        """Deliver the very same thing after a while."""
        await asyncio.sleep(pause)
        self.promises.sent["delivered again later" if delivery.acked else "delivered late, for the first time"] += 1
        await self.chaos.world.slack.deliver(copy.deepcopy(delivery.payload))


def ticket(card: Json, action: str) -> tuple[int, str]:
    """The change and the digest that a button of a card carries."""
    for block in card["blocks"]:
        for element in block.get("elements", ()):
            if element.get("action_id") == action:
                number, _, rest = element["value"].partition(":")
                return int(number), rest[:64]
    raise NothingToDoError
