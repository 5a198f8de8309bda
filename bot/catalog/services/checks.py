"""What is odd about a messaging service, or would be after a change (twilio.md 0.15 to 0.20, 1.1 and 1.4)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.catalog.numbers.owned import addresses_by_number, listed
from bot.catalog.senders.kinds import WHATSAPP_VALIDITY
from bot.catalog.services.settings import Inbound, ServiceSettings, inbound_of
from bot.checks import eligibility
from bot.plans.finding import Finding, block, note, warn
from bot.twilio import reads, reads_senders
from bot.twilio.gateway import Account
from bot.twilio.numbering import toll_free
from bot.twilio.reads_conversations import Address
from bot.twilio.reads_senders import Sender

DROPS: Final = (
    "Replies, STOP included, reach nobody and are not logged, unless “Autocreate a Conversation” is on in Console: the "
    "API shows both in the same way."
)


@dataclass(frozen=True)
class Around:
    """What belongs to a service: its senders, its campaign, and its numbers with what answers them.

    `addresses` holds address configurations by E.164 number; None when the key may not read Conversations.
    """

    senders: tuple[Sender, ...]
    campaign: reads.Campaign | None
    numbers: tuple[reads.OwnedNumber, ...]
    addresses: Mapping[str, tuple[Address, ...]] | None

    def answered(self, number: reads.OwnedNumber) -> bool:
        """Whether an address makes conversations of the texts to this number."""
        found = (self.addresses or {}).get(number.phone_number, ())
        return any(a.type == "sms" and a.answers for a in found)

    def pool_addresses(self) -> list[Address]:
        """The addresses of the pool's numbers and WhatsApp senders."""
        names = {s.name.rpartition(":")[2] for s in self.senders if s.kind == "number" or s.channel == "whatsapp"}
        return [a for number, found in (self.addresses or {}).items() if number in names for a in found]


async def read(account: Account, service: reads.Service) -> Around:
    """Everything about one service that decides who answers and who can send."""
    senders, campaign, owned, addresses = await asyncio.gather(
        reads_senders.senders(account, service.sid),
        reads.campaign(account, service.sid),
        reads.owned_numbers(account),
        addresses_by_number(account),
    )
    members = {s.sid for s in senders}
    return Around(tuple(senders), campaign, tuple(n for n in owned if n.sid in members), addresses)


def of_name(name: str, others: Sequence[reads.Service]) -> list[Finding]:
    """Whether another service has this name: Twilio does not mind, people do."""
    same = next((s for s in others if s.friendly_name == name), None)
    if same is None:
        return []
    text = f"A service with this name exists already ({same.sid}). Twilio allows it; people will mix them up."
    return [warn("name-in-use", text, "Choose another name, or use the service that exists.", "friendly_name")]


def of_new(form: ServiceSettings) -> list[Finding]:
    """What follows from the settings of a new service."""
    found = []
    if form.inbound == "drop":
        text = "Replies, STOP included, reach nobody and are not logged."
        fix = "Choose Defer or one webhook, unless silence is what you want."
        found.append(warn("inbound-dropped", text, fix, "inbound"))
    if form.inbound == "autocreate":
        found += _autocreate(Around((), None, (), None))
    if form.usecase != "undeclared":
        text = "An external campaign (from TCR) cannot be associated with a service that declares a use."
        found.append(note("use-declared", text, "Keep it not declared if the campaign comes from TCR.", "usecase"))
    if not form.status_callback:
        found.append(_no_callback())
    return found


def of_changes(
    service: reads.Service, form: ServiceSettings, changed: Mapping[str, Any], around: Around
) -> list[Finding]:
    """What follows when these settings of a service change."""
    if not changed:
        text = "Nothing is changed: every setting is as it stands at Twilio."
        return [block("nothing-changed", text, "Change a setting, or close this window.", "friendly_name")]
    found = []
    if {"inbound", "inbound_request_url"} & changed.keys():
        found += of_inbound(form.inbound, around, "inbound")
    elif inbound_of(service) == "drop":
        text = "What happens to inbound messages is not touched: “Autocreate a Conversation” stays on if it is."
        found.append(note("inbound-untouched", text, "", "inbound"))
    if "usecase" in changed:
        found += of_declared_use(service.model_copy(update={"usecase": form.usecase}), around.campaign, "usecase")
    if "status_callback" in changed and not form.status_callback:
        found.append(_no_callback())
    if "sticky_sender" in changed:
        kept = "deletes no mappings: they count again when it is on"
        text = f"Switching it off {kept}." if not form.sticky_sender else "Mappings from before count again."
        found.append(note("sticky-mappings", text, "", "sticky_sender"))
    return found + of_validity(form.validity_period, around.senders, "validity_period")


def of_inbound(mode: Inbound, around: Around, at: str) -> list[Finding]:
    """Who answers inbound messages in this mode: nobody, somebody, or two at once."""
    handlers = [n.phone_number for n in around.numbers if n.handler]
    addresses = [n.phone_number for n in around.numbers if around.answered(n)]
    match mode:
        case "defer":
            return _deferred(handlers, addresses, around, at)
        case "webhook":
            return [*_shadowed(handlers, at), *_answered_twice(addresses, "the service's webhook", at)]
        case "drop":
            found = [warn("inbound-dropped", DROPS, "Choose Defer or one webhook, unless silence is meant.", at)]
            return [*found, *_shadowed(handlers, at)]
        case "autocreate":
            return [*_autocreate(around), *_shadowed(handlers, at), *_answered_twice(addresses, "Autocreate", at)]


