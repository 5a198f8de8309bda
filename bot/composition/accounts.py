"""Clients for the Twilio accounts that the settings name."""

import asyncio

import aiohttp
import structlog

from bot.accounts_file import AccountSettings
from bot.settings import Settings
from bot.tempo import Tempo
from bot.twilio import reads_account
from bot.twilio.accounts import Accounts
from bot.twilio.faults import TwilioFault
from bot.twilio.gateway import EVENTS_PATH, EVENTS_USER, Account
from bot.twilio.pace import Pace
from bot.twilio.transport import CONNECT_SECONDS
from bot.watching.watch import UNWATCHED, Watch

log = structlog.get_logger()


def opened(
    settings: Settings, tempo: Tempo, pace: Pace, concurrency: int | None = None, watch: Watch = UNWATCHED
) -> Accounts:
    """A client for every account, `concurrency` calls at a time for each, or as many as the settings say."""

    at_once = settings.twilio_concurrency if concurrency is None else concurrency
    timeout = aiohttp.ClientTimeout(total=tempo.call, connect=min(CONNECT_SECONDS, tempo.call))

    def client(known: AccountSettings, parent: Account | None = None) -> Account:
        username, secret = known.login
        url, password = settings.twilio_api_url, secret.get_secret_value()
        events = _events_url(settings, known.sid)
        return Account(
            known.sid,
            username,
            password,
            url,
            at_once,
            timeout,
            known.name,
            parent,
            pace,
            events,
            watch.observer,
            watch.tracing.calls("twilio"),
        )

    main_accounts = {known.name: client(known) for known in settings.accounts if not known.parent}
    return Accounts(
        client(known, main_accounts[known.parent]) if known.parent else main_accounts[known.name]
        for known in settings.accounts
    )


async def warn_of_silent(accounts: Accounts) -> None:
    """Say in the log which accounts do not answer to their credentials."""

    async def look(account: Account) -> None:
        try:
            await reads_account.prove(account)
        except TwilioFault as fault:
            log.warning("account_does_not_answer", account=account.sid, name=account.name, why=str(fault))

    await asyncio.gather(*(look(account) for account in accounts.all))


def _events_url(settings: Settings, account_sid: str) -> str:
    """Where Twilio is to send the events of an account, with the credentials in it; "" when nobody could reach us."""
    if settings.public_url is None or settings.events_secret is None:
        return ""
    scheme, _, host = settings.public_url.partition("://")
    login = f"{EVENTS_USER}:{settings.events_secret.get_secret_value()}"
    return f"{scheme}://{login}@{host}{EVENTS_PATH}/{account_sid}"
