"""One, two and four bots on one Redis doing the same work (`make bench-scale`): acks, runs, and a sweep.

Ends with 1 if anything was lost or done twice: a call at Twilio, a look at a registration, a post in Slack. The local
Slack and Twilio live in this process and Redis in its own, on the same cores: how much CPU each took is printed, as it
says where the machine ends it rather than the bot.
"""

import argparse
import asyncio
import math
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence, Set
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from docket import Docket
from redis.asyncio import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bench.ballots import FORM, POLICY, Ballots
from bench.bots import Bots, bots
from bench.contended import once, services, settled
from bench.load import Drive, loader, signed
from bench.rounds import ROUNDS, Figures, Results, interleaved, machine, table, times
from bench.usage import cpu_seconds, machine_seconds
from bot.changes.change import Change
from bot.changes.store import ChangeStore
from bot.policy.file import load_policy
from bot.redis.connection import with_connections
from bot.redis.keys import Keys
from bot.sandbox.twilio.brands import Brand
from bot.sandbox.twilio.start_state import APPROVED_BRAND
from bot.sandbox.world import BOT_TOKEN, SIGNING_SECRET, TEAM_ID, TWILIO_ACCOUNT_SID
from bot.settings import encryption_keys, load_settings
from bot.tracking.registration import Registration, registration_id
from bot.tracking.store import RegistrationStore
from bot.vault import Vault
from handlers.http import PATH
from tests.e2e.world import A2P, ALERTS, APPROVALS, RITA

BOTS = (1, 2, 4)
IN_FLIGHT = 32
LONGEST_WAIT = 180.0
DAY = 86400.0
MOMENT, IDLE = 1.0, 0.15
"""Seconds in which bots that are at rest take no more than this share of a core, all together."""
FULL = 0.9
"""So large a share of all cores busy is all that there is."""
ACKS, RUNS, LOOKS = "acks", "runs", "looks"
_BRANDS = "/v1/a2p/BrandRegistrations/"


class Incorrect(Exception):
    """Something was lost, or done twice."""


@dataclass(frozen=True)
class Amounts:
    """How much of each kind of work there is."""

    acks: int
    runs: int
    looks: int


@dataclass(frozen=True)
class Site:
    """What the work is done in."""

    running: Bots
    ballots: Ballots
    docket: Docket
    drives: Sequence[Drive]
    """One for each bot."""
    amounts: Amounts

    async def timed(self, name: str, work: Callable[[], Awaitable[None]], count: int) -> Figures:
        """The rate of one kind of work, and how many cores each part kept busy meanwhile."""
        await self._at_rest()
        before, begun = self._spent(), time.perf_counter()
        await work()
        took, after = time.perf_counter() - begun, self._spent()
        used = {f"{name} {who}": (after[who] - before[who]) / took for who in after}
        return {f"{name}/s": count / took} | used

    async def _at_rest(self) -> None:
        """Wait until the bots are done with what the work before has left them, such as cards."""
        async with asyncio.timeout(LONGEST_WAIT):
            spent = -math.inf
            while (now := cpu_seconds(self.running.pids)) - spent > IDLE * MOMENT:
                spent = now
                await asyncio.sleep(MOMENT)

    def _spent(self) -> dict[str, float]:
        ours = {
            "bots": cpu_seconds(self.running.pids),
            "Redis": cpu_seconds([self.running.world.redis.pid or 0]),
            "Slack and Twilio": cpu_seconds([os.getpid()]),
        }
        return ours | {"the rest": machine_seconds() - sum(ours.values())}

    async def acks(self) -> None:
        """Slash commands, to all bots at once."""
        ports = self.running.ports
        count, in_flight = self.amounts.acks // len(ports), IN_FLIGHT // len(ports)
        requests = [_commands(count) for _ in ports]
        pairs = zip(self.drives, ports, requests, strict=True)
        loads = [drive(port, mine, in_flight) for drive, port, mine in pairs]
        if wrong := [load.statuses for load in await asyncio.gather(*loads) if set(load.statuses) != {200}]:
            raise Incorrect(f"commands were answered with {wrong}")

    async def asked(self) -> list[Change]:
        """Changes that wait for their approval, each of which creates a service."""
        return await services(self.running.world, self.ballots, self.amounts.runs)

    async def runs(self, changes: Sequence[Change]) -> None:
        """Have them run, all approved in the same moment."""
        store = ChangeStore(self.ballots.redis, self.ballots.keys, self.ballots.vault)
        for change in changes:
            await store.move(change.number, ["pending"], "approved")
            await self.docket.add("run_change", key=f"start:{change.number}:bench")(change.number)
        ended = await settled(self.ballots, changes)
        if wrong := [words for change in ended for words in once(self.running.world, change)]:
            raise Incorrect("; ".join(wrong))

    async def looks(self, sids: Set[str]) -> None:
        """A sweep over brands, all of which are due in the same moment."""
        store = RegistrationStore(self.ballots.redis, Keys())
        ids = [registration_id("brand", TWILIO_ACCOUNT_SID, sid) for sid in sids]
        await store.look_at_all(dict.fromkeys(ids, time.time()))
        await self.docket.add("sweep_registrations", key="sweep_registrations:bench")(0)
        async with asyncio.timeout(LONGEST_WAIT):
            # some are read by their SID, others with a list of all
            while not all(known.status for known in (await store.many(ids)).values()):  # noqa: ASYNC110  # written by other processes
                await asyncio.sleep(0.1)
        calls = self.running.world.twilio.calls(f"GET {_BRANDS}BN[0-9a-f]{{32}}$")
        seen = Counter(sid for call in calls if (sid := call.path.removeprefix(_BRANDS)) in sids)
        if twice := [sid for sid, count in seen.items() if count > 1]:
            raise Incorrect(f"{len(twice)} brands were looked at more than once")

    async def followed(self) -> set[str]:
        """Brands that are followed, and due only later; gives their SIDs."""
        store, table_of = RegistrationStore(self.ballots.redis, Keys()), self.running.world.twilio.ledger.table(Brand)
        known, now = table_of.get(APPROVED_BRAND), time.time()
        assert known  # it is there from the start
        sids = {f"BN{secrets.token_hex(16)}" for _ in range(self.amounts.looks)}
        for sid in sids:
            table_of.add(known.model_copy(update={"sid": sid}))
            account = {"account": TWILIO_ACCOUNT_SID, "account_name": "main"}
            await store.begin(Registration(kind="brand", key=sid, title=sid, started_at=now + DAY, **account))
        return sids


