"""Creating Conversations addresses: `address.create` (twilio.md section 3)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.catalog.addresses.checks import BILLED_BY_USE, NOTES, billed_by_use, check_answering, read_conversations
from bot.catalog.addresses.forms import AddressCreate
from bot.catalog.addresses.settings import Settings, as_shown, same, settings_of, wanted
from bot.catalog.addresses.steps import address_step
from bot.catalog.numbers.configure import blanking, settings_step
from bot.catalog.numbers.owned import Surroundings, answers_twice, count, listed, owned, service_beside, surroundings
from bot.catalog.operation import CannotPlanError, Context, Operation
from bot.plans.finding import Finding, block, note, warn
from bot.plans.plan import Difference, Plan
from bot.plans.step import CallStep
from bot.twilio import reads, reads_conversations, reads_senders
from bot.twilio.gateway import Account
from bot.twilio.reads_conversations import WHATSAPP, Address


@dataclass(frozen=True)
class _Candidate:
    """Something that is to have an address: `number` is E.164 or a short code, `owned` what the account knows of it."""

    number: str
    owned: reads.OwnedNumber | None
    address: Address | None


async def _plan_create(form: AddressCreate, context: Context) -> Plan:
    account = context.account
    candidates, on, around = await asyncio.gather(
        _candidates(account, form), read_conversations(account), surroundings(account)
    )
    settings = wanted(form)
    free = [c for c in candidates if c.address is None]
    steps: list[CallStep] = []
    for i, candidate in enumerate(free, 1):
        steps.append(_create(i, candidate, form, settings))
        if form.clear_webhook and candidate.owned and (blank := blanking(candidate.owned)):
            # after the address, so that at no moment nothing answers the number
            stays = f"{candidate.number} keeps its own webhook beside its address"
            steps.append(settings_step(account, f"webhook_{i}", candidate.owned, blank, stays))
    answers = on.described(as_shown(settings))
    named = free[0].number if len(free) == 1 else count(len(free))
    return Plan(
        operation="address.create",
        account=account.sid,
        title=f"Create the {_word(form.channel)} {'address' if len(free) == 1 else 'addresses'} of {named}",
        steps=tuple(steps),
        differences=tuple(Difference(field=c.number, before=None, after=answers) for c in free),
        findings=(
            *_taken(candidates, settings, on.defaults.default_chat_service_sid),
            *check_answering(form, on),
            *(f for c in free for f in _judged(c, form, around)),
            *(await _whatsapp(account, free) if form.channel == "whatsapp" else ()),
            *([billed_by_use("number")] if free else ()),
        ),
    )


async def _candidates(account: Account, form: AddressCreate) -> list[_Candidate]:
    numbers: dict[str, reads.OwnedNumber | None]
    if form.channel == "whatsapp":
        known = await _known(account, form.number)
        numbers = dict.fromkeys(known.get(w, w) for w in form.number)
    else:
        codes = [w for w in form.number if w.isdigit()]
        await _check_codes(account, codes)
        mine = await owned(account, [w for w in form.number if not w.isdigit()], "number")
        numbers = {**dict.fromkeys(codes), **{n.phone_number: n for n in mine}}
    prefix = WHATSAPP if form.channel == "whatsapp" else ""
    existing = await asyncio.gather(*(reads_conversations.address(account, f"{prefix}{n}") for n in numbers))
    return [_Candidate(n, own, address) for (n, own), address in zip(numbers.items(), existing, strict=True)]


async def _known(account: Account, given: Sequence[str]) -> dict[str, str]:
    """The numbers of the SIDs among those given: a WhatsApp sender need not be a number of the account."""
    sids = [g for g in given if g.startswith("PN")]
    return dict(zip(sids, [n.phone_number for n in await owned(account, sids, "number")], strict=True))


async def _check_codes(account: Account, codes: Sequence[str]) -> None:
    held = {c.short_code for c in await reads_senders.short_codes(account)} if codes else set()
    if missing := [c for c in codes if c not in held]:
        raise CannotPlanError(f"This account has no short code {listed(missing)}.", "number")


def _create(i: int, candidate: _Candidate, form: AddressCreate, settings: Settings) -> CallStep:
    more = {"FriendlyName": form.friendly_name} if form.friendly_name else {}
    if candidate.number.isdigit():
        more["AddressCountry"] = form.address_country or "US"
    return address_step(f"address_{i}", candidate.number, settings, channel=form.channel, more=more)


def _taken(candidates: Sequence[_Candidate], settings: Settings, default_service: str | None) -> list[Finding]:
    found: list[Finding] = []
    set_so = [
        c.number
        for c in candidates
        if c.address and same(settings_of(c.address.auto_creation), settings, default_service)
    ]
    if set_so and len(set_so) == len(candidates):
        text = f"{listed(set_so)}: the address exists and is set like this already. There is nothing left to do."
        found.append(block("nothing-to-do", text, "Choose other numbers.", "number"))
    elif set_so:
        text = f"{listed(set_so)}: the address exists and is set like this already. Nothing is called for it."
        found.append(note("already-set", text, "", "number"))
    for candidate in candidates:
        if candidate.address and candidate.number not in set_so:
            text = f"{candidate.number} has an address already ({candidate.address.sid}), with other settings."
            fix = f"Take it out, and change its address with `/a2p-address update number={candidate.number}`."
            found.append(block("address-exists", text, fix, "number"))
    return found


def _judged(candidate: _Candidate, form: AddressCreate, around: Surroundings) -> list[Finding]:
    number = candidate.owned
    if number is None:
        return []
    found: list[Finding] = []
    if not number.can("sms"):
        text = f"{number.phone_number} has no SMS: no message ever comes in."
        found.append(block("no-sms", text, "Choose a number with SMS.", "number", (50407,)))
    if number.handler and not form.clear_webhook:
        twice = answers_twice(number, "number")
        found.append(twice.model_copy(update={"fix": "Answer *Yes* to blanking the numbers' own webhooks."}))
    if number.sms_application_sid and form.clear_webhook:
        text = f"The application {number.sms_application_sid} is taken off the messages of {number.phone_number}."
        found.append(warn("application-removed", text, "Make sure that nobody needs it.", "number"))
    home = around.home(number)
    if home and home.answers_inbound:
        found.append(service_beside(number, home, "number"))
    return found


async def _whatsapp(account: Account, candidates: Sequence[_Candidate]) -> list[Finding]:
    """Twilio takes only WhatsApp senders of the account, and the API that lists them is in beta."""
    online = {s.address.removeprefix(WHATSAPP): s for s in await reads_senders.channel_senders(account, "whatsapp")}
    found: list[Finding] = []
    for number in (c.number for c in candidates):
        sender = online.get(number)
        if sender is None:
            text = f"{number} is no WhatsApp sender of this account, as far as Twilio's list of senders shows."
            fix = "Register it first: Console, Messaging, Senders, WhatsApp senders."
            found.append(warn("no-whatsapp-sender", text, fix, "number", (50407,)))
        elif not sender.online:
            text = f"The WhatsApp sender {number} is {sender.status or 'in an unknown state'}: nothing comes in yet."
            found.append(warn("whatsapp-sender-offline", text, "Finish its registration in Console.", "number"))
    return found


def _word(channel: str) -> str:
    return "WhatsApp" if channel == "whatsapp" else "SMS"


OPERATIONS = (
    Operation(
        name="address.create",
        title="Create addresses",
        summary="New messages to a number make conversations, and a Studio flow or a webhook answers in them.",
        command="/a2p-address",
        word="create",
        form=AddressCreate,
        plan=_plan_create,
        notes=(*NOTES, BILLED_BY_USE),
        next="Text a number from a phone: a conversation should begin. `/a2p-address list` has what answers where.",
    ),
)
