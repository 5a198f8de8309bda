"""`/a2p-external show`: where an external campaign stands, and what that asks for (twilio.md 6)."""

import asyncio
from collections.abc import Sequence
from typing import Final

from bot.catalog.campaigns.facts import limits, links, numbers, standing_facts
from bot.catalog.external.forms import ExternalShow
from bot.catalog.found import found_service
from bot.catalog.operation import CannotPlanError, Inquiry
from bot.catalog.report import Report
from bot.checks import external, standing
from bot.checks.guide import Guide
from bot.twilio import reads
from bot.twilio.gateway import Account

GUIDE: Final = Guide.load()


async def _show(form: ExternalShow, account: Account) -> Report:
    service = await found_service(account, form.service_sid)
    campaign, pool = await asyncio.gather(reads.campaign(account, service.sid), reads.pool(account, service.sid))
    if campaign is None or not campaign.is_externally_registered:
        raise CannotPlanError(f"“{service.friendly_name}” has no campaign of TCR.", "service_sid")
    return external_report(service, campaign, pool, account)


def external_report(
    service: reads.Service, campaign: reads.Campaign, pool: Sequence[reads.PoolNumber], account: Account
) -> Report:
    """What there is to tell of a campaign of TCR: its texts stand there, and Twilio shows nothing of them."""
    return Report(
        title=f"External campaign {campaign.campaign_id} of “{service.friendly_name}”",
        facts=(
            *standing_facts(campaign),
            ("Next", standing.of_campaign(campaign.campaign_status, external=True).then),
            ("TCR campaign", campaign.campaign_id or "not given"),
            ("Messaging service", f"{service.friendly_name} ({service.sid})"),
            *limits(campaign),
        ),
        sections=(numbers(pool),),
        findings=tuple(external.of_failure(campaign, account.sid, GUIDE)),
        links=links(campaign),
    )


INQUIRY = Inquiry(
    name="external.show",
    title="Show an external campaign",
    summary="Where a campaign of TCR stands with Twilio, and what a failure asks for.",
    command="/a2p-external",
    word="show",
    form=ExternalShow,
    answer=_show,
)
