"""The `tenfour` command line."""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer

from bot.settings import SettingsProblem, load_settings, render_docs

app = typer.Typer(
    help="Tenfour: provision Twilio for US A2P 10DLC from Slack.", no_args_is_help=True, pretty_exceptions_enable=False
)


@app.command()
def run() -> None:
    """Start the bot, with settings from the environment (see docs/settings.md)."""
    _set_up_logs()
    try:
        settings = load_settings(os.environ)
    except SettingsProblem as problem:
        _give_up("Tenfour cannot start: some settings are missing or wrong.", *problem.lines)
    from bot.app import running
    from bot.changes.policy import PolicyProblem
    from bot.engine import WorkerEnded
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
def health(state: Annotated[Path, typer.Option(envvar="TENFOUR_STATE")] = Path(".tenfour")) -> None:
    """Exit 0 when the bot of this state folder is alive; for container health checks."""
    from bot.health import trouble

    if why := trouble(state):
        _give_up(f"Not healthy: {why}")


def _set_up_logs() -> None:
    pretty = sys.stderr.isatty()
    # Bolt and the SDK log request bodies below WARNING, with what people typed in them
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    # its warnings only complain that we bring our own client and identity; a level of ours it would set back
    logging.getLogger("slack_bolt.AsyncApp").addFilter(lambda record: record.levelno >= logging.ERROR)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if pretty else [structlog.processors.format_exc_info]),
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
            if pretty
            else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _give_up(*lines: str) -> None:
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(2)


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
