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
    address_configurations,
    addresses,
    alpha_senders,
    brands,
    campaigns,
    channel_senders,
    conversations,
    desk_api,
    end_users,
    event_subscriptions,
    event_types,
    external,
    flex,
    flows,
    messages,
    numbers,
    policies,
    pools,
    pricing,
    services,
    short_codes,
    sinks,
    start_bundles,
    start_senders,
    start_state,
    start_west,
    trusthub,
    vettings,
)
from bot.sandbox.twilio.account_view import AccountView, Credentials
from bot.sandbox.twilio.codes import RejectionCodes
from bot.sandbox.twilio.dispatch import Dispatcher
from bot.sandbox.twilio.endpoint import Endpoint, Router
from bot.sandbox.twilio.faults import Fault, Faults
from bot.sandbox.twilio.journal import Journal, LoggedCall
from bot.sandbox.twilio.ledger import Ledger, StateFile
from bot.sandbox.twilio.posting import Poster
from bot.sandbox.twilio.tcr_webhook import TcrWebhook

TICK = 0.1
"""Seconds between two looks at what time alone has changed, such as a message that arrives."""


def endpoints() -> list[Endpoint]:
    """Every endpoint of the local Twilio. A new resource adds its file here."""
    files = (
        accounts,
        address_configurations,
        addresses,
        alpha_senders,
        brands,
        campaigns,
        channel_senders,
        conversations,
        end_users,
        event_subscriptions,
        event_types,
        external,
        flex,
        flows,
        messages,
        numbers,
        policies,
        pools,
        pricing,
        services,
        short_codes,
        sinks,
        trusthub,
        vettings,
    )
    return [endpoint for file in files for endpoint in file.endpoints()]


class LocalTwilio(AccountView):
    """A Twilio on localhost with a main account, which this is, and its subaccounts.

    Each product lies under its own first path segment.

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
        opened_by = Credentials(account_sid, auth_token, start_state.API_KEY_SID, start_state.API_KEY_SECRET)
        self._poster, self._work = Poster(), list[asyncio.Task[None]]()
        super().__init__(opened_by, Ledger(), clock, self._moved, lambda: self.url, self._poster)
        self.url = ""
        self.faults = Faults()
        self.journal = Journal()
        self.tcr = TcrWebhook()
        self._state_path = state_file
        self._state_file = StateFile(state_file, self._snapshot) if state_file is not None else None
        self._runner: web.AppRunner | None = None
        west = Ledger(self.ledger, seed=start_west.CREDENTIALS.account_sid)
        opened_by = start_west.CREDENTIALS
        self._subaccounts = (AccountView(opened_by, west, clock, self._moved, lambda: self.url, self._poster),)
        self._accounts = {account.account_sid: account for account in (self, *self._subaccounts)}

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Serve; `port` 0 takes a free one. Afterwards `url` is the base address, without a final slash.

        Raises OSError when the port is taken, ValueError or KeyError when the state file is damaged.
        """
        await self._open_ledger()
        codes_file = Path(bot.checks.__path__[0]) / "rejection_codes.json"
        codes = await asyncio.to_thread(RejectionCodes.of_file, codes_file)
        for account in self._accounts.values():
            account.desk.codes = codes
        app = web.Application()
        desk_api.add_routes(app, self)
        app.router.add_route("*", "/{path:.*}", self._dispatcher().serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"
        self._look()
        telling = [work for each in self._accounts.values() for work in (each.events.run(), each.callbacks.run())]
        self._work = [asyncio.create_task(work) for work in (self._look_on(), *telling)]

    async def stop(self) -> None:
        """Stop serving and telling, and write the state file."""
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        self._work.clear()
        await self._poster.close()
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
    def accounts(self) -> list[AccountView]:
        """Every account, the main one first."""
        return list(self._accounts.values())

    def account(self, account_sid: str) -> AccountView:
        """The same views of one of the accounts; raises KeyError for an unknown one."""
        return self._accounts[account_sid]

    def _dispatcher(self) -> Dispatcher:
        return Dispatcher(
            router=Router(endpoints()),
            accounts=self._accounts,
            faults=self.faults,
            journal=self.journal,
            clock=self._clock,
            changed=self._moved,
        )

    async def _open_ledger(self) -> None:
        if self._ledger.revision:
            return
        stored = await StateFile.read(self._state_path) if self._state_path is not None else None
        if stored is not None:
            self._ledger.load(stored)
            # A file of before Trust Hub has brands without their bundles.
            start_bundles.fill(self._ledger)
            start_state.fill_conversations(self._ledger, self.account_sid, self._clock())
            start_senders.fill(self._ledger, self._clock())
        else:
            start_state.fill(self._ledger, self.account_sid, self._clock())
        for account in self._subaccounts:
            if stored is not None and account.account_sid in stored.get("subaccounts", {}):
                account.ledger.load(stored["subaccounts"][account.account_sid])
            else:  # a state file may be of before there were any
                start_west.fill(account.ledger, self.account_sid, self._clock())
        if any(account.ledger.revision for account in self._accounts.values()):
            self._save()

    def _snapshot(self) -> dict[str, Any]:
        """All accounts as plain data: the main one as if it were alone, the others beside it."""
        others = {account.account_sid: account.ledger.snapshot() for account in self._subaccounts}
        return {**self._ledger.snapshot(), "subaccounts": others}

    def _moved(self) -> None:
        """Something has changed: it is told to whoever wants to hear of it, and kept."""
        self._look()
        self._save()

    def _look(self) -> None:
        for account in self._accounts.values():
            account.events.look()
            account.callbacks.look()

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self._look()

    def _save(self) -> None:
        if self._state_file is not None:
            self._state_file.touch()
