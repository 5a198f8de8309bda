"""What people do in windows: ask for things by command and form, amend, and reject with a reason."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from functools import partial

from bot.sandbox.twilio.start_state import SUPPORT_SERVICE
from tests.chaos.console import set_validity
from tests.chaos.people import Doing, GaveUpError, Person, ticket
from tests.chaos.promises import Asked, answer, refused
from tests.chaos.seldom import break_glass, freeze_for_a_moment, sign_off
from tests.e2e.world import A2P, APPROVALS, page_of

VALIDITY = 700


@dataclass
class Asker(Person):
    """Somebody in front of a window; each request has a name of its own.

    `free` are numbers, and `services` services, that nobody else has to do with.
    """

    seed: int = 0
    free: list[str] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    asked: int = 0

    async def work(self) -> None:
        """Do one after the other, until cancelled."""
        while True:
            doings: list[Doing] = [self.ask, self.amend, self.reject, partial(break_glass, self)]
            doings += [partial(sign_off, self), partial(freeze_for_a_moment, self)]
            await self.attempt(self.random.choices(doings, (14, 3, 2, 1, 1, 1))[0])
            self.chaos.world.slack.reload(self.user)
            await asyncio.sleep(self.random.uniform(0, 0.2))

    async def ask(self) -> None:
        """Ask for a messaging service, other settings of one, or a number; typed in full or by form."""
        self.asked += 1
        name = f"Chaos {self.seed} {self.user} {self.asked}"
        how, tries = self.random.choice(("typed", "form", "number", "update")), self.random.randint(1, 2)
        pause = self.random.uniform(0, 0.5)
        if how == "number" and self.free:
            name = self.free.pop()
            await self._type(
                "/a2p-number", f'buy area_code={name[2:5]} phone_numbers="{name}" service={SUPPORT_SERVICE}'
            )
        elif how == "update" and self.services:
            await self._type_settings(name, self.services.pop())
        elif how == "form":
            await self._type("/a2p-service", "create")
            await self._page(1, friendly_name=name)
            await self._page(2, validity_period="600")
        else:
            await self._type("/a2p-service", f'create friendly_name="{name}" validity_period=600')
        await self._request(name, tries)
        await asyncio.sleep(pause)

    async def _type_settings(self, name: str, service_sid: str) -> None:
        """Ask for other settings of a service; now and then somebody sets the same in Console meanwhile."""
        behind = self.random.random() < 0.5
        settings = f'friendly_name="{name}" validity_period={VALIDITY}'
        await self._type("/a2p-service", f"update service_sid={service_sid} {settings}")
        await self.sees(lambda view: view["callback_id"] == "preview")
        if behind:
            set_validity(self.chaos.world.twilio, service_sid, VALIDITY)

    async def amend(self) -> None:
        """Let something else be done than what was asked for."""
        card = self.card("change.amend")
        delivery = await self.chaos.world.slack.click(self.user, "change.amend", channel=APPROVALS, ts=card["ts"])
        self.promises.note(delivery, lambda: None)
        self.asked += 1
        name = f"Chaos {self.seed} {self.user} {self.asked}"
        await self._page(1, friendly_name=name)
        await self._page(2, validity_period=str(self.random.randint(601, 14000)))
        await self._request(name, self.random.randint(1, 2))

    async def reject(self) -> None:
        """Reject what waits, with a reason."""
        card = self.card("change.reject")
        number, digest = ticket(card, "change.reject")
        await self.chaos.world.slack.click(self.user, "change.reject", channel=APPROVALS, ts=card["ts"])
        await self.sees(lambda view: view["callback_id"] == "reject")
        await self.says("reject", number, digest, reason=f"Not now, says {self.user}")

    async def _type(self, command: str, text: str) -> None:
        delivery = await self.chaos.world.slack.command(self.user, A2P, command, text)
        self.promises.note(delivery, lambda: None)
        if not delivery.acked:
            raise GaveUpError

    async def _page(self, page: int, **answers: str) -> None:
        await self.sees(lambda view: page_of(view) == page)
        delivery = await self.chaos.world.slack.submit(self.user, answers)
        self.promises.note(delivery, lambda: None)
        if not delivery.acked or delivery.errors:
            raise GaveUpError

    async def _request(self, name: str, tries: int) -> None:
        """Submit the preview; again in the same window where Slack says that it did not work."""
        preview = await self.sees(lambda view: view["callback_id"] == "preview")
        memo = json.loads(preview["private_metadata"])
        for _ in range(tries):
            delivery = await self.chaos.world.slack.submit(self.user, view_id=preview["id"])
            self.promises.note(delivery, lambda: None)
            promised = delivery.acked and not refused(delivery)
            now = time.strftime("%H:%M:%S", time.gmtime())
            self.promises.asked.append(Asked(self.user, name, memo["d"], memo["g"], promised, answer(delivery), now))
            self.once_more(delivery)
            if delivery.acked:
                return
