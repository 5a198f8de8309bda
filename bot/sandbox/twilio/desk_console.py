"""What people set in Twilio's Console about messaging services, as no API switches Autocreate on (twilio.md 1.4)."""

from collections.abc import Callable

from bot.sandbox.twilio.conversations import ConversationsConfiguration, configuration
from bot.sandbox.twilio.ledger import Ledger
from bot.sandbox.twilio.services import Service


class ConsoleDesk:
    """Console's switches. All methods raise LookupError for a service that there is not."""

    def __init__(
        self, ledger: Ledger, clock: Callable[[], float], changed: Callable[[], None], account_sid: str
    ) -> None:
        self._ledger, self._clock, self._changed, self._account_sid = ledger, clock, changed, account_sid

    @property
    def default_service(self) -> str | None:
        """The default messaging service of Conversations."""
        return configuration(self._ledger, self._account_sid).default_messaging_service_sid

    def autocreate(self, service_sid: str) -> None:
        """The service makes conversations of what comes in; the API shows no more than that it no longer defers."""
        self._set(service_sid, defers=False)

    def defer(self, service_sid: str) -> None:
        """The service leaves what comes in to each number's own webhook."""
        self._set(service_sid, defers=True)

    def make_default(self, service_sid: str) -> None:
        """The service is the default one of Conversations."""
        self._known(service_sid)
        kept, at = configuration(self._ledger, self._account_sid), self._clock()
        table = self._ledger.table(ConversationsConfiguration)
        if table.get(kept.sid) is None:
            table.add(kept.model_copy(update={"date_created": at}))
        table.change(kept.sid, at, default_messaging_service_sid=service_sid)
        self._changed()

    def _set(self, service_sid: str, *, defers: bool) -> None:
        self._known(service_sid)
        settings = {"use_inbound_webhook_on_number": defers, "inbound_request_url": None}
        self._ledger.table(Service).change(service_sid, self._clock(), **settings)
        self._changed()

    def _known(self, service_sid: str) -> None:
        if self._ledger.table(Service).get(service_sid) is None:
            raise LookupError(f"there is no service {service_sid[:40]}")
