"""An example of every operation: answers, and what must stand at Twilio before; for what holds of every plan."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bot.catalog.external.steps import associate_step
from bot.plans.call import Call
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from bot.sandbox.twilio import start_senders, start_state
from bot.sandbox.twilio.sinks import Sink
from bot.twilio import reads_events
from tests.catalog.brand_answers import BRAND, LISTED, SECOND, SOLE_PROPRIETOR
from tests.catalog.test_brand_vetting import TOKEN
from tests.catalog.test_campaign_resubmit import rejected
from tests.catalog.world import CAMPAIGN, World

SUPPORT, HOOK, TCR = start_state.SUPPORT_SERVICE, "https://acme.example", "CACME10"
PHONE = "+15035559876"
"""Somebody's."""
SERVICE = {"service_sid": SUPPORT}
FLEX: dict[str, Any] = {
    **{name: value for name, value in CAMPAIGN.items() if name != "service_sid"},
    "service_name": "Acme Flex",
    "numbers": "+15125550120, +19165550140",
    "buy": True,
    "phone_numbers": "+15035550101",
    "to": PHONE,
}
REJECTED_BRAND = {"brand_sid": start_state.FAILED_BRAND, "brand_kind": "standard"}


async def nothing(_: World) -> dict[str, Any]:
    """Nothing but the start state."""
    return {}


async def a_campaign(world: World) -> dict[str, Any]:
    """The service has a verified campaign, two numbers and an address."""
    await world.carry_out(await world.plan("sender.add", service_sid=SUPPORT, numbers="+19165550140"))
    await world.campaign()
    world.twilio.desk.verify(SUPPORT)
    return {}


async def a_rejected_campaign(world: World) -> dict[str, Any]:
    """The service has a campaign that was rejected; gives its texts, one of them mended."""
    values = await rejected(world)
    return values | {"message_flow": values["message_flow"] + " Always."}


async def an_association(world: World) -> dict[str, Any]:
    """The service has a campaign of TCR."""
    world.twilio.shares.accept(TCR)
    await world.account.send(associate_step("campaign", SUPPORT, TCR).call)
    world.clock.now += 10
    return {}


async def a_failed_association(world: World) -> dict[str, Any]:
    """The association of a campaign of TCR has failed."""
    await an_association(world)
    world.twilio.desk.reject(SUPPORT, [30896])
    return {}


async def a_sole_proprietor(world: World) -> dict[str, Any]:
    """A sole proprietor's brand waits for its passcode; gives the brand."""
    answers = await world.carry_out(await world.plan("brand.register", **SOLE_PROPRIETOR))
    return {"brand_sid": answers["brand"]["sid"]}


async def event_streams(world: World) -> dict[str, Any]:
    """Event Streams are set up."""
    results: dict[str, dict[str, Any]] = {}
    for step in (await world.plan("events.setup")).steps:
        if isinstance(step, CallStep):
            results[step.id] = await world.account.send(step.call.resolved(results))
            world.clock.now += 5
    return {}


async def a_failed_sink(world: World) -> dict[str, Any]:
    """Event Streams were set up, and the sink has failed since."""
    await event_streams(world)
    [sink] = await reads_events.sinks(world.account)
    world.rig(Sink, sink.sid, status="failed")
    return {}


async def a_sink_alone(world: World) -> dict[str, Any]:
    """A sink of ours stands and gets nothing yet."""
    await event_streams(world)
    [sink] = await reads_events.sinks(world.account)
    [subscription] = await reads_events.subscriptions(world.account, sink.sid)
    gone = f"{reads_events.SUBSCRIPTIONS}/{subscription.sid}"
    await world.account.send(Call(product="events", method="DELETE", path=gone))
    return {}


async def another_service(world: World) -> dict[str, Any]:
    """There is a second service; gives it as the target."""
    return {"to_service_sid": await world.service("Acme parcels")}


