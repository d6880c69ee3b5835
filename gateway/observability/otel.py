"""OpenTelemetry exporter set-up: a tracer provider of the SDK that exports to a collector by OTLP over HTTP.

Imported only where traces are exported; needs the extra `otel`.
"""

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from gateway import __version__


def otlp_tracer_provider(endpoint: str) -> TracerProvider:
    """A tracer provider that exports spans in batches, from a thread of its own.

    The SDK reads its other environment variables itself: sampler, exporter headers, resource attributes.
    """
    provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _resource() -> Resource:
    """The resource of all spans: `service.name` and `service.version`, unless the environment sets them."""
    resource = Resource({SERVICE_VERSION: __version__}).merge(Resource.create())
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: "gateway"}))
    return resource
