"""Messages: `message.send_test`, followed to its end (twilio.md 11.1 and 11.7)."""

import asyncio
from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from bot.catalog.answers import new_things
from bot.catalog.form import Ask, Form
from bot.catalog.found import found_service
from bot.catalog.operation import Context, Operation
from bot.catalog.rules import ServiceSid, UsNumber
from bot.checks import readiness
from bot.checks.delivery import explain
from bot.checks.segments import segments
from bot.plans.call import Call, Ref, Secret
from bot.plans.cost import Cost
from bot.plans.finding import Finding, block, note, warn
from bot.plans.masking import mask, secret
from bot.plans.plan import Plan
from bot.plans.step import Adopt, CallStep, WaitStep, Watch
from bot.twilio import reads, reads_messages
from bot.twilio.gateway import Account
from bot.twilio.numbering import toll_free
from bot.twilio.reads_messages import sms_price

LIMIT: Final = 1600
"""Characters of a message (21617)."""
SUFFIX: Final = 20
"""Characters of them that the reference at the end takes."""
NO_RECEIPT: Final = 4 * 3600.0
"""Seconds after which *sent* counts: some carriers never give a receipt."""
REFUSALS: Final = (21211, 21408, 21608, 21610, 21612, 21614, 21703, 21704)
_US: Final = TypeAdapter[str](UsNumber)


def _recipient(value: str) -> str:
    try:
        return _US.validate_python(value)
    except ValidationError:
        # its own words would repeat somebody's phone number
        raise ValueError("this is not a US number: write it like +15035550123") from None


Recipient = Annotated[str, AfterValidator(_recipient)]
"""The phone of a person, in E.164: no mistake in it repeats it."""


class MessageSendTest(Form):
    """One message to one phone, through a service."""

    page_titles = ("Test message",)

    service_sid: Annotated[
        ServiceSid,
        Ask("Messaging service", "Twilio picks one of its numbers.", "lookup", source="services"),
    ]
    to: Annotated[
        Recipient,
        Ask(
            "Phone",
            "A US mobile phone whose owner has agreed: yours, or a colleague's. It is shown masked.",
            "text",
            placeholder="+15035550123",
            max_length=20,
            sensitive=True,
        ),
    ]
    body: Annotated[
        str | None,
        Field(max_length=LIMIT - SUFFIX),
        Ask(
            "Text",
            "Blank: a text that names the brand and the opt-out. Carriers filter what does not fit the campaign, so "
            "take one of its samples to test it. A short reference is added at the end.",
            "paragraph",
            max_length=LIMIT - SUFFIX,
        ),
    ] = None


async def _plan_send(form: MessageSendTest, context: Context) -> Plan:
    account = context.account
    service = await found_service(account, form.service_sid)
    campaign, pool, short_codes, ours, price, trial = await asyncio.gather(
        reads.campaign(account, service.sid),
        reads.pool(account, service.sid),
        reads.short_codes(account, service.sid),
        reads.owned_numbers(account, form.to),
        sms_price(account),
        reads_messages.trial(account),
    )
    brand = await _brand(account, campaign)
    name = await reads.business_name(account, brand) if brand else None
    body = f"{form.body or default_text(name or service.friendly_name)} (ref {context.token})"
    return Plan(
        operation="message.send_test",
        account=account.sid,
        title=f"Send a test message through “{service.friendly_name}” to {mask(form.to)}",
        steps=(
            send_step("message", service.sid, secret(form.to), body, context),
            delivery_step("delivery", "message", f"Test message to {mask(form.to)}"),
        ),
        differences=new_things(form.model_copy(update={"body": body}), {service.sid: service.friendly_name}),
        costs=message_costs(price, body),
        findings=(
            *readiness.of_senders(service, pool, len(short_codes)),
            *readiness.of_campaign(service, campaign),
            *readiness.of_brand(brand),
            *of_recipient(form.to, ours, pool, trial=bool(trial)),
            *_of_text(body),
            *([_price_unknown()] if price is None else []),
        ),
    )


def default_text(sender: str) -> str:
    """The text of a test message: who sends, why, and how to end it."""
    return f"{sender}: this is a test message, sent to see whether our texts are delivered. Reply STOP to opt out."


