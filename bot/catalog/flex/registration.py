"""Brand and campaign of a chain: standing, waited for, or registered on the way (twilio.md 4 and 5)."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.catalog.brands.bundles import BRANDS
from bot.catalog.brands.new import new_brand
from bot.catalog.campaigns.register import register_costs
from bot.catalog.campaigns.steps import create_step, read_back_step
from bot.catalog.flex.forms import FlexChain
from bot.catalog.flex.parts import NEW_SERVICE_SID, Part, service_of
from bot.catalog.found import found_brand
from bot.catalog.operation import CannotPlanError, Context
from bot.catalog.senders.pool import Pool
from bot.checks import eligibility
from bot.checks.campaign import lint
from bot.checks.guide import Guide
from bot.plans.call import Call, Ref, segment
from bot.plans.finding import Finding, block, note, warn
from bot.plans.step import CallStep, GivenStep, WaitStep, Watch
from bot.twilio import reads
from bot.twilio.gateway import Account

GUIDE: Final = Guide.load()
IDENTITIES: Final = ("VERIFIED", "VETTED_VERIFIED", "SELF_DECLARED")
"""What the identity of a brand may be for its campaigns to be reviewed: UNVERIFIED ones get 30991 (twilio.md 0.11)."""
GONE: Final = "GONE"
"""What a registration is called that Twilio no longer has."""
CAMPAIGN_MEANWHILE: Final = (
    "The review takes 10 to 15 business days, at times several weeks. If it is rejected, this goes on waiting: press "
    "*Fix and resubmit* on the rejection card in the alerts channel, or use `/a2p-campaign resubmit`. Once the "
    "campaign is VERIFIED, this goes on by itself."
)


@dataclass(frozen=True)
class ChainBrand:
    """The brand of a chain: `seen` is what stands at Twilio, None for one that is registered on the way.

    `called` is what people call it. `legal` is its registered name, where it is known: it identifies a business or a
    person, and is for checks of texts only. A `listed` company has its e-mail confirmed.
    """

    sid: str | Ref
    called: str
    legal: str | None
    sole_proprietor: bool
    mock: bool
    part: Part
    seen: reads.Brand | None = None
    listed: bool = False

    @property
    def owed(self) -> str:
        """What people besides Twilio's have to do before the brand is decided."""
        if self.sole_proprietor:
            return (
                "The owner of the mobile replies to the passcode within 24 hours, or nothing is decided; "
                "`/a2p-brand resend_otp` sends a new one."
            )
        return "The brand's contact confirms Twilio's e-mail within 7 days (30900)." if self.listed else ""


async def read_brand(form: FlexChain, context: Context) -> ChainBrand:
    """The brand that was chosen, or everything that makes a new one. Raises `CannotPlanError`."""
    if form.brand_kind != "existing":
        kind = form.brand_kind
        made = await new_brand(form, kind, context)
        return ChainBrand(
            sid=made.sid,
            called=form.brand_label,
            legal=form.brand_name if kind == "sole_proprietor" else form.business_name,
            sole_proprietor=kind == "sole_proprietor",
            mock=form.mock_brand,
            part=Part(made.steps, made.costs, made.findings, (made.watch,)),
            listed=form.company_type == "public",
        )
    seen = await found_brand(context.account, form.brand_sid)
    name = await reads.business_name(context.account, seen)
    called = await reads.brand_label(context.account, seen)
    stands = GivenStep(id="brand", title=f"The brand “{called}” exists", result={"sid": seen.sid})
    findings = tuple(_of_standing_brand(seen))
    return ChainBrand(
        seen.sid, called, name, seen.sole_proprietor, bool(seen.mock), Part((stands,), findings=findings), seen
    )


