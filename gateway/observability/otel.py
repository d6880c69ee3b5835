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
from gateway.observability.request_stats import ERROR, RequestStats
from gateway.observability.tracing import HeaderPairs, UpstreamSpan

_TRACEPARENT = "traceparent"
_PROPAGATOR = TraceContextTextMapPropagator()
_SHUTDOWN_SECONDS = 3.0


def otlp_tracing(endpoint: str) -> "OpenTelemetryTracing":
    """Spans that are sent to a collector: OTLP over HTTP, from a thread of its own, in batches.

    What else OpenTelemetry reads from the environment holds: sampling, headers, the service's name.
    """
    resource = Resource.create()
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: "gateway"}))
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return OpenTelemetryTracing(provider)


class OpenTelemetryTracing:
    """A span for each operation, and one below it for each upstream call that it started.

    They hold names of ours, numbers and codes. Exceptions are not recorded: their texts quote values.
    """

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("gateway", __version__)

    @contextmanager
    def operation_span(self, headers: Mapping[str, str], stats: RequestStats) -> Iterator[None]:
        span = self._tracer.start_span(
            "GraphQL operation", context=_parent_context(headers), kind=SpanKind.SERVER
        )
        try:
            with use_span(span, record_exception=False, set_status_on_exception=False):
                yield
        finally:
            if stats.outcome is not None:  # else there was none; what does not end is not sent
                stats.trace_id = format_trace_id(span.get_span_context().trace_id)
                _set_outcome_attributes(span, stats)
                span.end()

    def start_upstream_span(self, path: str, attempt_number: int) -> UpstreamSpan:
        attributes: dict[str, str | int] = {"http.request.method": "GET", "url.template": path}
        if attempt_number > 1:
            attributes["http.request.resend_count"] = attempt_number - 1
        return _OpenTelemetrySpan(
            self._tracer.start_span(f"GET {path}", kind=SpanKind.CLIENT, attributes=attributes)
        )

    def close(self) -> None:
        # A collector that does not answer is not waited for: the exporter would, for much longer.
        shutdown_thread = Thread(target=self._provider.shutdown, daemon=True)
        shutdown_thread.start()
        shutdown_thread.join(_SHUTDOWN_SECONDS)


def _parent_context(headers: Mapping[str, str]) -> Context:
    """The caller's trace context. Its baggage and its `tracestate` may hold anything, and are left."""
    parent = headers.get(_TRACEPARENT)
    return _PROPAGATOR.extract({} if parent is None else {_TRACEPARENT: parent}, context=Context())


def _set_outcome_attributes(span: Span, stats: RequestStats) -> None:
    if stats.operation is not None:
        span.update_name(f"GraphQL operation {stats.operation}")
        span.set_attribute("graphql.operation.name", stats.operation)
    span.set_attribute("gateway.outcome", str(stats.outcome))
    span.set_attribute("gateway.planned", stats.compiled)
    span.set_attribute("gateway.upstream.calls", stats.calls)
    if stats.codes:
        span.set_attribute("gateway.codes", stats.codes)
    if stats.outcome == ERROR:
        span.set_status(StatusCode.ERROR)


class _OpenTelemetrySpan:
    """The span of one upstream call."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def inject(self, headers: HeaderPairs) -> HeaderPairs:
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, set_span_in_context(self._span, Context()))
        return (*(header for header in headers if header[0] != _TRACEPARENT), *carrier.items())

    def end(self, status: int | None, code: str | None) -> None:
        if status is not None:
            self._span.set_attribute("http.response.status_code", status)
        if code is not None:
            self._span.set_attribute("error.type", code)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()
