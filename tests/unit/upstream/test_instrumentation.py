"""Each call is counted and traced by how it ended; what is counted of reads is in web/test_probes."""

import asyncio
import re

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from structlog.testing import capture_logs

from gateway.config.headers import RawHeaders
from gateway.errors import FieldError, InvalidUpstreamResponse, UpstreamTimeout, UpstreamUnavailable
from gateway.observability.metrics import Metrics
from gateway.observability.tracing import Tracing
from gateway.upstream.http.attempt import AttemptFailed
from gateway.upstream.http.circuit_breaker import CircuitState
from gateway.upstream.http.instrumentation import UpstreamInstrumentation

PATH = "/notes/{noteId}"
SENT: RawHeaders = ((b"apiKey", b"k"),)


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def watch(exporter: InMemorySpanExporter) -> UpstreamInstrumentation:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return UpstreamInstrumentation(Metrics(), Tracing(provider))


def spans(exporter: InMemorySpanExporter) -> list[tuple[object, ...]]:
    """Of each call its path, the number of its attempt, its status and its error's code."""
    return [
        (
            each.attributes["url.template"],
            1 + int(str(each.attributes.get("http.request.resend_count", 0))),
            each.attributes.get("http.response.status_code"),
            each.attributes.get("error.type"),
        )
        for each in exporter.get_finished_spans()
        if each.attributes
    ]


def samples(watch: UpstreamInstrumentation, name: str) -> dict[str, float]:
    lines = watch.metrics.exposition().decode().splitlines()
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith(f"gateway_{name}")
    }


def failed(error: type[FieldError], status: int | None = None) -> AttemptFailed:
    return AttemptFailed(error("no"), status=status)


@pytest.mark.parametrize(
    ("error", "label", "status", "code"),
    [
        (None, "200", 200, None),
        (failed(UpstreamUnavailable, 503), "503", 503, "UPSTREAM_UNAVAILABLE"),
        (failed(InvalidUpstreamResponse, 200), "200", 200, "UPSTREAM_CONTRACT_BROKEN"),
        (failed(UpstreamTimeout), "error", None, "UPSTREAM_TIMEOUT"),
        (failed(UpstreamUnavailable, 999), "invalid", 999, "UPSTREAM_UNAVAILABLE"),
        (ValueError("bug"), "error", None, "INTERNAL_SERVER_ERROR"),
        (asyncio.CancelledError(), "cancelled", None, None),
    ],
    ids=["success", "status", "what is no answer", "silence", "no status", "bug", "gave up"],
)
def test_a_call_is_told_by_how_it_ended(watch, exporter, error, label, status, code):
    def call() -> None:
        with watch.instrument_call(PATH, 1, SENT):
            if error is not None:
                raise error

    if error is None:
        call()
    else:
        with pytest.raises(type(error)):
            call()
    series = f'gateway_upstream_calls_total{{path="{PATH}",status="{label}"}}'
    assert samples(watch, "upstream_calls_total") == {series: 1}
    assert samples(watch, "upstream_calls_in_flight") == {"gateway_upstream_calls_in_flight": 0}
    assert spans(exporter) == [(PATH, 1, status, code)]


def test_a_call_sends_what_tracing_makes_of_the_headers(watch):
    with watch.instrument_call(PATH, 1, SENT) as headers:
        assert headers[:-1] == SENT
        assert re.fullmatch(b"00-[0-9a-f]{32}-[0-9a-f]{16}-0[13]", dict(headers)[b"traceparent"])
        assert samples(watch, "upstream_calls_in_flight") == {"gateway_upstream_calls_in_flight": 1}


def test_further_attempts_are_counted_apart(watch, exporter):
    for number in (1, 2, 3):
        with watch.instrument_call(PATH, number, SENT):
            pass
    assert samples(watch, "upstream_retries") == {
        f'gateway_upstream_retries_total{{path="{PATH}"}}': 2
    }
    assert [each[:2] for each in spans(exporter)] == [(PATH, 1), (PATH, 2), (PATH, 3)]


def test_a_call_that_never_begins_is_not_told(watch, exporter):
    """The breaker refuses it, or there is no place in time."""
    watch.instrument_call(PATH, 1, SENT)
    assert samples(watch, "upstream_calls_total") == {}
    assert spans(exporter) == []


@pytest.mark.parametrize(
    ("state", "level", "workers"),
    [
        (CircuitState.OPEN, "warning", 1),
        (CircuitState.HALF_OPEN, "info", 1),
        (CircuitState.CLOSED, "info", 0),
    ],
)
def test_a_change_of_the_breaker_is_one_line_and_a_number(watch, state, level, workers):
    with capture_logs() as entries:
        watch.record_breaker_state(state)
    assert entries == [
        {
            "event": "circuit_breaker.state_changed",
            "log_level": level,
            "state": state.value,
            "scope": "all",
        }
    ]
    assert samples(watch, "circuit_breaker_open") == {"gateway_circuit_breaker_open": workers}


@pytest.mark.parametrize(
    ("state", "level"), [(CircuitState.OPEN, "warning"), (CircuitState.CLOSED, "info")]
)
def test_a_change_of_a_credential_s_breaker_is_one_line_and_how_many_are_open(watch, state, level):
    with capture_logs() as entries:
        watch.record_key_breaker_state(state, 3)
    assert entries == [
        {
            "event": "circuit_breaker.state_changed",
            "log_level": level,
            "state": state.value,
            "scope": "credential",
        }
    ]
    assert samples(watch, "credential_circuit_breakers_open") == {
        "gateway_credential_circuit_breakers_open": 3
    }
    assert samples(watch, "circuit_breaker_open") == {"gateway_circuit_breaker_open": 0}


def test_a_surprise_is_counted_each_time_and_logged_once() -> None:
    watch = UpstreamInstrumentation()
    with capture_logs() as events:
        for path in (PATH, PATH, "/activities"):
            watch.record_surprise(path, "wrong_type", "user")
    told = watch.metrics.exposition().decode()
    assert f'gateway_upstream_surprises_total{{path="{PATH}",what="wrong_type"}} 2.0' in told
    assert events == [
        {
            "event": "upstream.surprise",
            "path": path,
            "field": "user",
            "what": "wrong_type",
            "log_level": "warning",
        }
        for path in (PATH, "/activities")
    ]


def test_a_process_logs_at_most_a_hundred_surprises() -> None:
    watch = UpstreamInstrumentation()
    with capture_logs() as events:
        for number in range(150):
            watch.record_surprise(PATH, "wrong_type", f"field {number}")
    told = watch.metrics.exposition().decode()
    assert f'gateway_upstream_surprises_total{{path="{PATH}",what="wrong_type"}} 150.0' in told
    assert [each["field"] for each in events] == [f"field {number}" for number in range(100)]
