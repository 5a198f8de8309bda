"""Moving numbers between services: `sender.move` (twilio.md 1.2 and 7)."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field

from bot.catalog.form import Ask, Form, Values
from bot.catalog.numbers.owned import listed, owned
from bot.catalog.operation import CannotPlanError, Context, Operation
from bot.catalog.rules import NumberOrSid, ServiceSid, split_words
from bot.catalog.senders.kinds import as_sender, fit
from bot.catalog.senders.pool import Pool, add_step, joining, read_pool, remove_step
from bot.catalog.senders.remove import deregistration, leaving, numbers_left
from bot.plans.finding import Finding, block, note
from bot.plans.plan import Difference, Plan
from bot.plans.step import Step
from bot.twilio import reads


class SenderMove(Form):
    """Numbers that leave the pool of one messaging service for another's."""

    page_titles = ("Move numbers",)

    service_sid: Annotated[
        ServiceSid,
        Ask("From", "Choose it first: the list of numbers below shows its pool.", "lookup", source="services"),
    ]
    numbers: Annotated[
        tuple[NumberOrSid, ...],
        BeforeValidator(split_words),
        Field(min_length=1, max_length=50),
        Ask("Numbers", "1 to 50 numbers of that pool.", "lookups", source="pool_numbers"),
    ]
    to_service_sid: Annotated[
        ServiceSid,
        Ask("To", "They will send under the campaign of this service.", "lookup", source="services"),
    ]
    wait: Annotated[
        bool,
        Ask(
            "Wait for deregistration in between",
            "Adds them only when carriers have let go of them (days). Without it, Twilio sorts that out by itself.",
            "yes_no",
        ),
    ] = False

    @classmethod
    def together(cls, values: Values) -> dict[str, str]:
        if values.get("service_sid") and values.get("service_sid") == values.get("to_service_sid"):
            return {"to_service_sid": "that is the service that they are in: choose another"}
        return {}


async def _plan_move(form: SenderMove, context: Context) -> Plan:
    account = context.account
    source, target = await asyncio.gather(
        read_pool(account, form.service_sid), read_pool(account, form.to_service_sid, "to_service_sid")
    )
    chosen = await owned(account, form.numbers, "numbers")
    here, there = ({n.sid for n in pool.numbers} for pool in (source, target))
    if strangers := [n.phone_number for n in chosen if n.sid not in here | there]:
        raise CannotPlanError(
            f"{listed(strangers)}: not in the pool of “{source.service.friendly_name}”. Choose the service that holds "
            "them, or add them with `/a2p-sender add` if they are in none.",
            "numbers",
        )
    going = [n for n in chosen if n.sid in here]
    wait = form.wait and source.campaign is not None and source.campaign.campaign_status == "VERIFIED"
    to = target.service.friendly_name
    return Plan(
        operation="sender.move",
        account=account.sid,
        title=f"Move {_counted(going)} from “{source.service.friendly_name}” to “{to}”",
        steps=tuple(_steps(source, target, going, wait=wait)),
        differences=tuple(
            Difference(field=n.phone_number, before=f"in “{source.service.friendly_name}”", after=f"in “{to}”")
            for n in going
        ),
        findings=(
            *_arrived([n.phone_number for n in chosen if n.sid in there], to, nothing_left=not going),
            *(_findings(source, target, going) if going else ()),
        ),
    )


def _steps(source: Pool, target: Pool, going: Sequence[reads.OwnedNumber], *, wait: bool) -> list[Step]:
    removals = [remove_step(source.place, f"remove_{i}", as_sender(n)) for i, n in enumerate(going, 1)]
    additions = [add_step(target, f"add_{i}", n.phone_number, n.sid) for i, n in enumerate(going, 1)]
    if wait and (watches := numbers_left([as_sender(n) for n in going], removals[-1].id)):
        return [*removals, deregistration(watches, removals[0].id), *additions]
    # one number after the other: if a step fails, the others are still where they were
    return [step for pair in zip(removals, additions, strict=True) for step in pair]


def _arrived(present: Sequence[str], to: str, *, nothing_left: bool) -> list[Finding]:
    if not present:
        return []
    text = f"{listed(present)}: in “{to}” already."
    if nothing_left:
        return [block("nothing-to-do", f"{text} There is nothing left to do.", "Choose others.", "numbers", (21710,))]
    return [note("already-in-pool", f"{text} Nothing is called for them.", "", "numbers", (21710,))]


def _findings(source: Pool, target: Pool, going: Sequence[reads.OwnedNumber]) -> list[Finding]:
    names = [n.phone_number for n in going]
    found = [
        *leaving(source.service, names, source.campaign, "numbers", to=target.service.friendly_name),
        *joining(target, names, "numbers", "to_service_sid"),
        *(f for n in going for f in fit(n, target.service)),
    ]
    if len(going) == len(source.numbers) and source.campaign is not None:
        text = f"“{source.service.friendly_name}” keeps its campaign but no number, and the campaign its monthly fee."
        fix = "Delete the service with `/a2p-service delete` if nothing else is to send by it."
        found.append(note("campaign-without-numbers", text, fix, "service_sid", (21704,)))
    return found


def _counted(going: Sequence[reads.OwnedNumber]) -> str:
    return going[0].phone_number if len(going) == 1 else f"{len(going)} numbers"


OPERATIONS = (
    Operation(
        name="sender.move",
        title="Move numbers to a service",
        summary="Numbers leave one messaging service for another, and are registered with its campaign.",
        command="/a2p-sender",
        word="move",
        form=SenderMove,
        plan=_plan_move,
        notes=(
            "A number is in one service at a time (21712), so it is removed there and added here, one number after the "
            "other. If a step fails, the numbers after it are still where they were; undo puts them back.",
            "A registered number cannot text the US for days: it goes from REGISTERED through PENDING_DEREGISTRATION "
            "and UNREGISTERED to REGISTERED again (30034, 30035 meanwhile), and needs a verified campaign there.",
            "Voice is not touched, and the number's price and webhooks stay as they are.",
        ),
    ),
)
