"""Traces that stay here, to be looked through."""

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.observability.otel import OpenTelemetryTracing


class Traces:
    """Give `spans` to a gateway; `text()` is all that a collector would have got since it was last asked."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.spans = OpenTelemetryTracing(provider)

    def text(self) -> str:
        finished = self._exporter.get_finished_spans()
        self._exporter.clear()
        return "\n".join(span.to_json() for span in finished)