def brand_waits(brand: ChainBrand) -> tuple[WaitStep, CallStep]:
    """The wait until the brand is approved, and a look at what the word alone does not say."""
    name = f"“{brand.called}”"
    watch = Watch(kind="brand", step="brand_approved", key=brand.sid, title=f"Brand {name}")
    wait = WaitStep(
        id="brand_approved",
        title=f"The brand {name} is approved",
        watches=(watch,),
        until=("APPROVED",),
        fails=(GONE,),
        meanwhile=_brand_meanwhile(brand),
    )
    in_path = str(brand.sid) if isinstance(brand.sid, Ref) else segment(brand.sid)
    look = CallStep(
        id="brand_identity",
        title=f"Look whether {name} is verified and carries no feedback, before a campaign is paid for",
        call=Call(product="messaging", method="GET", path=f"{BRANDS}/{in_path}"),
        keep=("sid", "status", "identity_status"),
        # an approved brand may carry feedback (30795 to 30799) that stops its campaigns: they are rejected, and charged
        expect={"identity_status": IDENTITIES, "errors.error_code": _feedback(brand.seen)},
        skippable=(
            "the brand is unverified (30991) or carries feedback, which `/a2p-brand show` explains: its campaign may "
            "be rejected"
        ),
    )
    return wait, look


def _feedback(seen: reads.Brand | None) -> tuple[str, ...]:
    """What an approved brand may carry, as codes: nothing, or what people were told of before they approved."""
    if seen is None or seen.status != "APPROVED":
        return ("",)
    told = [str(e.error_code) for e in seen.errors or []]
    return ("", ", ".join(told)) if told else ("",)


def _brand_meanwhile(brand: ChainBrand) -> str:
    said = (
        "Most brands are decided in minutes; a review by a third party takes 7 business days or more.",
        brand.owed,
        "If it fails, this goes on waiting: correct and resubmit it with `/a2p-brand resubmit`, three times at no "
        "cost. Once the brand is APPROVED, this goes on by itself.",
    )
    return " ".join(filter(None, said))


def _of_standing_brand(brand: reads.Brand) -> Iterator[Finding]:
    if brand.status == "APPROVED":
        yield from eligibility.of_brand(brand, GUIDE)
        return
    errors = "; ".join(eligibility.said(e) for e in brand.errors or [])
    text = f"The brand is {brand.status}, not APPROVED.{f' Twilio says: {errors}' if errors else ''}"
    match brand.status:
        case "SUSPENDED":
            fix = "Follow the suspension notice, or ask Twilio Support."
            yield block("brand-suspended", text, fix, "brand_sid", (21731,))
        case "PENDING" | "IN_REVIEW":
            yield note("brand-awaited", f"{text} The chain waits for it, then goes on by itself.", "", "brand_sid")
        case _:
            fix = "Correct and resubmit it with `/a2p-brand resubmit`: the chain waits meanwhile."
            yield warn("brand-awaited", text, fix, "brand_sid", (21717,))


async def new_campaign(form: FlexChain, context: Context, pool: Pool, brand: ChainBrand) -> Part:
    """The part that registers the campaign."""
    service = service_of(pool)
    allowed, others = await asyncio.gather(
        _allowed(context.account, pool, brand), _others(context.account, pool, brand)
    )
    findings = (
        *_exists(pool),
        *_of_use_case(form.use_case, allowed),
        *eligibility.of_service(pool.service, form.use_case),
        *(eligibility.of_other_campaigns(brand.seen, others) if brand.seen else ()),
        *lint(form.texts, brand.legal),
    )
    watch = Watch(kind="campaign", step="campaign", key=service, title=_campaign_title(pool))
    return Part(
        steps=(
            create_step("campaign", service, brand.sid, form.use_case, form),
            read_back_step("urls", service, form),
        ),
        costs=register_costs(form.use_case, brand.seen),
        findings=findings,
        watches=(watch,),
    )


async def standing_campaign(pool: Pool, context: Context) -> tuple[Part, ChainBrand | None]:
    """The part of a chain whose service has its campaign, and that campaign's brand, where it can be seen.

    Raises `CannotPlanError` when the service has none.
    """
    campaign, name = pool.campaign, f"“{pool.service.friendly_name}”"
    if campaign is None:
        raise CannotPlanError(f"{name} has no campaign: choose to register a new one.", "campaign")
    born = str((campaign.model_extra or {}).get("date_created") or "")
    shown = campaign.us_app_to_person_usecase or "external"
    stands = GivenStep(id="campaign", title=f"{name} has its campaign ({shown})", result={"registered": born})
    part = Part((stands,), findings=tuple(_of_standing_campaign(campaign, name)))
    return part, await _brand_of(campaign, context.account)


