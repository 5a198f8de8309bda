"""Postal addresses of the account (reference: section 4.4, item 4)."""

import re
from typing import Any

from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Record
from bot.sandbox.twilio.wire import CONFLICT, Boolean, Param, Refusal, Text, rfc_2822

_LIST = "/2010-04-01/Accounts/{AccountSid}/Addresses.json"
_ONE = "/2010-04-01/Accounts/{AccountSid}/Addresses/{Sid}.json"
NOT_AN_ADDRESS = 21629


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    country = Text(name="IsoCountry", pattern="[A-Z]{2}")
    filters: tuple[Param, ...] = (
        Text(name="CustomerName"),
        Text(name="FriendlyName"),
        Boolean(name="EmergencyEnabled"),
        country,
    )
    return [
        Endpoint("api", "POST", _LIST, create, (*_settings(required=True), _COUNTRY)),
        Endpoint("api", "GET", _LIST, list_all, (*filters, *PAGING)),
        Endpoint("api", "GET", _ONE, fetch),
        Endpoint("api", "POST", _ONE, update, _settings(required=False)),
        Endpoint("api", "DELETE", _ONE, delete),
    ]


class Address(Record):
    """A postal address; Twilio corrects it to the post's own spelling unless it is told not to."""

    customer_name: str
    street: str
    city: str
    region: str
    postal_code: str
    iso_country: str
    street_secondary: str | None = None
    friendly_name: str = ""
    emergency_enabled: bool = False


def body(site: Site, address: Address) -> dict[str, Any]:
    """The address as the API shows it."""
    hidden = {"ordinal", "in_start_state", "date_created", "date_updated"}
    return {
        **address.model_dump(exclude=hidden),
        "account_sid": site.account_sid,
        "validated": True,
        "verified": False,
        "date_created": rfc_2822(address.date_created),
        "date_updated": rfc_2822(address.date_updated),
        "uri": f"/2010-04-01/Accounts/{site.account_sid}/Addresses/{address.sid}.json",
    }


def create(call: Call) -> Reply:
    values = _kept(call)
    address = Address(sid=call.ledger.mint("AD"), date_created=call.at, date_updated=call.at, **values)
    _check(address)
    return Reply(201, body(call.site, call.ledger.table(Address).add(address)))


def list_all(call: Call) -> Reply:
    wanted = {f: v for f, v in call.values.items() if f in Address.model_fields}
    rows = (row for row in call.ledger.table(Address) if all(getattr(row, f) == v for f, v in wanted.items()))
    return call.page("addresses", rows, lambda address: body(call.site, address))


def fetch(call: Call) -> Reply:
    return Reply(200, body(call.site, _address(call)))


def update(call: Call) -> Reply:
    address, values = _address(call), _kept(call)
    _check(address.model_copy(update=values))
    return Reply(200, body(call.site, call.ledger.table(Address).change(address.sid, call.at, **values)))


def delete(call: Call) -> Reply:
    # Imported late: documents name addresses.
    from bot.sandbox.twilio.bundles import SupportingDocument

    address = _address(call)
    named = (str(document.attributes.get("address_sids")) for document in call.ledger.table(SupportingDocument))
    if any(address.sid in sids for sids in named):
        # What Twilio does here is not known; taking the ground from under a profile is refused.
        raise Refusal(409, CONFLICT, f"Address {address.sid} is named by a supporting document")
    call.ledger.table(Address).remove(address.sid)
    return Reply(204)


def _address(call: Call) -> Address:
    address = call.ledger.table(Address).get(call.segments["Sid"])
    if address is None:
        raise call.missing()
    return address


def _kept(call: Call) -> dict[str, Any]:
    """What was sent, but for the wish for correction; an empty second line takes it away."""
    values = {field: value for field, value in call.values.items() if field != "auto_correct_address"}
    if values.get("street_secondary") == "":
        values["street_secondary"] = None
    return values


def _check(address: Address) -> None:
    """Refuse what no post would deliver to."""
    wrong = [
        name for name in ("customer_name", "street", "city", "region", "postal_code") if not getattr(address, name)
    ]
    if address.iso_country == "US":
        wrong += [] if re.fullmatch("[A-Z]{2}", address.region) else ["region"]
        wrong += [] if re.fullmatch(r"\d{5}(-\d{4})?", address.postal_code) else ["postal_code"]
    if wrong:
        raise Refusal(400, NOT_AN_ADDRESS, f"Address validation failed: {', '.join(dict.fromkeys(wrong))}")


def _settings(*, required: bool) -> tuple[Param, ...]:
    needed = ("CustomerName", "Street", "City", "Region", "PostalCode")
    return (
        *(Text(name=name, required=required) for name in needed),
        Text(name="FriendlyName"),
        Boolean(name="EmergencyEnabled"),
        Boolean(name="AutoCorrectAddress"),
        Text(name="StreetSecondary"),
    )


_COUNTRY = Text(name="IsoCountry", required=True, pattern="[A-Z]{2}")
