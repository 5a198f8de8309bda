"""A2P brand registrations (reference: section 4.6)."""

from typing import Any

from pydantic import Field

from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Record
from bot.sandbox.twilio.wire import Boolean, Choice, Param, Refusal, Sid, iso_8601

FREE_UPDATES = 3
UPDATES_USED_UP = 21724
NOT_FAILED = 21725
STARTER_IS_GONE = 21726
BRAND_SUSPENDED = 21731


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    return [
        Endpoint("messaging", "POST", "/v1/a2p/BrandRegistrations", create, _CREATE),
        Endpoint("messaging", "GET", "/v1/a2p/BrandRegistrations", list_all, PAGING),
        Endpoint("messaging", "GET", "/v1/a2p/BrandRegistrations/{Sid}", fetch),
        Endpoint("messaging", "POST", "/v1/a2p/BrandRegistrations/{Sid}", update),
    ]


class Brand(Record):
    """A brand. `name` is the legal name, which the API keeps in Trust Hub and never shows here."""

    name: str = ""
    customer_profile_bundle_sid: str
    a2p_profile_bundle_sid: str
    brand_type: str = "STANDARD"
    status: str = "PENDING"
    tcr_id: str | None = None
    failure_reason: str | None = None
    errors: list[dict[str, Any]] = Field(default_factory=list)
    brand_score: int | None = None
    brand_feedback: list[str] | None = None
    identity_status: str | None = None
    russell_3000: bool | None = None
    government_entity: bool | None = None
    tax_exempt_status: str | None = None
    skip_automatic_sec_vet: bool = False
    mock: bool = False
    updates: int = 0


def body(site: Site, brand: Brand) -> dict[str, Any]:
    """The brand as the API shows it."""
    url = site.url("messaging", f"/v1/a2p/BrandRegistrations/{brand.sid}")
    hidden = {"ordinal", "in_start_state", "name", "updates", "date_created", "date_updated"}
    return {
        **brand.model_dump(exclude=hidden),
        "account_sid": site.account_sid,
        "date_created": iso_8601(brand.date_created),
        "date_updated": iso_8601(brand.date_updated),
        "url": url,
        "links": {"brand_vettings": f"{url}/Vettings", "brand_registration_otps": f"{url}/SmsOtp"},
    }


def create(call: Call) -> Reply:
    brand = Brand(sid=call.ledger.mint("BN"), date_created=call.at, date_updated=call.at, **call.values)
    return Reply(201, body(call.site, call.ledger.table(Brand).add(brand)))


def list_all(call: Call) -> Reply:
    return call.page("data", call.ledger.table(Brand), lambda brand: body(call.site, brand))


def fetch(call: Call) -> Reply:
    return Reply(200, body(call.site, _brand(call)))


def update(call: Call) -> Reply:
    brand = _brand(call)
    if brand.status == "SUSPENDED":
        raise Refusal(400, BRAND_SUSPENDED, "The brand is suspended")
    # A registration that never reached TCR cannot be sent there again (reference, 4.6).
    if brand.status != "FAILED" or brand.tcr_id is None:
        raise Refusal(400, NOT_FAILED, "Only a brand in the FAILED state can be updated")
    if brand.updates >= FREE_UPDATES:
        raise Refusal(400, UPDATES_USED_UP, f"The brand has been updated {brand.updates} times, which is the limit")
    changed = call.ledger.table(Brand).change(
        brand.sid,
        call.at,
        status="PENDING",
        errors=[],
        failure_reason=None,
        brand_feedback=None,
        identity_status=None,
        updates=brand.updates + 1,
    )
    return Reply(202, body(call.site, changed))


def _brand(call: Call) -> Brand:
    brand = call.ledger.table(Brand).get(call.segments["Sid"])
    if brand is None:
        raise call.missing()
    return brand


_CREATE: tuple[Param, ...] = (
    Sid(name="CustomerProfileBundleSid", prefix="BU", required=True),
    Sid(name="A2PProfileBundleSid", prefix="BU", required=True),
    Choice(name="BrandType", choices=("STANDARD", "SOLE_PROPRIETOR"), invalid_code=STARTER_IS_GONE),
    Boolean(name="Mock"),
    Boolean(name="SkipAutomaticSecVet"),
)