@dataclass(frozen=True)
class Example:
    """Answers for one operation. `before` makes what they need, and gives answers that depend on it."""

    operation: str
    values: dict[str, Any] = field(default_factory=dict)
    before: Callable[[World], Awaitable[dict[str, Any]]] = nothing

    async def plan(self, world: World) -> Plan:
        """The plan of this example."""
        more = await self.before(world)
        return await world.plan(self.operation, **self.values, **more)


EXAMPLES: tuple[Example, ...] = (
    Example("service.create", {"friendly_name": "Acme", "inbound": "webhook", "inbound_request_url": HOOK}),
    Example("service.create", {"friendly_name": "Acme", "inbound": "autocreate"}),
    Example("service.update", {**SERVICE, "friendly_name": "A", "inbound": "webhook", "inbound_request_url": HOOK}),
    Example("service.update", {**SERVICE, "friendly_name": "A", "status_callback": HOOK, "validity_period": 60}),
    Example("service.delete", {**SERVICE, "delete_addresses": True}, a_campaign),
    Example("number.search_and_buy", {"phone_numbers": "+15035550101", "service_sid": SUPPORT}),
    Example("number.configure", {"numbers": "+15125550120", "webhook": "set", "sms_url": HOOK}),
    Example("number.release", {"numbers": "+14155550110, +19165550140"}),
    Example("sender.add", {**SERVICE, "numbers": start_state.FREE_NUMBER}),
    Example("sender.add", {**SERVICE, "kind": "short_code", "short_codes": "20555"}),
    Example("sender.add", {**SERVICE, "kind": "alpha", "alpha_sender": "Acme"}),
    Example("sender.add", {**SERVICE, "kind": "alpha", "alpha_sender": "Acme", "iso_country_code": "DE"}),
    Example("sender.add", {**SERVICE, "kind": "whatsapp", "channel_senders": start_senders.WHATSAPP_SENDER}),
    Example("sender.remove", {**SERVICE, "senders": start_state.POOLED_NUMBER}),
    Example("sender.move", {**SERVICE, "numbers": start_state.POOLED_NUMBER}, another_service),
    Example("address.create", {"number": "+15125550120, 20555", "flow_sid": start_state.FLEX_FLOW}),
    Example("address.create", {"number": "+15125550120", "type": "webhook", "webhook_url": HOOK}),
    Example("address.update", {"number": "+19165550140", "flow_sid": start_state.VOTE_FLOW, "enabled": False}),
    Example("address.delete", {"number": "+19165550140"}),
    Example("brand.register", BRAND),
    Example("brand.register", {**BRAND, **LISTED, **SECOND, "mock_brand": True}),
    Example("brand.register", SOLE_PROPRIETOR),
    Example("brand.resubmit", {**REJECTED_BRAND, "business_name": "Acme Inc", "company_type": "public", **LISTED}),
    Example("brand.vet", {"brand_sid": start_state.APPROVED_BRAND}),
    Example("brand.vet", {"brand_sid": start_state.APPROVED_BRAND, "provider": "campaign-verify", "vetting_id": TOKEN}),
    Example("brand.resend_otp", {}, a_sole_proprietor),
    Example("campaign.register", CAMPAIGN),
    Example("campaign.register", CAMPAIGN | {"opt_in_keywords": "JOIN", "opt_in_message": "Acme: welcome to texts!"}),
    Example("campaign.resubmit", {}, a_rejected_campaign),
    Example("campaign.delete", SERVICE, a_campaign),
    Example("external.associate", {**SERVICE, "campaign_id": TCR}),
    Example("external.dissociate", SERVICE, an_association),
    Example("external.reassociate", SERVICE, a_failed_association),
    Example("message.send_test", {**SERVICE, "to": PHONE}),
    Example("events.setup"),
    Example("events.setup", {"messages": True}, a_failed_sink),
    Example("events.setup", {}, a_sink_alone),
    Example("events.remove", {}, event_streams),
    Example("flex.onboard", {**FLEX, "routing": "addresses", "flow_sid": start_state.FLEX_FLOW}),
    Example("flex.onboard", {**FLEX, "routing": "autocreate"}),
    Example("flex.proxy", FLEX),
)
