"""`brand.show`: where a brand stands, what is wrong with it, and what runs out when (twilio.md 4.6)."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from bot.catalog.form import Ask, Form
from bot.catalog.found import found_brand
from bot.catalog.operation import Inquiry
from bot.catalog.report import Report, Section
from bot.catalog.rules import BrandSid
from bot.checks import eligibility
from bot.checks.evaluation import in_words
from bot.checks.guide import Guide
from bot.plans.finding import Finding, note, warn
from bot.twilio import reads_brands
from bot.twilio.gateway import Account
from bot.twilio.reads import Brand, Campaign
from bot.twilio.reads_brands import BrandFile, Bundle, Collection, Evaluation, Vetting

GUIDE: Final = Guide.load()
CONTACT_CODES: Final = range(21736, 21742)
CONTACT_DAYS, PASSCODE_DAYS, MOCK_DAYS = 7, 1, 30
NEXT: Final = {
    "PENDING": "The Campaign Registry (TCR) decides: mostly within minutes, at times after more than 7 days.",
    "IN_REVIEW": "A third party reviews it by hand: 7 business days or more.",
    "APPROVED": "Register a campaign: `/a2p-campaign register`.",
    "FAILED": "Correct what the errors name: `/a2p-brand resubmit`.",
    "SUSPENDED": "It takes neither corrections nor campaigns: follow the suspension notice, or ask Twilio Support.",
}
CALLED: Final = {"CustomerProfiles": "Customer profile", "TrustProducts": "A2P trust product"}


class BrandShow(Form):
    """Which brand is looked at."""

    page_titles = ("Brand",)

    brand_sid: Annotated[BrandSid, Ask("Brand", control="lookup", source="brands")]


async def _answer(form: BrandShow, account: Account) -> Report:
    brand = await found_brand(account, form.brand_sid)
    (file, vettings, campaigns), evaluated = await asyncio.gather(
        asyncio.gather(
            reads_brands.brand_file(account, brand),
            reads_brands.vettings(account, brand.sid),
            reads_brands.campaigns_of(account, brand.sid),
        ),
        asyncio.gather(
            _evaluated(account, "CustomerProfiles", brand.customer_profile_bundle_sid),
            _evaluated(account, "TrustProducts", brand.a2p_profile_bundle_sid),
        ),
    )
    sections = (
        Section(title="Errors", lines=tuple(_errors(brand))),
        Section(title="Runs out", lines=tuple(_deadlines(brand, file))),
        Section(title="Trust Hub", lines=tuple(_bundles(file, evaluated))),
        Section(title="Vettings", lines=tuple(map(_vetting, vettings))),
        Section(title="Campaigns", lines=tuple(map(_campaign, campaigns))),
    )
    return Report(
        title=f"Brand “{file.label or brand.sid}”",
        facts=tuple(_facts(brand)),
        sections=tuple(s for s in sections if s.lines),
        findings=(*eligibility.of_brand(brand, GUIDE), *_advice(brand)),
        links=tuple((f"Error {e.error_code}", e.url) for e in brand.errors or [] if e.url),
    )


async def _evaluated(account: Account, collection: Collection, bundle_sid: str | None) -> Evaluation | None:
    """The latest evaluation of a bundle."""
    if not bundle_sid:
        return None
    return next(iter(await reads_brands.evaluations(account, collection, bundle_sid)), None)


def _facts(brand: Brand) -> Iterator[tuple[str, str]]:
    more = brand.model_extra or {}
    kind = "sole proprietor" if brand.sole_proprietor else "low-volume" if brand.skip_automatic_sec_vet else "standard"
    yield "Status", brand.status
    yield "Next", _next(brand)
    yield "Identity", brand.identity_status or "not given yet"
    yield "Kind", f"{kind}, mock" if brand.mock else kind
    yield "Trust score", str(more["brand_score"]) if more.get("brand_score") is not None else "none"
    yield "TCR id", brand.tcr_id or "none yet"
    if more.get("tax_exempt_status"):
        yield "Tax exemption", str(more["tax_exempt_status"])
    yield "SID", brand.sid
    for name, label in (("date_created", "Registered"), ("date_updated", "Last moved")):
        if more.get(name):
            yield label, _moment(more[name])


def _next(brand: Brand) -> str:
    if brand.status == "PENDING" and brand.sole_proprietor:
        return "The owner of the mobile replies to Twilio's text; then it is decided."
    if brand.status == "FAILED" and brand.tcr_id is None:
        return "It cannot be corrected: register it anew with `/a2p-brand register`."
    return NEXT.get(brand.status, "A status that Tenfour does not know: see Twilio's Console.")


def _errors(brand: Brand) -> Iterator[str]:
    for error in brand.errors or []:
        guidance = GUIDE.explain(error.error_code)
        # a code that nobody here knows is shown as Twilio gave it
        fix = guidance.remedy if guidance else (error.url or "")
        yield f"{eligibility.said(error)} {fix}".strip()


def _deadlines(brand: Brand, file: BrandFile) -> Iterator[str]:
    more = brand.model_extra or {}
    made, moved = _time(more.get("date_created")), _time(more.get("date_updated"))
    if brand.mock and made:
        yield f"The mock brand: Twilio removes it about {_day(made, MOCK_DAYS)}."
    if brand.sole_proprietor and brand.status == "PENDING" and moved:
        until = _day(moved, PASSCODE_DAYS)
        yield f"The passcode, if none was sent since: {until}. `/a2p-brand resend_otp` sends a new one."
    contact = file.users.get("us_a2p_messaging_profile_information")
    listed = contact is not None and (contact.attributes or {}).get("company_type") == "public"
    waits = any(g.code in CONTACT_CODES for e in brand.errors or [] if (g := GUIDE.explain(e.error_code)))
    if waits or (listed and brand.status == "PENDING"):
        since = f": {_day(moved, CONTACT_DAYS)}, if it was sent when the brand last moved" if moved else ""
        yield f"The mail to the brand contact is good for 7 days{since}. The Console sends another one."


def _bundles(file: BrandFile, evaluated: Sequence[Evaluation | None]) -> Iterator[str]:
    for called, bundle, evaluation in zip(CALLED.values(), (file.profile, file.product), evaluated, strict=True):
        yield _bundle(called, bundle)
        if evaluation is not None:
            yield f"{called}, last evaluation: {evaluation.status} ({_moment(evaluation.date_created)})"
            yield from (f"{called}: {line}" for line in in_words(evaluation.model_dump()) if evaluation.results)


def _bundle(called: str, bundle: Bundle | None) -> str:
    if bundle is None:
        return f"{called}: not in this account"
    codes = ", ".join(str(e.get("code") or e.get("error_code")) for e in bundle.errors or [])
    return f"{called}: {bundle.status} ({bundle.sid}){f', errors {codes}' if codes else ''}"


def _vetting(vetting: Vetting) -> str:
    return f"{vetting.vetting_provider}: {vetting.vetting_status} ({vetting.brand_vetting_sid})"


def _campaign(campaign: Campaign) -> str:
    return f"{campaign.us_app_to_person_usecase}: {campaign.campaign_status}, on {campaign.messaging_service_sid}"


def _advice(brand: Brand) -> Iterator[Finding]:
    if brand.status == "FAILED" and brand.tcr_id is None:
        text = "It failed before TCR took it in: it cannot be corrected."
        yield warn("brand-unknown-to-tcr", text, "Register it anew with `/a2p-brand register`.", "", (21725,))
    elif brand.status == "FAILED":
        text = "Three corrections are free; how many were used cannot be read."
        yield note("three-free", text, "Correct it with `/a2p-brand resubmit`.", "", (21724,))
    text = "Tenfour cannot delete a brand: Twilio's API has no call for it, only the Console."
    yield note("brand-stays", text)


def _time(written: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(written)).astimezone(UTC) if written else None
    except ValueError:
        return None


def _day(start: datetime, days: int) -> str:
    return _moment(start + timedelta(days=days))


def _moment(written: object) -> str:
    """A moment as people read it; what is none as it is."""
    at = _time(written)
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else str(written or "no date")


INQUIRIES = (
    Inquiry(
        name="brand.show",
        title="Show a brand",
        summary="Where a brand stands: status, identity, errors with their fix, deadlines, bundles and campaigns.",
        command="/a2p-brand",
        word="show",
        form=BrandShow,
        answer=_answer,
    ),
)
