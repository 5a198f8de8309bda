"""TCR's webhook: what it tells the owner of a campaign about its share and its life (reference: section 6.1)."""

import aiohttp

EVENTS = {
    "share": "CAMPAIGN_SHARE_ADD",
    "accept": "CAMPAIGN_SHARE_ACCEPT",
    "decline": "CAMPAIGN_SHARE_DELETE",
    "complete": "CAMPAIGN_DCA_COMPLETE",
    "suspend": "MNO_CAMPAIGN_OPERATION_SUSPENDED",
    "unsuspend": "MNO_CAMPAIGN_OPERATION_UNSUSPENDED",
    "expire": "CAMPAIGN_EXPIRED",
}
PATIENCE = aiohttp.ClientTimeout(total=5)


class TcrWebhook:
    """`url` is where the owner wants to be told; "" when nobody does."""

    def __init__(self) -> None:
        self.url = ""

    async def tell(self, campaign_id: str, verdict: str, feedback: str = "") -> bool:
        """Post what has become of a share or a campaign.

        False when nobody took it: TCR's word is lost then, as the real one is.
        Share events have been seen with two fields only; a refusal brings its reasons as a third.
        """
        if not self.url or verdict not in EVENTS:
            return False
        event = {"campaignId": campaign_id, "eventType": EVENTS[verdict]}
        body = {**event, "description": feedback} if feedback else event
        try:
            async with aiohttp.ClientSession(timeout=PATIENCE) as http, http.post(self.url, json=body) as answer:
                return answer.ok
        except (aiohttp.ClientError, TimeoutError):
            return False
