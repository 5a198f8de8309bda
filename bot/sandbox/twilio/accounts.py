"""The account itself."""

from bot.sandbox.twilio.endpoint import Call, Endpoint, Reply
from bot.sandbox.twilio.ledger import Record
from bot.sandbox.twilio.wire import PERMISSION_DENIED, Refusal, rfc_2822

_SUBRESOURCES = {
    "available_phone_numbers": "AvailablePhoneNumbers",
    "incoming_phone_numbers": "IncomingPhoneNumbers",
    "messages": "Messages",
    "addresses": "Addresses",
}


PATH = "/2010-04-01/Accounts/{Sid}.json"


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    return [Endpoint("api", "GET", PATH, fetch)]


class Account(Record):
    """A Twilio account; `parent_sid` is that of the account that a subaccount belongs to."""

    friendly_name: str
    parent_sid: str | None = None
    status: str = "active"
    type: str = "Full"


def fetch(call: Call) -> Reply:
    account = call.ledger.table(Account).get(call.segments["Sid"])
    if account is None:
        raise Refusal(401, PERMISSION_DENIED, "Authenticate")
    path = f"/2010-04-01/Accounts/{account.sid}"
    return Reply(
        200,
        {
            "sid": account.sid,
            "friendly_name": account.friendly_name,
            "status": account.status,
            "type": account.type,
            "owner_account_sid": account.parent_sid or account.sid,
            "auth_token": call.auth_token,
            "date_created": rfc_2822(account.date_created),
            "date_updated": rfc_2822(account.date_updated),
            "subresource_uris": {name: f"{path}/{tail}.json" for name, tail in _SUBRESOURCES.items()},
            "uri": f"{path}.json",
        },
    )
