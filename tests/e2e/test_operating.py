"""What an operator sees of a real bot: while it works, when Redis is away, and when it is told to stop."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.app import running
from bot.roles import Role
from bot.settings import SettingsProblem, load_settings
from tests.e2e.answers import SERVICE
from tests.e2e.world import ANN, RITA, World, open_world
from tests.redis.servers import free_port

pytestmark = pytest.mark.long


class Probe:
    """Asks the port for operators."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def ready(self) -> tuple[int, dict[str, Any]]:
        async with self._session.get("/readyz") as answer:
            return answer.status, await answer.json()

    async def becomes(self, status: int) -> dict[str, Any]:
        """Ask until the answer is this one."""
        async with asyncio.timeout(30):
            while True:
                found, report = await self.ready()
                if found == status:
                    return report
                await asyncio.sleep(0.05)

    async def samples(self) -> dict[str, float]:
        """What /metrics says, by name; what its labels say behind it, by their names."""
        async with self._session.get("/metrics") as answer:
            families = text_string_to_metric_families(await answer.text())
            return {
                " ".join([s.name, *(value for _, value in sorted(s.labels.items()))]): s.value
                for f in families
                for s in f.samples
            }

    async def alive(self) -> int:
        async with self._session.get("/healthz") as answer:
            return answer.status


async def test_an_operator_sees_what_a_bot_does_that_redis_is_away_and_that_it_stops(empty_world: World) -> None:
    world, port = empty_world, free_port()
    bot = await world.process(TENFOUR_OPS_PORT=str(port))
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        probe = Probe(session)
        report = await probe.becomes(200)
        assert {"redis", "scheduler", "engine", "Socket Mode"} <= set(report["parts"])

        world.freeze_redis()
        report = await probe.becomes(503)
        assert not report["parts"]["redis"]["ok"]
        assert await probe.alive() == 200
        assert (await probe.samples())["tenfour_ready"] == 0
        world.thaw_redis()
        await probe.becomes(200)

        world.twilio.faults.add(match="POST /v1/Services$", delay=2.0)
        number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
        await world.approve(ANN, number)
        await world.until(lambda: world.twilio.calls("POST /v1/Services$"), "the call")
        seen = await probe.samples()
        assert seen["tenfour_decisions_total approved approve"] == 1
        assert seen["tenfour_ack_seconds_count view_submission done"] > 0
        assert seen["tenfour_twilio_calls_total main GET ok"] > 0
        assert seen["tenfour_slack_calls_total views.open ok"] > 0
        assert seen["tenfour_ready"] == seen["tenfour_redis_up"] == seen["tenfour_part_ok engine"] == 1
        bot.terminate()
        report = await probe.becomes(503)
        assert report["state"] == "stopping"
        assert await probe.alive() == 200
    async with asyncio.timeout(30):
        assert await bot.wait() == 0

    lines = [json.loads(line) for line in world.state.with_name("bot-0.log").read_text().splitlines()]
    of_the_run = [line for line in lines if line.get("change") == number and "request" in line]
    assert of_the_run


async def test_a_port_that_is_taken_ends_the_start_with_words_and_no_traceback(empty_world: World) -> None:
    world, port = empty_world, free_port()
    server = await asyncio.start_server(lambda *_: None, "0.0.0.0", port)
    async with server:
        with pytest.raises(SettingsProblem, match=f"TENFOUR_OPS_PORT: port {port} cannot be used"):
            async with world.bot(TENFOUR_OPS_PORT=str(port)):
                raise AssertionError("must not start")
        world.http_port = port
        with pytest.raises(SettingsProblem, match=f"PORT: port {port} cannot be used: something listens there"):
            async with world.bot():
                raise AssertionError("must not start")


async def test_a_worker_says_how_it_is_without_a_way_to_slack_and_a_web_process_without_an_engine(
    empty_world: World,
) -> None:
    ports = {role: free_port() for role in (Role.WORKER, Role.WEB)}
    parts: dict[Role, set[str]] = {}
    for role, port in ports.items():
        settings = load_settings(empty_world.environment(TENFOUR_OPS_PORT=str(port)))
        async with running(settings, role=role), aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            parts[role] = set((await Probe(session).becomes(200))["parts"])
    assert "engine" in parts[Role.WORKER]
    assert "Socket Mode" not in parts[Role.WORKER]
    assert "engine" not in parts[Role.WEB]
    assert "Socket Mode" in parts[Role.WEB]
    assert {"redis", "scheduler"} <= parts[Role.WORKER] & parts[Role.WEB]


async def test_a_forged_request_is_counted_as_slacks(tmp_path: Path) -> None:
    port, ops = free_port(), free_port()
    async with open_world(tmp_path, http_port=port) as world, world.bot(TENFOUR_OPS_PORT=str(ops)):
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as slack:
            forged = {"X-Slack-Signature": "v0=" + "0" * 64, "X-Slack-Request-Timestamp": str(int(time.time()))}
            async with slack.post("/slack/events", data="command=/a2p", headers=forged) as answer:
                assert answer.status == 401
        async with aiohttp.ClientSession(f"http://127.0.0.1:{ops}") as session:
            probe = Probe(session)
            assert "Slack over HTTP" in (await probe.becomes(200))["parts"]
            assert (await probe.samples())["tenfour_deliveries_refused_total signature slack"] == 1
