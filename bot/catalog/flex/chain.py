"""Chains for Flex: from numbers to a verified campaign and a delivered message, as one change that lasts for weeks."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.catalog.answers import new_things
from bot.catalog.flex.forms import FlexChain, FlexOnboard, FlexProxy
from bot.catalog.flex.numbers import Numbers, Routing, read_numbers, verify_steps
from bot.catalog.flex.parts import NEW_SERVICE_SID, ChainNumber, Part, billed, gate, in_dollars, service_of
from bot.catalog.flex.registration import (
    ChainBrand,
    brand_waits,
    campaign_wait,
    new_campaign,
    read_brand,
    standing_campaign,
)
from bot.catalog.form import parse
from bot.catalog.messages import default_text, delivery_step, message_costs, of_recipient, send_step
from bot.catalog.numbers.owned import count
from bot.catalog.operation import Context
from bot.catalog.senders.pool import Pool, read_pool
from bot.catalog.services.checks import of_name, of_new
from bot.catalog.services.edit import create_steps
from bot.catalog.services.settings import Inbound, ServiceSettings
from bot.plans.call import Secret
from bot.plans.finding import Finding, block, note
from bot.plans.masking import mask, secret
from bot.plans.plan import Difference, Plan
from bot.plans.step import ApprovalStep, GivenStep, WaitStep, Watch
from bot.twilio import reads
from bot.twilio.reads_messages import sms_price, trial

FEES: Final = (
    "brand_standard",
    "brand_low_volume",
    "brand_sole_proprietor",
    "campaign_vetting",
    "campaign_monthly",
    "campaign_monthly_low_volume",
    "campaign_monthly_sole_proprietor",
)
NOTES: Final = (
    "One change, one list of steps, for weeks if need be. What stands at Twilio already is shown as done and stays "
    "as it is.",
    "Each paid part has an approval of its own: the numbers at once, the brand and the campaign when their turn comes.",
    "A brand or campaign that is rejected ends nothing: mend and resubmit it, and the chain goes on by itself.",
    "VERIFIED is not ready: the carriers then register each number, which takes minutes to days and shows in no API. "
    "Somebody says so with a button, from Console's CSV of the numbers or a delivered message.",
    "No brand or campaign can be cancelled for its money back. What is free to undo can be undone at any point.",
)
REGISTERED: Final = (
    "I have seen in Console (Phone Numbers, CSV report) or by a delivered message that the numbers are REGISTERED"
)


@dataclass(frozen=True)
class Arrival:
    """Where messages arrive, which is where the chains differ: the service, and what its numbers need beside it.

    `pool` is that of the service, which may be one that the chain makes.
    """

    pool: Pool
    routing: Routing
    part: Part


@dataclass(frozen=True)
class Chain:
    """What a chain is called: its operation, and what people set up with it."""

    operation: str
    sets_up: str


async def plan_chain(chain: Chain, form: FlexOnboard | FlexProxy, context: Context, arrival: Arrival) -> Plan:
    """The whole chain as one plan. Raises `CannotPlanError` and `TwilioFault`."""
    pool = arrival.pool
    numbers = await read_numbers(form, context, pool, arrival.routing)
    registering = await (_new if form.campaign == "new" else _standing)(form, context, pool)
    ending = await _ending(form, context, arrival, numbers, registering)
    parts = [arrival.part, numbers.part]
    opened: list[ApprovalStep] = []
    for what, step_id, part in (*registering.parts[:-1], _joined(registering.parts[-1], ending)):
        before = [s for p in parts for s in p.steps]
        asked = gate(step_id, what, part.costs, before) if step_id else ()
        opened += asked
        parts.append(replace(part, steps=(*asked, *part.steps), costs=billed(part.costs, opened[-1:])))
    findings = (
        *_of_price(opened, parts),
        *_of_time(form, pool, registering),
        *(f for p in parts for f in p.findings),
        *_of_sole_proprietor(registering.brand, pool, numbers.every),
        *_of_others(pool, numbers.every),
    )
    return Plan(
        operation=chain.operation,
        account=context.account.sid,
        title=f"{chain.sets_up} with {_named(numbers.every)} in “{pool.service.friendly_name}”",
        steps=tuple(s for p in parts for s in p.steps),
        differences=(*(d for p in parts for d in p.differences), *_answers(form, arrival, registering)),
        costs=tuple(c for p in parts for c in p.costs),
        findings=tuple(dict.fromkeys(findings)),
        watches=tuple(w for p in parts for w in p.watches),
    )


async def new_service(name: str, inbound: Inbound, context: Context) -> tuple[Pool, Part]:
    """The pool of a service that the chain makes, and the part that makes it."""
    settings = parse(ServiceSettings, {"friendly_name": name, "inbound": inbound})
    service = reads.Service(
        sid=NEW_SERVICE_SID, friendly_name=name, usecase="undeclared", use_inbound_webhook_on_number=True
    )
    findings = (*of_name(name, await reads.services(context.account)), *of_new(settings))
    fields = {"friendly_name": "service_name", "inbound": "routing", "status_callback": ""}
    part = Part(
        steps=create_steps(settings, context.token),
        findings=tuple(f.model_copy(update={"field": fields.get(f.field, f.field)}) for f in findings),
    )
    return Pool(service, (), 0, None), part


async def standing_service(service_sid: str, context: Context, field: str = "service_sid") -> tuple[Pool, GivenStep]:
    """The pool of a service that exists, and the step that says so. Raises `CannotPlanError`."""
    pool = await read_pool(context.account, service_sid, field)
    name = pool.service.friendly_name
    return pool, GivenStep(id="service", title=f"The messaging service “{name}” exists", result={"sid": service_sid})


@dataclass(frozen=True)
class _Registering:
    """Brand and campaign: each part with what it is called and the id of its approval ("" where it has none)."""

    parts: tuple[tuple[str, str, Part], ...]
    brand: ChainBrand | None = None

    @property
    def mock(self) -> bool:
        return self.brand is not None and self.brand.mock


async def _new(form: FlexChain, context: Context, pool: Pool) -> _Registering:
    brand = await read_brand(form, context)
    campaign = await new_campaign(form, context, pool, brand)
    waiting = replace(brand.part, steps=(*brand.part.steps, *brand_waits(brand)))
    parts = (
        ("The brand", "brand_approval" if brand.part.costs else "", waiting),
        ("The campaign", "campaign_approval", campaign),
    )
    return _Registering(parts, brand)


async def _standing(_: FlexChain, context: Context, pool: Pool) -> _Registering:
    part, brand = await standing_campaign(pool, context)
    return _Registering((("The campaign", "", part),), brand)


def _joined(named: tuple[str, str, Part], ending: Part) -> tuple[str, str, Part]:
    """The last part with what follows it: nothing of that is approved on its own."""
    what, step_id, part = named
    return what, step_id, part.followed_by(ending)


async def _ending(
    form: FlexChain, context: Context, arrival: Arrival, numbers: Numbers, registering: _Registering
) -> Part:
    """What follows once everything is submitted: the waits, the look at the addresses, the test message."""
    verify = verify_steps(numbers.every, arrival.routing)
    if registering.mock:
        text = "The brand is a mock: nobody reviews its campaign, and nothing can be sent. The chain ends after it."
        return Part(verify, findings=(note("mock-chain", text, "", "brand_kind"),))
    # a campaign of its own lets the numbers be registered anew: what was said of them before does not count
    after = "campaign" if form.campaign == "new" else ""
    waits = (campaign_wait(arrival.pool), _registered(numbers.ten_digit, after))
    if form.to is None:
        text = "Without a test message nobody sees whether the first text reaches a phone."
        return Part(
            (*waits, *verify), findings=(note("no-test-message", text, "Give a phone that may be texted.", "to"),)
        )
    test = await _test(form.to, context, arrival.pool, numbers, registering)
    return replace(test, steps=(*waits, *verify, *test.steps))


def _registered(every: Sequence[ChainNumber], after: str) -> WaitStep:
    step_id = "numbers_registered"
    return WaitStep(
        id=step_id,
        title=f"The carriers have registered {_named(every)}",
        watches=tuple(Watch(kind="number", step=step_id, key=n.sid, title=n.phone_number) for n in every),
        until=("REGISTERED",),
        fails=("FAILURE",),
        newer_than=after,
        meanwhile=(
            "Minutes to days; Twilio asks for two weeks of patience. What is sent before ends with 30034 or 30035. "
            "Console, Phone Numbers, Active numbers, *Request CSV report* shows each number's state."
        ),
        word=REGISTERED,
    )


async def _test(phone: str, context: Context, pool: Pool, numbers: Numbers, registering: _Registering) -> Part:
    account = context.account
    price, ours, trial_account = await asyncio.gather(
        sms_price(account), reads.owned_numbers(account, phone), trial(account)
    )
    brand = registering.brand
    sender = (brand.legal if brand.seen else brand.called) if brand else None
    body = f"{default_text(sender or pool.service.friendly_name)} (ref {context.token})"
    inside = [*pool.numbers, *(reads.PoolNumber(sid=str(n.sid), phone_number=n.phone_number) for n in numbers.every)]
    to: Secret = secret(phone)
    send = send_step("message", service_of(pool), to, body, context)
    delivery = delivery_step("delivery", "message", f"Test message to {mask(phone)}")
    return Part(
        steps=(
            send.model_copy(update={"skippable": "no test message was sent"}),
            delivery.model_copy(
                update={"skippable": "the test message did not arrive; /a2p-message test sends another"}
            ),
        ),
        costs=message_costs(price, body),
        findings=tuple(of_recipient(phone, ours, inside, trial=bool(trial_account))),
    )


def _of_sole_proprietor(brand: ChainBrand | None, pool: Pool, every: Sequence[ChainNumber]) -> list[Finding]:
    inside = {n.phone_number for n in pool.numbers} | {n.phone_number for n in every}
    if brand is None or not brand.sole_proprietor or len(inside) < 2:
        return []
    text = (
        f"The pool would hold {len(inside)} numbers. A sole proprietor campaign registers one, which Twilio picks: the "
        "others never send, and the chain would wait for them for ever."
    )
    return [
        block(
            "sole-proprietor-one-number", text, "Choose one number, and a service without others.", "numbers", (30125,)
        )
    ]


def _of_others(pool: Pool, every: Sequence[ChainNumber]) -> list[Finding]:
    others = {n.phone_number for n in pool.numbers} - {n.phone_number for n in every}
    if not others:
        return []
    text = (
        f"“{pool.service.friendly_name}” holds {count(len(others))} besides these: sent under the same campaign, and "
        "otherwise left alone here."
    )
    return [note("other-numbers", text, "", "numbers")]


def _of_price(opened: Sequence[ApprovalStep], parts: Sequence[Part]) -> list[Finding]:
    """What each part costs, in words: an approval of the first is none of the others."""
    if not opened:
        return []
    first = in_dollars([c for p in parts for c in p.costs if not c.part])
    later = ", ".join(f"“{step.title}”" for step in opened)
    text = (
        f"This is approved in {len(opened) + 1} parts, each before anything of it is paid: now {first}; later {later}."
    )
    return [note("paid-in-parts", text)]


def _of_time(form: FlexChain, pool: Pool, registering: _Registering) -> list[Finding]:
    """How long it is waited, and whose turn it is then (twilio.md 4 and 5)."""
    new, brand = form.campaign == "new", registering.brand
    waits = []
    if new and brand and not (brand.seen and brand.seen.status == "APPROVED"):
        waits.append("minutes for the brand, at times 7 business days and more")
    if not registering.mock:
        if new or (pool.campaign and pool.campaign.campaign_status != "VERIFIED"):
            waits.append("10 to 15 business days for the campaign")
        waits.append("minutes to days for the numbers, which somebody has to look up in Console")
    if not waits:
        return []
    text = f"Most of this is waiting: {'; '.join(waits)}. The card says what it waits for and whose turn it is."
    return [note("it-takes-weeks", text)]


def _answers(form: FlexOnboard | FlexProxy, arrival: Arrival, registering: _Registering) -> tuple[Difference, ...]:
    """What was asked for, but for the numbers, which are shown with where they are now."""
    service, on = arrival.pool.service, arrival.routing.on
    named = {service.sid: service.friendly_name}
    if on:
        named |= {flow.sid: flow.friendly_name for flow in on.flows or ()} | {s.sid: s.name for s in on.services}
    if registering.brand and registering.brand.seen:
        named[registering.brand.seen.sid] = registering.brand.called
    searched = dict.fromkeys(("buy", "area_code", "region"))
    return new_things(form.model_copy(update={"numbers": (), "phone_numbers": (), **searched}), named)


def _named(every: Sequence[ChainNumber]) -> str:
    return every[0].phone_number if len(every) == 1 else count(len(every))
