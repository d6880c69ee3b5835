"""Traces that stay here, to be looked through."""

from urllib.parse import urlsplit

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from tests.security.secrets.planted import UPSTREAM

_CONFIGURED_HOST = f'"server.address": "{urlsplit(UPSTREAM).hostname}"'
"""What a collector may know, and callers and the log may not."""


class Traces:
    """Give `provider` to a gateway; `text()` is all that a collector would have got since it was last asked."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    def text(self) -> str:
        finished = self._exporter.get_finished_spans()
        self._exporter.clear()
        return "\n".join(map(_text, finished))


def _text(span: ReadableSpan) -> str:
    text: str = span.to_json(indent=None)
    return text.replace(_CONFIGURED_HOST, "") if span.kind is SpanKind.CLIENT else text
