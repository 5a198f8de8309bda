"""A whole world for one test: the local Slack, the local Twilio, a Redis of its own, and the real bot between them."""

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from bot.app import running
from bot.plans.call import Call
from bot.redis.embedded import EmbeddedRedis, run_embedded_redis
from bot.runs.patience import Patience
from bot.sandbox.slack.server import LocalSlack
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.server import LocalTwilio
from bot.sandbox.world import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from bot.settings import load_settings
from bot.tempo import Tempo
from bot.twilio.gateway import Account
from tests.e2e.quick_bot import QuickBot, quick_bot

ROOT = Path(__file__).parents[2]
RITA, ANN, BOB, GUS = "U0RITA", "U0ANN", "U0BOB", "U0GUS"
A2P, APPROVALS, ALERTS = "C0A2P", "C0APPROVALS", "C0ALERTS"
PATIENCE = 30.0
HURRY = Tempo(patience=Patience(look_after=0.2, sure_after=0.4), redraw=0.1, sweep=1.5, settle=0.1)
"""A local Twilio does late only what a test asks it to do late."""
PRODUCTION = ("bot", "run")
"""The command that starts the bot as it is run."""
FIRST = "the first choice of a menu"

Json = dict[str, Any]
Process = asyncio.subprocess.Process | QuickBot


