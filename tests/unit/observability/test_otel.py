"""What a collector of traces gets: an operation, below it its upstream calls, and nothing personal."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from gateway import __version__
from gateway.config.settings import Settings
from gateway.observability.otel import otlp_tracer_provider
from gateway.observability.request_stats import RequestStats
from gateway.observability.tracing import Tracing
from gateway.web.app import create_app
from tests.security.secrets.serving import serving_app
from tests.support.gateway import SANDBOX, Gateway

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
TIMELINE = '{ activities(clientId: "4711") { totalCount } }'
EMPTY: dict[str, list[object]] = {"items": []}


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter) -> TracerProvider:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


@pytest.fixture
def traced(provider) -> Callable[..., Gateway]:
    """Makes a gateway that is traced: `traced(handler, **settings)`."""

    def over(handler: Callable[[httpx.Request], httpx.Response], **settings: Any) -> Gateway:
        return Gateway(httpx.MockTransport(handler), tracer_provider=provider, **settings)

    return over


def answering(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=EMPTY)


def operation_and_calls(
    exporter: InMemorySpanExporter,
) -> tuple[ReadableSpan, list[ReadableSpan]]:
    found = exporter.get_finished_spans()
    (operation,) = [span for span in found if span.kind is SpanKind.SERVER]
    return operation, [span for span in found if span is not operation]


def parent_of(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent else None


def id_of(span: ReadableSpan) -> int:
    assert span.context
    return int(span.context.span_id)


async def test_an_operation_is_a_span_with_one_below_it_for_each_upstream_call(traced, exporter):
    await traced(answering).post(
        '{ a: activities(clientId: "1") { totalCount nodes { id } } b: activities(clientId: "2") { totalCount } }'
    )
    operation, calls = operation_and_calls(exporter)
    assert operation.name == "query"
    assert operation.attributes == {
        "http.request.method": "POST",
        "http.route": "/graphql",
        "url.path": "/graphql",
        "url.scheme": "http",
        "server.address": "gateway",
        "http.response.status_code": 200,
        "graphql.operation.type": "query",
        "gateway.outcome": "ok",
        "gateway.compiled": True,
        "gateway.upstream.calls": 2,
    }
    assert [call.name for call in calls] == ["GET /api/2.3/activities"] * 2
    assert {parent_of(call) for call in calls} == {id_of(operation)}
    assert calls[0].attributes == {
        "http.request.method": "GET",
        "url.template": "/api/2.3/activities",
        "server.address": "sandbox",
        "server.port": 80,
        "http.response.status_code": 200,
    }


async def test_the_callers_trace_goes_on_here_and_at_the_upstream(traced, exporter):
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.extend(request.headers.get_list("traceparent"))
        return httpx.Response(200, json=EMPTY)

    await traced(answer).post(TIMELINE, headers={"traceparent": PARENT, "tracestate": "a=secret"})
    operation, (call,) = operation_and_calls(exporter)
    assert operation.context
    assert f"{operation.context.trace_id:032x}" == TRACE
    assert parent_of(operation) == 0xB7AD6B7169203331
    assert sent == [f"00-{TRACE}-{id_of(call):016x}-01"]


@pytest.mark.parametrize("parent", [None, "", "00-secret", f"{PARENT}, {PARENT}"])
async def test_what_is_no_trace_context_is_left_and_a_trace_begins(traced, exporter, parent):
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.extend(request.headers.get_list("traceparent"))
        return httpx.Response(200, json=EMPTY)

    await traced(answer).post(TIMELINE, headers={} if parent is None else {"traceparent": parent})
    operation, (call,) = operation_and_calls(exporter)
    assert operation.parent is None
    assert len(sent) == 1
    assert f"{id_of(call):016x}" in sent[0]


async def test_every_attempt_is_a_span_and_says_how_it_failed(traced, exporter):
    statuses = iter((503, 200))
    gateway = traced(lambda _: httpx.Response(next(statuses), json=EMPTY))
    await gateway.post(TIMELINE)
    operation, (first, second) = operation_and_calls(exporter)
    assert first.status.status_code is StatusCode.ERROR
    assert first.attributes is not None
    assert first.attributes["error.type"] == "UPSTREAM_UNAVAILABLE"
    assert second.attributes is not None
    assert second.attributes["http.request.resend_count"] == 1
    assert {parent_of(call) for call in (first, second)} == {id_of(operation)}


async def test_what_could_not_be_had_is_told_by_codes(traced, exporter):
    await traced(lambda _: httpx.Response(403)).post(TIMELINE)
    operation, _ = operation_and_calls(exporter)
    assert operation.status.status_code is StatusCode.ERROR
    assert operation.status.description is None
    assert operation.attributes is not None
    assert operation.attributes["gateway.codes"] == ("FORBIDDEN",)


async def test_a_read_that_two_operations_share_is_one_span_below_the_first(traced, exporter):
    gate = asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        await gate.wait()
        return httpx.Response(200, json=EMPTY)

    gateway = traced(answer)
    asking = [asyncio.create_task(gateway.post(TIMELINE)) for _ in range(2)]
    await asyncio.sleep(0.05)
    gate.set()
    await asyncio.gather(*asking)
    found = exporter.get_finished_spans()
    assert sorted(span.kind.name for span in found) == ["CLIENT", "SERVER", "SERVER"]


async def test_an_exception_is_not_recorded(traced, exporter):
    """Its text quotes values; that it was a mistake of ours is enough, the log has the rest."""

    def broken(request: httpx.Request) -> httpx.Response:
        raise ValueError("secret")

    with capture_logs():
        await traced(broken).post(TIMELINE)
    operation, (call,) = operation_and_calls(exporter)
    assert (operation.events, call.events) == ((), ())
    assert call.attributes is not None
    assert call.attributes["error.type"] == "INTERNAL_SERVER_ERROR"
    assert "secret" not in f"{operation.to_json()} {call.to_json()}"


async def test_an_operation_that_is_refused_has_a_span_and_a_page_has_none(traced, exporter):
    gateway = traced(answering)
    await gateway.http.get("/graphql", headers={"Accept": "text/html"})
    await gateway.http.get("/livez")
    await gateway.post("{ no")
    operation, calls = operation_and_calls(exporter)
    assert operation.attributes is not None
    assert operation.attributes["gateway.codes"] == ("GRAPHQL_PARSE_FAILED",)
    assert calls == []


async def test_the_log_tells_where_the_trace_is(traced):
    with capture_logs() as entries:
        await traced(answering).post(TIMELINE, headers={"traceparent": PARENT})
    assert [entry["trace_id"] for entry in entries if entry["event"] == "request"] == [TRACE]


async def test_only_a_trusted_document_s_name_is_an_attribute(traced, exporter, tmp_path):
    trusted = f"query Timeline {TIMELINE}"
    (tmp_path / "manifest.json").write_text(json.dumps({"one": trusted}), "utf-8")
    gateway = traced(
        answering,
        trusted_documents="log",
        trusted_documents_path=tmp_path / "manifest.json",
    )
    for text in (trusted, f"query Timeline  {TIMELINE}"):
        exporter.clear()
        await gateway.post(text)
        operation, _ = operation_and_calls(exporter)
        assert operation.name == "query"
        assert operation.attributes is not None
        name = "Timeline" if text == trusted else None
        assert operation.attributes.get("graphql.operation.name") == name


async def test_no_text_of_a_request_is_an_attribute(traced, exporter):
    gateway = traced(answering)
    headers = {"Host": "secret.example", "User-Agent": "secret", "Accept": "application/json"}
    for method in ("GET", "SECRET"):
        await gateway.http.request(method, "/graphql?query={secret}", headers=headers)
    found = exporter.get_finished_spans()
    assert [each.name for each in found] == ["GraphQL Operation"] * 2
    assert [each.attributes["http.request.method"] for each in found] == ["GET", "_OTHER"]
    assert [each.attributes["http.response.status_code"] for each in found] == [200, 405]
    assert "secret" not in "".join(each.to_json() for each in found).lower()


async def test_a_span_names_the_client_application(traced, exporter):
    headers = {"graphql-client-name": "booking\tapp", "graphql-client-version": "7"}
    await traced(answering).post(TIMELINE, headers=headers)
    operation, _ = operation_and_calls(exporter)
    assert operation.attributes
    assert operation.attributes["gateway.client_application.name"] == "booking?app"
    assert operation.attributes["gateway.client_application.version"] == "7"


def test_the_span_of_an_operation_that_is_cancelled_ends_with_the_reason(provider, exporter):
    stats = RequestStats(operation_type="query")
    scope = {"type": "http", "method": "POST", "headers": []}
    with pytest.raises(asyncio.CancelledError), Tracing(provider).operation_span(scope, stats):
        raise asyncio.CancelledError
    (operation,) = exporter.get_finished_spans()
    assert operation.name == "query"
    assert operation.attributes["error.type"] == "CancelledError"
    assert "gateway.outcome" not in operation.attributes
    assert operation.status.status_code is StatusCode.ERROR
    assert stats.trace_id == f"{operation.context.trace_id:032x}"


def test_a_span_of_a_caller_that_left_has_no_status(provider, exporter):
    stats = RequestStats()
    scope = {"type": "http", "method": "POST", "headers": []}
    with Tracing(provider).operation_span(scope, stats) as span:
        span.response_status = 400
        stats.record_disconnect()
    (operation,) = exporter.get_finished_spans()
    assert operation.attributes["gateway.outcome"] == "disconnected"
    assert "http.response.status_code" not in operation.attributes


@pytest.mark.parametrize(
    ("variables", "name", "version"),
    [
        ({}, "gateway", __version__),
        ({"OTEL_SERVICE_NAME": "timelines"}, "timelines", __version__),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.version=7"}, "gateway", "7"),
    ],
)
def test_the_resource_names_service_and_version(monkeypatch, variables, name, version):
    for key, value in variables.items():
        monkeypatch.setenv(key, value)
    provider = otlp_tracer_provider("http://127.0.0.1:1")
    provider.shutdown()
    attributes = provider.resource.attributes
    assert (attributes["service.name"], attributes["service.version"]) == (name, version)


def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | environment
    )


@pytest.mark.slow
def test_no_sdk_and_no_exporter_is_imported_where_no_traces_are_wanted():
    ran = run("""
