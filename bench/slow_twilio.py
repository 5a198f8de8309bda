"""A Twilio that answers each GET after the same time and costs little: what a sweep is measured against.

Run in a process of its own. The number in a service's SID decides what becomes of its campaign: of a hundred the second
has FAILED, the third is refused once with HTTP 429, and of two hundred the eighth ends once in HTTP 500.
"""

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

HOST = "127.0.0.1"
BRAND, NUMBER = "BN" + "0b" * 16, "PN" + "0c" * 16
CHANGED, THROTTLED, BROKEN = (100, 1), (100, 2), (200, 7)
"""Of so many, which one."""
UNDER_REVIEW, VERIFIED = "IN_PROGRESS", "VERIFIED"
_END, _EMPTY = b"\r\n\r\n", b"{}"


def service_sid(number: int) -> str:
    """The SID of a service by its number."""
    return f"MG{number:032x}"


def number_of(sid: str) -> int:
    """And back."""
    return int(sid.removeprefix("MG"), base=16)


def is_one_of(which: tuple[int, int], number: int) -> bool:
    """Whether a service is one of those."""
    return number % which[0] == which[1]


def campaign(sid: str, account: str, status: str) -> dict[str, Any]:
    """A campaign as Twilio shows it."""
    text = "We text order updates to customers who asked for them at checkout, at most two for an order."
    return {
        "sid": "QE2c6890da8086d771620e9b13fadeba0b",
        "account_sid": account,
        "brand_registration_sid": BRAND,
        "messaging_service_sid": sid,
        "description": text,
        "message_flow": text,
        "message_samples": ["Acme: your order 123 is on its way.", "Acme: your order 123 has arrived today."],
        "us_app_to_person_usecase": "CUSTOMER_CARE",
        "has_embedded_links": False,
        "has_embedded_phone": False,
        "age_gated": False,
        "direct_lending": False,
        "subscriber_opt_in": True,
        "campaign_status": status,
        "campaign_id": None,
        "is_externally_registered": False,
        "rate_limits": None,
        "mock": False,
        "errors": [],
        "opt_in_keywords": ["START"],
        "opt_out_keywords": ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"],
        "help_keywords": ["HELP", "INFO"],
        "privacy_policy_url": "https://acme.example/privacy",
        "terms_and_conditions_url": "https://acme.example/terms",
        "date_created": "2026-10-01T12:00:00Z",
        "date_updated": "2026-10-02T12:00:00Z",
        "url": f"https://messaging.twilio.com/v1/Services/{sid}/Compliance/Usa2p",
    }


class SlowTwilio:
    """What it answers and how often it was asked. `retry_after` goes with a 429, in seconds, unless it is None."""

    def __init__(self, seconds: float, account: str, status: str, retry_after: float | None) -> None:
        self._seconds, self._account, self._status, self._retry_after = seconds, account, status, retry_after
        self.asked, self.refused = Counter[str](), set[str]()
        self.under_way = self.most = self.calls = 0

    @property
    def seconds(self) -> float:
        """How long an answer takes."""
        return self._seconds

    def answer(self, path: str) -> bytes:
        """The answer to a GET of this path."""
        if path == "/stats":
            stats = {"calls": self.calls, "asked": self.asked, "most": self.most}
            self.asked, self.refused, self.calls, self.most = Counter(), set(), 0, 0
            return _answer(200, json.dumps(stats).encode())
        self.calls += 1
        what = path.partition("?")[0].split("/")
        if what[-1] != "Usa2p":
            return _answer(200, self._other(what))
        sid = what[-3]
        self.asked[sid] += 1
        number = number_of(sid)
        if sid not in self.refused and (is_one_of(THROTTLED, number) or is_one_of(BROKEN, number)):
            self.refused.add(sid)
            if is_one_of(BROKEN, number):
                return _answer(500, _EMPTY)
            said = "" if self._retry_after is None else f"Retry-After: {self._retry_after:g}\r\n"
            return _answer(429, b'{"code": 20429, "message": "Too Many Requests", "status": 429}', said)
        status = "FAILED" if is_one_of(CHANGED, number) else self._status
        found = {"compliance": [campaign(sid, self._account, status)], "meta": {"next_page_url": None}}
        return _answer(200, json.dumps(found).encode())

    def _other(self, what: list[str]) -> bytes:
        """What else a look at a verified campaign reads: a pool of one number, and nothing odd about it."""
        number = {"sid": NUMBER, "phone_number": "+14155550100", "sms_url": "https://acme.example/sms"}
        found: Mapping[str, Any] = {
            "PhoneNumbers": {"phone_numbers": [number], "meta": {}},
            "ShortCodes": {"short_codes": [], "meta": {}},
            "Addresses": {"address_configurations": [], "meta": {}},
            BRAND: {"sid": BRAND, "status": "APPROVED", "identity_status": "VERIFIED", "brand_type": "STANDARD"},
            f"{NUMBER}.json": number,
        }
        service = {"sid": what[-1], "friendly_name": "Acme", "use_inbound_webhook_on_number": True}
        return json.dumps(found.get(what[-1], service)).encode()


class Connection(asyncio.Protocol):
    """One kept-alive connection: requests without a body, one at a time."""

    def __init__(self, twilio: SlowTwilio) -> None:
        self._twilio, self._left = twilio, b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody has connected."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Part of a request, or several."""
        self._left += data
        while _END in self._left:
            head, _, self._left = self._left.partition(_END)
            path = head.split(b" ", 2)[1].decode()
            seconds = 0.0 if path == "/stats" else self._twilio.seconds
            self._twilio.under_way += 1
            self._twilio.most = max(self._twilio.most, self._twilio.under_way)
            asyncio.get_running_loop().call_later(seconds, self._say, path)

    def _say(self, path: str) -> None:
        self._twilio.under_way -= 1
        if not self._transport.is_closing():
            self._transport.write(self._twilio.answer(path))


def _answer(status: int, body: bytes, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


@asynccontextmanager
async def slow_twilio(
    seconds: float, account: str, status: str = UNDER_REVIEW, retry_after: float | None = None
) -> AsyncIterator[str]:
    """Such a Twilio in a process of its own; gives its base address."""
    said = [] if retry_after is None else ["--retry-after", str(retry_after)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.slow_twilio", "--seconds", str(seconds), "--account", account, "--status", status,
        *said, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout  # asked for above
        port = int(await process.stdout.readline())
        yield f"http://{HOST}:{port}"
    finally:
        process.terminate()
        await process.wait()


async def stats(url: str) -> dict[str, Any]:
    """What it was asked since this was asked last: `calls` in all, `asked` by service, and the `most` under way."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/stats") as answer:
        found: dict[str, Any] = await answer.json()
        return found


async def _serve(arguments: argparse.Namespace) -> None:
    twilio = SlowTwilio(arguments.seconds, arguments.account, arguments.status, arguments.retry_after)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(twilio), HOST, 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--status", required=True)
    parser.add_argument("--retry-after", type=float)
    asyncio.run(_serve(parser.parse_args()))
