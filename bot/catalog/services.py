"""Messaging services: `service.create` (twilio.md section 1)."""

from typing import Annotated, Literal

from pydantic import Field

from bot.catalog.answers import new_things
from bot.catalog.form import Ask, Form, Option, Values
from bot.catalog.operation import Context, Operation
from bot.catalog.rules import HTTP_METHODS, Url, flag
from bot.plans.call import Call
from bot.plans.finding import Finding, note, warn
from bot.plans.plan import Plan
from bot.plans.step import Adopt, CallStep
from bot.twilio import reads

NAME_LIMIT = 64

INBOUND = (
    Option("defer", "Defer to the sender's webhook", "Each number's own webhook answers. What Flex and Proxy need."),
    Option("webhook", "Send to one webhook", "Every number of the service calls the URL below."),
    Option("drop", "Drop inbound messages", "Nothing is delivered, and Twilio does not even log it."),
)
USE_CASES = tuple(
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
Method = Literal["POST", "GET"]


class ServiceCreate(Form):
    """Every setting of a messaging service that Twilio's API can set."""

    page_titles = ("Name and inbound", "Delivery settings")

    friendly_name: Annotated[
        str,
        Field(max_length=NAME_LIMIT),
        Ask("Name", "What people will see in Console and here.", max_length=NAME_LIMIT),
    ]
    usecase: Annotated[
        Literal["undeclared", "notifications", "marketing", "verification", "discussion", "poll"],
        Ask(
            "Declared use",
            "Not the campaign's use case, but the two must not contradict each other.",
            "choice",
            options=USE_CASES,
        ),
    ] = "undeclared"
    inbound: Annotated[
        Literal["defer", "webhook", "drop"], Ask("When a message comes in", control="choice", options=INBOUND)
    ] = "defer"
    inbound_request_url: Annotated[
        Url | None, Ask("Inbound webhook", "Only for *Send to one webhook*.", "url", placeholder="https://")
    ] = None
    inbound_method: Annotated[Method, Ask("Inbound method", control="choice", options=HTTP_METHODS)] = "POST"
    fallback_url: Annotated[
        Url | None, Ask("Fallback webhook", "Called when the inbound webhook fails.", "url", placeholder="https://")
    ] = None
    fallback_method: Annotated[Method, Ask("Fallback method", control="choice", options=HTTP_METHODS)] = "POST"
    status_callback: Annotated[
        Url | None,
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
        bool, Ask("MMS converter", "Send a link by SMS where a carrier cannot take the picture.", "yes_no", 2)
    ] = True
    smart_encoding: Annotated[
        bool,
        Ask("Smart encoding", "Replace look-alike Unicode characters that double the number of segments.", "yes_no", 2),
    ] = True
    validity_period: Annotated[
        int,
        Field(ge=1, le=36000),
        Ask("Validity period, seconds", "How long a message may queue inside Twilio: 1 to 36000.", "integer", 2),
    ] = 36000

    @classmethod
    def together(cls, values: Values) -> dict[str, str]:
        inbound, url = values.get("inbound"), values.get("inbound_request_url")
        if inbound == "webhook" and not url:
            return {"inbound_request_url": "needed, because inbound messages are to go to one webhook"}
        if inbound in ("defer", "drop") and url:
            return {"inbound_request_url": "leave it empty, or choose Send to one webhook"}
        return {}


def _params(form: ServiceCreate) -> dict[str, str]:
    """The wire parameters; both inbound parameters are always explicit (twilio.md 0.17 and 1.4)."""
    optional = {
        "InboundRequestUrl": form.inbound_request_url,
        "FallbackUrl": form.fallback_url,
        "StatusCallback": form.status_callback,
    }
    return {
        "FriendlyName": form.friendly_name,
        "Usecase": form.usecase,
        "UseInboundWebhookOnNumber": flag(form.inbound == "defer"),
        "InboundMethod": form.inbound_method,
        "FallbackMethod": form.fallback_method,
        "StickySender": flag(form.sticky_sender),
        "AreaCodeGeomatch": flag(form.area_code_geomatch),
        "MmsConverter": flag(form.mms_converter),
        "SmartEncoding": flag(form.smart_encoding),
        "ValidityPeriod": str(form.validity_period),
    } | {name: url for name, url in optional.items() if url}


def interim_name(name: str, token: str) -> str:
    """The name under which a service is created: unique, so that a lost answer can be found again (twilio.md 11.7)."""
    return f"{name[: NAME_LIMIT - len(token) - 1]} {token}"


async def _plan_create(form: ServiceCreate, context: Context) -> Plan:
    same = [s for s in await reads.services(context.account) if s.friendly_name == form.friendly_name]
    interim = interim_name(form.friendly_name, context.token)
    listing = Call(product="messaging", method="GET", path="/v1/Services")
    params = _params(form)
    create = CallStep(
        id="service",
        title=f"Create the messaging service, for now named “{interim}”",
        call=Call(product="messaging", method="POST", path="/v1/Services", params={**params, "FriendlyName": interim}),
        adopt=Adopt(read=listing, items="services", match={"friendly_name": interim}),
        keep=("sid", "friendly_name"),
    )
    rename = CallStep(
        id="name",
        title=f"Name it “{form.friendly_name}”",
        call=Call(
            product="messaging",
            method="POST",
            path="/v1/Services/{service.sid}",
            params={"FriendlyName": form.friendly_name},
        ),
        adopt=Adopt(
            read=Call(product="messaging", method="GET", path="/v1/Services/{service.sid}"),
            match={"friendly_name": form.friendly_name},
        ),
    )
    return Plan(
        operation="service.create",
        account=context.account.sid,
        title=f"Create the messaging service “{form.friendly_name}”",
        steps=(create, rename),
        differences=new_things(form),
        findings=tuple(_findings(form, [s.sid for s in same])),
    )


def _findings(form: ServiceCreate, same: list[str]) -> list[Finding]:
    found = []
    if same:
        text = f"A service with this name exists already ({same[0]}). Twilio allows it; people will mix them up."
        fix = "Choose another name, or use the service that exists."
        found.append(warn("name-in-use", text, fix, "friendly_name"))
    if form.inbound == "drop":
        text = "Replies, STOP included, reach nobody and are not logged."
        fix = "Choose Defer or one webhook, unless silence is what you want."
        found.append(warn("inbound-dropped", text, fix, "inbound"))
    if form.usecase != "undeclared":
        text = "An external campaign (from TCR) cannot be associated with a service that declares a use."
        found.append(note("use-declared", text, "Keep it not declared if the campaign comes from TCR.", "usecase"))
    return found


OPERATIONS = (
    Operation(
        name="service.create",
        title="Create a messaging service",
        summary="A sender pool with one configuration, to which a campaign can be attached.",
        command="/a2p-service",
        word="create",
        form=ServiceCreate,
        plan=_plan_create,
    ),
)
