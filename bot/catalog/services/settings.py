"""The settings of a messaging service: questions, wire names, and how they stand (twilio.md 1.1 and 1.4)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from bot.catalog.form import Ask, Form, Option, When
from bot.catalog.rules import HTTP_METHODS, Webhook, flag
from bot.plans.step import ManualStep
from bot.twilio import reads

NAME_LIMIT = 64

INBOUND: Final = (
    Option(
        "defer", "Defer to the sender's webhook", "Each number's own webhook or address answers: for Flex and Proxy."
    ),
    Option("webhook", "Send to one webhook", "Every number of the service calls the URL below."),
    Option("drop", "Drop inbound messages", "Nothing is delivered, and Twilio does not even log it."),
    Option("autocreate", "Autocreate a Conversation", "In Console by hand: no API sets or shows it."),
)
USE_CASES: Final = tuple(
    Option(value, label)
    for value, label in (
        ("undeclared", "Not declared (external campaigns need this)"),
        ("notifications", "Notifications"),
        ("marketing", "Marketing"),
        ("verification", "Verification"),
        ("discussion", "Discussion"),
        ("poll", "Poll"),
    )
)
ALWAYS_ON: Final = (
    "Always on, and no setting: short code reroute (a short code where one reaches the recipient, else a number), "
    "country geomatch (a number of the recipient's country, else a US one, else any), and the scaler (an even spread "
    "over the senders that fit)."
)
CONSOLE_ONLY: Final = (
    "Advanced Opt-Out is set in Console only (service, Opt-Out Management): keywords and replies of your own for STOP, "
    "START and HELP, and OptOutType in inbound webhooks. Without it Twilio's default keywords work.",
    "The Sender ID pre-registration alert is set in Console only (service, A2P & Compliance). It raises warning 30018 "
    "in the Debugger for countries that want sender ids registered, and blocks nothing.",
)
Inbound = Literal["defer", "webhook", "drop", "autocreate"]
Method = Literal["POST", "GET"]
_BY_WEBHOOK: Final = When("inbound", ("webhook",))


class ServiceSettings(Form):
    """Every setting of a messaging service that can be set."""

    friendly_name: Annotated[
        str,
        Field(max_length=NAME_LIMIT),
        Ask("Name", "What people will see in Console and here.", max_length=NAME_LIMIT),
    ]
    usecase: Annotated[
        Literal["undeclared", "notifications", "marketing", "verification", "discussion", "poll"],
        Ask(
            "Declared use",
            "What this service is for. Leave it undeclared if unsure: it must not contradict the campaign that is "
            "attached later (error 21719).",
            "choice",
            options=USE_CASES,
        ),
    ] = "undeclared"
    inbound: Annotated[Inbound, Ask("When a message comes in", control="choice", options=INBOUND)] = "defer"
    inbound_request_url: Annotated[
        Webhook | None,
        Ask(
            "Inbound webhook",
            "Called for every message that comes in.",
            "url",
            placeholder="https://",
            when=_BY_WEBHOOK,
        ),
    ]
    inbound_method: Annotated[
        Method, Ask("Inbound method", control="choice", options=HTTP_METHODS, when=_BY_WEBHOOK)
    ] = "POST"
    fallback_url: Annotated[
        Webhook | None,
        Ask(
            "Fallback webhook",
            "Called when the inbound webhook fails.",
            "url",
            placeholder="https://",
            when=_BY_WEBHOOK,
        ),
    ] = None
    fallback_method: Annotated[
        Method, Ask("Fallback method", control="choice", options=HTTP_METHODS, when=_BY_WEBHOOK)
    ] = "POST"
    status_callback: Annotated[
        Webhook | None,
        Ask(
            "Delivery status callback",
            "Where Twilio reports what became of each message.",
            "url",
            2,
            placeholder="https://",
        ),
    ] = None
    sticky_sender: Annotated[
        bool, Ask("Sticky sender", "The same recipient always hears from the same number.", "yes_no", 2)
    ] = True
    area_code_geomatch: Annotated[
        bool, Ask("Area code geomatch", "Prefer a number of the recipient's area code (US and Canada).", "yes_no", 2)
    ] = True
    mms_converter: Annotated[
        bool,
        Ask(
            "MMS converter",
            "Send a link (good for a year) by SMS where a carrier cannot take the picture.",
            "yes_no",
            2,
        ),
    ] = True
    smart_encoding: Annotated[
        bool,
        Ask("Smart encoding", "Replace look-alike Unicode characters that double the number of segments.", "yes_no", 2),
    ] = True
    validity_period: Annotated[
        int,
        Field(ge=1, le=36000),
        Ask(
            "Validity period, seconds",
            "How long a message may queue inside Twilio: 1 to 36000. WhatsApp takes 14400 at most.",
            "integer",
            2,
        ),
    ] = 36000

    def answers(self) -> dict[str, Any]:
        """The settings that were asked for, by field."""
        given = self.model_dump()
        asked = type(self).asked(given)
        return {name: given[name] for name in ServiceSettings.asks() if name in asked}


NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "friendly_name": "FriendlyName",
        "usecase": "Usecase",
        "use_inbound_webhook_on_number": "UseInboundWebhookOnNumber",
        "inbound_request_url": "InboundRequestUrl",
        "inbound_method": "InboundMethod",
        "fallback_url": "FallbackUrl",
        "fallback_method": "FallbackMethod",
        "status_callback": "StatusCallback",
        "sticky_sender": "StickySender",
        "area_code_geomatch": "AreaCodeGeomatch",
        "mms_converter": "MmsConverter",
        "smart_encoding": "SmartEncoding",
        "validity_period": "ValidityPeriod",
    }
)
"""Response fields by the wire parameters that set them."""


def wire(value: Any) -> str:
    """A setting as the wire wants it; nothing is the empty text, which clears it."""
    return flag(value) if isinstance(value, bool) else "" if value is None else str(value)


def settings_of(service: reads.Service) -> dict[str, Any]:
    """A service's settings as the form names them. Autocreate shows as *drop*: the API does not tell them apart.

    What the form does not know shows as its default, and is not written unless it is changed.
    """
    seen = {name: getattr(service, name) for name in ServiceSettings.asks() if name != "inbound"}
    known = service.usecase in {option.value for option in USE_CASES}
    return {
        **seen,
        "usecase": service.usecase if known else "undeclared",
        "inbound": inbound_of(service),
        "inbound_method": (service.inbound_method or "POST").upper(),
        "fallback_method": (service.fallback_method or "POST").upper(),
    }


def inbound_of(service: reads.Service) -> Inbound:
    """What a service does with an inbound message, as far as the API shows it (twilio.md 1.4)."""
    if not service.answers_inbound:
        return "defer"
    return "webhook" if service.inbound_request_url else "drop"


def autocreate_step(step_id: str, name: str, link: str) -> ManualStep:
    """The step that a person does in Console, because no field of the API stands for it (twilio.md 0.16)."""
    return ManualStep(
        id=step_id,
        title=f"Switch “{name}” to Autocreate a Conversation",
        where=(
            f"In Console: Messaging, Services, “{name}”, Integration, Incoming Messages: choose “Autocreate a "
            "Conversation” and save. If it is greyed out, click “Configure Conversations” there, switch on “Handle "
            "inbound messages with Conversations” and save that first. It acts within 60 seconds. No API shows it, so "
            "look at it twice."
        ),
        link=link,
    )
