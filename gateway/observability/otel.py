"""Spans: tracing by OpenTelemetry. Imported only where traces are wanted; needs the extra `otel`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    Span,
    SpanKind,
    StatusCode,
    format_trace_id,
    set_span_in_context,
    use_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gateway import __version__
from gateway.observability.request_stats import ERROR, Tally
from gateway.observability.tracing import Attempt, Headers

_PARENT = "traceparent"
_PROPAGATOR = TraceContextTextMapPropagator()
_CLOSING_SECONDS = 3.0


def exported(endpoint: str) -> "Spans":
    """Spans that are sent to a collector: OTLP over HTTP, from a thread of its own, in batches.

    What else OpenTelemetry reads from the environment holds: sampling, headers, the service's name.
    """
    named = Resource.create()
    if str(named.attributes[SERVICE_NAME]).startswith("unknown_service"):
        named = named.merge(Resource({SERVICE_NAME: "gateway"}))
    provider = TracerProvider(resource=named, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Spans(provider)


class Spans:
    """A span for each operation, and one below it for each upstream call that it started.

    They hold names of ours, numbers and codes. Exceptions are not recorded: their texts quote values.
    """

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("gateway", __version__)

    @contextmanager
    def operation(self, headers: Mapping[str, str], tally: Tally) -> Iterator[None]:
        span = self._tracer.start_span(
            "GraphQL operation", context=_sent_along(headers), kind=SpanKind.SERVER
        )
        try:
            with use_span(span, record_exception=False, set_status_on_exception=False):
                yield
        finally:
            if tally.outcome is not None:  # else there was none; what does not end is not sent
                tally.trace_id = format_trace_id(span.get_span_context().trace_id)
                _tell(span, tally)
                span.end()

    def attempt(self, path: str, number: int) -> Attempt:
        attributes: dict[str, str | int] = {"http.request.method": "GET", "url.template": path}
        if number > 1:
            attributes["http.request.resend_count"] = number - 1
        return _Call(
            self._tracer.start_span(f"GET {path}", kind=SpanKind.CLIENT, attributes=attributes)
        )

    def close(self) -> None:
        # A collector that does not answer is not waited for: the exporter would, for much longer.
        closing = Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(_CLOSING_SECONDS)


def _sent_along(headers: Mapping[str, str]) -> Context:
    """The caller's trace context. Its baggage and its `tracestate` may hold anything, and are left."""
    parent = headers.get(_PARENT)
    return _PROPAGATOR.extract({} if parent is None else {_PARENT: parent}, context=Context())


def _tell(span: Span, tally: Tally) -> None:
    if tally.operation is not None:
        span.update_name(f"GraphQL operation {tally.operation}")
        span.set_attribute("graphql.operation.name", tally.operation)
    span.set_attribute("gateway.outcome", str(tally.outcome))
    span.set_attribute("gateway.planned", tally.planned)
    span.set_attribute("gateway.upstream.calls", tally.calls)
    if tally.codes:
        span.set_attribute("gateway.codes", tally.codes)
    if tally.outcome == ERROR:
        span.set_status(StatusCode.ERROR)


class _Call:
    """The span of one upstream call."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def headers(self, headers: Headers) -> Headers:
        sent: dict[str, str] = {}
        _PROPAGATOR.inject(sent, set_span_in_context(self._span, Context()))
        return (*(header for header in headers if header[0] != _PARENT), *sent.items())

    def end(self, status: int | None, code: str | None) -> None:
        if status is not None:
            self._span.set_attribute("http.response.status_code", status)
        if code is not None:
            self._span.set_attribute("error.type", code)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()
