"""How long a channel takes to be told what has piled up for it: thousands of announcements, one message a second."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet
from redis.asyncio import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bench.announced import Announced
from bot.audit.log import AuditLog
from bot.audit.trail import AuditTrail
from bot.changes.store import ChangeStore
from bot.checks.guide import Guide
from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.sandbox.slack.server import LocalSlack
from bot.sandbox.world import BOT_TOKEN
from bot.tempo import PRODUCTION
from bot.tracking.history import History
from bot.tracking.memory import Memory
from bot.tracking.registration import Registration, Severity, Transition
from bot.tracking.store import RegistrationStore
from bot.tracking.subscriptions import Subscription, addressed
from bot.vault import Vault
from handlers.background import Background
from handlers.following.catch_up import CatchUps
from handlers.following.channels import DRAWN, Channels
from handlers.following.showing import Showing
from handlers.following.waiting import book_of
from handlers.posts import Posts

CHANNEL, ACCOUNT = "C0ALERTS", "AC" + "5a" * 16
BAD_EVERY = 100
"""One registration of so many is refused."""


@dataclass(frozen=True)
class Told:
    """How a channel was told: messages, seconds, registrations told wrongly, and posts a second at the busiest."""

    posts: int
    seconds: float
    wrong: int
    pace: float


async def piled_up(announcements: int, folder: Path, pace: float = PRODUCTION.redraw) -> Told:
    """Tell a channel that many announcements, each of a registration of its own, a post each `pace` seconds."""
    slack = LocalSlack()
    await slack.start()
    try:
        async with open_redis(None, folder) as redis:
            return await _told(announcements, slack, redis.client, pace)
    finally:
        await slack.stop()


async def _told(announcements: int, slack: LocalSlack, redis: Redis, pace: float) -> Told:
    keys = Keys()
    store = RegistrationStore(redis, keys)
    known = [await _begun(store, keys, redis, n) for n in range(announcements)]
    async with _channels(slack, redis, keys, store, pace) as (channels, background):
        begun = time.monotonic()
        while await store.untold(time.time()):
            channels.tell(CHANNEL)
            while background._tasks:
                await asyncio.gather(*background._tasks)
        seconds = time.monotonic() - begun
    told = Announced(slack.messages(CHANNEL))
    wrong = told.wrong(await store.logs(known))
    return Told(told.posts, seconds, len(wrong), told.pace)


async def _begun(store: RegistrationStore, keys: Keys, redis: Redis, n: int) -> str:
    now = time.time()
    the = Registration(kind="campaign", account=ACCOUNT, key=f"MG{n:032x}", title=f"Campaign {n}", started_at=now)
    await store.begin(the)
    bad = n % BAD_EVERY == 0
    severity: Severity = "bad" if bad else "good"
    seen = the.model_copy(update={"status": "SUSPENDED" if bad else "VERIFIED", "since": now, "fetched_at": now})
    moved = Transition(id=1, before="IN_PROGRESS", after=seen.status, at=now, severity=severity, snapshot={})
    assert await store.observe(seen, [moved], addressed([moved], seen, [Subscription(channel=CHANNEL)], now))
    await redis.hset(book_of(keys, the.id), DRAWN, "1")  # its cards are drawn: there are none
    return the.id


@asynccontextmanager
async def _channels(
    slack: LocalSlack, redis: Redis, keys: Keys, store: RegistrationStore, pace: float
) -> AsyncIterator[tuple[Channels, Background]]:
    client = AsyncWebClient(BOT_TOKEN, base_url=f"{slack.url}/api/", retry_handlers=[])
    posts, background, vault = Posts(client, redis), Background(), Vault([Fernet.generate_key().decode()])
    trail = AuditTrail(redis, keys, AuditLog(redis, keys, vault), ChangeStore(redis, keys, vault), time.time, 90)
    showing = Showing(store, History(redis, keys), Memory(redis, keys), Guide.load(), time.time)
    catch_ups, leases = CatchUps(redis, keys, posts), Leases(redis)
    channels = Channels(keys, store, posts, catch_ups, showing, background, leases, trail, CHANNEL, time.time, pace)
    yield channels, background


async def main(announcements: int, pace: float) -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        told = await piled_up(announcements, Path(folder), pace)
    print(f"{announcements:,} announcements, a post each {pace:g} s: {told.posts} posts in {told.seconds:.0f} s")
    return 1 if told.wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("announcements", type=int)
    parser.add_argument("--pace", type=float, default=PRODUCTION.redraw, help="seconds between two posts")
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.announcements, given.pace)))
