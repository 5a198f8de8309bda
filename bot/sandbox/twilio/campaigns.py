"""US A2P campaigns (reference: section 5)."""

from typing import Any

from pydantic import Field

from bot.sandbox.twilio import services, shares, usecases
from bot.sandbox.twilio.brands import BRAND_SUSPENDED, Brand
from bot.sandbox.twilio.codes import RejectionCode, RejectionCodes
from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Ledger, Record
from bot.sandbox.twilio.wire import CONFLICT, Boolean, Param, Refusal, Sid, Text, Texts, Url, iso_8601

CAMPAIGN_SID = "QE2c6890da8086d771620e9b13fadeba0b"
"""The SID of every campaign of every account (reference, trap 3)."""

EXTENDED_VERSION = "v1.2"
VERSION_HEADER = "X-Twilio-Api-Version"
INTAKE = 1.0
"""Seconds from submission to IN_PROGRESS, or to FAILED when a required field check fails."""
RELEASE = 5.0
"""Seconds for which a deleted campaign still holds its service (reference, 5.8 and trap 14)."""

MISSING = 21727
BAD_LENGTH = 21728
BRAND_NOT_READY = 21717
USECASE_CONFLICT = 21719
USECASE_UNKNOWN = 21720
CAMPAIGN_SUSPENDED = 21729
SOLE_PROPRIETOR_LIMIT = 21732
NO_PRIVACY_POLICY = 30933
NO_TERMS = 30934
NO_PRIVACY_POLICY_LATE = 30908
NO_TERMS_LATE = 30882
BRAND_UNVERIFIED = 30991
BRAND_FULL = 30930
CAMPAIGNS_OF_A_BRAND = 100

_OPT_OUT_KEYWORDS = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT")
_OPEN = {"PENDING", "IN_PROGRESS"}
_INTAKE_CODES = RejectionCodes(
    [
        RejectionCode(NO_PRIVACY_POLICY_LATE, "Compliant privacy policy required", ("PrivacyPolicyUrl",)),
        RejectionCode(NO_TERMS_LATE, "Terms and conditions", ("TermsAndConditionsUrl",)),
        RejectionCode(BRAND_UNVERIFIED, "Brand unverified", ("BrandRegistrationSid",)),
        RejectionCode(BRAND_FULL, "Brand has 100 campaigns", ("BrandRegistrationSid",)),
        RejectionCode(shares.NOT_SHARED, "Campaign not shared with Twilio"),
        RejectionCode(shares.UNDER_REVIEW, "Campaign review pending at Twilio"),
        RejectionCode(shares.REJECTED, "Campaign rejected by Twilio"),
        RejectionCode(shares.TOO_FAST, "more than one association in five seconds, all retries being used up"),
    ]
)
_BASE = "/v1/Services/{MessagingServiceSid}/Compliance/Usa2p"


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    version = (VERSION_HEADER,)
    of_brand = (Sid(name="BrandRegistrationSid", prefix="BN"),)
    return [
        Endpoint("messaging", "POST", _BASE, create, _create_params(), version),
        Endpoint("messaging", "GET", _BASE, list_all, PAGING, version),
        Endpoint("messaging", "GET", f"{_BASE}/Usecases", list_usecases, of_brand),
        Endpoint("messaging", "GET", f"{_BASE}/{{Sid}}", fetch, (), version),
        Endpoint("messaging", "POST", f"{_BASE}/{{Sid}}", update, _update_params(), version),
        Endpoint("messaging", "DELETE", f"{_BASE}/{{Sid}}", delete),
    ]


class Campaign(Record):
    """A campaign, found by its service. `status` is the desk's last word, `submitted_at` counts in seconds.

    Of one that is registered in TCR, Twilio knows the TCR id alone: all that its owner wrote stays there.
    """

    messaging_service_sid: str
    brand_registration_sid: str | None = None
    description: str | None = None
    message_flow: str | None = None
    message_samples: list[str] | None = None
    us_app_to_person_usecase: str | None = None
    has_embedded_links: bool | None = None
    has_embedded_phone: bool | None = None
    subscriber_opt_in: bool = False
    age_gated: bool = False
    direct_lending: bool = False
    opt_in_message: str | None = None
    opt_out_message: str = (
        "You have successfully been unsubscribed. You will not receive any more messages from this number. "
        "Reply START to resubscribe."
    )
    help_message: str = "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
    opt_in_keywords: list[str] = Field(default_factory=lambda: ["START"])
    opt_out_keywords: list[str] = Field(default_factory=lambda: list(_OPT_OUT_KEYWORDS))
    help_keywords: list[str] = Field(default_factory=lambda: ["HELP", "INFO"])
    privacy_policy_url: str | None = None
    terms_and_conditions_url: str | None = None
    mock: bool = False
    status: str = "PENDING"
    submitted_at: float
    intake_codes: list[int] = Field(default_factory=list)
    campaign_id: str | None = None
    rate_limits: dict[str, Any] | None = None
    errors: list[dict[str, Any]] = Field(default_factory=list)
    is_externally_registered: bool = False

    @property
    def key(self) -> str:
        return self.messaging_service_sid

    def observed(self, at: float) -> tuple[str, list[dict[str, Any]]]:
        """Status and errors as they show at a time: intake ends one second after submission."""
        if self.status not in _OPEN or at < self.submitted_at + INTAKE:
            return self.status, self.errors
        if self.intake_codes:
            return "FAILED", [_INTAKE_CODES.error(code) for code in self.intake_codes]
        return "IN_PROGRESS", []


