"""`tenfour check` names every fault at once, with how to mend it; each fault here is a real one."""

import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
import yaml
from cryptography.fernet import Fernet
from redis.asyncio import Redis

from bot.audit.log import AuditLog
from bot.audit.row import Row
from bot.check_cli import inspect
from bot.maintenance.inspection.redis import redis_lines
from bot.maintenance.inspection.report import Level, Line, exit_code
from bot.maintenance.inspection.twilio import twilio_lines
from bot.maintenance.schema import Schema
from bot.redis.keys import Keys
from bot.sandbox.slack.server import LocalSlack
from bot.sandbox.twilio import start_state, start_west
from bot.settings import load_settings
from bot.vault import Vault
from handlers.inspection import slack_lines
from handlers.scopes import SCOPES
from tests.e2e.test_cli import tenfour
from tests.e2e.world import A2P, APPROVALS, ROOT, World, open_world

KEY = Fernet.generate_key().decode()
SECRETS = ("xoxb-sandbox", "xapp-sandbox", "sandbox-auth-token", "sandbox-signing-secret", KEY)


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as world:
        yield world


async def looked(world: World, clock: Callable[[], float] = time.time, **more: str) -> list[Line]:
    return await inspect(world.environment(**{"TENFOUR_ENCRYPTION_KEY": KEY, **more}), slack_lines, clock)


def found(lines: list[Line], about: str) -> Line:
    """What is said first about something."""
    return next(line for line in lines if line.about.startswith(about))


def levels(lines: list[Line]) -> dict[str, Level]:
    return {line.about: line.level for line in lines if line.level != "ok"}


async def test_a_sound_installation_is_all_ok_and_nothing_of_it_changes(world: World) -> None:
    lines = await looked(world)
    assert levels(lines) == {}
    assert exit_code(lines) == 0
    assert {line.about.partition(" ")[0] for line in lines} == {
        "Settings", "Slack", "Twilio", "Policy", "Redis", "Encryption", "Clock",
    }  # fmt: skip
    async with redis_of(world) as redis:  # but for what says for a second what this user may do
        assert set(await redis.keys("*")) <= {"tenfour:trial", "tenfour-tasks:trial"}


async def test_all_faults_are_told_at_once_and_no_secret_is(world: World) -> None:
    world.slack.remove_member(A2P, "U0TENFOUR")
    async with redis_of(world) as redis:
        await redis.config_set("maxmemory-policy", "allkeys-lru")
        await redis.config_set("appendonly", "no")
    lines = await looked(
        world, SLACK_APP_TOKEN="xapp-wrong", TWILIO_AUTH_TOKEN="not-this-token", TENFOUR_ALERTS_CHANNEL=A2P
    )
    assert levels(lines) == {
        "Slack channel C0A2P (TENFOUR_ALERTS_CHANNEL)": "FAIL",
        "Slack app token": "FAIL",
        "Twilio account main": "FAIL",
        "Redis eviction": "FAIL",
        "Redis persistence": "FAIL",
    }
    assert exit_code(lines) == 2
    said = "\n".join(map(str, lines))
    assert [secret for secret in (*SECRETS, "xapp-wrong", "not-this-token") if secret in said] == []
    assert all(line.mend for line in lines if line.level != "ok")


async def test_a_wrong_bot_token_is_told_in_slacks_words(world: World) -> None:
    lines = await looked(world, SLACK_BOT_TOKEN="xoxb-wrong")
    assert "invalid_auth" in found(lines, "Slack bot token").what
    assert found(lines, "Redis version").level == "ok"


async def test_a_scope_that_is_missing_is_named(world: World, tmp_path: Path) -> None:
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text())
    manifest["oauth_config"]["scopes"]["bot"].remove("files:write")
    (tmp_path / "manifest.yml").write_text(yaml.safe_dump(manifest))
    slack = LocalSlack(manifest=tmp_path / "manifest.yml", rate_limits=False)
    await slack.start()
    lines = await looked(world, SLACK_API_URL=f"{slack.url}/api/")
    await slack.stop()
    assert str(found(lines, "Slack scopes")).startswith("FAIL  Slack scopes: missing: files:write. Add them")


