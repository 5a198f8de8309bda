"""Who sees to a registration, and which channel hears no more of it: clicks, written down and carried out."""

import re
from typing import Any

import structlog

from bot.changes.refusal import Refusal
from bot.tracking.registration import Mute, Registration
from handlers import home
from handlers.acts import Act
from handlers.blocks.following.registration import registration_modal
from handlers.blocks.following.registration_acts import assigned, muted, unmuted
from handlers.blocks.kit import Message
from handlers.delivery import Delivery, Payload
from handlers.desk import SLACK_FAILURES, Desk
from handlers.following.registrations import NOT_FOLLOWED, known_id, window_of

_ASSIGNING = re.compile(r"(?P<id>[^|]+\|[^|]+\|[^|]+)\|(?P<owner>|[UW][A-Z0-9]{2,20})")
_DONE = {"assign": "took over", "mute": "muted", "unmute": "unmuted"}

log = structlog.get_logger()


async def assign(desk: Desk, delivery: Delivery) -> Payload | None:
    """*Assign to me*: whoever clicks sees to it from now on."""
    found = _ASSIGNING.fullmatch(delivery.value)
    registration = known_id(found["id"] if found else delivery.value)
    what = {"seen": found["owner"]} if found else {}
    await _do(desk, delivery, "assign", registration, **what)
    return None


async def mute(desk: Desk, delivery: Delivery) -> Payload | None:
    """*Mute*: this channel hears no more of it."""
    await _in_channel(desk, delivery, "mute")
    return None


async def unmute(desk: Desk, delivery: Delivery) -> Payload | None:
    """*Unmute*: this channel hears of it again."""
    await _in_channel(desk, delivery, "unmute")
    return None


async def _in_channel(desk: Desk, delivery: Delivery, how: str) -> None:
    registration = known_id(delivery.value)
    if not delivery.channel:
        raise Refusal("A registration is muted for a channel: use the button on its card there.")
    # below a list, the thread that hears of it is out of sight
    beside = {"url": delivery.response_url} if ":" in delivery.action_id and delivery.response_url else {}
    await _do(desk, delivery, how, registration, **beside)


async def _do(desk: Desk, delivery: Delivery, how: str, registration: str, **what: Any) -> None:
    await desk.do(delivery, "registration", how=how, registration=registration, window=window_of(delivery), **what)


# The act that was written down, carried out


async def carry_out(desk: Desk, act: Act) -> None:
    """Assign, mute or unmute, and show it everywhere."""
    if bar := await desk.changes.authority.bar(act.user):
        raise Refusal(f"{bar} Ask a full member of this workspace.")
    registration = await desk.tracker.store.load(act.what["registration"])
    if registration is None:
        raise Refusal(NOT_FOLLOWED)
    if "had" not in act.what:
        if no := _in_the_way(act, registration):
            raise Refusal(no)
        # written down first: carried out again after a crash, it would find itself in the way, and not who had it
        act = act.model_copy(update={"what": act.what | {"had": registration.owner}})
        await desk.acts.keep(act)
    elif act.what["how"] == "assign" and registration.owner not in (act.what["had"], act.user):
        raise Refusal(_taken(registration))
    said = await _change(desk, act, registration)
    what = f"{_DONE[act.what['how']]} {registration.title}"
    await desk.note(act, "registration", what, registration.id, registration.account)
    await desk.tracker.redraw(registration.id)
    await _tell(desk, act, registration, said)


async def _change(desk: Desk, act: Act, registration: Registration) -> Message:
    """Do it; doing it again changes nothing. Returns what is said of it."""
    store = desk.tracker.store
    match act.what["how"]:
        case "assign":
            await store.assign(registration.id, act.user)
            return assigned(registration, act.user, act.what["had"])
        case "mute":
            await store.mute(registration.id, act.channel, Mute(by=act.user, at=act.at))
            return muted(registration, act.user)
        case _:
            await store.mute(registration.id, act.channel, None)
            return unmuted(registration, act.user)


def _in_the_way(act: Act, registration: Registration) -> str:
    """Why there is nothing to do, or that things have moved since the card was drawn; "" when nothing is."""
    standing, seen = registration.muted.get(act.channel), act.what.get("seen")
    match act.what["how"]:
        case "assign" if registration.owner == act.user:
            return f"You see to {registration.title} already."
        case "assign" if seen is not None and seen != registration.owner:
            return _taken(registration)
        case "mute" if standing:
            return f"{registration.title} is muted here already, by <@{standing.by}>."
        case "unmute" if not standing:
            return f"{registration.title} is not muted here: its news is posted."
        case "assign" | "mute" | "unmute":
            return ""
    return "This button belongs to another Tenfour, and nothing was done."


def _taken(registration: Registration) -> str:
    who = f"<@{registration.owner}> sees to" if registration.owner else "Nobody sees to"
    return f"{who} {registration.title} by now. Use *Assign to me* on its card, which shows that, to take it over."


async def _tell(desk: Desk, act: Act, registration: Registration, said: Message) -> None:
    """The thread in which it was done, and all that shows whose it is."""
    channel, had = act.channel or desk.tracker.alerts_channel, act.what["had"]
    if not await desk.announcements.in_thread(act, registration.id, channel, said) and act.what["how"] == "assign":
        # there is no thread that they could read it in
        for user in {act.user, had} - {""}:
            await desk.announcements.to(user, act, said)
    if "url" in act.what:
        await desk.say(act, channel, said)
    for user in await desk.visitors.among({act.user, had} - {""}):
        desk.background.start(home.publish(desk, user), f"home of {user}")
    if window := act.what.get("window"):
        await _redraw_window(desk, registration.id, window)


async def _redraw_window(desk: Desk, registration_id: str, window: str) -> None:
    fresh = await desk.tracker.store.load(registration_id)
    if fresh is None:
        return
    try:
        await desk.client.views_update(view_id=window, view=registration_modal(await desk.showing.of(fresh)))
    except SLACK_FAILURES as error:  # closed meanwhile, most likely: it is written in the thread
        log.info("window_not_updated", why=type(error).__name__)
