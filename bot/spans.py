"""Spans of what is called and delivered, with the ids that the logs carry, and never with anything that was typed.

Needs the extra `otel`; imported only where traces are wanted (`bot.tracing`). The exporter reads its own settings,
OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS and the rest, from the environment.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace

import structlog
from aiohttp import ClientSession, TraceConfig, TraceRequestEndParams, TraceRequestExceptionParams
from aiohttp import TraceRequestStartParams as Start
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from yarl import URL

from bot.redaction import masked_value
from bot.tracing import Tracing

IDS = ("request", "change", "registration", "account")
_FIXED = re.compile(r"v[0-9]|[A-Za-z][A-Za-z.]*", re.ASCII)
"""A part of an address as Twilio and Slack give it; SIDs, and numbers that people typed, hold digits."""


class Spans(Tracing):
    """Makes spans with this provider."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("tenfour")

    def calls(self, to: str) -> list[TraceConfig]:
        config = TraceConfig()

        async def start(session: ClientSession, context: SimpleNamespace, params: Start) -> None:
            attributes = {"http.request.method": params.method, "url.template": template(params.url), "peer": to}
            name = f"{to} {params.method} {attributes['url.template']}"
            context.span = self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes | _ids())

        async def end(session: ClientSession, context: SimpleNamespace, params: TraceRequestEndParams) -> None:
            span: Span = context.span
            span.set_attribute("http.response.status_code", params.response.status)
            if params.response.status >= 400:
                span.set_status(StatusCode.ERROR)
            span.end()

        async def broke(session: ClientSession, context: SimpleNamespace, params: TraceRequestExceptionParams) -> None:
            span: Span = context.span
            # its words may hold an address
            span.set_attribute("error.type", type(params.exception).__name__)
            span.set_status(StatusCode.ERROR)
            span.end()

        config.on_request_start.append(start)
        config.on_request_end.append(end)
        config.on_request_exception.append(broke)
        return [config]

    @contextmanager
    def span(self, name: str, kind: str) -> Iterator[None]:
        with self._tracer.start_as_current_span(
            f"{name} {kind}",
            kind=SpanKind.SERVER,
            attributes=_ids(),
            record_exception=False,  # its words may quote what was typed
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(StatusCode.ERROR)
                raise
            finally:
                span.set_attributes(_ids())


class Wordless(SpanExporter):
    """Takes the words of errors out of spans before they are exported: docket puts them there, and they may quote."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_wordless(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return self._exporter.force_flush(timeout_millis)


@contextmanager
def exported() -> Iterator[Spans]:
    """Spans that are sent away, docket's included, until the body ends."""
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: "tenfour"}))
    provider.add_span_processor(BatchSpanProcessor(Wordless(OTLPSpanExporter())))
    trace.set_tracer_provider(provider)  # the one that docket asks for
    try:
        yield Spans(provider)
    finally:
        provider.shutdown()


def _ids() -> dict[str, str]:
    """The ids that are bound for the log here and now."""
    bound = structlog.contextvars.get_contextvars()
    return {f"tenfour.{name}": str(bound[name]) for name in IDS if name in bound}


def template(url: URL) -> str:
    """The path with `{}` for what differs from call to call."""
    if (url.host or "").startswith("hooks."):  # a response_url of Slack's: its secret may be letters alone
        return "/{}"
    return "/".join(part if not part or _FIXED.fullmatch(part) else "{}" for part in url.path.split("/"))


def _wordless(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={name: masked_value(value) for name, value in (span.attributes or {}).items()},
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