def send_step(step_id: str, service: str | Ref, to: Secret, body: str, context: Context) -> CallStep:
    """The step that sends a message; `body` must hold what no other message does, so that a lost one is found."""
    path = f"/2010-04-01/Accounts/{context.account.sid}/Messages.json"
    return CallStep(
        id=step_id,
        title=f"Send the message to {to.shown}",
        call=Call(
            product="api",
            method="POST",
            path=path,
            params={"To": to, "MessagingServiceSid": service, "Body": body},
        ),
        # by recipient alone: a message that has not left yet has no day on which it was sent
        adopt=Adopt(
            read=Call(product="api", method="GET", path=path, params={"To": to}),
            items="messages",
            match={"body": body},
            # nothing keeps a second one from being delivered
            repeatable=False,
        ),
        keep=("sid", "status"),
        lasting="A message that was sent cannot be called back.",
        advice={code: _advice(code) for code in REFUSALS},
    )


def delivery_step(step_id: str, message_step: str, title: str) -> WaitStep:
    """The wait until a message is delivered, or is known not to be."""
    return WaitStep(
        id=step_id,
        title="It reaches the phone",
        watches=(Watch(kind="message", step=step_id, key=Ref(step=message_step), title=title),),
        until=("delivered", "read"),
        fails=("undelivered", "failed", "canceled"),
        counts_after={"sent": NO_RECEIPT},
        meanwhile=(
            "Carriers mostly answer within seconds. Some never do: *sent* counts after four hours, which proves less "
            "than *delivered*. Ask the owner of the phone whether it came."
        ),
    )


def _advice(code: int) -> str:
    outcome = explain(code)
    return f"{outcome.meaning} {outcome.next_step}"


async def _brand(account: Account, campaign: reads.Campaign | None) -> reads.Brand | None:
    sid = campaign.brand_registration_sid if campaign else None
    return await reads.brand(account, sid) if sid else None


def message_costs(price: Decimal | None, body: str) -> tuple[Cost, ...]:
    """What a message costs at this price of a segment, in US dollars; nothing where Twilio names none."""
    if price is None:
        return ()
    count = segments(body).count
    what = f"{count} segment{'s' if count > 1 else ''} to a US phone; the carrier's fee comes on top"
    source = "Twilio Pricing API, this account's highest price for local numbers"
    return (Cost(what=what, usd=price * count, period="once", source=source, certain=False),)


def of_recipient(to: str, ours: list[reads.OwnedNumber], pool: list[reads.PoolNumber], *, trial: bool) -> list[Finding]:
    """What is to be said of the phone that a test goes to."""
    found = [note("consent", "Text a person only who has agreed to it, a test included.", "", "to", (21610,))]
    if any(n.phone_number == to for n in pool):
        text = "This is a number of the very pool: Twilio refuses a message from a number to itself."
        found.append(block("recipient-in-pool", text, "Choose a mobile phone.", "to", (21266,)))
    elif ours:
        text = "This is a number of this account, no phone: its webhook gets the message, and delivery proves little."
        found.append(warn("recipient-is-ours", text, "Choose a mobile phone.", "to"))
    elif toll_free(to):
        text = "This is a toll-free number: few of them receive texts, and none is a phone."
        found.append(warn("recipient-toll-free", text, "Choose a mobile phone.", "to", (21614, 30006)))
    if trial:
        text = "This is a trial account: it texts phones only that are verified in Console."
        found.append(warn("trial-account", text, "Verify the phone there first, or upgrade.", "to", (21608,)))
    return found


def _of_text(body: str) -> list[Finding]:
    counted = segments(body)
    if not counted.odd and counted.count == 1:
        return []
    shown = " ".join(counted.odd[:8])
    why = f" Characters such as {shown} leave room for 70 instead of 160 in each." if counted.odd else ""
    text = f"The text takes {counted.count} segment{'s' if counted.count > 1 else ''}; each is charged.{why}"
    return [note("segments", text, "", "body")]


def _price_unknown() -> Finding:
    text = "Twilio names no price for a message. It is not free: about a cent, and the carrier's fee."
    return note("price-unknown", text, "", "to")


OPERATIONS = (
    Operation(
        name="message.send_test",
        title="Send a test message",
        summary="One message through a service, followed to the phone, or to the reason why it did not arrive.",
        command="/a2p-message",
        word="test",
        form=MessageSendTest,
        plan=_plan_send,
        notes=(
            "No API tells whether carriers have registered a number: a message is the way to find out.",
            "30034: the number is not registered. 30035: it is just being registered. 30007: the text was filtered. "
            "Each comes with its cause and what to do next.",
            "A test costs what any message costs, undelivered ones too.",
        ),
    ),
)
