"""`brand.resubmit`: correct what the rejection names, and send the brand to TCR again (twilio.md 4.6)."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Final

from bot.catalog.answers import edits, same
from bot.catalog.brands.bundles import BRANDS, Bundle, evaluate, submit
from bot.catalog.brands.correction import SENT, Correction, correction, kind_of, standing
from bot.catalog.brands.edits import BrandResubmit, RejectedBrand
from bot.catalog.brands.parts import ASKS, facts, field_of
from bot.catalog.form import Values
from bot.catalog.found import chosen, found_brand
from bot.catalog.operation import CannotPlanError, Context, Operation
from bot.checks import eligibility
from bot.checks.brand import BrandFacts, lint
from bot.checks.guide import Guidance, Guide
from bot.plans.call import Call, segment
from bot.plans.finding import Finding, block, note, warn
from bot.plans.plan import Plan
from bot.plans.step import Adopt, CallStep, Watch
from bot.twilio import reads, reads_brands
from bot.twilio.gateway import Account
from bot.twilio.reads import Brand, Campaign
from bot.twilio.reads_brands import BrandFile
from bot.twilio.reads_brands import Bundle as SeenBundle

GUIDE: Final = Guide.load()
FREE_UPDATES: Final = 3
PASSING: Final = frozenset({30702, 30790, 30791, 30792})
"""Codes of failures that may pass by themselves: sending the same again makes sense."""
ADVICE: Final = {
    21724: (
        "The three free corrections of this brand are used up. Ask Twilio Support, or appeal there ($10); what was "
        "corrected in Trust Hub stands. Abandon this."
    ),
    21725: "The brand is not FAILED any more, so there is nothing to correct. Look at it with `/a2p-brand show`.",
    21730: "Twilio's registration system is being maintained. Try again later.",
    21731: "The brand is suspended: follow the suspension notice, or ask Twilio Support.",
}


async def _plan(form: RejectedBrand, context: Context) -> Plan:
    account = context.account
    brand = await found_brand(account, form.brand_sid)
    if form.brand_kind != kind_of(brand):
        raise CannotPlanError(f"This brand was registered as {kind_of(brand)}: choose that.", "brand_kind")
    file, campaigns = await asyncio.gather(
        reads_brands.brand_file(account, brand), reads_brands.campaigns_of(account, brand.sid)
    )
    changes = correction(form, brand, file, account.sid)
    label = file.label or brand.sid
    return Plan(
        operation="brand.resubmit",
        account=account.sid,
        title=f"Correct and resubmit the brand “{label}”",
        steps=tuple(_steps(brand, file, changes)),
        differences=edits(form, changes.before, changes.after),
        findings=(
            *_state(brand, campaigns),
            *_unchanged(brand, file, changes),
            *_rejection(brand, changes),
            *_count(),
            *lint(BrandFacts.model_validate(facts(changes.kind, changes.merged))),
        ),
        watches=(Watch(kind="brand", step=SENT, key=brand.sid, title=f"Brand “{label}”", again=True),),
    )


def _steps(brand: Brand, file: BrandFile, changes: Correction) -> Iterator[CallStep]:
    yield from changes.steps
    if file.profile is not None:
        changed = changes.of_profile or _since(brand, file, profile=True)
        yield from _review("profile", changes.profile, file.profile, changed=changed)
    if file.product is not None:
        changed = changes.of_product or _since(brand, file, profile=False)
        yield from _review("product", changes.product, file.product, changed=changed)
    yield _update(brand)


def _review(name: str, bundle: Bundle, seen: SeenBundle, *, changed: bool) -> Iterator[CallStep]:
    """Evaluate and submit a bundle that holds something new, or that was not accepted as it was."""
    if not changed and seen.status not in ("draft", "twilio-rejected"):
        return
    if seen.policy_sid:
        yield evaluate(f"{name}_evaluation", bundle, seen.policy_sid)
    if seen.status != "pending-review":
        yield submit(f"{name}_submission", bundle, seen.status)


def _update(brand: Brand) -> CallStep:
    path = f"{BRANDS}/{segment(brand.sid)}"
    return CallStep(
        id=SENT,
        title="Send the corrected brand to TCR again (one of three free corrections)",
        call=Call(product="messaging", method="POST", path=path),
        # it has happened when the brand has left FAILED; each one counts, so it is never sent again on a guess
        adopt=Adopt(
            read=Call(product="messaging", method="GET", path=path),
            match={"status": "FAILED"},
            gone=True,
            repeatable=False,
        ),
        keep=("sid", "status"),
        lane="registration",
        advice=ADVICE,
        lasting="A brand that was sent to TCR again cannot be called back, and that correction is used.",
    )


def _state(brand: Brand, campaigns: Sequence[Campaign]) -> Iterator[Finding]:
    if brand.status == "SUSPENDED":
        text = "The brand is suspended: it takes no correction."
        fix = "Follow the suspension notice, or ask Twilio Support."
        yield block("brand-suspended", text, fix, "brand_sid", (21731,))
    elif brand.status != "FAILED":
        text = f"The brand is {brand.status}: Twilio takes corrections of a FAILED one only."
        fix = "Wait for the verdict." if brand.status in ("PENDING", "IN_REVIEW") else ""
        yield block("brand-not-failed", text, fix, "brand_sid", (21725,))
    elif brand.tcr_id is None:
        text = "The brand failed before TCR took it in (it has no TCR id), so Twilio has nothing to correct there."
        fix = "Register it anew with `/a2p-brand register`, with what the errors name put right."
        yield block("brand-unknown-to-tcr", text, fix, "brand_sid", (21725, 30702))
    if campaigns:
        states = ", ".join(f"{c.campaign_status} on {c.messaging_service_sid}" for c in campaigns)
        text = f"A brand that has a campaign cannot be edited; this one has {len(campaigns)}: {states}."
        fix = "Delete the FAILED campaign first with `/a2p-campaign delete`; registering it again costs its vetting."
        yield block("brand-has-campaign", text, fix, "brand_sid")


def _unchanged(brand: Brand, file: BrandFile, changes: Correction) -> Iterator[Finding]:
    if any(not same(changes.before.get(name), value) for name, value in changes.after.items()):
        return
    if _since(brand, file, profile=True) or _since(brand, file, profile=False):
        text = "Nothing is changed here, but Trust Hub was changed after the rejection: that is what is sent."
        yield note("changed-elsewhere", text, "", "brand_sid")
    elif _codes(brand) and _codes(brand) <= PASSING:
        text = "Nothing is changed; the failure was one of the system, so sending the same again makes sense."
        yield note("same-again", text, "", "brand_sid")
    else:
        text = "This is equal to the one just rejected: no field has changed."
        fix = "Change what the rejection names. A resubmission without it uses up one of three, and fails again."
        yield block("nothing-changed", text, fix, _named(brand, changes) or "brand_sid")


def _since(brand: Brand, file: BrandFile, *, profile: bool) -> bool:
    """Whether a bundle's end users were changed after the brand was: in the Console, or by a change that broke off."""
    decided = str((brand.model_extra or {}).get("date_updated") or "")
    ours = {"us_a2p_messaging_profile_information", "sole_proprietor_information"}
    users = [user for user in file.users.values() if (user.type not in ours) == profile]
    return bool(decided) and any((user.date_updated or "") > decided for user in users)


