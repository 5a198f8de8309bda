"""TCR's webhook: what TCR says of campaigns that were shared with Twilio, or that it registered (twilio.md 6.1).

TCR is not known to sign its requests, so an unguessable path is what authenticates them. Nothing but a wait for the
share goes by what they say: the association itself, and every campaign, is judged by Twilio.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import structlog
from aiohttp import web
from redis.asyncio import Redis

from bot.intake.fields import text
from bot.intake.recording import recorded
from bot.intake.soon import Soon
from bot.intake.tcr_index import CAMPAIGN, TcrIndex
from bot.redis.keys import Keys
from bot.tracking.registration import Fact
from bot.tracking.store import Said
from bot.tracking.tracker import Tracker

SHARE_STATES: Mapping[str, str] = MappingProxyType(
    {"CAMPAIGN_SHARE_ACCEPT": "ACCEPTED", "CAMPAIGN_SHARE_DELETE": "DECLINED", "CAMPAIGN_SHARE_ADD": "SHARED"}
)
"""What an event says about a share."""
TOLD = frozenset(
    {"CAMPAIGN_DCA_COMPLETE", "CAMPAIGN_EXPIRED"}
    | {f"MNO_CAMPAIGN_OPERATION_{what}" for what in ("APPROVED", "REJECTED", "REVIEW", "SUSPENDED", "UNSUSPENDED")}
)
"""Events that stand in the log of a campaign, which is then read at Twilio; all others are passed over."""
REMEMBERED_SECONDS = 3600
"""For how long an event that is equal to the last one of its campaign is that one delivered again: payloads carry
neither an id nor a time. After any other event an equal one is news: a campaign that was fixed and shared again is
accepted, or declined, in the same words."""

MOST_WORDS = 3000
"""Characters of a description that are kept: it holds the feedback of whoever declined."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Campaigns:
    """Where campaigns with an id in TCR are found, and how they are looked at soon."""

    index: TcrIndex
    soon: Soon
    clock: Callable[[], float]


class TcrIntake:
    """Takes TCR's events. `accounts` are the SIDs of the Twilio accounts that a campaign may have been shared for.

    With `campaigns`, what TCR says of one that is followed is put down in its log, and has it looked at.
    """

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        tracker: Tracker,
        accounts: tuple[str, ...],
        secret: str,
        campaigns: Campaigns | None = None,
    ) -> None:
        self._redis, self._keys, self._tracker = redis, keys, tracker
        self._accounts, self._secret, self._campaigns = accounts, secret, campaigns

    def routes(self) -> list[web.RouteDef]:
        """Where events arrive: `/tcr/SECRET`."""
        return [web.post("/tcr/{secret}", self._post)]

    async def take(self, event: Mapping[str, Any]) -> bool:
        """Record what an event says; False when it says nothing that matters here, or was here already."""
        campaign, kind = text(event.get("campaignId")), text(event.get("eventType"))
        if not CAMPAIGN.fullmatch(campaign):
            return False
        content = hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()
        words = text(event.get("description"), MOST_WORDS)
        if kind in SHARE_STATES:
            return await self._share(campaign, SHARE_STATES[kind], words, content)
        return kind in TOLD and await self._tell(campaign, kind, words, content)

    async def _share(self, campaign: str, state: str, words: str, content: str) -> bool:
        last = self._keys.plain(f"tcr:{campaign}")
        if await self._redis.get(last) == content:
            return False
        for account in self._accounts:
            await self._tracker.told("share", account, campaign, state, words)
        # remembered once it is recorded: what breaks off before that is taken when it is delivered again
        await self._redis.set(last, content, ex=REMEMBERED_SECONDS)
        log.info("share_event", campaign=campaign, state=state)
        return True

    async def _tell(self, campaign: str, kind: str, words: str, content: str) -> bool:
        """Put an event down in the log of the campaign, and have Twilio asked: TCR's word alone decides nothing."""
        found = await self._campaigns.index.of(campaign) if self._campaigns else None
        registration = await self._tracker.store.load(found) if found else None
        if self._campaigns is None or registration is None:
            log.info("tcr_event_of_nothing_followed", campaign=campaign, type=kind)
            return False
        last = self._keys.plain(f"tcr:told:{campaign}")
        known, _, rest = str(await self._redis.get(last) or "").partition(" ")
        began, _, done = rest.partition(" ")
        if known == content and done:
            return False
        now = self._campaigns.clock()
        # when it was first here stands before it is recorded: after a crash it is put down as the same event again
        at = float(began) if known == content else now
        await self._redis.set(last, f"{content} {at} ", ex=REMEMBERED_SECONDS)
        detail = {"said": words} if words else {}
        await self._tracker.hear(Said(registration, Fact(name="tcr", value=kind, at=at, event=content, detail=detail)))
        await self._tracker.hint([registration.model_copy(update={"started_at": now, "change": None})])
        await self._redis.set(last, f"{content} {at} done", ex=REMEMBERED_SECONDS)
        log.info("tcr_event", campaign=campaign, type=kind)
        self._campaigns.soon.ask()
        return True

    async def _post(self, request: web.Request) -> web.Response:
        # as bytes: of two texts only ASCII is compared
        if not hmac.compare_digest(request.match_info["secret"].encode(), self._secret.encode()):
            log.warning("tcr_event_refused", why="wrong secret in its path")
            return web.Response(status=404)
        try:
            event = await request.json()
        except (ValueError, LookupError, RecursionError):
            return web.Response(status=400, text="not JSON")
        if not await recorded(self._take_all(event if isinstance(event, list) else [event]), "tcr", ""):
            return web.Response(status=503)
        return web.Response(status=204)

    async def _take_all(self, events: Iterable[Any]) -> None:
        for event in events:
            if isinstance(event, dict):
                await self.take(event)
