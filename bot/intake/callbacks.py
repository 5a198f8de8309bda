"""Status callbacks of messages: signed, counted, and forgotten (twilio.md 11.2)."""

from collections.abc import Iterable

import structlog
from aiohttp import web

from bot.accounts_file import AccountSettings
from bot.intake.fields import Fields
from bot.intake.gathering import Gathering
from bot.intake.receipts import Receipts, read_receipt
from bot.intake.recording import COME_AGAIN, recorded
from bot.twilio.gateway import STATUS_PATH
from bot.twilio.signatures import HEADER, Form, Signatures, read_form

log = structlog.get_logger()


class Callbacks:
    """Takes what became of messages. Whoever is refused hears the same, whatever the reason."""

    def __init__(self, accounts: Iterable[AccountSettings], public_url: str, receipts: Receipts) -> None:
        self._accounts = {account.sid: account for account in accounts}
        self._signatures, self._gathering = Signatures(public_url), Gathering(receipts.take_all)
        self._warned: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        """Where callbacks arrive: one path for each account."""
        return [web.post(STATUS_PATH + "/{account_sid}", self._post)]

    async def _post(self, request: web.Request) -> web.Response:
        account = self._accounts.get(request.match_info["account_sid"])
        form = await self._signed_form(account, request) if account else None
        if account is None or form is None:
            return web.Response(status=403)
        fields = Fields({name: values[0] for name, values in form.items()})
        receipt = read_receipt(fields)
        if fields.text("accountsid") not in ("", account.sid):
            log.warning("foreign_callback_dropped", account=account.sid)
        elif receipt is None:
            log.warning("callback_not_read", account=account.sid, fields=",".join(sorted(fields))[:200])
        elif not await recorded(self._gathering.put([(account, receipt)]), "callback", account.sid):
            return web.Response(status=503, headers=COME_AGAIN)
        return web.Response(status=204)

    async def _signed_form(self, account: AccountSettings, request: web.Request) -> Form | None:
        """The body, where the account's auth token signed it."""
        if account.auth_token is None:
            if account.sid not in self._warned:
                self._warned.add(account.sid)
                log.warning(
                    "callbacks_refused",
                    account=account.sid,
                    name=account.name,
                    why="Twilio signs callbacks with the account's auth token, and only an API key is set for this "
                    "account: set its auth token beside the key, so that forged callbacks can be told from Twilio's",
                )
            return None
        try:
            form = read_form(await request.read())
        except ValueError:
            form = None
        token, signature = account.auth_token.get_secret_value(), request.headers.get(HEADER, "")
        if form is None or not self._signatures.signs_form(token, request.raw_path, form, signature):
            log.warning("callback_refused", account=account.sid, why="not signed with the account's auth token")
            return None
        return form
