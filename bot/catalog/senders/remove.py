"""Taking senders out of a pool: `sender.remove`, for every kind (twilio.md 1.2 and 7)."""

import asyncio
import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from bot.catalog.form import Ask, Form
from bot.catalog.found import found_service
from bot.catalog.numbers.owned import listed
from bot.catalog.operation import CannotPlanError, Context, Operation
from bot.catalog.rules import ServiceSid, split_words
from bot.catalog.senders.pool import Place, remove_step, shown
from bot.checks import eligibility
from bot.plans.finding import Finding, note, warn
from bot.plans.plan import Difference, Plan
from bot.plans.step import WaitStep, Watch
from bot.twilio import reads, reads_senders
from bot.twilio.numbering import toll_free
from bot.twilio.reads_senders import Sender

_SID = re.compile(r"(PN|SC|AI|XE)[0-9a-fA-F]{32}")


def _named(value: str) -> str:
    if not value or (len(value) == 34 and value[:2].isupper() and not _SID.fullmatch(value)):
        raise ValueError(f"{value[:40]!r} is not a sender's SID: it starts with PN, SC, AI or XE")
    return value


class SenderRemove(Form):
    """Senders of any kind that are to leave the pool of one messaging service."""

    page_titles = ("Remove senders",)

    service_sid: Annotated[
        ServiceSid,
        Ask("Messaging service", "Choose it first: the list below shows its pool.", "lookup", source="services"),
    ]
    senders: Annotated[
        tuple[Annotated[str, AfterValidator(_named)], ...],
        BeforeValidator(split_words),
        Field(min_length=1, max_length=50),
        Ask(
            "Senders to remove",
            "1 to 50 of any kind. They stay in the account: a number is not released and goes on costing its price.",
            "lookups",
            source="pool_senders",
        ),
    ]


async def _plan_remove(form: SenderRemove, context: Context) -> Plan:
    account = context.account
    service = await found_service(account, form.service_sid)
    pool, campaign = await asyncio.gather(
        reads_senders.senders(account, service.sid), reads.campaign(account, service.sid)
    )
    going, absent = _chosen(pool, form.senders)
    if not going:
        raise CannotPlanError(
            f"{listed(absent)}: not in the pool of “{service.friendly_name}” (any more). There is nothing to remove.",
            "senders",
        )
    name = service.friendly_name
    steps = [
        remove_step(Place(service.sid, name), f"remove_{i}", s, skippable=f"{shown(s)} stays in “{name}”")
        for i, s in enumerate(going, 1)
    ]
    return Plan(
        operation="sender.remove",
        account=account.sid,
        title=f"Remove {shown(going[0]) if len(going) == 1 else f'{len(going)} senders'} from “{name}”",
        steps=tuple(steps),
        differences=tuple(
            Difference(field=shown(s), before=f"in “{name}”", after=None if s.sid.startswith("AI") else "in no service")
            for s in going
        ),
        findings=(*_absent(absent, name), *_findings(service, pool, going, campaign)),
    )


def _chosen(pool: Sequence[Sender], wanted: Sequence[str]) -> tuple[list[Sender], list[str]]:
    """The senders that are meant, each once, and the names that nothing in the pool has."""
    known = {key: sender for sender in pool for key in (sender.name, sender.sid)}
    going = {known[w].sid: known[w] for w in wanted if w in known}
    return list(going.values()), [w for w in wanted if w not in known]


def _absent(absent: Sequence[str], name: str) -> list[Finding]:
    if not absent:
        return []
    text = f"{listed(absent)}: not in the pool of “{name}” (any more). Nothing is called for them."
    return [note("not-in-pool", text, "", "senders", (21711,))]


def _findings(
    service: reads.Service, pool: Sequence[Sender], going: Sequence[Sender], campaign: reads.Campaign | None
) -> list[Finding]:
    name, numbers = f"“{service.friendly_name}”", [s.name for s in going if s.kind == "number"]
    found = [*leaving(service, numbers, campaign, "senders")] if numbers else []
    if len(going) == len(pool):
        text = f"The pool of {name} will be empty: sending through it fails."
        found.append(
            warn("pool-empty", text, "Add another sender first, if anything still sends.", "senders", (21704,))
        )
    if any(s.kind in ("alpha", "country_alpha") for s in going):
        text = "Messages that went out under the sender id will come from a number, or fail where the pool has none."
        found.append(note("sender-id-goes", text, "", "senders", (21703,)))
    return found


