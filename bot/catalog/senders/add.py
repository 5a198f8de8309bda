"""Adding to a pool: `sender.add`, for numbers, short codes, sender ids, WhatsApp and RCS (twilio.md 1.2)."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from bot.catalog.form import Ask, Form, Option, When
from bot.catalog.operation import Context, Operation
from bot.catalog.rules import NumberOrSid, ServiceSid, shaped, split_words
from bot.catalog.senders import kinds as sender_kinds
from bot.catalog.senders.pool import add_sender_step, read_pool, shown
from bot.plans.plan import Difference, Plan
from bot.twilio.reads_senders import Sender

KINDS: Final = (
    Option("number", "Phone numbers", "Numbers of this account, several at once."),
    Option("short_code", "Short codes", "Where one reaches the recipient, Twilio always takes it first."),
    Option("alpha", "Alphanumeric sender id", "A name instead of a number. One-way, and not in the US or Canada."),
    Option("whatsapp", "WhatsApp senders", "Numbers of yours that are registered with WhatsApp."),
    Option("rcs", "RCS senders", "Agents of yours that are launched with carriers."),
)
_ALPHA = "1 to 11 letters, digits, spaces, or any of - + _ &, and not digits alone (21709)"
_SHORT_CODE = "a short code has 5 or 6 digits; its SID starts with SC and has 34 characters"
_CHANNEL = "the SID of a WhatsApp or RCS sender starts with XE and has 34 characters"
_MANY = "1 to 50."


class SenderAdd(Form):
    """Senders of one kind for the pool of one messaging service."""

    page_titles = ("Add senders to a pool",)

    service_sid: Annotated[
        ServiceSid,
        Ask("Messaging service", "They will send as this service, with its settings.", "lookup", source="services"),
    ]
    kind: Annotated[
        Literal["number", "short_code", "alpha", "whatsapp", "rcs"],
        Ask("What to add", control="choice", options=KINDS),
    ] = "number"
    numbers: Annotated[
        tuple[NumberOrSid, ...],
        BeforeValidator(split_words),
        Field(min_length=1, max_length=50),
        Ask(
            "Numbers",
            f"{_MANY} A number can be in one service only, and sends under that service's campaign.",
            "lookups",
            source="owned_numbers",
            when=When("kind", ("number",)),
        ),
    ]
    short_codes: Annotated[
        tuple[Annotated[str, AfterValidator(shaped(r"\d{5,6}|SC[0-9a-fA-F]{32}", _SHORT_CODE))], ...],
        BeforeValidator(split_words),
        Field(min_length=1, max_length=50),
        Ask(
            "Short codes",
            f"{_MANY} They count against the pool's limit of 400 together with its numbers.",
            "lookups",
            source="short_codes",
            when=When("kind", ("short_code",)),
        ),
    ]
    alpha_sender: Annotated[
        str,
        AfterValidator(shaped(r"(?!\d+\Z)[A-Za-z0-9 +_&-]{1,11}", _ALPHA)),
        Ask(
            "Sender id",
            "Up to 11 characters: letters, digits, spaces, - + _ &. Not digits alone.",
            max_length=11,
            when=When("kind", ("alpha",)),
        ),
    ]
    iso_country_code: Annotated[
        str | None,
        AfterValidator(shaped(r"[A-Z]{2}", "two letters, for example DE", upper=True)),
        Ask(
            "Only for this country",
            "Two letters, for example DE. Empty: for every country that takes sender ids. One for each country.",
            max_length=2,
            when=When("kind", ("alpha",)),
        ),
    ] = None
    channel_senders: Annotated[
        tuple[Annotated[str, AfterValidator(shaped(r"XE[0-9a-fA-F]{32}", _CHANNEL))], ...],
        BeforeValidator(split_words),
        Field(min_length=1, max_length=50),
        Ask(
            "Senders",
            f"{_MANY} Register them in Console first.",
            "lookups",
            source="channel_senders",
            when=When("kind", ("whatsapp", "rcs")),
        ),
    ]


async def _plan_add(form: SenderAdd, context: Context) -> Plan:
    account = context.account
    pool = await read_pool(account, form.service_sid)
    match form.kind:
        case "number":
            addition = await sender_kinds.numbers(account, pool, form.numbers)
        case "short_code":
            addition = await sender_kinds.short_codes(account, pool, form.short_codes)
        case "alpha":
            addition = await sender_kinds.alpha(account, pool, form.alpha_sender, form.iso_country_code or "")
        case "whatsapp" | "rcs":
            addition = await sender_kinds.channel_senders(account, pool, form.channel_senders, form.kind)
    name = pool.service.friendly_name
    new = addition.new
    return Plan(
        operation="sender.add",
        account=account.sid,
        title=f"Add {counted(new)} to “{name}”",
        steps=tuple(add_sender_step(pool.place, f"add_{i}", s) for i, s in enumerate(new, 1)),
        differences=tuple(Difference(field=shown(s), before=addition.before(s), after=f"in “{name}”") for s in new),
        findings=addition.findings,
    )


def counted(senders: Sequence[Sender]) -> str:
    """How many senders of one kind: `1 number`, `3 short codes`; a sender id by itself."""
    if len(senders) == 1 and senders[0].kind in ("alpha", "country_alpha"):
        return shown(senders[0])
    word = {"number": "number", "short_code": "short code"}.get(senders[0].kind if senders else "number", "sender")
    return f"1 {word}" if len(senders) == 1 else f"{len(senders)} {word}s"


OPERATIONS = (
    Operation(
        name="sender.add",
        title="Add senders to a pool",
        summary="Numbers, short codes, a sender id, WhatsApp or RCS senders join a messaging service.",
        command="/a2p-sender",
        word="add",
        form=SenderAdd,
        plan=_plan_add,
        notes=(
            "A pool holds 400 numbers and short codes, one sender id (alphanumeric) a country, and should hold one "
            "toll-free number at most. A sole proprietor campaign registers one number only (30125).",
            "A number or short code is in one service at a time (21712): `/a2p-sender move` takes a number along.",
            "Which sender a message goes out by is Twilio's choice and cannot be switched off: a short code where one "
            "reaches the recipient, a number of the recipient's country before one of another (country geomatch), and "
            "an even spread over those that fit (scaler).",
            "Some countries want a sender id registered first (30018). Console's Sender ID pre-registration alert "
            "(service, A2P & Compliance) warns of that in the Debugger; it blocks nothing, and has no API.",
            "WhatsApp and RCS senders share the service's validity period (WhatsApp: 14400 seconds at most), inbound "
            "handling, opt-out, country geomatch and scaler; the other settings are for SMS and MMS.",
        ),
        next="`/a2p-service show` has the whole pool, its campaign and what is odd.",
    ),
)
