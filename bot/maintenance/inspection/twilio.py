"""Twilio: whether each account's credentials are good, it is not suspended, and what Tenfour reads is open to it."""

import asyncio
from collections.abc import Awaitable, Sequence

from bot.accounts_file import AccountSettings
from bot.maintenance.inspection.report import Line, fail, ok, warn
from bot.plans.call import Call, Product
from bot.settings import Settings
from bot.twilio import reads_account
from bot.twilio.faults import Refused, Throttled, TwilioFault
from bot.twilio.gateway import Account

SUSPENDED = 20403
PATIENCE_SECONDS = 20.0
"""How long an account may take for all of it: this is asked in an outage as well."""
READS: tuple[tuple[Product, str, str], ...] = (
    ("messaging", "/v1/Services", "messaging services"),
    ("messaging", "/v1/a2p/BrandRegistrations", "brands and campaigns"),
    ("conversations", "/v1/Configuration/Addresses", "Conversations addresses"),
    ("trusthub", "/v1/CustomerProfiles", "Trust Hub profiles"),
    ("events", "/v1/Sinks", "Event Streams"),
    ("studio", "/v2/Flows", "Studio flows"),
    ("pricing", "/v1/PhoneNumbers/Countries/US", "prices"),
    ("flex-api", "/v1/Configuration", "Flex"),
)
"""What the operations read: one cheap read of each kind of thing that Twilio can be told to withhold from a key."""


async def twilio_lines(settings: Settings, *, patience: float = PATIENCE_SECONDS) -> list[Line]:
    """Every account, in the order of the settings; `patience` (seconds) is for each of them, all at a time."""
    clients = {known.name: _client(settings, known) for known in settings.accounts}
    try:
        found = await asyncio.gather(
            *(
                _in_time(
                    known.name, patience, _account(settings, known, clients[known.name], clients.get(known.parent))
                )
                for known in settings.accounts
            )
        )
    finally:
        for client in clients.values():
            await client.close()
    return [line for lines in found for line in lines]


def _client(settings: Settings, known: AccountSettings) -> Account:
    username, secret = known.login
    return Account(known.sid, username, secret.get_secret_value(), settings.twilio_api_url, name=known.name)


async def _in_time(name: str, patience: float, looking: Awaitable[list[Line]]) -> list[Line]:
    try:
        return await asyncio.wait_for(looking, patience)
    except TimeoutError:
        mend = "See whether TWILIO_API_URL can be reached from here, and status.twilio.com."
        return [fail(f"Twilio account {name}", f"no clear answer within {patience:g} s.", mend)]


async def _account(settings: Settings, known: AccountSettings, client: Account, parent: Account | None) -> list[Line]:
    about = f"Twilio account {known.name}"
    status = await _status(parent, known.sid) or await _status(client, known.sid)
    if status not in ("", "active"):
        mend = "Look at the Console's billing and at Twilio's mails, or ask Twilio's support."
        return [fail(about, f"{known.sid} is {status}: Twilio takes nothing for it.", mend)]
    try:
        await reads_account.prove(client)
    except Refused as no:
        return [_refused(about, known, no)]
    except TwilioFault as fault:
        return [fail(about, f"{fault}.", "See whether TWILIO_API_URL can be reached from here, and status.twilio.com.")]
    # a Standard key may not read the account's own page
    lines = [ok(about, f"{known.sid} answers{', and is active' if status else ''}.")]
    if settings.public_url is not None and known.auth_token is None:
        what = "its auth token is not set: Twilio signs its message callbacks with it, so none of them is believed."
        lines.append(warn(about, what, "Set TWILIO_AUTH_TOKEN (or auth_token in TENFOUR_ACCOUNTS) beside the API key."))
    return [*lines, *await _products(about, client)]


def _refused(about: str, known: AccountSettings, no: Refused) -> Line:
    if no.code == SUSPENDED:
        return fail(about, f"{known.sid} is suspended or closed ({no.code}).", "Look at the Console's billing.")
    if no.credentials:
        what = f"Twilio refuses the credentials for {known.sid} ({no.code}), as it does when an account is suspended."
        mend = "Copy the key or auth token again from this very account's page, and see there whether it is active."
        return fail(about, what, mend)
    return fail(about, f"{no}.", "")


async def _status(reader: Account | None, sid: str) -> str:
    """What Twilio calls the state of an account; "" where that may not be read."""
    if reader is None:
        return ""
    try:
        page = await reader.read(Call(product="api", method="GET", path=f"/2010-04-01/Accounts/{sid}.json"))
    except TwilioFault:
        return ""
    return str(page.get("status", ""))


async def _products(about: str, client: Account) -> Sequence[Line]:
    answers = await asyncio.gather(*(_read(client, product, path) for product, path, _ in READS))
    closed = [(name, why) for (_, _, name), why in zip(READS, answers, strict=True) if why]
    if closed:
        what = "; ".join(f"{name}: {why}" for name, why in closed)
        mend = "Give the API key these permissions (a Standard key has them), or use the auth token."
        return [fail(about, f"some of what Tenfour reads is closed to it: {what}.", mend)]
    return [ok(about, f"all that Tenfour reads is open to it ({len(READS)} reads).")]


async def _read(client: Account, product: Product, path: str) -> str:
    """Why this cannot be read; "" when it can, or when there is nothing of it."""
    params = {} if product in ("pricing", "flex-api") else {"PageSize": "1"}
    try:
        await client.read(Call(product=product, method="GET", path=path, params=params))
    except Refused as no:
        return "" if no.absent else f"HTTP {no.status}, {no.code}"
    except Throttled:
        return ""  # it would have been refused before
    except TwilioFault as fault:
        return type(fault).__name__
    return ""
