"""External campaigns: registered in TCR, associated with a messaging service here (twilio.md 6, guide of Twilio).

The association is a change of its own that ends when Twilio has taken it. What comes after it, carriers' configuration
and reviews by secondary DCAs, takes weeks and ends in a verdict about the campaign, not about the change: the tracker
follows it, as it does any other campaign.
"""

import asyncio
from collections.abc import Iterator
from typing import Final

from bot.catalog.answers import new_things
from bot.catalog.campaigns.delete import leaving, of_numbers
from bot.catalog.campaigns.steps import delete_step, standing_step
from bot.catalog.external import show as external_show
from bot.catalog.external.forms import ExternalAssociate, ExternalDissociate, ExternalReassociate
from bot.catalog.external.steps import associate_step, association_watch, share_step
from bot.catalog.fees import Fees
from bot.catalog.found import found_service
from bot.catalog.operation import CannotPlanError, Context, Operation
from bot.checks import eligibility, external
from bot.checks.guide import Guide
from bot.plans.finding import Finding, block, note, warn
from bot.plans.plan import Difference, Plan
from bot.plans.step import Step
from bot.twilio import reads
from bot.twilio.gateway import Account
from bot.twilio.numbering import toll_free

FEES: Final = Fees.load()
GUIDE: Final = Guide.load()
UNDER_REVIEW = ("PENDING", "IN_PROGRESS")
DECLINED: Final = 30906
"""Twilio itself has declined the share, for what the campaign says."""


async def _plan_associate(form: ExternalAssociate, context: Context) -> Plan:
    account, campaign_id = context.account, form.campaign_id
    service = await found_service(account, form.service_sid)
    existing, pool, others = await asyncio.gather(
        reads.campaign(account, service.sid), reads.pool(account, service.sid), _others(account, service.sid)
    )
    return Plan(
        operation="external.associate",
        account=account.sid,
        title=f"Associate {campaign_id} with “{service.friendly_name}”",
        steps=(
            share_step("share", campaign_id),
            associate_step("campaign", service.sid, campaign_id, cnp_migration=form.cnp_migration),
        ),
        differences=new_things(form, {service.sid: service.friendly_name}),
        costs=(FEES.cost("external_review"),),
        findings=(
            *external.of_existing(service, existing, campaign_id, "service_sid"),
            *external.of_elsewhere(campaign_id, others, "campaign_id"),
            *external.of_service(service, "service_sid"),
            *external.of_pool(service, pool, "service_sid", sole_proprietor=form.sole_proprietor),
            *external.of_migration(cnp_migration=form.cnp_migration),
            *external.of_access(),
        ),
        watches=(association_watch("campaign", service, campaign_id),),
    )


async def _plan_dissociate(form: ExternalDissociate, context: Context) -> Plan:
    account = context.account
    service, campaign, campaign_id = await _external(account, form.service_sid)
    numbers = await _numbers(account, service)
    return Plan(
        operation="external.dissociate",
        account=account.sid,
        title=f"End the association of {campaign_id} with “{service.friendly_name}”",
        steps=(standing_step("standing", service, campaign), delete_step("campaign", service.sid, campaign)),
        differences=leaving(service, campaign, numbers),
        findings=(
            *eligibility.of_suspension(service, campaign, "service_sid"),
            *of_numbers(service, campaign, numbers),
            note(
                "stays-in-tcr",
                f"{campaign_id} itself stays in TCR, shared as it is, with the fees that TCR charges for it.",
                "To end it, deactivate it in TCR (its portal or API).",
            ),
            note(
                "no-undo",
                "To bring it back it is associated anew, which secondary DCAs may review again, for $15 each time.",
                "Use `/a2p-external reassociate` instead if it only has to be made anew.",
            ),
        ),
    )


