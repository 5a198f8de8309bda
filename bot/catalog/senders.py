"""Sender pools: `sender.add` (twilio.md 1.2 and 1.3)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field

from bot.catalog.form import Ask, Form
from bot.catalog.operation import CannotPlanError, Context, Operation
from bot.catalog.rules import NumberOrSid, ServiceSid, split_words
from bot.plans.call import Call, Ref, segment
from bot.plans.finding import Finding, block, note, warn
from bot.plans.plan import Difference, Plan
from bot.plans.step import Adopt, CallStep
from bot.twilio import reads
from bot.twilio.gateway import Account
from bot.twilio.numbering import toll_free

POOL_LIMIT = 400
ALREADY_IN_POOL = 21710


class SenderAdd(Form):
    """Numbers of the account for the sender pool of one messaging service."""

    page_titles = ("Add numbers to a pool",)

    service_sid: Annotated[
        ServiceSid,
        Ask(
            "Messaging service",
            "The numbers will send as this service, under its campaign.",
            "lookup",
            source="services",
        ),
    ]
    numbers: Annotated[
        tuple[NumberOrSid, ...],
        BeforeValidator(split_words),
        Field(min_length=1, max_length=50),
        Ask(
            "Numbers",
            "1 to 50 numbers of this account. A number can be in one service only.",
            "lookups",
            source="owned_numbers",
        ),
    ]


@dataclass(frozen=True)
class Pool:
    """A service with what is in its sender pool and the campaign under which it sends."""

    service: reads.Service
    numbers: tuple[reads.PoolNumber, ...]
    short_codes: int
    campaign: reads.Campaign | None

    @property
    def path(self) -> str:
        """Where numbers are added and listed."""
        return f"/v1/Services/{segment(self.service.sid)}/PhoneNumbers"


async def read_pool(account: Account, service_sid: str) -> Pool:
    """The pool of one service. Raises `CannotPlanError` when the account has no such service."""
    service = await reads.service(account, service_sid)
    if service is None:
        raise CannotPlanError(
            f"This account has no messaging service {service_sid}. It may be deleted, or another account's.",
            "service_sid",
        )
    numbers, codes, campaign = await asyncio.gather(
        reads.pool(account, service_sid), reads.short_codes(account, service_sid), reads.campaign(account, service_sid)
    )
    return Pool(service, tuple(numbers), len(codes), campaign)


def add_step(pool: Pool, step_id: str, phone_number: str, number_sid: str | Ref) -> CallStep:
    """The step that adds one number to a pool. A number that is there already counts as done (21710)."""
    return CallStep(
        id=step_id,
        title=f"Add {phone_number} to “{pool.service.friendly_name}”",
        call=Call(product="messaging", method="POST", path=pool.path, params={"PhoneNumberSid": number_sid}),
        adopt=Adopt(
            read=Call(product="messaging", method="GET", path=f"{pool.path}/{_in_path(number_sid)}"),
            match={"sid": number_sid},
        ),
        already_done=(ALREADY_IN_POOL,),
        keep=("sid", "phone_number"),
    )


def joining(pool: Pool, adding: Sequence[str], field: str) -> list[Finding]:
    """What follows for a pool when these E.164 numbers join it."""
    return [
        *_over_limit(pool, len(adding), field),
        *_toll_free(pool, adding, field),
        *_inbound(pool.service),
        *_campaign(pool, len(adding), field),
    ]


def _over_limit(pool: Pool, adding: int, field: str) -> list[Finding]:
    held = len(pool.numbers) + pool.short_codes
    if held + adding <= POOL_LIMIT:
        return []
    text = (
        f"The pool holds {held} numbers and short codes; with {adding} more it passes Twilio's limit of {POOL_LIMIT}."
    )
    fix = "Remove senders, use another service, or ask Twilio Support for a higher limit."
    # a pool that is past the default already has had its limit raised, and to what cannot be read
    severity = warn if held > POOL_LIMIT else block
    return [severity("pool-full", text, fix, field, (21714,))]


def _toll_free(pool: Pool, adding: Sequence[str], field: str) -> list[Finding]:
    new = [n for n in adding if toll_free(n)]
    if not new:
        return []
    found = [
        warn(
            "toll-free-not-10dlc",
            f"{_listed(new)}: toll-free numbers are not 10DLC. The A2P campaign does not cover them.",
            "Get toll-free verification for them before they send.",
            field,
            (30032,),
        )
    ]
    if len(new) + sum(toll_free(n.phone_number) for n in pool.numbers) > 1:
        found.append(
            warn(
                "second-toll-free",
                "The pool would hold more than one toll-free number, which Twilio advises against.",
                "Keep one toll-free number a service.",
                field,
            )
        )
    return found


def _inbound(service: reads.Service) -> list[Finding]:
    if not service.answers_inbound or service.inbound_request_url:
        return []
    return [
        warn(
            "inbound-dropped",
            f"“{service.friendly_name}” drops inbound messages: replies to these numbers reach nobody, unlogged.",
            "Set an inbound webhook on the service, or let it defer to the sender's webhook.",
            "service_sid",
        )
    ]


def _campaign(pool: Pool, adding: int, field: str) -> list[Finding]:
    campaign = pool.campaign
    name = f"“{pool.service.friendly_name}”"
    if campaign is None:
        text = f"{name} has no campaign yet: its numbers cannot text the US until one is registered and verified."
        return [note("no-campaign", text, "Register one with `/a2p-campaign register`.", "service_sid", (30034,))]
    found = []
    if campaign.us_app_to_person_usecase == "SOLE_PROPRIETOR" and len(pool.numbers) + adding > 1:
        found.append(
            warn(
                "sole-proprietor-one-number",
                "A sole proprietor campaign registers one number. Of several, Twilio picks one; the others never send.",
                "Keep one number in this pool.",
                field,
                (30125,),
            )
        )
    match campaign.campaign_status:
        case "SUSPENDED":
            text = f"The campaign of {name} is suspended: Twilio refuses every change to its numbers."
            fix = "Follow the suspension notice, or ask Twilio Support. Do not move the traffic elsewhere."
            found.append(block("campaign-suspended", text, fix, "service_sid", (21729, 30990)))
        case "VERIFIED":
            text = (
                f"The campaign of {name} is verified, but each new number is still registered with the carriers: "
                "minutes to days. It cannot text the US before that."
            )
            found.append(
                note("number-registration", text, "Wait for *registered* before sending.", field, (30034, 30035))
            )
        case status:
            text = f"The campaign of {name} is {status}: its numbers cannot text the US until it is VERIFIED."
            found.append(note("campaign-not-verified", text, "", "service_sid", (30034,)))
    return found


async def _plan_add(form: SenderAdd, context: Context) -> Plan:
    pool, chosen = await asyncio.gather(
        read_pool(context.account, form.service_sid), _chosen(context.account, form.numbers)
    )
    here = {n.sid for n in pool.numbers}
    new = [n for n in chosen if n.sid not in here]
    elsewhere = await _elsewhere(context.account, pool, new)
    findings = [
        *_present([n for n in chosen if n.sid in here], pool, nothing_left=not new),
        *(f for n in new for f in _judged(n, pool, elsewhere.get(n.sid))),
        *(joining(pool, [n.phone_number for n in new], "numbers") if new else ()),
    ]
    name = pool.service.friendly_name
    return Plan(
        operation="sender.add",
        account=context.account.sid,
        title=f"Add {_count(len(new))} to “{name}”",
        steps=tuple(add_step(pool, f"add_{i}", n.phone_number, n.sid) for i, n in enumerate(new, 1)),
        differences=tuple(
            Difference(field=n.phone_number, before=_where(n, elsewhere), after=f"in “{name}”") for n in new
        ),
        findings=tuple(findings),
    )


async def _chosen(account: Account, wanted: Sequence[str]) -> list[reads.OwnedNumber]:
    """The numbers that are meant, each once. Asked for one by one: an account may own thousands."""
    found = await asyncio.gather(*(_owned(account, w) for w in wanted))
    missing = [w for w, number in zip(wanted, found, strict=True) if number is None]
    if missing:
        raise CannotPlanError(
            f"This account does not own {_listed(missing)}. Buy it first with `/a2p-number buy`.", "numbers"
        )
    return list({number.sid: number for number in found if number}.values())


async def _owned(account: Account, wanted: str) -> reads.OwnedNumber | None:
    if wanted.startswith("PN"):
        return await reads.owned_number(account, wanted)
    return next(iter(await reads.owned_numbers(account, wanted)), None)


async def _elsewhere(account: Account, pool: Pool, new: Sequence[reads.OwnedNumber]) -> dict[str, reads.Service]:
    """For each of these numbers that is in another service, that service."""
    if not new:
        return {}
    others = {s.sid: s for s in await reads.services(account) if s.sid != pool.service.sid}
    return {number: others[sid] for number, sid in (await reads.pools(account, others)).items()}


def _present(present: Sequence[reads.OwnedNumber], pool: Pool, *, nothing_left: bool) -> list[Finding]:
    if not present:
        return []
    text = f"{_listed([n.phone_number for n in present])}: in “{pool.service.friendly_name}” already."
    if nothing_left:
        return [
            block("nothing-to-do", f"{text} There is nothing left to do.", "Choose other numbers.", "numbers", (21710,))
        ]
    return [note("already-in-pool", f"{text} Nothing is called for them.", "", "numbers", (21710,))]


def _judged(number: reads.OwnedNumber, pool: Pool, other: reads.Service | None) -> list[Finding]:
    found = []
    if other is not None:
        text = f"{number.phone_number} is in another service, “{other.friendly_name}” ({other.sid})."
        fix = "Remove it there first and wait until the carriers have deregistered it; then add it here."
        found.append(block("in-other-service", text, fix, "numbers", (21712,)))
    if not (number.can("sms") or number.can("mms")):
        text = f"{number.phone_number} can send neither SMS nor MMS."
        found.append(block("no-messaging", text, "Choose a number with SMS.", "numbers", (21715,)))
    if number.sms_url and pool.service.answers_inbound:
        text = (
            f"{number.phone_number} has a webhook of its own ({number.sms_url}), and “{pool.service.friendly_name}” "
            "handles inbound messages itself. In this service the number's webhook is no longer called."
        )
        fix = "Let the service defer to the sender's webhook, or clear the number's."
        found.append(warn("two-webhooks", text, fix, "numbers"))
    return found


def _where(number: reads.OwnedNumber, elsewhere: dict[str, reads.Service]) -> str:
    other = elsewhere.get(number.sid)
    return f"in “{other.friendly_name}”" if other else "in no service"


def _in_path(value: str | Ref) -> str:
    return str(value) if isinstance(value, Ref) else segment(value)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


def _count(numbers: int) -> str:
    return "1 number" if numbers == 1 else f"{numbers} numbers"


OPERATIONS = (
    Operation(
        name="sender.add",
        title="Add numbers to a pool",
        summary="Numbers of the account join a messaging service and send under its campaign.",
        command="/a2p-sender",
        word="add",
        form=SenderAdd,
        plan=_plan_add,
    ),
)