def body(site: Site, campaign: Campaign, at: float, *, extended: bool) -> dict[str, Any]:
    """The campaign as the API shows it; the two URLs are there only when `extended` (reference, trap 2)."""
    status, errors = campaign.observed(at)
    hidden = {"ordinal", "in_start_state", "status", "submitted_at", "intake_codes", "date_created", "date_updated"}
    if not extended:
        hidden |= {"privacy_policy_url", "terms_and_conditions_url"}
    path = f"/v1/Services/{campaign.messaging_service_sid}/Compliance/Usa2p/{CAMPAIGN_SID}"
    return {
        **campaign.model_dump(exclude=hidden),
        "account_sid": site.account_sid,
        "campaign_status": status,
        "errors": errors,
        "date_created": iso_8601(campaign.date_created),
        "date_updated": iso_8601(campaign.date_updated),
        "url": site.url("messaging", path),
    }


def create(call: Call) -> Reply:
    service = services.found(call, call.segments["MessagingServiceSid"])
    brand = _fit_brand(call, call.values["us_app_to_person_usecase"])
    if not usecases.fits_service(call.values["us_app_to_person_usecase"], service.usecase):
        raise Refusal(400, USECASE_CONFLICT, f"The Messaging Service's use case {service.usecase} does not allow this")
    refuse_unless_free(call, service)
    campaign = Campaign(
        sid=CAMPAIGN_SID,
        date_created=call.at,
        date_updated=call.at,
        submitted_at=call.at,
        messaging_service_sid=service.sid,
        mock=brand.mock,
        intake_codes=_intake_codes(call.ledger, brand),
        **call.values,
    )
    return _shown(call, call.ledger.table(Campaign).add(campaign), 201)


def list_all(call: Call) -> Reply:
    service = services.found(call, call.segments["MessagingServiceSid"])
    campaign = call.ledger.table(Campaign).get(service.sid)
    rows = [campaign] if campaign else []
    return call.page("compliance", rows, lambda each: body(call.site, each, call.at, extended=_extended(call)))


def list_usecases(call: Call) -> Reply:
    services.found(call, call.segments["MessagingServiceSid"])
    offered = list(usecases.ALL)
    if "brand_registration_sid" in call.values:
        brand = call.ledger.table(Brand).get(call.values["brand_registration_sid"])
        if brand is None:
            raise call.missing()
        offered = usecases.of_brand(brand)
    return Reply(200, {"us_app_to_person_usecases": [usecase.body() for usecase in offered]})


def fetch(call: Call) -> Reply:
    return _shown(call, _campaign(call))


def update(call: Call) -> Reply:
    campaign = _campaign(call)
    refuse_if_suspended(call.ledger, campaign.key)
    if campaign.is_externally_registered:
        raise Refusal(409, CONFLICT, "The campaign is registered in TCR and can be changed there only")
    status, _ = campaign.observed(call.at)
    if status != "FAILED":
        raise Refusal(409, CONFLICT, f"A campaign can be updated when it is FAILED; this one is {status}")
    # The write is whole (reference, trap 5): an URL that is not sent again is gone.
    urls = {"privacy_policy_url": NO_PRIVACY_POLICY_LATE, "terms_and_conditions_url": NO_TERMS_LATE}
    changed = call.ledger.table(Campaign).change(
        campaign.key,
        call.at,
        **{**dict.fromkeys(urls), **{field: value or None for field, value in call.values.items() if field in urls}},
        **{field: value for field, value in call.values.items() if field not in urls},
        status="IN_PROGRESS",
        submitted_at=call.at,
        intake_codes=[code for field, code in urls.items() if not call.values.get(field)],
        errors=[],
    )
    return _shown(call, changed)


def delete(call: Call) -> Reply:
    campaign = _campaign(call)
    refuse_if_suspended(call.ledger, campaign.key)
    call.ledger.table(Campaign).remove(campaign.key)
    if campaign.is_externally_registered and campaign.campaign_id:
        shares.released(call.ledger, campaign.campaign_id, call.at, call.at + RELEASE)
    call.ledger.table(services.Service).change(
        campaign.key, call.at, us_app_to_person_registered=False, campaign_leaves_at=call.at + RELEASE
    )
    return Reply(204)


def refuse_if_suspended(ledger: Ledger, service_sid: str) -> None:
    """Raise 21729 when the service's campaign is suspended: neither it nor its numbers may be changed."""
    campaign = ledger.table(Campaign).get(service_sid)
    if campaign is not None and campaign.status == "SUSPENDED":
        raise Refusal(400, CAMPAIGN_SUSPENDED, "The campaign is suspended; contact support")


