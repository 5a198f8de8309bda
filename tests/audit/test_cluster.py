"""The audit works on Redis Cluster as it does on one server: no script of it leaves its slot."""

from pathlib import Path

from bot.audit.export import lines, newest
from bot.audit.filter import Filter
from bot.audit.log import AuditLog
from bot.audit.row import Row
from bot.audit.trail import DAY_SECONDS, AuditTrail
from bot.audit.verify import verify
from bot.changes.store import ChangeStore
from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from bot.vault import Vault
from tests.changes.office import Office
from tests.conftest import Clock, Started, Told
from tests.redis.servers import free_port, server
from tests.redis.test_connection import CLUSTER, own_all_slots


async def test_rows_are_copied_noted_read_verified_and_trimmed_on_a_cluster(
    tmp_path: Path, keys: Keys, vault: Vault, clock: Clock
) -> None:
    port = free_port()
    async with server(tmp_path, port, *CLUSTER, str(free_port())):
        await own_all_slots(port)
        async with open_redis(f"redis+cluster://127.0.0.1:{port}", tmp_path) as redis:
            log, store = AuditLog(redis.client, keys, vault), ChangeStore(redis.client, keys, vault)
            trail = AuditTrail(redis.client, keys, log, store, clock, days=1)
            office = Office.opened(redis.client, keys, vault, Told(), Started(), clock)
            change = await office.asked()
            await trail.copy(change.number)
            clock.advance(2 * DAY_SECONDS)
            for _ in range(2):
                await trail.note("act", Row(at=clock(), kind="refused", what="approve"))
            assert [row.kind for row in await newest(log, Filter(), 10)] == ["refused", "change"]
            assert len([line async for line in lines(log, Filter(), "jsonl")]) == 2
            assert (await verify(log)).sound
            await trail.trim_daily()
            seen = await verify(log)
            assert (seen.sound, seen.first, seen.count) == (True, 2, 1)
