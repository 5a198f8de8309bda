"""Whether a service can carry a campaign of TCR, and what a failed association asks for: pure checks (twilio.md 6)."""

from collections.abc import Iterable, Sequence

from bot.checks import eligibility
from bot.checks.guide import Guide
from bot.plans.finding import Finding, block, note, warn
from bot.twilio.reads import Campaign, PoolNumber, Service

ACCEPTED_LATE = 30905
BY_TWILIO = frozenset({30794, 30904, 30905, 30906, 30992, 30993})
"""Failures of the association itself; any other code is a verdict of a secondary DCA."""
APPEALS = "10dlc-onboarding@twilio.com"


def of_access() -> list[Finding]:
    """What everybody should know who asks for an external campaign."""
    private = "Twilio opens external campaigns on request only, and advises against them in most cases."
    fix = "If the account is not open for them yet, ask your Twilio account executive before this runs."
    slow = (
        "Twilio takes the association at once and judges it later: what is wrong shows as a FAILED campaign. Once it "
        "is taken, the campaign is followed while carriers configure it and secondary DCAs review it."
    )
    return [note("private-endpoint", private, fix), note("judged-later", slow, "", "", (30904, 30905))]


def of_service(service: Service, field: str) -> list[Finding]:
    """The service must not declare a use (twilio.md 0.15)."""
    declared = service.usecase or "undeclared"
    if declared == "undeclared":
        return []
    text = (
        f"“{service.friendly_name}” declares *{declared}*. External campaigns need a service whose use is undeclared."
    )
    fix = "Set its declared use to “Not declared” with `/a2p-service update`, or choose another service."
    return [block("service-use-declared", text, fix, field, (21719,))]


def of_existing(service: Service, existing: Campaign | None, campaign_id: str, field: str) -> list[Finding]:
    """A service carries one campaign only."""
    if existing is None:
        return []
    if existing.campaign_id == campaign_id:
        text = f"{campaign_id} is with “{service.friendly_name}” already, and is {existing.campaign_status}."
        failed = existing.campaign_status == "FAILED"
        fix = "Use `/a2p-external reassociate`." if failed else "There is nothing to do: `/a2p-external show` has more."
        return [block("campaign-exists", text, fix, field)]
    found = eligibility.of_existing(service, existing)
    return [f.model_copy(update={"field": field}) for f in found]


def of_elsewhere(campaign_id: str, others: Iterable[tuple[Service, Campaign]], field: str) -> list[Finding]:
    """A campaign is with one service at a time."""
    home = next(((s, c) for s, c in others if c.campaign_id == campaign_id), None)
    if home is None:
        return []
    service, campaign = home
    text = f"{campaign_id} is associated with “{service.friendly_name}”, where it is {campaign.campaign_status}."
    fix = "Move it with `/a2p-external reassociate`, or end that association first with `/a2p-external dissociate`."
    return [block("campaign-elsewhere", text, fix, field)]


def of_pool(service: Service, pool: Sequence[PoolNumber], field: str, *, sole_proprietor: bool) -> list[Finding]:
    """Whether the service has something to send with; numbers may join at any time."""
    if not pool:
        text = f"“{service.friendly_name}” has no numbers yet. They may join at any time; nothing can send before."
        return [note("pool-empty", text, "Add numbers with `/a2p-sender add`.", field, (21704,))]
    if sole_proprietor and len(pool) > 1:
        text = f"The pool has {len(pool)} numbers; a sole proprietor campaign has one, and the others never send."
        return [warn("sole-proprietor-one-number", text, "Leave one number in the pool.", field, (30125,))]
    found = eligibility.of_pool(service, pool, sole_proprietor=False)
    return [f.model_copy(update={"field": field}) for f in found]


def of_migration(*, cnp_migration: bool) -> list[Finding]:
    """What a migration between connectivity partners stands on."""
    if not cnp_migration:
        return []
    text = (
        "The migration must have been started in the CSP portal, and Twilio must have accepted its share, before this."
    )
    fix = "Answer no for a campaign that was never with another partner. A cancelled or late migration fails."
    return [warn("cnp-migration", text, fix, "cnp_migration", (30992, 30993))]


def of_failure(campaign: Campaign, account_sid: str, guide: Guide) -> list[Finding]:
    """What the failure of an association asks for, error by error, and how to appeal a secondary DCA's verdict."""
    found = []
    for error in campaign.errors or []:
        guidance = guide.explain(error.error_code)
        remedy = guidance.remedy if guidance else (error.url or "")
        found.append(note("failed-with", f"It failed with {eligibility.said(error)}", remedy))
    codes = {str(error.error_code) for error in campaign.errors or []}
    if str(ACCEPTED_LATE) in codes:
        text = (
            "It was associated before Twilio had accepted the share, and stays FAILED although the accept came later."
        )
        fix = "If the accept has come, no second share is needed: confirm it as soon as the association is deleted."
        found.append(note("accepted-late", text, fix, "", (ACCEPTED_LATE,)))
    if codes - {str(code) for code in BY_TWILIO}:
        text = "A secondary DCA has rejected it; its reasons came to your TCR webhook with CAMPAIGN_SHARE_DELETE."
        fix = f"Twilio passes no TCR nudge on (APPEAL_REJECTION, REVIEW). {appeal(campaign, account_sid)}"
        found.append(note("appeal", text, fix))
    return found


def appeal(campaign: Campaign, account_sid: str) -> str:
    """Whom to write to against a secondary DCA's rejection, with a text that is ready to be sent."""
    codes = ", ".join(str(error.error_code) for error in campaign.errors or []) or "no code given"
    return (
        f"To appeal, write to {APPEALS}: “Please review the rejection of our external campaign {campaign.campaign_id}, "
        f"messaging service {campaign.messaging_service_sid}, account {account_sid} (codes: {codes}). The rejection "
        "says: [paste the feedback]. It does not apply because [reason, with links to the pages that show it].”"
    )
