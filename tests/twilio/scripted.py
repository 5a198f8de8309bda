"""A server that answers exactly what a test says, for answers that no Twilio gives on a good day."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from bot.twilio.gateway import Account

SID = "AC" + "5a" * 16
SECRET = "sandbox-auth-token"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Scripted:
    """What is answered, and what was asked: request lines as they came, headers and bodies."""

    answer: Answer
    url: str = ""
    asked: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.raw_path}")
        self.headers.append(dict(request.headers))
        self.bodies.append(await request.text())
        return await self.answer(request)

    def account(self, *, concurrency: int = 20, timeout: float = 5.0) -> Account:
        """A client of this server. `timeout` in seconds."""
        limit = aiohttp.ClientTimeout(total=timeout)
        return Account(SID, SID, SECRET, self.url + "/{product}", concurrency, limit)


@asynccontextmanager
async def scripted(answer: Answer) -> AsyncIterator[Scripted]:
    """A server on a free port."""
    script = Scripted(answer)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", script.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    script.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield script
    finally:
        await runner.cleanup()


def saying(status: int = 200, text: str = "{}", **headers: str) -> Answer:
    """The same answer to everything; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text, headers=named, content_type="application/json")

    return answer
