"""Configuring phone numbers: `number.configure` (twilio.md 2.3)."""

import asyncio
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from bot.catalog.form import Ask, Form, Option, Values, When
from bot.catalog.numbers.owned import (
    Surroundings,
    answers_twice,
    count,
    listed,
    number_path,
    owned,
    surroundings,
)
from bot.catalog.operation import Context, Operation
from bot.catalog.rules import HTTP_METHODS, NumberOrSid, Webhook, split_words
from bot.plans.call import Call
from bot.plans.finding import Finding, block, note, warn
from bot.plans.plan import Difference, Plan
from bot.plans.step import Adopt, CallStep, Undo
from bot.twilio import reads
from bot.twilio.gateway import Account

NAME_LIMIT = 64
WEBHOOK = (
    Option("keep", "Leave as it is"),
    Option("blank", "Blank, for Flex", "No webhook and no application: an address configuration answers instead."),
    Option("set", "Set a webhook", "The number calls it for each inbound message, unless its service answers."),
)
STATUS = (
    Option("keep", "Leave as it is"),
    Option("blank", "Blank"),
    Option("set", "Set one"),
)
Method = Literal["POST", "GET"]
Numbers = Annotated[tuple[NumberOrSid, ...], BeforeValidator(split_words), Field(min_length=1, max_length=50)]

_SETTINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "FriendlyName": ("friendly_name", "name"),
        "SmsApplicationSid": ("sms_application_sid", "messaging application"),
        "SmsUrl": ("sms_url", "inbound webhook"),
        "SmsMethod": ("sms_method", "inbound method"),
        "SmsFallbackUrl": ("sms_fallback_url", "fallback webhook"),
        "SmsFallbackMethod": ("sms_fallback_method", "fallback method"),
        "StatusCallback": ("status_callback", "status callback"),
        "StatusCallbackMethod": ("status_callback_method", "status callback method"),
    }
)
"""By parameter: the field of the answer, and what people call the setting."""


class NumberConfigure(Form):
    """What the chosen numbers do with an inbound message, and what they are called."""

    page_titles = ("Numbers", "Settings")

    numbers: Annotated[
        Numbers, Ask("Numbers", "1 to 50 numbers; all get the same settings.", "lookups", source="owned_numbers")
    ]
    webhook: Annotated[
        Literal["keep", "blank", "set"], Ask("When a message comes in", "", "choice", 2, options=WEBHOOK)
    ] = "keep"
    sms_url: Annotated[
        Webhook | None, Ask("Inbound webhook", "", "url", 2, placeholder="https://", when=When("webhook", ("set",)))
    ]
    sms_method: Annotated[
        Method, Ask("Inbound method", "", "choice", 2, options=HTTP_METHODS, when=When("webhook", ("set",)))
    ] = "POST"
    sms_fallback_url: Annotated[
        Webhook | None,
        Ask(
            "Fallback webhook",
            "Called when the inbound webhook fails. Empty clears it.",
            "url",
            2,
            placeholder="https://",
            when=When("webhook", ("set",)),
        ),
    ] = None
    sms_fallback_method: Annotated[
        Method, Ask("Fallback method", "", "choice", 2, options=HTTP_METHODS, when=When("webhook", ("set",)))
    ] = "POST"
    status: Annotated[
        Literal["keep", "blank", "set"],
        Ask(
            "Status callback",
            "Mostly about calls. Delivery of messages is reported where the messaging service says.",
            "choice",
            2,
            options=STATUS,
        ),
    ] = "keep"
    status_callback: Annotated[
        Webhook | None,
        Ask("Status callback URL", "", "url", 2, placeholder="https://", when=When("status", ("set",))),
    ]
    status_callback_method: Annotated[
        Method, Ask("Status callback method", "", "choice", 2, options=HTTP_METHODS, when=When("status", ("set",)))
    ] = "POST"
    friendly_name: Annotated[
        str | None,
        Field(max_length=NAME_LIMIT),
        Ask("Name", "For one number only. Empty leaves the name as it is.", page=2, max_length=NAME_LIMIT),
    ] = None

    @classmethod
    def together(cls, values: Values) -> dict[str, str]:
        if values.get("friendly_name") and len(values.get("numbers") or ()) > 1:
            return {"friendly_name": "several numbers cannot share a name: leave it empty, or choose one number"}
        if values.get("webhook") == values.get("status") == "keep" and not values.get("friendly_name"):
            return {"webhook": "nothing would change: choose what is to be set or blanked"}
        return {}


