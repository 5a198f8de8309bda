"""The calls about a service's campaign and what they stand on, for campaigns' operations and chains (twilio.md 5)."""

from typing import Final

from bot.catalog.campaigns.content import CampaignContent
from bot.catalog.campaigns.forms import CampaignSubmission
from bot.plans.call import Call, Param, Ref, Wire, segment
from bot.plans.step import Adopt, CallStep, GivenStep, Lane, Watch
from bot.twilio import reads

KEEP = ("sid", "campaign_status", "messaging_service_sid", "privacy_policy_url", "terms_and_conditions_url")
SETTLES: Final = 5.0
"""Seconds for which a deleted campaign still holds its service and itself (twilio.md 0.14)."""
WITHOUT_URLS = (
    "the campaign may lack its privacy policy or its terms, and reviewers reject it for that (30908, 30933, 30934)"
)


def campaigns_path(service: str | Ref) -> str:
    """Path of the campaigns of a service, which may be one that an earlier step makes."""
    return reads.campaign_path(str(service) if isinstance(service, Ref) else segment(service))


def campaign_read(service: str | Ref) -> Call:
    """The read of a service's campaign, with both web addresses (twilio.md 0.2)."""
    return _call("GET", f"{campaigns_path(service)}/{reads.CAMPAIGN_SID}")


def create_step(
    step_id: str, service: str | Ref, brand: Wire, use_case: str, submission: CampaignSubmission
) -> CallStep:
    """The step that registers a campaign; follow it with `read_back_step`."""
    path = campaigns_path(service)
    named: dict[str, Param] = {"BrandRegistrationSid": brand, "UsAppToPersonUsecase": use_case}
    return CallStep(
        id=step_id,
        title=f"Register the campaign ({use_case})",
        call=_call("POST", path, {**named, **submission.submission_params()}),
        adopt=Adopt(
            read=_call("GET", path),
            items="compliance",
            match={
                "brand_registration_sid": brand,
                "us_app_to_person_usecase": use_case,
                "description": submission.whole_description,
            },
            # each creation is vetted for money, and what a second one does while the first is in hand is not known
            repeatable=False,
        ),
        keep=KEEP,
        lane="registration",
        lasting="A campaign that was submitted is deleted with `/a2p-campaign delete` alone, and its fees stay paid.",
    )


def update_step(step_id: str, service_sid: str, content: CampaignContent, expected: dict[str, Param]) -> CallStep:
    """The step that writes an edited campaign; `expected` are response fields that differ from those before it."""
    read = campaign_read(service_sid)
    return CallStep(
        id=step_id,
        title="Write the edited campaign, which sends it to review again",
        call=_call("POST", read.path, content.content_params()),
        # the status proves nothing, because a review by machine may have failed it again within a second
        adopt=Adopt(read=read, match=expected, repeatable=False),
        keep=KEEP,
        lane="registration",
        lasting="A campaign that was sent to review again cannot be called back.",
    )


def read_back_step(step_id: str, service: str | Ref, content: CampaignContent) -> CallStep:
    """The step that looks whether both web addresses have arrived.

    A look of its own, because it can be repeated: a registration whose answer lacks them must not be sent again.
    """
    return CallStep(
        id=step_id,
        title="Read back the privacy policy and the terms",
        call=campaign_read(service),
        keep=("privacy_policy_url", "terms_and_conditions_url"),
        expect={
            "privacy_policy_url": content.privacy_policy_url,
            "terms_and_conditions_url": content.terms_and_conditions_url,
        },
        skippable=WITHOUT_URLS,
    )


def standing_step(step_id: str, service: reads.Service, campaign: reads.Campaign) -> GivenStep:
    """The campaign as it stands, so that an approval to delete a rejected one is none to delete a verified one."""
    status = campaign.campaign_status
    shown = "under review" if status in ("PENDING", "IN_PROGRESS") else status
    facts = {"status": shown, "registered": _born(campaign), "campaign_id": campaign.campaign_id or ""}
    return GivenStep(
        id=step_id,
        title=f"The campaign of “{service.friendly_name}” as it stands ({shown})",
        result={name: value for name, value in facts.items() if value},
    )


def delete_step(step_id: str, service_sid: str, campaign: reads.Campaign) -> CallStep:
    """The step that takes a campaign off its service; of an external one it takes the association alone."""
    read = campaign_read(service_sid)
    external = bool(campaign.is_externally_registered)
    lane: Lane = "external" if external else "default"
    # a campaign that somebody registers there meanwhile is another one, and that this one is gone stays true
    born = _born(campaign)
    return CallStep(
        id=step_id,
        title=f"Delete the association of {campaign.campaign_id}" if external else "Delete the campaign",
        call=Call(product="messaging", method="DELETE", path=read.path),
        adopt=Adopt(read=read, match={"date_created": born} if born else {}, gone=True),
        keep=(),
        lane=lane,
        settle_seconds=SETTLES,
        ends=Watch(kind="campaign", step=step_id, key=service_sid, title="Campaign"),
        lasting="What was deleted comes back only by a new registration, with its review and its fee.",
    )


def watch(service: reads.Service, step: str = "campaign") -> Watch:
    """The registration that is followed once this step is done: a campaign is found by its service."""
    return Watch(kind="campaign", step=step, key=service.sid, title=f"Campaign of “{service.friendly_name}”")


def _born(campaign: reads.Campaign) -> str:
    return str((campaign.model_extra or {}).get("date_created") or "")


def _call(method: str, path: str, params: dict[str, Param] | None = None) -> Call:
    verb = "GET" if method == "GET" else "POST"
    return Call(product="messaging", method=verb, path=path, params=params or {}, headers=dict(reads.CAMPAIGN_HEADERS))