def test_the_scopes_that_are_looked_for_are_those_of_the_manifest() -> None:
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text())
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == SCOPES


async def test_a_private_channel_without_the_bot_is_told_with_the_remedy(world: World) -> None:
    world.slack.remove_member(APPROVALS, "U0TENFOUR")
    line = found(await looked(world), f"Slack channel {APPROVALS}")
    assert (line.level, "channel_not_found" in line.what, "invite" in line.mend) == ("FAIL", True, True)


async def test_a_channel_that_anybody_can_join_and_whose_members_approve_is_a_warning(world: World) -> None:
    lines = await looked(world, TENFOUR_APPROVALS_CHANNEL=A2P)
    assert levels(lines) == {f"Slack channel {A2P}": "warn"}


async def test_a_suspended_account_is_told_beside_the_one_that_works(world: World, tmp_path: Path) -> None:
    west = start_west.CREDENTIALS
    (tmp_path / "accounts.toml").write_text(
        f'[west]\nsid = "{west.account_sid}"\nauth_token = "{west.auth_token}"\nparent = "main"\n'
    )
    world.twilio.account(west.account_sid).suspend()
    lines = await looked(world, TENFOUR_ACCOUNTS=str(tmp_path / "accounts.toml"))
    assert found(lines, "Twilio account main").level == "ok"
    assert found(lines, "Twilio account west").level == "FAIL"
    assert "suspended" in found(lines, "Twilio account west").what


async def test_a_product_that_is_closed_to_a_key_is_named(world: World) -> None:
    world.twilio.faults.add("GET /events/v1/Sinks", status=403, code=20403, times=3)
    world.twilio.faults.add("GET /trusthub/v1/CustomerProfiles", status=401, code=20003, times=3)
    line = [line for line in await looked(world) if line.about == "Twilio account main"][-1]
    assert line.level == "FAIL"
    assert "Trust Hub profiles: HTTP 401, 20003; Event Streams: HTTP 403, 20403" in line.what


async def test_callbacks_that_nobody_could_verify_are_told(world: World) -> None:
    lines = await looked(
        world,
        TWILIO_AUTH_TOKEN="",
        TWILIO_API_KEY=start_state.API_KEY_SID,
        TWILIO_API_SECRET=start_state.API_KEY_SECRET,
        TENFOUR_PUBLIC_URL="https://tenfour.example.com",
        TENFOUR_EVENTS_SECRET="an-events-secret-of-sixteen",
    )
    line = next(line for line in lines if line.level == "warn")
    assert "callbacks" in line.what
    assert exit_code(lines) == 1


@pytest.mark.parametrize(("ahead", "words"), [(90.0, "90 s ahead of"), (-90.0, "s behind")])
async def test_a_clock_that_is_off_fails_before_signatures_break(world: World, ahead: float, words: str) -> None:
    lines = await looked(world, lambda: time.time() + ahead)
    clocks = [line for line in lines if line.about == "Clock"]
    assert [(line.level, line.mend.partition(":")[0]) for line in clocks] == [
        ("FAIL", "This machine's clock is wrong")
    ] * 3
    assert words in clocks[0].what


async def test_a_key_that_opens_nothing_is_told_with_what_it_does_not_open(world: World) -> None:
    async with redis_of(world) as redis:
        await AuditLog(redis, Keys(), Vault([Fernet.generate_key().decode()])).append(
            [Row(at=1.0, kind="refused", what="an act")]
        )
    line = found(await looked(world), "Encryption key")
    assert (line.level, "the head of the audit" in line.what) == ("FAIL", True)


