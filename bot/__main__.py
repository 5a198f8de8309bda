"""The `tenfour` command line."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot.audit_cli import audit_app
from bot.changes.people import Directory
from bot.check_cli import check_app
from bot.closing import Closing, until_told
from bot.keeping_cli import keeping_app
from bot.logs import set_up_logs
from bot.maintenance.inspection.report import Line
from bot.policy_cli import policy_app
from bot.roles import Role
from bot.settings import Settings, SettingsProblem, load_settings
from bot.settings_page import render_docs

_ROLE = "all: everything. web: answers people, and receives. worker: runs, looks and tells. See docs/topology.md."

app = typer.Typer(
    help="Tenfour: provision Twilio for US A2P 10DLC from Slack.", no_args_is_help=True, pretty_exceptions_enable=False
)


app.add_typer(audit_app, name="audit")


async def _slack_lines(settings: Settings) -> list[Line]:
    from handlers.inspection import slack_lines

    return await slack_lines(settings)


@asynccontextmanager
async def _directory(environ: Mapping[str, str]) -> AsyncIterator[Directory]:
    from bot.app import directory

    async with directory(environ) as people:
        yield people


app.add_typer(policy_app(_directory), name="policy")
app.add_typer(check_app(_slack_lines))
app.add_typer(keeping_app)


@app.command()
def run(role: Annotated[Role, typer.Option(help=_ROLE)] = Role.ALL) -> None:
    """Start the bot, with settings from the environment (see docs/settings.md)."""
    # what is made at the start stays: looking through it for garbage would take seconds of the start, and later a tenth
    # of a second at a time, in which nobody is answered
    gc.disable()
    set_up_logs()
    try:
        settings = load_settings(os.environ)
    except SettingsProblem as problem:
        _give_up("Tenfour cannot start: some settings are missing or wrong.", *problem.lines)
    set_up_logs(settings.log_level)
    from bot.app import running
    from bot.engine import WorkerEnded
    from bot.policy.file import PolicyProblem
    from bot.redis.connection import RedisProblem
    from bot.redis.embedded import EmbeddedRedisProblem
    from handlers.connection import SlackProblem

    @asynccontextmanager
    async def bot(closing: Closing) -> AsyncIterator[None]:
        async with running(settings, role=role, closing=closing):
            gc.freeze()
            gc.enable()
            yield

    try:
        asyncio.run(until_told(bot))
    except asyncio.CancelledError:
        _give_up("Tenfour did not end in time: what was under way was cut off. Nothing of it is lost.")
    except PolicyProblem as problem:
        _give_up(f"TENFOUR_POLICY: {problem}")
    except (RedisProblem, EmbeddedRedisProblem, SettingsProblem, SlackProblem, WorkerEnded) as problem:
        _give_up(str(problem))


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(envvar="SANDBOX_PORT", min=1, max=65535)] = 8010,
    state: Annotated[Path, typer.Option(envvar="TENFOUR_STATE")] = Path(".tenfour"),
    with_bot: Annotated[
        bool, typer.Option("--bot/--no-bot", help="--no-bot: you run the bot yourself, as in docs/runbook.md.")
    ] = True,
) -> None:
    """Start a local Slack, a local Twilio and the real bot, to try it all without an account anywhere."""
    from bot.sandbox.launcher import BOT, run_sandbox

    raise typer.Exit(asyncio.run(run_sandbox(port, state, bot=BOT if with_bot else None)))


@app.command()
def settings() -> None:
    """Print every setting, its default and how to get it."""
    typer.echo(render_docs(), nl=False)


@app.command()
def operations() -> None:
    """Print everything that can be asked for in Slack, field by field."""
    from bot.catalog import catalog
    from bot.catalog.describe import operations_page

    typer.echo(operations_page(catalog()), nl=False)


@app.command()
def rejections() -> None:
    """Print every error code of Twilio that is explained, with its fix."""
    from bot.catalog.rejections import PRICE, Rejection
    from bot.checks.guide import Guide
    from bot.checks.rejections_page import rejections_page

    def label(field: str) -> str:
        return Rejection("", "", "", (field,), None).faults({})[0].label

    typer.echo(rejections_page(Guide.load(), label, PRICE), nl=False)


@app.command()
def health(state: Annotated[Path, typer.Option(envvar="TENFOUR_STATE")] = Path(".tenfour")) -> None:
    """Exit 0 when the bot of this state folder is alive; for container health checks."""
    from bot.health import trouble

    if why := trouble(state):
        _give_up(f"Not healthy: {why}")


def _give_up(*lines: str) -> None:
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(2)


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