def of_declared_use(service: reads.Service, campaign: reads.Campaign | None, at: str) -> list[Finding]:
    """Whether the declared use contradicts the service's campaign (21719) or TCR's rules for it."""
    declared = service.usecase or "undeclared"
    if campaign is None or declared == "undeclared":
        return []
    if campaign.is_externally_registered:
        text = f"The campaign {campaign.campaign_id or ''} is registered in TCR: its service must not declare a use."
        return [block("external-needs-undeclared", text, "Choose Not declared.", at, (21719,))]
    use_case = campaign.us_app_to_person_usecase or ""
    return [f.model_copy(update={"field": at}) for f in eligibility.of_service(service, use_case)]


def of_validity(seconds: int | None, senders: Sequence[Sender], at: str) -> list[Finding]:
    """Whether messages may queue for longer than WhatsApp allows."""
    if (seconds or 0) <= WHATSAPP_VALIDITY or not any(s.channel == "whatsapp" for s in senders):
        return []
    text = f"The pool has WhatsApp senders, which take a validity period of {WHATSAPP_VALIDITY} seconds at most."
    return [note("whatsapp-validity", text, "", at)]


def of_pool(service: reads.Service, around: Around, at: str = "") -> list[Finding]:
    """Whether the service has something to send by, and not too much of one kind."""
    name = f"“{service.friendly_name}”"
    if not around.senders:
        text = f"The pool of {name} is empty: sending through it fails."
        return [warn("pool-empty", text, "Add senders with `/a2p-sender add`.", at, (21704,))]
    found = []
    free = [s.name for s in around.senders if s.kind == "number" and toll_free(s.name)]
    if len(free) > 1:
        text = f"{listed(free)}: more than one toll-free number in one pool, which can get them blocked."
        found.append(warn("second-toll-free", text, "Keep one toll-free number a service.", at))
    numbers = [s for s in around.senders if s.kind == "number"]
    campaign = around.campaign
    if campaign and campaign.us_app_to_person_usecase == "SOLE_PROPRIETOR" and len(numbers) > 1:
        text = f"The pool has {len(numbers)} numbers; a sole proprietor campaign registers one, which Twilio picks."
        found.append(warn("sole-proprietor-one-number", text, "Remove the others.", at, (30125,)))
    return found


def _deferred(handlers: Sequence[str], addresses: Sequence[str], around: Around, at: str) -> list[Finding]:
    both = [n for n in handlers if n in addresses]
    silent = [n.phone_number for n in around.numbers if n.phone_number not in {*handlers, *addresses}]
    found = []
    if both:
        text = (
            f"{listed(both)}: a webhook of its own beside an address. Both may run, so that people are answered twice, "
            "or the webhook may be ignored: Twilio's pages say either."
        )
        found.append(warn("answers-twice", text, "Blank the webhook for Flex: `/a2p-number configure`.", at))
    if silent and around.addresses is not None:
        text = f"{listed(silent)}: neither a webhook nor an address of its own, so replies reach nobody."
        fix = "`/a2p-address create` for Flex, or set a webhook with `/a2p-number configure`."
        found.append(warn("nobody-answers", text, fix, at))
    return found


def _shadowed(handlers: Sequence[str], at: str) -> list[Finding]:
    if not handlers:
        return []
    text = f"{listed(handlers)}: the number's own webhook is not called, as the service answers for it."
    return [warn("two-webhooks", text, "Let the service defer to the sender's webhook if it is to be called.", at)]


def _answered_twice(addresses: Sequence[str], beside: str, at: str) -> list[Finding]:
    if not addresses:
        return []
    text = (
        f"{listed(addresses)}: an address makes conversations of what comes in, beside {beside}. People may be "
        "answered twice; which of the two comes first is not documented."
    )
    fix = "Let the service defer to the sender's webhook, or delete the addresses with `/a2p-address delete`."
    return [warn("answers-twice", text, fix, at)]


def _autocreate(around: Around) -> list[Finding]:
    text = (
        "Autocreate is switched on by hand in Console, acts within 60 seconds and shows in no API. A message whose two "
        "numbers belong to an active conversation goes there whatever the service says."
    )
    found = [
        note("autocreate-by-hand", text, "An address for each number does without: `/a2p-address create`.", "inbound")
    ]
    if around.senders:
        text = f"The pool has {len(around.senders)} senders, whose replies go another way from one moment to the next."
        fix = "Twilio's advice: empty the pool, switch Autocreate on, then add the numbers one by one."
        found.append(warn("autocreate-with-senders", text, fix, "inbound"))
    return found


def _no_callback() -> Finding:
    text = "Without a status callback nobody is told what became of messages, unless each message names its own."
    return note("no-status-callback", text, "", "status_callback")