def _rejection(brand: Brand, changes: Correction) -> Iterator[Finding]:
    """For each error whether this correction touches what it names."""
    if brand.status != "FAILED":
        return
    for error in brand.errors or []:
        guidance = GUIDE.explain(error.error_code)
        fields = list(dict.fromkeys(_fields(error, guidance, changes)))
        remedy = guidance.remedy if guidance else (error.url or "")
        codes = (guidance.code,) if guidance else ()
        if guidance and guidance.resubmittable is False:
            text = f"Twilio does not take corrections after {eligibility.said(error)}"
            yield warn("not-resubmittable", text, remedy, next(iter(fields), ""), codes)
        if fields and not set(fields) & set(changes.after):
            labels = " or ".join(f"“{ASKS[f].label}”" for f in fields)
            text = f"The rejection is about {labels}, which is unchanged. {eligibility.said(error)}"
            yield warn("named-field-unchanged", text, remedy, fields[0], codes)
        elif not fields:
            yield note("rejection", f"The rejection: {eligibility.said(error)}", remedy, "", codes)


def _fields(error: reads.TwilioError, guidance: Guidance | None, changes: Correction) -> Iterator[str]:
    """The questions that an error is about: those that Twilio names, and of those in the guide the ones that apply."""
    for name in error.fields or []:
        if field := field_of(changes.kind, name.lower()):
            yield field
    for name in guidance.fields if guidance else ():
        field = field_of(changes.kind, name.lower())
        if field and (field in changes.merged or field in changes.after):
            yield field


def _count() -> Iterator[Finding]:
    text = (
        f"Tenfour cannot read how many corrections were used: {FREE_UPDATES} are free, then Twilio refuses (21724) and "
        "Support must help. The brand's card in the alerts channel counts those that were sent from here."
    )
    yield note("three-free", text, "Correct everything that the errors name in one go.", "brand_sid", (21724,))


def _codes(brand: Brand) -> set[int]:
    return {g.code for e in brand.errors or [] if (g := GUIDE.explain(e.error_code))}


def _named(brand: Brand, changes: Correction) -> str | None:
    named = (field_of(changes.kind, name.lower()) for error in brand.errors or [] for name in error.fields or [])
    return next((field for field in named if field), None)


async def _prefill(values: Values, account: Account) -> dict[str, Any]:
    """What stands at Twilio and identifies nobody; what was typed already wins. Raises `CannotPlanError`."""
    brand_sid = chosen(BrandResubmit, "brand_sid", values)
    if not brand_sid:
        return dict(values)
    brand = await found_brand(account, brand_sid)
    held = standing(kind_of(brand), await reads_brands.brand_file(account, brand))
    shown = {name: value for name, value in held.items() if not ASKS[name].sensitive}
    return {"brand_kind": kind_of(brand), **shown, **values}


OPERATIONS = (
    Operation(
        name="brand.resubmit",
        title="Correct a brand",
        summary="A rejected brand, corrected where the rejection points, sent to TCR again.",
        command="/a2p-brand",
        word="resubmit",
        form=BrandResubmit,
        plan=_plan,
        next="When it is approved: `/a2p-campaign register`.",
        prefill=_prefill,
        fees=("brand_appeal",),
        notes=(
            "Three corrections are free; nobody can read how many were used. The fourth is refused (21724), and Twilio "
            "Support takes appeals for $10.",
            "What identifies a person or the business is not shown in the form: leave it empty to keep it.",
            "Only a FAILED brand that TCR knows and that has no campaign can be corrected.",
        ),
    ),
)
