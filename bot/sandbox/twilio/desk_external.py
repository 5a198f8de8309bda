"""The share desk: what people do in TCR, and what Twilio answers when a campaign is shared with it."""

import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.twilio import shares
from bot.sandbox.twilio.campaigns import Campaign
from bot.sandbox.twilio.ledger import Ledger


class ShareDesk:
    """Shares of TCR campaigns. All methods raise ValueError for what is no TCR id."""

    def __init__(self, ledger: Ledger, clock: Callable[[], float], changed: Callable[[], None]) -> None:
        self._ledger, self._clock, self._changed = ledger, clock, changed

    def share(self, campaign_id: str) -> None:
        """Somebody shares the campaign with Twilio in TCR, for the first time or anew (CAMPAIGN_SHARE_ADD)."""
        self._decide(campaign_id, "SHARED")

    def accept(self, campaign_id: str) -> None:
        """Twilio accepts the share (CAMPAIGN_SHARE_ACCEPT)."""
        self._decide(campaign_id, "ACCEPTED")

    def decline(self, campaign_id: str, feedback: str) -> None:
        """Twilio declines the share, with reasons (CAMPAIGN_SHARE_DELETE)."""
        self._decide(campaign_id, "DECLINED", feedback)

    def complete(self, campaign_id: str) -> None:
        """Every DCA has elected the campaign (CAMPAIGN_DCA_COMPLETE), which TCR tells and Twilio does not show."""
        _refuse_other_ids(campaign_id)

    def expire(self, campaign_id: str) -> None:
        """The campaign is no longer renewed in TCR (CAMPAIGN_EXPIRED), and so no longer shared either."""
        self._decide(campaign_id, "EXPIRED")

    def suspend(self, campaign_id: str) -> None:
        """A carrier suspends the campaign (MNO_CAMPAIGN_OPERATION_SUSPENDED)."""
        self._suspend(campaign_id, is_suspended=True)

    def unsuspend(self, campaign_id: str) -> None:
        """The carrier lets it go on (MNO_CAMPAIGN_OPERATION_UNSUSPENDED)."""
        self._suspend(campaign_id, is_suspended=False)

    def campaigns(self) -> list[dict[str, Any]]:
        """Every campaign that TCR knows, with the service that it is associated with."""
        homes = {row.campaign_id: row.messaging_service_sid for row in self._ledger.table(Campaign) if row.campaign_id}
        return [
            {
                "campaign_id": row.sid,
                "state": row.state,
                "feedback": row.feedback,
                "messaging_service_sid": homes.get(row.sid),
                "suspended": row.suspended,
            }
            for row in self._ledger.table(shares.TcrCampaign)
        ]

    def _decide(self, campaign_id: str, state: shares.State, feedback: str = "") -> None:
        _refuse_other_ids(campaign_id)
        shares.decided(self._ledger, campaign_id, self._clock(), state, feedback)
        self._changed()

    def _suspend(self, campaign_id: str, *, is_suspended: bool) -> None:
        _refuse_other_ids(campaign_id)
        shares.suspended(self._ledger, campaign_id, self._clock(), is_suspended=is_suspended)
        self._changed()


def _refuse_other_ids(campaign_id: str) -> None:
    if not re.fullmatch(r"C[A-Z0-9]{6}", campaign_id):
        raise ValueError(f"{campaign_id[:40]!r} is no TCR id: C and six capital letters or digits")