def settings_step(
    account: Account, step_id: str, number: reads.OwnedNumber, changed: Mapping[str, str], skippable: str = ""
) -> CallStep:
    """The step that writes settings of a number by wire parameter; an empty text clears one. Undo writes the old."""
    before = {name: _current(number, name) for name in changed}
    path = number_path(account, number.sid)
    return CallStep(
        id=step_id,
        title=f"{number.phone_number}: {'; '.join(_done(name, value) for name, value in changed.items())}",
        call=Call(product="api", method="POST", path=path, params=dict(changed)),
        adopt=_shows(path, changed),
        keep=("sid", "phone_number"),
        undo=Undo(
            title=f"{number.phone_number}: {'; '.join(_done(name, value) for name, value in before.items())}",
            call=Call(product="api", method="POST", path=path, params=dict(before)),
            adopt=_shows(path, before),
        ),
        skippable=skippable or f"{number.phone_number} keeps its settings",
    )


def blanking(number: reads.OwnedNumber) -> dict[str, str]:
    """What makes a number's messaging blank, as Flex wants it; empty when it is (twilio.md 2.3)."""
    wanted = {"SmsApplicationSid": "", "SmsUrl": "", "SmsFallbackUrl": ""}
    return {name: value for name, value in wanted.items() if _current(number, name) != value}


async def _plan_configure(form: NumberConfigure, context: Context) -> Plan:
    numbers, around = await asyncio.gather(
        owned(context.account, form.numbers, "numbers"), surroundings(context.account)
    )
    changes = [(number, _changes(form, number)) for number in numbers]
    wanted = [(number, changed) for number, changed in changes if changed]
    named = [number for number, _ in wanted] or numbers
    return Plan(
        operation="number.configure",
        account=context.account.sid,
        title=f"Configure {named[0].phone_number if len(named) == 1 else count(len(named))}",
        steps=tuple(
            settings_step(context.account, f"configure_{i}", number, changed)
            for i, (number, changed) in enumerate(wanted, 1)
        ),
        differences=tuple(d for number, changed in wanted for d in _differences(number, changed)),
        findings=(
            *_unchanged([n for n, changed in changes if not changed], nothing_left=not wanted),
            *(f for number, changed in wanted for f in _judged(form, number, changed, around)),
        ),
    )


def _changes(form: NumberConfigure, number: reads.OwnedNumber) -> dict[str, str]:
    wanted: dict[str, str] = {}
    if form.friendly_name:
        wanted["FriendlyName"] = form.friendly_name
    if form.webhook == "blank":
        wanted |= blanking(number)
    if form.webhook == "set":
        # an application wins over every URL of the number, so what is set here would never be called beside one
        wanted |= {"SmsApplicationSid": "", "SmsUrl": form.sms_url or "", "SmsMethod": form.sms_method}
        wanted["SmsFallbackUrl"] = form.sms_fallback_url or ""
        if form.sms_fallback_url:
            wanted["SmsFallbackMethod"] = form.sms_fallback_method
    if form.status != "keep":
        wanted["StatusCallback"] = form.status_callback or ""
    if form.status_callback:
        wanted["StatusCallbackMethod"] = form.status_callback_method
    return {name: value for name, value in wanted.items() if _current(number, name) != value}


def _current(number: reads.OwnedNumber, name: str) -> str:
    return getattr(number, _SETTINGS[name][0]) or ""


def _done(name: str, value: str) -> str:
    return f"{_SETTINGS[name][1]} {'set' if value else 'cleared'}"


def _shows(path: str, settings: Mapping[str, str]) -> Adopt:
    read = Call(product="api", method="GET", path=path)
    return Adopt(read=read, match={_SETTINGS[name][0]: value for name, value in settings.items()})


