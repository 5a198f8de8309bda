"""Message status callbacks: what becomes of each message, told to whoever asked for it (reference: section 11.2)."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice

from bot.sandbox.twilio.ledger import Ledger
from bot.sandbox.twilio.messages import SETTLED_AFTER, Message, words_of
from bot.sandbox.twilio.numbers import Number
from bot.sandbox.twilio.pools import PoolNumber, members
from bot.sandbox.twilio.posting import Posted, Poster
from bot.sandbox.twilio.services import Service

PATIENCE = 15.0
KEPT = 2000
AT_ONCE = 20
MOST_TRAFFIC = 1000
MADE_UP = "+1503555{:04d}"


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback that was sent, and what came of it: an HTTP status, or 0 with why there was none."""

    at: float
    url: str
    fields: dict[str, str]
    status: int
    error: str


class Callbacks:
    """One account's callbacks; `sent` are oldest first."""

    def __init__(
        self, account_sid: str, auth_token: str, ledger: Ledger, clock: Callable[[], float], poster: Poster
    ) -> None:
        self._account_sid, self._token, self._ledger = account_sid, auth_token, ledger
        self._clock, self._poster = clock, poster
        self.sent: deque[Callback] = deque(maxlen=KEPT)
        self._known: int | None = None
        self._open: dict[str, list[str]] = {}
        self._ready: asyncio.Queue[tuple[str, dict[str, str]]] = asyncio.Queue()
        self._made = 0

    def look(self) -> None:
        """Notice new messages, and what has become of those under way; the first look only learns what there is."""
        table = self._ledger.table(Message)
        if self._known is None:
            self._known = len(table)
        if len(table) != self._known:
            rows = list(table)[self._known :]
            self._known = len(table)
            self._open |= {row.sid: [] for row in rows if row.status_callback}
        for sid in list(self._open):
            if (message := table.get(sid)) is not None:
                self._tell_what_is_new(message)

    async def run(self) -> None:
        """Send what is ready, in order for each moment, until cancelled."""
        while True:
            url, fields = await self._ready.get()
            await self._send(url, fields)

    async def traffic(
        self,
        count: int,
        service_sid: str = "",
        number: str = "",
        code: int | None = None,
        status: str = "",
    ) -> int:
        """Tell what became of `count` messages that nobody has sent; returns how many callbacks were taken.

        Through a service, or from a number (by SID or E.164) past the service that has it in its pool. `code` ends them
        all `undelivered`, or with the `status` given. Raises LookupError for no such service or number, ValueError for
        one that nobody listens to or a count that is not from 1 to 1000.
        """
        if not 1 <= count <= MOST_TRAFFIC:
            raise ValueError(f"count {count} is not from 1 to {MOST_TRAFFIC}")
        url, senders = self._listener(service_sid, number)
        final = status or ("undelivered" if code else "delivered")
        forms = []
        for sender in islice(cycle(senders), count):
            self._made += 1
            sid = (
                "SM"
                + hashlib.md5(f"{self._account_sid} made up {self._made}".encode(), usedforsecurity=False).hexdigest()
            )
            to = MADE_UP.format(self._made % 10_000)
            forms += [self._fields(sid, each, sender, to, service_sid, code) for each in ("sent", final)]
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(fields: dict[str, str]) -> Posted:
            async with gate:
                return await self._send(url, fields)

        return sum(posted.ok for posted in await asyncio.gather(*map(one, forms)))

    def _tell_what_is_new(self, message: Message) -> None:
        at, told = self._clock(), self._open[message.sid]
        status = message.observed(at)
        steps = ["queued", "sent", status] if status in {"delivered", "undelivered", "failed"} else ["queued"]
        if status == "sent":
            steps.append("sent")
        for step in steps:
            if step not in told:
                told.append(step)
                code = message.code if step == status else None
                service_sid = message.messaging_service_sid or ""
                fields = self._fields(message.sid, step, message.sender, message.to, service_sid, code)
                self._ready.put_nowait((message.status_callback or "", fields))
        if at >= message.date_created + SETTLED_AFTER:
            del self._open[message.sid]

    def _fields(
        self, sid: str, status: str, sender: str, to: str, service_sid: str, code: int | None
    ) -> dict[str, str]:
        fields = {
            "MessageSid": sid,
            "SmsSid": sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "AccountSid": self._account_sid,
            "From": sender,
            "To": to,
            "ApiVersion": "2010-04-01",
        }
        if service_sid:
            fields["MessagingServiceSid"] = service_sid
        if status in {"undelivered", "failed"} and code:
            fields |= {"ErrorCode": str(code), "ErrorMessage": words_of(code)}
        if status == "delivered":
            # Blank on purpose: whoever leaves blank fields out finds the signature wrong.
            done = datetime.fromtimestamp(self._clock(), UTC).strftime("%y%m%d%H%M")
            fields |= {"RawDlrDoneDate": done, "ErrorMessage": ""}
        return fields

    async def _send(self, url: str, fields: dict[str, str]) -> Posted:
        retries = hashlib.md5(f"{fields['MessageSid']} {fields['MessageStatus']}".encode(), usedforsecurity=False)
        posted = await self._poster.form(url, self._token, fields, PATIENCE, retries.hexdigest())
        self.sent.append(Callback(self._clock(), url, fields, posted.status, posted.error))
        return posted

    def _listener(self, service_sid: str, number: str) -> tuple[str, list[str]]:
        """Who hears of the traffic, and from which numbers it comes."""
        numbers = self._ledger.table(Number)
        if service_sid:
            service = self._ledger.table(Service).get(service_sid)
            if service is None:
                raise LookupError(f"there is no service {service_sid[:40]}")
            pool = [member.phone_number for member in members(self._ledger, service_sid)]
            chosen = next((row.phone_number for row in numbers if number and number in {row.sid, row.phone_number}), "")
            senders, url = [chosen] if chosen else pool, service.status_callback
        else:
            row = next((row for row in numbers if number and number in {row.sid, row.phone_number}), None)
            if row is None:
                raise LookupError(f"there is no number {number[:40]}")
            member = self._ledger.table(PoolNumber).get(row.sid)
            home = self._ledger.table(Service).get(member.service_sid) if member else None
            senders, url = [row.phone_number], (home.status_callback if home else None) or row.status_callback
        if not url:
            raise ValueError("nobody listens: neither the service nor the number has a status callback")
        if not senders:
            raise ValueError(f"service {service_sid} has no number to send from")
        return url, senders
