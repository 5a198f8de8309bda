"""What is followed: watching it in a channel, checking now, fixing and resubmitting."""

import re
from types import MappingProxyType

from bot.changes.refusal import Refusal
from bot.tracking.registration import registration_parts
from bot.tracking.subscriptions import Subscription
from handlers import forms
from handlers.blocks.form import LABEL
from handlers.blocks.registration import external, standing, watch_panel
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk

SHOWN = 20
_REGISTRATION = re.compile(r"[a-z_]{1,20}\|AC[0-9a-f]{32}\|[A-Za-z0-9_+:-]{1,80}")
MENDED_BY = MappingProxyType(
    {
        "campaign": ("campaign.resubmit", "service_sid"),
        "brand": ("brand.resubmit", "brand_sid"),
        "external": ("external.reassociate", "service_sid"),
    }
)
"""With which operation a refused registration is mended, and which field of its form names the registration."""


async def watch(desk: Desk, delivery: Delivery) -> Payload | None:
    """`/a2p-watch [on|off]`: whether this channel hears verdicts, and what is followed."""
    word = (delivery.body.get("text") or "").strip().lower()
    if word not in ("", "on", "off", "help"):
        raise Refusal(f"“{word[:80]}” is not known. Type `/a2p-watch on`, `/a2p-watch off`, or `/a2p-watch` alone.")
    desk.later(delivery, _watch(desk, delivery, delivery.channel, word), members_only=True)
    return None


async def watch_on(desk: Desk, delivery: Delivery) -> Payload | None:
    """The button of the panel."""
    desk.later(delivery, _watch(desk, delivery, delivery.channel, "on"), members_only=True)
    return None


async def watch_off(desk: Desk, delivery: Delivery) -> Payload | None:
    """The button of the panel."""
    desk.later(delivery, _watch(desk, delivery, delivery.channel, "off"), members_only=True)
    return None


async def check_now(desk: Desk, delivery: Delivery) -> Payload | None:
    """Look at Twilio at once instead of when it is due."""
    registration = _known_id(delivery.value)
    desk.later(delivery, _check(desk, delivery, registration), members_only=True)
    return None


async def fix_and_resubmit(desk: Desk, delivery: Delivery) -> Payload | None:
    """Open the form with which a refused registration is mended, filled with what was submitted."""
    kind, account, key = registration_parts(_known_id(delivery.value))
    registration = await desk.tracker.store.load(delivery.value)
    if registration and registration.status not in ("FAILED", ""):
        if bar := (await desk.people.person(delivery.user)).bar:
            raise Refusal(f"{bar} Ask a full member of this workspace.")
        raise Refusal(f"{registration.title} is {registration.status} by now: there is nothing to resubmit.")
    way = "external" if registration and external(registration) else kind
    if way not in MENDED_BY:
        raise Refusal(f"A {kind} cannot be resubmitted.")
    operation, field = MENDED_BY[way]
    known = {field: key, f"{field}{LABEL}": registration.title if registration else key}
    await forms.open_form(desk, delivery, desk.catalog[operation], known, desk.accounts[account])
    return None


async def _watch(desk: Desk, delivery: Delivery, channel: str, word: str) -> None:
    store = desk.tracker.store
    if word == "on":
        await store.subscribe(Subscription(channel=channel, by=delivery.user))
    elif word == "off":
        await store.unsubscribe(channel)
    hears = channel == desk.tracker.alerts_channel or channel in await store.subscriptions()
    await desk.answer(delivery, watch_panel(channel, hears, await desk.tracker.followed(SHOWN)))


async def _check(desk: Desk, delivery: Delivery, registration_id: str) -> None:
    await desk.tracker.look(registration_id)
    seen = await desk.tracker.store.load(registration_id)
    if seen is None:
        raise Refusal("This is not followed any more.")
    await desk.tell(delivery, seen.trouble or f"{seen.title}: {standing(seen).words}")


def _known_id(value: str) -> str:
    # ids and SIDs: anything else would be another key in Redis, or none
    if not _REGISTRATION.fullmatch(value):
        raise Refusal("This button carries something that is not a registration. Open the card again.")
    return value
