"""A Twilio of bare bytes: it keeps each request as it came over the socket, and answers what a test says."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Answer = Callable[[int, asyncio.StreamWriter], Awaitable[None]]
"""Answers the request with this number, counted from 0; what is left open after it stays open."""


@dataclass(frozen=True)
class Arrived:
    """One request, byte for byte."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Socket:
    """The listening end. `url` is where it listens; `connections` counts those that were made."""

    answer: Answer
    url: str = ""
    connections: int = 0
    arrived: list[Arrived] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                line, *rows = head.removesuffix("\r\n\r\n").split("\r\n")
                headers = dict(row.split(": ", 1) for row in rows)
                body = await reader.readexactly(int(headers.get("Content-Length", "0")))
                self.arrived.append(Arrived(line, headers, body))
                await self.answer(len(self.arrived) - 1, writer)
        writer.close()


@asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[Socket]:
    """Such a Twilio on a free port."""
    end = Socket(answer)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(end.serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    end.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield end
    server.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def response(status: str, body: object = None, **headers: str) -> bytes:
    """A whole answer; header names are written with underscores."""
    text = b"" if body is None else json.dumps(body).encode()
    named = {"Content-Type": "application/json", "Content-Length": str(len(text))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    rows = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status}\r\n{rows}\r\n".encode() + text
