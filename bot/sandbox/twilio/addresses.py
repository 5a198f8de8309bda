"""Conversations address configurations (reference: section 3)."""

from typing import Any

from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Record
from bot.sandbox.twilio.wire import Text, iso_8601

_BASE = "/v1/Configuration/Addresses"


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    return [
        Endpoint("conversations", "GET", _BASE, list_all, (Text(name="Type"), *PAGING)),
        Endpoint("conversations", "GET", f"{_BASE}/{{Sid}}", fetch),
    ]


class AddressConfiguration(Record):
    """What happens to inbound messages of one address."""

    type: str
    address: str
    friendly_name: str = ""
    address_country: str | None = None
    auto_creation: dict[str, Any]


def body(site: Site, address: AddressConfiguration) -> dict[str, Any]:
    """The configuration as the API shows it."""
    hidden = {"ordinal", "in_start_state", "date_created", "date_updated"}
    return {
        **address.model_dump(exclude=hidden),
        "account_sid": site.account_sid,
        "date_created": iso_8601(address.date_created),
        "date_updated": iso_8601(address.date_updated),
        "url": site.url("conversations", f"{_BASE}/{address.sid}"),
    }


def list_all(call: Call) -> Reply:
    kind = call.values.get("type")
    rows = [row for row in call.ledger.table(AddressConfiguration) if kind in {None, row.type}]
    return call.page("address_configurations", rows, lambda address: body(call.site, address))


def fetch(call: Call) -> Reply:
    wanted = call.segments["Sid"]
    for address in call.ledger.table(AddressConfiguration):
        # The path takes the SID or the address itself.
        if wanted in {address.sid, address.address}:
            return Reply(200, body(call.site, address))
    raise call.missing()
