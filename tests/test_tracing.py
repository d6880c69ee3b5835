"""Where nobody follows; what is traced is in test_spans."""

from gateway.observability.request_stats import RequestStats
from gateway.observability.tracing import NoopTracing


def test_an_operation_that_nobody_follows_has_no_trace():
    tally = RequestStats()
    with NoopTracing().operation_span({"traceparent": "00-1-2-01"}, tally):
        tally.completed({}, [])
    assert tally.trace_id is None


def test_a_callers_own_trace_context_goes_to_the_upstream_as_it_came():
    tracing = NoopTracing()
    sent = (("traceparent", "00-1-2-01"), ("x-request-id", "one"))
    attempt = tracing.start_upstream_span("/notes/{noteId}", 1)
    assert attempt.inject(sent) is sent
    attempt.end(200, None)
    tracing.close()
