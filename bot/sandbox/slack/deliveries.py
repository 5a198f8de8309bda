"""One thing that Slack sends to the app, and how it went: over Socket Mode or signed HTTP, with retries."""

import asyncio
import time
from collections import deque
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.sandbox.slack.errors import Json
from bot.sandbox.slack.events import HttpEvents
from bot.sandbox.slack.socket import SocketMode

Kind = Literal["slash_commands", "interactive", "events_api"]

_LOGGED = 1000


@dataclass
class Delivery:
    """What was sent and what came back.

    `status`: "acked", "timeout", "not_connected", "http_<code>" from the wire; "client_refused", "not_sent" and
    "not_subscribed" when Slack would not have sent anything; "invalid_ack" when Slack would not accept the reply.
    `errors` are texts by block id that the person sees; `messages` say why an ack was invalid; `elapsed` is seconds.
    """

    kind: Kind
    payload: Json
    status: str = "not_sent"
    ack: Json | None = None
    elapsed: float = 0.0
    errors: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    attempts: int = 0

    @property
    def acked(self) -> bool:
        return self.status == "acked"


class Deliveries:
    """Sends payloads and keeps a log of them. Its attributes are settings that tests may change at any time."""

    def __init__(self, socket: SocketMode, events: HttpEvents, mode: Literal["socket", "http"]) -> None:
        self.mode: Literal["socket", "http"] = mode
        self.duplicate = False
        self.ack_timeout = 3.0
        self.socket_retries: dict[Kind, int] = {"events_api": 1}
        self.http_retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
        self.log: deque[Delivery] = deque(maxlen=_LOGGED)
        self._socket = socket
        self._events = events
        self._retrying: set[asyncio.Task[None]] = set()

    async def send(
        self,
        kind: Kind,
        payload: Json,
        *,
        headers: Mapping[str, str | None] | None = None,
        body: bytes | None = None,
    ) -> Delivery:
        """Deliver once (twice with `duplicate`), wait for the answer, and leave retries to the background.

        `headers` and `body` forge the HTTP request: a header of None is left out.
        """
        delivery = Delivery(kind, payload)
        self.log.append(delivery)
        started = time.monotonic()
        copies = 2 if self.duplicate else 1
        if self.mode == "http":
            results = await asyncio.gather(
                *(self._events.post(kind, payload, self.ack_timeout, headers, body, {}) for _ in range(copies))
            )
            delivery.status, delivery.ack = results[0].status, results[0].ack
            if results[0].may_retry and kind == "events_api" and body is None:
                self._retry(self._retry_http(delivery, results[0].reason))
        else:
            delivery.status, delivery.ack = await self._socket.send(kind, payload, self.ack_timeout, copies=copies)
            if delivery.status == "timeout" and self.socket_retries.get(kind, 0):
                self._retry(self._retry_socket(delivery))
        delivery.attempts += copies
        delivery.elapsed = time.monotonic() - started
        return delivery

    async def settled(self) -> None:
        """Wait until no retry is under way."""
        while self._retrying:
            await asyncio.wait(set(self._retrying))

    async def close(self) -> None:
        for task in self._retrying:
            task.cancel()
        await asyncio.gather(*self._retrying, return_exceptions=True)

    def _retry(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._retrying.add(task)
        task.add_done_callback(self._retrying.discard)

    async def _retry_socket(self, delivery: Delivery) -> None:
        for attempt in range(1, self.socket_retries.get(delivery.kind, 0) + 1):
            status, ack = await self._socket.send(
                delivery.kind, delivery.payload, self.ack_timeout, retry_attempt=attempt, retry_reason="timeout"
            )
            delivery.attempts += 1
            if status == "acked":
                delivery.status, delivery.ack = status, ack
                return

    async def _retry_http(self, delivery: Delivery, reason: str) -> None:
        for attempt, delay in enumerate(self.http_retry_delays, start=1):
            await asyncio.sleep(delay)
            retry = {"x-slack-retry-num": str(attempt), "x-slack-retry-reason": reason}
            result = await self._events.post(delivery.kind, delivery.payload, self.ack_timeout, None, None, retry)
            delivery.attempts += 1
            if result.status == "acked":
                delivery.status, delivery.ack = result.status, result.ack
            if not result.may_retry:
                return
            reason = result.reason
