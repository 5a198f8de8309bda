"""The portfolio on App Home: choosing what to see of it, and turning its pages."""

import re
from typing import Final

from bot.changes.refusal import Refusal
from bot.tracking.portfolio import Filter
from handlers import home
from handlers.blocks import kit
from handlers.blocks.following.portfolio import ALL, GROUPS
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk

_SHAPES: Final = {
    "account": re.compile(r"AC[0-9a-f]{32}"),
    "brand": re.compile(r"BN[0-9a-f]{32}"),
    "state": re.compile("|".join(GROUPS)),
    "owner": re.compile(r"[UW][A-Z0-9]{2,30}"),
}
_PAGE_NUMBER = re.compile(r"[0-9]{1,5}")


async def filter_(desk: Desk, delivery: Delivery) -> Payload | None:
    """A choice above the list; its action id says of what."""
    what = delivery.action_id.partition(":")[2]
    action = delivery.action
    value = str((action.get("selected_option") or {}).get("value") or action.get("selected_user") or ALL)
    if what != "all" and (what not in _SHAPES or (value != ALL and not _SHAPES[what].fullmatch(value))):
        raise Refusal("This choice is none that Tenfour offers. Open App Home again and retry.")
    desk.later(delivery, _filter(desk, delivery.user, what, "" if value == ALL else value), members_only=True)
    return None


async def turn(desk: Desk, delivery: Delivery) -> Payload | None:
    """*Previous page* or *Next page*: the button's value is the page."""
    if not _PAGE_NUMBER.fullmatch(delivery.value):
        raise Refusal("This button carries something that is not a page. Open App Home again and retry.")
    desk.later(delivery, _turn(desk, delivery.user, int(delivery.value)), members_only=True)
    return None


async def brands(desk: Desk, delivery: Delivery) -> Payload | None:
    """The brands that fit what was typed."""
    if (await desk.people.person(delivery.user)).bar:
        return {"options": []}
    typed = str(delivery.body.get("value") or "").strip()
    found = await desk.portfolio.brands(typed, 99)
    return {"options": [kit.option(ALL, "All brands"), *(kit.option(s, t or s, s) for s, t in found.items())]}


async def _filter(desk: Desk, user: str, what: str, value: str) -> None:
    wanted, _ = await desk.chosen.of(user)
    await desk.chosen.choose(user, Filter() if what == "all" else wanted.model_copy(update={what: value}))
    await home.publish(desk, user)


async def _turn(desk: Desk, user: str, page: int) -> None:
    await desk.chosen.turn(user, page)
    await home.publish(desk, user)