async def _plan_reassociate(form: ExternalReassociate, context: Context) -> Plan:
    account = context.account
    service, campaign, campaign_id = await _external(account, form.service_sid)
    target = service
    if form.new_service_sid:
        target = await found_service(account, form.new_service_sid, "new_service_sid")
    moves = target.sid != service.sid
    numbers, pool, existing = await asyncio.gather(
        _numbers(account, service),
        reads.pool(account, target.sid),
        _campaign_of(account, target.sid if moves else None),
    )
    field = "new_service_sid" if moves else "service_sid"
    to = Difference(field=campaign_id, before=f"on “{service.friendly_name}”", after=f"on “{target.friendly_name}”")
    return Plan(
        operation="external.reassociate",
        account=account.sid,
        title=f"Associate {campaign_id} anew with “{target.friendly_name}”",
        steps=(
            standing_step("standing", service, campaign),
            *_anew(service, campaign, campaign_id),
            associate_step("campaign", target.sid, campaign_id, cnp_migration=form.cnp_migration),
        ),
        differences=(to,) if moves else (),
        costs=(FEES.cost("external_review"),),
        findings=(
            *eligibility.of_suspension(service, campaign, "service_sid"),
            *_worth_it(campaign, moves=moves),
            *external.of_failure(campaign, account.sid, GUIDE),
            *of_numbers(service, campaign, numbers),
            *(external.of_existing(target, existing, campaign_id, field)),
            *external.of_service(target, field),
            *external.of_pool(target, pool, field, sole_proprietor=form.sole_proprietor),
            *external.of_migration(cnp_migration=form.cnp_migration),
            *_shared_anew(campaign, campaign_id),
            *(_left_behind(service, numbers) if moves else ()),
            *external.of_access(),
        ),
        watches=(association_watch("campaign", target, campaign_id),),
    )


def _anew(service: reads.Service, campaign: reads.Campaign, campaign_id: str) -> tuple[Step, Step]:
    """What ends the association, and what the next one waits for.

    One that failed is deleted first, since only a share after that counts. One that works goes on working until the
    share is known to be good.
    """
    failed, word = campaign.campaign_status == "FAILED", _word(campaign, campaign_id)
    share = share_step("share", campaign_id, word, newer_than="association" if failed else "")
    deletion = delete_step("association", service.sid, campaign)
    return (deletion, share) if failed else (share, deletion)


def _worth_it(campaign: reads.Campaign, *, moves: bool) -> list[Finding]:
    """Whether there is something to mend, or to move."""
    status = campaign.campaign_status
    if status in ("FAILED", "SUSPENDED"):
        return []
    if moves:
        text = f"The campaign is {status}. Moving it ends this, and starts from the share and its reviews again."
        return [warn("starts-again", text, "", "service_sid")]
    if status in UNDER_REVIEW:
        text = f"The campaign is {status}: its reviews are under way, and making the association anew would end them."
        return [block("under-review", text, "Wait for the verdict: it is followed.", "service_sid")]
    text = f"The campaign is {status}: there is nothing to mend."
    return [block("nothing-to-mend", text, "Choose another service if it is to move there.", "service_sid")]


def _word(campaign: reads.Campaign, campaign_id: str) -> str:
    """What must be true of the share before the campaign is associated again (twilio.md 6 and 13.2)."""
    if campaign.campaign_status == "FAILED":
        after = "after the last decline and after the association that failed"
        return f"TCR has sent CAMPAIGN_SHARE_ACCEPT for {campaign_id}, {after}."
    return f"The share of {campaign_id} with Twilio is accepted in TCR, and no decline came since."


def _shared_anew(campaign: reads.Campaign, campaign_id: str) -> list[Finding]:
    if campaign.campaign_status != "FAILED":
        return []
    text = (
        f"An accept of before does not count: after the deletion, {campaign_id} is fixed and shared in TCR again, and "
        "associated only once Twilio has accepted that share. Meanwhile nothing can be sent under it."
    )
    again = note("share-again", text, "Fix in TCR what the rejection names before you share it again.")
    return [*_as_it_was(campaign), again]


def _as_it_was(campaign: reads.Campaign) -> Iterator[Finding]:
    """What a campaign that somebody has rejected meets when it is shared again as it was."""
    # shares that are missing or late, and migrations, are no verdict on what the campaign says
    no_verdict = {str(code) for code in external.BY_TWILIO - {DECLINED}}
    verdicts = [error for error in campaign.errors or [] if str(error.error_code) not in no_verdict]
    for error in verdicts:
        guidance = GUIDE.explain(error.error_code)
        if guidance and guidance.resubmittable is False:
            text = f"Twilio does not take resubmissions after {eligibility.said(error)}"
            yield warn("not-resubmittable", text, guidance.remedy, "service_sid", (guidance.code,))
    if verdicts:
        text = (
            "Tenfour cannot see whether the campaign was changed since it was rejected: its texts stand in TCR, and "
            "Twilio shows nothing of them. Shared again as it was, it is rejected again, and each review may cost $15."
        )
        fix = "Before this is approved, make sure that what the rejection names is changed in TCR."
        yield warn("not-compared", text, fix, "service_sid")


