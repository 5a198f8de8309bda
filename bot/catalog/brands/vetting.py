"""`brand.vet` and `brand.resend_otp`: what is ordered for a brand that stands (twilio.md 4.6)."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Literal

from pydantic import AfterValidator

from bot.catalog.answers import new_things
from bot.catalog.brands.bundles import BRANDS
from bot.catalog.fees import Fees
from bot.catalog.form import Ask, Form, Option, When
from bot.catalog.found import found_brand
from bot.catalog.operation import Context, Operation
from bot.catalog.rules import BrandSid, shaped
from bot.plans.call import Call, Param, segment
from bot.plans.finding import Finding, block, note, warn
from bot.plans.masking import secret
from bot.plans.plan import Plan
from bot.plans.step import Adopt, CallStep, WaitStep, Watch
from bot.twilio import reads, reads_brands
from bot.twilio.gateway import Account
from bot.twilio.reads import Brand
from bot.twilio.reads_brands import Vetting

FEES: Final = Fees.load()
UNDER_WAY: Final = frozenset({"PENDING", "IN_PROGRESS", "", None})
"""Twilio's text says PENDING, its examples show IN_PROGRESS (twilio.md 4.6)."""
PROVIDERS = (
    Option("aegis", "Order a vetting (Aegis)", "Raises the score and with it the throughput of a standard brand."),
    Option("campaign-verify", "Import a Campaign Verify token", "For political organisations: made elsewhere."),
)
VETTING_ADVICE: Final = {
    21721: "Campaign Verify tokens are for a standard brand that has not failed: choose another brand.",
    21722: "The token is malformed, expired or used already: get a new one from Campaign Verify.",
    21723: "An import for this brand is under way: wait until it has ended, then look with `/a2p-brand show`.",
}
PASSCODE_ADVICE: Final = dict.fromkeys(
    (20003, 20004, 403, 404, 405),
    "If the credentials are in order, Twilio does not send passcodes over its API in this account: use “Resend” beside "
    "the brand in the Console. Abandon this.",
)


class BrandVet(Form):
    """A secondary vetting of a brand."""

    page_titles = ("Secondary vetting",)

    brand_sid: Annotated[BrandSid, Ask("Brand", "An approved standard brand.", "lookup", source="standard_brands")]
    provider: Annotated[Literal["aegis", "campaign-verify"], Ask("Vetting", control="choice", options=PROVIDERS)] = (
        "aegis"
    )
    vetting_id: Annotated[
        str,
        AfterValidator(shaped(r"cv\|[^\s]{10,400}", "a Campaign Verify token begins with cv| (error 21722)")),
        Ask(
            "Campaign Verify token",
            "Good for one brand, and not for long.",
            placeholder="cv|1.0|tcr|10dlc|…",
            sensitive=True,
            when=When("provider", ("campaign-verify",)),
        ),
    ]


class BrandResendOtp(Form):
    """A new passcode for a sole proprietor."""

    page_titles = ("Passcode",)

    brand_sid: Annotated[
        BrandSid,
        Ask("Brand", "A sole proprietor brand that waits for its passcode.", "lookup", source="sole_proprietor_brands"),
    ]


async def _plan_vet(form: BrandVet, context: Context) -> Plan:
    brand, earlier, label = await _seen(context.account, form.brand_sid)
    imported = form.provider == "campaign-verify"
    what = "Import the Campaign Verify vetting" if imported else "Order a secondary vetting"
    return Plan(
        operation="brand.vet",
        account=context.account.sid,
        title=f"{what} of the brand “{label}”",
        steps=(_vetting(form, brand, earlier), _outcome(brand, label)),
        differences=new_things(form, {brand.sid: label}),
        costs=() if imported else (FEES.cost("brand_vetting"),),
        findings=tuple(_vettable(form, brand, earlier)),
        watches=(_watch(brand, "outcome", label),),
    )


def _outcome(brand: Brand, label: str) -> WaitStep:
    """The wait until the vetting has ended: it was paid for, so its end must reach somebody."""
    return WaitStep(
        id="outcome",
        title="The vetting ends",
        watches=(Watch(kind="vetting", step="outcome", key=brand.sid, title=f"Vetting of the brand “{label}”"),),
        until=("SUCCESS",),
        fails=("FAILED",),
        meanwhile=(
            "The vetting partner looks at the business; nobody has to do anything here. The score that comes of it "
            "shows on the brand's card, and in `/a2p-brand show`."
        ),
    )


def _vetting(form: BrandVet, brand: Brand, earlier: Sequence[Vetting]) -> CallStep:
    path = f"{BRANDS}/{segment(brand.sid)}/Vettings"
    token: dict[str, Param] = {"VettingId": secret(form.vetting_id)} if form.provider == "campaign-verify" else {}
    expected: dict[str, Param] = {"vetting_provider": form.provider}
    if token:
        expected["vetting_id"] = token["VettingId"]
    # an order bears no mark of its own: where one stands already, nobody could tell which of two it was
    known = token or not any(v.vetting_provider == form.provider for v in earlier)
    read = Call(product="messaging", method="GET", path=path)
    return CallStep(
        id="vetting",
        title="Import the Campaign Verify token" if token else "Order the vetting from Aegis",
        call=Call(product="messaging", method="POST", path=path, params={"VettingProvider": form.provider, **token}),
        adopt=Adopt(read=read, items="data", match=expected, repeatable=False) if known else None,
        keep=("brand_vetting_sid", "vetting_status", "vetting_class"),
        lane="registration",
        advice=VETTING_ADVICE,
        lasting="A vetting that was ordered cannot be cancelled.",
    )


