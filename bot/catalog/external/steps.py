"""The steps of external campaigns, for their own operations and for chains (twilio.md 6)."""

from typing import Final

from bot.catalog.campaigns.steps import SETTLES, campaign_read, campaigns_path
from bot.catalog.rules import flag
from bot.plans.call import Call, Ref
from bot.plans.step import Adopt, CallStep, Undo, WaitStep, Watch
from bot.twilio import reads

PATH: Final = "/v1/Services/PreregisteredUsa2p"
PRIVATE: Final = (
    "If the service is there and the credentials are in order, this account may not use external campaigns: Twilio "
    "opens the endpoint on request only. Ask your Twilio account executive, and try again once it is open. Nothing was "
    "associated, and the share stays as it is."
)
BUSY: Final = (
    "The service, or the campaign on another service, is not free yet: a deleted association needs some seconds to go. "
    "Look with `/a2p-external show`, then try again."
)
CLOSED: Final = (403, 404, 405, 20003, 20004)
"""How Twilio refuses where it keeps the endpoint closed to an account."""

MEANWHILE: Final = (
    "Share the campaign with Twilio in TCR (its portal or API), where Twilio is the direct connect aggregator (DCA) "
    "and reviews it. TCR tells your webhook what becomes of it. CAMPAIGN_SHARE_ACCEPT: this goes on. "
    "CAMPAIGN_SHARE_DELETE: refused, with reasons; fix the campaign in TCR and share it again, this goes on waiting. "
    "Where that webhook reaches Tenfour, nobody has to do anything here. Associating before the accept ends as FAILED "
    "(30904, 30905)."
)


def share_step(step_id: str, campaign_id: str, word: str = "", newer_than: str = "") -> WaitStep:
    """The wait for Twilio's accept of the share; `word` is what a person says of it, where it is not the first one.

    An accept of before the step `newer_than` is void (twilio.md 13.2).
    """
    return WaitStep(
        id=step_id,
        title=f"Twilio accepts the share of {campaign_id}",
        watches=(Watch(kind="share", step=step_id, key=campaign_id, title=f"Share of {campaign_id} with Twilio"),),
        until=("ACCEPTED",),
        meanwhile=MEANWHILE,
        newer_than=newer_than,
        word=word or f"TCR has sent CAMPAIGN_SHARE_ACCEPT for {campaign_id}, and no decline came after it.",
    )


def associate_step(step_id: str, service: str | Ref, campaign_id: str, *, cnp_migration: bool = False) -> CallStep:
    """The step that associates a campaign of TCR with a service.

    Never sent again by itself: excess requests fail the campaign later, and the share with it (twilio.md 0.13).
    Refusals of a share come later too, as a FAILED campaign: follow it with `association_watch`.
    """
    written = str(service) if isinstance(service, Ref) else service
    params = {"CampaignId": campaign_id, "MessagingServiceSid": service}
    listing = Call(
        product="messaging", method="GET", path=campaigns_path(service), headers=dict(reads.CAMPAIGN_HEADERS)
    )
    match = {"campaign_id": campaign_id}
    return CallStep(
        id=step_id,
        title=f"Associate {campaign_id} with the service",
        call=Call(
            product="messaging",
            method="POST",
            path=PATH,
            params={**params, "CnpMigration": flag(True)} if cnp_migration else params,
        ),
        adopt=Adopt(read=listing, items="compliance", match=match, repeatable=False),
        keep=("sid", "campaign_id", "messaging_service_sid", "date_created"),
        lane="external",
        advice={**dict.fromkeys(CLOSED, PRIVATE), 409: BUSY},
        undo=Undo(
            title=f"Delete the association of {campaign_id} with {written}",
            call=Call(product="messaging", method="DELETE", path=campaign_read(service).path),
            adopt=Adopt(read=listing, items="compliance", match=match, gone=True),
            settle_seconds=SETTLES,
            ends=Watch(kind="campaign", step=step_id, key=service, title="Campaign"),
        ),
    )


def association_watch(step_id: str, service: reads.Service, campaign_id: str) -> Watch:
    """What is followed once a campaign is associated: carriers' configuration and secondary reviews take weeks."""
    title = f"External campaign {campaign_id} of “{service.friendly_name}”"
    return Watch(kind="campaign", step=step_id, key=service.sid, title=title)
