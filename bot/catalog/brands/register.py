"""Brands: `brand.register`, and the list of what can be asked about brands (twilio.md section 4)."""

from bot.catalog.answers import new_things
from bot.catalog.brands import resubmit as brand_resubmit
from bot.catalog.brands import show as brand_show
from bot.catalog.brands import vetting as brand_vetting
from bot.catalog.brands.bundles import CustomerProfileBundle, TrustProductBundle, bundle_watch
from bot.catalog.brands.forms import BrandRegister
from bot.catalog.brands.new import new_brand
from bot.catalog.operation import Context, Operation
from bot.plans.call import Ref
from bot.plans.plan import Plan

CALLED = {"standard": "standard", "low_volume": "low-volume standard", "sole_proprietor": "sole proprietor"}


async def _plan_register(form: BrandRegister, context: Context) -> Plan:
    brand = await new_brand(form, form.brand_kind, context)
    mock = "mock " if form.mock_brand else ""
    return Plan(
        operation="brand.register",
        account=context.account.sid,
        title=f"Register the {mock}{CALLED[form.brand_kind]} brand “{form.brand_label}”",
        steps=brand.steps,
        differences=new_things(form, brand.names),
        costs=brand.costs,
        findings=brand.findings,
        watches=(
            bundle_watch("profile_submission", CustomerProfileBundle(Ref(step="profile")), form.brand_label),
            bundle_watch("product_submission", TrustProductBundle(Ref(step="product")), form.brand_label),
            brand.watch,
        ),
    )


OPERATIONS = (
    Operation(
        name="brand.register",
        title="Register a brand",
        summary=(
            "Who sends, proven to Twilio, The Campaign Registry (TCR) and the carriers: profile, trust product and "
            "brand in one go."
        ),
        command="/a2p-brand",
        word="register",
        form=BrandRegister,
        plan=_plan_register,
        next="When it is approved: `/a2p-campaign register`. `/a2p-brand show` says what it waits for until then.",
        fees=("brand_standard", "brand_low_volume", "brand_sole_proprietor"),
        notes=(
            "Twilio evaluates both bundles at no cost before anything is submitted; the run stops there if one lacks "
            "something, and what it lacks is said in words. Undo then takes the drafts away.",
            "Names, tax ids, phones, mails and streets are shown masked, to approvers too, and are encrypted at rest.",
            "A brand cannot be deleted over Twilio's API, only in its Console.",
            "Most brands are decided in minutes; a manual review takes seven business days or more.",
            "A brand that fails can be corrected three times at no cost: `/a2p-brand resubmit`.",
        ),
    ),
    *brand_resubmit.OPERATIONS,
    *brand_vetting.OPERATIONS,
)
INQUIRIES = brand_show.INQUIRIES
