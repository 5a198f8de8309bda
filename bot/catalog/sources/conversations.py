"""Choices about Conversations: addresses, numbers that could have one, Studio flows and conversation services."""

import asyncio
from collections.abc import Mapping
from typing import Any

from bot.catalog.form import Option
from bot.catalog.sources.numbers import label
from bot.twilio import reads, reads_conversations, reads_senders
from bot.twilio.gateway import Account
from bot.twilio.reads_conversations import WHATSAPP

EVENTS = (
    Option("onMessageAdded", "onMessageAdded", "A message was written, by whomever."),
    Option("onMessageUpdated", "onMessageUpdated", "A message was edited."),
    Option("onMessageRemoved", "onMessageRemoved", "A message was removed."),
    Option("onConversationUpdated", "onConversationUpdated", "The conversation was changed."),
    Option("onConversationStateUpdated", "onConversationStateUpdated", "It became active, inactive or closed."),
    Option("onConversationRemoved", "onConversationRemoved", "The conversation was deleted."),
    Option("onParticipantAdded", "onParticipantAdded", "Somebody joined."),
    Option("onParticipantUpdated", "onParticipantUpdated", "A participant was changed."),
    Option("onParticipantRemoved", "onParticipantRemoved", "Somebody left."),
    Option("onDeliveryUpdated", "onDeliveryUpdated", "A carrier reported on a message."),
)
"""The events that the webhook of a conversation can hear of (twilio.md 3)."""


async def addressable(account: Account, given: Mapping[str, Any]) -> list[Option]:
    """What can have an address of the chosen channel and has none: numbers and short codes, or WhatsApp senders."""
    channel = str(given.get("channel") or "sms")
    options, addresses = await asyncio.gather(
        _whatsapp(account) if channel == "whatsapp" else _sms(account),
        reads_conversations.addresses(account, channel),
    )
    taken = {a.number for a in addresses}
    return [option for option in options if option.value not in taken]


async def _sms(account: Account) -> list[Option]:
    numbers, codes = await asyncio.gather(reads.owned_numbers(account), reads_senders.short_codes(account))
    texting = sorted((n for n in numbers if n.can("sms")), key=lambda n: n.phone_number)
    return [
        *(Option(n.phone_number, label(n), _inbound(n)) for n in texting),
        *(Option(c.short_code, c.short_code, f"short code · {c.friendly_name or ''}") for c in codes),
    ]


async def _whatsapp(account: Account) -> list[Option]:
    senders = await reads_senders.channel_senders(account, "whatsapp")
    named = [(s.address.removeprefix(WHATSAPP), s) for s in senders]
    return [
        Option(number, " · ".join(filter(None, (number, s.name))), s.status or "status unknown") for number, s in named
    ]


async def addresses(account: Account, _: Mapping[str, Any]) -> list[Option]:
    """The addresses that exist, by number."""
    found, flows = await asyncio.gather(reads_conversations.addresses(account), reads_conversations.flows(account))
    names = {flow.sid: flow.friendly_name for flow in flows}
    return [_address(a, names) for a in sorted(found, key=lambda a: (a.number, a.type))]


async def flows(account: Account, _: Mapping[str, Any]) -> list[Option]:
    """The account's Studio flows, those that run first."""
    found = sorted(
        await reads_conversations.flows(account), key=lambda f: (f.status == "draft", f.friendly_name.casefold())
    )
    return [Option(f.sid, f.friendly_name, f"{f.status or 'status unknown'} · {f.sid}") for f in found]


async def services(account: Account, _: Mapping[str, Any]) -> list[Option]:
    """The account's conversation services, the default one first."""
    found, defaults, flex = await asyncio.gather(
        reads_conversations.conversation_services(account),
        reads_conversations.defaults(account),
        reads_conversations.flex(account),
    )
    of_flex = flex.services if flex else frozenset()
    first = defaults.default_chat_service_sid
    marks = {
        s.sid: " · ".join(m for m, so in (("the default", s.sid == first), ("Flex's", s.sid in of_flex)) if so)
        for s in found
    }
    ordered = sorted(found, key=lambda s: (s.sid != first, s.name.casefold()))
    return [Option(s.sid, s.name, " · ".join(filter(None, (marks[s.sid], s.sid)))) for s in ordered]


async def events(_: Account, __: Mapping[str, Any]) -> list[Option]:
    """What the webhook of a conversation can hear of."""
    return list(EVENTS)


def _address(address: reads_conversations.Address, flows: Mapping[str, str]) -> Option:
    auto = address.auto_creation
    what = auto.type if auto and auto.enabled and auto.type else "switched off"
    if auto and auto.studio_flow_sid and what == "studio":
        what = f"Studio “{flows.get(auto.studio_flow_sid, 'a flow that is gone')}”"
    channel = "WhatsApp" if address.address.startswith(WHATSAPP) else address.type.upper()
    name = " · ".join(filter(None, (address.number, channel, address.friendly_name)))
    return Option(address.sid, name, what)


def _inbound(number: reads.OwnedNumber) -> str:
    return "has a webhook of its own" if number.handler else "no webhook of its own"
