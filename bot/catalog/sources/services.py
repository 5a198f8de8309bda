"""The list of messaging services that forms offer, and how its like are named and ordered."""

from collections.abc import Mapping
from typing import Any

from bot.catalog.form import Option
from bot.twilio import reads
from bot.twilio.gateway import Account


async def services(account: Account, _: Mapping[str, Any]) -> list[Option]:
    """Every messaging service, by name."""
    return sorted(map(_service, await reads.services(account)), key=by_label)


def short_sid(sid: str) -> str:
    """A SID as far as people compare it with what Console shows."""
    return f"{sid[:6]}…{sid[-4:]}"


def by_label(option: Option) -> str:
    """The order of options that people look for by name."""
    return option.label.casefold()


def _service(service: reads.Service) -> Option:
    has = "has a registered campaign" if service.us_app_to_person_registered else "no registered campaign"
    return Option(service.sid, service.friendly_name, f"{short_sid(service.sid)} · {has}")
