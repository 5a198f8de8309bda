"""What the commands share that work on the bot's memory: opening it, and ending with words rather than a traceback."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

import typer

from bot.audit.log import AuditProblem
from bot.logs import set_up_logs
from bot.maintenance.backup_file import BackupProblem
from bot.maintenance.memory import Memory, opened
from bot.maintenance.schema import SchemaProblem
from bot.redis.connection import RedisProblem
from bot.redis.embedded import EmbeddedRedisProblem
from bot.settings import SettingsProblem

Answer = TypeVar("Answer")


def with_memory(work: Callable[[Memory], Awaitable[Answer]], *, fresh: bool = False) -> Answer:
    """Do some work on the memory that the environment names; ends the command with 2 when it cannot be done."""
    set_up_logs()

    async def worked() -> Answer:
        async with opened(os.environ, fresh=fresh) as memory:
            return await work(memory)

    try:
        return asyncio.run(worked())
    except SettingsProblem as problem:
        give_up(*problem.lines)
    except (AuditProblem, BackupProblem, RedisProblem, EmbeddedRedisProblem, SchemaProblem, OSError) as problem:
        give_up(str(problem))


def give_up(*said: str) -> NoReturn:
    """End the command with exit code 2 and these lines."""
    for line in said:
        typer.echo(line, err=True)
    raise typer.Exit(2)
