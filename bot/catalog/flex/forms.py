"""The forms of the two Flex chains: everything that is asked before the first step, so that nothing is asked midway."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from bot.catalog.addresses.forms import RETRIES, ConversationServiceSid, FlowSid
from bot.catalog.brands import options as brand_options
from bot.catalog.brands.forms import BrandInputs
from bot.catalog.campaigns.forms import CampaignSubmission
from bot.catalog.form import Ask, Form, Option, Values, When
from bot.catalog.messages import Recipient
from bot.catalog.rules import BrandSid, NumberOrSid, ServiceSid, UsNumber, shaped, split_words
from bot.catalog.services.settings import NAME_LIMIT
from bot.checks.texts import CampaignTexts

OWN_NUMBERS: Final = 20
BOUGHT_NUMBERS: Final = 10

NEW_SERVICE = Option("new", "A new one", "The services that you have stay as they are.")
STANDING_SERVICE = Option("existing", "One that exists", "Its settings stay, and so does what is in its pool.")
DEFERRING_SERVICE = Option("existing", "One that exists", "It will defer to the sender's webhook, if it does not yet.")
SERVICES = (
    NEW_SERVICE,
    STANDING_SERVICE,
    Option("default", "The default one of Conversations", "No other is needed with Flex Conversations, Twilio says."),
)
ROUTINGS = (
    Option("addresses", "An address for each number", "Recommended: made and checked here, step by step."),
    Option("autocreate", "Autocreate on the service", "By hand in Console; no API sets it or shows it."),
)
CAMPAIGNS = (
    Option("new", "Register a new one", "Its texts are asked for on the following pages."),
    Option("standing", "The service has one already", "Whatever its state: the chain waits until it is verified."),
)
BRANDS = (
    Option("existing", "One that exists", "In any state: the chain waits until it is approved."),
    *(Option(o.value, f"New: {o.label.lower()}", o.description) for o in brand_options.KINDS),
)
SOLE_PROPRIETOR: Final = "SOLE_PROPRIETOR"
LOW_VOLUME: Final = "LOW_VOLUME"

_EXISTING = When("service", ("existing",))
_NEW = When("service", ("new",))
_BUYS = When("buy", (True,))
_REGISTERS = When("campaign", ("new",))
_BY_ADDRESS = When("routing", ("addresses",))


class FlexQuestions(Form):
    """What both chains ask beside the texts of the campaign and the facts of a new brand."""

    numbers: Annotated[
        tuple[NumberOrSid, ...],
        BeforeValidator(split_words),
        Field(max_length=OWN_NUMBERS),
        Ask(
            "Numbers of yours",
            f"Up to {OWN_NUMBERS}. One that is in another service has to leave it first: `/a2p-sender move` (21712).",
            "lookups",
            2,
            source="owned_numbers",
        ),
    ] = ()
    buy: Annotated[bool, Ask("Buy numbers too", "Local ones, with no webhook of their own.", "yes_no", 2)] = False
    area_code: Annotated[
        str | None,
        AfterValidator(shaped(r"[2-9]\d{2}", "an area code has three digits and starts with 2 to 9")),
        Ask("Area code", "Three digits, for example 503. Empty: anywhere.", page=2, max_length=3, when=_BUYS),
    ] = None
    region: Annotated[
        str | None,
        AfterValidator(shaped(r"[A-Z]{2}", "two letters, for example OR", upper=True)),
        Ask("State", "Two letters, for example OR. Empty: anywhere.", page=2, max_length=2, when=_BUYS),
    ] = None
    phone_numbers: Annotated[
        tuple[UsNumber, ...],
        BeforeValidator(split_words),
        Field(min_length=1, max_length=BOUGHT_NUMBERS),
        Ask(
            "Numbers to buy",
            f"1 to {BOUGHT_NUMBERS}. Nobody holds them for you until they are bought.",
            "lookups",
            3,
            source="available_numbers",
            when=_BUYS,
        ),
    ]
    campaign: Annotated[
        Literal["new", "standing"],
        Ask(
            "Campaign",
            "What is sent, to whom, and how people agreed to it. Reviewed by people, in 10 to 15 business days.",
            "choice",
            4,
            options=CAMPAIGNS,
        ),
    ] = "new"
    brand_kind: Annotated[
        Literal["existing", "standard", "low_volume", "sole_proprietor"],
        Ask(
            "Brand",
            "Your business, as the carriers know it. The kind of a new one cannot be changed later.",
            "choice",
            4,
            options=BRANDS,
            when=_REGISTERS,
        ),
    ] = "existing"
    brand_sid: Annotated[
        BrandSid,
        Ask(
            "Which brand",
            "Pending and failed ones too.",
            "lookup",
            4,
            source="brands",
            when=When("brand_kind", ("existing",)),
        ),
    ]
    use_case: Annotated[
        str,
        AfterValidator(shaped(r"[A-Z0-9_]{2,64}", "a code such as ACCOUNT_NOTIFICATION or MIXED", upper=True)),
        Ask(
            "Use case",
            "It cannot be changed later. What Twilio offers a brand is known once the brand is approved.",
            "lookup",
            8,
            source="use_cases",
            when=_REGISTERS,
        ),
    ]
    to: Annotated[
        Recipient | None,
        Ask(
            "Phone for a test message",
            "Optional: a US mobile whose owner has agreed. It is texted at the very end. Shown masked.",
            page=11,
            placeholder="+15035550123",
            max_length=20,
            sensitive=True,
        ),
    ] = None


class FlexChain(CampaignSubmission, BrandInputs, FlexQuestions):
    """All questions that the two chains share. A subclass asks for `service` on its first page."""

    page_titles = (
        "Where messages arrive",
        "Numbers",
        "Numbers to buy",
        "Campaign and brand",
        "The business",
        "Who answers for it",
        "Registered address",
        "What reviewers read",
        "Sample messages",
        "Keywords and replies",
        "Test message",
    )
    starts = MappingProxyType({"BrandInputs": 3, "CampaignContent": 6, "CampaignSubmission": 6})

    @classmethod
    def ask_of(cls, name: str, ask: Ask) -> Ask:
        """Questions about a campaign are asked only where one is to be registered."""
        return replace(ask, when=ask.when or _REGISTERS) if name in CampaignSubmission.model_fields else ask

    @property
    def new_brand(self) -> bool:
        """Whether a brand is registered on the way."""
        return self.campaign == "new" and self.brand_kind != "existing"

    @property
    def texts(self) -> CampaignTexts:
        """What the linter reads, the use case included."""
        return super().texts.model_copy(update={"use_case": self.use_case})

    @classmethod
    def together(cls, values: Values) -> dict[str, str]:
        wrong = {**CampaignSubmission.together(values), **BrandInputs.together(values)}
        if not values.get("numbers", True) and not values.get("phone_numbers"):
            wrong["numbers"] = "choose a number of yours, or buy one: without numbers there is nothing to set up"
        if len(set(values.get("phone_numbers") or ())) < len(values.get("phone_numbers") or ()):
            wrong["phone_numbers"] = "a number is named twice"
        if values.get("service") == "new" and values.get("campaign") == "standing":
            wrong["campaign"] = "a new service has no campaign yet: register one, or choose the service that has it"
        if text := _unfit(values):
            wrong["use_case"] = text
        return wrong


class FlexOnboard(FlexChain):
    """From numbers to a verified campaign, for Flex Conversations."""

    service: Annotated[
        Literal["new", "existing", "default"], Ask("Messaging service", "", "choice", options=SERVICES)
    ] = "new"
    service_name: Annotated[
        str,
        Field(max_length=NAME_LIMIT),
        Ask("Name of the new service", "What people will see in Console and here.", max_length=NAME_LIMIT, when=_NEW),
    ]
    service_sid: Annotated[
        ServiceSid, Ask("Which service", "One campaign a service.", "lookup", source="services", when=_EXISTING)
    ]
    routing: Annotated[
        Literal["addresses", "autocreate"],
        Ask(
            "How messages become conversations",
            "One of the two: both together may answer twice.",
            "choice",
            options=ROUTINGS,
        ),
    ] = "addresses"
    flow_sid: Annotated[
        FlowSid,
        Ask(
            "Studio flow",
            "What a new conversation begins with. Its Send to Flex widget hands it to agents.",
            "lookup",
            source="studio_flows",
            when=_BY_ADDRESS,
        ),
    ]
    retry_count: Annotated[
        int,
        Field(ge=0, le=RETRIES),
        Ask("Retries", "How often Studio is asked again when it does not answer: 0 to 3.", "integer", when=_BY_ADDRESS),
    ] = RETRIES
    conversation_service_sid: Annotated[
        ConversationServiceSid,
        Ask(
            "Conversation service",
            "Empty: the account's default one, which should be Flex's.",
            "lookup",
            source="conversation_services",
            when=_BY_ADDRESS,
        ),
    ] = None


class FlexProxy(FlexChain):
    """From numbers to a verified campaign, for Flex UI 1.x with Proxy."""

    service: Annotated[
        Literal["new", "existing"], Ask("Messaging service", "", "choice", options=(NEW_SERVICE, DEFERRING_SERVICE))
    ] = "new"
    service_name: Annotated[
        str,
        Field(max_length=NAME_LIMIT),
        Ask("Name of the new service", "What people will see in Console and here.", max_length=NAME_LIMIT, when=_NEW),
    ]
    service_sid: Annotated[
        ServiceSid,
        Ask(
            "Which service",
            "That may change who answers the other numbers of its pool: the preview counts them.",
            "lookup",
            source="services",
            when=_EXISTING,
        ),
    ]


def _unfit(values: Mapping[str, Any]) -> str:
    """What is wrong with the use case for a new brand of this kind (twilio.md 4.5 and 5.7); "" when nothing is."""
    kind, use_case = values.get("brand_kind"), values.get("use_case")
    if kind in (None, "existing") or not use_case:
        return ""
    if (kind == "sole_proprietor") != (use_case == SOLE_PROPRIETOR):
        return f"{SOLE_PROPRIETOR} is the use case of sole proprietors, and the only one that they have"
    if use_case == LOW_VOLUME and kind != "low_volume":
        return f"{LOW_VOLUME} is for low-volume brands only"
    return ""
