import pytest

from gateway.observability.request_stats import RequestStats


@pytest.mark.parametrize(
    ("has_data", "codes", "outcome"),
    [
        (False, [], "ok"),
        (True, ["NOT_FOUND"], "partial"),
        (False, ["UPSTREAM_TIMEOUT"], "error"),
    ],
)
def test_an_operation_without_any_data_is_an_error(has_data, codes, outcome):
    tally = RequestStats()
    tally.record_completion(codes, compiled=False, has_data=has_data)
    assert (tally.outcome, tally.codes) == (outcome, tuple(codes))


def test_a_code_is_told_once_however_many_fields_it_befell():
    tally = RequestStats()
    tally.record_completion(["NOT_FOUND", "FORBIDDEN", "NOT_FOUND"], compiled=False, has_data=True)
    assert tally.codes == ("FORBIDDEN", "NOT_FOUND")


def test_what_was_no_operation_has_no_facts():
    assert RequestStats(reads=3).log_fields == {}


def test_the_facts_of_an_operation_are_its_numbers_and_our_words():
    tally = RequestStats(reads=3, calls=2, retries=1)
    tally.record_completion([], compiled=True, has_data=True)
    assert tally.log_fields == {
        "outcome": "ok",
        "compiled": True,
        "reads": 3,
        "upstream_calls": 2,
        "retries": 1,
    }


def test_codes_a_trusted_name_and_a_trace_are_told_where_there_are_any():
    tally = RequestStats(operation="Timeline", trace_id="ab")
    tally.record_rejection("LIMIT_EXCEEDED")
    facts = tally.log_fields
    assert facts["outcome"] == "rejected"
    assert facts["codes"] == ("LIMIT_EXCEEDED",)
    assert (facts["operation"], facts["trace_id"]) == ("Timeline", "ab")


def test_a_mistake_of_ours_is_an_error():
    tally = RequestStats()
    tally.record_failure("INTERNAL_SERVER_ERROR")
    assert (tally.outcome, tally.codes) == ("error", ("INTERNAL_SERVER_ERROR",))


def test_a_caller_that_leaves_is_no_error():
    tally = RequestStats()
    tally.record_disconnect()
    assert (tally.outcome, tally.codes) == ("disconnected", ())


def test_whoever_asks_gets_the_same_tally_of_a_request():
    scope: dict[str, object] = {}
    assert RequestStats.from_scope(scope) is RequestStats.from_scope(scope)


def test_who_was_cut_off_has_not_left():
    tally = RequestStats()
    tally.record_abort("BAD_REQUEST", 408)
    tally.record_disconnect()
    assert (tally.outcome, tally.codes, tally.status) == ("rejected", ("BAD_REQUEST",), 408)


def test_who_has_left_was_not_cut_off():
    tally = RequestStats()
    tally.record_disconnect()
    assert (tally.outcome, tally.codes, tally.status) == ("disconnected", (), None)