@dataclass
class World:
    """Slack, Twilio and Redis without a bot; `bot` starts one in this process, `process` a real one."""

    slack: LocalSlack
    twilio: LocalTwilio
    redis: EmbeddedRedis
    state: Path
    http_port: int | None = None
    processes: list[Process] = field(default_factory=list)
    patience: float = PATIENCE

    @property
    def redis_url(self) -> str:
        """Where Redis is."""
        return self.redis.url

    def freeze_redis(self) -> None:
        """Stop Redis where it stands: connections hang."""
        assert self.redis.pid
        os.kill(self.redis.pid, signal.SIGSTOP)

    def thaw_redis(self) -> None:
        """Let it go on."""
        assert self.redis.pid
        os.kill(self.redis.pid, signal.SIGCONT)

    def environment(self, **more: str) -> dict[str, str]:
        """What the bot is started with."""
        slack = {"SLACK_APP_TOKEN": APP_TOKEN} if self.http_port is None else {"PORT": str(self.http_port)}
        return {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": f"{self.slack.url}/api/",
            "TWILIO_ACCOUNT_SID": start_state.ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": start_state.AUTH_TOKEN,
            "TWILIO_API_URL": self.twilio.url + "/{product}",
            "REDIS_URL": self.redis_url,
            "TENFOUR_APPROVALS_CHANNEL": APPROVALS,
            "TENFOUR_ALERTS_CHANNEL": ALERTS,
            "TENFOUR_POLL_SECONDS": "0.5",
            "TENFOUR_STATE": str(self.state),
            **slack,
            **more,
        }

    @asynccontextmanager
    async def bot(
        self, *, clock: Callable[[], float] = time.time, tempo: Tempo = HURRY, **more: str
    ) -> AsyncIterator[None]:
        """The bot in this process: as fast as it gets, for tests that are not about processes."""
        async with running(load_settings(self.environment(**more)), clock, tempo):
            if self.http_port is None:
                await self.slack.wait_connected(PATIENCE)
            yield

    async def process(self, *command: str, **more: str) -> Process:
        """The bot as a process of its own, ready; a quick one unless the command is `PRODUCTION`."""
        # in production a lease ends after ten seconds, and that a call has not happened is sure after thirty
        self.patience = 90.0
        log = self.state.with_name(f"bot-{len(self.processes)}.log")
        log.touch()
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | self.environment(**more)
        bot = await (_started(command, environment, log) if command else quick_bot(environment, log))
        self.processes.append(bot)
        async with asyncio.timeout(PATIENCE):
            while '"ready"' not in log.read_text():
                assert bot.returncode is None, log.read_text()
                await asyncio.sleep(0.05)
        return bot

    async def kill(self, bot: Process) -> None:
        """`kill -9`, and wait until it is gone."""
        bot.send_signal(signal.SIGKILL)
        await bot.wait()

    async def twilio_adds_number(self, service: str, number: str) -> None:
        """Somebody adds a number to a pool in Console, behind the bot's back."""
        account = Account(
            start_state.ACCOUNT_SID, start_state.ACCOUNT_SID, start_state.AUTH_TOKEN, self.twilio.url + "/{product}"
        )
        try:
            path = f"/v1/Services/{service}/PhoneNumbers"
            await account.send(Call(product="messaging", method="POST", path=path, params={"PhoneNumberSid": number}))
        finally:
            await account.close()

    # --- what people see

    def view(self, user: str) -> Json:
        """The modal on top, or an empty one."""
        stack = self.slack.views(user)
        return stack[-1] if stack else {"callback_id": "", "blocks": [], "title": {"text": ""}}

    async def sees(self, user: str, text: str) -> Json:
        """Wait until the person's top modal shows this text, and return it."""
        found: Json = await self.until(lambda: self.view(user) if text in shown(self.view(user)) else None, text)
        return found

    async def hears(self, channel: str, text: str, *, user: str | None = None) -> Json:
        """Wait until a message of the channel (or one that only `user` sees) shows this text, and return it."""

        def look() -> Json | None:
            private = self.slack.ephemerals(user, channel) if user else []
            return next((m for m in [*self.slack.messages(channel), *private] if text in shown(m)), None)

        found: Json = await self.until(look, text)
        return found

    async def told(self, user: str, text: str) -> Json:
        """Wait for a direct message to the person."""
        return await self.hears("D" + user[1:], text)

    async def until(self, condition: Callable[[], Any], what: str = "") -> Any:
        """Wait for something to become true; says what is on the screens when it does not."""
        try:
            async with asyncio.timeout(self.patience):
                while not (seen := condition()):  # noqa: ASYNC110  # what is waited for may be no event of anybody's
                    await asyncio.sleep(0.03)
        except TimeoutError:
            raise AssertionError(f"never came true: {what}\n{self.screens()}") from None
        return seen

    def screens(self) -> str:
        """What everybody sees now, for the report of a failed test."""
        views = {u: shown(self.view(u)) for u in (RITA, ANN, BOB, GUS) if self.slack.views(u)}
        channels = {c: [shown(m) for m in self.slack.messages(c)] for c in (A2P, APPROVALS, ALERTS, "D0RITA")}
        return json.dumps({"views": views, "channels": channels}, indent=1, ensure_ascii=False)[:8000]

    # --- what people do, in the words of the product

    async def fill(self, user: str, command: str, text: str, *pages: Json, channel: str = A2P) -> None:
        """Type a command and submit its form page by page, up to the preview."""
        await self.slack.command(user, channel, command, text)
        for page, values in enumerate(pages, start=1):
            await self.page(user, page)
            done = await self.slack.submit(user, await self._chosen(user, values))
            assert done.status == "acked", (done.status, done.errors, done.messages)
            assert not done.errors, done.errors
        await self.previewed(user)

    async def previewed(self, user: str) -> None:
        """Wait until a form's preview is shown."""
        await self.until(lambda: self.view(user)["callback_id"] == "preview", "the preview")

    async def page(self, user: str, number: int) -> None:
        """Wait until a form shows this page."""
        await self.until(lambda: page_of(self.view(user)) == number, f"page {number}")

    async def request(self, user: str, command: str, text: str, *pages: Json) -> int:
        """Fill in a form and ask for approval; returns the change's number, once its card stands."""
        await self.fill(user, command, text, *pages)
        await self.slack.submit(user)
        view = await self.sees(user, "Requested #")
        number = int(view["title"]["text"].partition("#")[2])
        await self.card(number, "Approve")
        await self.slack.close(user, all_views=True)
        return number

    async def card(self, number: int, text: str = "") -> Json:
        """Wait until the approval card of a change shows this text, and return it."""

        def look() -> Json | None:
            cards = [m for m in self.slack.messages(APPROVALS) if m["text"].startswith(f"#{number} ")]
            return next((m for m in cards if text in shown(m)), None)

        found: Json = await self.until(look, f"#{number}: {text}")
        return found

    async def digest(self, number: int) -> str:
        """The digest that the buttons of the card carry."""
        found = re.search(rf'"{number}:([0-9a-f]{{64}})"', shown(await self.card(number, "Approve")))
        assert found
        return found[1]

    async def done(self, number: int) -> Json:
        """Wait until the change has succeeded, and return its card."""
        return await self.card(number, "*Done*")

    async def approve(self, user: str, number: int) -> None:
        """Click Approve on the card."""
        card = await self.card(number, "Approve")
        await self.slack.click(user, "change.approve", channel=APPROVALS, ts=card["ts"])

    async def _chosen(self, user: str, values: Json) -> Json:
        """Look up the choices of external menus, as a person does before choosing; `FIRST` takes the first one."""
        chosen = dict(values)
        for block in self.view(user)["blocks"]:
            element, name = block.get("element", {}), block.get("block_id", "")
            if element.get("type", "").endswith("external_select") and name in values:
                options = await self.slack.suggest(user, element["action_id"], "", block_id=name)
                if values[name] == FIRST:
                    first = options[0]["value"]
                    chosen[name] = [first] if element["type"].startswith("multi") else first
        return chosen


