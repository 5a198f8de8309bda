"""What the account holds when the local Twilio starts for the first time. All SIDs here are fixed."""

from dataclasses import dataclass

from bot.sandbox.twilio import inventory, numbers, pools, start_bundles, start_conversations, start_senders
from bot.sandbox.twilio.accounts import Account
from bot.sandbox.twilio.brands import Brand
from bot.sandbox.twilio.ledger import Ledger
from bot.sandbox.twilio.services import Service

ACCOUNT_SID = "AC" + "5a" * 16
AUTH_TOKEN = "sandbox-auth-token"  # noqa: S105 - fixed on purpose, opens nothing but the sandbox
API_KEY_SID = "SK" + "5a" * 16
API_KEY_SECRET = "sandbox-api-secret"  # noqa: S105 - likewise

APPROVED_BRAND = "BN" + "a1" * 16
PENDING_BRAND = "BN" + "b2" * 16
LOW_VOLUME_BRAND = "BN" + "c3" * 16
FAILED_BRAND = "BN" + "d4" * 16

SUPPORT_SERVICE = "MG" + "5e" * 16
POOLED_NUMBER = "PN" + "01" * 16
FREE_NUMBER = "PN" + "02" * 16
TOLL_FREE_NUMBER = "PN" + "03" * 16

FLEX_NUMBER = "PN" + "04" * 16

FLEX_FLOW = start_conversations.FLEX_FLOW
VOTE_FLOW = start_conversations.VOTE_FLOW
FRONT_DESK_FLOW = start_conversations.FRONT_DESK_FLOW
DRAFT_FLOW = start_conversations.DRAFT_FLOW

_AGE = 30 * 86400.0


@dataclass(frozen=True, slots=True)
class OwnedNumber:
    """A number that the account has from the start."""

    sid: str
    phone_number: str
    friendly_name: str


OWNED_NUMBERS = (
    OwnedNumber(POOLED_NUMBER, "+14155550110", "Acme support line"),
    OwnedNumber(FREE_NUMBER, "+15125550120", "Acme Austin"),
    OwnedNumber(TOLL_FREE_NUMBER, "+18885550130", "Acme toll-free"),
    OwnedNumber(FLEX_NUMBER, "+19165550140", "Acme Flex desk"),
)


def fill(ledger: Ledger, account_sid: str, now: float) -> None:
    """Put the start state into an empty ledger; everything is dated a month back."""
    at = now - _AGE
    account = Account(sid=account_sid, date_created=at, date_updated=at, friendly_name="Acme", in_start_state=True)
    ledger.table(Account).add(account)
    for brand in _brands(at):
        ledger.table(Brand).add(brand)
    start_bundles.fill(ledger)
    for owned in OWNED_NUMBERS:
        offer = inventory.offer_of(owned.phone_number)
        numbers.own(ledger, offer, owned.sid, at, friendly_name=owned.friendly_name, in_start_state=True)
    service = Service(
        sid=SUPPORT_SERVICE,
        date_created=at,
        date_updated=at,
        friendly_name="Acme support",
        use_inbound_webhook_on_number=True,
        in_start_state=True,
    )
    ledger.table(Service).add(service)
    pooled = ledger.table(numbers.Number).get(POOLED_NUMBER)
    if pooled is not None:
        pools.join(ledger, SUPPORT_SERVICE, pooled, at, in_start_state=True)
    fill_conversations(ledger, account_sid, now)
    start_senders.fill(ledger, at)


def fill_conversations(ledger: Ledger, account_sid: str, now: float) -> None:
    """Give an account its Conversations, Flex and Studio, where a state file is of before them."""
    if start_conversations.filled(ledger):
        return
    owned, at = OWNED_NUMBERS[3], now - _AGE
    if owned.phone_number not in {number.phone_number for number in ledger.table(numbers.Number)}:
        offer = inventory.offer_of(owned.phone_number)
        numbers.own(ledger, offer, owned.sid, at, friendly_name=owned.friendly_name, in_start_state=True)
    start_conversations.fill(ledger, account_sid, at, owned.phone_number)


def _brands(at: float) -> list[Brand]:
    def brand(sid: str, name: str, serial: str, **fields: object) -> Brand:
        settled = {
            "tcr_id": f"B{serial * 3}".upper(),
            "russell_3000": False,
            "government_entity": False,
            "identity_status": "VERIFIED",
            "status": "APPROVED",
            **fields,
        }
        return Brand.model_validate(
            {
                "sid": sid,
                "name": name,
                "date_created": at,
                "date_updated": at,
                "in_start_state": True,
                "customer_profile_bundle_sid": "BU" + f"{serial}c0" * 8,
                "a2p_profile_bundle_sid": "BU" + f"{serial}a2" * 8,
                **settled,
            }
        )

    mismatch = {
        "error_code": 30795,
        "description": "The tax id does not match the legal business name.",
        "fields": ["business_registration_number", "business_name"],
        "url": "https://www.twilio.com/docs/api/errors/30795",
    }
    return [
        brand(APPROVED_BRAND, "Acme Inc", "a1", brand_score=78),
        brand(
            PENDING_BRAND,
            "Acme Pending Inc",
            "b2",
            status="PENDING",
            identity_status=None,
            tcr_id=None,
            russell_3000=None,
            government_entity=None,
        ),
        brand(LOW_VOLUME_BRAND, "Acme Local LLC", "c3", skip_automatic_sec_vet=True),
        brand(
            FAILED_BRAND,
            "Acme Failed Inc",
            "d4",
            status="FAILED",
            identity_status="UNVERIFIED",
            failure_reason="The tax id does not match the legal business name.",
            brand_feedback=["TAX_ID"],
            errors=[mismatch],
        ),
    ]
