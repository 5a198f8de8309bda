"""What Slack delivers, as it goes over the wire: real payloads of the local Slack, each copy a delivery of its own."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from bench.floors import Listener
from bench.frames import frame
from bench.load import signed
from bot.sandbox.slack.events import encode
from bot.sandbox.world import SIGNING_SECRET
from handlers.http import PATH
from tests.e2e.answers import SERVICE
from tests.e2e.world import A2P, ANN, APPROVALS, RITA, World

Kind = Literal["slash_commands", "interactive"]


@dataclass(frozen=True)
class Sort:
    """One sort of delivery. `trigger` gives each copy the id by which the bot knows it, which is never the same."""

    name: str
    kind: Kind
    listener: Listener
    payload: dict[str, Any]
    trigger: Callable[[], str]

    def requests(self, count: int) -> list[bytes]:
        """That many new deliveries over HTTP, signed now."""
        return [self._request() for _ in range(count)]

    def frames(self, count: int) -> list[bytes]:
        """That many new deliveries over Socket Mode."""
        return [frame(self.kind, self._new(), number) for number in range(count)]

    def _request(self) -> bytes:
        content_type, body = encode(self.kind, self._new())
        return signed(PATH, body, content_type, SIGNING_SECRET, time.time())

    def _new(self) -> dict[str, Any]:
        return {**self.payload, "trigger_id": self.trigger()}


async def answered_in_the_ack(world: World) -> tuple[Sort, ...]:
    """Deliveries that leave nothing to do after their ack: help, a letter typed into a form, a page with a mistake.

    All three are written down as seen; the form's two read its draft, and the page with the mistake keeps it as well.
    """
    fresh = _numbered()
    command = await world.slack.command(RITA, A2P, "/a2p-service", "help")
    await world.slack.command(RITA, A2P, "/a2p-service", "create")
    await world.page(RITA, 1)
    typed = await world.slack.click(RITA, "field:friendly_name", value="Acme")
    wrong = await world.slack.submit(RITA, {"friendly_name": "x" * 65}, bypass_client=True)
    if not wrong.acked or not wrong.errors:
        raise ValueError("the page was meant to have a mistake")
    return (
        Sort("command: help", "slash_commands", "command", command.payload, fresh),
        Sort("button: an answer typed into a form", "interactive", "action", typed.payload, fresh),
        Sort("submission: a page with a mistake", "interactive", "view_submission", wrong.payload, fresh),
    )


async def with_an_aftermath(world: World) -> tuple[Sort, ...]:
    """Deliveries after whose ack there is more to do: a form to be opened at Slack, an act to be carried out.

    The act is an approval that comes too late: it is written down, its change is read, and it is refused in words.
    """
    slack = world.slack
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    card = await world.card(number, "Approve")
    clicked = await slack.click(ANN, "change.approve", channel=APPROVALS, ts=card["ts"])
    await world.done(number)
    opened = await slack.command(RITA, A2P, "/a2p-service", "create")

    def opening() -> str:
        return slack.store.new_trigger(RITA, channel=A2P)

    return (
        Sort("command: opens a form", "slash_commands", "command", opened.payload, opening),
        Sort("button: approve, too late", "interactive", "action", clicked.payload, _numbered()),
    )


def _numbered() -> Callable[[], str]:
    numbers: Iterator[int] = itertools.count()
    begun = time.time_ns()
    return lambda: f"{begun}.{next(numbers)}.bench"
