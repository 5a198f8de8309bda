"""A running local Slack, and a small app on its other end that answers deliveries as each test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.sandbox.slack.server import LocalSlack
from bot.sandbox.world import APP_TOKEN, BOT_TOKEN

Json = dict[str, Any]
NO_ACK: Json = {"no": "ack"}


class Clock:
    """Unix seconds that stand still until a test moves them."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


class App:
    """A Socket Mode client: keeps what it receives, and answers with `reply` (None acks with nothing)."""

    def __init__(self, slack: LocalSlack, session: aiohttp.ClientSession) -> None:
        self.slack = slack
        self.received: list[Json] = []
        self.frames: list[Json] = []
        self.reply: Callable[[Json], Awaitable[Json | None]] = nothing
        self.session = session
        self.greeted = asyncio.Event()
        self.left = asyncio.Event()

    async def run(self) -> None:
        answer = await self.call("apps.connections.open", token=APP_TOKEN)
        async with self.session.ws_connect(answer["url"]) as socket:
            async for message in socket:
                frame = message.json()
                if "envelope_id" not in frame:
                    self.frames.append(frame)
                    self.greeted.set()
                    continue
                self.received.append(frame)
                reply = await self.reply(frame["payload"])
                if reply is not NO_ACK:
                    body = {} if reply is None else {"payload": reply}
                    await socket.send_json({"envelope_id": frame["envelope_id"], **body})
        self.left.set()

    async def call(self, method: str, *, token: str | None = BOT_TOKEN, **args: Any) -> Json:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.session.post(f"{self.slack.url}/api/{method}", json=args, headers=headers) as response:
            answer: Json = await response.json()
            return answer

    async def form(self, method: str, **args: str) -> Json:
        """As `call`, form-encoded, with the token as an argument."""
        form = {"token": BOT_TOKEN, **args}
        async with self.session.post(f"{self.slack.url}/api/{method}", data=form) as response:
            answer: Json = await response.json()
            return answer

    async def post(self, url: str, body: Json, **headers: str) -> tuple[int, str]:
        async with self.session.post(url, json=body, headers=headers) as response:
            return response.status, await response.text()

    async def get(self, path: str, **query: str) -> Json:
        async with self.session.get(self.slack.url + path, params=query) as response:
            answer: Json = await response.json()
            return answer


async def nothing(_payload: Json) -> None:
    """Acknowledge, and do nothing."""


async def no_ack(_payload: Json) -> Json:
    return NO_ACK


def always(reply: Json) -> Callable[[Json], Awaitable[Json | None]]:
    async def answer(_payload: Json) -> Json:
        return reply

    return answer


@asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[LocalSlack]:
    slack = LocalSlack(**settings)
    slack.deliveries.ack_timeout = 0.1
    await slack.start()
    try:
        yield slack
    finally:
        await slack.stop()


@asynccontextmanager
async def connected(*, connect: bool = True, **settings: Any) -> AsyncIterator[App]:
    """A local Slack with an app connected to it."""
    async with running(**settings) as slack, aiohttp.ClientSession() as session:
        app = App(slack, session)
        task = asyncio.create_task(app.run()) if connect else None
        if task is not None:
            await slack.wait_connected(5)
        yield app
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def manifest(folder: Path, *, scopes: str = "", events: str = "", commands: str = "/a2p", **features: bool) -> Path:
    """A manifest file with these scopes, event subscriptions and commands (each a text with spaces between)."""
    lines = ["features:", f"  app_home: {{home_tab_enabled: {str(features.get('home', True)).lower()},"]
    lines.append(f"    messages_tab_read_only_enabled: {str(features.get('read_only', False)).lower()},")
    lines.append(f"    messages_tab_enabled: {str(features.get('messages', True)).lower()}}}")
    lines.append("  slash_commands:")
    escape = str(features.get("escape", False)).lower()
    lines += [f"    - {{command: {name}, description: d, should_escape: {escape}}}" for name in commands.split()]
    lines += ["oauth_config:", f"  scopes: {{bot: [{', '.join(scopes.split())}]}}"]
    clicks = str(features.get("clicks", True)).lower()
    lines += ["settings:", f"  interactivity: {{is_enabled: {clicks}}}"]
    lines += [f"  event_subscriptions: {{bot_events: [{', '.join(events.split())}]}}"]
    path = folder / "manifest.yml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "Hello") -> Json:
    return {"type": "section", "text": mrkdwn(text)}


def button(action_id: str = "go", **fields: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain("Go"), **fields}


def actions(*elements: Json, block_id: str = "buttons") -> Json:
    return {"type": "actions", "block_id": block_id, "elements": list(elements or [button()])}


def option(value: str) -> Json:
    return {"text": plain(value.title()), "value": value}


def field(block_id: str, element: str = "plain_text_input", **fields: Any) -> Json:
    """An input block whose element has the action id `v`; `block` fields go to the block, others to the element."""
    block = fields.pop("block", {})
    inner = {"type": element, "action_id": "v", **fields}
    return {"type": "input", "block_id": block_id, "label": plain("Label"), "element": inner, **block}


def modal(*blocks: Json, **fields: Any) -> Json:
    content = list(blocks) or [field("name")]
    submit = {"submit": plain("Save")} if any(block["type"] == "input" for block in content) else {}
    return {"type": "modal", "title": plain("Title"), "blocks": content, **submit, **fields}


def home(*blocks: Json, **fields: Any) -> Json:
    return {"type": "home", "blocks": list(blocks) or [section()], **fields}


async def open_modal(app: App, view: Json | None = None, user: str = "U0RITA") -> Json:
    """Open a modal for a person as a slash command would. Raises when the view is refused."""
    trigger = app.slack.store.new_trigger(user, channel="C0A2P")
    answer = await app.call("views.open", trigger_id=trigger, view=view or modal())
    assert answer["ok"], answer
    opened: Json = answer["view"]
    return opened