def leaving(
    service: reads.Service, numbers: Sequence[str], campaign: reads.Campaign | None, field: str, to: str = ""
) -> list[Finding]:
    """What follows when these E.164 numbers leave a pool, perhaps for the service named `to`.

    The field is that which a form asks for them in.
    """
    return [
        *_under_campaign(service, [n for n in numbers if not toll_free(n)], campaign, field, to),
        *_sticky(service, numbers, field),
        *_answered(service, field, to),
    ]


def deregistration(watches: Sequence[Watch], after: str) -> WaitStep:
    """The wait until the carriers have let go of numbers. No API tells it: events or people do (twilio.md 7).

    What was said before the step `after`, which begins it, is of another time: numbers come and go.
    """
    return WaitStep(
        id="deregistered",
        title="Wait until the carriers have deregistered the numbers",
        watches=tuple(watches),
        until=("UNREGISTERED",),
        fails=("FAILURE",),
        meanwhile=(
            "Several days are normal. Twilio tells it by Event Streams only. Console reports it too: Phone Numbers, "
            "Active numbers, Request CSV report (up to 24 hours)."
        ),
        word="Console's report shows all of them as UNREGISTERED",
        newer_than=after,
    )


def numbers_left(numbers: Sequence[Sender], step: str) -> list[Watch]:
    """The watches of 10DLC numbers that the carriers let go of, from the moment this step is done."""
    return [
        Watch(kind="number", step=step, key=n.sid, title=n.name)
        for n in numbers
        if n.kind == "number" and not toll_free(n.name)
    ]


def _under_campaign(
    service: reads.Service, numbers: Sequence[str], campaign: reads.Campaign | None, field: str, to: str
) -> list[Finding]:
    if campaign is None or not numbers:
        return []
    name = f"“{service.friendly_name}”"
    if stopped := eligibility.of_suspension(service, campaign, "service_sid"):
        return stopped
    if campaign.campaign_status != "VERIFIED":
        text = f"The campaign of {name} ({campaign.campaign_status}) will not have {listed(numbers)}."
        return [note("leaves-campaign", text, "", field)]
    if to:
        text = (
            f"{listed(numbers)}: no texts to the US for days. The carriers take the number from REGISTERED through "
            f"PENDING_DEREGISTRATION and UNREGISTERED to REGISTERED again, with the campaign of “{to}”, if that is "
            "verified. Several days are normal; Twilio asks for two weeks of patience."
        )
        return [warn("move-downtime", text, "Let other numbers carry the traffic meanwhile.", field, (30034, 30035))]
    text = (
        f"{listed(numbers)}: the carriers deregister what leaves the campaign of {name}. No such number can text the "
        "US until it is in a pool with a verified campaign and registered again: days, sometimes two weeks."
    )
    return [warn("deregistered", text, "Make sure that nothing sends by it.", field, (30034, 30035))]


def _sticky(service: reads.Service, numbers: Sequence[str], field: str) -> list[Finding]:
    text = (
        f"Twilio deletes the sticky sender mappings of {listed(numbers)}: people who always heard from one number hear "
        "from another. Adding it again does not bring them back."
    )
    # the mappings are kept, and may be wanted again, while the setting is off
    severity = warn if service.sticky_sender else note
    return [severity("sticky-mappings", text, "", field)]


def _answered(service: reads.Service, field: str, to: str) -> list[Finding]:
    if not service.answers_inbound:
        return []
    after = (
        f"“{to}” decides who answers" if to else "the number's own webhook or Conversations address answers, or nobody"
    )
    text = f"Replies to it no longer go where “{service.friendly_name}” sends them: {after}."
    return [note("answered-elsewhere", text, "Look at the number's inbound settings.", field)]


OPERATIONS = (
    Operation(
        name="sender.remove",
        title="Remove senders from a pool",
        summary="Senders of any kind leave a messaging service; they stay in the account.",
        command="/a2p-sender",
        word="remove",
        form=SenderRemove,
        plan=_plan_remove,
        notes=(
            "A removed number is not released: it goes on costing its monthly price until `/a2p-number release`.",
            "Twilio deletes the sticky sender mappings of a removed number for good.",
            "Numbers of a suspended campaign cannot be removed (21729).",
        ),
        next="A number that nobody needs costs its price until `/a2p-number release`.",
    ),
)
