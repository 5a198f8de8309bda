"""Trust Hub bundles: customer profiles and A2P trust products, which no pattern of SIDs tells apart (twilio.md 0.8)."""

from collections.abc import Mapping
from typing import Any, Final

from bot.plans.call import Call, segment
from bot.tracking.registration import GONE
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account
from bot.twilio.reads import called

COLLECTIONS: Final[Mapping[str, str]] = {
    "customer profile": "/v1/CustomerProfiles",
    "A2P trust product": "/v1/TrustProducts",
}
"""What a bundle is, and where bundles of that kind are."""


async def look_at_bundle(account: Account, bundle_sid: str) -> tuple[str, dict[str, Any]]:
    """A bundle of either kind by its SID: Twilio's status, why it was rejected, and nothing that names a person."""
    for kind, path in COLLECTIONS.items():
        try:
            seen = await account.read(Call(product="trusthub", method="GET", path=f"{path}/{segment(bundle_sid)}"))
        except Refused as fault:
            if fault.absent:
                continue
            raise
        return _normal(seen.get("status")), _kept(seen, kind)
    return GONE, {}


def _kept(seen: Mapping[str, Any], kind: str) -> dict[str, Any]:
    names = ("sid", "status", "policy_sid", "valid_until", "date_updated")
    errors = seen.get("errors")
    return {name: seen.get(name) for name in names} | {
        "bundle": kind,
        "friendly_name": called(seen.get("friendly_name")),
        "errors": [_error(e) for e in errors] if isinstance(errors, list) else [],
    }


def _normal(status: Any) -> str:
    """Twilio's word as Trust Hub's own pages write it: another part of its API has the same words in capitals."""
    return str(status or "").lower().replace("_", "-")


def _error(given: Any) -> dict[str, Any]:
    """One reason of a rejection; which fields it has is not documented, so whatever else there is stays."""
    if not isinstance(given, Mapping):
        return {"error_code": given}
    code = given.get("error_code", given.get("code"))
    text = given.get("description") or given.get("message") or given.get("failure_reason") or ""
    return {**given, "error_code": code, "description": str(text)}
