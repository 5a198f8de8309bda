"""The Twilio accounts that the bot works in, found by name or by SID."""

import asyncio
from collections.abc import Iterable

from bot.twilio.faults import UnknownAccount
from bot.twilio.gateway import Account


class Accounts:
    """Every account there are credentials for, the main one first; names and SIDs are unique.

    Raises ValueError when there is none, or when two share a name or a SID.
    """

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.all = tuple(accounts)
        self._by_sid = {account.sid: account for account in self.all}
        self._by_name = {account.name: account for account in self.all}
        if not self.all or not len(self.all) == len(self._by_sid) == len(self._by_name):
            raise ValueError("one account at least, each with a name and a SID of its own")

    @property
    def default(self) -> Account:
        """The main account: where people act who name none."""
        return self.all[0]

    def named(self, name: str) -> Account | None:
        """The account that people call this, in whatever case they type it."""
        return self._by_name.get(name.strip().lower())

    def __getitem__(self, sid: str) -> Account:
        """The account with this SID. Raises `UnknownAccount`."""
        if sid not in self._by_sid:
            raise UnknownAccount(sid)
        return self._by_sid[sid]

    def __contains__(self, sid: object) -> bool:
        return sid in self._by_sid

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(account.close() for account in self.all))
