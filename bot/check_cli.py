"""`tenfour check`: whether all that the bot depends on is as it must be, beside a bot that runs or before one."""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from bot.logs import set_up_logs
from bot.maintenance.inspection.clocks import clock_lines
from bot.maintenance.inspection.keys import key_lines
from bot.maintenance.inspection.policy import policy_lines
from bot.maintenance.inspection.redis import redis_lines
from bot.maintenance.inspection.report import Line, exit_code, fail, ok, warn
from bot.maintenance.inspection.twilio import twilio_lines
from bot.maintenance.memory import opened
from bot.redis.connection import RedisProblem
from bot.redis.embedded import EmbeddedRedisProblem
from bot.settings import MemorySettings, Settings, SettingsProblem, load_memory_settings, load_settings

AskSlack = Callable[[Settings], Awaitable[list[Line]]]
"""Tells how Slack sees these settings: the engine does not speak Slack."""


def check_app(ask_slack: AskSlack) -> typer.Typer:
    """The command; Slack is asked through what is passed in."""
    app = typer.Typer()

    @app.command()
    def check(
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a line each.")] = False,
    ) -> None:
        """Look at everything the bot depends on. Exit 0: all is well; 1: look at the warnings; 2: something fails."""
        set_up_logs()
        lines = asyncio.run(inspect(os.environ, ask_slack, time.time))
        code = exit_code(lines)
        if as_json:
            typer.echo(json.dumps({"exit_code": code, "lines": [line.model_dump() for line in lines]}, indent=1))
        else:
            for line in lines:
                typer.echo(str(line))
        raise typer.Exit(code)

    return app


async def inspect(environ: Mapping[str, str], ask_slack: AskSlack, clock: Callable[[], float]) -> list[Line]:
    """Everything that can be looked at with these settings; what one setting spoils keeps nothing else from it."""
    settings: Settings | None = None
    lines: list[Line] = []
    try:
        settings = load_settings(environ)
        lines.append(ok("Settings", "all are there and well formed."))
    except SettingsProblem as problem:
        lines += [fail("Settings", line, "") for line in problem.lines]
        lines.append(
            warn("Slack, Twilio and policy", "not looked at.", "They are looked at once the settings are right.")
        )
    try:
        memory = load_memory_settings(environ)
    except SettingsProblem:
        return lines  # told above, since all settings are read with these
    addresses: dict[str, str] = {}
    if settings is not None:
        addresses = {
            "Slack": f"{settings.slack_api_url}api.test",
            "Twilio": settings.twilio_api_url.format(product="api") + "/2010-04-01",
        }
        slack, twilio = await asyncio.gather(ask_slack(settings), twilio_lines(settings))
        policy = policy_lines(settings.policy, tuple(account.name for account in settings.accounts))
        lines += [*slack, *twilio, *policy]
    return [*lines, *await _memory_lines(environ, memory, addresses, clock)]


async def _memory_lines(
    environ: Mapping[str, str], settings: MemorySettings, addresses: Mapping[str, str], clock: Callable[[], float]
) -> list[Line]:
    url = settings.redis_url.get_secret_value() if settings.redis_url else None
    if url is None and not (settings.state / "redis").is_dir():
        told = ok("Redis", f"the bot will run its own in {settings.state}, which serves one machine.")
        return [told, *await clock_lines(None, addresses, clock)]
    async with AsyncExitStack() as stack:
        try:
            memory = await stack.enter_async_context(opened(environ, keyless=True))
        except (RedisProblem, EmbeddedRedisProblem) as problem:
            mend = "See whether it runs, and whether this machine may reach it."
            return [fail("Redis", f"{str(problem).rstrip('.')}.", mend), *await clock_lines(None, addresses, clock)]
        except SettingsProblem as problem:
            return [fail("Settings", line, "") for line in problem.lines]
        return [
            *await redis_lines(memory.redis, memory.keys, url),
            *await key_lines(memory),
            *await clock_lines(memory.redis, addresses, clock),
        ]