async def turn(count: int, amounts: Amounts) -> Figures:
    """All kinds of work, one after the other, by so many bots in a world of their own."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        policy = folder / "policy.toml"
        policy.write_text(POLICY)
        running = await stack.enter_async_context(bots(folder, count, TENFOUR_POLICY=str(policy)))
        world = running.world
        redis = Redis.from_url(world.redis_url, decode_responses=True)
        stack.push_async_callback(redis.aclose)
        slack = AsyncWebClient(BOT_TOKEN, base_url=f"{world.slack.url}/api/")
        card = str((await slack.chat_postMessage(channel=APPROVALS, text="Stands for all cards"))["ts"])
        vault = Vault(encryption_keys(load_settings(world.environment())))
        url = with_connections(world.redis_url)
        site = Site(
            running,
            Ballots.of(redis, vault, load_policy(policy), card),
            await stack.enter_async_context(_tasks(url)),
            [await stack.enter_async_context(loader()) for _ in range(count)],
            amounts,
        )
        figures = await site.timed(ACKS, site.acks, amounts.acks)
        figures |= await site.timed(RUNS, partial(site.runs, await site.asked()), amounts.runs)
        figures |= await site.timed(LOOKS, partial(site.looks, await site.followed()), amounts.looks)
        posts = [message for channel in (A2P, ALERTS, APPROVALS) for message in world.slack.messages(channel)]
        keys = Counter(m["metadata"]["event_payload"]["key"] for m in posts if m.get("metadata"))
        if twice := [key for key, times_ in keys.items() if times_ > 1]:
            raise Incorrect(f"posted twice: {twice}")
        return figures


async def measure(rounds: int, amounts: Amounts) -> None:
    """All rounds, and their table."""
    contestants = {_named(count): partial(turn, count, amounts) for count in BOTS}
    results = await interleaved(contestants, _named(1), rounds, warmup=0)
    print(f"The same work by 1, 2 and 4 bots, {machine()}, {rounds} rounds\n")
    print(_table(results))
    print(
        f"\nThe last five columns are cores that were busy, of {os.cpu_count()}; the rest is the load of acks, and\n"
        f"whatever else ran. Marked with * it is the machine that ends it ({FULL:.0%} of it or more): another bot\n"
        "then only takes its share from the others. A sweep is taken by one bot at a time, by design."
    )


def _table(results: Results) -> str:
    parts = ("bots", "Redis", "Slack and Twilio", "the rest")
    rows = []
    for work in (ACKS, RUNS, LOOKS):
        for name in results.taken:
            cores = [results.median(name, f"{work} {part}") for part in parts]
            rate, ratio = results.median(name, f"{work}/s"), results.ratio(name, f"{work}/s")
            full = "*" if sum(cores) >= FULL * (os.cpu_count() or 1) else ""
            busy = [*(f"{core:.2f}" for core in cores), f"{sum(cores):.2f}{full}"]
            rows.append((work, name, f"{rate:.0f}/s", times(ratio), "once", *busy))
    return table(("work", "by", "rate", "of one bot", "done", *parts, "together"), rows)


@asynccontextmanager
async def _tasks(url: str) -> AsyncIterator[Docket]:
    """The bots' tasks, to be asked for at once rather than at the next sweep."""

    async def run_change(number: int) -> None: ...

    async def sweep_registrations(slot: int) -> None: ...

    async with Docket(name=f"{Keys().prefix}-tasks", url=url) as docket:
        docket.register(run_change)
        docket.register(sweep_registrations)
        yield docket


def _named(count: int) -> str:
    return "1 bot" if count == 1 else f"{count} bots"


def _commands(count: int) -> Sequence[bytes]:
    def body() -> bytes:
        fields = {
            "command": "/a2p",
            "text": "help",
            "team_id": TEAM_ID,
            "team_domain": "acme",
            "user_id": RITA,
            "user_name": "rita",
            "channel_id": A2P,
            "channel_name": "a2p",
            "trigger_id": secrets.token_hex(12),
            "response_url": "http://127.0.0.1:9/none",
            "api_app_id": "A0TENFOUR",
        }
        return urlencode(fields).encode()

    return [signed(PATH, body(), FORM, SIGNING_SECRET, time.time()) for _ in range(count)]


def main() -> int:
    """Measure and print; 1 if anything was lost or done twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, to see that it works")
    quick = parser.parse_args().quick
    try:
        asyncio.run(measure(1, Amounts(400, 6, 50)) if quick else measure(ROUNDS, Amounts(1000, 20, 150)))
    except Incorrect as wrong:
        print(f"WRONG: {wrong}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
