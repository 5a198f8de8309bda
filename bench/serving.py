"""How each floor over HTTP serves: until its process is told to end."""

import asyncio

from aiohttp import web

from bench.load import HOST

READY = "ready"


async def serve_until_ended(site: web.Application, port: int) -> None:
    """Serve on a port of this machine, and say `READY` on the standard output once that is so."""
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    print(READY, flush=True)
    await asyncio.Event().wait()
