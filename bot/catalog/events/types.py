"""Which types of events Tenfour wants, and which of them an account can have (twilio.md 8.1 and 8.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bot.twilio.reads_events import EventType

_COMPLIANCE: Final = "com.twilio.messaging.compliance."
_FAMILIES: Final = {
    "brand-registration": (
        "brand-registered",
        "brand-unverified",
        "brand-verified",
        "brand-vetted-verified",
        "brand-failure",
        "brand-secondary-vetting-failure",
        "sharing-created",
        "sharing-deleted",
        "invalid-contact-email",
        "email-2fa-sent",
        "email-2fa-opened",
        "email-2fa-clicked",
        "email-2fa-completed",
        "email-2fa-timeout",
    ),
    "campaign-registration": (
        "campaign-submitted",
        "campaign-approved",
        "campaign-failure",
        "campaign-deleted",
        "suspended-campaign-delete-submitted",
    ),
    "number-registration": ("pending", "successful", "failed"),
    "number-deregistration": ("pending", "successful", "failed"),
}
REGISTRATIONS: Final = frozenset(f"{_COMPLIANCE}{family}.{name}" for family in _FAMILIES for name in _FAMILIES[family])
MESSAGES: Final = frozenset(f"com.twilio.messaging.message.{name}" for name in ("delivered", "failed", "undelivered"))
_PREFIXES: Final = tuple(f"{_COMPLIANCE}{family}." for family in _FAMILIES)


@dataclass(frozen=True)
class Offered:
    """What of the wanted types an account can have: those it can subscribe to, those kept from it, and those unknown.

    Each in the order of their names.
    """

    open: tuple[EventType, ...]
    closed: tuple[str, ...]
    missing: tuple[str, ...]


def offered(listed: Iterable[EventType], *, messages: bool) -> Offered:
    """Sort what Twilio lists: also a type of these families that is newer than our list is wanted."""
    by_name = {t.type: t for t in listed}
    newer = {name for name in by_name if name.startswith(_PREFIXES)}
    wanted = sorted(REGISTRATIONS | newer | (MESSAGES if messages else frozenset()))
    return Offered(
        open=tuple(by_name[name] for name in wanted if name in by_name and by_name[name].open),
        closed=tuple(name for name in wanted if name in by_name and not by_name[name].open),
        missing=tuple(name for name in wanted if name not in by_name),
    )


def short(name: str) -> str:
    """A type without what all of them begin with."""
    return name.removeprefix(_COMPLIANCE).removeprefix("com.twilio.messaging.")
