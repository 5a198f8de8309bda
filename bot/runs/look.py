"""What Twilio shows of a call, whatever its answer was."""

from typing import Any

from bot.plans.call import Results
from bot.plans.step import Adopt, found
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account


async def shown(account: Account, adopt: Adopt, results: Results) -> list[dict[str, Any]]:
    """The things at Twilio that match what the call makes. Raises `TwilioFault`."""
    read = adopt.read.resolved(results)
    try:
        answer = {adopt.items: await account.pages(read, adopt.items)} if adopt.items else await account.read(read)
    except Refused as fault:
        if fault.absent:
            return []
        raise
    # an empty answer is nothing that any match could be about
    return found(adopt, answer, results) if answer else []
