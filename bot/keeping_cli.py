"""`tenfour backup`, `restore`, `reseal` and `erase`: what an operator does to the bot's memory."""

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.audit.log import AuditLog
from bot.audit.trail import AuditTrail
from bot.changes.store import ChangeStore
from bot.maintenance.backup import take_backup
from bot.maintenance.backup_file import Header
from bot.maintenance.memory import Memory
from bot.maintenance.person import Erasure, PersonEraser
from bot.maintenance.reseal import Resealed
from bot.maintenance.reseal import reseal as reseal_all
from bot.maintenance.restore import Restored, put_back
from bot.maintenance.settled import NotSettledError, SettledChanges
from bot.memory_cli import give_up, with_memory

_PERSON = re.compile(r"[UW][A-Z0-9]{2,}")

keeping_app = typer.Typer()


@keeping_app.command()
def backup(file: Annotated[Path, typer.Argument(help="A new file; it is made for its owner alone.")]) -> None:
    """Copy everything that is Tenfour's into a file, while bots run. What is sealed stays sealed."""

    async def work(memory: Memory) -> tuple[Header, int]:
        return await take_backup(memory, file, time.time)

    header, count = with_memory(work)
    typer.echo(f"{file} holds {count} keys, of {_when(header.taken_at)}, schema {header.schema_version}.")
    typer.echo(f"It needs the encryption key {header.key_print}, which is not in it: keep that elsewhere.")


@keeping_app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `tenfour backup` made.", exists=True, dir_okay=False)],
    by: Annotated[str, typer.Option(help="Slack member id of who answers for it, such as U024BE7LH.")],
) -> None:
    """Put a backup into an empty Redis, while no bot runs. All accounts are frozen with it; run it again if cut off."""
    _person(by)

    async def work(memory: Memory) -> Restored:
        return await put_back(memory, file, by, time.time)

    told = with_memory(work, fresh=True)
    typer.echo(f"{told.keys} keys were put back, as of {_when(told.header.taken_at)}; {told.expired} had expired.")
    if told.unsettled:
        typer.echo("These were under way then. Compare each with Twilio before you lift the freeze:")
    for number, state, operation in told.unsettled:
        typer.echo(f"  #{number} {operation}: {state}")
    typer.echo("All accounts are frozen. Start the bot, compare, then: /a2p-freeze off account=all")
    for number in told.unreadable:
        typer.echo(f"#{number} cannot be read with these keys or by this version.", err=True)
    for problem in told.audit:
        typer.echo(f"Audit: {problem}", err=True)
    if told.unreadable or told.audit:
        raise typer.Exit(1)


@keeping_app.command()
def reseal(
    look: Annotated[bool, typer.Option("--look", help="Only count; nothing is written.")] = False,
) -> None:
    """Seal again with the newest encryption key what older ones sealed, while bots run. Run it again if cut off."""

    async def work(memory: Memory) -> Resealed:
        return await reseal_all(memory, look_only=look)

    told = with_memory(work)
    typer.echo(f"{told.sealed} values {'are to be' if look else 'were'} sealed anew, {told.fresh} had the newest key.")
    for key in sorted(told.unreadable):
        typer.echo(f"{key}: something in it opens with no key of TENFOUR_ENCRYPTION_KEY.", err=True)
    for key in sorted(told.busy):
        typer.echo(f"{key}: others changed it all the while. Run this again.", err=True)
    if told.unreadable or told.busy:
        raise typer.Exit(1)
    if not look:
        typer.echo("The older keys are not needed any more, except for backups that were made under them.")


@keeping_app.command()
def erase(
    user: Annotated[str, typer.Argument(help="Slack member id of a person, such as U024BE7LH.")] = "",
    change: Annotated[int, typer.Option(help="Number of a settled change whose content is erased instead.")] = 0,
    really: Annotated[
        bool, typer.Option("--really", help="Do it; without this it is only said what would be.")
    ] = False,
) -> None:
    """Take a person out of what is kept, or the content out of a settled change. It cannot be undone."""
    if bool(user) == bool(change):
        give_up("Name a person (a Slack member id), or a change (--change 142).")
    if change:
        _erase_change(change, really=really)
        return
    _person(user)

    async def work(memory: Memory) -> Erasure:
        return await PersonEraser(memory, user, time.time, really=really).erase()

    told = with_memory(work)
    typer.echo("What was done:" if really else "What would be done (nothing was; add --really):")
    for line in told.done or ["Nothing: they are named nowhere that can be erased."]:
        typer.echo(f"  {line}")
    typer.echo("What stays, and why:")
    for line in told.stays:
        typer.echo(f"  {line}")


def _erase_change(number: int, *, really: bool) -> None:
    async def work(memory: Memory) -> str:
        store = ChangeStore(memory.redis, memory.keys, memory.vault)
        log = AuditLog(memory.redis, memory.keys, memory.vault)
        trail = AuditTrail(memory.redis, memory.keys, log, store, time.time)
        found = await store.load(number)
        if found is None:
            return f"There is no change #{number}."
        if really:
            try:
                await SettledChanges(memory.redis, memory.keys, memory.vault, store, trail).erase(found)
            except NotSettledError as error:
                return str(error)
        fields = len(found.inputs)
        verb = "was" if really else "would be (nothing was; add --really)"
        typer.echo(f"#{number}: what {verb} erased are {fields} inputs, the plan, its results, reasons and remarks.")
        typer.echo(
            "What stays: who asked and decided, when, the digest; the audit, in which secrets are masked; what a"
        )
        typer.echo(
            "registration shows of Twilio, and what was posted in Slack. Its card is drawn anew by the next bot."
        )
        return ""

    if trouble := with_memory(work):
        give_up(trouble)


def _person(text: str) -> None:
    if not _PERSON.fullmatch(text):
        give_up(f"{text[:40]!r} is no Slack member id: in Slack open the profile, More, Copy member ID.")


def _when(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
