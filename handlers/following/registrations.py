"""What is followed: looking at it, checking now, fixing and resubmitting."""

import re
from functools import partial
from types import MappingProxyType

from bot.catalog.rejections import rejections
from bot.changes.refusal import Refusal
from bot.tracking.registration import Registration, registration_parts
from bot.twilio import reads
from bot.twilio.faults import TwilioFault
from handlers import forms, patience
from handlers.blocks.following.registration import WINDOW, Shown, external, registration_modal, standing
from handlers.blocks.following.standing_words import lower
from handlers.blocks.following.ticket import ticket_modal
from handlers.blocks.following.verdict import advice, codes_of
from handlers.blocks.form import LABEL
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk
from handlers.windows import open_for_member

NOT_FOLLOWED = "This is not followed any more, so there is nothing to do about it here."
_REGISTRATION = re.compile(r"[a-z_]{1,20}\|AC[0-9a-f]{32}\|[A-Za-z0-9_+:-]{1,80}")
MENDED_BY = MappingProxyType(
    {
        "campaign": ("campaign.resubmit", "service_sid"),
        "brand": ("brand.resubmit", "brand_sid"),
        "external": ("external.reassociate", "service_sid"),
    }
)
"""With which operation a refused registration is mended, and which field of its form names the registration."""


async def check_now(desk: Desk, delivery: Delivery) -> Payload | None:
    """Look at Twilio at once instead of when it is due."""
    registration = known_id(delivery.value)
    work = partial(_check, desk, delivery, registration)
    desk.later(delivery, patience.answered(desk, delivery, work), members_only=True)
    return None


async def open_window(desk: Desk, delivery: Delivery) -> Payload | None:
    """The card in a window, for lists that have no room for it."""
    registration = known_id(delivery.value)

    async def view() -> Payload:
        return registration_modal(await shown(desk, registration))

    desk.later(delivery, open_for_member(desk, delivery, "Registration", view))
    return None


async def draft_ticket(desk: Desk, delivery: Delivery) -> Payload | None:
    """A text for Twilio's support, at once from what is known, then with the numbers as Twilio lists them."""
    registration = known_id(delivery.value)

    async def view() -> Payload:
        return ticket_modal(await shown(desk, registration))

    async def with_numbers() -> Payload | None:
        seen = await shown(desk, registration)
        numbers = await _numbers(desk, seen.registration)
        return None if numbers is None else ticket_modal(seen, numbers)

    desk.later(delivery, open_for_member(desk, delivery, "Support ticket", view, with_numbers))
    return None


async def fix_and_resubmit(desk: Desk, delivery: Delivery) -> Payload | None:
    """Open the form with which a refused registration is mended, filled with what was submitted."""
    kind, account, key = registration_parts(known_id(delivery.value))
    registration = await desk.tracker.store.load(delivery.value)
    if registration and registration.status not in ("FAILED", ""):
        if bar := (await desk.people.person(delivery.user)).bar:
            raise Refusal(f"{bar} Ask a full member of this workspace.")
        now = lower(standing(registration).words)
        raise Refusal(f"{registration.title}: {now} by now, so there is nothing to resubmit.")
    way = "external" if registration and external(registration) else kind
    if way not in MENDED_BY:
        raise Refusal(f"A {kind} cannot be resubmitted.")
    operation, field = MENDED_BY[way]
    known = {field: key, f"{field}{LABEL}": registration.title if registration else key}
    await forms.open_form(desk, delivery, desk.catalog[operation], known, desk.accounts[account])
    return None


async def _check(desk: Desk, delivery: Delivery, registration_id: str) -> None:
    await desk.tracker.look(registration_id)
    seen = await shown(desk, registration_id)
    # when it was looked at stands on the card, even where nothing else is new
    await desk.tracker.redraw(registration_id)
    if window := window_of(delivery):
        await desk.show(window, registration_modal(seen), delivery.user)
    now = seen.registration
    stands = standing(now)
    found = rejections(now.snapshot, seen.guide)
    codes = f" ({codes_of(found)})" if found else ""
    said = f"{now.title}: {lower(stands.words)}{codes}. {advice(now, found)}"
    if now.trouble:
        said = f"{now.title} could not be looked at, and is tried again soon: {now.trouble.rstrip('.')}."
    await desk.tell(delivery, said)


async def shown(desk: Desk, registration_id: str) -> Shown:
    """What there is to show of a registration, outside any channel. Raises `Refusal` when nobody follows it."""
    registration = await desk.tracker.store.load(registration_id)
    if registration is None:
        raise Refusal(NOT_FOLLOWED)
    return await desk.showing.of(registration)


async def _numbers(desk: Desk, registration: Registration) -> list[str] | None:
    """The numbers of the pool that it is about; None where Twilio tells none now."""
    if registration.kind not in ("campaign", "traffic") or registration.account not in desk.accounts:
        return None
    try:
        pool = await reads.pool(desk.accounts[registration.account], registration.key)
    except TwilioFault:
        return None  # the text is of use without them
    return [number.phone_number for number in pool]


def window_of(delivery: Delivery) -> str:
    """The id of the registration's own window in which this was clicked, or ""."""
    own = delivery.view.get("callback_id") == WINDOW
    return str(delivery.view.get("id") or "") if own else ""


def known_id(value: str) -> str:
    """The id that a button carries. Raises `Refusal` for anything else."""
    # ids and SIDs: anything else would be another key in Redis, or none
    if not _REGISTRATION.fullmatch(value):
        raise Refusal("This button carries something that is not a registration. Open the card again.")
    return value
