"""`flex.proxy`: A2P for Flex UI 1.x, whose numbers hand their messages to Proxy themselves (twilio.md 1.4 and 3)."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from bot.catalog.flex.chain import FEES, NOTES, Arrival, Chain, new_service, plan_chain, standing_service
from bot.catalog.flex.forms import FlexProxy
from bot.catalog.flex.numbers import Routing
from bot.catalog.flex.parts import Part
from bot.catalog.form import parse
from bot.catalog.numbers.owned import Surroundings, listed, owned, surroundings
from bot.catalog.operation import Context, Operation
from bot.catalog.senders.pool import Pool
from bot.catalog.services import edit as services
from bot.catalog.services.settings import settings_of
from bot.catalog.webhooks import of_webhook
from bot.plans.finding import Finding, note, warn
from bot.plans.plan import Plan
from bot.twilio import reads, reads_conversations
from bot.twilio.reads_conversations import Flex

CHAIN: Final = Chain("flex.proxy", "Set up A2P for Flex with Proxy")
PROXY_IS_CLOSED: Final = (
    "Twilio Proxy is a public beta: closed to new customers (Flex accounts that use it may go on), and without an SLA."
)
_UPDATE: Final = next(o for o in services.OPERATIONS if o.name == "service.update")


async def _plan_proxy(form: FlexProxy, context: Context) -> Plan:
    account = context.account
    (pool, part), flex, around, mine = await asyncio.gather(
        _service(form, context),
        reads_conversations.flex(account),
        surroundings(account),
        _owned(form, context),
    )
    findings = (
        *_of_proxy(flex),
        *(f for n in mine for f in _of_number(n, around)),
        *_of_purchase(form.phone_numbers or ()),
        *part.findings,
    )
    arrival = Arrival(pool, Routing(), Part(part.steps, findings=findings, differences=part.differences))
    return await plan_chain(CHAIN, form, context, arrival)


async def _owned(form: FlexProxy, context: Context) -> list[reads.OwnedNumber]:
    return await owned(context.account, form.numbers, "numbers") if form.numbers else []


async def _service(form: FlexProxy, context: Context) -> tuple[Pool, Part]:
    """The service of the chain, which must defer to the sender's webhook, and what makes it so."""
    if form.service == "new":
        return await new_service(form.service_name, "defer", context)
    pool, stands = await standing_service(form.service_sid, context)
    if not pool.service.answers_inbound:
        return pool, Part((stands,))
    asked = {**settings_of(pool.service), "service_sid": pool.service.sid, "inbound": "defer"}
    update = await _UPDATE.plan(parse(services.ServiceUpdate, asked), context)
    step = update.steps[0].model_copy(
        update={"id": "defer", "title": f"Let “{pool.service.friendly_name}” defer to the sender's webhook"}
    )
    findings = (*(f.model_copy(update={"field": "service_sid"}) for f in update.findings), _changes_mode(pool))
    deferring = pool.service.model_copy(update={"use_inbound_webhook_on_number": True, "inbound_request_url": None})
    after = Pool(deferring, pool.numbers, pool.short_codes, pool.campaign)
    return after, Part((stands, step), findings=findings, differences=update.differences)


def _changes_mode(pool: Pool) -> Finding:
    service = pool.service
    was = f"the webhook {service.inbound_request_url}" if service.inbound_request_url else "the service itself"
    text = (
        f"Until now {was} decides what becomes of messages to {_every(len(pool.numbers))} of "
        f"“{service.friendly_name}”. From then on each number's own webhook does."
    )
    return warn(
        "inbound-mode-changes", text, "Take a new service if its other numbers must stay as they are.", "service_sid"
    )


def _every(numbers: int) -> str:
    return "the only number" if numbers == 1 else f"all {numbers} numbers"


def _of_proxy(flex: Flex | None) -> Iterator[Finding]:
    onboard = "On Flex UI 2.x use `/a2p-flex onboard`: Twilio recommends Flex Conversations to everybody who can."
    if flex is not None and not flex.before_conversations and flex.ui_version:
        text = f"Flex runs its interface {flex.ui_version} here, for which Twilio recommends Flex Conversations."
        yield warn("flex-ui-2", text, "Use `/a2p-flex onboard`, unless agents still work in Flex UI 1.x.", "service")
    yield warn("proxy-closed", PROXY_IS_CLOSED, onboard, "service")
    text = (
        "Proxy and Flex's messaging flows are not configured here. The numbers keep their own webhooks, to which the "
        "service defers: those of Flex, as set up before."
    )
    yield note("proxy-not-configured", text, "", "numbers")


def _of_number(number: reads.OwnedNumber, around: Surroundings) -> Iterator[Finding]:
    name, address = number.phone_number, around.address(number)
    if address and address.answers:
        text = f"{name} has an address that makes conversations, which Flex UI 1.x does not show."
        fix = "Delete it with `/a2p-address delete`, or use `/a2p-flex onboard`."
        yield warn("address-beside-proxy", text, fix, "numbers")
    if not number.handler:
        text = f"{name} has no webhook of its own: nothing hands its messages to Flex."
        yield warn("webhook-blank", text, "Set it up in Flex (Messaging, SMS) before or after this.", "numbers")
    if number.sms_url:
        yield from of_webhook(number.sms_url, f"The webhook of {name}", "numbers")


def _of_purchase(bought: Sequence[str]) -> list[Finding]:
    if not bought:
        return []
    text = f"{listed(bought)}: bought blank, so nothing hands messages to Flex yet."
    return [warn("webhook-blank", text, "Set them up in Flex (Messaging, SMS) once they are bought.", "phone_numbers")]


OPERATIONS = (
    Operation(
        name="flex.proxy",
        title="Set up Flex (UI 1.x)",
        summary=(
            "Flex with Proxy, from numbers to a delivered text. Have at hand: the tax id, the privacy and terms pages, "
            "two sample messages."
        ),
        command="/a2p-flex",
        word="proxy",
        form=FlexProxy,
        plan=_plan_proxy,
        next="Text a number from a phone: it should reach an agent in Flex as before. `/a2p-message test` sends one.",
        fees=FEES,
        notes=(
            f"{PROXY_IS_CLOSED} On Flex UI 2.x use `/a2p-flex onboard`.",
            "The service is set to defer to the sender's webhook (`UseInboundWebhookOnNumber=true`), so that Flex goes "
            "on hearing of messages as it does now. Proxy itself is not configured here.",
            *NOTES,
        ),
    ),
)
