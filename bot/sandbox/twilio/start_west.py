"""What the subaccount “Acme West” holds when the local Twilio starts for the first time: no brand, hardly anything."""

from bot.sandbox.twilio import inventory, numbers, pools
from bot.sandbox.twilio.account_view import Credentials
from bot.sandbox.twilio.accounts import Account
from bot.sandbox.twilio.ledger import Ledger
from bot.sandbox.twilio.services import Service

ACCOUNT_SID = "AC" + "7e" * 16
CREDENTIALS = Credentials(
    account_sid=ACCOUNT_SID,
    auth_token="sandbox-west-auth-token",  # noqa: S106 - fixed on purpose, opens nothing but the sandbox
    api_key="SK" + "7e" * 16,
    api_secret="sandbox-west-api-secret",  # noqa: S106 - likewise
)

SERVICE = "MG" + "7e" * 16
NUMBER = "PN" + "7e" * 16

_AGE = 20 * 86400.0


def fill(ledger: Ledger, parent_sid: str, now: float) -> None:
    """Put the start state into an empty ledger; everything is dated some weeks back."""
    at = now - _AGE
    account = Account(
        sid=ACCOUNT_SID,
        date_created=at,
        date_updated=at,
        friendly_name="Acme West",
        parent_sid=parent_sid,
        in_start_state=True,
    )
    ledger.table(Account).add(account)
    offer = inventory.offer_of("+18085550150")
    number = numbers.own(ledger, offer, NUMBER, at, friendly_name="Acme Honolulu", in_start_state=True)
    service = Service(
        sid=SERVICE,
        date_created=at,
        date_updated=at,
        friendly_name="Acme West alerts",
        use_inbound_webhook_on_number=True,
        in_start_state=True,
    )
    ledger.table(Service).add(service)
    pools.join(ledger, SERVICE, number, at, in_start_state=True)
