"""App Home: what waits for the viewer, what they asked for, what is followed, and where to start."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.catalog import catalog
from bot.changes.authority import Standing
from bot.changes.change import Change
from bot.changes.freezes import Freeze
from bot.changes.reminders import about_to_expire
from handlers.blocks import kit
from handlers.blocks.change import change_line
from handlers.blocks.change_buttons import buttons, decide_buttons, form, let_go, why, withdraw_button
from handlers.blocks.freeze import freeze_of
from handlers.blocks.kit import Block, code, inline, person, plural
from handlers.blocks.why import seats_words

SOON, WAITING, MINE, OPERATIONS = 5, 8, 6, 25
"""How much of each is shown: together they stay within the hundred blocks of a view."""


def home_view(
    *,
    viewer: str,
    waiting: Sequence[Change],
    mine: Sequence[Change],
    registrations: Sequence[Block],
    may_ask: Sequence[str],
    now: float,
    notices: Sequence[Block] = (),
    frozen: Sequence[Freeze] = (),
    seats: Mapping[int, Standing] = MappingProxyType({}),
) -> dict[str, Any]:
    """The App Home of one person.

    `waiting` is what they can decide; `registrations` is the portfolio as it is drawn for them (for guests: nothing);
    `may_ask` names the operations they may ask for (for guests: none).
    `notices` is what they must know first: what is frozen, who decides for whom, what is to be signed off; `frozen`
    are the freezes that stand. `seats` says by number as whom they decide.
    """
    soon = [c for c in waiting if c.state == "pending" and about_to_expire(c, now)]
    mine_soon = [c for c in mine if about_to_expire(c, now)]
    return kit.home(
        [
            kit.header("Tenfour"),
            kit.context(f"For {person(viewer)} · as of {kit.date(now)}"),
            *notices,
            *_soon(soon, mine_soon, seats, frozen, now),
            *_waiting([c for c in waiting if c not in soon], seats, frozen, others=bool(soon)),
            *_mine([c for c in mine if c not in mine_soon], frozen, others=bool(mine_soon)),
            *registrations,
            *_start(may_ask),
            kit.divider(),
            kit.context(
                "Help: `/a2p` · What waits for a decision: `/a2p-approvals` · Hear about verdicts: `/a2p-watch`"
            ),
        ]
    )


def _soon(
    waiting: Sequence[Change],
    mine: Sequence[Change],
    seats: Mapping[int, Standing],
    frozen: Sequence[Freeze],
    now: float,
) -> list[Block]:
    """What is about to expire, whether the viewer can decide it or has asked for it."""
    changes = sorted({c.number: c for c in (*waiting, *mine)}.values(), key=lambda c: c.expires_at)
    if not changes:
        return []
    blocks = [kit.header(f"About to expire ({len(changes)})")]
    deciding = {change.number for change in waiting}
    for change in changes[:SOON]:
        left = change.expires_at - now
        ends = f"*Expires in {kit.span(left)}.*" if left > 0 else "*Expires now.*"
        freeze = freeze_of(change, frozen)
        mine_too = change.number not in deciding
        blocks += _own(change, ends, freeze=freeze) if mine_too else _to_decide(change, seats, ends, freeze=freeze)
    return [*blocks, *_more(len(changes) - SOON, "See `/a2p-approvals`.")]


def _waiting(
    changes: Sequence[Change], seats: Mapping[int, Standing], frozen: Sequence[Freeze], *, others: bool
) -> list[Block]:
    blocks = [kit.header(f"Waits for you ({len(changes)})" if changes else "Waits for you")]
    if not changes:
        return [*blocks, kit.section(f"Nothing{' else' if others else ''} waits for you.")]
    for change in sorted(changes, key=lambda c: c.expires_at)[:WAITING]:
        if change.state == "pending":
            blocks += _to_decide(change, seats, freeze=freeze_of(change, frozen))
        else:
            blocks.append(change_line(change, "Somebody must look: its card in the approvals channel says at what."))
    return [*blocks, *_more(len(changes) - WAITING, "Decide these first, or see `/a2p-approvals`.")]


def _to_decide(change: Change, seats: Mapping[int, Standing], *notes: str, freeze: Freeze | None = None) -> list[Block]:
    """A change with the buttons to decide, and as what the viewer may."""
    standing = seats.get(change.number)
    words = seats_words(change, standing) if standing else ""
    role = [f"You decide for {words}."] if words else []
    buttons = decide_buttons(change, frozen=freeze is not None)
    return [change_line(change, " ".join([*notes, *role]), freeze=freeze), kit.actions(*buttons, *why(change))]


def _mine(changes: Sequence[Change], frozen: Sequence[Freeze], *, others: bool) -> list[Block]:
    blocks = [kit.header("What you asked for")]
    if not changes:
        nothing = "Nothing else." if others else "Nothing yet."
        return [*blocks, kit.section(f"{nothing} A change that you ask for shows up here, with how far it is.")]
    for change in changes[:MINE]:
        blocks += _own(change, freeze=freeze_of(change, frozen))
    return [*blocks, *_more(len(changes) - MINE, "")]


def _own(change: Change, *notes: str, freeze: Freeze | None = None) -> list[Block]:
    """A change of the viewer's with what they can do: its card may be in a channel that they do not see."""
    if change.state == "stale":
        stale = f"Twilio is not as it was, so it needs a new approval. Expires {kit.date(change.expires_at)}."
        return [change_line(change, *(notes or [stale])), kit.actions(*buttons(change, own=True))]
    if change.state == "pending":
        amend = form(change) if change.amendable else []
        do = [*amend, withdraw_button(change), *why(change)]
    else:
        do = let_go(change, frozen=freeze is not None)
    return [change_line(change, *notes, freeze=freeze), *([kit.actions(*do)] if do else [])]


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
