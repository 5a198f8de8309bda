"""`campaign.delete`: a service loses its campaign, and its numbers what they were registered for (twilio.md 5.8)."""

import asyncio
from collections.abc import Sequence

from bot.catalog.campaigns.forms import CampaignDelete
from bot.catalog.campaigns.steps import delete_step, standing_step
from bot.catalog.found import found_service
from bot.catalog.numbers.owned import listed
from bot.catalog.operation import CannotPlanError, Context, Operation
from bot.checks import eligibility
from bot.plans.finding import Finding, note, warn
from bot.plans.plan import Difference, Plan
from bot.twilio import reads
from bot.twilio.numbering import toll_free


async def _plan_delete(form: CampaignDelete, context: Context) -> Plan:
    account = context.account
    service = await found_service(account, form.service_sid)
    campaign, pool = await asyncio.gather(reads.campaign(account, service.sid), reads.pool(account, service.sid))
    if campaign is None:
        raise CannotPlanError(f"“{service.friendly_name}” has no campaign: there is nothing to delete.", "service_sid")
    numbers = [n.phone_number for n in pool if not toll_free(n.phone_number)]
    return Plan(
        operation="campaign.delete",
        account=account.sid,
        title=f"Delete the campaign of “{service.friendly_name}”",
        steps=(standing_step("standing", service, campaign), delete_step("campaign", service.sid, campaign)),
        differences=leaving(service, campaign, numbers),
        findings=(
            *eligibility.of_suspension(service, campaign, "service_sid"),
            *of_external(campaign),
            *of_numbers(service, campaign, numbers),
            *_of_review(campaign),
            *_of_money(campaign),
            *_afterwards(service, campaign),
        ),
    )


def leaving(service: reads.Service, campaign: reads.Campaign, numbers: Sequence[str]) -> tuple[Difference, ...]:
    """What goes: the campaign, and what its numbers are registered for."""
    of = f"TCR campaign {campaign.campaign_id}" if campaign.is_externally_registered else named(campaign)
    gone = Difference(field="Campaign", before=f"{of} of “{service.friendly_name}”", after=None)
    if not numbers:
        return (gone,)
    stays = f"in “{service.friendly_name}”, and may not text the US"
    before = "sends under this campaign" if campaign.campaign_status == "VERIFIED" else "would send under this campaign"
    return (gone, Difference(field=listed(numbers), before=before, after=stays))


def named(campaign: reads.Campaign) -> str:
    """A campaign in a few words: use case, TCR id and status."""
    return ", ".join(filter(None, (campaign.us_app_to_person_usecase, campaign.campaign_id, campaign.campaign_status)))


def of_external(campaign: reads.Campaign) -> list[Finding]:
    """What deleting does to a campaign that is registered in TCR."""
    if not campaign.is_externally_registered:
        return []
    text = (
        f"{campaign.campaign_id} is registered in TCR. This removes its association with the service alone: in TCR "
        "the campaign stays, with its fees, until it is deactivated there."
    )
    fix = "`/a2p-external dissociate` says the same; to associate it again use `/a2p-external reassociate`."
    return [warn("external-campaign", text, fix, "service_sid")]


def of_numbers(service: reads.Service, campaign: reads.Campaign, numbers: Sequence[str]) -> list[Finding]:
    """What becomes of the numbers."""
    if campaign.campaign_status != "VERIFIED" or campaign.mock or not numbers:
        return []
    text = (
        f"Texting the US ends at once (30034) for {listed(numbers)}: the campaign of “{service.friendly_name}” is "
        "VERIFIED, and what they send goes under it. The carriers then deregister them, which takes days."
    )
    fix = "Stop what sends through this service first. Registering them again takes days once more."
    return [warn("numbers-stop", text, fix, "service_sid", (30034, 30035))]


def _of_review(campaign: reads.Campaign) -> list[Finding]:
    match campaign.campaign_status:
        case "FAILED" if not campaign.is_externally_registered:
            text = "A rejected campaign can be edited and resubmitted in place; deleting it is not needed for that."
            fix = "Use `/a2p-campaign resubmit`, unless use case, brand, keywords or replies are what must change."
            return [warn("editable-in-place", text, fix, "service_sid")]
        case "PENDING" | "IN_PROGRESS":
            text = f"The campaign is {campaign.campaign_status}: its review ends without a verdict."
            return [warn("review-lost", text, "Wait for the verdict, unless the campaign is wrong.", "service_sid")]
    return []


def _of_money(campaign: reads.Campaign) -> list[Finding]:
    if campaign.is_externally_registered or campaign.mock:
        return []
    text = (
        "There is no way back: a new registration is a new review, with its vetting fee of $15, 10 to 15 business days "
        "and a registration of each number. Twilio may bill the monthly fee for a minimum of months; whether it does "
        "is not confirmed."
    )
    return [note("no-undo", text, "Keep a copy of the texts: what was submitted goes with the campaign.")]


def _afterwards(service: reads.Service, campaign: reads.Campaign) -> list[Finding]:
    if campaign.is_externally_registered:
        return []
    text = f"“{service.friendly_name}” and its numbers stay. It can take another campaign after some seconds."
    return [note("service-stays", text, "To take it down wholly: numbers next, then addresses, then the service.")]


OPERATIONS = (
    Operation(
        name="campaign.delete",
        title="Delete a campaign",
        summary="The service loses its campaign: its numbers stop texting the US, and carriers deregister them.",
        command="/a2p-campaign",
        word="delete",
        form=CampaignDelete,
        plan=_plan_delete,
        next=(
            "Another campaign: `/a2p-campaign register`. A number that nobody needs costs until `/a2p-number release`."
        ),
        notes=(
            "The numbers of a verified campaign stop at once: messages end with 30034. Carriers take days "
            "to deregister "
            "them, and days again to register them anew.",
            "There is no undo: what would bring it back is a new registration, with its review and its fee.",
            "A suspended campaign can be neither changed nor deleted (21729).",
            "A rejected one is better edited in place: `/a2p-campaign resubmit`.",
            "Of a campaign that is registered in TCR, this removes the association alone.",
        ),
    ),
)
