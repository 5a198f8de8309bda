"""The forms of Conversations addresses: which numbers, and what answers (twilio.md section 3)."""

from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from bot.catalog.form import Ask, Form, Option, Values, When
from bot.catalog.rules import HTTP_METHODS, AddressOrNumber, AnyNumberOrSid, Webhook, shaped, split_words
from bot.catalog.sources.conversations import EVENTS

NAME_LIMIT = 256
RETRIES = 3
"""How often Studio is asked again by default: the default, and the most, of the same setting of Flex flows."""
CHANNELS = (Option("sms", "SMS"), Option("whatsapp", "WhatsApp"))
KINDS = (
    Option("studio", "A Studio flow", "What Flex does by default: the flow hands the conversation to an agent."),
    Option("webhook", "A webhook", "Your own endpoint hears of what happens in each conversation."),
    Option("default", "Nothing", "A conversation is made, and nothing is attached to it."),
)


def _known_events(value: tuple[str, ...]) -> tuple[str, ...]:
    known = {event.value.casefold(): event.value for event in EVENTS}
    wrong = [event for event in value if event.casefold() not in known]
    if wrong:
        raise ValueError(f"{wrong[0][:40]!r} is none of {', '.join(known.values())}")
    return tuple(dict.fromkeys(known[event.casefold()] for event in value))


FlowSid = Annotated[
    str | None, AfterValidator(shaped(r"FW[0-9a-fA-F]{32}", "choose a Studio flow, or give its SID (FW…)"))
]
ConversationServiceSid = Annotated[
    str | None, AfterValidator(shaped(r"IS[0-9a-fA-F]{32}", "choose a conversation service, or give its SID (IS…)"))
]
Events = Annotated[tuple[str, ...], BeforeValidator(split_words), AfterValidator(_known_events), Field(min_length=1)]


class Answering(Form):
    """What becomes of a message that belongs to no conversation yet."""

    type: Annotated[Literal["studio", "webhook", "default"], Ask("What answers", "", "choice", options=KINDS)] = (
        "studio"
    )
    flow_sid: Annotated[
        FlowSid,
        Ask(
            "Studio flow",
            "It must send the conversation to Flex, or answer itself.",
            "lookup",
            source="studio_flows",
            when=When("type", ("studio",)),
        ),
    ]
    retry_count: Annotated[
        int,
        Field(ge=0, le=RETRIES),
        Ask(
            "Retries",
            "How often Studio is asked again when it does not answer: 0 to 3.",
            "integer",
            when=When("type", ("studio",)),
        ),
    ] = RETRIES
    webhook_url: Annotated[
        Webhook | None, Ask("Webhook", "", "url", placeholder="https://", when=When("type", ("webhook",)))
    ]
    webhook_method: Annotated[
        Literal["POST", "GET"],
        Ask("Webhook method", "", "choice", options=HTTP_METHODS, when=When("type", ("webhook",))),
    ] = "POST"
    webhook_filters: Annotated[
        Events,
        Ask(
            "Events",
            "What the webhook hears of.",
            "lookups",
            source="conversation_events",
            when=When("type", ("webhook",)),
        ),
    ] = ("onMessageAdded",)
    conversation_service_sid: Annotated[
        ConversationServiceSid,
        Ask(
            "Conversation service",
            "Empty: the account's default one, which should be Flex's.",
            "lookup",
            source="conversation_services",
        ),
    ] = None
    friendly_name: Annotated[
        str | None,
        Field(max_length=NAME_LIMIT),
        Ask("Name of the address", "Optional; Flex Console shows it.", max_length=NAME_LIMIT),
    ] = None


class AddressCreate(Answering):
    """Numbers that are to make conversations, and what answers in them."""

    page_titles = ("Numbers", "What answers")
    starts = MappingProxyType({"Answering": 1})

    channel: Annotated[Literal["sms", "whatsapp"], Ask("Channel", "", "choice", options=CHANNELS)] = "sms"
    number: Annotated[
        tuple[AnyNumberOrSid, ...],
        BeforeValidator(split_words),
        Field(min_length=1, max_length=20),
        Ask(
            "Numbers",
            "1 to 20 numbers, short codes or WhatsApp senders that have no address of this channel.",
            "lookups",
            source="addressable_numbers",
        ),
    ]
    clear_webhook: Annotated[
        bool,
        Ask(
            "Blank the numbers' own webhooks",
            "Flex wants them blank: a webhook beside an address may answer people a second time.",
            "yes_no",
            2,
            when=When("channel", ("sms",)),
        ),
    ] = False
    address_country: Annotated[
        str | None,
        AfterValidator(shaped(r"[A-Z]{2}", "two letters, for example US", upper=True)),
        Ask("Country", "Only for short codes: two letters. Empty is US.", page=2, max_length=2),
    ] = None

    @classmethod
    def together(cls, values: Values) -> dict[str, str]:
        codes = [n for n in values.get("number") or () if n.isdigit()]
        if values.get("address_country") and "number" in values and not codes:
            return {"address_country": "only short codes have one: leave it empty"}
        if codes and values.get("channel") == "whatsapp":
            return {"number": f"{codes[0]} is a short code, which WhatsApp does not know"}
        return {}


class AddressUpdate(Answering):
    """An address that exists, and what is to answer from now on."""

    page_titles = ("Address", "What answers")
    starts = MappingProxyType({"Answering": 1})

    number: Annotated[
        AddressOrNumber,
        Ask("Address", "Its settings are filled in on the next page.", "lookup", source="addresses"),
    ]
    enabled: Annotated[
        bool,
        Ask("Make conversations", "No: the address stays, and does nothing.", "yes_no", 2),
    ] = True


class AddressDelete(Form):
    """Addresses that are to go."""

    page_titles = ("Delete addresses",)

    number: Annotated[
        tuple[AddressOrNumber, ...],
        BeforeValidator(split_words),
        Field(min_length=1, max_length=20),
        Ask("Addresses", "1 to 20. The numbers themselves stay.", "lookups", source="addresses"),
    ]
