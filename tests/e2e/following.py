"""Steps that the tests of following share: a world that Twilio and TCR can reach, and what is read in it."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.sinks import Sink
from bot.sandbox.world import TCR_SECRET
from tests.e2e.world import A2P, ALERTS, ANN, RITA, Json, World, open_world, shown
from tests.redis.servers import free_port

SERVICE = start_state.SUPPORT_SERVICE
SECRET = "planted-events-secret-0123456789"
QUICK = "0.2"
"""Seconds between two sweeps."""
RAW = re.compile(r"\b1[789]\d{8}(?:\.\d+)?\b|\{'|\{\\\\\"|None\b|datetime\.|\bTrue\b|\bFalse\b|\d{4}-\d\d-\d\dT")
"""What must not be read: seconds since 1970, Python's and JSON's own notation, times of machines."""


DATE = re.compile(r"<!date\^[^>]*>")


@dataclass
class Moved:
    """A clock that runs, ahead of the real one by as much as a test has moved it."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def pass_by(self, seconds: float) -> bool:
        """Let time pass; always true, for what waits as time goes by."""
        self.ahead += seconds
        return True


@asynccontextmanager
async def reachable(tmp_path: Path) -> AsyncIterator[tuple[World, dict[str, Any]]]:
    """A world without a bot, and the settings with which Twilio and TCR reach the one that is started in it."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    async with open_world(tmp_path) as world:
        world.twilio.tcr.url = f"{base}/tcr/{TCR_SECRET}"
        yield (
            world,
            {
                "PORT": str(port),
                "TENFOUR_PUBLIC_URL": base,
                "TENFOUR_EVENTS_SECRET": SECRET,
                "TENFOUR_TCR_SECRET": TCR_SECRET,
                "TENFOUR_POLL_SECONDS": QUICK,
            },
        )


async def change(world: World, command: str, text: str, *pages: Json) -> Json:
    """Ask for a change, have it approved, and give its card when it is done."""
    number = await world.request(RITA, command, text, *pages)
    await world.approve(ANN, number)
    return await world.done(number)


async def event_streams(world: World) -> str:
    """Set Event Streams up as people do; gives the SID of the sink."""
    await change(world, "/a2p-events", "setup", {})
    [sink] = world.twilio.ledger.table(Sink)
    return sink.sid


async def desk(world: World, what: str, **order: Any) -> Json:
    """What the carrier page sends when one of its buttons is pressed."""
    async with aiohttp.ClientSession() as http, http.post(f"{world.twilio.url}/_desk/{what}", json=order) as answer:
        told: Json = await answer.json()
        assert answer.status == 200, told
        return told


async def answer(world: World, command: str, text: str, user: str = RITA) -> str:
    """Type a complete command, and give what this person alone is answered."""
    before = len(world.slack.ephemerals(user, A2P))
    await world.slack.command(user, A2P, command, text)
    await world.until(lambda: len(world.slack.ephemerals(user, A2P)) > before, f"{command} {text}")
    return shown(world.slack.ephemerals(user, A2P)[-1])


def card(world: World, title: str) -> Json:
    """The card at the head of a registration's thread in the alerts channel, as it stands."""
    roots = (m for m in world.slack.messages(ALERTS) if m.get("thread_ts", m["ts"]) == m["ts"])
    return next((m for m in roots if title in m["text"]), {"ts": "", "text": ""})


def thread(world: World, title: str) -> list[str]:
    """What was said in a registration's thread, in order."""
    ts = card(world, title)["ts"]
    return [shown(m) for m in world.slack.messages(ALERTS) if m.get("thread_ts") == ts and m["ts"] != ts]


async def card_shows(world: World, title: str, text: str) -> Json:
    """Wait until a card shows this."""
    found: Json = await world.until(lambda: (c := card(world, title)) and text in shown(c) and c, f"{title}: {text}")
    return found


async def replies(world: World, title: str, text: str, times: int = 1) -> list[str]:
    """Wait until so many replies of a thread show this text; gives the whole thread."""
    await world.until(lambda: said(world, title, text) >= times, f"{title}: {text}")
    return thread(world, title)


def said(world: World, title: str, text: str) -> int:
    """How many replies of a thread show this text."""
    return sum(text in reply for reply in thread(world, title))


async def click(world: World, user: str, title: str, action: str) -> None:
    """Press a button of a registration's card."""
    await world.slack.click(user, f"registration.{action}", channel=ALERTS, ts=card(world, title)["ts"])


def everything_told(world: World) -> str:
    """All that the alerts channel shows."""
    return "\n".join(shown(m) for m in world.slack.messages(ALERTS))


def raw_words(world: World) -> list[str]:
    """Pieces of what the alerts channel shows that are for machines only."""
    words = DATE.sub("", " ".join(w for m in world.slack.messages(ALERTS) for w in _words(m.get("blocks") or [])))
    return [found[0] for found in RAW.finditer(words)]


def _words(thing: Any) -> list[str]:
    if isinstance(thing, dict):
        own = [thing["text"]] if isinstance(thing.get("text"), str) else []
        return own + [w for key, value in thing.items() if key != "value" for w in _words(value)]
    return [w for each in thing for w in _words(each)] if isinstance(thing, list) else []
