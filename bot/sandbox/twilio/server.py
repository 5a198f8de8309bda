"""The local Twilio: the REST API that Tenfour uses, stateful and strict, on one port."""

import asyncio
import base64
import binascii
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from aiohttp import web

import bot.checks
from bot.sandbox.twilio import (
    accounts,
    addresses,
    brands,
    campaigns,
    desk_api,
    flows,
    numbers,
    pools,
    pricing,
    services,
    start_state,
)
from bot.sandbox.twilio.codes import RejectionCodes
from bot.sandbox.twilio.desk import Desk
from bot.sandbox.twilio.endpoint import Call, Endpoint, Reply, Router, Site
from bot.sandbox.twilio.faults import Fault, Faults
from bot.sandbox.twilio.journal import HEADERS_OF_INTEREST, Journal, LoggedCall
from bot.sandbox.twilio.ledger import Ledger, Record, StateFile
from bot.sandbox.twilio.wire import UNKNOWN_OR_MISSING, Refusal, decode

PRODUCTS = ("messaging", "api", "pricing", "trusthub", "conversations", "studio", "events", "flex-api")
"""The first segment of every path, in the place of Twilio's subdomains."""

FORM = "application/x-www-form-urlencoded"
PERMISSION_DENIED = 20003


def endpoints() -> list[Endpoint]:
    """Every endpoint of the local Twilio. A new resource adds its file here."""
    files = (accounts, addresses, brands, campaigns, flows, numbers, pools, pricing, services)
    return [endpoint for file in files for endpoint in file.endpoints()]


@dataclass(slots=True)
class _Exchange:
    """One request on its way: what was asked, and what has come of it so far."""

    method: str
    product: str
    path: str
    params: list[tuple[str, str]]
    status: int = 0
    body: dict[str, Any] | None = None
    effect: bool = False


