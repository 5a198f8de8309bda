"""The data of events, field by field: a vocabulary that is not the REST API's (reference: section 8.1, trap 27)."""

import hashlib
from collections.abc import Mapping
from typing import Any

from bot.sandbox.twilio.brands import Brand
from bot.sandbox.twilio.event_types import CAMPAIGN, DEREGISTRATION, REGISTRATION
from bot.sandbox.twilio.pictures import CampaignPicture, NumberPicture, campaign_sid

ERRORS = "https://www.twilio.com/docs/api/errors"

_CAMPAIGN_STATUSES = {
    "campaign-submitted": "pending",
    "campaign-approved": "approved",
    "campaign-failure": "failure",
    "campaign-deleted": "deleted",
    "suspended-campaign-delete-submitted": "pending",
}
_NUMBER_STATUSES = {
    f"{REGISTRATION}pending": "pending_registration",
    f"{REGISTRATION}successful": "registered",
    f"{REGISTRATION}failed": "failure",
    f"{DEREGISTRATION}pending": "pending_deregistration",
    f"{DEREGISTRATION}successful": "unregistered",
    f"{DEREGISTRATION}failed": "failure",
}
_NEW_IN_2 = {CAMPAIGN: {"errorcode"}, REGISTRATION: {"messagingservicesid"}, DEREGISTRATION: {"messagingservicesid"}}


def brand_data(account_sid: str, brand: Brand, name: str) -> dict[str, Any]:
    """What an event called `name` tells of a brand; a field that has no value stays away."""
    failed = brand.status == "FAILED"
    told: dict[str, Any] = {
        "accountsid": account_sid,
        "brandsid": brand.sid,
        "brandstatus": "registration_failed" if failed else "registered" if brand.tcr_id else "pending",
        "externalbrandid": brand.tcr_id,
        "identitystatus": brand.identity_status.lower() if brand.identity_status and not failed else None,
        "brandscore": brand.brand_score,
        "brandfeedback": ",".join(brand.brand_feedback or ()),
        "createddate": _ms(brand.date_created),
        "updateddate": _ms(brand.date_updated),
    }
    if name in {"brand-failure", "brand-unverified", "brand-registered"} and brand.errors:
        told["brandregistrationerrors"] = [_brand_error(error) for error in brand.errors]
    if name == "brand-vetted-verified":
        told |= {"brandvettingoutcome": "success", "vettingscore": brand.brand_score}
    if name == "brand-secondary-vetting-failure":
        told |= {"brandvettingoutcome": "failure", "identitystatus": "vetting_failed", "brandvettingerrors": []}
    return {field: value for field, value in told.items() if value is not None}


def campaign_data(account_sid: str, about: CampaignPicture, name: str, at: float) -> dict[str, Any]:
    """What an event called `name` tells of a campaign."""
    row = about.campaign
    code = int(about.errors[0]["error_code"]) if name == "campaign-failure" and about.errors else None
    told = {
        "accountsid": account_sid,
        "brandsid": row.brand_registration_sid,
        "campaignsid": campaign_sid(account_sid, row.ordinal),
        "messagingservicesid": row.messaging_service_sid,
        "externalcampaignid": row.campaign_id,
        "a2pusecase": row.us_app_to_person_usecase,
        "createddate": _ms(row.date_created),
        "updateddate": _ms(row.date_updated),
        "campaignregistrationstatus": _CAMPAIGN_STATUSES[name],
        "timestamp": _ms(at),
        "errorcode": code,
    }
    return {field: value for field, value in told.items() if value is not None}


def number_data(account_sid: str, about: NumberPicture, name: str, at: float) -> dict[str, Any]:
    """What an event of this type tells of a number; a number that is forgotten has no campaign any more."""
    number = about.number
    is_forgotten = name == f"{DEREGISTRATION}successful"
    told = {
        "id": hashlib.md5(f"{number.sid} {name} {at}".encode(), usedforsecurity=False).hexdigest(),
        "phonenumber": number.phone_number.removeprefix("+"),
        "phonenumbersid": number.sid,
        "accountsid": account_sid,
        "campaignsid": campaign_sid(account_sid, about.campaign) if about.campaign and not is_forgotten else None,
        "messagingservicesid": about.service_sid or None,
        "externalstatus": _NUMBER_STATUSES[name],
        "failurereason": f"{ERRORS}/{about.code}" if name.endswith("failed") and about.code else None,
        "timestamp": _ms(at),
        "updateddate": _ms(at),
    }
    return {field: value for field, value in told.items() if value is not None}


def of_version(name: str, data: Mapping[str, Any], version: int) -> dict[str, Any]:
    """The data as a version of the type's schema has it."""
    new = (
        next((fields for prefix, fields in _NEW_IN_2.items() if name.startswith(prefix)), set()) if version < 2 else ()
    )
    if name.endswith("suspended-campaign-delete-submitted"):  # its first version is the only one, and has them all
        new = ()
    return {field: value for field, value in data.items() if field not in new}


def _brand_error(error: Mapping[str, Any]) -> dict[str, Any]:
    code = error.get("error_code")
    return {
        "registrationerrorcode": code,
        "registrationerrordescription": error.get("description"),
        "registrationerrorurl": error.get("url") or f"{ERRORS}/{code}",
        "registrationerrorfields": list(error.get("fields") or ()),
    }


def _ms(at: float) -> int:
    return int(at * 1000)
