"""`campaign.show`: where a campaign stands, why, what was submitted, and what comes next (twilio.md 5.3 to 5.5)."""

import asyncio
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from bot.catalog import console
from bot.catalog.campaigns.facts import limits, links, numbers, standing_facts
from bot.catalog.campaigns.forms import CampaignShow, CampaignSubmission
from bot.catalog.external.show import external_report
from bot.catalog.found import found_service
from bot.catalog.operation import CannotPlanError, Inquiry
from bot.catalog.rejections import UNEXPLAINED, Rejection, hopeless, rejections, submitted, way_on
from bot.catalog.report import Report, Section
from bot.checks import eligibility, standing
from bot.checks.guide import Guide
from bot.plans.finding import Finding
from bot.twilio import reads
from bot.twilio.gateway import Account

GUIDE: Final = Guide.load()
PIECE: Final = 1000
"""Characters of a long text in one line of a report, which is cut beyond somewhat more."""
_TEXTS: Final = ("description", "message_flow")
MOCK: Final = "Nobody reviews a mock, and it cannot send. Delete it when it has served: `/a2p-campaign delete`."


async def _show(form: CampaignShow, account: Account) -> Report:
    service = await found_service(account, form.service_sid)
    campaign, pool = await asyncio.gather(reads.campaign(account, service.sid), reads.pool(account, service.sid))
    if campaign is None:
        text = f"“{service.friendly_name}” has no campaign. Register one with `/a2p-campaign register`."
        raise CannotPlanError(text, "service_sid")
    if campaign.is_externally_registered:
        return external_report(service, campaign, pool, account)
    brand = await reads.brand(account, campaign.brand_registration_sid) if campaign.brand_registration_sid else None
    label = await reads.brand_label(account, brand) if brand else ""
    found = rejections(campaign.model_dump(), GUIDE)
    return Report(
        title=f"Campaign of “{service.friendly_name}”",
        facts=tuple(_facts(service, campaign, brand, label, found)),
        sections=(*map(_rejection, found), numbers(pool), *_submitted(campaign)),
        findings=tuple(_findings(service, pool, brand)),
        links=(*links(campaign), ("Open in Console", console.service(service.sid))),
    )


def _facts(
    service: reads.Service,
    campaign: reads.Campaign,
    brand: reads.Brand | None,
    label: str,
    found: Sequence[Rejection],
) -> Iterator[tuple[str, str]]:
    yield from standing_facts(campaign)
    yield "Next", _next(campaign, found)
    if campaign.mock:
        yield "Mock", "Yes: it can never send"
    yield "Use case", campaign.us_app_to_person_usecase or "not given"
    named = f"{label}, {brand.status} ({brand.sid})" if brand else campaign.brand_registration_sid or "not given"
    yield "Brand", named
    yield "TCR id", campaign.campaign_id or "none yet"
    yield "Messaging service", f"{service.friendly_name} ({service.sid})"
    yield "SID", f"{(campaign.model_extra or {}).get('sid') or reads.CAMPAIGN_SID} (the same for every campaign)"
    yield from limits(campaign)


def _next(campaign: reads.Campaign, found: Sequence[Rejection]) -> str:
    then = standing.of_campaign(campaign.campaign_status, external=False).then
    match campaign.campaign_status:
        case "FAILED" if hopeless(found):
            return f"{way_on(found)} `/a2p-campaign delete` takes it away."
        case "FAILED":
            return f"{way_on(found) if found else then} `/a2p-campaign resubmit` opens with what was submitted."
        case "PENDING" | "IN_PROGRESS" | "VERIFIED" if campaign.mock:
            return MOCK
        case "VERIFIED":
            return f"{then} `/a2p-message test` shows whether a message arrives."
        case _:
            return then


def _rejection(rejection: Rejection) -> Section:
    """One error in full. What was submitted in the fields at fault stands whole below."""
    guidance = rejection.guidance
    named = [f"{f.label} ({f.field})" if f.label else f.field for f in rejection.faults({})]
    lines = [f"Twilio says: {rejection.description or 'nothing'}", *(f"Field: {field}" for field in named)]
    if guidance is None:
        lines.append(UNEXPLAINED)
    else:
        lines += [f"Meaning: {guidance.meaning}", f"Fix: {guidance.remedy}", f"Resubmission: {rejection.resubmission}"]
    return Section(title=f"Error {rejection.code}{f': {guidance.title}' if guidance else ''}", lines=tuple(lines))


def _submitted(campaign: reads.Campaign) -> Iterator[Section]:
    """What reviewers read, under the questions of the form; nothing is left out that Twilio shows."""
    seen, asks = campaign.model_dump(), CampaignSubmission.asks()
    for name in _TEXTS:
        pieces = textwrap.wrap(submitted(name, seen), PIECE)
        yield Section(title=f"Submitted: {asks[name].label}", lines=tuple(pieces) or ("nothing",))
    samples = tuple(f"{n}: {sample}" for n, sample in enumerate(campaign.message_samples or [], 1))
    yield Section(title="Submitted: Sample messages", lines=samples or ("nothing",))
    others = [n for n in asks if n not in _TEXTS and not n.startswith(("sample_", "description"))]
    lines = tuple(f"{asks[name].label}: {submitted(name, seen) or 'nothing'}" for name in others)
    yield Section(title="Submitted: Everything else", lines=lines)


def _findings(service: reads.Service, pool: Sequence[reads.PoolNumber], brand: reads.Brand | None) -> Iterator[Finding]:
    if brand is not None:
        yield from eligibility.of_brand(brand, GUIDE)
    yield from eligibility.of_pool(service, pool, sole_proprietor=brand is not None and brand.sole_proprietor)


INQUIRIES = (
    Inquiry(
        name="campaign.show",
        title="Show a campaign",
        summary="Where a campaign stands, what its errors mean and what fixes them, what was submitted, what is next.",
        command="/a2p-campaign",
        word="show",
        form=CampaignShow,
        answer=_show,
        notes=("Of a campaign that is registered in TCR it tells what `/a2p-external show` tells.",),
    ),
)
