"""`tenfour audit`: verify the log and take it out, on the server or wherever Redis and the keys are within reach."""

import getpass
import os
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Literal, TextIO, TypeVar

import typer

from bot.audit.chain import Place
from bot.audit.export import lines
from bot.audit.filter import Filter, moment
from bot.audit.log import AuditLog
from bot.audit.row import act_row
from bot.audit.trail import AuditTrail
from bot.audit.verify import Verification, verify
from bot.changes.store import ChangeStore
from bot.maintenance.memory import Memory
from bot.memory_cli import give_up, with_memory

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
    async def worked(memory: Memory) -> Answer:
        redis, keys, vault = memory.redis, memory.keys, memory.vault
        log, store = AuditLog(redis, keys, vault), ChangeStore(redis, keys, vault)
        return await work(AuditTrail(redis, keys, log, store, time.time))

    return with_memory(worked)


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
        give_up(str(wrong))
