"""The way of a request: faults, credentials, endpoint, parameters, effect, answer, log."""

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from bot.sandbox.twilio import accounts as account_endpoints
from bot.sandbox.twilio.account_view import AccountView
from bot.sandbox.twilio.endpoint import Call, Endpoint, Reply, Router, Site
from bot.sandbox.twilio.faults import Fault, Faults
from bot.sandbox.twilio.journal import HEADERS_OF_INTEREST, Journal
from bot.sandbox.twilio.wire import PERMISSION_DENIED, UNKNOWN_OR_MISSING, Refusal, decode

FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class _Exchange:
    """A request, and what has come of it so far; status 0 stands for no answer."""

    method: str
    product: str
    raw_path: str
    root: str
    query: list[tuple[str, str]]
    form: list[tuple[str, str]]
    foreign_body: bool
    headers: Mapping[str, str]
    at: float
    account_sid: str = ""
    status: int = 0
    body: dict[str, Any] | None = None
    effect: bool = False

    @property
    def path(self) -> str:
        return unquote(self.raw_path)


class Dispatcher:
    """Serves every path that begins with a product."""

    def __init__(
        self,
        router: Router,
        accounts: Mapping[str, AccountView],
        faults: Faults,
        journal: Journal,
        clock: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        self._router = router
        self._accounts = accounts
        self._keys = {account.credentials.api_key: account for account in accounts.values()}
        self._faults = faults
        self._journal = journal
        self._clock = clock
        self._changed = changed

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, or cut its connection where a fault says so."""
        exchange = await _read(request, self._clock())
        fault = self._faults.take(exchange.method, exchange.product, exchange.path) or Fault(match="")
        if fault.drop or fault.late_effect:
            await asyncio.sleep(fault.delay)
        if not fault.drop:
            self._settle(exchange, fault)
        self._record(exchange)
        if not fault.drop and not fault.late_effect:
            await asyncio.sleep(fault.delay)
        if exchange.status == 0:
            return _cut(request)
        return _response(exchange, fault, self._journal.written)

    def _settle(self, exchange: _Exchange, fault: Fault) -> None:
        revision = self._revision()
        try:
            if fault.forced_status is not None and not fault.after_effect:
                raise Refusal(fault.forced_status, fault.forced_code, "Injected fault")
            reply = self._answer(exchange)
            exchange.status, exchange.body = reply.status, reply.body
            if fault.forced_status is not None:
                raise Refusal(fault.forced_status, fault.forced_code, "Injected fault, after the effect")
        except Refusal as refusal:
            exchange.status, exchange.body = refusal.status, refusal.body()
        exchange.effect = self._revision() != revision
        if fault.drop_after_effect:
            exchange.status, exchange.body = 0, None
        if exchange.effect:
            self._changed()

    def _answer(self, exchange: _Exchange) -> Reply:
        user, actor = self._authenticate(exchange.headers.get("Authorization", ""))
        endpoint, segments = self._router.find(exchange.product, exchange.method, exchange.raw_path)
        account = self._acted_on(user, actor, endpoint, segments)
        exchange.account_sid = account.account_sid
        if exchange.foreign_body:
            raise Refusal(400, UNKNOWN_OR_MISSING, f"The post body must be {FORM}")
        if endpoint.method == "POST":
            decode((), exchange.query, "query string")
            values = decode(endpoint.params, exchange.form, "post body")
        else:
            decode((), exchange.form, "post body")
            values = decode(endpoint.params, exchange.query, "query string")
        return endpoint.answer(
            Call(
                product=exchange.product,
                path=exchange.path,
                segments=segments,
                values=values,
                query=exchange.query,
                headers=exchange.headers,
                site=Site(account.account_sid, exchange.root),
                ledger=account.ledger,
                auth_token=account.auth_token,
                at=exchange.at,
            )
        )

    def _authenticate(self, header: str) -> tuple[str, AccountView]:
        """The user name, and the account that it opens."""
        scheme, _, encoded = header.partition(" ")
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user, password = "", ""
        account = self._accounts.get(user) or self._keys.get(user)
        secrets = account.credentials if account else None
        expected = secrets and (secrets.auth_token if user in self._accounts else secrets.api_secret)
        good = scheme.lower() == "basic" and expected and hmac.compare_digest(password.encode(), expected.encode())
        # Twilio answers for a suspended account as for wrong credentials.
        if account is None or not good or account.suspended:
            raise Refusal(401, PERMISSION_DENIED, "Authenticate")
        return user, account

    def _acted_on(self, user: str, actor: AccountView, endpoint: Endpoint, segments: Mapping[str, str]) -> AccountView:
        """The account that the path names, or else the one that authenticated (reference, 11.9)."""
        named = "Sid" if endpoint.path == account_endpoints.PATH else "AccountSid"
        wanted = segments.get(named, actor.account_sid)
        account = self._accounts.get(wanted)
        # A parent's auth token opens its subaccounts, its API keys do not.
        from_above = account is not None and account.ledger.parent is actor.ledger and user == actor.account_sid
        if account is None or not (account is actor or from_above):
            raise Refusal(401, PERMISSION_DENIED, "Authenticate")
        return account

    def _revision(self) -> int:
        return sum(account.ledger.revision for account in self._accounts.values())

    def _record(self, exchange: _Exchange) -> None:
        headers = exchange.headers
        self._journal.write(
            exchange.method,
            exchange.product,
            exchange.path,
            params=[*exchange.query, *exchange.form],
            headers={name: headers[name] for name in HEADERS_OF_INTEREST if name in headers},
            status=exchange.status,
            response=exchange.body,
            effect=exchange.effect,
            at=exchange.at,
            account_sid=exchange.account_sid,
        )


async def _read(request: web.Request, at: float) -> _Exchange:
    product, _, path = request.rel_url.raw_path.removeprefix("/").partition("/")
    text = (await request.read()).decode("utf-8", "replace")
    is_form = request.content_type == FORM
    return _Exchange(
        method=request.method,
        product=product,
        raw_path=f"/{path}",
        root=f"{request.scheme}://{request.host}",
        query=parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True),
        form=parse_qsl(text, keep_blank_values=True) if is_form else [],
        foreign_body=bool(text) and not is_form,
        headers=request.headers,
        at=at,
    )


def _response(exchange: _Exchange, fault: Fault, serial: int) -> web.Response:
    request_id = "RQ" + hashlib.md5(f"{serial}".encode(), usedforsecurity=False).hexdigest()
    headers = {"Twilio-Request-Id": request_id}
    if exchange.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    if fault.retry_after is not None:
        headers["Retry-After"] = f"{fault.retry_after:g}"
    if exchange.body is None:
        return web.Response(status=exchange.status, headers=headers)
    return web.json_response(exchange.body, status=exchange.status, headers=headers)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
