"""App Home: what waits for me, what I asked for, and the brands and campaigns with their states."""

import asyncio
from collections.abc import Sequence

import structlog
from slack_sdk.errors import SlackApiError

from bot.changes.freezes import Freeze
from bot.changes.refusal import Refusal
from handlers import forms, glass
from handlers.blocks.absence import absence_blocks
from handlers.blocks.following.portfolio import PAGE, Shelf, portfolio_blocks
from handlers.blocks.freeze import freeze_notice
from handlers.blocks.home import home_view
from handlers.blocks.kit import Block
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk
from handlers.posts import why

MINE_SHOWN = 10

log = structlog.get_logger()


async def opened(desk: Desk, delivery: Delivery) -> Payload | None:
    """Somebody opened App Home."""
    if delivery.body["event"].get("tab", "home") == "home":
        await desk.visitors.came(delivery.user)
        desk.background.start(publish(desk, delivery.user), f"home of {delivery.user}")
    return None


async def groups_changed(desk: Desk, delivery: Delivery) -> Payload | None:
    """Somebody joined or left a user group: forget who was in which."""
    desk.people.forget()
    return None


async def start(desk: Desk, delivery: Delivery) -> Payload | None:
    """A quick-start button: open the form of an operation."""
    operation = desk.catalog.get(delivery.value)
    if operation is None or not operation.command:
        raise Refusal("This button belongs to an older Tenfour. Type `/a2p` for what there is.")
    await forms.open_form(desk, delivery, operation, {})
    return None


async def publish(desk: Desk, user: str) -> None:
    """Draw somebody's App Home as things stand now."""
    undecided = [c async for c in desk.changes.store.unsettled() if c.state in ("pending", "unknown")]
    seats = {c.number: await desk.changes.authority.standing(c, user) for c in undecided}
    # whoever has decided on what waits for others still need not be asked again
    waiting = [
        c for c in undecided if seats[c.number].counts and not (c.state == "pending" and seats[c.number].decision)
    ]
    may = await desk.changes.authority.allowed(user, (o.name for o in desk.catalog.operations))
    mine = []
    async for change in desk.changes.store.latest():
        if change.requester == user:
            mine.append(change)
            if len(mine) == MINE_SHOWN:
                break
    member, frozen = not (await desk.people.person(user)).bar, await desk.freezes.standing()
    view = home_view(
        viewer=user,
        waiting=waiting,
        mine=mine,
        registrations=portfolio_blocks(await _shelf(desk, user)) if member else (),
        may_ask=[name for name, no in may.items() if not no],
        now=desk.clock(),
        seats=seats,
        notices=await _notices(desk, user, frozen) if member else (),
        frozen=frozen,
    )
    try:
        await desk.client.views_publish(user_id=user, view=view)
    except SlackApiError as error:  # the next time that something moves, or that it is opened, it is drawn again
        log.warning("home_not_drawn", user=user, why=why(error))


async def _notices(desk: Desk, user: str, frozen: Sequence[Freeze]) -> list[Block]:
    notice = freeze_notice(frozen, desk.account_names)
    return [*notice, *await glass.section(desk, user, frozen), *await absences(desk, user)]


async def absences(desk: Desk, user: str) -> list[Block]:
    """Who decides for this person and for whom they decide, with the buttons that change it."""
    approver = user in await desk.changes.authority.roster.approvers()
    return absence_blocks(user, await desk.delegations.standing(), approver=approver)


async def _shelf(desk: Desk, user: str) -> Shelf:
    """The page that somebody sees; a page that is no more gives way to the last."""
    wanted, page = await desk.chosen.of(user)
    (rows, total), counts, choices, brand = await asyncio.gather(
        desk.portfolio.page(wanted, page * PAGE, PAGE),
        desk.portfolio.counts(wanted),
        desk.portfolio.choices(),
        desk.portfolio.brand_title(wanted.brand),
    )
    shelf = Shelf(rows, total, counts, choices, wanted, page, brand)
    if not rows and total:
        last = shelf.pages - 1
        rows, total = await desk.portfolio.page(wanted, last * PAGE, PAGE)
        return Shelf(rows, total, counts, choices, wanted, last, brand)
    return shelf
