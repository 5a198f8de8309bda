"""The `tenfour` command line."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot.audit_cli import audit_app
from bot.changes.people import Directory
from bot.logs import set_up_logs
from bot.policy_cli import policy_app
from bot.settings import SettingsProblem, load_settings
from bot.settings_page import render_docs

app = typer.Typer(
    help="Tenfour: provision Twilio for US A2P 10DLC from Slack.", no_args_is_help=True, pretty_exceptions_enable=False
)


app.add_typer(audit_app, name="audit")


@asynccontextmanager
async def _directory(environ: Mapping[str, str]) -> AsyncIterator[Directory]:
    from bot.app import directory

    async with directory(environ) as people:
        yield people


app.add_typer(policy_app(_directory), name="policy")


@app.command()
def run() -> None:
    """Start the bot, with settings from the environment (see docs/settings.md)."""
    set_up_logs()
    try:
        settings = load_settings(os.environ)
    except SettingsProblem as problem:
        _give_up("Tenfour cannot start: some settings are missing or wrong.", *problem.lines)
    from bot.app import running
    from bot.engine import WorkerEnded
    from bot.policy.file import PolicyProblem
    from bot.redis.connection import RedisProblem
    from bot.redis.embedded import EmbeddedRedisProblem
    from handlers.connection import SlackProblem

    async def serve() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        async with running(settings):
            await stop.wait()

    try:
        asyncio.run(serve())
    except PolicyProblem as problem:
        _give_up(f"TENFOUR_POLICY: {problem}")
    except (RedisProblem, EmbeddedRedisProblem, SettingsProblem, SlackProblem, WorkerEnded) as problem:
        _give_up(str(problem))


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(envvar="SANDBOX_PORT", min=1, max=65535)] = 8010,
    state: Annotated[Path, typer.Option(envvar="TENFOUR_STATE")] = Path(".tenfour"),
) -> None:
    """Start a local Slack, a local Twilio and the real bot, to try it all without an account anywhere."""
    from bot.sandbox.launcher import run_sandbox

    raise typer.Exit(asyncio.run(run_sandbox(port, state)))


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
