"""Several people decide the same changes at the same moment, through several bots: one quorum each, and one run."""

import asyncio
import os
from collections.abc import Sequence

from bench.ballots import Ballots, click
from bench.clicks import Clicks
from bot.catalog.form import parse
from bot.catalog.operation import Context
from bot.catalog.services.edit import OPERATIONS, ServiceCreate
from bot.changes.change import APPROVED, Change, State
from bot.changes.store import ChangeStore
from bot.sandbox.world import TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN
from bot.twilio.gateway import Account
from tests.e2e.world import ANN, BOB, World

CHANGES = 20
LONGEST_WAIT = 120.0


async def contended(world: World, ballots: Ballots, clicks: Clicks, changes: int = CHANGES) -> list[str]:
    """Decide real changes that take one approval; two people click, each twice delivered. Returns what was wrong."""
    wanted = await services(world, ballots, changes)
    presses = []
    for change in wanted:
        for user in (ANN, BOB):
            trigger = os.urandom(8).hex()
            presses += [(change.number, click(change.number, change.digest, user, trigger))] * 2
    await clicks(presses, 32, recorded=False)
    ended = await settled(ballots, wanted)
    return [word for change in ended for word in _wrong(world, change)]


async def services(world: World, ballots: Ballots, count: int, state: State = "pending") -> list[Change]:
    """So many changes that create a service each, asked for and planned as people do."""
    url = f"{world.twilio.url}/{{product}}"
    account = Account(TWILIO_ACCOUNT_SID, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, url, name="main")
    try:
        return [await _service(account, ballots, state) for _ in range(count)]
    finally:
        await account.close()


async def settled(ballots: Ballots, changes: Sequence[Change]) -> list[Change]:
    """These changes, once nothing more happens to any of them. Raises TimeoutError."""
    store = ChangeStore(ballots.redis, ballots.keys, ballots.vault)
    async with asyncio.timeout(LONGEST_WAIT):
        while True:
            now = [change async for _, change in store.many(c.number for c in changes) if change]
            if all(change.settled for change in now):
                return now
            await asyncio.sleep(0.1)


def once(world: World, change: Change) -> list[str]:
    """What speaks against its calls having been made once."""
    name = change.inputs["friendly_name"]
    made = [service for service in world.twilio.created("service") if service["friendly_name"] == name]
    started = sum(event.what == "started" for event in change.timeline)
    wrong = [f"it is {change.called}: {change.note}"] if change.state != "succeeded" else []
    wrong += [f"it was started {started} times"] if started != 1 else []
    wrong += [f"Twilio made {len(made)} services of it"] if len(made) != 1 else []
    return [f"#{change.number}: {words}" for words in wrong]


def _wrong(world: World, change: Change) -> list[str]:
    quorums = sum(event.what == APPROVED and event.to == "approved" for event in change.timeline)
    said = len(change.decisions)
    wrong = [f"#{change.number}: {quorums} quorums, {said} decisions"] if (quorums, said) != (1, 1) else []
    return wrong + once(world, change)


async def _service(account: Account, ballots: Ballots, state: State) -> Change:
    number = ballots.numbers()
    inputs, token = {"friendly_name": f"Contended {number}"}, f"tf-{number:010d}"
    plan = await OPERATIONS[0].planned(parse(ServiceCreate, inputs), Context(account, token))
    return await ballots.ask(number, OPERATIONS[0].name, plan, inputs, token, state)
