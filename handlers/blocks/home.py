"""App Home: what waits for the viewer, what they asked for, what is followed, and where to start."""

from collections.abc import Sequence
from typing import Any

from bot.catalog import catalog
from bot.changes.change import Change
from bot.tracking.registration import Registration
from handlers.blocks import kit
from handlers.blocks.change import change_line
from handlers.blocks.change_buttons import decide_buttons, withdraw_button
from handlers.blocks.kit import Block, code, inline, person, plural
from handlers.blocks.registration import registration_line

WAITING, MINE, REGISTRATIONS, OPERATIONS = 10, 8, 30, 25
"""How much of each is shown: together they stay within the hundred blocks of a view."""


def home_view(
    *,
    viewer: str,
    waiting: Sequence[Change],
    mine: Sequence[Change],
    registrations: Sequence[Registration],
    may_ask: Sequence[str],
    now: float,
) -> dict[str, Any]:
    """The App Home of one person.

    `waiting` is what they can decide; `may_ask` names the operations they may ask for (for guests: none).
    """
    return kit.home(
        [
            kit.header("Tenfour"),
            kit.context(f"For {person(viewer)} · as of {kit.date(now)}"),
            *_waiting(waiting, now),
            *_mine(mine),
            *_registrations(registrations),
            *_start(may_ask),
            kit.divider(),
            kit.context(
                "Help: `/a2p` · What waits for a decision: `/a2p-approvals` · Hear about verdicts: `/a2p-watch`"
            ),
        ]
    )


def _waiting(changes: Sequence[Change], now: float) -> list[Block]:
    blocks = [kit.header(f"Waits for you ({len(changes)})" if changes else "Waits for you")]
    if not changes:
        return [*blocks, kit.section("Nothing waits for you.")]
    for change in sorted(changes, key=lambda c: c.expires_at)[:WAITING]:
        blocks.append(change_line(change))
        if change.state != "pending":
            blocks.append(kit.context("Somebody must look: its card in the approvals channel says at what."))
            continue
        blocks.append(kit.actions(*decide_buttons(change)))
        left = change.expires_at - now
        if left < 86400:
            blocks.append(kit.context(f"Expires in {kit.span(left)}." if left > 0 else "Expires now."))
    return [*blocks, *_more(len(changes) - WAITING, "Decide these first, or see `/a2p-approvals`.")]


def _mine(changes: Sequence[Change]) -> list[Block]:
    blocks = [kit.header("What you asked for")]
    if not changes:
        return [*blocks, kit.section("Nothing yet. A change that you ask for shows up here, with how far it is.")]
    for change in changes[:MINE]:
        blocks.append(change_line(change))
        if change.state == "pending":  # its card may be in a channel that the requester does not see
            blocks.append(kit.actions(withdraw_button(change)))
    return [*blocks, *_more(len(changes) - MINE, "")]


def _registrations(registrations: Sequence[Registration]) -> list[Block]:
    blocks = [kit.header("Brands and campaigns")]
    if not registrations:
        return [
            *blocks,
            kit.section("None is followed yet. Each one that is registered here is followed from then on."),
        ]
    lines = [f"• {registration_line(r)}" for r in registrations[:REGISTRATIONS]]
    return [*blocks, *kit.sections(lines), *_more(len(registrations) - REGISTRATIONS, "")]


def _start(names: Sequence[str]) -> list[Block]:
    blocks = [kit.header("Start something")]
    if not names:
        text = "You may not ask for changes here. Ask a full member of the team to request one."
        return [*blocks, kit.section(text)]
    known = catalog()
    operations = [o for name in names if (o := known.get(name)) and o.command]
    for operation in operations[:OPERATIONS]:
        start = kit.button("Start", "home.start", operation.name, label=operation.title)
        command = code(f"{operation.command} {operation.word}")
        blocks.append(kit.section(f"*{inline(operation.title)}* · {command}\n{inline(operation.summary)}", start))
    return [*blocks, *_more(len(operations) - OPERATIONS, "See `/a2p`.")]


def _more(count: int, advice: str) -> list[Block]:
    return (
        [kit.context(f"… and {plural(count, 'more entry') if count == 1 else f'{count} more'}. {advice}")]
        if count > 0
        else []
    )
