"""Changing Conversations addresses: `address.update` (twilio.md section 3)."""

import asyncio
from collections.abc import Sequence
from typing import Any

from bot.catalog.addresses.checks import NOTES, Conversations, check_answering, find_address, read_conversations
from bot.catalog.addresses.forms import AddressUpdate
from bot.catalog.addresses.settings import SERVICE, Settings, as_shown, settings_of, wanted
from bot.catalog.addresses.steps import update_address_step
from bot.catalog.form import Values, answer
from bot.catalog.numbers.owned import answers_twice, service_beside, surroundings
from bot.catalog.operation import Context, Operation
from bot.catalog.rules import flag
from bot.plans.finding import Finding, block, warn
from bot.plans.plan import Difference, Plan
from bot.plans.step import CallStep
from bot.twilio import reads
from bot.twilio.gateway import Account
from bot.twilio.reads_conversations import Address, AutoCreation


async def _plan_update(form: AddressUpdate, context: Context) -> Plan:
    account = context.account
    address, on = await asyncio.gather(find_address(account, form.number), read_conversations(account))
    settings: Settings = _wanted(form, address, on) | {"AutoCreation.Enabled": flag(form.enabled)}
    differences: list[Difference] = []
    if settings != settings_of(address.auto_creation):
        before, after = on.described(address.auto_creation), on.described(as_shown(settings))
        differences.append(Difference(field=address.address, before=before, after=after))
    more: dict[str, str] = {}
    if (form.friendly_name or "") != (address.friendly_name or ""):
        more["FriendlyName"] = form.friendly_name or ""
        old, new = address.friendly_name or None, form.friendly_name or None
        differences.append(Difference(field="Name of the address", before=old, after=new))
    steps = (update_address_step("address", address, settings, more),) if differences else ()
    return Plan(
        operation="address.update",
        account=account.sid,
        title=f"Change the address of {address.address}",
        steps=steps,
        differences=tuple(differences),
        findings=(*_nothing(address, steps), *check_answering(form, on), *await _beside(account, address, form)),
    )


def _wanted(form: AddressUpdate, address: Address, on: Conversations) -> dict[str, Any]:
    """What the form asks for. The default service is named where another one stood: an absent name may leave it."""
    stood = address.auto_creation.conversation_service_sid if address.auto_creation else None
    default = on.defaults.default_chat_service_sid
    if form.conversation_service_sid or not stood or not default:
        return dict(wanted(form))
    return {**wanted(form), SERVICE: default}


def _nothing(address: Address, steps: Sequence[CallStep]) -> list[Finding]:
    if steps:
        return []
    text = f"The address of {address.address} is set like this already."
    return [block("nothing-to-do", text, "Change something.", "type")]


async def _beside(account: Account, address: Address, form: AddressUpdate) -> list[Finding]:
    """What else answers the number of an address that makes conversations."""
    if not form.enabled:
        text = f"Nothing makes conversations for {address.address} then: its own webhook or service answers, if any."
        return [warn("switched-off", text, "", "enabled")]
    if address.type != "sms" or address.number.isdigit():
        return []
    number = next(iter(await reads.owned_numbers(account, address.number)), None)
    if number is None:
        text = f"This account does not own {address.number} (any more): no message comes in there."
        return [warn("no-number", text, "Delete the address with `/a2p-address delete`.", "number")]
    found = [answers_twice(number, "number")] if number.handler else []
    home = (await surroundings(account)).home(number)
    return [*found, service_beside(number, home, "number")] if home and home.answers_inbound else found


async def _prefill_update(values: Values, account: Account) -> dict[str, Any]:
    """What the chosen address is set to now."""
    chosen = answer(AddressUpdate, "number", values)
    if chosen is None:
        return {}
    address = await find_address(account, chosen)
    auto = address.auto_creation or AutoCreation()
    return {
        "type": auto.type or "studio",
        "flow_sid": auto.studio_flow_sid or "",
        "retry_count": "" if auto.studio_retry_count is None else str(auto.studio_retry_count),
        "webhook_url": auto.webhook_url or "",
        "webhook_method": auto.webhook_method or "POST",
        "webhook_filters": list(auto.webhook_filters or ()),
        "conversation_service_sid": auto.conversation_service_sid or "",
        "friendly_name": address.friendly_name or "",
        "enabled": bool(auto.enabled),
    }


OPERATIONS = (
    Operation(
        name="address.update",
        title="Change an address",
        summary="Another flow, webhook or conversation service answers a number.",
        command="/a2p-address",
        word="update",
        form=AddressUpdate,
        plan=_plan_update,
        prefill=_prefill_update,
        notes=NOTES,
    ),
)