def refuse_unless_free(call: Call, service: services.Service) -> None:
    """Raise 409 while a service has a campaign, or one that is still being deleted."""
    # No code is documented for a second campaign; 20409 is Twilio's general conflict, which asks to wait.
    if call.ledger.table(Campaign).get(service.sid) is not None:
        raise Refusal(409, CONFLICT, "The Messaging Service already has a US A2P campaign")
    if call.at < service.campaign_leaves_at:
        raise Refusal(409, CONFLICT, "The Messaging Service's former campaign is still being deleted")


def _fit_brand(call: Call, usecase: str) -> Brand:
    brand = call.ledger.table(Brand).get(call.values["brand_registration_sid"])
    if brand is None:
        raise Refusal(400, BRAND_NOT_READY, "The brand is not registered")
    if brand.status == "SUSPENDED":
        raise Refusal(400, BRAND_SUSPENDED, "The brand is suspended")
    if brand.status != "APPROVED":
        raise Refusal(400, BRAND_NOT_READY, f"The brand is {brand.status}, not APPROVED")
    if not usecases.known(usecase):
        raise Refusal(400, USECASE_UNKNOWN, f"{usecase} is not an A2P use case")
    if usecase not in {each.code for each in usecases.of_brand(brand)}:
        raise Refusal(400, BRAND_NOT_READY, f"The brand cannot register the use case {usecase}")
    if brand.brand_type == "SOLE_PROPRIETOR" and _campaigns_of(call.ledger, brand):
        raise Refusal(400, SOLE_PROPRIETOR_LIMIT, "A sole proprietor brand has one campaign at most")
    return brand


def _intake_codes(ledger: Ledger, brand: Brand) -> list[int]:
    codes = []
    if brand.identity_status == "UNVERIFIED":
        codes.append(BRAND_UNVERIFIED)
    if _campaigns_of(ledger, brand) >= CAMPAIGNS_OF_A_BRAND:
        codes.append(BRAND_FULL)
    return codes


def _campaigns_of(ledger: Ledger, brand: Brand) -> int:
    return sum(campaign.brand_registration_sid == brand.sid for campaign in ledger.table(Campaign))


def _campaign(call: Call) -> Campaign:
    campaign = call.ledger.table(Campaign).get(call.segments["MessagingServiceSid"])
    if campaign is None or call.segments["Sid"] != CAMPAIGN_SID:
        raise call.missing()
    return campaign


def _extended(call: Call) -> bool:
    return call.headers.get(VERSION_HEADER) == EXTENDED_VERSION


def _shown(call: Call, campaign: Campaign, status: int = 200) -> Reply:
    return Reply(status, body(call.site, campaign, call.at, extended=_extended(call)))


def _create_params() -> tuple[Param, ...]:
    def message(name: str) -> Text:
        return Text(name=name, shortest=20, longest=320, length_code=BAD_LENGTH)

    def keywords(name: str) -> Texts:
        return Texts(name=name, total=255, length_code=BAD_LENGTH, pattern="[A-Za-z0-9]+")

    return (
        Sid(name="BrandRegistrationSid", prefix="BN", required=True, missing_code=MISSING),
        *_texts(),
        Text(name="UsAppToPersonUsecase", required=True, missing_code=MISSING, invalid_code=USECASE_UNKNOWN),
        *_flags(),
        message("OptInMessage"),
        message("OptOutMessage"),
        message("HelpMessage"),
        keywords("OptInKeywords"),
        keywords("OptOutKeywords"),
        keywords("HelpKeywords"),
        Boolean(name="SubscriberOptIn"),
        Boolean(name="AgeGated"),
        Boolean(name="DirectLending"),
        Url(name="PrivacyPolicyUrl", https_only=True, required=True, missing_code=NO_PRIVACY_POLICY),
        Url(name="TermsAndConditionsUrl", https_only=True, required=True, missing_code=NO_TERMS),
    )


def _update_params() -> tuple[Param, ...]:
    return (
        *_flags(),
        *_texts(),
        Boolean(name="AgeGated", required=True, missing_code=MISSING),
        Boolean(name="DirectLending", required=True, missing_code=MISSING),
        Url(name="PrivacyPolicyUrl", https_only=True),
        Url(name="TermsAndConditionsUrl", https_only=True),
    )


def _texts() -> tuple[Param, ...]:
    required: dict[str, Any] = {"required": True, "missing_code": MISSING, "length_code": BAD_LENGTH}
    return (
        Text(name="Description", shortest=40, longest=4096, **required),
        Text(name="MessageFlow", shortest=40, longest=2048, **required),
        Texts(name="MessageSamples", fewest=2, most=5, shortest=20, longest=1024, **required),
    )


def _flags() -> tuple[Param, ...]:
    return (
        Boolean(name="HasEmbeddedLinks", required=True, missing_code=MISSING),
        Boolean(name="HasEmbeddedPhone", required=True, missing_code=MISSING),
    )
