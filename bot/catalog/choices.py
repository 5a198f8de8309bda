"""Live choices for forms: what an account holds or could buy, as options, fast enough for typing."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.catalog.form import Option
from bot.catalog.sources import lists as sources
from bot.twilio.accounts import Accounts
from bot.twilio.faults import TwilioFault
from bot.twilio.gateway import Account

MOST = 100
"""Options in one answer (Slack takes no more)."""
LABEL, DESCRIPTION, VALUE = 75, 75, 150
"""Longest texts of an option, in characters (Slack's limits)."""
KEPT = 64
"""Lists kept at a time: searches differ by what people type, so their number has no natural end."""
TOLERATED = 10.0
"""A list this many times older than its limit is not shown without waiting for a fresh one first."""
IN_USE = 600.0
"""Seconds for which a costly list is kept warm after somebody has looked at it."""


class StillLoading(Exception):
    """Nothing to show yet: Twilio's answer is under way and will be there when people try again."""


@dataclass(frozen=True)
class _Kept:
    options: tuple[Option, ...]
    at: float


class Choices:
    """Options of one account by source name. Lists are kept, and refreshed while the kept one is being shown.

    `wait` is how long `find` may take, in seconds; Slack gives up on a list after three. What nobody waits for goes
    through `quiet`, the same account with a small concurrency of its own, so that it never holds up a run's writes.
    """

    def __init__(
        self, account: Account, clock: Callable[[], float], wait: float = 2.0, quiet: Account | None = None
    ) -> None:
        self._account, self._quiet = account, quiet or account
        self._clock = clock
        self._wait = wait
        self._used: dict[str, float] = {}
        self._kept: OrderedDict[tuple[Any, ...], _Kept] = OrderedDict()
        self._loading: dict[tuple[Any, ...], asyncio.Task[tuple[Option, ...]]] = {}
        self._tasks: set[asyncio.Task[tuple[Option, ...]]] = set()

    async def find(self, source: str, query: str, given: Mapping[str, Any]) -> list[Option]:
        """The options that hold every word of `query`; `given` are the form's other answers.

        Raises `StillLoading`, `TwilioFault` when there is nothing to show, and `LookupError` for an unknown source.
        """
        wanted = query.casefold().split()
        options = await self._options(sources.named(source), given)
        # a number is found however it is written: lists have it in E.164
        digits = re.sub(r"[\s().+-]", "", query)

        def fits(hay: str) -> bool:
            return all(word in hay for word in wanted) or (digits.isdecimal() and digits in hay)

        return [o for o in options if fits(_hay(o))][:MOST]

    async def warm(self) -> None:
        """Refresh the lists that depend on the account alone, the costly ones while they are in use.

        Raises the first `TwilioFault`.
        """
        lately = self._clock() - IN_USE
        account_wide = [s for s in sources.SOURCES.values() if not s.depends_on]
        wanted = [s for s in account_wide if not s.costly or self._used.get(s.name, lately) > lately]
        tasks = [self._load(self._quiet, source, source.key({}), {}) for source in wanted]
        # not gather: if this is cancelled, people who wait for the same lists must still get them
        await asyncio.wait(tasks)
        for task in tasks:
            task.result()

    def spoil(self) -> None:
        """Show nothing without looking again first, for example because a run has changed what the account holds."""
        self._kept = OrderedDict((key, replace(kept, at=float("-inf"))) for key, kept in self._kept.items())
        # a load that is under way may have read the state from before, so its result is not to be kept
        self._loading.clear()

    async def close(self) -> None:
        """Stop what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _options(self, source: sources.Source, given: Mapping[str, Any]) -> tuple[Option, ...]:
        self._used[source.name] = self._clock()
        key = source.key(given)
        kept = self._kept.get(key)
        age = self._clock() - kept.at if kept else float("inf")
        if kept and age <= source.fresh_for:
            self._kept.move_to_end(key)
            return kept.options
        if kept and age <= source.fresh_for * TOLERATED:
            self._load(self._quiet, source, key, given)
            return kept.options
        task = self._load(self._account, source, key, given)
        done, _ = await asyncio.wait({task}, timeout=self._wait)
        if not done and kept:
            return kept.options
        if not done:
            raise StillLoading("Twilio has not answered yet. Type again in a moment.")
        if kept and task.exception():
            return kept.options
        return task.result()

    def _load(
        self, account: Account, source: sources.Source, key: tuple[Any, ...], given: Mapping[str, Any]
    ) -> "asyncio.Task[tuple[Option, ...]]":
        """The load of this list: the one under way, or a new one."""
        if key in self._loading:
            return self._loading[key]
        task = asyncio.create_task(_shown(source.load(account, dict(given))))
        self._loading[key] = task
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._loaded(key, done))
        return task

    def _loaded(self, key: tuple[Any, ...], task: "asyncio.Task[tuple[Option, ...]]") -> None:
        self._tasks.discard(task)
        current = self._loading.get(key) is task
        if current:
            del self._loading[key]
        # asking for the exception marks it as seen; whoever waits for the task raises it, and the next find tries again
        if task.cancelled() or task.exception() or not current:
            return
        self._kept[key] = _Kept(task.result(), self._clock())
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


class AllChoices:
    """The choices of every account, each with lists of its own: no account's things are ever offered on another's form.

    `quiet` has the same accounts, for what nobody waits for.
    """

    def __init__(
        self, accounts: Accounts, clock: Callable[[], float], wait: float = 2.0, quiet: Accounts | None = None
    ) -> None:
        self._clock, self._default = clock, accounts.default.sid
        self._of = {a.sid: Choices(a, clock, wait, quiet[a.sid] if quiet else None) for a in accounts.all}
        self._used: dict[str, float] = {}

    async def find(self, account: Account, source: str, query: str, given: Mapping[str, Any]) -> list[Option]:
        """The options of this account that hold every word of `query`; `given` are the form's other answers.

        Raises `StillLoading`, `TwilioFault` when there is nothing to show, and `LookupError` for an unknown source.
        """
        self._used[account.sid] = self._clock()
        return await self._of[account.sid].find(source, query, given)

    async def warm(self) -> dict[str, TwilioFault]:
        """Refresh the lists of the main account and of those in use lately; returns what went wrong, by account SID."""
        lately = self._clock() - IN_USE
        sids = [sid for sid in self._of if sid == self._default or self._used.get(sid, lately) > lately]
        # one account that cannot be read must not keep the others' lists from being ready
        ends = await asyncio.gather(*(self._of[sid].warm() for sid in sids), return_exceptions=True)
        if odd := next((e for e in ends if e and not isinstance(e, TwilioFault)), None):
            raise odd
        return {sid: end for sid, end in zip(sids, ends, strict=True) if isinstance(end, TwilioFault)}

    def spoil(self, account_sid: str) -> None:
        """Show nothing of this account without looking again first; nothing happens when it is not known any more."""
        if account_sid in self._of:
            self._of[account_sid].spoil()

    async def close(self) -> None:
        """Stop what is under way."""
        await asyncio.gather(*(choices.close() for choices in self._of.values()))


async def _shown(loading: Awaitable[Sequence[Option]]) -> tuple[Option, ...]:
    """Options within Slack's limits. A value cannot be cut without becoming another, so a long one goes."""
    return tuple(
        Option(o.value, cut(o.label or o.value, LABEL), cut(o.description, DESCRIPTION))
        for o in await loading
        if o.value and len(o.value) <= VALUE
    )


def cut(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, with an ellipsis where something is missing."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _hay(option: Option) -> str:
    return f"{option.label}\n{option.value}\n{option.description}".casefold()