import sys
from gateway.cli import main
from gateway import __version__
from gateway.config.settings import Settings
from gateway.web.app import create_app
create_app(Settings(upstream_url="http://upstream"))
unwanted = ("opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.proto", "google", "requests")
print([name for name in sys.modules if name.startswith(unwanted)])
""")
    assert ran.stdout == "[]\n"


@pytest.mark.slow
def test_without_the_extra_a_gateway_that_shall_be_traced_does_not_start():
    ran = run(
        """
import sys
sys.modules["opentelemetry.sdk"] = None
from gateway.cli.main import main
main(["serve"])
""",
        GATEWAY_UPSTREAM_URL="http://upstream",
        OTEL_EXPORTER_OTLP_ENDPOINT="http://collector:4318",
    )
    assert ran.returncode == 2
    assert ran.stderr == (
        "Invalid configuration:\n"
        "OTEL_EXPORTER_OTLP_ENDPOINT: traces need the extra `otel`: client-activities-gateway[otel]\n"
    )


@pytest.mark.socket
@pytest.mark.parametrize(
    ("named", "service"), [({}, b"gateway"), ({"OTEL_SERVICE_NAME": "timelines"}, b"timelines")]
)
async def test_a_collector_gets_the_spans_at_the_latest_when_the_gateway_ends(
    monkeypatch, named, service
):
    """Over HTTP, in protobuf; what else OpenTelemetry reads from the environment holds."""
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    got: list[bytes] = []

    async def collect(request: Request) -> Response:
        got.extend([request.headers["content-type"].encode(), await request.body()])
        return Response()

    collector = Starlette(routes=[Route("/v1/traces", collect, methods=["POST"])])
    async with serving_app(collector) as address:
        given = {"upstream_url": SANDBOX, "otel_exporter_otlp_endpoint": f"{address}/"}
        settings = Settings(**given)  # type: ignore[arg-type]  # checked by pydantic
        app = create_app(settings, transport=httpx.MockTransport(answering))
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
                await http.post("/graphql", json={"query": TIMELINE})
    media_type, spans = got
    assert media_type == b"application/x-protobuf"
    for told in (service, b"query", b"graphql.operation.type", b"GET /api/2.3/activities"):
        assert told in spans
