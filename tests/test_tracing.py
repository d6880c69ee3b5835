"""Where nobody follows; what is traced is in test_spans."""

from gateway.observability.request_stats import Tally
from gateway.observability.tracing import Untraced


def test_an_operation_that_nobody_follows_has_no_trace():
    tally = Tally()
    with Untraced().operation({"traceparent": "00-1-2-01"}, tally):
        tally.answered({}, [])
    assert tally.trace_id is None


def test_a_callers_own_trace_context_goes_to_the_upstream_as_it_came():
    tracing = Untraced()
    sent = (("traceparent", "00-1-2-01"), ("x-request-id", "one"))
    attempt = tracing.attempt("/notes/{noteId}", 1)
    assert attempt.headers(sent) is sent
    attempt.end(200, None)
    tracing.close()
