"""What every look at a campaign tells, whether it is registered at Twilio or in TCR (twilio.md 5.3 and 5.4)."""

from collections.abc import Iterator, Sequence
from typing import Any

from bot.catalog.report import Section
from bot.checks import standing
from bot.twilio.reads import Campaign, PoolNumber


def standing_facts(campaign: Campaign) -> Iterator[tuple[str, str]]:
    """Its status in words beside Twilio's own, and whose turn it is."""
    now = standing.of_campaign(campaign.campaign_status, external=bool(campaign.is_externally_registered))
    yield "Status", f"{now.words} ({campaign.campaign_status})"
    yield "It is up to", now.holder


def limits(campaign: Campaign) -> Iterator[tuple[str, str]]:
    """What carriers grant, as far as Twilio tells."""
    granted: dict[str, Any] = (campaign.model_extra or {}).get("rate_limits") or {}
    att, tmobile = granted.get("att") or {}, granted.get("tmobile") or {}
    if att:
        yield "AT&T", f"class {att.get('msg_class')}, {att.get('mps')} messages a second"
    if tmobile:
        yield "T-Mobile", f"tier {tmobile.get('brand_tier')}"


def numbers(pool: Sequence[PoolNumber]) -> Section:
    """The numbers that send under it."""
    lines = tuple(n.phone_number for n in pool) or ("none yet: add them with `/a2p-sender add`",)
    return Section(title="Numbers in its pool", lines=lines)


def links(campaign: Campaign) -> tuple[tuple[str, str], ...]:
    """Twilio's own pages about its errors."""
    return tuple((f"Error {e.error_code}", e.url) for e in campaign.errors or [] if e.url)
