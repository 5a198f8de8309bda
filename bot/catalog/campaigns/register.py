"""`campaign.register`: what a brand sends, to review (twilio.md 5.1)."""

import asyncio
from typing import Final

from bot.catalog.answers import new_things
from bot.catalog.campaigns.forms import CampaignRegister
from bot.catalog.campaigns.steps import create_step, read_back_step, watch
from bot.catalog.fees import Fees
from bot.catalog.found import found_brand, found_service
from bot.catalog.operation import Context, Operation
from bot.checks import eligibility
from bot.checks.campaign import lint
from bot.checks.guide import Guide
from bot.plans.cost import Cost
from bot.plans.plan import Plan
from bot.twilio import reads
from bot.twilio.gateway import Account

FEES: Final = Fees.load()
GUIDE: Final = Guide.load()


async def _plan_register(form: CampaignRegister, context: Context) -> Plan:
    account = context.account
    service, brand = await asyncio.gather(
        found_service(account, form.service_sid), found_brand(account, form.brand_sid)
    )
    existing, pool, allowed, others, (name, label) = await asyncio.gather(
        reads.campaign(account, service.sid),
        reads.pool(account, service.sid),
        _allowed(account, service, brand),
        _others(account, brand, service.sid),
        asyncio.gather(reads.business_name(account, brand), reads.brand_label(account, brand)),
    )
    findings = (
        *eligibility.of_existing(service, existing),
        *eligibility.of_brand(brand, GUIDE),
        *eligibility.of_other_campaigns(brand, others),
        *(eligibility.of_use_case(form.use_case, allowed) if allowed is not None else ()),
        *eligibility.of_service(service, form.use_case),
        *eligibility.of_pool(service, pool, sole_proprietor=brand.sole_proprietor),
        *lint(form.texts, name),
    )
    mock = " (mock: never reviewed, cannot send)" if brand.mock else ""
    return Plan(
        operation="campaign.register",
        account=account.sid,
        title=f"Register the {form.use_case} campaign of “{service.friendly_name}”{mock}",
        steps=(
            create_step("campaign", service.sid, brand.sid, form.use_case, form),
            read_back_step("urls", service.sid, form),
        ),
        differences=new_things(form, {service.sid: service.friendly_name, brand.sid: label}),
        costs=register_costs(form.use_case, brand),
        findings=findings,
        watches=(watch(service),),
    )


def register_costs(use_case: str, brand: reads.Brand | None, part: str = "") -> tuple[Cost, ...]:
    """What a campaign costs; `part` is the approval step before which nothing of it is spent.

    `brand` is None where a chain registers the brand first.
    """
    monthly = "campaign_monthly"
    if use_case == "SOLE_PROPRIETOR" or (brand and brand.sole_proprietor):
        monthly = "campaign_monthly_sole_proprietor"
    elif use_case == "LOW_VOLUME":
        monthly = "campaign_monthly_low_volume"
    return tuple(FEES.cost(name).model_copy(update={"part": part}) for name in ("campaign_vetting", monthly))


async def _allowed(account: Account, service: reads.Service, brand: reads.Brand) -> list[reads.UseCase] | None:
    """The brand's use cases; None where asking makes no sense, because the brand itself is not ready."""
    return await reads.use_cases(account, service.sid, brand.sid) if brand.status == "APPROVED" else None


async def _others(account: Account, brand: reads.Brand, service_sid: str) -> list[reads.Campaign]:
    """Campaigns of a sole proprietor brand on other services: only such a brand is limited to one."""
    if not brand.sole_proprietor:
        return []
    others = [s.sid for s in await reads.services(account) if s.sid != service_sid]
    return [c for c in await reads.campaigns(account, others) if c.brand_registration_sid == brand.sid]


OPERATIONS = (
    Operation(
        name="campaign.register",
        title="Register a campaign",
        summary="What a brand sends, to whom and with which consent: sent to Twilio and the carriers for review.",
        command="/a2p-campaign",
        word="register",
        form=CampaignRegister,
        plan=_plan_register,
        next="The review takes 10 to 15 business days. Numbers may join meanwhile: `/a2p-sender add`.",
        fees=(
            "campaign_vetting",
            "campaign_monthly",
            "campaign_monthly_low_volume",
            "campaign_monthly_sole_proprietor",
        ),
        notes=(
            "The review takes 10 to 15 business days, at times several weeks. A verdict within seconds is a "
            "check of the "
            "fields by machine, not a review.",
            "VERIFIED is not ready: each number is then registered with the carriers, minutes to days. Messages sent "
            "before that end with 30034 or 30035.",
            "Use case, brand, keywords and replies cannot be changed later. The texts can, after a rejection, with "
            "`/a2p-campaign resubmit`.",
            "Privacy policy and terms are asked for since June 2026; Tenfour reads both back after the registration.",
            "A campaign of a mock brand is a mock too: good for trying things out, it is never reviewed and "
            "cannot send.",
        ),
    ),
)
