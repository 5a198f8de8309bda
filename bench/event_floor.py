"""What taking an event costs at least: an aiohttp handler that verifies Twilio's signature, and nothing else.

With the address of a Redis it makes one write there before it answers, which whoever must not lose anything has to do.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from redis.asyncio import Redis
from twilio.request_validator import RequestValidator

from bench.load import free_port
from bench.serving import READY, serve_until_ended

LARGEST_BODY = 1_000_000


@asynccontextmanager
async def event_floor(public_url: str, auth_token: str, redis_url: str = "") -> AsyncIterator[int]:
    """The handler in a process of its own; with a `redis_url` it writes before it answers. Gives its port."""
    port = free_port()
    command = (sys.executable, "-m", "bench.event_floor", str(port), public_url, auth_token, redis_url)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout  # asked for above
        if (await process.stdout.readline()).strip() != READY.encode():
            raise ConnectionError("the floor of events did not start")
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def serve(port: int, public_url: str, auth_token: str, redis_url: str) -> None:
    """Answer until the process is told to end."""
    validator = RequestValidator(auth_token)
    redis = Redis.from_url(redis_url) if redis_url else None

    async def handle(request: web.Request) -> web.Response:
        body = (await request.read()).decode()
        signature = request.headers.get("X-Twilio-Signature", "")
        good = validator.validate(public_url + request.raw_path, body, signature)
        if good and redis:
            await redis.set("written-by-the-floor", signature)
        return web.Response(status=204 if good else 403)

    site = web.Application(client_max_size=LARGEST_BODY)
    site.router.add_post("/twilio/events/{account}", handle)
    await serve_until_ended(site, port)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]))
