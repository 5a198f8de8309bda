"""Associations of campaigns that are registered in TCR (reference: section 6)."""

from bot.sandbox.twilio import campaigns, services, shares
from bot.sandbox.twilio.campaigns import CAMPAIGN_SID, USECASE_CONFLICT, Campaign
from bot.sandbox.twilio.endpoint import Call, Endpoint, Reply
from bot.sandbox.twilio.wire import CONFLICT, Boolean, Param, Refusal, Sid, Text, iso_8601

NO_SERVICE = 21701


def endpoints() -> list[Endpoint]:
    """What this file answers. Status, list and deletion go through the campaigns of the service."""
    return [Endpoint("messaging", "POST", "/v1/Services/PreregisteredUsa2p", create, _PARAMS)]


def create(call: Call) -> Reply:
    """Always 201 where nothing stands in the way: what is wrong with the share shows later, as a FAILED campaign."""
    service_sid, campaign_id = call.values["messaging_service_sid"], call.values["campaign_id"]
    service = call.ledger.table(services.Service).get(service_sid)
    if service is None:
        raise Refusal(404, NO_SERVICE, f"The Messaging Service {service_sid} was not found")
    if service.usecase != "undeclared":
        raise Refusal(400, USECASE_CONFLICT, f"The Messaging Service declares the use case {service.usecase}")
    campaigns.refuse_unless_free(call, service)
    _refuse_unless_campaign_is_free(call, campaign_id)
    campaign = call.ledger.table(Campaign).add(
        Campaign(
            sid=CAMPAIGN_SID,
            date_created=call.at,
            date_updated=call.at,
            submitted_at=call.at,
            messaging_service_sid=service.sid,
            campaign_id=campaign_id,
            is_externally_registered=True,
            intake_codes=shares.associated(call.ledger, campaign_id, call.at),
        )
    )
    return Reply(
        201,
        {
            "sid": CAMPAIGN_SID,
            "account_sid": call.site.account_sid,
            "campaign_id": campaign.campaign_id,
            "messaging_service_sid": campaign.messaging_service_sid,
            "date_created": iso_8601(campaign.date_created),
        },
    )


def _refuse_unless_campaign_is_free(call: Call, campaign_id: str) -> None:
    # A campaign moves to another service after its association with the first was deleted, and not before.
    if any(campaign.campaign_id == campaign_id for campaign in call.ledger.table(Campaign)):
        raise Refusal(409, CONFLICT, f"The campaign {campaign_id} is associated with a Messaging Service already")
    known = call.ledger.table(shares.TcrCampaign).get(campaign_id)
    if known is not None and call.at < known.free_at:
        raise Refusal(409, CONFLICT, f"The former association of the campaign {campaign_id} is still being deleted")


_PARAMS: tuple[Param, ...] = (
    Text(name="CampaignId", required=True, pattern="C[A-Z0-9]{6}"),
    Sid(name="MessagingServiceSid", prefix="MG", required=True),
    Boolean(name="CnpMigration"),
)
