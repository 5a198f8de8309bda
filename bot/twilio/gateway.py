"""One Twilio account: every read and every write goes through here."""

import asyncio
import json
import math
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import structlog
from redis.exceptions import RedisError
from twilio.rest import Client

from bot.plans.call import Call
from bot.plans.step import Lane
from bot.twilio.faults import Refused, Throttled, TwilioFault, Uncertain, Unreachable
from bot.twilio.pace import LONGEST_HOLD, Pace
from bot.twilio.transport import TIMEOUT, Transport
from bot.watching.observer import NOBODY, Observer

READ_TRIES = 3
FIRST_PAUSE = 0.4
"""How long a read rests before its second try, in seconds; doubled each time."""
LONGEST_READ_PAUSE = 10.0
"""How long a read holds on, in seconds; when Twilio asks for more, whoever asked hears so at once."""
LENIENT_SHARE, MOST_LENIENT = 0.05, 5.0
"""Of so large a share of answers, and so many at a time, a 429 that names no time holds up its own read alone."""
THROTTLED_PAUSE = 0.1
"""How long that read rests at first, in seconds, as Twilio advises (twilio.md 11.8); doubled each time."""
MAX_PAGES = 200
EVENTS_PATH, STATUS_PATH = "/twilio/events", "/twilio/status"
"""Where Twilio tells us of events and of messages: followed by the account's SID, below TENFOUR_PUBLIC_URL."""
EVENTS_USER = "tenfour"

log = structlog.get_logger()

Item = dict[str, Any]


class Account:
    """A set of Twilio credentials. `sid` is the account's SID, `name` what people call it.

    `parent` is the main account of a subaccount, where that is known. `events_url` is where Twilio is to send this
    account's events, with the credentials in it, "" where nobody could reach us. At most `concurrency` calls are in
    flight.

    Reads are repeated on 429, 5xx and lost connections; writes are sent once and their fault says what is known. With a
    `pace`, a 429 holds the account for everybody: reads keep that by themselves, who sends asks for admission first.
    Only where a read is refused now and then, and Twilio asks for no pause, nobody else needs to rest.
    """

    def __init__(
        self,
        sid: str,
        username: str,
        password: str,
        template: str = "https://{product}.twilio.com",
        concurrency: int = 20,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
        name: str = "",
        parent: "Account | None" = None,
        pace: Pace | None = None,
        events_url: str = "",
        observer: Observer = NOBODY,
        traces: Sequence[aiohttp.TraceConfig] = (),
    ) -> None:
        self._observer = observer
        self.sid, self.name, self.parent, self.events_url = sid, name or sid, parent, events_url
        self._template, self._pace = template, pace
        self.concurrency = concurrency
        self._transport = Transport(template, timeout, concurrency, traces)
        # an explicit environment keeps TWILIO_EDGE and TWILIO_REGION from rewriting the configured address
        self._client = Client(
            username, password, sid, http_client=self._transport, environment={"TWILIO_ACCOUNT_SID": sid}
        )
        self._gate = asyncio.Semaphore(concurrency)
        self._lenience = 1.0

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def admitted(self, lane: Lane, sleep: Callable[[float], Awaitable[None]], longest: float) -> float:
        """Wait until a call of this lane may be sent, `longest` seconds at most.

        Returns 0, or the seconds left when those are more.
        """
        return await self._pace.turn(self.sid, lane, sleep, longest) if self._pace else 0.0

    async def send(self, call: Call) -> Item:
        """Send one resolved call, once. Raises `Refused`, `Throttled`, `Unreachable` or `Uncertain`."""
        return await self._exchange(
            call.method, self._url(call), call.params, call.headers, f"{call.method} {call.path}"
        )

    async def read(self, call: Call) -> Item:
        """Send a GET, repeating it where that is safe. Raises the last fault."""
        return await self._read(self._url(call), call.params, call.headers, f"GET {call.path}")

    async def pages(self, call: Call, key: str) -> list[Item]:
        """All items under `key` over all pages of a list (at most 200 pages)."""
        found: list[Item] = []
        url, params = self._url(call), {"PageSize": "1000"} | dict(call.params)
        for _ in range(MAX_PAGES):
            answer = await self._read(url, params, call.headers, f"GET {call.path}")
            found += answer.get(key) or []
            following = (answer.get("meta") or {}).get("next_page_url") or answer.get("next_page_uri")
            if not following:
                break
            base = "" if "://" in following else self._template.format(product=call.product)
            url, params = base + following, {}
        return found

    def _url(self, call: Call) -> str:
        return f"https://{call.product}.twilio.com{call.path}"

    async def _read(self, url: str, params: Mapping[str, Any], headers: Mapping[str, str], name: str) -> Item:
        for attempt in range(1, READ_TRIES + 1):
            try:
                if self._pace and not self._pace.known_free(self.sid, "default"):
                    await self._admit_read(name)
                return await self._exchange("GET", url, params, headers, name)
            except (Throttled, Unreachable, Uncertain) as fault:
                asked = fault.retry_after if isinstance(fault, Throttled) else None
                if attempt == READ_TRIES or (asked or 0.0) > LONGEST_READ_PAUSE:
                    raise
                first = THROTTLED_PAUSE if isinstance(fault, Throttled) else FIRST_PAUSE
                await asyncio.sleep(asked if asked is not None else _backoff(first, attempt))
        raise AssertionError("unreachable")

    async def _admit_read(self, name: str) -> None:
        try:
            left = await self.admitted("default", asyncio.sleep, LONGEST_READ_PAUSE)
        except RedisError as error:
            # a read does no harm, and people see Twilio also while Redis is away
            log.warning("read_not_paced", account=self.sid, why=type(error).__name__)
            return
        if left:
            raise Throttled(name, left)

    async def _exchange(
        self, method: str, url: str, params: Mapping[str, Any], headers: Mapping[str, str], name: str
    ) -> Item:
        """One call and its answer, told to the observer."""
        began, outcome = asyncio.get_running_loop().time(), "given_up"
        try:
            answer = await self._called(method, url, params, headers, name)
            outcome = "ok"
            return answer
        except TwilioFault as fault:
            outcome = type(fault).__name__.lower()
            raise
        finally:
            seconds = asyncio.get_running_loop().time() - began
            self._observer.twilio_called(self.name, method, outcome, seconds)

    async def _called(
        self, method: str, url: str, params: Mapping[str, Any], headers: Mapping[str, str], name: str
    ) -> Item:
        fields = {"params": dict(params)} if method == "GET" else {"data": dict(params)}
        try:
            async with self._gate:
                answer = await self._client.request_async(method, url, headers=dict(headers), **fields)
        except aiohttp.ClientConnectorError as error:
            raise Unreachable(name, _why(error)) from error
        except aiohttp.ConnectionTimeoutError as error:
            raise Unreachable(name, "no connection within the time allowed") from error
        except TimeoutError as error:
            raise Uncertain(name, "no answer within the time allowed") from error
        except (aiohttp.ClientError, ConnectionError) as error:
            raise Uncertain(name, "the connection was lost") from error
        self._lenience = min(MOST_LENIENT, self._lenience + LENIENT_SHARE)
        try:
            return _judged(answer.status_code, answer.text, answer.headers, name)
        except Throttled as fault:
            if method == "GET" and fault.retry_after is None and self._lenience >= 1:
                self._lenience -= 1
                raise
            raise Throttled(name, await self._held(fault.retry_after)) from None

    async def _held(self, seconds: float | None) -> float | None:
        """Hold the account for everybody; gives the seconds for which it is held, as far as that is known."""
        try:
            held = await self._pace.hold(self.sid, seconds) if self._pace else seconds
            self._observer.held(self.name, held)
            return held
        except RedisError as error:
            log.warning("account_not_held", account=self.sid, why=type(error).__name__)
            return seconds


