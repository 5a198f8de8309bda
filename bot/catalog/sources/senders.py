"""Choices about senders: those of the account besides numbers, and those of one service's pool."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Final

from bot.catalog.form import Option
from bot.catalog.sources.services import short_sid
from bot.twilio import reads, reads_senders
from bot.twilio.gateway import Account
from bot.twilio.reads_senders import Kind, Sender

_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_KINDS: Final[Mapping[Kind, str]] = {
    "number": "number",
    "short_code": "short code",
    "alpha": "sender id for all countries",
    "country_alpha": "sender id",
    "channel": "sender",
}
_CHANNELS: Final = {"whatsapp": "WhatsApp sender", "rcs": "RCS sender"}


async def short_codes(account: Account, _: Mapping[str, Any]) -> list[Option]:
    """The account's short codes, each with the service in whose pool it is."""
    codes, services = await asyncio.gather(reads_senders.short_codes(account), reads.services(account))
    names = {s.sid: s.friendly_name for s in services}
    home = await reads_senders.homes(account, "short_code", names) if codes else {}
    return [_short_code(c, names.get(home.get(c.sid, ""))) for c in sorted(codes, key=lambda c: (c.sid in home, c.sid))]


async def channel_senders(account: Account, given: Mapping[str, Any]) -> list[Option]:
    """The account's WhatsApp or RCS senders, as `kind` says; those that can send come first."""
    kind = given.get("kind")
    found = await reads_senders.channel_senders(account, kind if kind in reads_senders.CHANNELS else None)
    return [_channel_sender(s) for s in sorted(found, key=lambda s: (not s.online, s.address))]


async def pool_senders(account: Account, given: Mapping[str, Any]) -> list[Option]:
    """Everything in the pool of the service that was chosen."""
    return [_member(s) for s in await _pool(account, given)]


async def pool_numbers(account: Account, given: Mapping[str, Any]) -> list[Option]:
    """The numbers in the pool of the service that was chosen."""
    return [_member(s) for s in await _pool(account, given) if s.kind == "number"]


async def _pool(account: Account, given: Mapping[str, Any]) -> list[Sender]:
    service_sid = str(given.get("service_sid") or "")
    return await reads_senders.senders(account, service_sid) if _SERVICE.fullmatch(service_sid) else []


def _short_code(code: reads_senders.ShortCode, service: str | None) -> Option:
    called = code.friendly_name if code.friendly_name not in (None, "", code.short_code) else ""
    where = f"in “{service}”" if service else "in no service"
    return Option(code.sid, " · ".join(filter(None, (code.short_code, called))), f"{short_sid(code.sid)} · {where}")


def _channel_sender(sender: reads_senders.ChannelSender) -> Option:
    label = " · ".join(filter(None, (sender.address, sender.name)))
    return Option(sender.sid, label, f"{short_sid(sender.sid)} · {sender.status or 'no status given'}")


def _member(sender: Sender) -> Option:
    what = _CHANNELS.get(sender.channel, _KINDS[sender.kind])
    country = f" for {sender.country}" if sender.country else ""
    return Option(sender.sid, sender.name, f"{what}{country} · {short_sid(sender.sid)}")
