"""The numbers of a chain: owned or bought, in the pool, answered by an address, and blank (twilio.md 1.2, 2 and 3)."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.catalog.addresses.checks import Conversations
from bot.catalog.addresses.settings import SERVICE, Settings, as_shown, same, settings_of
from bot.catalog.addresses.steps import address_step, update_address_step, verify_address_step
from bot.catalog.flex.forms import FlexChain
from bot.catalog.flex.parts import ChainNumber, Part
from bot.catalog.form import parse
from bot.catalog.numbers import buy as numbers
from bot.catalog.numbers.configure import blanking, settings_step
from bot.catalog.numbers.owned import Surroundings, owned, surroundings
from bot.catalog.operation import Context
from bot.catalog.senders import kinds as sender_kinds
from bot.catalog.senders.pool import Pool, add_step, over_limit
from bot.plans.call import Ref
from bot.plans.finding import Finding, block, warn
from bot.plans.plan import Difference, Plan
from bot.plans.step import CallStep, GivenStep, Step
from bot.twilio.numbering import toll_free
from bot.twilio.reads_conversations import Address

_BUY: Final = next(o for o in numbers.OPERATIONS if o.name == "number.search_and_buy")
_SAID_ELSEWHERE: Final = frozenset(
    {
        # the chain shows as done what is done, registers the campaign, waits for it, and counts bought numbers too
        "nothing-to-do",
        "already-in-pool",
        "no-campaign",
        "campaign-not-verified",
        "number-registration",
        "pool-full",
        # what answers is judged by the part that knows what is to answer
        "inbound-dropped",
    }
)


@dataclass(frozen=True)
class Routing:
    """What a number needs besides its place in the pool.

    `settings` are those of its address, None where it gets none; with `blanks` its own webhook goes.
    """

    settings: Settings | None = None
    on: Conversations | None = None
    blanks: bool = False

    @property
    def default_service(self) -> str | None:
        """The conversation service that is meant where none is named."""
        return self.on.defaults.default_chat_service_sid if self.on else None

    @property
    def flow_sid(self) -> str:
        """The Studio flow that is to answer, or ""."""
        return str((self.settings or {}).get("AutoCreation.StudioFlowSid") or "")

    def in_words(self) -> str:
        """What answers at the address of a number."""
        return self.on.described(as_shown(self.settings)) if self.on and self.settings else ""


@dataclass(frozen=True)
class Numbers:
    """The numbers of a chain, and their part of it."""

    every: tuple[ChainNumber, ...]
    part: Part

    @property
    def ten_digit(self) -> tuple[ChainNumber, ...]:
        """Those that carriers register under the campaign: toll-free ones are verified in their own way."""
        return tuple(n for n in self.every if not toll_free(n.phone_number))


async def read_numbers(form: FlexChain, context: Context, pool: Pool, routing: Routing) -> Numbers:
    """The chosen numbers and what is done for each. Raises `CannotPlanError` for one that the account does not own."""
    account = context.account
    mine = await owned(account, form.numbers, "numbers") if form.numbers else []
    bought = form.phone_numbers or ()
    around, addition, purchase = await asyncio.gather(
        surroundings(account), sender_kinds.numbers(account, pool, form.numbers), _purchase(form, context)
    )
    every = (
        *(ChainNumber(i, n.phone_number, n) for i, n in enumerate(mine, 1)),
        *(ChainNumber(i, n) for i, n in enumerate(bought, len(mine) + 1)),
    )
    findings = (
        *_without(addition.findings, _SAID_ELSEWHERE | ({"two-webhooks"} if routing.blanks else set())),
        *(purchase.findings if purchase else ()),
        *over_limit(pool, len(addition.new) + len(bought), "numbers"),
        *(f for n in every for f in _judged(n, routing, around)),
        *_none_fit([n.phone_number for n in every]),
    )
    part = Part(
        steps=tuple(step for n in every for step in _steps(n, pool, routing, around, context)),
        costs=purchase.costs if purchase else (),
        findings=tuple(dict.fromkeys(findings)),
        differences=tuple(d for n in every for d in _differences(n, pool, routing, around)),
    )
    return Numbers(every, part)


def verify_steps(every: Iterable[ChainNumber], routing: Routing) -> tuple[CallStep, ...]:
    """The steps that look whether the addresses still make conversations, weeks after they were made."""
    if routing.settings is None:
        return ()
    steps = (
        verify_address_step(
            f"verify_{n.place}",
            Ref(step=f"address_{n.place}", field="address"),
            flow_sid=routing.flow_sid,
            shown=n.phone_number,
        )
        for n in every
    )
    return tuple(
        s.model_copy(update={"skippable": "whether messages to it become conversations was not seen"}) for s in steps
    )


async def _purchase(form: FlexChain, context: Context) -> Plan | None:
    """The plan that buying alone would have: its prices and its findings hold here as well."""
    if not form.phone_numbers:
        return None
    asked = {"phone_numbers": form.phone_numbers, "area_code": form.area_code, "region": form.region}
    return await _BUY.plan(parse(numbers.NumberSearchAndBuy, asked), context)


def _steps(number: ChainNumber, pool: Pool, routing: Routing, around: Surroundings, context: Context) -> Iterator[Step]:
    own, place = number.owned, number.place
    if own is None:
        yield numbers.buy_step(f"number_{place}", number.phone_number, context)
    else:
        blank = " and its own webhook is blank" if routing.blanks and not blanking(own) else ""
        result = {"sid": own.sid, "phone_number": own.phone_number}
        yield GivenStep(id=f"number_{place}", title=f"{own.phone_number} is this account's{blank}", result=result)
    if own and own.sid in {n.sid for n in pool.numbers}:
        title = f"{own.phone_number} is in “{pool.service.friendly_name}”"
        yield GivenStep(id=f"pool_{place}", title=title, result={"sid": own.sid})
    else:
        yield add_step(pool, f"pool_{place}", number.phone_number, number.sid)
    if routing.settings is not None:
        yield _address(number, routing, routing.settings, _standing(number, around))
    if own and routing.blanks and (blanks := blanking(own)):
        # after the address, so that at no moment nothing answers the number
        stays = f"{own.phone_number} keeps its own webhook, which may answer people a second time"
        yield settings_step(context.account, f"webhook_{place}", own, blanks, stays)


def _address(number: ChainNumber, routing: Routing, settings: Settings, standing: Address | None) -> Step:
    step_id = f"address_{number.place}"
    if standing is None:
        return address_step(step_id, number.written, settings, shown=number.phone_number)
    if _fits(standing, routing):
        title = f"The address of {number.phone_number} is set like this"
        return GivenStep(id=step_id, title=title, result={"sid": standing.sid, "address": standing.address})
    stood = standing.auto_creation.conversation_service_sid if standing.auto_creation else None
    # an absent service may leave the one that stood, so the default is named (twilio.md 3)
    named = {SERVICE: routing.default_service} if stood and routing.default_service else {}
    return update_address_step(step_id, standing, {**named, **settings})


def _fits(standing: Address, routing: Routing) -> bool:
    return same(settings_of(standing.auto_creation), routing.settings or {}, routing.default_service)


def _standing(number: ChainNumber, around: Surroundings) -> Address | None:
    return around.address(number.owned) if number.owned else None


def _judged(number: ChainNumber, routing: Routing, around: Surroundings) -> Iterator[Finding]:
    own, standing = number.owned, _standing(number, around)
    if own is None:
        return
    if own.sms_application_sid and routing.blanks:
        text = (
            f"The application {own.sms_application_sid} handles the messages of {own.phone_number}: it is taken off. "
            "Calls are not touched."
        )
        yield warn("application-removed", text, "Make sure that nobody needs it.", "numbers")
    elif own.sms_url and routing.blanks:
        text = f"The webhook {own.sms_url} of {own.phone_number} is blanked: what answers there now no longer does."
        yield warn("webhook-removed", text, "Make sure that nobody needs it. Undo writes it back.", "numbers")
    if standing and routing.settings is not None and not _fits(standing, routing):
        before = routing.on.described(standing.auto_creation) if routing.on else standing.sid
        text = f"{own.phone_number} has an address already ({before}): another one answers from then on."
        yield warn("address-changes", text, "Take the number out if it is to stay as it is.", "numbers")


def _none_fit(chosen: Sequence[str]) -> list[Finding]:
    if not all(toll_free(n) for n in chosen):
        return []
    text = "All of these numbers are toll-free: no A2P campaign covers them, so there is nothing to wait for."
    return [block("no-ten-digit-number", text, "Choose a local number.", "numbers", (30032,))]


def _differences(number: ChainNumber, pool: Pool, routing: Routing, around: Surroundings) -> Iterator[Difference]:
    own, name = number.owned, f"in “{pool.service.friendly_name}”"
    answered = f"; {routing.in_words()}" if routing.settings is not None else ""
    before = None
    if own is not None:
        standing = _standing(number, around)
        was = f"; {routing.on.described(standing.auto_creation)}" if standing and routing.on else ""
        before = f"{around.where(own)}{was}"
    after = f"{name}{answered}"
    if before != after:
        yield Difference(field=number.phone_number, before=before, after=after if own else f"bought, {after}")
    if own and own.handler and routing.blanks:
        yield Difference(field=f"{own.phone_number}: inbound webhook", before=own.handler, after=None)


def _without(findings: Iterable[Finding], codes: frozenset[str] | set[str]) -> list[Finding]:
    return [f for f in findings if f.code not in codes]
