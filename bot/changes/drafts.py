"""Drafts: what a person is filling in, kept so that a closed window loses nothing."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from bot.plans.plan import Plan
from bot.plans.values import Record
from bot.redis.batch import Batch, Command
from bot.redis.keys import Keys
from bot.redis.scripts import Script
from bot.vault import SealedWithOtherKeyError, Vault

KEEP_SECONDS = 14 * 86400
MARK_SECONDS = 86400
"""How long copies of a delivery may come (slack.md 2.8)."""
_REPLACE = Script.beside(__file__, "replace.lua")
_SAVE = Script.beside(__file__, "save.lua")
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no letters that people mix up

log = structlog.get_logger()


class CopyError(Exception):
    """What this is about was written down for another copy of the same delivery."""


class Draft(Record):
    """A form on its way. `token` will mark what the change makes at Twilio; `plan` is there once it was previewed.

    `filled_for` names what the answers were filled in from, such as the service of a campaign that is edited. `turn`
    counts the pages that were turned: an answer that was sent from one before comes late.
    `amends` is the change that its plan is to take the place of, 0 for a request of its own.
    `account` is the SID of the Twilio account it is for; drafts of before there were several have "", the main one.
    """

    id: str
    user: str
    operation: str
    token: str
    started_at: float
    channel: str = ""
    account: str = ""
    amends: int = 0
    values: dict[str, Any]
    plan: Plan | None = None
    filled_for: str = ""
    turn: int = 0


class DraftStore:
    """Drafts in Redis, sealed at rest, for two weeks. One draft per person and operation is offered for resuming."""

    def __init__(self, redis: Redis, keys: Keys, vault: Vault, clock: Callable[[], float]) -> None:
        self._redis, self._keys, self._vault, self._clock = redis, keys, vault, clock
        self._read, self._write = Batch(redis, reads=True), Batch(redis)

    def begin(
        self, user: str, operation: str, values: Mapping[str, Any], channel: str = "", account: str = ""
    ) -> Draft:
        """A new draft, not stored yet."""
        return Draft(
            id=secrets.token_urlsafe(16),
            user=user,
            operation=operation,
            token="tf-" + "".join(secrets.choice(_ALPHABET) for _ in range(10)),
            started_at=self._clock(),
            channel=channel,
            account=account,
            values=dict(values),
        )

    async def save(self, draft: Draft, *, offer: bool = True, seconds: int = KEEP_SECONDS, mark: str = "") -> None:
        """Keep a draft; with `offer`, it is offered when its owner opens the same form again.

        `mark` names the delivery that asked for it. Raises `CopyError` when that did so before.
        """
        sealed, doc = self._vault.seal(draft.model_dump(mode="json")), self._keys.draft(draft.id)
        offering = self._offering(draft) if offer else ()
        if not mark:
            await self._write.together(("SET", doc, sealed, "EX", seconds), *offering)
            return
        keys = [doc, self._marked(draft, mark)]
        args: list[str | int] = [sealed, seconds, MARK_SECONDS]
        try:
            kept, *_ = await self._write.together(("EVALSHA", _SAVE.sha, len(keys), *keys, *args), *offering)
        except NoScriptError:
            kept = await _SAVE(self._redis, keys=keys, args=args)
        if not kept:
            raise CopyError

    async def amend(
        self,
        draft: Draft,
        change: Callable[[Draft], Draft],
        *,
        offer: bool = True,
        seconds: int = KEEP_SECONDS,
        mark: str = "",
    ) -> Draft:
        """Change a draft as it stands by now, whoever else changes it in the same moment. Gives what stands then.

        `mark` names the delivery that asked for it. Raises `CopyError` when that did so before.
        """
        key = self._keys.draft(draft.id)
        while sealed := await self._read("GET", key):
            standing = self._opened(draft.id, str(sealed))
            if standing is None or (changed := change(standing)) == standing:
                return standing or draft
            new = self._vault.seal(changed.model_dump(mode="json"))
            keys = [key, *([self._marked(draft, mark)] if mark else [])]
            args: list[str | int] = [str(sealed), new, seconds, MARK_SECONDS]
            replaced = await _REPLACE(self._redis, keys=keys, args=args)
            if replaced < 0:
                raise CopyError
            if replaced:
                if offer:
                    await self._write.together(*self._offering(changed))
                return changed
        return draft

    async def load(self, draft_id: str, user: str) -> Draft | None:
        """The draft, if it is there, can be read, and belongs to this person: an id from outside may be forged."""
        if not draft_id or not all(c.isalnum() or c in "-_" for c in draft_id):
            return None
        sealed = await self._read("GET", self._keys.draft(draft_id))
        draft = self._opened(draft_id, str(sealed)) if sealed else None
        return draft if draft and draft.user == user else None

    async def unfinished(self, user: str, operation: str) -> Draft | None:
        """The draft this person left behind for this operation."""
        draft_id = await self._redis.hget(self._mine(user), operation)
        draft = await self.load(str(draft_id), user) if draft_id else None
        if draft_id and draft is None:
            await self._withdraw(user, operation, str(draft_id))
        return draft

    async def on_its_own(self, draft: Draft) -> Draft:
        """The same answers as a request of its own, in the place of a draft that amended something."""
        own = self.begin(draft.user, draft.operation, draft.values, draft.channel, draft.account)
        own = own.model_copy(update={"filled_for": draft.filled_for, "turn": draft.turn})
        await self.save(own)
        await self.forget(draft)
        return own

    async def forget(self, draft: Draft) -> None:
        """Keep nothing of it any more."""
        await self._redis.delete(self._keys.draft(draft.id))

    async def finished(self, draft: Draft) -> None:
        """Stop offering a draft that was requested or thrown away."""
        await self._withdraw(draft.user, draft.operation, draft.id)

    def _offering(self, draft: Draft) -> tuple[Command, ...]:
        mine = self._mine(draft.user)
        return ("HSET", mine, draft.operation, draft.id), ("EXPIRE", mine, KEEP_SECONDS)

    def _marked(self, draft: Draft, mark: str) -> str:
        """The key that says that a delivery about this draft is known."""
        return self._keys.draft(draft.id, f"seen:{mark}")

    async def _withdraw(self, user: str, operation: str, draft_id: str) -> None:
        if await self._redis.hget(self._mine(user), operation) == draft_id:  # not a newer one
            await self._redis.hdel(self._mine(user), operation)

    def _opened(self, draft_id: str, sealed: str) -> Draft | None:
        """What was stored, or None when another key or another version of the form has sealed it."""
        try:
            return Draft.model_validate(self._vault.open(sealed))
        except (SealedWithOtherKeyError, ValidationError) as error:
            log.warning("draft_unreadable", draft=draft_id, why=type(error).__name__)
            return None

    def _mine(self, user: str) -> str:
        return self._keys.plain(f"drafts:{user}")
