"""TCR's webhook: whether Twilio accepted or declined a campaign that was shared with it (twilio.md 6.1).

TCR is not known to sign its requests, so an unguessable path is what authenticates them. Nothing but a wait for the
share goes by what they say: the association itself is judged by Twilio.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import structlog
from aiohttp import web
from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.tracking.tracker import Tracker

SHARE_STATES: Mapping[str, str] = MappingProxyType(
    {"CAMPAIGN_SHARE_ACCEPT": "ACCEPTED", "CAMPAIGN_SHARE_DELETE": "DECLINED", "CAMPAIGN_SHARE_ADD": "SHARED"}
)
"""What an event says about a share; all other events of TCR are acknowledged and passed over."""
REMEMBERED_SECONDS = 3600
"""For how long an event that is equal to the last one of its campaign is that one delivered again: payloads carry
neither an id nor a time. After any other event an equal one is news: a campaign that was fixed and shared again is
accepted, or declined, in the same words."""

_CAMPAIGN = re.compile(r"C[A-Z0-9]{6}")

log = structlog.get_logger()


class TcrIntake:
    """Takes TCR's events. `accounts` are the SIDs of the Twilio accounts that a campaign may have been shared for."""

    def __init__(self, redis: Redis, keys: Keys, tracker: Tracker, accounts: tuple[str, ...], secret: str) -> None:
        self._redis, self._keys, self._tracker = redis, keys, tracker
        self._accounts, self._secret = accounts, secret

    def routes(self) -> list[web.RouteDef]:
        """Where events arrive: `/tcr/SECRET`."""
        return [web.post("/tcr/{secret}", self._post)]

    async def take(self, event: Mapping[str, Any]) -> bool:
        """Record what an event says about a share; False when it says nothing of the kind, or was here already."""
        campaign, state = str(event.get("campaignId") or ""), SHARE_STATES.get(str(event.get("eventType")))
        if state is None or not _CAMPAIGN.fullmatch(campaign):
            return False
        content = hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()
        last = self._keys.plain(f"tcr:{campaign}")
        if await self._redis.get(last) == content:
            return False
        for account in self._accounts:
            await self._tracker.told("share", account, campaign, state, str(event.get("description") or ""))
        # remembered once it is recorded: what breaks off before that is taken when it is delivered again
        await self._redis.set(last, content, ex=REMEMBERED_SECONDS)
        log.info("share_event", campaign=campaign, state=state)
        return True

    async def _post(self, request: web.Request) -> web.Response:
        # as bytes: of two texts only ASCII is compared
        if not hmac.compare_digest(request.match_info["secret"].encode(), self._secret.encode()):
            log.warning("tcr_event_refused", why="wrong secret in its path")
            return web.Response(status=404)
        try:
            event = await request.json()
        except ValueError:
            return web.Response(status=400, text="not JSON")
        for each in event if isinstance(event, list) else [event]:
            if isinstance(each, dict):
                await self.take(each)
        return web.Response(status=204)
