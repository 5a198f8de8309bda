"""Whether a brand, a service and a use case can carry a campaign: pure checks (twilio.md 4.6 and 5)."""

from collections.abc import Sequence

from bot.checks.guide import Guide
from bot.plans.finding import Finding, block, note, warn
from bot.twilio.numbering import toll_free
from bot.twilio.reads import Brand, Campaign, PoolNumber, Service, TwilioError, UseCase

BLOCKING_FEEDBACK = range(30795, 30800)
"""Feedback on an approved brand that stops its campaigns until it is addressed."""

_FITTING = {
    "notifications": {
        "ACCOUNT_NOTIFICATION",
        "DELIVERY_NOTIFICATION",
        "FRAUD_ALERT",
        "SECURITY_ALERT",
        "HIGHER_EDUCATION",
    },
    "marketing": {"MARKETING"},
    "verification": {"2FA"},
    "discussion": {"CUSTOMER_CARE"},
    "poll": {"POLLING_VOTING"},
}
_FOR_EVERYTHING = {"MIXED", "LOW_VOLUME", "SOLE_PROPRIETOR"}
_BRAND_ADVICE = {
    "PENDING": "Wait: most brands are decided in minutes, some take a week.",
    "IN_REVIEW": "Wait: a third party reviews it, which takes 7 business days or more.",
    "FAILED": "Fix what its errors name and resubmit the brand; three resubmissions are free.",
    "SUSPENDED": "Follow the suspension notice, or ask Twilio Support.",
}


def of_brand(brand: Brand, guide: Guide) -> list[Finding]:
    """Whether a campaign can be registered for this brand at all."""
    return [*_status(brand), *_identity(brand), *_feedback(brand, guide), *_kind(brand)]


def _status(brand: Brand) -> list[Finding]:
    if brand.status == "APPROVED":
        return []
    advice = _BRAND_ADVICE.get(brand.status, "Wait until Twilio shows it as APPROVED.")
    code = 21731 if brand.status == "SUSPENDED" else 21717
    return [block("brand-not-approved", f"The brand is {brand.status}, not APPROVED.", advice, "brand_sid", (code,))]


def _identity(brand: Brand) -> list[Finding]:
    if brand.identity_status != "UNVERIFIED":
        return []
    text = "The brand is approved but its identity is UNVERIFIED: reviewers reject its campaigns."
    return [block("brand-unverified", text, "Verify the brand first.", "brand_sid", (30991,))]


def _feedback(brand: Brand, guide: Guide) -> list[Finding]:
    if brand.status != "APPROVED":
        return []
    found = []
    for error in brand.errors or []:
        guidance = guide.explain(error.error_code)
        blocking = guidance is not None and guidance.code in BLOCKING_FEEDBACK
        severity = block if blocking else warn
        fix = guidance.remedy if guidance else (error.url or "")
        codes = (guidance.code,) if guidance else ()
        found.append(severity("brand-feedback", f"The brand carries feedback: {said(error)}", fix, "brand_sid", codes))
    return found


def said(error: TwilioError) -> str:
    """An error in Twilio's own words, code first, with the fields that it names."""
    fields = f" (about {', '.join(error.fields)})" if error.fields else ""
    return f"{error.error_code or 'no code'}: {error.description or 'no description given'}{fields}"


def _kind(brand: Brand) -> list[Finding]:
    found = []
    if brand.mock:
        text = "This is a mock brand: its campaigns are mock too. They are never vetted and cannot send."
        found.append(note("mock-brand", text, "Good for trying things out; take a real brand to send.", "brand_sid"))
    if brand.sole_proprietor:
        text = "A sole proprietor brand has one campaign, with one number, at about 1 message a second."
        found.append(note("sole-proprietor", text, "", "brand_sid", (21732, 30125)))
    elif brand.skip_automatic_sec_vet:
        text = (
            "The brand skipped secondary vetting, as low-volume ones do: about 3.75 messages a second and 2,000 "
            "segments a day to T-Mobile."
        )
        found.append(note("low-volume-brand", text, "", "brand_sid"))
    return found


