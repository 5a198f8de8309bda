"""Choices about campaigns: those that services have, those of them that come from TCR, and use cases."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bot.catalog.form import Option
from bot.twilio import reads
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account

UNCONFIRMED = "not confirmed for this brand"
_SOLE_PROPRIETOR, _LOW_VOLUME = "SOLE_PROPRIETOR", "LOW_VOLUME"
_USE_CASES: Mapping[str, str] = MappingProxyType(
    {
        "CUSTOMER_CARE": "Support and answers, by people or bots",
        "ACCOUNT_NOTIFICATION": "Notices about somebody's account",
        "DELIVERY_NOTIFICATION": "How far a delivery is",
        "2FA": "Passcodes and sign-in",
        "MARKETING": "Promotion",
        "MIXED": "Two to five of these together",
        _LOW_VOLUME: "Two to five of these, low-volume brands",
        "FRAUD_ALERT": "Warnings of fraud",
        "SECURITY_ALERT": "Something was compromised",
        "POLLING_VOTING": "Surveys and votes, not political",
        "PUBLIC_SERVICE_ANNOUNCEMENT": "Raising awareness",
        "HIGHER_EDUCATION": "Colleges and universities",
        "K12_EDUCATION": "Schools",
        "CHARITY": "501(c)(3) charities",
        "AGENTS_FRANCHISES": "Local agents of one brand",
        "PROXY": "People who must not see each other's number",
        "EMERGENCY": "Public safety in an emergency",
        "POLITICAL": "Verified political organisations",
        "SOCIAL": "Members of an online community",
        "SWEEPSTAKE": "Sweepstakes",
        _SOLE_PROPRIETOR: "Anything of a business without tax id",
    }
)
"""Every use case (twilio.md 5.7) in a few words, for where Twilio cannot be asked; what most people send first."""


async def campaigns(account: Account, _: Mapping[str, Any]) -> list[Option]:
    """Every campaign, by its messaging service."""
    return [_option(service, campaign) for service, campaign in await _found(account)]


async def external(account: Account, _: Mapping[str, Any]) -> list[Option]:
    """The campaigns that are registered in TCR, those that failed first."""
    found = [pair for pair in await _found(account) if pair[1].is_externally_registered]
    return [_option(*pair) for pair in sorted(found, key=lambda pair: pair[1].campaign_status != "FAILED")]


async def failed(account: Account, _: Mapping[str, Any]) -> list[Option]:
    """The campaigns that were rejected and can be edited here: those of TCR are edited there."""
    return [
        _rejected(service, campaign)
        for service, campaign in await _found(account)
        if campaign.campaign_status == "FAILED" and not campaign.is_externally_registered
    ]


async def use_cases(account: Account, given: Mapping[str, Any]) -> list[Option]:
    """What Twilio offers the chosen brand; while it cannot be asked, those that a brand of this kind may have."""
    kind = str(given.get("brand_kind") or "existing")
    # an answer of before a new brand was chosen instead is still there
    brand = str(given.get("brand_sid") or "") if kind == "existing" else ""
    # the path needs a service, but the answer depends on the brand alone
    service = next((s.sid for s in await reads.services(account)), "") if brand else ""
    allowed = await _allowed(account, service, brand) if brand and service else []
    if not allowed:
        return [Option(c, c, f"{words} · {UNCONFIRMED}") for c, words in _USE_CASES.items() if _may_have(kind, c)]
    return [Option(c.code, f"{c.name or c.code} ({c.code})", _use_case(c)) for c in allowed]


def _may_have(kind: str, code: str) -> bool:
    """Whether a brand of this kind may have the use case (twilio.md 4.5 and 5.7); a standing one may have any."""
    if kind == "existing":
        return True
    if _SOLE_PROPRIETOR in (kind.upper(), code):
        return kind.upper() == code
    return code != _LOW_VOLUME or kind == "low_volume"


async def _found(account: Account) -> list[tuple[reads.Service, reads.Campaign]]:
    services = {s.sid: s for s in await reads.services(account)}
    pairs = [(services[c.messaging_service_sid], c) for c in await reads.campaigns(account, list(services))]
    return sorted(pairs, key=lambda pair: pair[0].friendly_name.casefold())


def _option(service: reads.Service, campaign: reads.Campaign) -> Option:
    kind = f"TCR {campaign.campaign_id}" if campaign.is_externally_registered else campaign.us_app_to_person_usecase
    mock = "mock" if campaign.mock else ""
    words = " · ".join(filter(None, (campaign.campaign_status, kind, mock, _codes(campaign))))
    return Option(service.sid, service.friendly_name, words)


def _rejected(service: reads.Service, campaign: reads.Campaign) -> Option:
    why = f"{_codes(campaign) or 'no reason given'} · {campaign.us_app_to_person_usecase}"
    return Option(service.sid, service.friendly_name, why)


def _codes(campaign: reads.Campaign) -> str:
    return ", ".join(str(e.error_code) for e in campaign.errors or [])


async def _allowed(account: Account, service_sid: str, brand_sid: str) -> list[reads.UseCase]:
    try:
        return await reads.use_cases(account, service_sid, brand_sid)
    except Refused:
        return []


def _use_case(case: reads.UseCase) -> str:
    approval = "Needs carrier approval." if case.post_approval_required else ""
    return " ".join(filter(None, (approval, case.description)))
