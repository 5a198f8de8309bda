"""How the bot logs: JSON lines, pretty on a terminal, and never the words of an error.

An error may quote what somebody typed, or a credential: where it came about is logged, and what kind it is. Lines of
libraries take the same form. Each line carries the ids that are bound where it is written (`bound`): `request` for one
delivery, webhook or task, `change`, `registration`, `account`.
"""

import logging
import os
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog
from structlog.contextvars import bound_contextvars, get_contextvars
from structlog.typing import ExcInfo, Processor

from bot.redaction import masked_value

Level = Literal["debug", "info", "warning", "error"]
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def set_up_logs(level: Level = "info", out: TextIO | None = None) -> None:
    """Configure logging for this process, from this level on; it goes to `out`, or standard error. May be repeated."""
    out = out or sys.stderr
    pretty = out.isatty()
    render: Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=_print_where)
        if pretty
        else structlog.processors.JSONRenderer(default=str)
    )
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # on a terminal the renderer draws the error itself
    last: list[Processor] = [*([] if pretty else [structlog.processors.ExceptionRenderer(where)]), redacted, render]
    structlog.configure(
        processors=[*before, *last],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(out),
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(_of_libraries([*before, structlog.stdlib.add_logger_name, _unquoted], last))
    # Bolt and the SDK log request bodies below WARNING, with what people typed in them
    logging.basicConfig(level=max(LEVELS[level], logging.WARNING), handlers=[handler], force=True)
    logging.captureWarnings(True)
    # Python itself would print the words of what ends the process
    sys.excepthook = _ended_by
    bolt = logging.getLogger("slack_bolt.AsyncApp")
    if _is_serious not in bolt.filters:
        # its warnings only complain that we bring our own client and identity; a level of ours it would set back
        bolt.addFilter(_is_serious)


@contextmanager
def bound(**ids: str | int | None) -> Iterator[None]:
    """Put these ids on every line that is written in the body, and in the tasks that it starts."""
    with bound_contextvars(**{name: value for name, value in ids.items() if value not in (None, "")}):
        yield


@contextmanager
def bound_request() -> Iterator[None]:
    """The same with an id for one request, unless there is one already."""
    known = get_contextvars().get("request")
    with bound(request=known or os.urandom(6).hex()):
        yield


def redacted(logger: Any, name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last resort before a line is written (`bot.redaction`)."""
    return {
        key: value if key in ("timestamp", "level", "exc_info") else masked_value(value, key)
        for key, value in line.items()
    }


def where(exc_info: ExcInfo) -> str:
    """The kinds of an error and its causes, with the lines on which they came about, and none of their words."""
    lines: list[str] = []
    for error in _with_causes(exc_info[1]):
        lines.append(type(error).__name__)
        frames = traceback.extract_tb(error.__traceback__)
        lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    return "\n".join(lines)


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _of_libraries(before: list[Processor], last: list[Processor]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
    )


def _unquoted(logger: Any, name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A library's message without the words of the error that is logged with it, and without what asyncio shows."""
    message = str(line.get("event", ""))
    if line.get("logger") == "asyncio":  # tasks, callbacks and their errors, each with what it was given
        message = message.partition("\n")[0].partition("(")[0]
    if error := _error_of(line.get("exc_info")):
        for each in _with_causes(error):
            kind = type(each).__name__
            for words in filter(None, (repr(each), str(each))):
                message = message.replace(words, kind)
    return {**line, "event": message}


def _error_of(exc_info: Any) -> BaseException | None:
    """The error that `exc_info` of a log line means, in any of its forms."""
    if isinstance(exc_info, tuple):
        exc_info = exc_info[1]
    return exc_info if isinstance(exc_info, BaseException) else sys.exception() if exc_info is True else None


def _ended_by(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if isinstance(error, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger().critical("ended_by_an_error", exc_info=(kind, error, trace))


def _is_serious(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR


def _print_where(out: TextIO, exc_info: ExcInfo) -> None:
    out.write("\n" + where(exc_info))
