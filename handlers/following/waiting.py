"""What waits to be told in each channel, gathered by registration."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from bot.checks.guide import Guide
from bot.redis.keys import Keys
from bot.tracking.kinds import KINDS
from bot.tracking.registration import Announcement, Registration, Severity, registration_parts
from bot.tracking.store import RegistrationStore
from bot.tracking.subscriptions import Subscription, hearers
from handlers.blocks.following.in_short import in_short, telling
from handlers.posts import Posts

ROOT = "root:"
"""Slots of a book: the card at the head of a thread, by channel."""
LATE_SECONDS = 600.0
"""What happened longer ago than this is told late."""
HELD_SECONDS = 60.0
"""What was addressed to a time this much after it happened was kept by quiet hours."""
BATCH = 200
"""Registrations that are read in one go, and forgotten but for a few words: there may be very many."""


@dataclass(frozen=True)
class Pile:
    """All that a channel is to see of one registration, in order; without `rows` it is a card that is to begin.

    `at` is when the first of it happened (epoch seconds), `until` the last; `severity` is what it comes to.
    """

    registration: str
    title: str
    at: float
    until: float = 0.0
    rows: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    severity: Severity = "info"
    held: int = 0
    late: int = 0

    @property
    def key(self) -> str:
        """What it is found by at Twilio."""
        return registration_parts(self.registration)[2]


class Waiting:
    """Reads the outboxes. What nobody wants any more is dropped as it comes up."""

    def __init__(
        self,
        keys: Keys,
        registrations: RegistrationStore,
        posts: Posts,
        alerts_channel: str,
        clock: Callable[[], float],
    ) -> None:
        self._keys, self._registrations, self._posts = keys, registrations, posts
        self._alerts_channel, self._clock, self._guide = alerts_channel, clock, Guide.load()

    async def channels(self, registration: Registration) -> set[str]:
        """The channels that are to be told something of a registration now."""
        now = self._clock()
        rows = await self._registrations.announcements(registration.id)
        new = await self.openings(registration, now)
        return {a.channel for a in rows if a.not_before <= now} | {c for c, at in new.items() if at <= now}

    async def hearers(self) -> dict[str, Subscription]:
        """Who hears about what, by channel."""
        return hearers(await self._registrations.subscriptions(), self._alerts_channel)

    async def openings(self, registration: Registration, now: float) -> dict[str, float]:
        """Where the card of something that has just begun is still to be posted, and from when on (epoch seconds)."""
        if not _begun(registration) or await self._registrations.transitions(registration.id):
            return {}
        book = book_of(self._keys, registration.id)
        standing = await self._posts.slots(book)
        return {
            channel: subscription.opens_at(now)
            for channel, subscription in (await self.hearers()).items()
            if subscription.follows(registration)
            and channel not in registration.muted
            and not (ROOT + channel in standing and await self._posts.stands(book, ROOT + channel))
        }

    async def opens(self, channel: str, registration: Registration) -> bool:
        """Whether the card of something that has just begun is to be posted there now."""
        now = self._clock()
        return (await self.openings(registration, now)).get(channel, now + 1) <= now

    async def piles(self, channel: str) -> list[Pile]:
        """All that is due for a channel, what happened first coming first."""
        now, subscription = self._clock(), (await self.hearers()).get(channel)
        ids = await self._registrations.untold(now)
        found: list[Pile] = []
        for start in range(0, len(ids), BATCH):
            found += await self._of(channel, subscription, ids[start : start + BATCH])
        return sorted(found, key=lambda pile: (pile.at, pile.registration))

    async def rows(
        self, channel: str, registration: Registration, only: Collection[str] | None = None
    ) -> list[Announcement]:
        """What is to be told of one registration now, in order; of these rows, where there are some."""
        subscription = (await self.hearers()).get(channel)
        waiting = (await self._registrations.waiting([registration.id], channel)).get(registration.id, [])
        return [
            row
            for row in waiting
            if (only is None or row.id in only) and await self._wanted(registration, row, subscription)
        ]

    async def wanted(self, channel: str, only: Collection[str], ids: Sequence[str]) -> set[tuple[str, str]]:
        """Which of these rows of these registrations are still to be told now: registration and row."""
        subscription, known = (await self.hearers()).get(channel), await self._registrations.many(ids)
        waiting = await self._registrations.waiting(ids, channel)
        return {
            (registration_id, row.id)
            for registration_id, rows in waiting.items()
            for row in rows
            if row.id in only
            and registration_id in known
            and await self._wanted(known[registration_id], row, subscription)
        }

    async def _of(self, channel: str, subscription: Subscription | None, ids: Sequence[str]) -> list[Pile]:
        waiting, known = await self._registrations.waiting(ids, channel), await self._registrations.many(ids)
        found: list[Pile] = []
        for registration_id, registration in known.items():
            if rows := waiting.get(registration_id):
                due = [row for row in rows if await self._wanted(registration, row, subscription)]
                found += [self._pile(registration, due)] if due else []
            elif subscription and await self.opens(channel, registration):
                found.append(Pile(registration.id, registration.title, registration.since))
        return found

    def _pile(self, registration: Registration, rows: Sequence[Announcement]) -> Pile:
        moved, now = [row.transition for row in rows], self._clock()
        held = [row.not_before > row.transition.at + HELD_SECONDS for row in rows]
        return Pile(
            registration=registration.id,
            title=registration.title or registration.key,
            at=moved[0].at,
            until=max(each.at for each in moved),
            rows=tuple(row.id for row in rows),
            words=tuple(in_short(registration, each, self._guide) for each in moved),
            severities=tuple(each.severity for each in moved),
            severity=telling(moved).severity,
            held=sum(held),
            late=sum(kept or now - each.at > LATE_SECONDS for kept, each in zip(held, moved, strict=True)),
        )

    async def _wanted(self, registration: Registration, row: Announcement, subscription: Subscription | None) -> bool:
        """Whether something is to be told now. What nobody there wants any more is dropped, in quiet hours it waits.

        A channel may have been switched off or muted, or its quiet hours changed, since it was addressed.
        """
        now = self._clock()
        if row.not_before > now:
            return False
        heard = subscription is not None and subscription.hears(registration, row.transition)
        if subscription is None or not heard or row.channel in registration.muted or not _announced(registration):
            await self._registrations.told(registration.id, row)
            return False
        opens = subscription.opens_at(now)
        if opens > now:
            await self._registrations.put_off(registration.id, row, opens)
        return opens <= now


def book_of(keys: Keys, registration_id: str) -> str:
    """Where it is kept which messages show a registration."""
    return keys.registration(*registration_parts(registration_id), "posts")


def _announced(registration: Registration) -> bool:
    kind = KINDS.get(registration.kind)
    return kind is not None and kind.announced


def _begun(registration: Registration) -> bool:
    """Whether a change of ours has made this, so that people wait to see it on its way."""
    kind, seen = KINDS.get(registration.kind), bool(registration.status) or registration.out_of_sight
    shown = kind is not None and kind.announced and registration.status not in kind.unshown
    return registration.change is not None and seen and shown
