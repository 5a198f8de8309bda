"""Whether what goes out through a service can reach a US phone: pure checks (twilio.md 0.12, 7 and 9)."""

from collections.abc import Sequence

from bot.plans.finding import Finding, block, note, warn
from bot.twilio.numbering import toll_free
from bot.twilio.reads import Brand, Campaign, PoolNumber, Service

FIELD = "service_sid"


def of_senders(service: Service, pool: Sequence[PoolNumber], short_codes: int) -> list[Finding]:
    """Whether the pool has something that can send, and what a message of it then speaks for."""
    name = f"“{service.friendly_name}”"
    local = [n for n in pool if not toll_free(n.phone_number)]
    if not pool and not short_codes:
        text = f"{name} has no sender in its pool: Twilio refuses every message."
        return [block("pool-empty", text, "Add a number with `/a2p-sender add`.", FIELD, (21704,))]
    if short_codes:
        text = (
            f"{name} has short codes in its pool, which Twilio prefers: a message of theirs says nothing about 10DLC."
        )
        return [note("short-codes-first", text, "Take another service to test a campaign and its numbers.", FIELD)]
    found = []
    if len(local) < len(pool):
        text = (
            f"{len(pool) - len(local)} of {len(pool)} numbers are toll-free: carriers block those without verification."
        )
        fix = "Whether a toll-free number is verified is not checked here: see Console, Toll-Free Verification."
        found.append(warn("toll-free-not-10dlc", text, fix, FIELD, (30032,)))
    if len(pool) > 1:
        text = f"Twilio picks one of {len(pool)} numbers. What becomes of the message speaks for that number alone."
        found.append(note("one-of-many", text, "", FIELD))
    return found


def of_campaign(service: Service, campaign: Campaign | None) -> list[Finding]:
    """Whether carriers let the numbers of this service text at all."""
    name = f"“{service.friendly_name}”"
    if campaign is None:
        text = f"{name} has no campaign: carriers block its numbers, and 30034 is to be expected."
        return [warn("no-campaign", text, "Register one with `/a2p-campaign register`.", FIELD, (30034,))]
    if campaign.mock:
        text = f"The campaign of {name} is a mock: nothing can be sent under it, and 30034 is to be expected."
        return [warn("mock-campaign", text, "Test with a service that has a real campaign.", FIELD, (30034,))]
    match campaign.campaign_status:
        case "VERIFIED":
            text = (
                f"The campaign of {name} is VERIFIED. Whether the carriers have registered its numbers no API tells: "
                "this message is the way to find out. 30034, 30035 or 30024 mean: not yet."
            )
            return [note("numbers-unknown", text, "", FIELD, (30024, 30034, 30035))]
        case "SUSPENDED":
            text = f"The campaign of {name} is SUSPENDED: carriers block everything under it."
            fix = "Follow the suspension notice, or ask Twilio Support. Do not send from other numbers instead."
            return [block("campaign-suspended", text, fix, FIELD, (30033,))]
        case status:
            text = f"The campaign of {name} is {status}, not VERIFIED: 30034 is to be expected."
            return [warn("campaign-not-verified", text, "Wait for the verdict before testing.", FIELD, (30034,))]


def of_brand(brand: Brand | None) -> list[Finding]:
    """Whether the brand still carries its campaigns."""
    if brand is None or (brand.status == "APPROVED" and brand.identity_status != "UNVERIFIED"):
        return []
    state = brand.status if brand.status != "APPROVED" else "approved but UNVERIFIED"
    text = f"The brand behind the campaign is {state}: carriers may block what is sent under it."
    return [warn("brand-not-ready", text, "See to the brand first.", FIELD, (30034,))]
