"""What Twilio says of an account itself."""

from bot.plans.call import Call
from bot.twilio.gateway import Account


async def prove(account: Account) -> None:
    """Read something that Twilio shows only to this very account. Raises `TwilioFault` when it does not.

    Product subdomains act on whatever account the credentials belong to, so a key of another account would go unnoticed
    there; a path with the account's SID refuses it (twilio.md 11.9). Numbers, since a Standard key may not read the
    account's own page.
    """
    path = f"/2010-04-01/Accounts/{account.sid}/IncomingPhoneNumbers.json"
    await account.read(Call(product="api", method="GET", path=path, params={"PageSize": "1"}))
