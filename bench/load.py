"""Requests over keep-alive connections, as fast as they are answered: a load that costs little itself.

`loader` runs it in a process of its own, so that it does not share an event loop with what is measured.
"""

import asyncio
import gc
import hashlib
import hmac
import json
import random
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

from bench.rounds import Figures

HOST = "127.0.0.1"
LONGEST_WAIT = 120.0
"""Seconds in which all requests of one load must be answered."""
KEPT_ANSWERS = 20
"""Different answers that are counted; the rest count as one."""
LONGEST_ANSWER = 400
_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_LINE_LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True)
class Load:
    """How one load was answered: seconds to the whole answer, answers per second, how often each status and body came.

    Bodies are cut to `LONGEST_ANSWER` characters.
    """

    p50: float
    p99: float
    rate: float
    statuses: Mapping[int, int]
    answers: Mapping[str, int]

    @property
    def count(self) -> int:
        """How many were answered."""
        return sum(self.statuses.values())

    @property
    def figures(self) -> Figures:
        """What `bench.rounds` keeps of it."""
        return {"p50": self.p50, "p99": self.p99, "rate": self.rate}


Drive = Callable[[int, Sequence[bytes], int], Awaitable[Load]]
"""Port, requests and how many in flight at a time, to how they were answered."""


def post(path: str, body: bytes, content_type: str, headers: Mapping[str, str]) -> bytes:
    """A request as it goes over the wire."""
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {HOST}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + _END + body


def signed(path: str, body: bytes, content_type: str, secret: str, at: float) -> bytes:
    """A request with Slack's two headers (slack.md 4.8); it is good for five minutes from `at`, in epoch seconds."""
    stamp = str(int(at))
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return post(path, body, content_type, {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"})


def free_port() -> int:
    """A port that nobody listens on, outside the ranges of tests and of connections that the system makes."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)):
                return port


async def drive(port: int, requests: Sequence[bytes], in_flight: int) -> Load:
    """Send each request once, in order, over `in_flight` connections, each of which waits for its answer.

    Raises TimeoutError after `LONGEST_WAIT`, and ConnectionError when a connection ends.
    """
    tally = Tally(len(requests))
    loop, turns = asyncio.get_running_loop(), iter(requests)
    transports = []
    try:
        for _ in range(min(in_flight, len(requests))):
            transport, _ = await loop.create_connection(lambda: _Caller(turns, tally), HOST, port)
            transports.append(transport)
        return await tally.complete()
    finally:
        for transport in transports:
            transport.close()


class Tally:
    """Counts answers until all have come."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._latencies: list[float] = []
        self._statuses: Counter[int] = Counter()
        self._answers: Counter[str] = Counter()
        self._all = asyncio.get_running_loop().create_future()
        self._begun = time.perf_counter()

    def add(self, seconds: float, status: int, body: bytes) -> None:
        """One more answer."""
        self._latencies.append(seconds)
        self._statuses[status] += 1
        text = body[:LONGEST_ANSWER].decode(errors="replace")
        self._answers[text if text in self._answers or len(self._answers) < KEPT_ANSWERS else "others"] += 1
        if len(self._latencies) == self._expected and not self._all.done():
            self._all.set_result(time.perf_counter() - self._begun)

    def failed(self, error: Exception) -> None:
        """No further answer will come."""
        if not self._all.done():
            self._all.set_exception(error)

    async def complete(self) -> Load:
        """Wait for the last one."""
        async with asyncio.timeout(LONGEST_WAIT):
            took: float = await self._all
        in_order = sorted(self._latencies)
        return Load(
            p50=in_order[len(in_order) // 2],
            p99=in_order[int(len(in_order) * 0.99)],
            rate=len(in_order) / took,
            statuses=dict(self._statuses),
            answers=dict(self._answers),
        )


class _Caller(asyncio.Protocol):
    """One connection: a request, its answer, the next one."""

    def __init__(self, turns: Iterator[bytes], tally: Tally) -> None:
        self._turns, self._tally = turns, tally
        self._buffer = b""
        self._sent = 0.0
        self._waits = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # what create_connection makes
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, rest = self._buffer.partition(_END)
        if not end or len(rest) < (length := _body_length(head)):
            return
        self._tally.add(time.perf_counter() - self._sent, int(head[9:12]), rest[:length])
        self._buffer = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waits:
            self._tally.failed(exc or ConnectionError("the connection was closed instead of answered"))

    def _next(self) -> None:
        request = next(self._turns, None)
        self._waits = request is not None
        if request is not None:
            self._sent = time.perf_counter()
            self._transport.write(request)


def _body_length(head: bytes) -> int:
    lines = (line.lower() for line in head.split(b"\r\n"))
    return next((int(line[len(_LENGTH) :]) for line in lines if line.startswith(_LENGTH)), 0)


@asynccontextmanager
async def loader() -> AsyncIterator[Drive]:
    """`drive` in a process of its own."""
    async with helper("bench.load") as ask:

        async def away(port: int, requests: Sequence[bytes], in_flight: int) -> Load:
            return load_of(await ask({"port": port, "in_flight": in_flight}, requests))

        yield away


@asynccontextmanager
async def helper(
    *module: str,
) -> AsyncIterator[Callable[[Mapping[str, Any], Sequence[bytes]], Awaitable[dict[str, Any]]]]:
    """A process that answers orders with JSON: see `orders`."""
    command = (sys.executable, "-m", *module)
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LINE_LIMIT
    )
    writer, reader = process.stdin, process.stdout
    assert writer
    assert reader

    async def ask(order: Mapping[str, Any], parts: Sequence[bytes]) -> dict[str, Any]:
        head = json.dumps({**order, "sizes": [len(part) for part in parts]})
        writer.write(head.encode() + b"\n" + b"".join(parts))
        await writer.drain()
        line = await reader.readline()
        if not line:
            raise ConnectionError(f"{' '.join(module)} has ended")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ConnectionError(answer["error"])
        return answer

    try:
        yield ask
    finally:
        writer.close()
        await process.wait()


async def orders(carry_out: Callable[[dict[str, Any], list[bytes]], Awaitable[Load]]) -> None:
    """Carry out what is ordered on the standard input, until it ends.

    An order is a line of JSON, and then parts of the `sizes` that it names. Its answer is a line of JSON.
    """
    reader = asyncio.StreamReader(limit=_LINE_LIMIT)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    gc.disable()  # a collection here would count as the latency of what is measured
    while line := await reader.readline():
        order = json.loads(line)
        parts = [await reader.readexactly(size) for size in order["sizes"]]
        try:
            answer = asdict(await carry_out(order, parts))
        except (OSError, TimeoutError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
        gc.collect()


def load_of(answer: Mapping[str, Any]) -> Load:
    """A load as the helper's answer tells it."""
    statuses = {int(status): count for status, count in answer["statuses"].items()}
    return Load(answer["p50"], answer["p99"], answer["rate"], statuses, answer["answers"])


if __name__ == "__main__":
    asyncio.run(orders(lambda order, parts: drive(order["port"], parts, order["in_flight"])))
