"""Where no traces are exported; what is traced is in test_otel."""

from gateway.observability.request_stats import RequestStats
from gateway.observability.tracing import Tracing

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SCOPE = {"type": "http", "method": "POST", "headers": [(b"traceparent", PARENT.encode())]}


def test_an_operation_that_nobody_follows_has_no_trace():
    tally = RequestStats()
    with Tracing().operation_span(SCOPE, tally):
        tally.record_completion([], compiled=False, has_data=True)
    assert tally.trace_id is None


def test_a_callers_own_trace_context_goes_to_the_upstream_as_it_came():
    tracing = Tracing()
    sent = ((b"traceparent", PARENT.encode()), (b"x-request-id", b"one"))
    with tracing.operation_span(SCOPE, RequestStats()):
        attempt = tracing.start_upstream_span("/notes/{noteId}", 1)
    assert attempt.inject(sent) is sent
    attempt.end(200, None)
    tracing.close()
