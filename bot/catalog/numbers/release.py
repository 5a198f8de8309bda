"""Releasing phone numbers in the safe order: `number.release` (twilio.md 2.3 and 13.3)."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field

from bot.catalog.addresses.steps import delete_address_step
from bot.catalog.form import Ask, Form
from bot.catalog.numbers.owned import Surroundings, count, listed, number_path, owned, surroundings
from bot.catalog.operation import Context, Operation
from bot.catalog.rules import NumberOrSid, split_words
from bot.catalog.senders.pool import Place, remove_step
from bot.catalog.sources.numbers import label
from bot.checks import eligibility
from bot.plans.call import Call
from bot.plans.finding import Finding, note, warn
from bot.plans.plan import Difference, Plan
from bot.plans.step import Adopt, CallStep
from bot.twilio import reads
from bot.twilio.gateway import Account
from bot.twilio.reads_senders import Sender

SUSPENDED = 21729


class NumberRelease(Form):
    """Numbers that the account gives back."""

    page_titles = ("Release numbers",)

    numbers: Annotated[
        tuple[NumberOrSid, ...],
        BeforeValidator(split_words),
        Field(min_length=1, max_length=10),
        Ask(
            "Numbers",
            "1 to 10. They leave the account at once, and somebody else may buy them.",
            "lookups",
            source="owned_numbers",
        ),
    ]


async def _plan_release(form: NumberRelease, context: Context) -> Plan:
    account = context.account
    numbers, around = await asyncio.gather(owned(account, form.numbers, "numbers"), surroundings(account))
    services = {home.sid: home for n in numbers if (home := around.home(n))}
    campaigns = {c.messaging_service_sid: c for c in await reads.campaigns(account, list(services))}
    return Plan(
        operation="number.release",
        account=account.sid,
        title=f"Release {numbers[0].phone_number if len(numbers) == 1 else count(len(numbers))}",
        steps=tuple(step for i, n in enumerate(numbers, 1) for step in _steps(account, i, n, around)),
        differences=tuple(Difference(field=n.phone_number, before=_stands(n, around), after=None) for n in numbers),
        findings=(
            _lost(numbers),
            *(f for s in services.values() for f in _pool(s, numbers, around, campaigns.get(s.sid))),
            *(f for n in numbers for f in _used(n, around)),
        ),
    )


def _steps(account: Account, i: int, number: reads.OwnedNumber, around: Surroundings) -> list[CallStep]:
    """Out of its pool, then its address, then the number: each call needs what the next one takes away."""
    steps = []
    home, address = around.home(number), around.address(number)
    if home:
        sender = Sender("number", number.sid, number.phone_number)
        steps.append(remove_step(Place(home.sid, home.friendly_name), f"remove_{i}", sender, until=f"release_{i}"))
    if address:
        steps.append(delete_address_step(f"address_{i}", address, until=f"release_{i}"))
    path = number_path(account, number.sid)
    release = CallStep(
        id=f"release_{i}",
        title=f"Release {number.phone_number}",
        call=Call(product="api", method="DELETE", path=path),
        adopt=Adopt(read=Call(product="api", method="GET", path=path), gone=True),
        keep=(),
        advice={SUSPENDED: "Its campaign is suspended meanwhile: follow the suspension notice. It was not released."},
        skippable=f"{number.phone_number} stays in the account, and goes on costing its monthly price",
        lasting=f"{number.phone_number} was released: anybody can buy it now, and nothing is put back on it.",
    )
    return [*steps, release]


def _stands(number: reads.OwnedNumber, around: Surroundings) -> str:
    name = label(number).partition(" · ")[2]
    address = "address created" if around.address(number) else "no address"
    return ", ".join(filter(None, (name and f"“{name}”", around.where(number), address)))


def _lost(numbers: Sequence[reads.OwnedNumber]) -> Finding:
    text = (
        f"{listed([n.phone_number for n in numbers])}: released at once and for good. Anybody may buy it next, and "
        "then gets the replies of your customers. Buying it back works only while nobody has. What was paid for this "
        "month is not paid back."
    )
    fix = "Take it off web pages, signatures and messages first."
    return warn("lost-for-good", text, fix, "numbers")


def _pool(
    service: reads.Service,
    numbers: Sequence[reads.OwnedNumber],
    around: Surroundings,
    campaign: reads.Campaign | None,
) -> list[Finding]:
    leaving = {n.sid for n in numbers}
    gone = [n.phone_number for n in numbers if (home := around.home(n)) and home.sid == service.sid]
    stays = [sid for sid, home in around.homes.items() if home.sid == service.sid and sid not in leaving]
    name = f"“{service.friendly_name}”"
    found: list[Finding] = []
    if campaign and (stopped := eligibility.of_suspension(service, campaign, "numbers")):
        found += stopped
    elif campaign and campaign.campaign_status == "VERIFIED":
        text = (
            f"The carriers deregister {listed(gone)} from the campaign of {name}; that takes days. Bought again within "
            "them, a number cannot be registered before that has ended."
        )
        found.append(warn("deregistration", text, "", "numbers", (30034,)))
    if service.sticky_sender:
        text = f"{name} has sticky senders: people who heard from {listed(gone)} hear from another number next time."
        found.append(note("sticky-mapping", text, "", "numbers"))
    if not stays:
        text = f"No number is left in the pool of {name}: it cannot send from one any more."
        found.append(warn("pool-empty", text, "Add another number first.", "numbers", (21704,)))
    return found


def _used(number: reads.OwnedNumber, around: Surroundings) -> list[Finding]:
    found: list[Finding] = []
    if number.takes_calls:
        text = f"{number.phone_number} takes calls as well: they fail once it is released."
        found.append(warn("takes-calls", text, "Move the calls to another number first.", "numbers"))
    if around.addresses is None:
        text = f"Whether {number.phone_number} has a Conversations address cannot be read with this key."
        fix = "Delete the address first, if there is one: it would point at nothing."
        found.append(warn("addresses-unread", text, fix, "numbers"))
    if whatsapp := around.address(number, "whatsapp"):
        text = f"{number.phone_number} has a WhatsApp address as well ({whatsapp.sid}), which stays."
        found.append(warn("whatsapp-address", text, "Delete it with `/a2p-address delete`.", "numbers"))
    return found


OPERATIONS = (
    Operation(
        name="number.release",
        title="Release numbers",
        summary="Numbers leave their pool, lose their address, and go back to Twilio, for good.",
        command="/a2p-number",
        word="release",
        form=NumberRelease,
        plan=_plan_release,
        notes=(
            "The order is safe: out of the pool, then the address, then the number.",
            "A release cannot be taken back: the number may belong to somebody else a minute later. If it fails, undo "
            "puts the number into its pool again and makes its address anew.",
        ),
    ),
)
