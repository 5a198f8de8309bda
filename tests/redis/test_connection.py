"""One setting opens a single server, Sentinel or Cluster, and no password is told."""

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from bot.redis.clients import Unreachable
from bot.redis.connection import RedisProblem, open_redis, with_connections, without_secrets
from bot.redis.keys import Keys
from bot.redis.replicas import Replicas
from bot.redis.scripts import Script
from tests.redis.servers import free_port, server, until

keys = Keys()
DECIDE = Script.beside(__file__, "decide.lua")
CLUSTER = ("--cluster-enabled", "yes", "--cluster-port")


@pytest.mark.parametrize(
    "url",
    [
        "redis://:hunter2@127.0.0.1:1/0",
        "redis://user:hun/ter2@127.0.0.1:1/0",
        "redis+cluster://:hunter2@127.0.0.1:1",
        "redis+sentinel://:hunter2@127.0.0.1:1/mymaster?sentinel_password=hunter2",
        "redis://:hunter2@127.0.0.1:notaport/0",
        "redis+sentinel://:hunter2@127.0.0.1:1",
    ],
)
async def test_a_server_that_cannot_be_reached_is_named_without_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(RedisProblem, match="REDIS_URL: redis") as caught:
        async with open_redis(url, tmp_path):
            pass
    assert "hunter2" not in str(caught.value)
    assert "ter2" not in str(caught.value)
    assert "<redis" not in str(caught.value), "a person reads it"


async def test_a_command_that_was_never_sent_is_told_apart(tmp_path: Path) -> None:
    port = free_port()
    async with server(tmp_path, port) as process, open_redis(f"redis://127.0.0.1:{port}/0", tmp_path) as redis:
        process.kill()
        await process.wait()
        with pytest.raises(Unreachable):
            await redis.client.set("key", "value")


async def test_reads_wait_for_a_server_that_is_restarting(tmp_path: Path) -> None:
    port = free_port()
    async with server(tmp_path / "first", port) as first, open_redis(f"redis://127.0.0.1:{port}/0", tmp_path) as redis:
        first.kill()
        await first.wait()
        reading = asyncio.ensure_future(redis.client.get("key"))
        async with server(tmp_path / "second", port):
            assert await reading is None


async def test_more_callers_than_connections_wait_instead_of_failing(tmp_path: Path) -> None:
    port = free_port()
    async with (
        server(tmp_path, port),
        open_redis(f"redis://127.0.0.1:{port}/0?max_connections=4", tmp_path) as redis,
    ):
        assert all(await asyncio.gather(*(redis.client.set(f"key:{n}", n) for n in range(200))))


async def test_a_server_that_keeps_nothing_on_disk_is_warned_of(tmp_path: Path) -> None:
    port = free_port()
    async with (
        server(tmp_path, port, "--maxmemory-policy", "allkeys-lru"),
        open_redis(f"redis://127.0.0.1:{port}/0", tmp_path) as redis,
    ):
        assert [warning.partition(":")[0] for warning in redis.warnings] == [
            "Redis keeps no append-only file",
            "Redis throws keys away when memory is short (allkeys-lru). Set maxmemory-policy noeviction",
        ]


async def test_the_embedded_server_needs_no_warning(tmp_path: Path) -> None:
    async with open_redis(None, tmp_path) as redis:
        assert (redis.embedded, redis.warnings) == (True, ())


async def test_one_address_serves_a_cluster(tmp_path: Path) -> None:
    port = free_port()
    async with server(tmp_path, port, *CLUSTER, str(free_port())):
        await own_all_slots(port)
        async with open_redis(f"redis+cluster://127.0.0.1:{port}", tmp_path) as redis:
            decisions, timeline = keys.change(1, "decisions"), keys.change(1, "timeline")
            assert await DECIDE(redis.client, keys=[decisions, timeline], args=["U1", "approve"]) == 1
            assert await DECIDE(redis.client, keys=[decisions, timeline], args=["U1", "reject"]) == 0
            assert await redis.client.lrange(timeline, 0, -1) == ["U1 approve"]


async def test_on_a_cluster_a_write_that_broke_off_is_told_and_not_sent_again(tmp_path: Path) -> None:
    port = free_port()
    async with server(tmp_path, port, *CLUSTER, str(free_port())) as process:
        await own_all_slots(port)
        async with open_redis(f"redis+cluster://127.0.0.1:{port}", tmp_path) as redis:
            await redis.client.set("key", "value")
            process.kill()
            await process.wait()
            with pytest.raises(RedisConnectionError):
                await redis.client.rpush("list", "once")


async def test_a_cluster_of_which_no_node_answers_is_away_like_any_other_redis(tmp_path: Path) -> None:
    port = free_port()
    async with server(tmp_path, port, *CLUSTER, str(free_port())) as process:
        await own_all_slots(port)
        async with open_redis(f"redis+cluster://127.0.0.1:{port}", tmp_path) as redis:
            process.kill()
            await process.wait()
            with pytest.raises(RedisError):
                await redis.client.get("key")
            # from now on its nodes are asked for anew, and none is there to say who they are
            with pytest.raises(Unreachable):
                await redis.client.set("key", "value")
            pipe = redis.client.pipeline(transaction=False)
            pipe.set("key", "value")
            with pytest.raises(Unreachable):
                await pipe.execute()


def test_a_replica_that_is_silent_says_nothing_of_those_of_another_master() -> None:
    replicas = Replicas(lambda: 100.0)
    replicas.expect()
    replicas.of("one").heard(0)
    replicas.of("two").heard(1)
    assert not replicas.of("one").wanted("SET", "key", "value")
    assert replicas.of("two").wanted("SET", "key", "value")
    assert not replicas.of("two").wanted("GET", "key")


async def test_one_address_serves_sentinel(tmp_path: Path) -> None:
    port, sentinel_port = free_port(), free_port()
    config = tmp_path / "sentinel.conf"
    config.write_text(f"sentinel monitor mymaster 127.0.0.1 {port} 1\n")
    async with (
        server(tmp_path / "master", port),
        server(tmp_path / "sentinel", sentinel_port, str(config), "--sentinel"),
        open_redis(f"redis+sentinel://127.0.0.1:{sentinel_port}/mymaster/2", tmp_path) as redis,
    ):
        await redis.client.set("key", "value")
        assert await redis.client.get("key") == "value"
        assert (await redis.client.info("keyspace"))["db2"]["keys"] == 1


async def own_all_slots(port: int) -> None:
    async with Redis(port=port) as client:
        await client.cluster("ADDSLOTSRANGE", 0, 16383)
        await until(lambda: cluster_is_up(client))


async def cluster_is_up(client: Redis) -> bool:
    answer = await client.cluster("INFO")
    return bool(answer["cluster_state"] == "ok")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://h/0", "redis://h/0?max_connections=1000"),
        ("unix:///s?db=0", "unix:///s?db=0&max_connections=1000"),
        ("redis://h/0?max_connections=64", "redis://h/0?max_connections=64"),
        ("redis+sentinel://a,b/m", "redis+sentinel://a,b/m?max_connections=1000"),
    ],
)
def test_docket_gets_room_for_its_connections(url: str, expected: str) -> None:
    assert with_connections(url) == expected


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://user:pass@h:6379/0", "redis://h:6379/0"),
        ("redis://:a?b/c@h/0?ssl_ca_path=x", "redis://h/0"),
        ("unix:///run/redis.sock?db=0", "unix:///run/redis.sock"),
        ("redis+sentinel://:p@a:1,[::1]:2/m/0", "redis+sentinel://a:1,[::1]:2/m/0"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert without_secrets(url) == shown
