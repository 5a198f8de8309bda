"""A worker process that runs one change, made to be killed.

Arguments: address of Redis, key prefix, encryption key, account SID, auth token, address of Twilio, change number, and
at which announcement to hang (counted from 1; 0: never), until a line comes. Says `hanging` when it does.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bot.catalog import catalog
from bot.changes.change import Change
from bot.changes.freezes import Freezes
from bot.changes.store import ChangeStore
from bot.logs import set_up_logs
from bot.policy.file import load_policy
from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from bot.runs.ledger import RunLedger
from bot.runs.patience import Patience
from bot.runs.runner import Runner
from bot.twilio.gateway import Account
from bot.vault import Vault
from tests.conftest import Staff, authority_of
from tests.runs.rig import Followed

LEASE_SECONDS = 0.6
IMPATIENT = Patience(look_after=0.02, sure_after=0.1)
"""Starting such a process alone takes longer."""


class HangingNotifier:
    """Hangs at one announcement: the moment between two steps at which the process is killed, or stands still."""

    def __init__(self, at: int) -> None:
        self._left = at

    async def change_moved(self, number: int) -> None:
        self._left -= 1
        if self._left == 0:
            sys.stdout.write(f"hanging #{number}\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.readline)

    async def registration_moved(self, registration: str) -> None:
        raise AssertionError(registration)

    async def changes_stand(self, changes: Sequence[tuple[Change, int]]) -> None:
        raise AssertionError(changes)

    async def review_waits(self, number: int, nth: int) -> None:
        raise AssertionError(number, nth)


async def main(url: str, prefix: str, key: str, sid: str, token: str, twilio: str, number: str, hang_at: str) -> None:
    keys = Keys(prefix)
    account = Account(sid, sid, token, f"{twilio}/{{product}}")
    async with open_redis(url, Path(tempfile.gettempdir())) as handle:
        vault = Vault([key])
        runner = Runner(
            ChangeStore(handle.client, keys, vault),
            RunLedger(handle.client, keys, "doomed", LEASE_SECONDS),
            lambda _sid: account,
            catalog(),
            authority_of(handle.client, keys, vault, time.time, load_policy(None), Staff()),
            Freezes(handle.client, keys, vault, time.time),
            Followed(),
            HangingNotifier(int(hang_at)),
            time.time,
            lambda seconds: asyncio.sleep(min(seconds, 0.02)),
            IMPATIENT,
        )
        await runner.run(int(number))
    await account.close()


if __name__ == "__main__":
    set_up_logs()  # standard output is for `hanging`
    asyncio.run(main(*sys.argv[1:]))
