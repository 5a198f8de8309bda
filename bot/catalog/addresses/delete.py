"""Deleting Conversations addresses: `address.delete` (twilio.md section 3)."""

import asyncio
from collections.abc import Sequence

from bot.catalog.addresses.checks import find_address, read_conversations
from bot.catalog.addresses.forms import AddressDelete
from bot.catalog.addresses.steps import delete_address_step
from bot.catalog.numbers.owned import Surroundings, listed, surroundings
from bot.catalog.operation import Context, Operation
from bot.plans.finding import Finding, note, warn
from bot.plans.plan import Difference, Plan
from bot.twilio import reads
from bot.twilio.gateway import Account
from bot.twilio.reads_conversations import Address


async def _plan_delete(form: AddressDelete, context: Context) -> Plan:
    account = context.account
    found = await asyncio.gather(*(find_address(account, wanted) for wanted in form.number))
    addresses = list({a.sid: a for a in found}.values())
    on, around = await asyncio.gather(read_conversations(account), surroundings(account))
    named = addresses[0].address if len(addresses) == 1 else f"{len(addresses)} numbers"
    return Plan(
        operation="address.delete",
        account=account.sid,
        title=f"Delete the {'address' if len(addresses) == 1 else 'addresses'} of {named}",
        steps=tuple(delete_address_step(f"address_{i}", a) for i, a in enumerate(addresses, 1)),
        differences=tuple(
            Difference(field=a.address, before=on.described(a.auto_creation), after=None) for a in addresses
        ),
        findings=(await _left(account, addresses, around),),
    )


async def _left(account: Account, addresses: Sequence[Address], around: Surroundings) -> Finding:
    """What answers once the addresses are gone."""
    numbers = await asyncio.gather(*(reads.owned_numbers(account, a.number) for a in addresses if a.type == "sms"))
    owners = [n for mine in numbers for n in mine]
    silent = [
        n.phone_number for n in owners if not n.handler and not ((home := around.home(n)) and home.answers_inbound)
    ]
    open_ones = "Conversations that are open go on."
    if silent:
        text = f"Nothing answers {listed(silent)} then: no webhook, and no service that does. {open_ones}"
        return warn(
            "nobody-answers", text, "Set a webhook with `/a2p-number configure`, or keep the address.", "number"
        )
    text = f"New messages no longer make conversations; what the number or its service says applies. {open_ones}"
    return note("no-conversations", text, "", "number")


OPERATIONS = (
    Operation(
        name="address.delete",
        title="Delete addresses",
        summary="New messages to a number no longer make conversations; the number stays.",
        command="/a2p-address",
        word="delete",
        form=AddressDelete,
        plan=_plan_delete,
        notes=("Taking it back creates the same address under a new SID.",),
    ),
)
