"""The encryption keys: whether they open what is stored."""

from bot.audit.log import AuditLog
from bot.changes.store import ChangeStore
from bot.maintenance.inspection.report import Line, fail, ok
from bot.maintenance.memory import Memory
from bot.vault import SealedWithOtherKeyError

NEWEST = 20
"""Changes that are opened; `tenfour reseal --look` goes through everything."""

_MEND = (
    "Put the key that sealed it into TENFOUR_ENCRYPTION_KEY, behind the newest; without it, what it sealed is lost. "
    "`tenfour reseal --look` names everything that opens with no key."
)


async def key_lines(memory: Memory) -> list[Line]:
    """Whether what is stored opens: the audit's head, and the newest changes."""
    about = "Encryption key"
    standing = await AuditLog(memory.redis, memory.keys, memory.vault).standing()
    closed = ["the head of the audit"] if standing.head is None else []
    store, seen = ChangeStore(memory.redis, memory.keys, memory.vault), 0
    for number in await memory.redis.zrevrange(memory.keys.plain("changes:all"), 0, NEWEST - 1):
        try:
            seen += await store.load(int(str(number))) is not None
        except SealedWithOtherKeyError:
            closed.append(f"#{int(str(number))}")
    if closed:
        return [fail(about, f"it does not open {', '.join(closed)}.", _MEND)]
    return [ok(about, f"it opens the audit and the newest {seen} changes." if seen else "nothing is sealed yet.")]
