"""Deleting a messaging service in the safe order: `service.delete` (twilio.md 1.3 and 13.3)."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from bot.catalog import console
from bot.catalog.addresses.steps import delete_address_step
from bot.catalog.campaigns.delete import named, of_external, of_numbers
from bot.catalog.campaigns.steps import delete_step, standing_step
from bot.catalog.form import Ask, Form
from bot.catalog.found import found_service
from bot.catalog.numbers.owned import listed
from bot.catalog.operation import Context, Operation
from bot.catalog.rules import ServiceSid
from bot.catalog.senders.pool import Place, remove_step, shown
from bot.catalog.senders.remove import deregistration, numbers_left
from bot.catalog.services import checks as service_checks
from bot.checks import eligibility
from bot.plans.call import Call, segment
from bot.plans.finding import Finding, note, warn
from bot.plans.plan import Difference, Plan
from bot.plans.step import Adopt, CallStep, Step
from bot.twilio import reads, reads_conversations
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account
from bot.twilio.numbering import toll_free
from bot.twilio.reads_conversations import Address


class ServiceDelete(Form):
    """A messaging service that goes, with or without what routes the replies to its numbers."""

    page_titles = ("Delete a service",)

    service_sid: Annotated[
        ServiceSid,
        Ask(
            "Messaging service",
            "Its campaign and its pool go with it. Numbers stay in the account.",
            "lookup",
            source="services",
        ),
    ]
    delete_addresses: Annotated[
        bool,
        Ask(
            "Delete its numbers' Conversations addresses",
            "No keeps replies to the numbers flowing into Conversations and Flex, as the numbers are kept too.",
            "yes_no",
        ),
    ] = False
    wait: Annotated[
        bool,
        Ask(
            "Wait for deregistration",
            "For a verified campaign: removes its numbers only when carriers have let go of them (days). Safest.",
            "yes_no",
        ),
    ] = True


async def _plan_delete(form: ServiceDelete, context: Context) -> Plan:
    account = context.account
    service = await found_service(account, form.service_sid)
    around, default = await asyncio.gather(service_checks.read(account, service), _is_default(account, service.sid))
    addresses = around.pool_addresses()
    return Plan(
        operation="service.delete",
        account=account.sid,
        title=f"Delete the messaging service “{service.friendly_name}”",
        steps=tuple(_steps(service, around, addresses if form.delete_addresses else [], wait=form.wait)),
        differences=tuple(_differences(service, around, addresses if form.delete_addresses else [])),
        findings=tuple(_findings(service, around, addresses, form, default=default)),
    )


def _steps(
    service: reads.Service, around: service_checks.Around, addresses: Sequence[Address], *, wait: bool
) -> list[Step]:
    """Campaign, senders, addresses, service: each stands on what comes after it."""
    steps: list[Step] = []
    campaign = around.campaign
    if campaign is not None:
        steps += [standing_step("standing", service, campaign), delete_step("campaign", service.sid, campaign)]
        watches = numbers_left(around.senders, "campaign")
        if wait and campaign.campaign_status == "VERIFIED" and not campaign.mock and watches:
            steps.append(deregistration(watches, "campaign"))
    place = Place(service.sid, service.friendly_name)
    steps += [remove_step(place, f"remove_{i}", s, until="service") for i, s in enumerate(around.senders, 1)]
    steps += [delete_address_step(f"address_{i}", a) for i, a in enumerate(addresses, 1)]
    return [*steps, _delete(service)]


def _delete(service: reads.Service) -> CallStep:
    path = f"/v1/Services/{segment(service.sid)}"
    return CallStep(
        id="service",
        title=f"Delete the messaging service “{service.friendly_name}”",
        call=Call(product="messaging", method="DELETE", path=path),
        adopt=Adopt(read=Call(product="messaging", method="GET", path=path), gone=True),
        keep=(),
        advice={409: "Something was added to it meanwhile. Abandon this change and ask for a new one, which sees it."},
        lasting="A deleted messaging service cannot be brought back.",
    )


def _differences(
    service: reads.Service, around: service_checks.Around, addresses: Sequence[Address]
) -> list[Difference]:
    name = f"“{service.friendly_name}”"
    gone = [Difference(field="Messaging service", before=f"{name} ({service.sid})", after=None)]
    if around.campaign is not None:
        gone.append(Difference(field="Campaign", before=named(around.campaign), after=None))
    for sender in around.senders:
        made_here = sender.kind in ("alpha", "country_alpha")
        gone.append(Difference(field=shown(sender), before=f"in {name}", after=None if made_here else "in no service"))
    return [*gone, *(Difference(field=f"Address of {a.address}", before="exists", after=None) for a in addresses)]


def _findings(
    service: reads.Service,
    around: service_checks.Around,
    addresses: Sequence[Address],
    form: ServiceDelete,
    *,
    default: bool,
) -> list[Finding]:
    found: list[Finding] = []
    numbers = [s for s in around.senders if s.kind == "number"]
    if around.campaign is not None:
        found += _campaign(service, around.campaign, [n.name for n in numbers if not toll_free(n.name)])
    if default:
        text = (
            f"“{service.friendly_name}” is the default messaging service of Conversations: with it goes what new "
            "conversations send by (21733)."
        )
        fix = f"Choose another default first: {console.CONVERSATIONS_DEFAULTS}"
        found.append(warn("conversations-default", text, fix, "service_sid", (21733,)))
    if numbers:
        found += _numbers(service, [n.name for n in numbers])
    others = [shown(s) for s in around.senders if s.kind in ("short_code", "channel")]
    if others:
        text = f"{listed(others)}: stays in the account, and goes on costing what it costs."
        found.append(note("senders-stay", text, "", "service_sid"))
    if addresses:
        found.append(_addresses(addresses, going=form.delete_addresses))
    if form.delete_addresses and around.addresses is None:
        text = "Whether its numbers have Conversations addresses cannot be read with this key: none is deleted."
        found.append(warn("addresses-unread", text, "Look at the numbers in Flex Console.", "delete_addresses"))
    text = "What sends by this service's SID fails from then on (21701). A new service has another SID."
    return [*found, warn("sid-gone", text, "Change it where your applications name it.", "service_sid", (21701,))]


def _campaign(service: reads.Service, campaign: reads.Campaign, numbers: Sequence[str]) -> list[Finding]:
    suspension = eligibility.of_suspension(service, campaign, "service_sid")
    found = [*suspension, *of_external(campaign), *of_numbers(service, campaign, numbers)]
    if campaign.is_externally_registered:
        text = "To associate it again takes a new share in TCR, and each review by secondary DCAs costs $15."
    else:
        text = (
            f"The campaign goes too ({campaign.campaign_status}). There is no way back: a new one is vetted for $15 "
            "again, in 10 to 15 business days, and each number is registered anew."
        )
    return [*found, warn("campaign-goes", text, "Keep a copy of its texts.", "service_sid")]


def _numbers(service: reads.Service, numbers: Sequence[str]) -> list[Finding]:
    text = (
        f"{listed(numbers)}: not released. They stay in the account, in no service, and go on costing their monthly "
        "price. Their sticky sender mappings are deleted."
    )
    found = [note("numbers-stay", text, "`/a2p-number release` gives them back.", "service_sid")]
    if service.answers_inbound:
        text = (
            "Replies no longer go where the service sends them: each number's own webhook or address answers, if any."
        )
        found.append(note("answered-elsewhere", text, "Look at `/a2p-number list` afterwards.", "service_sid"))
    return found


def _addresses(addresses: Sequence[Address], *, going: bool) -> Finding:
    names = listed([a.address for a in addresses])
    if going:
        text = f"{names}: its address is deleted, so texts to it make no conversations and do not reach Flex any more."
        return warn("addresses-go", text, "Answer No to keep them.", "delete_addresses")
    text = f"{names}: its address stays, so texts to it still make conversations, as before."
    return note("addresses-stay", text, "Answer Yes to delete them too.", "delete_addresses")


async def _is_default(account: Account, service_sid: str) -> bool:
    try:
        defaults = await reads_conversations.defaults(account)
    except Refused as fault:
        if fault.absent or fault.credentials:
            return False
        raise
    return defaults.default_messaging_service_sid == service_sid


OPERATIONS = (
    Operation(
        name="service.delete",
        title="Delete a messaging service",
        summary="Campaign, pool and service go, in the safe order; numbers stay in the account.",
        command="/a2p-service",
        word="delete",
        form=ServiceDelete,
        plan=_plan_delete,
        notes=(
            "The order: campaign or association, wait for deregistration, senders, addresses if wanted, the service. "
            "What Twilio does when a service is deleted with all that in it is not documented.",
            "Refused while the campaign is SUSPENDED (21729): Twilio lets nothing of it be changed.",
            "Numbers are not released, and short codes, WhatsApp and RCS senders stay in the account.",
            "There is no undo for the campaign and the service. While the service stands, its senders can be put back; "
            "deleted addresses can be made again at any time.",
        ),
        next="Numbers that nobody needs cost their price until `/a2p-number release`.",
    ),
)
