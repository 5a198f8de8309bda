"""Registrations on Redis Cluster, whose pipelines take no scripts: many at once are each recorded, and once."""

from pathlib import Path

from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from bot.tracking.registration import Fact, Mute, Registration
from bot.tracking.store import RegistrationStore, Said
from tests.redis.servers import free_port, server
from tests.redis.test_connection import CLUSTER, own_all_slots

SIDS = ("MG1", "MG2", "MG3")
ACCOUNT = "AC1"


def registration(sid: str) -> Registration:
    return Registration(kind="campaign", account=ACCOUNT, key=sid, title=sid, started_at=1.0)


async def test_many_are_begun_looked_at_heard_of_muted_and_assigned_on_a_cluster(tmp_path: Path, keys: Keys) -> None:
    port = free_port()
    async with server(tmp_path, port, *CLUSTER, str(free_port())):
        await own_all_slots(port)
        async with open_redis(f"redis+cluster://127.0.0.1:{port}", tmp_path) as redis:
            store = RegistrationStore(redis.client, keys)
            begun = [registration(sid) for sid in SIDS]
            ids = [one.id for one in begun]
            await store.begin_all(begun)
            assert sorted(await store.claim(ACCOUNT, 2.0, 10)) == ids
            known = await store.many(ids)
            looks = [(known[i], known[i].model_copy(update={"status": "PENDING", "fetched_at": 2.0})) for i in ids]
            assert await store.observe_quietly(looks) == [True] * 3
            assert await store.observe_quietly(looks) == [False] * 3
            await store.look_next_at((i, 9.0, 62.0) for i in ids)
            assert [await store.due(i) for i in ids] == [9.0] * 3
            said = [Said(one, Fact(name="tcr", value="seen", at=3.0, event="EV1")) for one in begun]
            assert await store.hear_all(said) == ["latest"] * 3
            assert await store.hear_all(said) == ["known"] * 3
            await store.mute(ids[0], "C1", Mute(by="U1", at=4.0))
            await store.assign(ids[0], "U1")
            seen, _ = await store.with_log(ids[0])
            assert seen is not None
            assert (seen.status, seen.owner, list(seen.muted), list(seen.heard)) == ("PENDING", "U1", ["C1"], ["tcr"])
            assert seen.version == known[ids[0]].version + 4
