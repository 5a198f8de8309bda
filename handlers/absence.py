"""Being away: somebody else decides in one's seat, until a day or until one is back."""

from datetime import UTC, datetime, timedelta

from bot.changes.delegations import LONGEST_SECONDS, Delegation
from bot.changes.refusal import Refusal
from handlers import home
from handlers.acts import Act
from handlers.blocks.absence import asked_to_stand_in, away_modal, ended, given, left_alone
from handlers.blocks.form import notice_modal
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk

OFFERED_DAYS = 7
_DAYS = int(LONGEST_SECONDS // 86400)


async def away(desk: Desk, delivery: Delivery) -> Payload | None:
    """`/a2p-approvals away`, and the button: ask who decides meanwhile."""
    own = next((d for d in await desk.delegations.standing() if d.user == delivery.user), None)
    offered = datetime.fromtimestamp(desk.clock(), UTC).date() + timedelta(days=OFFERED_DAYS)
    desk.later(delivery, _open(desk, delivery, away_modal(offered.isoformat(), own)))
    return None


async def leave(desk: Desk, delivery: Delivery) -> Payload | None:
    """The window in which somebody hands over their seat."""
    to, reason = delivery.answer("to").get("selected_user"), delivery.answer("reason").get("value")
    until = _end_of(delivery.answer("until").get("selected_date"))
    errors = {}
    if not isinstance(to, str) or not to:
        errors["to"] = "Choose who decides for you."
    elif to == delivery.user:
        errors["to"] = "Choose somebody else: whoever is away does not decide for themselves."
    if until is None or until <= desk.clock():
        errors["until"] = "This day has passed already: choose one to come."
    elif until - desk.clock() > LONGEST_SECONDS + 86400:
        errors["until"] = f"This is too far off: at most {_DAYS} days from now."
    if errors:
        return {"response_action": "errors", "errors": errors}
    await desk.do(delivery, "absence", how="away", to=to, until=until, reason=str(reason or "").strip())
    return None


async def back(desk: Desk, delivery: Delivery) -> Payload | None:
    """`/a2p-approvals back`, and the button: decide for oneself again."""
    own = next((d for d in await desk.delegations.standing() if d.user == delivery.user), None)
    if own is None:
        raise Refusal("You are not away: nobody decides for you now.")
    await desk.do(delivery, "absence", how="back", to=own.to)
    return None


# The act that was written down, carried out


async def carry_out(desk: Desk, act: Act) -> None:
    """Hand one's seat over, or take it back."""
    if bar := await desk.changes.authority.bar(act.user):
        raise Refusal(f"{bar} Ask a full member of this workspace.")
    await (_leave if act.what["how"] == "away" else _back)(desk, act)


async def _leave(desk: Desk, act: Act) -> None:
    to, until = act.what["to"], act.what["until"]
    if until <= desk.clock():
        raise Refusal("The last day of your absence has passed, so nobody was asked to decide for you.")
    if act.user not in await desk.changes.authority.roster.approvers(fresh=True):
        raise Refusal(NOTHING_TO_HAND_OVER)
    standing = await desk.delegations.standing()
    await _may_stand_in(desk, act.user, to, standing)
    own = Delegation(user=act.user, to=to, at=act.at, until=until, reason=act.what["reason"])
    if await desk.delegations.give(own, act.id) == "later":
        raise Refusal("You have said since that you are back, or away otherwise, so this does not count.")
    await desk.note(act, "delegation", f"is away: <@{to}> decides", f"until {_day(until)}. {own.reason}".strip())
    await desk.announcements.to_approvers(act, given(own))
    await desk.announcements.to(to, act, asked_to_stand_in(own))
    for other in standing:
        if other.to == act.user:
            await desk.announcements.to(other.user, act, left_alone(other, own))
    before = {d.to for d in standing if d.user == act.user}
    await _redraw_homes(desk, {act.user, to} | before)


async def _back(desk: Desk, act: Act) -> None:
    to = act.what["to"]
    if await desk.delegations.end(act.user, act.id, at=act.at) in ("later", "nothing"):
        raise Refusal("Nothing was ended: you were back already, or have gone away anew since.")
    await desk.note(act, "delegation", f"is back: <@{to}> decides for them no more", "")
    await desk.announcements.to_approvers(act, ended(act.user, to))
    await desk.announcements.to(to, act, ended(act.user, to))
    await _redraw_homes(desk, {act.user, to})


NOTHING_TO_HAND_OVER = (
    "You are in no group whose approval the policy asks for, so there is nothing that somebody else could decide for "
    "you."
)


async def _may_stand_in(desk: Desk, user: str, to: str, standing: list[Delegation]) -> None:
    """Raises `Refusal` where this person cannot decide for somebody else."""
    authority = desk.changes.authority
    if to == user:
        raise Refusal("Choose somebody else: whoever is away does not decide for themselves.")
    if await authority.bar(to):
        raise Refusal(
            f"<@{to}> cannot decide for you: guests, bots, and people who have left or are of another workspace take "
            "no part in this. Choose a full member: `/a2p-approvals away`"
        )
    if not await authority.has(to, "delegate_to"):
        raise Refusal(
            f"<@{to}> cannot decide for you: by policy only {await authority.holders('delegate_to')} can stand in for "
            "somebody. Choose one of them: `/a2p-approvals away`"
        )
    if own := next((d for d in standing if d.user == to), None):
        raise Refusal(
            f"<@{to}> cannot decide for you, being away until {_day(own.until)}: <@{own.to}> decides for them, and "
            "nobody hands on what was handed to them. Choose somebody else: `/a2p-approvals away`"
        )


async def _open(desk: Desk, delivery: Delivery, view: Payload) -> None:
    opened = await desk.client.views_open(trigger_id=delivery.trigger, view=view)
    if bar := (await desk.people.person(delivery.user)).bar:
        no = f"{bar} Ask a full member of this workspace."
    else:
        no = "" if delivery.user in await desk.changes.authority.roster.approvers() else NOTHING_TO_HAND_OVER
    if no:
        await desk.show(opened["view"]["id"], notice_modal("I am away", no, level="error"), delivery.user)


async def _redraw_homes(desk: Desk, users: set[str]) -> None:
    for user in await desk.visitors.among(users):
        desk.background.start(home.publish(desk, user), f"home of {user}")


def _end_of(day: object) -> float | None:
    """Midnight UTC after a day (`2026-11-30`), in epoch seconds; None for what is none."""
    try:
        return (datetime.strptime(str(day), "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)).timestamp()
    except (ValueError, OverflowError):
        return None


def _day(until: float) -> str:
    return f"{datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M} UTC"
