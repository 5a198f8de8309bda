"""`/a2p-external show`: where an external campaign stands, and what that asks for (twilio.md 6)."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

from bot.catalog.external.forms import ExternalShow
from bot.catalog.found import found_service
from bot.catalog.operation import CannotPlanError, Inquiry
from bot.catalog.report import Report, Section
from bot.checks import external
from bot.checks.guide import Guide
from bot.twilio import reads
from bot.twilio.gateway import Account

GUIDE: Final = Guide.load()
NEXT: Final = {
    "PENDING": "Carriers configure it, and secondary DCAs review it: up to several weeks.",
    "IN_PROGRESS": "Carriers configure it, and secondary DCAs review it: up to several weeks.",
    "VERIFIED": "Its numbers are registered with the carriers one by one, minutes to days; then they may send.",
    "FAILED": "It stays so until it is made anew: `/a2p-external reassociate`.",
    "SUSPENDED": "Nothing of it can be changed: follow the suspension notice, or ask Twilio Support.",
}


async def _show(form: ExternalShow, account: Account) -> Report:
    service = await found_service(account, form.service_sid)
    campaign, pool = await asyncio.gather(reads.campaign(account, service.sid), reads.pool(account, service.sid))
    if campaign is None or not campaign.is_externally_registered:
        raise CannotPlanError(f"“{service.friendly_name}” has no campaign of TCR.", "service_sid")
    facts = (
        ("TCR campaign", campaign.campaign_id or "not given"),
        ("Messaging service", f"{service.friendly_name} ({service.sid})"),
        ("Status", campaign.campaign_status),
        ("Next", NEXT.get(campaign.campaign_status, "A status that Tenfour does not know: see Twilio's Console.")),
        *_limits(campaign),
    )
    numbers = tuple(n.phone_number for n in pool) or ("none yet: add them with `/a2p-sender add`",)
    return Report(
        title=f"External campaign {campaign.campaign_id} of “{service.friendly_name}”",
        facts=facts,
        sections=(Section(title="Numbers in its pool", lines=numbers),),
        findings=tuple(external.of_failure(campaign, account.sid, GUIDE)),
        links=tuple((f"Error {e.error_code}", e.url) for e in campaign.errors or [] if e.url),
    )


def _limits(campaign: reads.Campaign) -> Iterator[tuple[str, str]]:
    """What carriers grant, as far as Twilio tells."""
    limits: dict[str, Any] = (campaign.model_extra or {}).get("rate_limits") or {}
    att, tmobile = limits.get("att") or {}, limits.get("tmobile") or {}
    if att:
        yield "AT&T", f"class {att.get('msg_class')}, {att.get('mps')} messages a second"
    if tmobile:
        yield "T-Mobile", f"tier {tmobile.get('brand_tier')}"


INQUIRY = Inquiry(
    name="external.show",
    title="Show an external campaign",
    summary="Where a campaign of TCR stands with Twilio, and what a failure asks for.",
    command="/a2p-external",
    word="show",
    form=ExternalShow,
    answer=_show,
)
