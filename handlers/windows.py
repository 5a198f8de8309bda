"""Windows that only members of the workspace see: a click opens one for three seconds, and Slack may be slow."""

from collections.abc import Awaitable, Callable

from bot.changes.refusal import Refusal
from handlers.blocks.form import notice_modal
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk
from handlers.words import explained

View = Callable[[], Awaitable[Payload]]
"""Makes a window without asking anybody but Redis."""


def made(window: Payload) -> View:
    """A window that is made already."""

    async def view() -> Payload:
        return window

    return view


async def open_for_member(
    desk: Desk, delivery: Delivery, title: str, view: View, then: Callable[[], Awaitable[Payload | None]] | None = None
) -> None:
    """Open a window for a full member, and put what `then` makes in its place; that may ask Slack, and refuse.

    Nothing but Redis is asked before one stands: where the person is not remembered, it says so until they are known.
    """
    view_id = ""
    try:
        if not desk.people.knows(delivery.user, ()):
            view_id = await desk.open(delivery, notice_modal(title, "One moment: asking Slack who you are…"))
        if bar := (await desk.people.person(delivery.user)).bar:
            raise Refusal(f"{bar} Ask a full member of this workspace.")
        if view_id:
            await desk.show(view_id, await view(), delivery.user)
        else:
            view_id = await desk.open(delivery, await view())
        if then and (better := await then()):
            await desk.show(view_id, better, delivery.user)
    except Exception as error:
        if not view_id:
            raise  # it is told where they clicked
        await desk.show(
            view_id, notice_modal(title, explained(error, delivery.action_id), level="error"), delivery.user
        )
