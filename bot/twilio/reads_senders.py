"""Typed reads of senders: what a pool holds of every kind, and the account's short codes and channel senders."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from bot.plans.call import Call, segment
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account
from bot.twilio.reads import Seen

Kind = Literal["number", "short_code", "alpha", "country_alpha", "channel"]

RESOURCES: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        "number": "PhoneNumbers",
        "short_code": "ShortCodes",
        "alpha": "AlphaSenders",
        "country_alpha": "DestinationAlphaSenders",
        "channel": "ChannelSenders",
    }
)
"""The part of a service under which each kind of sender stands (twilio.md 1.2)."""
_LISTS: Final[tuple[tuple[Kind, str, str], ...]] = (
    ("number", "phone_numbers", "phone_number"),
    ("short_code", "short_codes", "short_code"),
    ("alpha", "alpha_senders", "alpha_sender"),
    ("country_alpha", "alpha_senders", "alpha_sender"),
    ("channel", "senders", "sender"),
)
"""By kind: the list's key and the field that holds what recipients see."""
CHANNELS = ("whatsapp", "rcs")


@dataclass(frozen=True)
class Sender:
    """One sender of a pool. `name` is a number, a short code, a sender id, or an address such as `whatsapp:+1503…`.

    `country` is that of an alphanumeric sender id which serves one country only.
    """

    kind: Kind
    sid: str
    name: str
    country: str = ""

    @property
    def channel(self) -> str:
        """`whatsapp`, `rcs` or another prefix of the address; "" for SMS."""
        return self.name.partition(":")[0].lower() if self.kind == "channel" else ""


class ShortCode(Seen):
    """A short code of the account."""

    sid: str
    short_code: str
    friendly_name: str | None = None
    sms_url: str | None = None


class ChannelSender(Seen):
    """A WhatsApp or RCS sender of the account (Senders API v2, public beta): every field but the SID may be missing."""

    sid: str
    sender_id: str | None = None
    status: str | None = None
    friendly_name: str | None = None
    profile: dict[str, Any] | None = None

    @property
    def address(self) -> str:
        """`whatsapp:+1503…` or `rcs:name`."""
        return self.sender_id or self.sid

    @property
    def name(self) -> str:
        """What people call it, or ""."""
        return str(self.friendly_name or (self.profile or {}).get("name") or "")

    @property
    def online(self) -> bool:
        """Whether it can send; `ONLINE:UPDATING` can."""
        return (self.status or "").startswith("ONLINE")


async def senders(account: Account, service_sid: str) -> list[Sender]:
    """Everything in a service's pool, each sender once, by kind and name."""
    found = await asyncio.gather(*(_listed(account, service_sid, *how) for how in _LISTS))
    kept: dict[str, Sender] = {}
    # a plan is made twice, and in which order Twilio lists is its own affair
    for sender in (sender for listed in found for sender in sorted(listed, key=lambda s: (s.name, s.sid))):
        # a sender id for all countries stands in both lists of sender ids
        kept.setdefault(sender.sid, sender)
    return list(kept.values())


async def homes(account: Account, kind: Kind, service_sids: Iterable[str]) -> dict[str, str]:
    """Which of these services each sender of a kind belongs to, by the sender's SID."""
    how = next(entry for entry in _LISTS if entry[0] == kind)
    sids = list(service_sids)
    found = await asyncio.gather(*(_listed(account, sid, *how) for sid in sids))
    return {sender.sid: sid for sid, senders in zip(sids, found, strict=True) for sender in senders}


async def short_codes(account: Account) -> list[ShortCode]:
    """The short codes of the account."""
    path = f"/2010-04-01/Accounts/{account.sid}/SMS/ShortCodes.json"
    items = await account.pages(Call(product="api", method="GET", path=path), "short_codes")
    return [ShortCode.model_validate(i) for i in items]


async def channel_senders(account: Account, channel: str | None = None) -> list[ChannelSender]:
    """The account's senders of one channel, or of all; none where the account has no such API or may not ask.

    UNCONFIRMED beyond Twilio's public description of the Senders API v2: the reference has no file of it.
    """
    found = await asyncio.gather(*(_of_channel(account, name) for name in CHANNELS if channel in (None, name)))
    return [sender for senders in found for sender in senders]


async def _of_channel(account: Account, channel: str) -> list[ChannelSender]:
    # a page of WhatsApp senders has its own limits, so the size asked for is modest
    params = {"Channel": channel, "PageSize": "50"}
    call = Call(product="messaging", method="GET", path="/v2/Channels/Senders", params=dict(params))
    try:
        items = await account.pages(call, "senders")
    except Refused as fault:
        if fault.absent or fault.status == 403:
            return []
        raise
    return [ChannelSender.model_validate(i) for i in items if i.get("sid")]


async def _listed(account: Account, service_sid: str, kind: Kind, key: str, field: str) -> list[Sender]:
    path = f"/v1/Services/{segment(service_sid)}/{RESOURCES[kind]}"
    try:
        items = await account.pages(Call(product="messaging", method="GET", path=path), key)
    except Refused as fault:
        # whether the service is there was asked before; a list that is absent has nothing in it
        if fault.absent:
            return []
        raise
    return [
        Sender(kind, str(i["sid"]), str(i.get(field) or i["sid"]), str(i.get("iso_country_code") or ""))
        for i in items
        if i.get("sid")
    ]
