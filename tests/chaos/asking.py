"""What people do in windows: ask for things by command and form, and reject what others ask for, with a reason."""

import asyncio
import re
import time
from dataclasses import dataclass, field

from tests.chaos.people import GaveUpError, Person, ticket
from tests.chaos.promises import Asked, answer, refused
from tests.e2e.world import A2P, APPROVALS, page_of


@dataclass
class Asker(Person):
    """Somebody in front of a window. `free` are numbers that nobody else buys; each request has a name of its own."""

    seed: int = 0
    free: list[str] = field(default_factory=list)
    asked: int = 0

    async def work(self) -> None:
        """Ask and reject, until cancelled."""
        while True:
            await self.attempt(self.random.choices([self.ask, self.reject], (9, 1))[0])
            self.chaos.world.slack.reload(self.user)
            await asyncio.sleep(self.random.uniform(0, 0.2))

    async def ask(self) -> None:
        """Ask for a messaging service or a number, typed in full or by form."""
        self.asked += 1
        name = f"Chaos {self.seed} {self.user} {self.asked}"
        how, tries = self.random.choice(("typed", "form", "number")), self.random.randint(1, 2)
        pause = self.random.uniform(0, 0.5)
        if how == "number" and self.free:
            name = self.free.pop()
            await self._type("/a2p-number", f'buy area_code={name[2:5]} phone_numbers="{name}" service="Acme support"')
        elif how == "form":
            await self._type("/a2p-service", "create")
            await self._page(1, friendly_name=name)
            await self._page(2, validity_period="600")
        else:
            await self._type("/a2p-service", f'create friendly_name="{name}" validity_period=600')
        await self._request(name, tries)
        await asyncio.sleep(pause)

    async def reject(self) -> None:
        """Reject what waits, with a reason."""
        card = self.card("change.reject")
        number, digest = ticket(card, "change.reject")
        await self.chaos.world.slack.click(self.user, "change.reject", channel=APPROVALS, ts=card["ts"])
        await self.sees(lambda view: view["callback_id"] == "reject")
        delivery = await self.chaos.world.slack.submit(self.user, {"reason": f"Not now, says {self.user}"})
        told_no = refused(delivery)
        self.promises.note(delivery, lambda: None if told_no else self.promised("reject", number, digest))
        self.once_more(delivery)

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
        draft = re.search(r'"d":"([^"]+)"', preview["private_metadata"])
        assert draft, preview["private_metadata"]
        for _ in range(tries):
            delivery = await self.chaos.world.slack.submit(self.user, view_id=preview["id"])
            self.promises.note(delivery, lambda: None)
            promised = delivery.acked and not refused(delivery)
            now = time.strftime("%H:%M:%S", time.gmtime())
            self.promises.asked.append(Asked(self.user, name, draft[1], promised, answer(delivery), now))
            self.once_more(delivery)
            if delivery.acked:
                return
