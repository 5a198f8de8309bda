"""`tenfour audit`: verify the log and take it out, on the server or wherever Redis and the keys are within reach."""

import asyncio
import getpass
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Literal, NoReturn, TextIO, TypeVar

import typer

from bot.audit.chain import Place
from bot.audit.export import lines
from bot.audit.filter import Filter, moment
from bot.audit.log import AuditLog, AuditProblem
from bot.audit.row import act_row
from bot.audit.trail import AuditTrail
from bot.audit.verify import Verification, verify
from bot.changes.store import ChangeStore
from bot.logs import set_up_logs
from bot.redis.connection import RedisProblem, open_redis
from bot.redis.embedded import EmbeddedRedisProblem
from bot.redis.keys import Keys
from bot.settings import MemorySettings, SettingsProblem, encryption_keys, load_memory_settings
from bot.vault import Vault

audit_app = typer.Typer(
    help="The audit. Needs only REDIS_URL, TENFOUR_ENCRYPTION_KEY and TENFOUR_STATE, as the bot has them.",
    no_args_is_help=True,
)

Form = Literal["jsonl", "csv"]
Answer = TypeVar("Answer")


@audit_app.command("verify")
def verify_log(
    expect: Annotated[str, typer.Option(help="SEQ:HASH that was printed and written down before.")] = "",
) -> None:
    """Read the whole log: exit 1 when a row is missing, edited or moved, or the log was put back."""
    place = _read(lambda: Place.parse(expect)) if expect else None

    async def look(trail: AuditTrail) -> Verification:
        return await verify(trail.log, place)

    seen = _with_trail(look)
    rows = f"{seen.count} rows, from {seen.first} to {seen.last}" if seen.count else "no rows"
    typer.echo(f"The audit log has {rows}.")
    for problem in seen.problems:
        typer.echo(problem.what, err=True)
    if seen.more:
        typer.echo(f"There are {seen.more} more.", err=True)
    if not seen.sound:
        raise typer.Exit(1)
    typer.echo("Nothing is missing, edited or moved.")
    typer.echo(f"Write this down elsewhere, and compare with it next time (--expect): {seen.head}")


@audit_app.command()
def export(
    since: Annotated[str, typer.Option(help="First day (UTC), as 2026-11-01; all from the beginning without it.")] = "",
    until: Annotated[str, typer.Option(help="Last day (UTC), as 2026-11-30; all to the end without it.")] = "",
    form: Annotated[Form, typer.Option("--format", help="JSON Lines or CSV.")] = "jsonl",
    output: Annotated[Path | None, typer.Option(help="File to write; the screen without it.")] = None,
) -> None:
    """Write the rows, oldest first. That somebody took them is a row itself."""
    first = _read(lambda: moment(since)) if since else None
    last = _read(lambda: moment(until, end=True)) if until else None

    async def take(trail: AuditTrail) -> None:
        said = " ".join(filter(None, [f"as {form}", since and f"since={since}", until and f"until={until}"]))
        row = act_row("exported", f"exported the audit as {_me()} on the server", "", time.time(), detail=said)
        await trail.note(f"exported:{secrets.token_hex(8)}", row)
        file = _created(output) if output else sys.stdout
        try:
            async for line in lines(trail.log, Filter(since=first, until=last), form):
                file.write(line)
        finally:
            file.flush()
            if output:
                file.close()

    _with_trail(take)


def _with_trail(work: Callable[[AuditTrail], Awaitable[Answer]]) -> Answer:
    set_up_logs()

    async def worked() -> Answer:
        async with _trail() as trail:
            return await work(trail)

    try:
        return asyncio.run(worked())
    except SettingsProblem as problem:
        _give_up(*problem.lines)
    except (AuditProblem, RedisProblem, EmbeddedRedisProblem, OSError) as problem:
        _give_up(str(problem))


@asynccontextmanager
async def _trail() -> AsyncIterator[AuditTrail]:
    settings = load_memory_settings(os.environ)
    _refuse_a_wrong_place(settings)
    vault, keys = Vault(encryption_keys(settings)), Keys()
    url = settings.redis_url.get_secret_value() if settings.redis_url else None
    async with open_redis(url, settings.state) as redis:
        store = ChangeStore(redis.client, keys, vault)
        yield AuditTrail(redis.client, keys, AuditLog(redis.client, keys, vault), store, time.time)


def _refuse_a_wrong_place(settings: MemorySettings) -> None:
    """Where the bot never was, an empty log under a new key would be taken for the truth."""
    where = f"Run this where the bot runs, with its settings. TENFOUR_STATE is {settings.state.resolve()}"
    if settings.redis_url is None and not (settings.state / "redis").is_dir():
        raise SettingsProblem(
            [f"REDIS_URL: not set, and the bot has no Redis of its own in the state folder. {where}."]
        )
    if settings.encryption_key is None and not (settings.state / "encryption.key").is_file():
        raise SettingsProblem([f"TENFOUR_ENCRYPTION_KEY: not set, and the state folder has no key file. {where}."])


def _created(path: Path) -> TextIO:
    # for its owner alone: who did what is nobody else's
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline="")


def _me() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run as a number that no name belongs to
        return f"user {os.getuid()}"


def _read(parse: Callable[[], Answer]) -> Answer:
    try:
        return parse()
    except ValueError as wrong:
        _give_up(str(wrong))


def _give_up(*said: str) -> NoReturn:
    for line in said:
        typer.echo(line, err=True)
    raise typer.Exit(2)
