"""Twilio's Event Streams: authenticated, recorded before they are acknowledged, and used as hints (twilio.md 8)."""

import base64
import hmac
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import structlog
from aiohttp import web
from redis.asyncio import Redis

from bot.accounts_file import AccountSettings
from bot.intake.event_types import opened, read_event
from bot.intake.gathering import Gathering
from bot.intake.receipts import Receipts
from bot.intake.recording import COME_AGAIN, recorded
from bot.intake.soon import Soon
from bot.intake.taking import Taking, Told
from bot.intake.tcr_index import TcrIndex
from bot.redis.keys import Keys
from bot.tracking.tracker import Tracker
from bot.twilio.gateway import EVENTS_PATH, EVENTS_USER
from bot.twilio.signatures import HEADER, Signatures
from bot.watching.observer import NOBODY, Observer

MOST_EVENTS = 5000
"""In one body. Twilio's are some hundred bytes each, so that a body of the size that is taken holds fewer."""
MOST_TYPES_LOGGED, MOST_LOGGED = 20, 200
"""Unknown types of one delivery, and characters of each."""

log = structlog.get_logger()


class Events:
    """Takes the events of every account. `soon` looks at what was hinted at."""

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        tracker: Tracker,
        receipts: Receipts,
        index: TcrIndex,
        accounts: Iterable[AccountSettings],
        public_url: str,
        secret: str,
        soon: Soon,
        clock: Callable[[], float],
        observer: Observer = NOBODY,
    ) -> None:
        self._observer = observer
        self._accounts = {account.sid: account for account in accounts}
        self._login = f"{EVENTS_USER}:{secret}"
        self._signatures = Signatures(public_url, self._login)
        self._gathering = Gathering[Told](Taking(redis, keys, tracker, receipts, index, soon, clock).take)
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Where events arrive: one path for each account."""
        return [web.post(EVENTS_PATH + "/{account_sid}", self._post)]

    async def take(self, account: AccountSettings, events: Sequence[Any]) -> None:
        """Record what a delivery says. Raises what Redis raises, and `Busy`: the delivery is to come again."""
        counts, unread, told = Counter[str](), Counter[tuple[str, str]](), list[Told]()
        for item in events:
            try:
                self._read(account, item, counts, unread, told)
            except Exception as error:  # what is odd about one must not make Twilio send all the others for hours
                counts["broke_off"] += 1
                log.error("event_broke_off", account=account.sid, error=type(error).__name__)
        if told:
            await self._gathering.put(told)
        self._count(account, counts, unread)

    def _read(
        self,
        account: AccountSettings,
        item: Any,
        counts: Counter[str],
        unread: Counter[tuple[str, str]],
        told: list[Told],
    ) -> None:
        if not isinstance(item, dict):
            counts["no_object"] += 1
            return
        event = opened(item, self._clock())
        if event.account and event.account != account.sid:
            counts["foreign"] += 1
            return
        counts["own"] += 1
        told.append(Told(account, heard := read_event(event)))
        if heard is None:
            # the names of its fields, never what they hold: an unknown event may be about a message
            unread[event.type, ",".join(sorted(event.data))[:MOST_LOGGED]] += 1

    def _count(self, known: AccountSettings, counts: Mapping[str, int], unread: Mapping[tuple[str, str], int]) -> None:
        account, unknown = known.sid, sum(unread.values())
        for (kind, fields), n in list(unread.items())[:MOST_TYPES_LOGGED]:
            log.warning("event_not_read", account=account, type=kind[:MOST_LOGGED], fields=fields, times=n)
        if counts["foreign"]:
            log.warning("foreign_events_dropped", account=account, times=counts["foreign"])
        if counts["no_object"]:
            log.warning("events_without_shape_dropped", account=account, times=counts["no_object"])
        read = counts["own"] - counts["broke_off"] - unknown
        for outcome, number in {**counts, "own": 0, "read": max(0, read), "unknown": unknown}.items():
            if number:
                self._observer.took_events(known.name, outcome, number)
        log.info("events_taken", account=account, **counts, unread=unknown)

    async def _post(self, request: web.Request) -> web.Response:
        account = self._account(request)
        try:
            body = (await request.read()).decode()
        except UnicodeDecodeError:
            raise web.HTTPBadRequest(text="not UTF-8") from None
        if not self._is_signed(account, request, body):
            log.warning("events_refused", account=account.sid, why="not signed with the account's auth token")
            raise web.HTTPForbidden
        events = _events(body)
        if events is None:
            log.warning("events_refused", account=account.sid, why="not events in JSON")
            raise web.HTTPBadRequest(text="not events in JSON")
        if not await recorded(self.take(account, events), "events", account.sid):
            raise web.HTTPServiceUnavailable(headers=COME_AGAIN)
        return web.Response(status=204)

    def _account(self, request: web.Request) -> AccountSettings:
        """The account that the path names; without the password nobody learns which there are."""
        if not self._has_password(request):
            log.warning("events_refused", why="wrong or no credentials")
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Basic realm="tenfour"'})
        account = self._accounts.get(request.match_info["account_sid"])
        if account is None:
            log.warning("events_refused", why="no such account here")
            raise web.HTTPNotFound
        return account

    def _has_password(self, request: web.Request) -> bool:
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        try:
            given = base64.b64decode(encoded.strip(), validate=True)
        except ValueError:
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(given, self._login.encode())

    def _is_signed(self, account: AccountSettings, request: web.Request, body: str) -> bool:
        """Whether the account's auth token signed it; without one, the credentials alone have to do."""
        if account.auth_token is None:
            return True
        token, signature = account.auth_token.get_secret_value(), request.headers.get(HEADER, "")
        return self._signatures.signs_json(token, request.raw_path, body, signature)


def _events(body: str) -> list[Any] | None:
    """The events in a body: one, or an array of them. None for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    events = [found] if isinstance(found, dict) else found
    return events if isinstance(events, list) and len(events) <= MOST_EVENTS else None