async def test_a_setting_that_is_missing_keeps_nothing_else_from_being_looked_at(world: World) -> None:
    lines = await looked(world, SLACK_BOT_TOKEN="")
    assert "SLACK_BOT_TOKEN: missing" in found(lines, "Settings").what
    assert found(lines, "Redis eviction").level == "ok"


async def test_a_redis_that_does_not_answer_is_told_without_its_password(world: World) -> None:
    lines = await looked(world, REDIS_URL="redis://:hunter2@127.0.0.1:9/0")
    assert found(lines, "Redis").level == "FAIL"
    assert "hunter2" not in "\n".join(map(str, lines))


async def test_a_policy_with_a_mistake_is_told_with_its_line(world: World, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('[[rule]]\nname = "x"\n')
    line = found(await looked(world, TENFOUR_POLICY=str(tmp_path / "policy.toml")), "Policy")
    assert (line.level, "policy.toml" in line.what) == ("FAIL", True)


@pytest.mark.parametrize(
    ("url", "level", "word"),
    [
        ("redis://10.0.0.7:6379/0", "warn", "without TLS (rediss://) and without a password"),
        ("rediss://:pw@redis.example.com/0", "ok", "by TLS"),
        ("redis+sentinel://:pw@10.0.0.7:26379,10.0.0.8:26379/mymaster", "warn", "without TLS"),
        ("redis://:pw@127.0.0.1:6379/0", "ok", "this machine"),
        (None, "ok", "socket"),
    ],
)
async def test_a_way_to_redis_that_others_can_use_is_told(
    redis: Redis, keys: Keys, url: str | None, level: Level, word: str
) -> None:
    line = found(await redis_lines(redis, keys, url), "Redis access")
    assert (line.level, word in line.what, "pw" in line.what) == (level, True, False)


async def test_data_of_a_newer_version_is_told(redis: Redis, keys: Keys) -> None:
    await Schema(redis, keys).mark(9, 9)
    assert found(await redis_lines(redis, keys, None), "Redis schema").level == "FAIL"


async def test_what_expires_first_under_memory_pressure_is_a_warning(own_redis: Redis, keys: Keys) -> None:
    await own_redis.config_set("maxmemory-policy", "volatile-ttl")
    assert found(await redis_lines(own_redis, keys, None), "Redis eviction").level == "warn"
    await own_redis.config_set("maxmemory", "1mb")
    assert found(await redis_lines(own_redis, keys, None), "Redis memory").level == "warn"


async def test_the_command_ends_with_what_it_found_in_words_or_as_json(world: World) -> None:
    environment = world.environment(TENFOUR_ENCRYPTION_KEY=KEY)
    code, output = await tenfour("check", **environment)
    assert (code, "ok    Settings: all are there" in output) == (0, True)
    code, output = await tenfour("check", "--json", **environment | {"SLACK_BOT_TOKEN": "xoxb-wrong"})
    told = json.loads(output)
    assert (code, told["exit_code"]) == (2, 2)
    assert [line["about"] for line in told["lines"] if line["level"] == "FAIL"] == ["Slack bot token"]


async def test_looking_before_the_first_start_makes_nothing(world: World, tmp_path: Path) -> None:
    state = tmp_path / "fresh"
    lines = await looked(world, REDIS_URL="", TENFOUR_ENCRYPTION_KEY="", TENFOUR_STATE=str(state))
    assert exit_code(lines) == 0
    assert "fresh" not in os.listdir(tmp_path)


@asynccontextmanager
async def redis_of(world: World) -> AsyncIterator[Redis]:
    client = Redis.from_url(world.redis_url, decode_responses=True)
    try:
        yield client
    finally:
        await client.aclose()


async def test_a_twilio_that_hangs_is_told_of_rather_than_waited_for(world: World) -> None:
    world.twilio.faults.add("GET /", delay=20.0, times=20)
    (line,) = await twilio_lines(load_settings(world.environment()), patience=0.3)
    assert (line.level, line.about) == ("FAIL", "Twilio account main")
    assert "no clear answer within" in line.what
