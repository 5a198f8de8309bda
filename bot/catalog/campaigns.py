"""Campaigns: `campaign.register` and `campaign.resubmit` (twilio.md section 5)."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from bot.catalog.answers import edits, new_things
from bot.catalog.campaign_forms import SAMPLES, CampaignContent, CampaignRegister, CampaignResubmit
from bot.catalog.fees import Fees
from bot.catalog.form import Values, mistakes
from bot.catalog.operation import CannotPlanError, Context, Operation
from bot.catalog.rules import flag
from bot.checks import eligibility
from bot.checks.campaign import lint
from bot.checks.guide import Guide, form_field
from bot.plans.call import Call, Param, segment
from bot.plans.cost import Cost
from bot.plans.finding import Finding, block, note, warn
from bot.plans.plan import Plan, Watch
from bot.plans.step import Adopt, CallStep
from bot.twilio import reads
from bot.twilio.gateway import Account

FEES: Final = Fees.load()
GUIDE: Final = Guide.load()
EDITS_CLOSED: Final = (403, 405, 20003, 20004)
"""How Twilio refuses where it keeps editing over its API closed to an account (twilio.md 5.2)."""
CLOSED: Final = (
    "If the credentials are in order, Twilio does not let this account edit campaigns over its API: use “Fix Campaign” "
    "in Twilio's Console, or delete the campaign and register it again (which costs the vetting again). Abandon this."
)
KEEP = ("sid", "campaign_status", "messaging_service_sid", "privacy_policy_url", "terms_and_conditions_url")


async def _plan_register(form: CampaignRegister, context: Context) -> Plan:
    account = context.account
    service, brand = await asyncio.gather(_service(account, form.service_sid), _brand(account, form.brand_sid))
    existing, pool, allowed, others, name = await asyncio.gather(
        reads.campaign(account, service.sid),
        reads.pool(account, service.sid),
        _allowed(account, service, brand),
        _others(account, brand, service.sid),
        reads.business_name(account, brand),
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
    params = form.params()
    return Plan(
        operation="campaign.register",
        account=account.sid,
        title=f"Register the {form.use_case} campaign of “{service.friendly_name}”",
        steps=(_create(service.sid, form, params),),
        differences=new_things(form, {service.sid: service.friendly_name, brand.sid: name or "brand"}),
        costs=_register_costs(form.use_case, brand),
        findings=findings,
        watches=(_watch(service),),
    )


def _create(service_sid: str, form: CampaignRegister, params: Mapping[str, Param]) -> CallStep:
    path = reads.campaign_path(segment(service_sid))
    headers = dict(reads.CAMPAIGN_HEADERS)
    return CallStep(
        id="campaign",
        title=f"Register the campaign ({form.use_case})",
        call=Call(product="messaging", method="POST", path=path, params=dict(params), headers=headers),
        adopt=Adopt(
            read=Call(product="messaging", method="GET", path=path, headers=headers),
            items="compliance",
            match={
                "brand_registration_sid": form.brand_sid,
                "us_app_to_person_usecase": form.use_case,
                "description": form.description,
            },
            # each creation is vetted for money, and what a second one does while the first is in hand is not known
            repeatable=False,
        ),
        keep=KEEP,
        lane="registration",
    )


def _register_costs(use_case: str, brand: reads.Brand) -> tuple[Cost, ...]:
    monthly = "campaign_monthly"
    if brand.sole_proprietor:
        monthly = "campaign_monthly_sole_proprietor"
    elif use_case == "LOW_VOLUME":
        monthly = "campaign_monthly_low_volume"
    return (FEES.cost("campaign_vetting"), FEES.cost(monthly))


async def _plan_resubmit(form: CampaignResubmit, context: Context) -> Plan:
    account = context.account
    service = await _service(account, form.service_sid)
    campaign = await reads.campaign(account, service.sid)
    if campaign is None:
        raise CannotPlanError(
            f"“{service.friendly_name}” has no campaign. Register one with `/a2p-campaign register`.", "service_sid"
        )
    old, new = _content(campaign), _values(form)
    changed = {field: value for field, value in new.items() if value != old.get(field)}
    brand = await reads.brand(account, campaign.brand_registration_sid) if campaign.brand_registration_sid else None
    name = await reads.business_name(account, brand) if brand else None
    texts = form.texts.model_copy(update={"use_case": campaign.us_app_to_person_usecase})
    return Plan(
        operation="campaign.resubmit",
        account=account.sid,
        title=f"Resubmit the campaign of “{service.friendly_name}”",
        steps=(_update(service.sid, form, changed),),
        differences=edits(form, old, changed),
        costs=(FEES.cost("campaign_resubmission"),),
        findings=(
            *_guard(campaign, changed),
            *_rejection(campaign, changed),
            *(eligibility.of_brand(brand, GUIDE) if brand else ()),
            *lint(texts, name),
        ),
        watches=(_watch(service),),
    )


def _update(service_sid: str, form: CampaignResubmit, changed: Mapping[str, Any]) -> CallStep:
    path = f"{reads.campaign_path(segment(service_sid))}/{reads.CAMPAIGN_SID}"
    headers = dict(reads.CAMPAIGN_HEADERS)
    return CallStep(
        id="campaign",
        title="Write the edited campaign, which sends it to review again",
        call=Call(product="messaging", method="POST", path=path, params=form.content_params(), headers=headers),
        adopt=Adopt(
            read=Call(product="messaging", method="GET", path=path, headers=headers),
            # every value here differs from the campaign before, so finding them proves that the write has happened;
            # the status proves nothing, because a review by machine may have failed it again within a second
            match=_expected(form, changed or _values(form)),
            repeatable=False,
        ),
        keep=KEEP,
        lane="registration",
        advice=dict.fromkeys(EDITS_CLOSED, CLOSED),
    )


def _expected(form: CampaignResubmit, changed: Mapping[str, Any]) -> dict[str, Param]:
    """What the answer must show for the changed fields; samples are one list there."""
    wire = {name: _wire(value) for name, value in _values(form).items() if not name.startswith("sample_")}
    expected: dict[str, Param] = {name: wire[name] for name in changed if name in wire}
    return expected | ({"message_samples": form.samples} if any(n.startswith("sample_") for n in changed) else {})


def _guard(campaign: reads.Campaign, changed: Mapping[str, Any]) -> list[Finding]:
    found = []
    if campaign.is_externally_registered:
        text = "The campaign is registered in TCR, not at Twilio: it is edited there."
        fix = "Fix it in TCR and share it again; then associate it anew."
        found.append(block("external-campaign", text, fix, "service_sid"))
    if campaign.campaign_status != "FAILED":
        text = f"The campaign is {campaign.campaign_status}: only a FAILED one is known to accept edits."
        fix = "Wait for the verdict." if campaign.campaign_status in ("PENDING", "IN_PROGRESS") else ""
        found.append(block("campaign-not-failed", text, fix, "service_sid"))
    if not changed:
        text = "This is equal to the one just rejected: no field has changed."
        fix = "Change what the rejection names. If you fixed a web page instead, say so in the opt-in text."
        found.append(block("nothing-changed", text, fix, "message_flow"))
    text = "Use case, brand, keywords and their replies, and the subscriber opt-in cannot be changed here."
    found.append(note("not-editable", text, "To change one of them, delete the campaign and register a new one."))
    return found


def _rejection(campaign: reads.Campaign, changed: Mapping[str, Any]) -> list[Finding]:
    """What the rejection says about this attempt, error by error; unknown codes and fields stay as Twilio gave them."""
    asks = CampaignContent.asks()
    found = []
    for error in campaign.errors or []:
        guidance = GUIDE.explain(error.error_code)
        codes = (guidance.code,) if guidance else ()
        remedy = guidance.remedy if guidance else (error.url or "")
        named = error.fields or (guidance.fields if guidance else ())
        fields = list(dict.fromkeys(f for name in named if (f := form_field(name))))
        at_fault = [f for f in fields if f in asks]
        if guidance and guidance.resubmittable is False:
            text = f"Twilio does not take resubmissions after {eligibility.said(error)}"
            found.append(warn("not-resubmittable", text, remedy, next(iter(at_fault), ""), codes))
        if at_fault and not any(f in changed for f in at_fault):
            text = f"The rejection names “{asks[at_fault[0]].label}”, which is unchanged. {eligibility.said(error)}"
            found.append(warn("named-field-unchanged", text, remedy, at_fault[0], codes))
        if fields and not at_fault:
            label = CampaignRegister.asks()[fields[0]].label
            text = f"The rejection is about “{label}”, which cannot be edited. {eligibility.said(error)}"
            found.append(
                warn("named-field-not-editable", text, "Delete the campaign and register a new one.", "", codes)
            )
    return found


async def _prefill(values: Values, account: Account) -> dict[str, Any]:
    """The current texts of a rejected campaign; what was typed already wins. Raises `CannotPlanError`."""
    service_sid = values.get("service_sid")
    if not service_sid:
        return dict(values)
    if wrong := [m.text for m in mistakes(CampaignResubmit, values) if m.field == "service_sid"]:
        raise CannotPlanError(wrong[0], "service_sid")
    campaign = await reads.campaign(account, str(service_sid))
    if campaign is None:
        raise CannotPlanError(f"{service_sid} has no campaign that could be resubmitted.", "service_sid")
    return _content(campaign) | dict(values)


def _content(campaign: reads.Campaign) -> dict[str, Any]:
    """A campaign's texts as the form names them; an absent flag is off."""
    samples = campaign.message_samples or []
    return {
        "description": _plain(campaign.description),
        "message_flow": _plain(campaign.message_flow),
        "privacy_policy_url": campaign.privacy_policy_url,
        "terms_and_conditions_url": campaign.terms_and_conditions_url,
        **{f"sample_{i}": _plain(samples[i - 1]) if i <= len(samples) else None for i in range(1, SAMPLES + 1)},
        "has_embedded_links": bool(campaign.has_embedded_links),
        "has_embedded_phone": bool(campaign.has_embedded_phone),
        "age_gated": bool(campaign.age_gated),
        "direct_lending": bool(campaign.direct_lending),
    }


