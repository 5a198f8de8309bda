"""OpenTelemetry, where it is wanted: without OTEL_EXPORTER_OTLP_ENDPOINT the bot imports and does nothing of it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final

from aiohttp import TraceConfig

from bot.settings import SettingsProblem

MISSING = (
    "OTEL_EXPORTER_OTLP_ENDPOINT: is set, and OpenTelemetry is not installed. Install it (pip install 'tenfour[otel]', "
    "from a checkout: pip install -r requirements-otel.lock), or unset it."
)


class Tracing:
    """Traces nothing; `bot.spans` does."""

    def calls(self, to: str) -> list[TraceConfig]:
        """For an aiohttp session: a span for every call to this service."""
        return []

    def span(self, name: str, kind: str) -> AbstractContextManager[None]:
        """A span of work that came from outside, of a kind such as `command`; what is called in it lies below it."""
        return nullcontext()


OFF: Final = Tracing()


@contextmanager
def open_tracing(endpoint: str | None) -> Iterator[Tracing]:
    """Traces to where the environment says, until the body ends; what was not sent by then is sent first.

    Raises `SettingsProblem` when OpenTelemetry is not installed.
    """
    if endpoint is None:
        yield OFF
        return
    try:
        from bot.spans import exported
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "opentelemetry":
            raise
        raise SettingsProblem([MISSING]) from error
    with exported() as tracing:
        yield tracing
