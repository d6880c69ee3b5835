"""Tracing with OpenTelemetry's API: a server span for each operation, a client span for each upstream call.

Without a tracer provider, spans are the no-op spans of the API. Names and attributes follow the semantic
conventions for HTTP and GraphQL spans. Attribute values are the gateway's own names, codes, numbers and
addresses, and what a client application calls itself: no other text of a caller, and none of the upstream.
Exceptions are not recorded, because their texts quote values.
"""

from collections.abc import Mapping
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import (
    INVALID_SPAN,
    Span,
    SpanKind,
    StatusCode,
    TracerProvider,
    format_trace_id,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gateway import __version__
from gateway.config import paths
from gateway.config.headers import RawHeaders
from gateway.observability.request_stats import DISCONNECTED, ERROR, RequestStats

_TRACEPARENT = "traceparent"
_PROPAGATOR = TraceContextTextMapPropagator()
_NO_PARENT = Context()
_UNNAMED_OPERATION = "GraphQL Operation"
_KNOWN_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SHUTDOWN_SECONDS = 3.0

_Attributes = dict[str, str | int]


class Tracing:
    """Starts the spans of operations and of upstream calls, as children of the caller's trace context."""

    def __init__(self, provider: TracerProvider | None = None, *, upstream_url: str = "") -> None:
        """Take the tracer of a provider.

        Args:
            provider: The source of the tracer. `close` shuts it down. None: all spans are no-op spans.
            upstream_url: The configured origin of the upstream, the server address of upstream spans.
        """
        self._provider = provider
        self._tracer = None if provider is None else provider.get_tracer("gateway", __version__)
        self._upstream_attributes = _upstream_attributes(upstream_url)

    def operation_span(self, scope: Mapping[str, Any], stats: RequestStats) -> "OperationSpan":
        """Start the server span of an operation, given the ASGI scope of its HTTP request.

        Without a provider, the caller's trace context is not read: `UpstreamSpan.inject` leaves the
        caller's `traceparent` header unchanged.
        """
        if self._tracer is None:
            return _UNTRACED_OPERATION
        span = self._tracer.start_span(
            _UNNAMED_OPERATION,
            context=_parent_context(scope),
            kind=SpanKind.SERVER,
            attributes=_request_attributes(scope),
        )
        return OperationSpan(span, stats)

    def start_upstream_span(self, path: str, attempt_number: int) -> "UpstreamSpan":
        """Start the client span of one upstream call, as a child of the current operation's span.

        Args:
            path: The template of the path. The path itself holds ids and is never an attribute.
            attempt_number: The number of the attempt within its read, from 1.
        """
        if self._tracer is None:
            return _UNTRACED_CALL
        attributes: _Attributes = {
            "http.request.method": "GET",
            "url.template": path,
            **self._upstream_attributes,
        }
        if attempt_number > 1:
            attributes["http.request.resend_count"] = attempt_number - 1
        return UpstreamSpan(
            self._tracer.start_span(f"GET {path}", kind=SpanKind.CLIENT, attributes=attributes)
        )

    def close(self) -> None:
        """Export the queued spans, for 3 seconds at most: the exporter waits longer for a silent collector."""
        shutdown = getattr(self._provider, "shutdown", None)  # the SDK has it, the API does not
        if shutdown is not None:
            shutdown_thread = Thread(target=shutdown, daemon=True)
            shutdown_thread.start()
            shutdown_thread.join(_SHUTDOWN_SECONDS)


class OperationSpan:
    """The span of one operation, current within its `with` block: the server span and the GraphQL span in one.

    One span is both, because a request holds one operation: two spans would begin and end together. The
    conventions for GraphQL give it its kind, SERVER, and its name, the type of the operation.

    Attributes:
        response_status: The HTTP status of the response; None until there is one.
    """

    __slots__ = ("_span", "_stats", "_token", "response_status")

    def __init__(self, span: Span, stats: RequestStats) -> None:
        self._span = span
        self._stats = stats
        self.response_status: int | None = None

    def __enter__(self) -> Self:
        self._token = attach(set_span_in_context(self._span))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        detach(self._token)
        # A request without an operation, such as that of a page, has no outcome. A span that does not end
        # is not exported. An operation that is cancelled, as at shutdown, has no outcome yet.
        if self._stats.outcome is not None or kind is not None:
            context = self._span.get_span_context()
            if context.is_valid:
                self._stats.trace_id = format_trace_id(context.trace_id)
            if self._span.is_recording():
                self._set_operation()
                if self._stats.outcome is not None:
                    self._set_outcome()
                elif kind is not None:
                    self._span.set_attribute("error.type", kind.__qualname__)
                    self._span.set_status(StatusCode.ERROR)
            self._span.end()

    def _set_operation(self) -> None:
        span, stats = self._span, self._stats
        if stats.operation_type is not None:
            span.update_name(stats.operation_type)
            span.set_attribute("graphql.operation.type", stats.operation_type)
        if stats.operation is not None:
            span.set_attribute("graphql.operation.name", stats.operation)
        if stats.client_application is not None:
            name, version = stats.client_application
            span.set_attribute("gateway.client_application.name", name)
            if version is not None:
                span.set_attribute("gateway.client_application.version", version)

    def _set_outcome(self) -> None:
        span, stats = self._span, self._stats
        status = stats.status  # of the response that the server sent in the application's place
        if status is None and stats.outcome != DISCONNECTED:
            status = self.response_status
        if status is not None:
            span.set_attribute("http.response.status_code", status)
        span.set_attribute("gateway.outcome", str(stats.outcome))
        span.set_attribute("gateway.compiled", stats.compiled)
        span.set_attribute("gateway.upstream.calls", stats.calls)
        if stats.codes:
            span.set_attribute("gateway.codes", stats.codes)
        if stats.outcome == ERROR:
            span.set_attribute("error.type", stats.codes[0])
            span.set_status(StatusCode.ERROR)


class _UntracedOperation(OperationSpan):
    """The span of operations that are not traced: nothing is recorded, and nothing is current within it."""

    __slots__ = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing has to end."""


_UNTRACED_OPERATION = _UntracedOperation(INVALID_SPAN, RequestStats())
"""Shared by all requests: nobody reads the status that they set."""


class UpstreamSpan:
    """The client span of one upstream call."""

    __slots__ = ("_span",)

    def __init__(self, span: Span) -> None:
        self._span = span

    def inject(self, headers: RawHeaders) -> RawHeaders:
        """The headers of the call, with this span as the trace context; unchanged for a no-op span."""
        if not self._span.get_span_context().is_valid:
            return headers
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, set_span_in_context(self._span, _NO_PARENT))
        return (
            *(header for header in headers if header[0] != b"traceparent"),
            *((name.encode(), value.encode()) for name, value in carrier.items()),
        )

    def end(self, status: int | None, code: str | None) -> None:
        """End the span, with the HTTP status if one arrived, and the error code if the call failed."""
        if status is not None:
            self._span.set_attribute("http.response.status_code", status)
        if code is not None:
            self._span.set_attribute("error.type", code)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


class _UntracedCall(UpstreamSpan):
    """The span of calls that are not traced: nothing is recorded."""

    __slots__ = ()

    def inject(self, headers: RawHeaders) -> RawHeaders:
        return headers

    def end(self, status: int | None, code: str | None) -> None:
        """Nothing has to end."""


_UNTRACED_CALL = _UntracedCall(INVALID_SPAN)
"""Shared by all calls."""


def _parent_context(scope: Mapping[str, Any]) -> Context:
    """The caller's trace context, without baggage and `tracestate`: both may hold any text."""
    for name, value in scope["headers"]:
        if name == b"traceparent":
            carrier = {_TRACEPARENT: value.decode("latin-1")}
            return _PROPAGATOR.extract(carrier, context=_NO_PARENT)
    return _NO_PARENT


def _request_attributes(scope: Mapping[str, Any]) -> _Attributes:
    """The attributes of an HTTP request, without any text of the caller.

    The path is the route, and the server address that of the socket: the `Host` header is the caller's.
    """
    method = scope["method"]
    attributes: _Attributes = {
        "http.request.method": method if method in _KNOWN_METHODS else "_OTHER",
        "http.route": paths.GRAPHQL,
        "url.path": paths.GRAPHQL,
    }
    scheme = scope.get("scheme")
    if scheme in _DEFAULT_PORTS:
        attributes["url.scheme"] = scheme
    address, port = scope.get("server") or (None, None)
    if address is not None:
        attributes["server.address"] = address
    if port is not None:
        attributes["server.port"] = port
    return attributes


def _upstream_attributes(url: str) -> _Attributes:
    parts = urlsplit(url)
    if parts.hostname is None:
        return {}
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    return {"server.address": parts.hostname, "server.port": port}
