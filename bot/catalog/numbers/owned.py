"""The account's own numbers, as several operations need them: found by what people wrote, and what is around them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.catalog.operation import CannotPlanError
from bot.plans.call import segment
from bot.plans.finding import Finding, note, warn
from bot.twilio import reads, reads_conversations
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account
from bot.twilio.reads_conversations import Address

MOST_NAMED = 5
"""How many numbers a sentence names before it only counts the rest."""
NOBODY_ANSWERS = "nobody-answers"
"""The code of the finding that a number's inbound messages reach nobody."""


async def owned(account: Account, wanted: Sequence[str], field: str) -> list[reads.OwnedNumber]:
    """The numbers that are meant (E.164 or PN SID), each once, in this order. Raises `CannotPlanError` on the field.

    They are asked for one by one: an account may own thousands.
    """
    found = await asyncio.gather(*(_one(account, w) for w in wanted))
    missing = [w for w, number in zip(wanted, found, strict=True) if number is None]
    if missing:
        raise CannotPlanError(
            f"This account does not own {listed(missing)}. Check the digits and the account, or buy it first with "
            "`/a2p-number buy`.",
            field,
        )
    return list({number.sid: number for number in found if number}.values())


def number_path(account: Account, number_sid: str) -> str:
    """Path of one number; takes a SID, or a reference such as `{number_1.sid}`."""
    written = number_sid if number_sid.startswith("{") else segment(number_sid)
    return f"/2010-04-01/Accounts/{account.sid}/IncomingPhoneNumbers/{written}.json"


@dataclass(frozen=True)
class Surroundings:
    """What else decides about a number's inbound messages: pools by number SID, addresses by E.164 number.

    `addresses` is None when the key may not read Conversations.
    """

    homes: Mapping[str, reads.Service]
    addresses: Mapping[str, tuple[Address, ...]] | None

    def home(self, number: reads.OwnedNumber) -> reads.Service | None:
        """The service in whose pool the number is: the number itself does not say (twilio.md 0.19)."""
        return self.homes.get(number.sid)

    def where(self, number: reads.OwnedNumber) -> str:
        """In which service the number is, in words."""
        home = self.home(number)
        return f"in “{home.friendly_name}”" if home else "in no service"

    def address(self, number: reads.OwnedNumber, channel: str = "sms") -> Address | None:
        """The number's address configuration of a channel."""
        found = (self.addresses or {}).get(number.phone_number, ())
        return next((a for a in found if a.type == channel), None)


async def surroundings(account: Account) -> Surroundings:
    """What stands around the account's numbers. Takes a request for each messaging service."""
    services, addresses = await asyncio.gather(reads.services(account), addresses_by_number(account))
    by_sid = {s.sid: s for s in services}
    homes = {number: by_sid[sid] for number, sid in (await reads.pools(account, by_sid)).items()}
    return Surroundings(homes, addresses)


async def addresses_by_number(account: Account) -> Mapping[str, tuple[Address, ...]] | None:
    """Every address configuration by the number that it is of; None when the key may not read Conversations."""
    try:
        addresses = await reads_conversations.addresses(account)
    except Refused as fault:
        if fault.credentials:
            return None
        raise
    found: dict[str, tuple[Address, ...]] = {}
    # a plan is made twice, and in which order Twilio lists is its own affair
    for address in sorted(addresses, key=lambda a: a.address):
        found[address.number] = (*found.get(address.number, ()), address)
    return found


def routing(number: reads.OwnedNumber, around: Surroundings, field: str = "") -> list[Finding]:
    """What is odd about where this number's inbound messages go (twilio.md 0.17, 0.20 and 1.4)."""
    address = around.address(number)
    answers = bool(address and address.answers)
    found: list[Finding] = []
    if address and not answers:
        text = f"The address of {number.phone_number} is switched off: it makes no conversations."
        fix = "Switch it on with `/a2p-address update`, or delete it."
        found.append(warn("address-off", text, fix, field, (45761,)))
    if number.handler and answers:
        found.append(answers_twice(number, field))
    found += _by_service(number, around.home(number), field, address_answers=answers)
    home = around.home(number)
    if not (number.handler or answers or (home and home.answers_inbound) or around.addresses is None):
        found.append(nobody_answers([number.phone_number], field))
    return found


def nobody_answers(numbers: Sequence[str], field: str = "") -> Finding:
    """Numbers whose inbound messages reach nobody."""
    text = f"Nothing answers {listed(numbers)}: no webhook, no address, and no service that does."
    fix = "`/a2p-address create`, or set a webhook with `/a2p-number configure`."
    return note(NOBODY_ANSWERS, text, fix, field)


def answers_twice(number: reads.OwnedNumber, field: str) -> Finding:
    """A number's own handler beside an address: one page of Twilio's says that both run, and that one does not."""
    text = (
        f"{number.phone_number} has a webhook of its own ({number.handler}) beside its address. Both may run, so that "
        "people are answered twice, or the webhook may be ignored: Twilio's pages say either."
    )
    return warn("answers-twice", text, "Blank it: `/a2p-number configure`, *Blank, for Flex*.", field)


def service_beside(number: reads.OwnedNumber, home: reads.Service, field: str) -> Finding:
    """A service that handles inbound messages beside an address."""
    if home.inbound_request_url:
        does = f"sends inbound messages to a webhook ({home.inbound_request_url})"
    else:
        # the API shows both in the same way (twilio.md 1.4)
        does = "drops inbound messages, or makes conversations itself (Autocreate, which no API shows)"
    text = (
        f"{number.phone_number} is in “{home.friendly_name}”, which {does}. Beside its address, people may be answered "
        "twice or not by Flex."
    )
    fix = "Let the service defer to the sender's webhook: `/a2p-service update`."
    return warn("service-answers", text, fix, field)


def listed(names: Sequence[str]) -> str:
    """A few names in one sentence."""
    shown = ", ".join(names[:MOST_NAMED])
    return f"{shown} and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else shown


def count(numbers: int) -> str:
    """`1 number`, `3 numbers`."""
    return "1 number" if numbers == 1 else f"{numbers} numbers"


def _by_service(
    number: reads.OwnedNumber, home: reads.Service | None, field: str, *, address_answers: bool
) -> list[Finding]:
    if home is None or not home.answers_inbound:
        return []
    if address_answers:
        return [service_beside(number, home, field)]
    if number.handler:
        text = (
            f"{number.phone_number} has a webhook of its own, which is not called: “{home.friendly_name}” handles "
            "inbound messages itself."
        )
        return [warn("two-webhooks", text, "Let the service defer to the sender's webhook.", field)]
    return []


async def _one(account: Account, wanted: str) -> reads.OwnedNumber | None:
    if wanted.startswith("PN"):
        return await reads.owned_number(account, wanted)
    return next(iter(await reads.owned_numbers(account, wanted)), None)