class LocalTwilio:
    """A Twilio account on localhost.

    `state_file` keeps the account across restarts; without it every start is a first start. `clock`
    gives the time in seconds since the epoch and drives everything that takes time except injected delays.
    """

    def __init__(
        self,
        state_file: Path | None = None,
        clock: Callable[[], float] = time.time,
        account_sid: str = start_state.ACCOUNT_SID,
        auth_token: str = start_state.AUTH_TOKEN,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.url = ""
        self.faults = Faults()
        self.journal = Journal()
        self._clock = clock
        self._ledger = Ledger()
        self._state_path = state_file
        self._state_file: StateFile | None = None
        self._router = Router(endpoints())
        self._credentials = {account_sid: auth_token, start_state.API_KEY_SID: start_state.API_KEY_SECRET}
        self._runner: web.AppRunner | None = None
        self.desk = Desk(lambda: self._ledger, RejectionCodes([]), clock, self._save)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Serve; `port` 0 takes a free one. Afterwards `url` is the base address."""
        await self._open_ledger()
        codes_file = Path(bot.checks.__path__[0]) / "rejection_codes.json"
        self.desk.codes = await asyncio.to_thread(RejectionCodes.of_file, codes_file)
        app = web.Application()
        desk_api.add_routes(app, self)
        app.router.add_route("*", "/{product}/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, shutdown_timeout=0.1)
        await site.start()
        bound_port = self._runner.addresses[0][1]
        self.url = f"http://{host}:{bound_port}"

    async def stop(self) -> None:
        """Stop serving and write the state file."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._state_file is not None:
            await self._state_file.flush()

    @property
    def log(self) -> list[LoggedCall]:
        """Every call that arrived, oldest first."""
        return self.journal.calls

    def calls(self, match: str) -> list[LoggedCall]:
        """The calls whose "METHOD /path", with or without the product, contains a text; `$` pins its end."""
        fault = Fault(match=match)
        return [call for call in self.log if fault.hits(call.method, call.product, call.path)]

    @property
    def services(self) -> list[dict[str, Any]]:
        """Messaging services as the API shows them, oldest first."""
        return [services.body(self._site, row) for row in self._ledger.table(services.Service)]

    @property
    def numbers(self) -> list[dict[str, Any]]:
        """Owned numbers as the API shows them, oldest first."""
        return [numbers.body(self._site, row) for row in self._ledger.table(numbers.Number)]

    @property
    def pools(self) -> dict[str, list[dict[str, Any]]]:
        """Pool numbers as the API shows them, by service SID."""
        return {
            service.sid: [pools.body(self._site, row) for row in pools.members(self._ledger, service.sid)]
            for service in self._ledger.table(services.Service)
        }

    @property
    def campaigns(self) -> list[dict[str, Any]]:
        """Campaigns as API version v1.2 shows them now, oldest first."""
        return [self._campaign(row) for row in self._ledger.table(campaigns.Campaign)]

    @property
    def brands(self) -> list[dict[str, Any]]:
        """Brands as the API shows them plus `name`, oldest first."""
        return [{"name": row.name, **brands.body(self._site, row)} for row in self._ledger.table(brands.Brand)]

    def created(self, kind: str) -> list[dict[str, Any]]:
        """What has been made since the first start: service, number, pool_number, campaign or brand."""
        shown: dict[str, tuple[type[Record], Callable[[Any], dict[str, Any]]]] = {
            "service": (services.Service, lambda row: services.body(self._site, row)),
            "number": (numbers.Number, lambda row: numbers.body(self._site, row)),
            "pool_number": (pools.PoolNumber, lambda row: pools.body(self._site, row)),
            "campaign": (campaigns.Campaign, self._campaign),
            "brand": (brands.Brand, lambda row: brands.body(self._site, row)),
        }
        table, body = shown[kind]
        return [body(row) for row in self._ledger.table(table) if not row.in_start_state]

    @property
    def _site(self) -> Site:
        return Site(self.account_sid, self.url)

    def _campaign(self, campaign: campaigns.Campaign) -> dict[str, Any]:
        return campaigns.body(self._site, campaign, self._clock(), extended=True)

    async def _open_ledger(self) -> None:
        stored = None
        if self._state_path is not None:
            stored = await StateFile.read(self._state_path)
            self._state_file = StateFile(self._state_path, lambda: self._ledger.snapshot())
        self._ledger = Ledger(stored)
        if stored is None:
            start_state.fill(self._ledger, self.account_sid, self._clock())
            self._save()

    def _save(self) -> None:
        if self._state_file is not None:
            self._state_file.touch()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        at = self._clock()
        product, raw_path = _split(request)
        query = parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)
        text = await request.text()
        is_form = request.content_type == FORM
        form = parse_qsl(text, keep_blank_values=True) if is_form else []
        exchange = _Exchange(request.method, product, unquote(raw_path), [*query, *form])
        fault = self.faults.take(request.method, product, exchange.path)
        dropped = await self._perform(request, exchange, fault, at, raw_path, unread=bool(text) and not is_form)
        self.journal.write(
            exchange.method,
            exchange.product,
            exchange.path,
            params=exchange.params,
            headers={name: request.headers[name] for name in HEADERS_OF_INTEREST if name in request.headers},
            status=exchange.status,
            response=exchange.body,
            effect=exchange.effect,
            at=at,
        )
        if exchange.effect:
            self._save()
        return _cut(request) if dropped else _respond(exchange, fault)

    async def _perform(
        self, request: web.Request, exchange: _Exchange, fault: Fault | None, at: float, raw_path: str, *, unread: bool
    ) -> bool:
        """Fill in the exchange; True when the connection is to be cut without an answer."""
        if fault is not None and fault.delay and (fault.late_effect or fault.drop):
            await asyncio.sleep(fault.delay)
        if fault is not None and fault.drop:
            return True
        revision = self._ledger.revision
        try:
            if fault is not None and fault.forced_status is not None:
                raise Refusal(fault.forced_status, fault.forced_code, "Injected fault")
            reply = self._answer(request, exchange, at, raw_path, unread=unread)
            exchange.status, exchange.body = reply.status, reply.body
        except Refusal as refusal:
            exchange.status, exchange.body = refusal.status, refusal.body()
        exchange.effect = self._ledger.revision != revision
        if fault is not None and fault.drop_after_effect:
            exchange.status, exchange.body = 0, None
            return True
        return False