async def _brand_of(campaign: reads.Campaign, account: Account) -> ChainBrand | None:
    seen = await reads.brand(account, campaign.brand_registration_sid) if campaign.brand_registration_sid else None
    if seen is None:
        return None
    name = await reads.business_name(account, seen)
    called = await reads.brand_label(account, seen)
    return ChainBrand(seen.sid, called, name, seen.sole_proprietor, bool(campaign.mock), Part(), seen)


def campaign_wait(pool: Pool) -> WaitStep:
    """The wait until the campaign is verified. Nothing ends it badly: a rejected one is mended in its place."""
    watch = Watch(kind="campaign", step="campaign_verified", key=service_of(pool), title=_campaign_title(pool))
    return WaitStep(
        id="campaign_verified",
        title="The campaign is verified",
        watches=(watch,),
        until=("VERIFIED",),
        meanwhile=CAMPAIGN_MEANWHILE,
    )


def _campaign_title(pool: Pool) -> str:
    return f"Campaign of “{pool.service.friendly_name}”"


def _of_standing_campaign(campaign: reads.Campaign, name: str) -> Iterator[Finding]:
    match campaign.campaign_status:
        case "VERIFIED":
            return
        case "SUSPENDED":
            text = f"The campaign of {name} is suspended: Twilio refuses every change to its numbers."
            fix = "Follow the suspension notice, or ask Twilio Support. Do not move the traffic elsewhere."
            yield block("campaign-suspended", text, fix, "campaign", (21729, 30990))
        case "FAILED":
            errors = "; ".join(eligibility.said(e) for e in campaign.errors or [])
            fix = "Edit it with `/a2p-campaign resubmit`: the chain waits meanwhile."
            yield warn("campaign-awaited", f"The campaign of {name} is FAILED. Twilio says: {errors}", fix, "campaign")
        case status:
            yield note(
                "campaign-awaited", f"The campaign of {name} is {status}: the chain waits for it.", "", "campaign"
            )


def _exists(pool: Pool) -> list[Finding]:
    fix = "Choose “The service has one already”, or another service."
    found = eligibility.of_existing(pool.service, pool.campaign)
    return [f.model_copy(update={"fix": f"{fix} {f.fix}", "field": "campaign"}) for f in found]


def _of_use_case(code: str, allowed: Sequence[reads.UseCase] | None) -> list[Finding]:
    if allowed is not None:
        return eligibility.of_use_case(code, allowed)
    text = f"Whether Twilio offers {code} to this brand is known only once the brand is approved."
    fix = "If it does not, the campaign is refused before it is charged; the chain can be abandoned then."
    return [note("use-case-unchecked", text, fix, "use_case", (21717, 21720))]


async def _allowed(account: Account, pool: Pool, brand: ChainBrand) -> list[reads.UseCase] | None:
    """The use cases of an approved brand; None where nobody can know them yet."""
    if brand.seen is None or brand.seen.status != "APPROVED":
        return None
    # the path needs a service, but the answer depends on the brand alone
    known = (
        [pool.service.sid] if pool.service.sid != NEW_SERVICE_SID else [s.sid for s in await reads.services(account)]
    )
    return await reads.use_cases(account, known[0], brand.seen.sid) if known else None


async def _others(account: Account, pool: Pool, brand: ChainBrand) -> list[reads.Campaign]:
    """Campaigns of a sole proprietor brand on other services: only such a brand is limited to one."""
    if brand.seen is None or not brand.sole_proprietor:
        return []
    others = [s.sid for s in await reads.services(account) if s.sid != pool.service.sid]
    return [c for c in await reads.campaigns(account, others) if c.brand_registration_sid == brand.seen.sid]
