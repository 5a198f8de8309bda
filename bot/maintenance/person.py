"""Takes a person out of what Tenfour keeps, and says what stays and why."""

import json
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from pydantic import ValidationError

from bot.audit.log import AuditLog
from bot.audit.trail import AuditTrail
from bot.changes.change import Change
from bot.changes.freezes import ALL
from bot.changes.store import ChangeStore
from bot.maintenance.memory import Memory
from bot.maintenance.settled import NotSettledError, SettledChanges
from bot.redis.masters import keys_like
from bot.tracking.portfolio import Portfolio
from bot.tracking.store import RegistrationStore
from bot.vault import SealedWithOtherKeyError

_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


@dataclass
class Erasure:
    """What was done (or would be), and what stays; full sentences. `name` is what stands where the person stood."""

    name: str
    done: list[str] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)


def nobody() -> str:
    """A name that means nobody, in the form of a Slack id; nothing leads from it to who it was."""
    return "UERASED" + "".join(secrets.choice(_ALPHABET) for _ in range(8))


class PersonEraser:
    """One person, by Slack id. Unless `really`, nothing is written."""

    def __init__(self, memory: Memory, user: str, clock: Callable[[], float], *, really: bool) -> None:
        self._redis, self._keys, self._vault = memory.redis, memory.keys, memory.vault
        self._user, self._really = user, really
        self._store = ChangeStore(memory.redis, memory.keys, memory.vault)
        log = AuditLog(memory.redis, memory.keys, memory.vault)
        trail = AuditTrail(memory.redis, memory.keys, log, self._store, clock)
        self._log = log
        self._settled = SettledChanges(memory.redis, memory.keys, memory.vault, self._store, trail)
        self._registered = RegistrationStore(memory.redis, memory.keys)
        self._portfolio = Portfolio(memory.redis, memory.keys, self._registered, clock)
        self.erasure = Erasure(nobody() if really else "a name that means nobody")

    async def erase(self) -> Erasure:
        """Go through everything. Can be run again after it was cut off."""
        await self._drafts()
        await self._own()
        await self._words()
        await self._changes()
        await self._registrations()
        await self._channels()
        await self._stays()
        return self.erasure

    def _did(self, count: int, what: str) -> None:
        if count:
            self.erasure.done.append(f"{what}: {count}.")

    async def _drafts(self) -> None:
        """What they were filling in."""
        found = []
        async for key in keys_like(self._redis, f"{self._keys.prefix}:{{draft:*}}:doc"):
            raw = await self._redis.get(key)
            try:
                if raw and self._vault.open(str(raw)).get("user") == self._user:
                    found.append(key)
            except SealedWithOtherKeyError:
                self.erasure.stays.append(f"{key} cannot be opened with any key; it goes by itself within two weeks.")
        if self._really:
            for key in found:
                await self._redis.unlink(key)
        self._did(len(found), "Drafts of theirs removed")

    async def _own(self) -> None:
        """What is kept under their id: their drafts' index, App Home's filter and page."""
        kept = [self._keys.plain(f"{part}:{self._user}") for part in ("drafts", "home:filter", "home:page")]
        there = [key for key in kept if await self._redis.exists(key)]
        visitors = self._keys.plain("home:visitors")
        visits = await self._redis.sismember(visitors, self._user)
        if self._really:
            for key in there:
                await self._redis.unlink(key)
            await self._redis.srem(visitors, self._user)
        self._did(len(there) + bool(visits), "Choices on App Home and lists of theirs removed")

    async def _words(self) -> None:
        """Absences of theirs, or in which they stand in; a freeze of theirs stays until somebody lifts it."""
        key, count = self._keys.plain("delegations"), 0
        for about, raw in (await self._redis.hgetall(key)).items():
            if str(about) == self._user or self._stands_in(str(raw)):
                count += 1
                if self._really:
                    await self._redis.hdel(key, str(about))
        self._did(count, "Absences removed")
        for about, raw in (await self._redis.hgetall(self._keys.plain("freezes"))).items():
            if (self._opened(str(raw)) or {}).get("user") == self._user:
                frozen = "all accounts" if str(about) == ALL else str(about)
                self.erasure.stays.append(
                    f"The freeze of {frozen} names them: lift it, and freeze anew if it is still wanted (/a2p-freeze)."
                )

    async def _changes(self) -> None:
        count = 0
        async for change in self._of_theirs():
            count += 1
            if not self._really:
                continue
            try:
                await self._settled.rename(change, self._user, self.erasure.name)
            except NotSettledError as error:
                count -= 1
                self.erasure.stays.append(str(error))
        self._did(count, f"Settled changes in which {self.erasure.name} stands for them, without what they wrote")

    async def _of_theirs(self) -> AsyncIterator[Change]:
        for number in map(str, await self._redis.zrange(self._keys.plain("changes:all"), 0, -1)):
            try:
                change = await self._store.load(int(number))
            except (SealedWithOtherKeyError, ValidationError):
                self.erasure.stays.append(f"#{number} cannot be read: see that its key is in TENFOUR_ENCRYPTION_KEY.")
                continue
            if change is None or self._user not in _people(change):
                continue
            if change.settled and change.review != "open":
                yield change
            else:
                missing = "sign it off" if change.settled else "end it"
                self.erasure.stays.append(f"#{number} is {change.called}: {missing}, then run this again.")

    async def _registrations(self) -> None:
        """Whose registration it is: they hear no more of it."""
        count = 0
        async for key in keys_like(self._redis, self._keys.registration("*", "*", "*", "doc")):
            doc = await self._redis.hgetall(key)
            fields = {str(n): str(v) for n, v in doc.items() if self._user in str(v) and n != "snapshot"}
            if not fields:
                continue
            count += 1
            if self._really:
                new = {n: "" if n == "owner" else v.replace(self._user, self.erasure.name) for n, v in fields.items()}
                await self._redis.hset(key, items=[x for pair in new.items() for x in pair])
                if known := await self._registered.load("|".join(str(doc[n]) for n in ("kind", "account", "key"))):
                    await self._portfolio.learn(known)  # its row names them too
        self._did(count, "Registrations that were theirs, or that they muted (name somebody else in /a2p-watch)")

    async def _channels(self) -> None:
        """Who chose a channel's account, or its subscription."""
        count = 0
        for name in ("channel-accounts", "subscriptions"):
            key = self._keys.plain(name)
            for channel, raw in (await self._redis.hgetall(key)).items():
                if self._user in str(raw):
                    count += 1
                    if self._really:
                        again = json.dumps(json.loads(str(raw).replace(self._user, self.erasure.name)))
                        await self._redis.hset(key, str(channel), again)
        self._did(count, f"Choices of channels for which {self.erasure.name} stands now")

    async def _stays(self) -> None:
        rows = 0
        async for stored in self._log.forwards():
            told = stored.link.told if stored.link else None
            rows += told is not None and (told.who == self._user or self._user in told.detail)
        if rows:
            self.erasure.stays.append(
                f"The audit names them in {rows} rows: it records who answers for what was bought and filed, its rows "
                "hang together by hashes, and none is taken out. It is removed by age alone (TENFOUR_AUDIT_DAYS)."
            )
        acts = await self._redis.hlen(self._keys.plain("acts"))
        if acts:
            self.erasure.stays.append(f"{acts} acts are not carried out yet: they go within a minute where a bot runs.")
        self.erasure.stays += [
            "What was posted in Slack stays there; who may delete messages in Slack removes it.",
            "Backups hold what they held: they are removed by age. After putting one back, run this again.",
        ]

    def _stands_in(self, raw: str) -> bool:
        return (self._opened(raw) or {}).get("to") == self._user

    def _opened(self, raw: str) -> dict[str, str] | None:
        sealed = raw.split("|", 2)[-1]
        try:
            opened: dict[str, str] = self._vault.open(sealed) if sealed else {}
        except SealedWithOtherKeyError:
            return None
        return opened


def _people(change: Change) -> str:
    """Every word of a change in which somebody may be named."""
    decided = [f"{d.user} {d.seats} {d.reason}" for d in change.decisions]
    told = [f"{e.who} {e.detail}" for e in change.timeline]
    return " ".join([change.requester, change.note, *decided, *told])
