"""Traces: what was called and for which change, and nothing that anybody typed; and none where none are wanted."""

import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from docket import Docket, Worker
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import StatusCode
from yarl import URL

from bot.logs import bound, bound_request
from bot.plans.call import Call
from bot.redis.keys import Keys
from bot.spans import Spans, Wordless, template
from bot.tracing import OFF, open_tracing
from bot.twilio.gateway import Account

if TYPE_CHECKING:
    from bot.sandbox.twilio.server import LocalTwilio

TYPED = "Ada 12-3456789 ada@example.com"
WITHOUT = """
import sys
from bot.tracing import open_tracing
with open_tracing(None): pass
assert not [name for name in sys.modules if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter"))]
sys.modules["opentelemetry.sdk"] = None
sys.modules["opentelemetry.exporter.otlp.proto.http.trace_exporter"] = None
with open_tracing("http://127.0.0.1:4318"): pass
"""


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> Iterator[TracerProvider]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Wordless(exporter)))
    yield provider
    provider.sampler = ALWAYS_OFF  # docket keeps to the first provider of a process, also in tests that come later
    provider.shutdown()


@pytest.fixture
def spans(provider: TracerProvider) -> Spans:
    return Spans(provider)


def test_nothing_is_imported_where_no_traces_are_wanted_and_what_is_missing_is_said() -> None:
    ended = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "SettingsProblem: OTEL_EXPORTER_OTLP_ENDPOINT" in ended.stderr.splitlines()[-1]
    assert "pip install 'tenfour[otel]'" in ended.stderr


async def test_a_bot_without_traces_does_nothing_for_them() -> None:
    with open_tracing(None) as tracing:
        assert tracing is OFF
        assert tracing.calls("twilio") == []
        with tracing.span("slack", "command"):
            pass


async def test_a_call_to_twilio_is_a_span_with_the_ids_of_its_change_and_without_its_inputs(
    twilio: "LocalTwilio", spans: Spans, exporter: InMemorySpanExporter
) -> None:
    account = Account(
        twilio.account_sid,
        twilio.account_sid,
        twilio.auth_token,
        f"{twilio.url}/{{product}}",
        traces=spans.calls("twilio"),
    )
    call = Call(product="messaging", method="POST", path="/v1/Services", params={"FriendlyName": TYPED})
    with bound_request(), bound(change=142, account=twilio.account_sid):
        made = await account.send(call)
    await account.read(Call(product="messaging", method="GET", path=f"/v1/Services/{made['sid']}"))
    await account.close()
    posted, read = exporter.get_finished_spans()
    assert posted.name == "twilio POST /messaging/v1/Services"
    assert posted.attributes
    assert posted.attributes["tenfour.change"] == "142"
    assert posted.attributes["tenfour.account"] == twilio.account_sid
    assert posted.attributes["http.response.status_code"] == 201
    assert posted.attributes["tenfour.request"]
    assert read.name == "twilio GET /messaging/v1/Services/{}"
    assert not [word for word in TYPED.split() if word in posted.to_json() + read.to_json()]


async def test_a_call_that_gets_no_answer_is_an_error_by_its_kind(spans: Spans, exporter: InMemorySpanExporter) -> None:
    async with aiohttp.ClientSession(trace_configs=spans.calls("slack")) as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.post("http://127.0.0.1:1/api/chat.postMessage", data={"text": TYPED})
    (span,) = exporter.get_finished_spans()
    assert span.name == "slack POST /api/chat.postMessage"
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes
    assert span.attributes["error.type"] == "ClientConnectorError"


async def test_what_a_delivery_calls_lies_below_it(spans: Spans, exporter: InMemorySpanExporter) -> None:
    async def fine(request: web.Request) -> web.Response:
        return web.Response()

    site = web.Application()
    site.router.add_get("/api/auth.test", fine)
    async with (
        TestServer(site) as server,
        aiohttp.ClientSession(trace_configs=spans.calls("slack")) as session,
    ):
        with bound_request(), spans.span("slack", "command"):
            await session.get(server.make_url("/api/auth.test"))
    call, delivery = exporter.get_finished_spans()
    assert delivery.name == "slack command"
    assert call.parent
    assert delivery.context
    assert call.parent.span_id == delivery.context.span_id


async def test_the_words_of_an_error_are_not_exported(spans: Spans, exporter: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="Ada"), spans.span("slack", "command"):
        raise ValueError(TYPED)
    (span,) = exporter.get_finished_spans()
    assert span.attributes
    assert span.attributes["error.type"] == "ValueError"
    assert "Ada" not in span.to_json()


async def test_tasks_are_spans_of_dockets_without_the_words_of_their_errors(
    redis_url: str, keys: Keys, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    trace.set_tracer_provider(provider)  # once in a process: no other test does
    async with Docket(name=f"{keys.prefix}-traced", url=redis_url) as docket, Worker(docket) as worker:

        async def failing() -> None:
            raise ValueError(TYPED)

        docket.register(failing)
        await docket.add(failing)()
        await worker.run_until_finished()
    task = next(span for span in exporter.get_finished_spans() if span.name == "failing")
    assert task.status.status_code is StatusCode.ERROR
    assert "Ada" not in task.to_json()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.slack.com/commands/TABC/123/lettersOfASecretAlone", "/{}"),
        ("https://hooks.slack-gov.com/actions/TABC/123/lettersOfASecretAlone", "/{}"),
        ("https://lookups.twilio.com/v2/PhoneNumbers/%2B15125550120", "/v2/PhoneNumbers/{}"),
        ("https://slack.com/api/chat.postMessage", "/api/chat.postMessage"),
    ],
)
def test_of_an_address_a_span_shows_what_is_the_same_for_all(url: str, shown: str) -> None:
    assert template(URL(url)) == shown
