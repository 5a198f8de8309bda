"""Twilio's Event Streams: authenticated, written down before they are acknowledged, and used as hints (twilio.md 8)."""

import base64
import hmac
from collections.abc import Callable, Iterable

import structlog
from aiohttp import web

from bot.accounts_file import AccountSettings
from bot.intake.gathering import Gathering
from bot.intake.journal import Delivery, Journal
from bot.intake.reading import events_in
from bot.intake.recording import COME_AGAIN, recorded
from bot.intake.right_of_way import RightOfWay
from bot.twilio.gateway import EVENTS_PATH, EVENTS_USER
from bot.twilio.signatures import HEADER, Signatures

AT_ONCE, MOST_WAITING = 32, 500
"""Deliveries that are written down in one go, and that may wait for it."""

log = structlog.get_logger()


class Events:
    """Receives the events of every account. `written` is told when something stands in the journal."""

    def __init__(
        self,
        journal: Journal,
        accounts: Iterable[AccountSettings],
        public_url: str,
        secret: str,
        written: Callable[[], None],
        way: RightOfWay,
    ) -> None:
        self._accounts = {account.sid: account for account in accounts}
        self._login = f"{EVENTS_USER}:{secret}"
        self._signatures = Signatures(public_url, self._login)
        self._gathering = Gathering(journal.write, most_at_once=AT_ONCE, most_waiting=MOST_WAITING)
        self._written, self._way = written, way

    def routes(self) -> list[web.RouteDef]:
        """Where events arrive: one path for each account."""
        return [web.post(EVENTS_PATH + "/{account_sid}", self._post)]

    async def _post(self, request: web.Request) -> web.Response:
        with self._way.taken():
            return await self._answer(request)

    async def _answer(self, request: web.Request) -> web.Response:
        account = self._account(request)
        try:
            body = (await request.read()).decode()
        except UnicodeDecodeError:
            raise web.HTTPBadRequest(text="not UTF-8") from None
        if not self._is_signed(account, request, body):
            log.warning("events_refused", account=account.sid, why="not signed with the account's auth token")
            raise web.HTTPForbidden
        if events_in(body) is None:
            log.warning("events_refused", account=account.sid, why="not events in JSON")
            raise web.HTTPBadRequest(text="not events in JSON")
        if not await recorded(self._gathering.put([Delivery(account.sid, body)]), "events", account.sid):
            raise web.HTTPServiceUnavailable(headers=COME_AGAIN)
        self._written()
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
