"""Campaigns in The Campaign Registry (TCR), and whether they are shared with Twilio (reference: section 6)."""

from typing import Literal

from bot.sandbox.twilio.ledger import Ledger, Record

NOT_SHARED = 30904
UNDER_REVIEW = 30905
REJECTED = 30906
TOO_FAST = 30794
"""No code is documented for associations that come too fast; this is the one for causes that only the text names."""

SPACING = 5.0
"""Least seconds between two associations of an account; what comes sooner fails later (reference, trap 13)."""

State = Literal["NOT_SHARED", "SHARED", "ACCEPTED", "DECLINED", "EXPIRED"]

_CODES: dict[State, int] = {
    "NOT_SHARED": NOT_SHARED,
    "SHARED": UNDER_REVIEW,
    "DECLINED": REJECTED,
    "EXPIRED": NOT_SHARED,
}


class TcrCampaign(Record):
    """A campaign as TCR knows it; `sid` is its TCR id. `feedback` is what came with the last rejection.

    `associated_at` is when Twilio was last told to associate it, `free_at` when its last association is gone.
    `suspended`: a carrier carries it no longer, of which Twilio's API shows nothing.
    """

    state: State = "NOT_SHARED"
    feedback: str = ""
    associated_at: float = 0.0
    free_at: float = 0.0
    suspended: bool = False


def tcr_campaign(ledger: Ledger, campaign_id: str, at: float) -> TcrCampaign:
    """The campaign with this TCR id; one that nobody has shared when the id is new."""
    found = ledger.table(TcrCampaign).get(campaign_id)
    return found or ledger.table(TcrCampaign).add(TcrCampaign(sid=campaign_id, date_created=at, date_updated=at))


def associated(ledger: Ledger, campaign_id: str, at: float) -> list[int]:
    """Note an association; gives the codes with which it is going to fail, none when it will go to review."""
    last = max((each.associated_at for each in ledger.table(TcrCampaign)), default=0.0)
    campaign = tcr_campaign(ledger, campaign_id, at)
    too_fast = at < last + SPACING
    # Whoever was too fast has to share anew: the accept that was there is used up.
    state: State = "NOT_SHARED" if too_fast else campaign.state
    ledger.table(TcrCampaign).change(campaign_id, at, associated_at=at, state=state)
    if too_fast:
        return [TOO_FAST]
    return [_CODES[campaign.state]] if campaign.state in _CODES else []


def released(ledger: Ledger, campaign_id: str, at: float, free_at: float) -> None:
    """Note that an association was deleted; it is gone at `free_at`."""
    tcr_campaign(ledger, campaign_id, at)
    ledger.table(TcrCampaign).change(campaign_id, at, free_at=free_at)


def decided(ledger: Ledger, campaign_id: str, at: float, state: State, feedback: str = "") -> None:
    """Note what has become of a share."""
    tcr_campaign(ledger, campaign_id, at)
    ledger.table(TcrCampaign).change(campaign_id, at, state=state, feedback=feedback)


def suspended(ledger: Ledger, campaign_id: str, at: float, *, is_suspended: bool) -> None:
    """Note that a carrier has suspended a campaign, or lets it go on."""
    tcr_campaign(ledger, campaign_id, at)
    ledger.table(TcrCampaign).change(campaign_id, at, suspended=is_suspended)
