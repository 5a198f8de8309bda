"""The lists of brands and profiles that forms offer."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from bot.catalog.form import Option
from bot.catalog.sources.services import by_label, short_sid
from bot.twilio import reads, reads_brands
from bot.twilio.gateway import Account
from bot.twilio.reads_brands import APPROVED

_REASONS: Final[Mapping[str, str]] = {
    "PENDING": "wait for Twilio's verdict",
    "IN_REVIEW": "a third party reviews it, 7 business days or more",
    "SUSPENDED": "ask Twilio Support",
}


async def brands(account: Account, _: Mapping[str, Any]) -> list[Option]:
    """Every brand, approved ones first."""
    found, names = await _named(account)
    ordered = sorted(found, key=lambda b: (b.status != "APPROVED", _label(b, names).casefold()))
    return [_option(b, names, _standing(b)) for b in ordered]


async def primary_profiles(account: Account, _: Mapping[str, Any]) -> list[Option]:
    """The primary customer profiles of the main account, approved ones first."""
    found = await reads_brands.primary_profiles(account.parent or account)
    ordered = sorted(found, key=lambda profile: (profile.status != APPROVED, profile.label.casefold()))
    return [Option(p.sid, p.label, f"{short_sid(p.sid)} · {p.status}") for p in ordered]


async def failed_brands(account: Account, _: Mapping[str, Any]) -> list[Option]:
    """Brands that were rejected, with the reason."""
    found, names = await _named(account)
    return sorted(
        (_option(b, names, _reason(b) or "no reason given") for b in found if b.status == "FAILED"), key=by_label
    )


async def sole_proprietor_brands(account: Account, _: Mapping[str, Any]) -> list[Option]:
    """Sole proprietor brands that are not approved: those that may wait for their passcode."""
    found, names = await _named(account)
    waiting = [b for b in found if b.sole_proprietor and b.status != "APPROVED"]
    return sorted((_option(b, names, b.status) for b in waiting), key=by_label)


async def standard_brands(account: Account, _: Mapping[str, Any]) -> list[Option]:
    """Standard brands, which can be vetted; approved ones first."""
    found, names = await _named(account)
    ordered = sorted((b for b in found if not b.sole_proprietor), key=lambda b: b.status != "APPROVED")
    return [_option(b, names, f"{b.status}, {b.identity_status or 'identity not given'}") for b in ordered]


async def _named(account: Account) -> tuple[list[reads.Brand], dict[str, str]]:
    found, names = await asyncio.gather(reads.brands(account), reads.brand_names(account))
    return found, names


def _option(brand: reads.Brand, names: Mapping[str, str], words: str) -> Option:
    label = _label(brand, names)
    # profiles may share a name, and the Console shows SIDs
    return Option(brand.sid, label, words if label == brand.sid else f"{short_sid(brand.sid)} · {words}")


def _label(brand: reads.Brand, names: Mapping[str, str]) -> str:
    name = names.get(brand.customer_profile_bundle_sid or "")
    return brand.sid if not name else f"{name} (mock)" if brand.mock else name


def _standing(brand: reads.Brand) -> str:
    if brand.status != "APPROVED":
        why = _reason(brand) or _REASONS.get(brand.status, "")
        return f"{brand.status}: {why}" if why else brand.status
    kind = "sole proprietor" if brand.sole_proprietor else "low-volume" if brand.skip_automatic_sec_vet else "standard"
    warning = "; has feedback" if brand.errors else ""
    mock = "; mock" if brand.mock else ""
    return f"APPROVED, {brand.identity_status or 'identity not given'}, {kind}{mock}{warning}"


def _reason(brand: reads.Brand) -> str:
    error = next(iter(brand.errors or []), None)
    return f"{error.error_code} {error.description or ''}".strip() if error else ""