def _vettable(form: BrandVet, brand: Brand, earlier: Sequence[Vetting]) -> Iterator[Finding]:
    imported = form.provider == "campaign-verify"
    if brand.sole_proprietor or brand.status == "FAILED":
        what = "a sole proprietor brand" if brand.sole_proprietor else "FAILED"
        text = f"This is {what}: only a standard brand that has not failed can be vetted."
        yield block("brand-not-vettable", text, "Choose another brand.", "brand_sid", (21721,))
    elif brand.status != "APPROVED":
        text = f"The brand is {brand.status}: vetting is for an APPROVED one."
        yield block("brand-not-approved", text, "Wait for the verdict.", "brand_sid", (21721,))
    under_way = [v for v in earlier if v.vetting_status in UNDER_WAY and v.vetting_provider == form.provider]
    if under_way:
        text = f"A vetting by {form.provider} is under way ({under_way[0].brand_vetting_sid})."
        yield block("vetting-under-way", text, "Wait until it has ended.", "brand_sid", (21723,))
    done = [v for v in earlier if v.vetting_status not in UNDER_WAY]
    if done and not imported:
        text = f"This brand was vetted before ({done[0].vetting_provider}, {done[0].vetting_status}); this costs again."
        yield warn("vetted-before", text, "Order it only if something about the business has changed.", "brand_sid")
    if brand.skip_automatic_sec_vet and not imported:
        text = "This is a low-volume brand: a vetting costs as usual, and its price and limits stay low-volume."
        yield warn("low-volume-vetting", text, "Register a standard brand for more throughput.", "brand_sid")
    if imported:
        text = "Twilio names no fee for the import. The token's details must match the brand's letter for letter."
        yield note("token-must-match", text, "", "vetting_id", (21722, 30714))


async def _plan_resend(form: BrandResendOtp, context: Context) -> Plan:
    brand = await found_brand(context.account, form.brand_sid)
    label = await reads.brand_label(context.account, brand)
    path = f"{BRANDS}/{segment(brand.sid)}/SmsOtp"
    step = CallStep(
        id="passcode",
        title="Text a new passcode to the sole proprietor's mobile, to be replied to within 24 hours of this",
        call=Call(product="messaging", method="POST", path=path),
        # nothing at Twilio shows that a passcode was sent, and a second text is not for Tenfour to decide
        adopt=None,
        keep=("brand_registration_sid",),
        lane="registration",
        advice=PASSCODE_ADVICE,
        lasting="A passcode that was texted cannot be called back.",
    )
    return Plan(
        operation="brand.resend_otp",
        account=context.account.sid,
        title=f"Text a new passcode for the brand “{label}”",
        steps=(step,),
        findings=tuple(_waiting(brand)),
        watches=(_watch(brand, "passcode", label),),
    )


def _waiting(brand: Brand) -> Iterator[Finding]:
    if not brand.sole_proprietor:
        text = "Only sole proprietors are asked for a passcode. A public company gets a mail instead."
        yield block("no-passcode", text, "Resend that mail in the Console, beside the brand.", "brand_sid")
    elif brand.status == "APPROVED":
        text = "The brand is APPROVED: its passcode was replied to."
        yield block("passcode-confirmed", text, "Register its campaign.", "brand_sid")
    elif brand.status == "SUSPENDED":
        text = "The brand is suspended."
        fix = "Follow the suspension notice, or ask Twilio Support."
        yield block("brand-suspended", text, fix, "brand_sid", (21731,))
    text = "The passcode is good for 24 hours from the moment when the step is done; the card shows when that was."
    fix = "Tell the owner of the mobile first: a reply after that fails the brand (30752), and a newer code voids this."
    yield note("passcode-24-hours", text, fix, "brand_sid", (30752,))


async def _seen(account: Account, brand_sid: str) -> tuple[Brand, list[Vetting], str]:
    brand = await found_brand(account, brand_sid)
    return brand, await reads_brands.vettings(account, brand.sid), await reads.brand_label(account, brand)


def _watch(brand: Brand, step: str, label: str) -> Watch:
    return Watch(kind="brand", step=step, key=brand.sid, title=f"Brand “{label}”")


OPERATIONS = (
    Operation(
        name="brand.vet",
        title="Vet a brand",
        summary="A secondary vetting of a standard brand: ordered, or imported with a Campaign Verify token.",
        command="/a2p-brand",
        word="vet",
        form=BrandVet,
        plan=_plan_vet,
        next="`/a2p-brand show` has the score that came of it.",
        fees=("brand_vetting",),
        notes=(
            "A standard brand is vetted when it is registered; this is for another vetting, or for a brand that came "
            "without.",
            "A political organisation imports its Campaign Verify token instead, and registers as low-volume first.",
        ),
    ),
    Operation(
        name="brand.resend_otp",
        title="Resend a passcode",
        summary="A new passcode by text for a sole proprietor brand that waits for it.",
        command="/a2p-brand",
        word="resend_otp",
        form=BrandResendOtp,
        plan=_plan_resend,
        next="The owner of the mobile replies to the text within 24 hours. Then the brand is decided.",
        notes=(
            "The passcode is good for 24 hours. The owner of the mobile replies to the text; nobody types it here.",
            "Nothing at Twilio shows whether a passcode was sent: if the answer is lost, ask the owner of the mobile.",
        ),
    ),
)