@asynccontextmanager
async def open_world(tmp_path: Path, *, http_port: int | None = None) -> AsyncIterator[World]:
    """A world with servers of its own."""
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(run_embedded_redis(tmp_path / "redis"))
        target = f"http://127.0.0.1:{http_port}/slack/events" if http_port else None
        slack = LocalSlack(manifest=ROOT / "manifest.yml", http_target=target, rate_limits=False)
        twilio = LocalTwilio()
        for server in (slack, twilio):
            await server.start()
            stack.push_async_callback(server.stop)
        world = World(slack, twilio, redis, tmp_path / "state", http_port)
        try:
            yield world
        finally:
            for process in world.processes:
                if process.returncode is None:
                    await world.kill(process)


async def _started(command: tuple[str, ...], environment: dict[str, str], log: Path) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command, cwd=ROOT, env=environment, stderr=log.open("w")
    )


async def everything_in(redis_url: str) -> str:
    """Every key and value in Redis as one text, to look for what must not be there."""
    client = Redis.from_url(redis_url, decode_responses=True, encoding_errors="replace")
    try:
        found: list[object] = []
        async for raw in client.scan_iter(count=1000):
            key = str(raw)
            match await client.type(key):
                case "string":
                    found.append((key, await client.get(key)))
                case "hash":
                    found.append((key, await client.hgetall(key)))
                case "list":
                    found.append((key, await client.lrange(key, 0, -1)))
                case "set":
                    found.append((key, await client.smembers(key)))
                case "zset":
                    found.append((key, await client.zrange(key, 0, -1)))
                case "stream":
                    found.append((key, await client.xrange(key)))
        return str(found)
    finally:
        await client.aclose()


def shown(thing: Json) -> str:
    """All the words of a message or a view."""
    return json.dumps([thing.get("title", ""), thing.get("text", ""), thing.get("blocks", [])], ensure_ascii=False)


def marked(thing: Any) -> str:
    """The words in which Slack would follow markup: mrkdwn, and a message's own text."""
    if isinstance(thing, dict):
        own = thing["text"] if isinstance(thing.get("text"), str) and thing.get("type") != "plain_text" else ""
        return " ".join([own, *(marked(v) for v in thing.values())])
    return " ".join(map(marked, thing)) if isinstance(thing, list) else ""


def page_of(view: Json) -> int:
    """Which page of a form a modal shows; 0 when it shows none."""
    return int(json.loads(view["private_metadata"])["p"]) if view["callback_id"] == "form" else 0
