"""A2P brand registrations (reference: section 4.6)."""

from typing import Any

from pydantic import Field

from bot.sandbox.twilio.bundles import (
    UNDER_REVIEW,
    Bundle,
    CustomerProfile,
    EndUser,
    TrustProduct,
    changed_since_submission,
    held,
)
from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Ledger, Record
from bot.sandbox.twilio.wire import CONFLICT, Boolean, Choice, Param, Refusal, Sid, iso_8601

FREE_UPDATES = 3
UPDATES_USED_UP = 21724
NOT_FAILED = 21725
STARTER_IS_GONE = 21726
BRAND_SUSPENDED = 21731
BUNDLE_PROBLEM = 30793


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    return [
        Endpoint("messaging", "POST", "/v1/a2p/BrandRegistrations", create, _CREATE),
        Endpoint("messaging", "GET", "/v1/a2p/BrandRegistrations", list_all, PAGING),
        Endpoint("messaging", "GET", "/v1/a2p/BrandRegistrations/{Sid}", fetch),
        Endpoint("messaging", "POST", "/v1/a2p/BrandRegistrations/{Sid}", update),
    ]


class Brand(Record):
    """A brand. `name` is the legal name, which the API keeps in Trust Hub and never shows here.

    `otp_sent_at` is when the last passcode went to a sole proprietor's mobile (epoch seconds).
    """

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
    otp_sent_at: float = 0.0


def body(site: Site, brand: Brand) -> dict[str, Any]:
    """The brand as the API shows it."""
    url = site.url("messaging", f"/v1/a2p/BrandRegistrations/{brand.sid}")
    hidden = {"ordinal", "in_start_state", "name", "updates", "otp_sent_at", "date_created", "date_updated"}
    return {
        **brand.model_dump(exclude=hidden),
        "account_sid": site.account_sid,
        "date_created": iso_8601(brand.date_created),
        "date_updated": iso_8601(brand.date_updated),
        "url": url,
        "links": {"brand_vettings": f"{url}/Vettings", "brand_registration_otps": f"{url}/SmsOtp"},
    }


def create(call: Call) -> Reply:
    brand = Brand(
        sid=call.ledger.mint("BN"),
        date_created=call.at,
        date_updated=call.at,
        name=_legal_name(
            call.ledger, call.values["customer_profile_bundle_sid"], call.values["a2p_profile_bundle_sid"]
        ),
        otp_sent_at=call.at if call.values.get("brand_type") == "SOLE_PROPRIETOR" else 0.0,
        **call.values,
    )
    answer = body(call.site, call.ledger.table(Brand).add(brand))
    _intake(call, brand)
    return Reply(201, answer)


def list_all(call: Call) -> Reply:
    return call.page("data", call.ledger.table(Brand), lambda brand: body(call.site, brand))


def fetch(call: Call) -> Reply:
    return Reply(200, body(call.site, found(call, call.segments["Sid"])))


def update(call: Call) -> Reply:
    brand = found(call, call.segments["Sid"])
    if brand.status == "SUSPENDED":
        raise Refusal(400, BRAND_SUSPENDED, "The brand is suspended")
    # A registration that never reached TCR cannot be sent there again (reference, 4.6).
    if brand.status != "FAILED" or brand.tcr_id is None:
        raise Refusal(400, NOT_FAILED, "Only a brand in the FAILED state can be updated")
    if _has_campaign(call.ledger, brand):
        # That such a brand cannot be edited is sure, with which code is not (reference, 4.6).
        raise Refusal(409, CONFLICT, "A brand that has a campaign cannot be updated: delete the campaign first")
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
        name=_legal_name(call.ledger, brand.customer_profile_bundle_sid, brand.a2p_profile_bundle_sid) or brand.name,
        otp_sent_at=call.at if brand.brand_type == "SOLE_PROPRIETOR" else 0.0,
    )
    _intake(call, changed)
    return Reply(202, body(call.site, changed))


def found(call: Call, sid: str) -> Brand:
    """The brand with this SID; raises 404."""
    brand = call.ledger.table(Brand).get(sid)
    if brand is None:
        raise call.missing()
    return brand


def _intake(call: Call, brand: Brand) -> None:
    """What happens to a new or corrected brand before anybody looks at it: the answer still shows it as PENDING.

    The two bundles have SIDs of one pattern, so Twilio's validator takes a swapped pair, and one that is missing or not
    submitted (reference, trap 8) or holds what nobody has submitted yet (trap 10). It fails the registration then
    (30793), before TCR has heard of a new one: no tcr_id. How long that takes is not known; here the next look shows
    it. That a mock brand is approved by itself is not confirmed either, but nobody vets it (reference, 4.6).
    """
    if wrong := _bundle_problem(call.ledger, brand):
        error = {
            "error_code": BUNDLE_PROBLEM,
            "description": wrong,
            "fields": [],
            "url": f"https://www.twilio.com/docs/api/errors/{BUNDLE_PROBLEM}",
        }
        call.ledger.table(Brand).change(brand.sid, call.at, status="FAILED", errors=[error], failure_reason=wrong)
    elif brand.mock:
        call.ledger.table(Brand).change(brand.sid, call.at, status="APPROVED", identity_status="VERIFIED")


def _bundle_problem(ledger: Ledger, brand: Brand) -> str | None:
    profile = ledger.table(CustomerProfile).get(brand.customer_profile_bundle_sid)
    product = ledger.table(TrustProduct).get(brand.a2p_profile_bundle_sid)
    if profile is None or product is None:
        return "The customer profile bundle or the A2P profile bundle does not exist or holds invalid data."
    if not (_submitted(profile) and _submitted(product)):
        return "The customer profile bundle or the A2P profile bundle has not been submitted."
    if changed_since_submission(ledger, profile) or changed_since_submission(ledger, product):
        return "The customer profile bundle or the A2P profile bundle was changed and not submitted again."
    if profile.sid not in {row.object_sid for row in held(ledger, product.sid)}:
        return "The A2P profile bundle does not belong to the customer profile bundle."
    types = {row.object_type for row in held(ledger, product.sid)}
    if ("sole_proprietor_information" in types) != (brand.brand_type == "SOLE_PROPRIETOR"):
        return "The A2P profile bundle holds invalid data for this brand type."
    return None


def _has_campaign(ledger: Ledger, brand: Brand) -> bool:
    # Imported late: a campaign names its brand.
    from bot.sandbox.twilio.campaigns import Campaign

    return any(campaign.brand_registration_sid == brand.sid for campaign in ledger.table(Campaign))


def _submitted(bundle: Bundle) -> bool:
    return bundle.status == "twilio-approved" or bundle.status in UNDER_REVIEW


def _legal_name(ledger: Ledger, *bundle_sids: str) -> str:
    """The name in a brand's bundles; empty when they hold none."""
    rows = (row for sid in bundle_sids for row in held(ledger, sid))
    users = [user for row in rows if (user := ledger.table(EndUser).get(row.object_sid))]
    names = (user.attributes.get("business_name") or user.attributes.get("brand_name") for user in users)
    return next((str(name) for name in names if name), "")


_CREATE: tuple[Param, ...] = (
    Sid(name="CustomerProfileBundleSid", prefix="BU", required=True),
    Sid(name="A2PProfileBundleSid", prefix="BU", required=True),
    Choice(name="BrandType", choices=("STANDARD", "SOLE_PROPRIETOR"), invalid_code=STARTER_IS_GONE),
    Boolean(name="Mock"),
    Boolean(name="SkipAutomaticSecVet"),
)
