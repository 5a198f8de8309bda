"""Judges what people were promised, once everything is up again and nothing moves any more."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from bot.audit.verify import verify
from bot.changes.change import Change
from bot.sandbox.slack.errors import Json
from bot.sandbox.twilio.journal import LoggedCall
from bot.sandbox.world import dm_id
from handlers.blocks.change import change_card, told
from tests.chaos.ledger import wrong_calls
from tests.chaos.promises import Asked, Clicked, Promises
from tests.chaos.world import ChaosWorld
from tests.e2e.world import APPROVALS

CALM_SECONDS = 30.0
"""How long nothing may move before what is left counts as left for ever: many times what recovery takes."""
UNDER_WAY = ("approved", "running", "waiting")


@dataclass(frozen=True)
class Broken:
    """A promise that was not kept, and the change that it is about."""

    words: str
    change: Change | None = None


async def calmed(chaos: ChaosWorld) -> list[Broken]:
    """Wait until nothing is under way any more. Returns what never came to rest, as nothing moved for a long time."""
    clock = asyncio.get_running_loop().time
    before, moved_at = list[Broken](), clock()
    while restless := await _restless(chaos):
        if restless != before:
            before, moved_at = restless, clock()
        if clock() - moved_at > CALM_SECONDS:
            return restless
        await asyncio.sleep(0.1)
    return []


async def _restless(chaos: ChaosWorld) -> list[Broken]:
    found = [Broken(f"#{c.number} is {c.state} for ever", c) async for c in every(chaos) if c.state in UNDER_WAY]
    if acts := await chaos.client.hlen(chaos.keys.plain("acts")):
        found.append(Broken(f"{acts} acts that were acknowledged are never carried out"))
    async for change in every(chaos):
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
    tokens = Counter(change.token for change in changes.values())
    broken += [Broken(f"one form is {times} changes (token {token})") for token, times in tokens.items() if times > 1]
    broken += [Broken(f"the audit: {problem}") for problem in (await verify(chaos.audit)).problems]
    for asked in dict.fromkeys(promises.asked):
        broken += await _asked(chaos, asked)
    for click in dict.fromkeys(promises.clicked):
        if words := _clicked(click, changes.get(click.number)):
            broken.append(Broken(words, changes.get(click.number)))
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
    quorums = [event for event in entered if event.what == "approved"]
    asked = 1 + sum(1 for event in change.timeline if event.to == "pending")
    if len(quorums) > asked:
        yield f"the quorum of #{change.number} was counted {len(quorums)} times, and asked for {asked} times"
    if sum(1 for event in change.timeline if event.what == "started") > len(entered):
        yield f"#{change.number} was started more often than it was approved"
    users = [(decision.user, decision.digest) for decision in change.decisions]
    if len(set(users)) < len(users) or change.requester in {user for user, _ in users}:
        yield f"#{change.number} was decided by somebody twice, or by who asked for it"
    ran = change.state not in ("pending", "stale", "rejected", "cancelled", "expired")
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


async def _asked(chaos: ChaosWorld, asked: Asked) -> Iterable[Broken]:
    """What was submitted is a change, unless it was refused with words: then the audit has them."""
    if not asked.promised or await chaos.store.of_draft(asked.draft) or await _refused(chaos, asked.draft):
        return ()
    said = f"the ack, at {asked.at}, {asked.answer}; draft {asked.draft}"
    return (Broken(f"{asked.user} has asked for “{asked.name}” ({said}): it is gone"),)


async def _refused(chaos: ChaosWorld, draft: str) -> bool:
    """Whether the request of a draft was refused."""
    rows = [stored.link.row async for stored in chaos.audit.backwards() if stored.link]
    return any(row["kind"] == "refused" and row["what"] == f"request {draft}" for row in rows)


def _clicked(click: Clicked, change: Change | None) -> str:
    """What was clicked has counted, or there was nothing left that it could count for."""
    if change is None:
        return f"#{click.number} is gone, of which a button was clicked"
    own = change.requester == click.user
    counted = any(decision.user == click.user for decision in change.decisions)
    open_ = change.state == "pending" and change.digest == click.digest
    lost = {
        "change.approve": open_ and not own and not counted,
        "reject": open_ and not own and not counted,
        "change.cancel": open_ and own,
    }
    if lost.get(click.what):
        return f"{click.user}'s {click.what} of #{click.number} was acknowledged, and is gone"
    return ""


def _about(messages: Iterable[Json], start: str) -> list[Json]:
    return [m for m in messages if m["text"].startswith(start) and "thread_ts" not in m]
