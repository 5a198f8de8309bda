"""The local Twilio: the REST API that Tenfour uses, stateful and strict, on one port."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    start_bundles,
    start_state,
    trusthub,
)
from bot.sandbox.twilio.campaigns import Campaign
from bot.sandbox.twilio.codes import RejectionCodes
from bot.sandbox.twilio.desk import Desk
from bot.sandbox.twilio.dispatch import Dispatcher
from bot.sandbox.twilio.endpoint import Endpoint, Router, Site
from bot.sandbox.twilio.faults import Fault, Faults
from bot.sandbox.twilio.journal import Journal, LoggedCall
from bot.sandbox.twilio.ledger import Ledger, Record, StateFile


def endpoints() -> list[Endpoint]:
    """Every endpoint of the local Twilio. A new resource adds its file here."""
    files = (accounts, addresses, brands, campaigns, flows, numbers, pools, pricing, services, trusthub)
    return [endpoint for file in files for endpoint in file.endpoints()]


class LocalTwilio:
    """A Twilio account on localhost, each product under its own first path segment.

    `state_file` keeps the account across processes; an object that is stopped and started again goes on with
    what it had in any case. `clock` gives seconds since the epoch and drives everything that takes time,
    except injected delays.
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
        self._state_file = StateFile(state_file, self._ledger.snapshot) if state_file is not None else None
        self._runner: web.AppRunner | None = None
        self.desk = Desk(self._ledger, RejectionCodes([]), clock, self._save)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Serve; `port` 0 takes a free one. Afterwards `url` is the base address, without a final slash.

        Raises OSError when the port is taken, ValueError or KeyError when the state file is damaged.
        """
        await self._open_ledger()
        codes_file = Path(bot.checks.__path__[0]) / "rejection_codes.json"
        self.desk.codes = await asyncio.to_thread(RejectionCodes.of_file, codes_file)
        app = web.Application()
        desk_api.add_routes(app, self)
        app.router.add_route("*", "/{path:.*}", self._dispatcher().serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"

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
        """The calls whose "METHOD /path" contains a text, with the rules of `Fault.match`."""
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

    def _campaign(self, campaign: Campaign) -> dict[str, Any]:
        return campaigns.body(self._site, campaign, self._clock(), extended=True)

    def _dispatcher(self) -> Dispatcher:
        return Dispatcher(
            router=Router(endpoints()),
            ledger=self._ledger,
            credentials={self.account_sid: self.auth_token, start_state.API_KEY_SID: start_state.API_KEY_SECRET},
            account_sid=self.account_sid,
            faults=self.faults,
            journal=self.journal,
            clock=self._clock,
            changed=self._save,
        )

    async def _open_ledger(self) -> None:
        if self._ledger.revision:
            return
        stored = await StateFile.read(self._state_path) if self._state_path is not None else None
        if stored is not None:
            self._ledger.load(stored)
            # A file of before Trust Hub has brands without their bundles.
            start_bundles.fill(self._ledger)
        else:
            start_state.fill(self._ledger, self.account_sid, self._clock())
        if self._ledger.revision:
            self._save()

    def _save(self) -> None:
        if self._state_file is not None:
            self._state_file.touch()
