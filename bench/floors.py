"""What an answer to Slack costs at least: each floor is a process with the barest program that still answers.

`aiohttp` only verifies Slack's signature, or in Socket Mode only acknowledges. `writing` also makes one write that
Redis puts on disk: what is to survive its process cannot do without. `bolt` is Bolt with one listener in its
best configuration, `bolt-default` the same as it comes. Start one with `floor` or `frame_floor`.
"""

import argparse
import asyncio
import hashlib
import hmac
import itertools
import json
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import aiohttp
from aiohttp import web
from redis.asyncio import Redis
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bench.serving import READY, serve_until_ended
from bot.sandbox.world import APP_TOKEN, BOT_TOKEN, BOT_USER_ID, SIGNING_SECRET, TEAM_ID
from handlers.http import PATH

Floor = Literal["aiohttp", "writing", "bolt", "bolt-default"]
Listener = Literal["command", "action", "view_submission"]


@asynccontextmanager
async def floor(kind: Floor, listener: Listener, port: int, redis_url: str) -> AsyncIterator[int]:
    """A server on `port` that answers signed requests of one sort at `handlers.http.PATH`. Gives its process id.

    `redis_url` is where one of kind `writing` writes.
    """
    async with _process(kind, listener, "--port", str(port), "--redis", redis_url) as pid:
        yield pid


@asynccontextmanager
async def frame_floor(kind: Floor, listener: Listener, api_url: str) -> AsyncIterator[int]:
    """A Socket Mode client of the Slack at `api_url` that acknowledges frames. Gives its process id."""
    async with _process(kind, listener, "--api", api_url) as pid:
        yield pid


@asynccontextmanager
async def _process(*arguments: str) -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.floors", *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout  # asked for above
        if (await process.stdout.readline()).strip() != READY.encode():
            raise ConnectionError(f"the floor {' '.join(arguments)} did not start")
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def bare_handler(secret: str) -> Any:
    """An aiohttp handler that verifies the signature, and nothing else."""

    async def handle(request: web.Request) -> web.Response:
        body = await request.read()
        stamp = request.headers["X-Slack-Request-Timestamp"]
        if abs(time.time() - int(stamp)) > 300:
            return web.Response(status=401)
        digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"v0={digest}", request.headers["X-Slack-Signature"]):
            return web.Response(status=401)
        return web.Response()

    return handle


def bare_bolt(kind: Floor, listener: Listener, api_url: str | None = None) -> AsyncApp:
    """Bolt with one listener that acknowledges. No call to Slack: its own authorization would ask at each request."""

    async def authorize(**_: object) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=TEAM_ID, bot_token=BOT_TOKEN, bot_id="B0TENFOUR", bot_user_id=BOT_USER_ID
        )

    app = AsyncApp(
        client=AsyncWebClient(token=BOT_TOKEN, base_url=api_url) if api_url else None,
        authorize=authorize,
        signing_secret=SIGNING_SECRET,
        request_verification_enabled=api_url is None,
        process_before_response=kind == "bolt",
    )

    async def acknowledge(ack: Any) -> None:
        await ack()

    getattr(app, listener)(re.compile(".*"))(acknowledge)
    return app


def writing_handler(secret: str, redis_url: str) -> Any:
    """The same, which writes down each request before it answers: what must survive its process cannot be faster."""
    redis, verified, numbers = Redis.from_url(redis_url), bare_handler(secret), itertools.count()

    async def handle(request: web.Request) -> web.Response:
        answer: web.Response = await verified(request)
        if answer.status == 200:
            await redis.set(f"bench:written:{next(numbers)}", "1", ex=60)
        return answer

    return handle


async def serve(kind: Floor, listener: Listener, port: int, redis_url: str) -> None:
    """Answer over HTTP until the process is told to end."""
    writes = kind == "writing"
    handler = writing_handler(SIGNING_SECRET, redis_url) if writes else bare_handler(SIGNING_SECRET)
    if kind.startswith("bolt"):
        app = bare_bolt(kind, listener)

        async def handler(request: web.Request) -> web.Response:
            response: web.Response = await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))
            return response

    site = web.Application()
    site.router.add_post(PATH, handler)
    await serve_until_ended(site, port)


async def acknowledge_frames(kind: Floor, listener: Listener, api_url: str) -> None:
    """Answer over Socket Mode until the process is told to end."""
    if kind != "aiohttp":
        handler = AsyncSocketModeHandler(bare_bolt(kind, listener, api_url), APP_TOKEN)
        await handler.connect_async()  # type: ignore[no-untyped-call]
        print(READY, flush=True)
        await asyncio.Event().wait()
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(base_url=api_url, session=session)
        opened = await client.apps_connections_open(app_token=APP_TOKEN)
        async with session.ws_connect(str(opened["url"])) as socket:
            print(READY, flush=True)
            async for message in socket:
                frame = json.loads(message.data)
                if "envelope_id" in frame:
                    await socket.send_str(json.dumps({"envelope_id": frame["envelope_id"]}))


def main() -> None:
    """Run one floor until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind")
    parser.add_argument("listener")
    parser.add_argument("--port", type=int)
    parser.add_argument("--api")
    parser.add_argument("--redis")
    wanted = parser.parse_args()
    if wanted.api:
        asyncio.run(acknowledge_frames(wanted.kind, wanted.listener, wanted.api))
    else:
        asyncio.run(serve(wanted.kind, wanted.listener, wanted.port, wanted.redis))


if __name__ == "__main__":
    main()
