"""`flex.onboard`: Flex Conversations, which is Flex UI 2.x (twilio.md 1.4 and 3)."""

from collections.abc import Iterator, Sequence
from typing import Final

from bot.catalog import console
from bot.catalog.addresses.checks import (
    BILLED_BY_USE,
    Conversations,
    billed_by_use,
    check_answering,
    read_conversations,
)
from bot.catalog.addresses.forms import Answering
from bot.catalog.addresses.settings import wanted
from bot.catalog.flex.chain import FEES, NOTES, Arrival, Chain, new_service, plan_chain, standing_service
from bot.catalog.flex.forms import FlexOnboard
from bot.catalog.flex.numbers import Routing
from bot.catalog.flex.parts import Part, service_of
from bot.catalog.form import parse
from bot.catalog.numbers.owned import owned, surroundings
from bot.catalog.operation import CannotPlanError, Context, Operation
from bot.catalog.senders.kinds import as_sender
from bot.catalog.senders.pool import Pool
from bot.catalog.services.checks import Around, of_inbound
from bot.catalog.services.settings import autocreate_step
from bot.plans.call import Call, Ref, segment
from bot.plans.finding import Finding, note, warn
from bot.plans.plan import Plan
from bot.plans.step import CallStep, Step
from bot.twilio import reads

CHAIN: Final = Chain("flex.onboard", "Set up Flex Conversations")
_NO_DEFAULT: Final = (
    "Conversations has no default messaging service on this account. Set one in Console "
    f"({console.CONVERSATIONS_DEFAULTS}), or choose a new or another service here."
)
_FIELDS: Final = {"type": "routing", "inbound": "routing"}
"""This form's question for each one that the parts of it speak of."""


async def _plan_onboard(form: FlexOnboard, context: Context) -> Plan:
    on = await read_conversations(context.account)
    answering = parse(Answering, _answering(form))
    pool, part = await _service(form, context, on)
    findings = (
        *_of_flex(on),
        *_of_answering(form, check_answering(answering, on)),
        *await _answering_beside(form, context, pool),
        *part.findings,
        billed_by_use("routing"),
    )
    routing = Routing(wanted(answering) if form.routing == "addresses" else None, on, blanks=True)
    asked = tuple(f.model_copy(update={"field": _FIELDS.get(f.field, f.field)}) for f in findings)
    return await plan_chain(CHAIN, form, context, Arrival(pool, routing, Part(part.steps, findings=asked)))


def _answering(form: FlexOnboard) -> dict[str, object]:
    """What answers, as an address would be asked for it; Autocreate makes conversations and attaches nothing."""
    if form.routing == "autocreate":
        return {"type": "default"}
    return {
        "type": "studio",
        "flow_sid": form.flow_sid,
        "retry_count": form.retry_count,
        "conversation_service_sid": form.conversation_service_sid,
    }


async def _service(form: FlexOnboard, context: Context, on: Conversations) -> tuple[Pool, Part]:
    """The service of the chain and what is done to it. Raises `CannotPlanError`."""
    by_hand = form.routing == "autocreate"
    if form.service == "new":
        pool, part = await new_service(form.service_name, "autocreate" if by_hand else "defer", context)
        return pool, Part((*part.steps, *_seen(pool, by_hand=by_hand)), findings=part.findings)
    default = on.defaults.default_messaging_service_sid
    if form.service == "default" and not default:
        raise CannotPlanError(_NO_DEFAULT, "service")
    field = "service" if form.service == "default" else "service_sid"
    pool, stands = await standing_service(
        default or "" if form.service == "default" else form.service_sid, context, field
    )
    name, sid = pool.service.friendly_name, pool.service.sid
    switch = (autocreate_step("autocreate", name, console.service(sid)),) if by_hand else ()
    return pool, Part((stands, *switch, *_seen(pool, by_hand=by_hand)))


def _seen(pool: Pool, *, by_hand: bool) -> tuple[Step, ...]:
    """The look at what Autocreate changes about a service that deferred to its numbers before."""
    if not by_hand or pool.service.answers_inbound:
        return ()
    service, name = service_of(pool), pool.service.friendly_name
    in_path = str(service) if isinstance(service, Ref) else segment(service)
    look = CallStep(
        id="autocreate_seen",
        title=f"Look whether “{name}” handles inbound messages itself now (it may take 60 seconds)",
        call=Call(product="messaging", method="GET", path=f"/v1/Services/{in_path}"),
        expect={"use_inbound_webhook_on_number": "false"},
        skippable="whether Autocreate is on was not seen: Twilio's API shows it at best indirectly",
    )
    return (look,)


def _of_flex(on: Conversations) -> Iterator[Finding]:
    if on.flex is None:
        text = (
            "Whether this account has Flex, and which, cannot be read (no Flex here, or a key without rights on it). "
            "Flex Conversations needs Flex UI 2.x."
        )
        yield note("flex-unread", text, "For Flex UI 1.x use `/a2p-flex proxy`.", "routing")


def _of_answering(form: FlexOnboard, found: Sequence[Finding]) -> list[Finding]:
    if form.routing == "addresses":
        return list(found)
    # what Autocreate makes goes to the default conversation service, and Flex routes it from there
    fitting = (f for f in found if f.code != "nothing-attached")
    return [
        f.model_copy(update={"severity": "warn", "field": "routing"}) if f.code == "not-flexs-service" else f
        for f in fitting
    ]


async def _answering_beside(form: FlexOnboard, context: Context, pool: Pool) -> list[Finding]:
    """Who else answers the same messages: the service beside addresses, or addresses beside the service."""
    if form.routing == "addresses":
        return _service_beside(form, pool.service)
    around = await surroundings(context.account)
    mine = await owned(context.account, form.numbers, "numbers") if form.numbers else []
    # their own webhooks go
    blank = [n.model_copy(update={"sms_url": None, "sms_application_sid": None}) for n in mine]
    members = tuple(as_sender(n) for n in pool.numbers)
    return of_inbound("autocreate", Around(members, pool.campaign, tuple(blank), around.addresses), "routing")


def _service_beside(form: FlexOnboard, service: reads.Service) -> list[Finding]:
    if not service.answers_inbound:
        return []
    if service.inbound_request_url:
        does = f"sends inbound messages to a webhook ({service.inbound_request_url})"
    else:
        does = "drops inbound messages, or makes conversations itself (Autocreate, which no API shows)"
    text = (
        f"“{service.friendly_name}” {does}. Beside the addresses of its numbers, people may be answered twice or not "
        "by Flex; which of the two comes first is not documented."
    )
    fix = "Let it defer to the sender's webhook first: `/a2p-service update`. Or choose Autocreate here."
    return [warn("service-answers", text, fix, "service_sid" if form.service == "existing" else "service")]


OPERATIONS = (
    Operation(
        name="flex.onboard",
        title="Set up Flex (UI 2.x)",
        summary=(
            "From numbers to a delivered text, in one change. Have at hand: the tax id, the privacy and terms pages, "
            "two sample messages."
        ),
        command="/a2p-flex",
        word="onboard",
        form=FlexOnboard,
        plan=_plan_onboard,
        next=(
            "Text a number from a phone: the conversation should reach an agent in Flex. `/a2p-message test` sends one "
            "the other way."
        ),
        fees=FEES,
        notes=(
            "For Flex UI 2.x. On Flex UI 1.x, with Proxy, use `/a2p-flex proxy`.",
            "Addresses or Autocreate, never both: a message may be answered twice. For the same reason the numbers' "
            "own webhooks are blanked; undo writes them back.",
            BILLED_BY_USE,
            *NOTES,
        ),
    ),
)
