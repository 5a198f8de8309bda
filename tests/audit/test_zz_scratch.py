import asyncio, time
from redis.asyncio import Redis
from bot.audit.export import newest
from bot.audit.filter import Filter
from bot.audit.log import AuditLog
from bot.audit.row import Row
from bot.audit.trail import AuditTrail
from bot.audit.verify import verify
from bot.redis.keys import Keys
from bot.vault import Vault

async def test_many(redis: Redis, keys: Keys, vault: Vault) -> None:
    log = AuditLog(redis, keys, vault)
    worst = 0.0
    async def beat():
        nonlocal worst
        while True:
            t = time.perf_counter(); await asyncio.sleep(0.001); worst = max(worst, time.perf_counter() - t)
    b = asyncio.create_task(beat())
    for n in range(100):
        await log.append([Row(at=float(n), kind="x", what="something happened here", who="U0ANN", detail="d" * 80) for _ in range(200)])
    print("append worst", worst); worst = 0
    t = time.perf_counter(); await newest(log, Filter(change=77), 20); print("newest 20k", time.perf_counter() - t, "worst", worst); worst = 0
    t = time.perf_counter(); v = await verify(log); print("verify", time.perf_counter() - t, v.sound, "worst", worst); worst = 0
    trail = AuditTrail(redis, keys, log, None, lambda: 90 * 86400.0 + 50, 90)
    t = time.perf_counter(); print(await trail.trim(), time.perf_counter() - t, "worst", worst)
    b.cancel()