def _left_behind(service: reads.Service, numbers: list[str]) -> list[Finding]:
    if not numbers:
        return []
    text = f"The numbers of “{service.friendly_name}” stay there, without a campaign."
    return [note("numbers-stay", text, "Move them with `/a2p-sender`.", "new_service_sid", (30034,))]


async def _external(account: Account, service_sid: str) -> tuple[reads.Service, reads.Campaign, str]:
    """A service with its external campaign and the campaign's TCR id. Raises `CannotPlanError`."""
    service = await found_service(account, service_sid)
    campaign = await reads.campaign(account, service.sid)
    if campaign is None:
        raise CannotPlanError(
            f"“{service.friendly_name}” has no campaign. Associate one with `/a2p-external associate`.", "service_sid"
        )
    if not campaign.is_externally_registered or not campaign.campaign_id:
        raise CannotPlanError(
            f"The campaign of “{service.friendly_name}” is registered at Twilio, not in TCR: use "
            "`/a2p-campaign` for it.",
            "service_sid",
        )
    return service, campaign, campaign.campaign_id


async def _others(account: Account, service_sid: str) -> list[tuple[reads.Service, reads.Campaign]]:
    """The campaigns of all other services: there is no account-wide list (twilio.md 5)."""
    services = {s.sid: s for s in await reads.services(account) if s.sid != service_sid}
    return [(services[c.messaging_service_sid], c) for c in await reads.campaigns(account, list(services))]


async def _campaign_of(account: Account, service_sid: str | None) -> reads.Campaign | None:
    return await reads.campaign(account, service_sid) if service_sid else None


async def _numbers(account: Account, service: reads.Service) -> list[str]:
    return [n.phone_number for n in await reads.pool(account, service.sid) if not toll_free(n.phone_number)]


NOTES: Final = (
    "For campaigns that you registered in TCR yourself, which TCR lets ISVs do only. Twilio opens the endpoint on "
    "request: ask your account executive.",
    "The service must not declare a use. Numbers may join its pool before or after.",
    "Share the campaign with Twilio in TCR first. CAMPAIGN_SHARE_ACCEPT goes on, CAMPAIGN_SHARE_DELETE is a refusal: "
    "fix it and share again. An accept that is older than a decline is void.",
    "Twilio takes one association in five seconds, and judges it later: 30904 not shared, 30905 not accepted yet, "
    "30906 declined. Such a campaign stays FAILED until it is associated anew.",
    f"TCR nudges (APPEAL_REJECTION, REVIEW) do not work with Twilio. Against a secondary DCA's rejection write to "
    f"{external.APPEALS}, with campaign id, service SID, account SID, the feedback and why it does not apply.",
)

OPERATIONS = (
    Operation(
        name="external.associate",
        title="Associate a TCR campaign",
        summary=(
            "A campaign that you registered in The Campaign Registry (TCR) yourself sends through a messaging service, "
            "once Twilio has accepted its share."
        ),
        command="/a2p-external",
        word="associate",
        form=ExternalAssociate,
        plan=_plan_associate,
        next="`/a2p-external show` says how far the reviews are: weeks, at times. Then `/a2p-message test`.",
        fees=("external_review",),
        notes=NOTES,
    ),
    Operation(
        name="external.dissociate",
        title="End an association",
        summary="An external campaign leaves its service; in TCR it stays.",
        command="/a2p-external",
        word="dissociate",
        form=ExternalDissociate,
        plan=_plan_dissociate,
        next="In TCR the campaign stays until it is deactivated there. Numbers cost until `/a2p-number release`.",
        notes=(
            "Removes the association alone: the campaign stays in TCR until it is deactivated there.",
            "The numbers of a verified campaign stop texting the US at once (30034).",
            "Service and campaign are free for another association after five seconds, which Tenfour waits for.",
        ),
    ),
    Operation(
        name="external.reassociate",
        title="Associate campaign anew",
        summary="After a failure or for another service: delete, share again in TCR, associate.",
        command="/a2p-external",
        word="reassociate",
        form=ExternalReassociate,
        plan=_plan_reassociate,
        next="`/a2p-external show` says how far the reviews are: weeks, at times. Then `/a2p-message test`.",
        fees=("external_review",),
        notes=NOTES,
    ),
)
INQUIRIES = (external_show.INQUIRY,)
