"""Typed reads about sending: what a message costs, and whether the account is a trial one."""

from decimal import Decimal, InvalidOperation

from bot.plans.call import Call
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account


async def sms_price(account: Account) -> Decimal | None:
    """Our highest price in US dollars for one segment from a local number to a US phone, carrier fees not included.

    None when Twilio names none or the key may not ask.
    """
    call = Call(product="pricing", method="GET", path="/v1/Messaging/Countries/US")
    try:
        answer = await account.read(call)
    except Refused:
        return None
    entries = [p for carrier in answer.get("outbound_sms_prices") or [] for p in carrier.get("prices") or []]
    try:
        amounts = [Decimal(str(p.get("current_price"))) for p in entries if p.get("number_type") == "local"]
    except InvalidOperation:
        return None
    return max(amounts, default=None)


async def trial(account: Account) -> bool | None:
    """Whether the account is a trial one, which texts verified phones only (21608). None when the key may not ask."""
    try:
        page = await account.read(Call(product="api", method="GET", path=f"/2010-04-01/Accounts/{account.sid}.json"))
    except Refused:
        return None
    return page.get("type") == "Trial"
