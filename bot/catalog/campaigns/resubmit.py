"""`campaign.resubmit`: a rejected campaign, edited where the rejection points (twilio.md 5.2 and 5.5)."""

from collections.abc import Mapping
from typing import Any, Final

from bot.catalog.answers import edits, same
from bot.catalog.campaigns.content import SAMPLES, CampaignContent, in_two
from bot.catalog.campaigns.forms import CampaignRegister, CampaignResubmit
from bot.catalog.campaigns.steps import read_back_step, update_step, watch
from bot.catalog.fees import Fees
from bot.catalog.form import Values
from bot.catalog.found import chosen, found_service
from bot.catalog.operation import CannotPlanError, Context, Operation
from bot.catalog.rules import flag
from bot.checks import eligibility
from bot.checks.campaign import lint
from bot.checks.guide import Guide, form_field
from bot.plans.call import Param
from bot.plans.finding import Finding, block, note, warn
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from bot.twilio import reads
from bot.twilio.gateway import Account

FEES: Final = Fees.load()
GUIDE: Final = Guide.load()
EDITS_CLOSED: Final = (403, 405, 20003, 20004)
"""How Twilio refuses where it keeps editing over its API closed to an account (twilio.md 5.2)."""
CLOSED: Final = (
    "If the credentials are in order, Twilio does not let this account edit campaigns over its API: use “Fix Campaign” "
    "in Twilio's Console, or delete the campaign and register it again (`/a2p-campaign delete`, then `register`, which "
    "costs the vetting again). Abandon this."
)


async def _plan_resubmit(form: CampaignResubmit, context: Context) -> Plan:
    account = context.account
    service = await found_service(account, form.service_sid)
    campaign = await reads.campaign(account, service.sid)
    if campaign is None:
        raise CannotPlanError(
            f"“{service.friendly_name}” has no campaign. Register one with `/a2p-campaign register`.", "service_sid"
        )
    old, new = _content(campaign), _values(form)
    changed = {field: value for field, value in new.items() if value != old.get(field)}
    anew = {field: value for field, value in changed.items() if not same(old.get(field), value)}
    brand = await reads.brand(account, campaign.brand_registration_sid) if campaign.brand_registration_sid else None
    name = await reads.business_name(account, brand) if brand else None
    texts = form.texts.model_copy(update={"use_case": campaign.us_app_to_person_usecase})
    return Plan(
        operation="campaign.resubmit",
        account=account.sid,
        title=f"Resubmit the campaign of “{service.friendly_name}”",
        steps=(_update(service.sid, form, changed), read_back_step("urls", service.sid, form)),
        differences=edits(form, old, changed),
        costs=(FEES.cost("campaign_resubmission"),),
        findings=(
            *_guard(campaign, anew),
            *_rejection(campaign, anew),
            *(eligibility.of_brand(brand, GUIDE) if brand else ()),
            *lint(texts, name),
        ),
        watches=(watch(service),),
    )


def _update(service_sid: str, form: CampaignResubmit, changed: Mapping[str, Any]) -> CallStep:
    # every value here differs from the campaign before, so finding them proves that the write has happened
    expected = _expected(form, changed or _values(form))
    step = update_step("campaign", service_sid, form, expected)
    return step.model_copy(update={"advice": dict.fromkeys(EDITS_CLOSED, CLOSED)})


def _expected(form: CampaignResubmit, changed: Mapping[str, Any]) -> dict[str, Param]:
    """What the answer must show for the changed fields; samples are one list there, the description is one text."""
    parts = {name for name in form.asks() if name.startswith(("sample_", "description"))}
    wire = {name: _wire(value) for name, value in _values(form).items() if name not in parts}
    expected: dict[str, Param] = {name: wire[name] for name in changed if name in wire}
    expected |= {"message_samples": form.samples} if any(n.startswith("sample_") for n in changed) else {}
    return expected | (
        {"description": form.whole_description} if any(n.startswith("description") for n in changed) else {}
    )


def _guard(campaign: reads.Campaign, changed: Mapping[str, Any]) -> list[Finding]:
    found = []
    if campaign.is_externally_registered:
        text = "The campaign is registered in TCR, not at Twilio: it is edited there."
        fix = "Fix it in TCR, then use `/a2p-external reassociate`."
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
    touched = {"description" if name == "description_more" else name for name in changed}
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
        if at_fault and not any(f in touched for f in at_fault):
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
    service_sid = chosen(CampaignResubmit, "service_sid", values)
    if not service_sid:
        return dict(values)
    campaign = await reads.campaign(account, service_sid)
    if campaign is None:
        raise CannotPlanError(f"{service_sid} has no campaign that could be resubmitted.", "service_sid")
    return _content(campaign) | dict(values)


def _content(campaign: reads.Campaign) -> dict[str, Any]:
    """A campaign's texts as the form names them; an absent flag is off."""
    samples = campaign.message_samples or []
    description, more = in_two(_plain(campaign.description) or "")
    return {
        "description": description or None,
        "description_more": more,
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


def _wire(value: Any) -> str:
    return flag(value) if isinstance(value, bool) else str(value)


OPERATIONS = (
    Operation(
        name="campaign.resubmit",
        title="Resubmit a campaign",
        summary="A rejected campaign, edited where the rejection points, sent to review again.",
        command="/a2p-campaign",
        word="resubmit",
        form=CampaignResubmit,
        plan=_plan_resubmit,
        next="The review begins anew: 10 to 15 business days.",
        prefill=_prefill,
        fees=("campaign_resubmission",),
        notes=(
            "The write is whole: what stands in the form replaces what Twilio has. The form opens with what "
            "was rejected.",
            "Only FAILED campaigns are known to accept edits. A suspended one is a case for Twilio Support.",
            "Sources disagree on whether each resubmission is charged: count on $15.",
        ),
    ),
)