def _differences(number: reads.OwnedNumber, changed: Mapping[str, str]) -> list[Difference]:
    return [
        Difference(
            field=f"{number.phone_number}: {_SETTINGS[name][1]}",
            before=_current(number, name) or None,
            after=value or None,
        )
        for name, value in changed.items()
    ]


def _unchanged(numbers: Sequence[reads.OwnedNumber], *, nothing_left: bool) -> list[Finding]:
    if not numbers:
        return []
    text = f"{listed([n.phone_number for n in numbers])}: set like this already."
    if nothing_left:
        return [block("nothing-to-do", f"{text} There is nothing left to do.", "Change something.", "numbers")]
    return [note("already-set", f"{text} Nothing is called for it.", "", "numbers")]


def _judged(
    form: NumberConfigure, number: reads.OwnedNumber, changed: Mapping[str, str], around: Surroundings
) -> list[Finding]:
    found: list[Finding] = []
    if number.sms_application_sid and "SmsApplicationSid" in changed:
        text = (
            f"The application {number.sms_application_sid} handles the messages of {number.phone_number} and wins over "
            "every URL: it is taken off the number's messaging. Calls are not touched."
        )
        found.append(warn("application-removed", text, "Make sure that nobody needs it.", "numbers"))
    if form.webhook == "set":
        after = number.model_copy(update={"sms_url": form.sms_url, "sms_application_sid": ""})
        found += _answering(after, around)
    if form.webhook == "blank":
        found += _silent(number, around)
    return found


def _answering(number: reads.OwnedNumber, around: Surroundings) -> list[Finding]:
    """What stands in the way of a webhook that is to be set."""
    found: list[Finding] = []
    home, address = around.home(number), around.address(number)
    if not number.can("sms"):
        found.append(warn("no-sms", f"{number.phone_number} has no SMS: its webhook is never called.", "", "numbers"))
    if address and address.answers:
        found.append(answers_twice(number, "numbers"))
    if home and home.answers_inbound:
        text = (
            f"{number.phone_number} is in “{home.friendly_name}”, which handles inbound messages itself: the number's "
            "webhook is not called."
        )
        found.append(warn("two-webhooks", text, "Let the service defer to the sender's webhook.", "numbers"))
    return found


def _silent(number: reads.OwnedNumber, around: Surroundings) -> list[Finding]:
    """What a blank webhook leaves to answer a number."""
    home, address = around.home(number), around.address(number)
    if (address and address.answers) or (home and home.answers_inbound) or around.addresses is None:
        return []
    text = f"Nothing answers {number.phone_number} then: it has no address, and no service that answers."
    return [warn("nobody-answers", text, "Create its address next: `/a2p-address create`.", "numbers")]


async def _prefill(values: Values, account: Account) -> dict[str, Any]:
    """The settings that all chosen numbers share now; "" where they differ."""
    try:
        wanted = TypeAdapter(Numbers).validate_python(values.get("numbers") or ())
    except ValidationError:
        return {}
    numbers = await owned(account, wanted, "numbers")
    shared = {field: _shared([getattr(n, field) or "" for n in numbers]) for field, _ in _SETTINGS.values()}
    del shared["sms_application_sid"]
    return {**shared, "friendly_name": shared["friendly_name"] if len(numbers) == 1 else ""}


def _shared(values: Sequence[str]) -> str:
    return values[0] if len(set(values)) == 1 else ""


OPERATIONS = (
    Operation(
        name="number.configure",
        title="Configure numbers",
        summary="Sets or blanks the inbound webhook of numbers, and what else they call.",
        command="/a2p-number",
        word="configure",
        form=NumberConfigure,
        plan=_plan_configure,
        prefill=_prefill,
        notes=(
            "Flex Conversations wants numbers without a webhook of their own: *Blank, for Flex* clears the webhook, "
            "its fallback and a messaging application.",
            "A number's webhook is called only while its messaging service defers to the sender's webhook.",
            "Taking the change back writes the old settings again.",
        ),
    ),
)
