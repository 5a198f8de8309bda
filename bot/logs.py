"""How the bot logs: JSON lines, pretty on a terminal, and never the words of an error.

An error may quote what somebody typed, or a credential: where it came about is logged, and what kind it is.
"""

import logging
import sys
import traceback
from typing import TextIO

import structlog
from structlog.typing import ExcInfo


def set_up_logs() -> None:
    """Configure logging for this process; everything goes to standard error."""
    pretty = sys.stderr.isatty()
    # Bolt and the SDK log request bodies below WARNING, with what people typed in them
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    # its warnings only complain that we bring our own client and identity; a level of ours it would set back
    logging.getLogger("slack_bolt.AsyncApp").addFilter(lambda record: record.levelno >= logging.ERROR)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if pretty else [structlog.processors.ExceptionRenderer(where)]),
            structlog.dev.ConsoleRenderer(exception_formatter=_print_where)
            if pretty
            else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def where(exc_info: ExcInfo) -> str:
    """The kinds of an error and its causes, with the lines on which they came about, and none of their words."""
    lines: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None:
        lines.append(type(error).__name__)
        frames = traceback.extract_tb(error.__traceback__)
        lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(lines)


def _print_where(out: TextIO, exc_info: ExcInfo) -> None:
    out.write("\n" + where(exc_info))
