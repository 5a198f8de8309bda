"""What is checked before an address is written: the flow, the conversation service, and Flex itself (twilio.md 3)."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.catalog.addresses.forms import Answering
from bot.catalog.numbers.owned import owned
from bot.catalog.operation import CannotPlanError
from bot.plans.finding import Finding, block, note, warn
from bot.twilio import reads_conversations
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account
from bot.twilio.reads_conversations import WHATSAPP, Address, AutoCreation, ConversationService, Defaults, Flex, Flow

T = TypeVar("T")
BILLED_BY_USE = (
    "Conversations is billed by use: for each user who is active in a month, beside what messages cost. No API names "
    "the amounts."
)
NOTES = (
    "Flex Conversations needs Flex UI 2.x; older Flex uses Proxy.",
    "A number has one address a channel. Console shows the same as *Address created*.",
    "A message of people who are in an active conversation goes there, whatever the address says.",
)


@dataclass(frozen=True)
class Conversations:
    """What the account has to answer with. `flows` and `flex` are None where the key may not ask, or Flex is not."""

    flows: Sequence[Flow] | None
    services: Sequence[ConversationService]
    defaults: Defaults
    flex: Flex | None

    def flow(self, sid: str | None) -> Flow | None:
        """The flow of this SID."""
        return next((f for f in self.flows or () if f.sid == sid), None)

    def service(self, sid: str | None) -> ConversationService | None:
        """The conversation service of this SID, or the default one for none."""
        return next((s for s in self.services if s.sid == (sid or self.defaults.default_chat_service_sid)), None)

    def described(self, auto: AutoCreation | None) -> str:
        """What answers, in words."""
        if auto is None or not auto.enabled:
            return f"switched off ({auto.type})" if auto and auto.type else "switched off"
        if auto.type == "studio":
            flow = self.flow(auto.studio_flow_sid)
            retries = "no retry" if not auto.studio_retry_count else f"{auto.studio_retry_count} retries"
            what = f"Studio flow {f'“{flow.friendly_name}”' if flow else auto.studio_flow_sid}, {retries}"
        elif auto.type == "webhook":
            events = ", ".join(auto.webhook_filters or ()) or "no events"
            what = f"webhook {auto.webhook_url} ({auto.webhook_method}; {events})"
        else:
            what = "a conversation with nothing attached" if auto.type == "default" else str(auto.type)
        service = self.service(auto.conversation_service_sid)
        return f"{what}, in {self._named(service, auto.conversation_service_sid)}"

    def _named(self, service: ConversationService | None, sid: str | None) -> str:
        if service is None:
            return sid or "the default conversation service"
        return f"“{service.name}”" if sid else f"“{service.name}” (the default)"


async def read_conversations(account: Account) -> Conversations:
    """What the account has to answer with."""
    flows, services, defaults, flex = await asyncio.gather(
        _if_allowed(reads_conversations.flows(account)),
        reads_conversations.conversation_services(account),
        reads_conversations.defaults(account),
        reads_conversations.flex(account),
    )
    return Conversations(flows, services, defaults, flex)


async def find_address(account: Account, wanted: str) -> Address:
    """The address that is meant, by its SID or its number. Raises `CannotPlanError`."""
    tried = [wanted, f"{WHATSAPP}{wanted}"]
    if wanted.startswith("IG"):
        tried = [wanted]
    elif wanted.startswith("PN"):
        (number,) = await owned(account, [wanted], "number")
        tried = [number.phone_number, f"{WHATSAPP}{number.phone_number}"]
    for name in tried:
        if address := await reads_conversations.address(account, name):
            return address
    raise CannotPlanError(
        f"{tried[0]} has no address on this account. `/a2p-address list` shows those that exist.", "number"
    )


def check_answering(form: Answering, on: Conversations) -> list[Finding]:
    """What is wrong with what is to answer. Raises `CannotPlanError` for a flow or service that is not there."""
    return [*_flow(form, on), *_service(form, on), *_flex(on), *_unattached(form)]


def billed_by_use(at: str) -> Finding:
    """What conversations cost, in words: nothing tells the amounts, and who will write in cannot be known."""
    fix = "Twilio's price list of Conversations has them, or your contract for Flex."
    return note("price-unknown", BILLED_BY_USE, fix, at)


def odd(address: Address, on: Conversations) -> list[Finding]:
    """What is wrong with an address as it stands, apart from its number."""
    auto = address.auto_creation
    if auto is None or not auto.enabled:
        text = f"The address {address.address} is switched off: it makes no conversations."
        return [warn("address-off", text, "Switch it on with `/a2p-address update`, or delete it.", "", (45761,))]
    found: list[Finding] = []
    if auto.type == "studio" and on.flows is not None and on.flow(auto.studio_flow_sid) is None:
        text = f"The address {address.address} hands messages to a Studio flow that is gone ({auto.studio_flow_sid})."
        found.append(warn("flow-gone", text, "Choose another with `/a2p-address update`.", "", (45763,)))
    if on.service(auto.conversation_service_sid) is None:
        gone = auto.conversation_service_sid or on.defaults.default_chat_service_sid or "no default"
        text = f"The address {address.address} makes conversations in a service that is gone ({gone})."
        found.append(warn("service-gone", text, "Choose another with `/a2p-address update`."))
    elif auto.type == "studio" and (other := _not_flexs(auto.conversation_service_sid, on)):
        text = f"The address {address.address} makes conversations in “{other.name}”, which Flex does not show."
        found.append(note("not-flexs-service", text, "Choose Flex's service with `/a2p-address update`."))
    return found


def _flow(form: Answering, on: Conversations) -> list[Finding]:
    if form.type != "studio":
        return []
    if on.flows is None:
        text = f"Whether the flow {form.flow_sid} exists and is published cannot be read with this key."
        return [warn("flow-unread", text, "Look at it in Console, Studio.", "flow_sid", (45763,))]
    flow = on.flow(form.flow_sid)
    if flow is None:
        raise CannotPlanError(
            f"This account has no Studio flow {form.flow_sid}. It may be deleted, or another account's.", "flow_sid"
        )
    found: list[Finding] = []
    if flow.status == "draft" and (flow.revision or 1) <= 1:
        text = f"“{flow.friendly_name}” was never published: no message would be answered."
        found.append(block("flow-not-published", text, "Publish it in Studio, or choose another.", "flow_sid"))
    elif flow.status == "draft":
        text = (
            f"The newest version of “{flow.friendly_name}” is a draft: the last published one answers, if there is one."
        )
        found.append(warn("flow-draft", text, "Publish it in Studio if the draft is meant.", "flow_sid"))
    if flow.valid is False:
        text = f"Studio finds mistakes in “{flow.friendly_name}”: it may fail on a message."
        found.append(warn("flow-invalid", text, "Open it in Studio; it shows them.", "flow_sid"))
    return found


def _service(form: Answering, on: Conversations) -> list[Finding]:
    field, sid = "conversation_service_sid", form.conversation_service_sid
    if on.service(sid) is None:
        if sid:
            raise CannotPlanError(
                f"This account has no conversation service {sid}. It may be deleted, or another account's.", field
            )
        text = "The account has no default conversation service: it is unsure where conversations would be made."
        return [warn("no-default-service", text, "Choose a conversation service.", field)]
    other = _not_flexs(sid, on)
    if other is None:
        return []
    which = "That service" if sid else "The account's default conversation service"
    text = f"{which}, “{other.name}”, is not the one that Flex shows: agents would not see these conversations."
    severity = warn if form.type == "studio" else note
    return [severity("not-flexs-service", text, "Choose Flex's service, if agents are to answer.", field)]


def _not_flexs(sid: str | None, on: Conversations) -> ConversationService | None:
    service = on.service(sid)
    if service is None or on.flex is None or not on.flex.services or service.sid in on.flex.services:
        return None
    return service


def _flex(on: Conversations) -> list[Finding]:
    if on.flex is None or not on.flex.before_conversations:
        return []
    text = f"Flex runs its interface {on.flex.ui_version}, which cannot show Conversations: agents see nothing of them."
    return [warn("flex-ui-1", text, "Move Flex to UI 2.x first, or use `/a2p-flex proxy`.", "type")]


def _unattached(form: Answering) -> list[Finding]:
    if form.type != "default":
        return []
    text = (
        "Conversations are made, but no flow and no webhook hears of them: nobody answers, unless your own code does."
    )
    return [note("nothing-attached", text, "Choose a Studio flow if Flex is to answer.", "type")]


async def _if_allowed(reading: Awaitable[T]) -> T | None:
    try:
        return await reading
    except Refused as fault:
        if fault.credentials or fault.absent:
            return None
        raise
