"""One account of the local Twilio: what opens it, what it holds, and the desks that decide about it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.twilio import brands, campaigns, messages, numbers, pools, services, vettings
from bot.sandbox.twilio.accounts import Account
from bot.sandbox.twilio.bundles import CustomerProfile, TrustProduct
from bot.sandbox.twilio.callbacks import Callbacks
from bot.sandbox.twilio.campaigns import Campaign
from bot.sandbox.twilio.codes import RejectionCodes
from bot.sandbox.twilio.desk import Desk
from bot.sandbox.twilio.desk_console import ConsoleDesk
from bot.sandbox.twilio.desk_external import ShareDesk
from bot.sandbox.twilio.desk_numbers import NumberDesk
from bot.sandbox.twilio.endpoint import Site
from bot.sandbox.twilio.event_streams import EventStreams
from bot.sandbox.twilio.ledger import Ledger, Record
from bot.sandbox.twilio.posting import Poster


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens an account: its auth token, or an API key with its secret."""

    account_sid: str
    auth_token: str
    api_key: str
    api_secret: str


class AccountView:
    """An account with a ledger of its own; `root` gives the address of the server, `changed` has the state kept.

    `poster` carries what the account tells by itself: its events, and what becomes of its messages.
    """

    def __init__(
        self,
        credentials: Credentials,
        ledger: Ledger,
        clock: Callable[[], float],
        changed: Callable[[], None],
        root: Callable[[], str],
        poster: Poster,
    ) -> None:
        self.credentials, self.ledger = credentials, ledger
        self.account_sid, self.auth_token = credentials.account_sid, credentials.auth_token
        self.desk = Desk(ledger, RejectionCodes([]), clock, changed)
        self.shares = ShareDesk(ledger, clock, changed)
        self.carriers = NumberDesk(ledger, clock, changed)
        self.console = ConsoleDesk(ledger, clock, changed, credentials.account_sid)
        whose = (credentials.account_sid, credentials.auth_token, ledger, clock)
        self.events = EventStreams(*whose, changed, poster)
        self.callbacks = Callbacks(*whose, poster)
        self._ledger, self._clock, self._changed, self._root = ledger, clock, changed, root

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

    @property
    def bundles(self) -> list[dict[str, Any]]:
        """Trust Hub bundles that came after the start, oldest first."""
        rows = [*self._ledger.table(CustomerProfile), *self._ledger.table(TrustProduct)]
        kept = {"sid", "friendly_name", "status"}
        return [{"kind": type(r).__name__, **r.model_dump(include=kept)} for r in rows if not r.in_start_state]

    @property
    def vettings(self) -> list[dict[str, Any]]:
        """Secondary vettings as the API shows them, oldest first."""
        return [vettings.body(self._site, row) for row in self._ledger.table(vettings.Vetting)]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Messages as the API shows them now, youngest first."""
        return messages.shown(self._site, self._ledger.table(messages.Message), self._clock())

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
    def now(self) -> float:
        """The time by the server's clock, in seconds."""
        return self._clock()

    @property
    def friendly_name(self) -> str:
        """What Twilio calls the account."""
        account = self._ledger.table(Account).get(self.account_sid)
        return account.friendly_name if account else ""

    @property
    def suspended(self) -> bool:
        """Whether Twilio lets this account do anything."""
        account = self._ledger.table(Account).get(self.account_sid)
        return account is not None and account.status != "active"

    def suspend(self) -> None:
        """Suspend the account, as Twilio does when a bill is not paid; its credentials open nothing then."""
        self._become("suspended")

    def reactivate(self) -> None:
        """Let the account work again."""
        self._become("active")

    def _become(self, status: str) -> None:
        self._ledger.table(Account).change(self.account_sid, self._clock(), status=status)
        self._changed()

    @property
    def _site(self) -> Site:
        return Site(self.account_sid, self._root())

    def _campaign(self, campaign: Campaign) -> dict[str, Any]:
        return campaigns.body(self._site, campaign, self._clock(), extended=True)
