"""The command line: what an operator reads when something is missing or wrong."""

import asyncio
import os
import sys

import pytest
import structlog
from typer.testing import CliRunner

from bot.__main__ import app
from bot.roles import Role
from tests.e2e.world import PRODUCTION, ROOT, World

NEEDED = ("SLACK_BOT_TOKEN", "TWILIO_ACCOUNT_SID", "TENFOUR_APPROVALS_CHANNEL", "SLACK_SIGNING_SECRET")


async def tenfour(*words: str, **environment: str) -> tuple[int, str]:
    """Run a command that ends by itself with this environment; gives its exit code and what it printed."""
    logging_before = structlog.get_config()
    try:
        done = await asyncio.to_thread(CliRunner().invoke, app, words, env=environment)
    finally:  # some set up logs, whose screen is gone by now
        structlog.configure(**logging_before)
    return done.exit_code, done.output


async def started(**environment: str) -> tuple[int | None, str]:
    """Run the bot as a process of its own that is expected to give up; its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_everything_that_can_be_asked_for_is_printed() -> None:
    code, output = await tenfour("operations")
    assert code == 0
    assert "## /a2p-service create" in output


async def test_a_start_without_settings_names_each_with_how_to_get_it() -> None:
    code, output = await started()
    assert code == 2
    for name in NEEDED:
        assert name in output
    assert "api.slack.com/apps" in output


async def test_a_role_that_does_not_exist_is_refused_with_those_that_do() -> None:
    code, output = await tenfour("run", "--role", "queen")
    assert code == 2
    for role in Role:
        assert role.value in output


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-not-this-one"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_APP_TOKEN": "xapp-not-this-one"}, "SLACK_APP_TOKEN"),
        ({"SLACK_API_URL": "http://127.0.0.1:9/api/"}, "SLACK_API_URL"),
        ({"REDIS_URL": "redis://127.0.0.1:9/0"}, "REDIS_URL"),
    ],
    ids=["bot-token", "app-token", "slack-away", "redis-away"],
)
async def test_a_setting_that_does_not_work_is_named_and_its_secret_is_not(
    empty_world: World, wrong: dict[str, str], named: str
) -> None:
    code, output = await started(**empty_world.environment(**wrong))
    assert code == 2
    assert named in output
    assert "Traceback" not in output
    assert "not-this-one" not in output


async def test_a_policy_that_cannot_be_used_stops_the_start_with_place_and_reason(empty_world: World) -> None:
    file = empty_world.state.with_name("policy.toml")
    file.write_text('[[rule]]\nname = "x"\napprovals = { nobody = 1 }\n')
    code, output = await started(**empty_world.environment(TENFOUR_POLICY=str(file)))
    assert code == 2
    assert "TENFOUR_POLICY" in output
    assert "nobody" in output


async def test_the_bot_leaves_cleanly_when_told_to(empty_world: World) -> None:
    bot = await empty_world.process(*PRODUCTION)
    bot.terminate()
    async with asyncio.timeout(10):
        assert await bot.wait() == 0
