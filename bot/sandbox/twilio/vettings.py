"""Secondary vettings of brands, and the passcodes of sole proprietors (reference: section 4.6)."""

import re
from typing import Any

from bot.sandbox.twilio.brands import Brand, found
from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Record
from bot.sandbox.twilio.wire import INVALID, Choice, Param, Refusal, Text, iso_8601

WRONG_BRAND, TOKEN_INVALID, IMPORT_IN_PROGRESS = 21721, 21722, 21723
PROVIDERS = ("campaign-verify", "aegis")
_TOKEN = re.compile(r"cv\|\d+\.\d+\|[a-z]+\|[a-z0-9]+\|[^|]+\|[^|]+")
_BRAND = "/v1/a2p/BrandRegistrations"


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    every = f"{_BRAND}/{{BrandSid}}/Vettings"
    filters: tuple[Param, ...] = (Choice(name="VettingProvider", choices=PROVIDERS), *PAGING)
    return [
        Endpoint("messaging", "POST", every, create, _CREATE),
        Endpoint("messaging", "GET", every, list_all, filters),
        Endpoint("messaging", "GET", f"{every}/{{BrandVettingSid}}", fetch),
        Endpoint("messaging", "POST", f"{_BRAND}/{{BrandRegistrationSid}}/SmsOtp", resend_passcode),
    ]


class Vetting(Record):
    """A vetting that was ordered, or imported with the token of one made elsewhere."""

    brand_sid: str
    vetting_provider: str
    vetting_id: str | None = None
    vetting_class: str
    vetting_status: str = "PENDING"


def body(site: Site, vetting: Vetting) -> dict[str, Any]:
    """The vetting as the API shows it: its SID goes by another name than elsewhere."""
    hidden = {"sid", "ordinal", "in_start_state", "date_created", "date_updated"}
    return {
        **vetting.model_dump(exclude=hidden),
        "account_sid": site.account_sid,
        "brand_vetting_sid": vetting.sid,
        "date_created": iso_8601(vetting.date_created),
        "date_updated": iso_8601(vetting.date_updated),
        "url": site.url("messaging", f"{_BRAND}/{vetting.brand_sid}/Vettings/{vetting.sid}"),
    }


def create(call: Call) -> Reply:
    brand, provider = found(call, call.segments["BrandSid"]), call.values["vetting_provider"]
    imported = provider == "campaign-verify"
    if imported:
        _check_import(call, brand)
    elif brand.status != "APPROVED" or brand.brand_type != "STANDARD" or call.values.get("vetting_id"):
        # Which code Twilio gives here is not known.
        raise Refusal(400, INVALID, "Aegis vets an approved standard brand, and takes no VettingId")
    vetting = Vetting(
        sid=call.ledger.mint("VT"),
        date_created=call.at,
        date_updated=call.at,
        brand_sid=brand.sid,
        vetting_class="POLITICAL" if imported else "STANDARD",
        **call.values,
    )
    return Reply(201, body(call.site, call.ledger.table(Vetting).add(vetting)))


def list_all(call: Call) -> Reply:
    brand, provider = found(call, call.segments["BrandSid"]), call.values.get("vetting_provider")
    rows = [row for row in call.ledger.table(Vetting) if row.brand_sid == brand.sid]
    wanted = (row for row in rows if provider in {None, row.vetting_provider})
    return call.page("data", wanted, lambda vetting: body(call.site, vetting))


def fetch(call: Call) -> Reply:
    vetting = call.ledger.table(Vetting).get(call.segments["BrandVettingSid"])
    if vetting is None or vetting.brand_sid != call.segments["BrandSid"]:
        raise call.missing()
    return Reply(200, body(call.site, vetting))


def resend_passcode(call: Call) -> Reply:
    brand = found(call, call.segments["BrandRegistrationSid"])
    if brand.brand_type != "SOLE_PROPRIETOR" or brand.status == "APPROVED":
        # Which code Twilio gives here is not known.
        raise Refusal(400, INVALID, "Only a sole proprietor brand that is not approved waits for a passcode")
    call.ledger.table(Brand).change(brand.sid, call.at, otp_sent_at=call.at)
    return Reply(201, {"account_sid": call.site.account_sid, "brand_registration_sid": brand.sid})


def _check_import(call: Call, brand: Brand) -> None:
    token = call.values.get("vetting_id") or ""
    if brand.status == "FAILED" or brand.brand_type != "STANDARD":
        raise Refusal(400, WRONG_BRAND, "Only a standard brand that has not failed takes a Campaign Verify token")
    earlier = [row for row in call.ledger.everywhere(Vetting) if row.vetting_provider == "campaign-verify"]
    if any(row.brand_sid == brand.sid and row.vetting_status == "PENDING" for row in earlier):
        raise Refusal(400, IMPORT_IN_PROGRESS, "An import for this brand is in progress")
    if not _TOKEN.fullmatch(token) or token in {row.vetting_id for row in earlier}:
        raise Refusal(400, TOKEN_INVALID, "The Campaign Verify token is malformed, expired or used")


_CREATE: tuple[Param, ...] = (
    Choice(name="VettingProvider", choices=PROVIDERS, required=True),
    Text(name="VettingId"),
)