def _plain(text: str | None) -> str | None:
    """Text as a modal gives it back, so that an untouched field counts as unchanged."""
    return text.replace("\r\n", "\n").strip() if text else None


def _values(form: CampaignContent) -> dict[str, Any]:
    return {name: getattr(form, name) for name in CampaignContent.asks()}


async def _service(account: Account, service_sid: str) -> reads.Service:
    service = await reads.service(account, service_sid)
    if service is None:
        raise CannotPlanError(f"This account has no messaging service {service_sid}.", "service_sid")
    return service


async def _brand(account: Account, brand_sid: str) -> reads.Brand:
    brand = await reads.brand(account, brand_sid)
    if brand is None:
        raise CannotPlanError(f"This account has no brand {brand_sid}.", "brand_sid")
    return brand


async def _allowed(account: Account, service: reads.Service, brand: reads.Brand) -> list[reads.UseCase] | None:
    """The brand's use cases; None where asking makes no sense, because the brand itself is not ready."""
    return await reads.use_cases(account, service.sid, brand.sid) if brand.status == "APPROVED" else None


async def _others(account: Account, brand: reads.Brand, service_sid: str) -> list[reads.Campaign]:
    """Campaigns of a sole proprietor brand on other services: only such a brand is limited to one."""
    if not brand.sole_proprietor:
        return []
    others = [s.sid for s in await reads.services(account) if s.sid != service_sid]
    return [c for c in await reads.campaigns(account, others) if c.brand_registration_sid == brand.sid]


def _watch(service: reads.Service) -> Watch:
    return Watch(kind="campaign", step="campaign", key=service.sid, title=f"Campaign of “{service.friendly_name}”")


def _wire(value: Any) -> str:
    return flag(value) if isinstance(value, bool) else str(value)


OPERATIONS = (
    Operation(
        name="campaign.register",
        title="Register a campaign",
        summary="What a brand sends, to whom and with which consent: sent to Twilio and the carriers for review.",
        command="/a2p-campaign",
        word="register",
        form=CampaignRegister,
        plan=_plan_register,
    ),
    Operation(
        name="campaign.resubmit",
        title="Resubmit a campaign",
        summary="A rejected campaign, edited where the rejection points, sent to review again.",
        command="/a2p-campaign",
        word="resubmit",
        form=CampaignResubmit,
        plan=_plan_resubmit,
        prefill=_prefill,
    ),
)