def _why(error: aiohttp.ClientConnectorError) -> str:
    # a refused certificate is such an error too, but carries no error of the operating system
    os_error = getattr(error, "os_error", None)
    return str(getattr(os_error, "strerror", None) or error)


def _judged(status: int, text: str, headers: Mapping[str, str], name: str) -> Item:
    try:
        body = json.loads(text) if text else {}
    except ValueError:
        body = None
    if 200 <= status < 300:
        if not isinstance(body, dict):
            raise Uncertain(name, f"HTTP {status} with a body that is not JSON")
        return body
    if status == 429:
        raise Throttled(name, _seconds(headers.get("Retry-After"), headers.get("Date")))
    # 408 tells that the server gave up waiting, not that it did nothing
    if status >= 500 or 300 <= status < 400 or status == 408:
        raise Uncertain(name, f"HTTP {status}")
    body = body if isinstance(body, dict) else {}
    code = body.get("code")
    message = body.get("message") or body.get("detail") or body.get("title") or text[:300] or "no reason given"
    link = body.get("more_info") or body.get("type") or ""
    raise Refused(status, code if isinstance(code, int) else None, str(message), str(link), name)


def _backoff(first: float, attempt: int) -> float:
    return float(first * 2 ** (attempt - 1) * random.uniform(0.8, 1.2))


def _seconds(value: str | None, now: str | None) -> float | None:
    """What `Retry-After` asks for, in seconds or as a date (RFC 9110, 10.2.3); bounded, None when it cannot be read."""
    try:
        seconds = float(value or "")
    except ValueError:
        try:
            # against the clock of the server that said so
            seconds = (parsedate_to_datetime(value or "") - parsedate_to_datetime(now or "")).total_seconds()
        except (ValueError, TypeError):
            return None
    return None if math.isnan(seconds) else min(max(0.0, seconds), LONGEST_HOLD)
