"""Judges what people were promised, once everything is up again and nothing moves any more."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bot.audit.row import CHANGE, Row
from bot.audit.verify import verify
from bot.catalog.undo import takes_back
from bot.changes.change import AMENDED, APPROVED, BROKE_GLASS, CAME_TO_NOTHING, SIGNED_OFF, Change
from bot.sandbox.slack.errors import Json
from bot.sandbox.twilio.journal import LoggedCall
from bot.sandbox.world import dm_id
from handlers.blocks.change import change_card, told
from tests.chaos.ledger import wrong_calls
from tests.chaos.promises import Clicked, Promises
from tests.chaos.seldom import LIFT
from tests.chaos.world import ChaosWorld
from tests.e2e.world import A2P, APPROVALS, RITA

CALM_SECONDS = 30.0
"""How long nothing may move before what is left counts as left for ever: many times what recovery takes."""
LIFT_SECONDS = 0.5
UNDER_WAY = ("approved", "running", "waiting")
SAID: Final = MappingProxyType(
    {
        "change.approve": (APPROVED, True),
        "reject": ("rejected", True),
        "break_glass": (BROKE_GLASS, True),
        "sign_off": (SIGNED_OFF, False),
        "change.cancel": ("withdrew it", False),
        "change.ask_again": ("asked again for the new plan", False),
        "change.retry": ("tried again", False),
        "change.abandon": ("gave it up", False),
        "change.did_not": ("said that it did not happen", False),
    }
)
"""What the timeline says of a click that has counted, and whether with the digest that was clicked."""
REFUSED: Final = MappingProxyType(
    {
        "change.approve": "decide approve",
        "reject": "decide reject",
        "break_glass": "decide break_glass",
        "sign_off": "sign_off",
        "change.cancel": "withdraw",
        "change.ask_again": "ask_again",
        "change.retry": "settle retry",
        "change.abandon": "settle abandon",
        "change.did_not": "settle did_not",
        "change.undo": "undo",
    }
)
"""What the audit calls a click that was refused."""


@dataclass(frozen=True)
class Broken:
    """A promise that was not kept, and the change that it is about."""

    words: str
    change: Change | None = None


async def calmed(chaos: ChaosWorld, promises: Promises) -> list[Broken]:
    """Lift what is frozen, and wait until nothing is under way any more.

    Returns what never came to rest, as nothing moved for a long time.
    """
    clock = asyncio.get_running_loop().time
    before, moved_at = list[Broken](), clock()
    # each time: somebody's freeze may be carried out only now, as a crash came between
    while restless := [*await thawed(chaos, promises), *await _restless(chaos)]:
        if restless != before:
            before, moved_at = restless, clock()
        if clock() - moved_at > CALM_SECONDS:
            return restless
        await asyncio.sleep(0.1)
    return []


async def thawed(chaos: ChaosWorld, promises: Promises) -> list[Broken]:
    """Lift what is frozen. Returns that something was."""
    if not await chaos.freezes.standing():
        return []
    promises.froze += 1
    await chaos.world.slack.command(RITA, A2P, "/a2p-freeze", LIFT)
    await asyncio.sleep(LIFT_SECONDS)
    return [Broken("a freeze is never lifted")]


async def _restless(chaos: ChaosWorld) -> list[Broken]:
    found = [Broken(f"#{c.number} is {c.state} for ever", c) async for c in every(chaos) if c.state in UNDER_WAY]
    if acts := await chaos.client.hlen(chaos.keys.plain("acts")):
        found.append(Broken(f"{acts} acts that were acknowledged are never carried out"))
    async for change in every(chaos):
        if await chaos.audit.copied(change.number) < len(change.timeline):
            found.append(Broken(f"the audit never has all of #{change.number}", change))
        drawn = await chaos.client.hget(chaos.keys.change(change.number, "posts"), "drawn")
        if drawn != change.picture:
            found.append(Broken(f"the card of #{change.number} is never drawn as it is", change))
    return found


async def every(chaos: ChaosWorld) -> AsyncIterator[Change]:
    """All changes."""
    async for change in chaos.store.latest(100_000):
        yield change


async def broken_promises(chaos: ChaosWorld, promises: Promises, calls: Iterable[LoggedCall]) -> list[Broken]:
    """Every promise that was not kept."""
    changes = {change.number: change async for change in every(chaos)}
    broken = [Broken(*wrong) for wrong in wrong_calls(calls, changes.values())]
    for change in changes.values():
        broken += [Broken(words, change) for words in (*_explained(change), *_decided(change))]
        broken += [Broken(words, change) for words in (*_drawn(chaos, change), *_told(chaos, change))]
    # an undoing has the token of what it takes back, and there is one of it as long as it has not come to nothing
    tokens = Counter(change.token for change in changes.values() if takes_back(change) is None)
    undone = Counter(takes_back(change) for change in changes.values() if change.state not in CAME_TO_NOTHING)
    broken += [Broken(f"#{of} is taken back {times} times") for of, times in undone.items() if of and times > 1]
    broken += [Broken(f"one form is {times} changes (token {token})") for token, times in tokens.items() if times > 1]
    broken += [Broken(f"the audit: {problem}") for problem in (await verify(chaos.audit)).problems]
    rows = [stored.link.told async for stored in chaos.audit.forwards() if stored.link]
    broken += _noted(rows, changes, promises)
    refused = frozenset((row.who, row.what, row.change) for row in rows if row.kind == "refused")
    began = {(e.who, e.digest): c for c in changes.values() for e in c.timeline if e.what in ("asked", AMENDED)}
    for asked in dict.fromkeys(promises.asked):
        # one that was refused was told why; nobody is told so unless the audit has it
        known = (asked.user, asked.digest) in began or (asked.user, f"request {asked.draft}", 0) in refused
        if asked.promised and not known:
            said = f"the ack, at {asked.at}, {asked.answer}; draft {asked.draft}"
            broken.append(Broken(f"{asked.user} has asked for “{asked.name}” ({said}): it is gone"))
    excused = chaos.bots.told_no()
    for click in dict.fromkeys(promises.clicked):
        about = changes.get(click.number)
        if about is None:
            broken.append(Broken(f"#{click.number} is gone, of which a button was clicked"))
        elif not _counted(click, about, changes.values()) and (click.user, *_act(click)) not in refused:
            excused[click.user] -= 1
            if excused[click.user] < 0:
                words = f"{click.user}'s {click.what} of #{click.number} was acknowledged, and is gone"
                broken.append(Broken(words, about))
    return broken


def _explained(change: Change) -> Iterable[str]:
    """A change that stands still says why."""
    if change.state in ("failed", "unknown") and not change.note:
        yield f"#{change.number} is {change.state}, and nothing says why"
    if change.state == "succeeded" and change.at is not None:
        yield f"#{change.number} is said to be done, and {change.at.title} was not"


def _decided(change: Change) -> Iterable[str]:
    """A quorum was counted once, of different people, none of whom asked for it."""
    entered = [event for event in change.timeline if event.to == "approved"]
    quorums = [event for event in entered if event.what == APPROVED]
    asked = 1 + change.askings
    if len(quorums) > asked:
        yield f"the quorum of #{change.number} was counted {len(quorums)} times, and asked for {asked} times"
    if sum(1 for event in change.timeline if event.what == "started") > len(entered):
        yield f"#{change.number} was started more often than it was approved"
    said = [decision for decision in change.decisions if decision.verb != "break_glass"]
    users = [(decision.user, decision.digest) for decision in said]
    if len(set(users)) < len(users) or change.requester in {user for user, _ in users}:
        yield f"#{change.number} was decided by somebody twice, or by who asked for it"
    if change.glass and not change.review:
        yield f"#{change.number} ran without its approvals, and nobody is asked to look at it"
    if change.review == "signed" and (by := change.signed_off) and by.who in {change.requester, change.glass_broken_by}:
        yield f"#{change.number} was signed off by {by.who}, who had a part in it"
    let_through = any(decision.digest == change.digest for decision in change.glass)
    ran = not let_through and change.state not in ("pending", "stale", "rejected", "cancelled", "expired")
    for need in change.requirement.groups:
        if ran and len(change.approvals(need.group)) < need.need:
            yield f"#{change.number} ran with {len(change.approvals(need.group))} of {need.need} approvals"


def _drawn(chaos: ChaosWorld, change: Change) -> Iterable[str]:
    """There is one card, and it shows the truth."""
    cards = _about(chaos.world.slack.messages(APPROVALS), f"#{change.number} ")
    if len(cards) != 1:
        yield f"#{change.number} has {len(cards)} cards"
    elif cards[0]["text"] != change_card(change)["text"]:
        yield f"the card of #{change.number} says: {cards[0]['text']}"


def _told(chaos: ChaosWorld, change: Change) -> Iterable[str]:
    """Whoever asked was told how it ended, in a direct message, once for each time that it came about."""
    note = told(change)
    if note is None:
        return
    said = f"Your change #{change.number} "
    end = note["text"].removeprefix(said).partition(":")[0]
    times = len(_about(chaos.world.slack.messages(dm_id(change.requester)), f"{said}{end}:"))
    if not 1 <= times <= change.entries:
        yield f"{change.requester} was told {times} times that #{change.number} {end} ({change.entries} times true)"


def _noted(rows: Sequence[Row], changes: Mapping[int, Change], promises: Promises) -> Iterable[Broken]:
    """The audit holds each entry of each timeline once and in order, and what was frozen no oftener than by people."""
    of_changes = [row for row in rows if row.kind == CHANGE]
    for number, change in changes.items():
        told = [(e.at, e.who, e.to, e.step, e.digest) for e in change.timeline]
        copied = [(r.at, r.who, r.to, r.step, r.digest) for r in of_changes if r.change == number]
        if told != copied:
            yield Broken(f"the audit has {len(copied)} rows of the {len(told)} entries of #{number}", change)
    if (freezes := sum(row.kind == "freeze" for row in rows)) > promises.froze:
        yield Broken(f"people froze and lifted {promises.froze} times, and the audit says {freezes} times")


def _counted(click: Clicked, change: Change, changes: Iterable[Change]) -> bool:
    """Whether a click has counted: the timeline says so, or there is what was asked for."""
    if click.what == "change.undo":
        return any(takes_back(other) == change.number for other in changes)
    said, digest = SAID[click.what]
    return any(
        e.who == click.user and e.what == said and (not digest or e.digest == click.digest) for e in change.timeline
    )


def _act(click: Clicked) -> tuple[str, int]:
    """What the audit calls a refusal of what was clicked, and the change that it is about."""
    return REFUSED[click.what], click.number


def _about(messages: Iterable[Json], start: str) -> list[Json]:
    """The messages that begin so, but for replies; one with replies carries its own ts as that of a thread."""
    return [m for m in messages if m["text"].startswith(start) and m.get("thread_ts", m["ts"]) == m["ts"]]