def of_use_case(code: str, allowed: Sequence[UseCase]) -> list[Finding]:
    """Whether Twilio offers this use case to this brand; `allowed` is Twilio's own list for it."""
    if not allowed:
        text = "Twilio offers this brand no use case at all: something is wrong with the brand."
        return [block("no-use-cases", text, "Ask Twilio Support.", "brand_sid", (21717,))]
    match = next((case for case in allowed if case.code == code), None)
    if match is None:
        names = ", ".join(case.code for case in allowed)
        text = f"Twilio does not offer {code} to this brand."
        return [block("use-case-not-offered", text, f"Choose one of {names}.", "use_case", (21720, 21717))]
    if match.post_approval_required:
        text = f"{code} needs a further approval by the carriers after the review, which takes longer."
        return [note("post-approval", text, "", "use_case")]
    return []


def of_service(service: Service, use_case: str) -> list[Finding]:
    """Whether what the service declares may conflict with the campaign's use case (21719)."""
    declared = service.usecase or "undeclared"
    if declared == "undeclared" or use_case in _FOR_EVERYTHING or use_case in _FITTING.get(declared, set()):
        return []
    text = f"“{service.friendly_name}” declares *{declared}*, which may conflict with {use_case}."
    return [warn("service-use-conflict", text, "Set the service to undeclared.", "service_sid", (21719,))]


def of_existing(service: Service, campaign: Campaign | None) -> list[Finding]:
    """A service carries one campaign only; says what can be done with the one that is there."""
    if campaign is None:
        return []
    status = campaign.campaign_status
    where = f"“{service.friendly_name}” has a campaign already, which is {status}."
    match status:
        case "FAILED":
            fix = "Edit and resubmit it with `/a2p-campaign resubmit`, or delete it first."
            return [block("campaign-exists", where, fix, "service_sid")]
        case "SUSPENDED":
            fix = "It can be neither changed nor deleted: follow the suspension notice, or ask Twilio Support."
            return [block("campaign-exists", where, fix, "service_sid", (21729,))]
        case _:
            fix = "Choose another service, or delete that campaign first; deleting a verified one stops its numbers."
            return [block("campaign-exists", where, fix, "service_sid")]


def of_suspension(service: Service, campaign: Campaign, field: str) -> list[Finding]:
    """Twilio lets nothing of a suspended campaign, nor of its numbers, be changed or deleted (twilio.md 0.28)."""
    if campaign.campaign_status != "SUSPENDED":
        return []
    text = (
        f"The campaign of “{service.friendly_name}” is SUSPENDED: Twilio refuses every change to it and to its numbers."
    )
    fix = (
        "Follow the suspension notice, or ask Twilio Support. Do not move its traffic to other numbers. Twilio removes "
        "the campaign by itself when nothing is resolved within 30 days."
    )
    return [block("campaign-suspended", text, fix, field, (21729,))]


def of_pool(service: Service, numbers: Sequence[PoolNumber], *, sole_proprietor: bool) -> list[Finding]:
    """Whether the service has something to send with."""
    if not numbers:
        text = f"“{service.friendly_name}” has no numbers: the campaign can be reviewed, but nothing can send."
        return [warn("pool-empty", text, "Add numbers with `/a2p-sender add`.", "service_sid", (21704,))]
    if sole_proprietor and len(numbers) > 1:
        text = f"The pool has {len(numbers)} numbers; a sole proprietor campaign registers one, which Twilio picks."
        fix = "Remove the others from the pool first."
        return [warn("sole-proprietor-one-number", text, fix, "service_sid", (30125,))]
    free = [n.phone_number for n in numbers if toll_free(n.phone_number)]
    if free:
        text = f"{', '.join(free[:5])}: toll-free numbers are not 10DLC, so this campaign does not cover them."
        fix = "Get toll-free verification for them, or take them out of the pool."
        return [note("toll-free-not-10dlc", text, fix, "service_sid", (30032,))]
    return []


def of_other_campaigns(brand: Brand, others: Sequence[Campaign]) -> list[Finding]:
    """A sole proprietor brand has one campaign, counted in every status (21732)."""
    if not (brand.sole_proprietor and others):
        return []
    where = others[0].messaging_service_sid
    text = f"This sole proprietor brand has a campaign already ({others[0].campaign_status}, on {where})."
    return [block("sole-proprietor-one-campaign", text, "Delete that campaign first.", "brand_sid", (21732,))]
