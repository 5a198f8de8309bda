"""What the tests of the local Twilio share: a running server, a clock to turn, and clients."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from twilio.rest import Client

from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.server import LocalTwilio

ACCOUNT = f"/api/2010-04-01/Accounts/{start_state.ACCOUNT_SID}"
SERVICES = "/messaging/v1/Services"

CAMPAIGN: dict[str, Any] = {
    "BrandRegistrationSid": start_state.APPROVED_BRAND,
    "Description": "Acme Inc sends order and delivery updates to customers who asked for them at checkout.",
    "MessageFlow": "Customers tick a box at https://acme.example/checkout that says which texts they will get.",
    "MessageSamples": [
        "Acme: order [number] has shipped, and comes today. Reply STOP to end.",
        "Acme: your parcel is at the door. Reply HELP for help.",
    ],
    "UsAppToPersonUsecase": "DELIVERY_NOTIFICATION",
    "HasEmbeddedLinks": "false",
    "HasEmbeddedPhone": "false",
    "PrivacyPolicyUrl": "https://acme.example/privacy",
    "TermsAndConditionsUrl": "https://acme.example/terms",
}
RESUBMISSION: dict[str, Any] = {
    **{
        name: CAMPAIGN[name]
        for name in (
            "Description",
            "MessageFlow",
            "MessageSamples",
            "HasEmbeddedLinks",
            "HasEmbeddedPhone",
            "PrivacyPolicyUrl",
            "TermsAndConditionsUrl",
        )
    },
    "AgeGated": "false",
    "DirectLending": "false",
}


class Clock:
    """Time that stands still until it is turned."""

    def __init__(self) -> None:
        self.now = 1_780_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def code(self) -> int | None:
        return self.body.get("code")


class Account:
    """The local Twilio over HTTP, with the right credentials unless others are given."""

    def __init__(self, twilio: LocalTwilio, clock: Clock, http: aiohttp.ClientSession) -> None:
        self.twilio = twilio
        self.clock = clock
        self.http = http

    async def call(
        self,
        method: str,
        path: str,
        params: dict[str, Any] | None = None,
        *,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] = (start_state.ACCOUNT_SID, start_state.AUTH_TOKEN),
    ) -> Answer:
        """Send one request; lists in `params` become repeated keys, an address on this server is taken as it is."""
        pairs = [
            (name, text)
            for name, value in (params or {}).items()
            for text in (value if isinstance(value, list) else [value])
        ]
        url = path if path.startswith("http") else self.twilio.url + path
        sent: dict[str, Any] = {"data": aiohttp.FormData(pairs)} if method == "POST" else {"params": pairs}
        sent["headers"] = {"Authorization": aiohttp.encode_basic_auth(*auth), **(headers or {})}
        async with self.http.request(method, url, **sent) as response:
            body = await response.json() if response.content_length else {}
            return Answer(response.status, body, dict(response.headers))

    async def service(self, **settings: str) -> str:
        """A new messaging service; gives its SID."""
        answer = await self.call("POST", SERVICES, {"FriendlyName": "Acme deliveries", **settings})
        assert answer.status == 201, answer
        return str(answer.body["sid"])

    async def campaign(self, service_sid: str, **changes: Any) -> Answer:
        """Register a campaign that is right but for the changes; None leaves a parameter out."""
        params = {name: value for name, value in {**CAMPAIGN, **changes}.items() if value is not None}
        return await self.call("POST", f"{SERVICES}/{service_sid}/Compliance/Usa2p", params)

    def helper(self) -> Client:
        """Twilio's own client; it blocks, so use it in a thread."""
        client = Client(start_state.ACCOUNT_SID, start_state.AUTH_TOKEN)
        for product in ("messaging", "api", "pricing", "conversations", "studio", "trusthub", "events"):
            getattr(client, product).base_url = f"{self.twilio.url}/{product}"
        return client


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something is so, five seconds at most."""
    for _ in range(250):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came to be")


@asynccontextmanager
async def open_account(state_file: Path | None = None) -> AsyncIterator[Account]:
    """A local Twilio in its start state (or with what `state_file` holds) and clients for it."""
    clock = Clock()
    twilio = LocalTwilio(state_file=state_file, clock=clock)
    await twilio.start()
    try:
        async with aiohttp.ClientSession() as http:
            yield Account(twilio, clock, http)
    finally:
        await twilio.stop()
