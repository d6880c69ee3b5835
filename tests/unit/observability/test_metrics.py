"""What is counted, what it is counted by, and how several processes are scraped as one."""

import json
import os
import subprocess
import sys

import pytest
from prometheus_client.parser import text_string_to_metric_families

import gateway
from gateway.observability import metrics
from gateway.observability.metrics import MEDIA_TYPE, Metrics, SharedMetrics
from gateway.observability.request_stats import ERROR, OK, PARTIAL, RequestStats


def read(told: str) -> dict[str, float]:
    """What is told of the gateway, but not of the process: values by name and labels."""
    lines = [line.rpartition(" ") for line in told.splitlines() if line.startswith("gateway_")]
    return {series: float(value) for series, _, value in lines}


def samples(made: Metrics) -> dict[str, float]:
    return read(made.exposition().decode())


def ran(made: Metrics, seconds: float = 0.02, **given: object) -> None:
    tally = RequestStats(**{"outcome": OK, **given})  # type: ignore[arg-type]
    made.observe_operation(tally, seconds)


def test_operations_are_counted_by_name_outcome_and_plan():
    made = Metrics()
    ran(made, operation="Timeline", compiled=True)
    ran(made, outcome=PARTIAL)
    ran(made, outcome=PARTIAL)
    found = samples(made)
    key = 'gateway_operations_total{compiled="%s",operation="%s",outcome="%s"}'
    assert found[key % ("true", "Timeline", OK)] == 1
    assert found[key % ("false", "other", PARTIAL)] == 2


def test_how_long_operations_took_is_told_of_those_that_ran():
    """Refusals take no time, and would make everything look fast."""
    made = Metrics()
    ran(made, 0.02)
    refused = RequestStats()
    refused.record_rejection("LIMIT_EXCEEDED")
    made.observe_operation(refused, 0.0001)
    found = samples(made)
    assert found['gateway_operation_duration_seconds_count{operation="other"}'] == 1
    assert found['gateway_operation_duration_seconds_sum{operation="other"}'] == 0.02
    assert found['gateway_operation_duration_seconds_bucket{le="0.01",operation="other"}'] == 0
    assert found['gateway_operation_duration_seconds_bucket{le="0.025",operation="other"}'] == 1
    assert found['gateway_operation_errors_total{code="LIMIT_EXCEEDED",outcome="rejected"}'] == 1


def test_an_error_is_counted_by_its_code_and_what_became_of_the_operation():
    made = Metrics()
    ran(made, outcome=ERROR, codes=("FORBIDDEN", "UPSTREAM_TIMEOUT"))
    found = samples(made)
    for code in ("FORBIDDEN", "UPSTREAM_TIMEOUT"):
        assert found[f'gateway_operation_errors_total{{code="{code}",outcome="error"}}'] == 1


def test_what_was_no_operation_is_not_counted():
    made, before = Metrics(), samples(Metrics())
    made.observe_operation(RequestStats(), 1.0)
    assert samples(made) == before


def test_upstream_calls_are_counted_by_template_and_status_and_further_ones_apart():
    made = Metrics()
    made.observe_call("/notes/{noteId}", "503", 0.2, is_retry=False)
    made.observe_call("/notes/{noteId}", "200", 0.1, is_retry=True)
    made.count_read_failure("/notes/{noteId}", "UPSTREAM_UNAVAILABLE")
    made.count_read("/notes/{noteId}", "coalesced")
    found = samples(made)
    path = 'path="/notes/{noteId}"'
    for status in ("200", "503"):
        assert found[f'gateway_upstream_calls_total{{{path},status="{status}"}}'] == 1
    assert found[f"gateway_upstream_retries_total{{{path}}}"] == 1
    assert found[f"gateway_upstream_call_duration_seconds_count{{{path}}}"] == 2
    assert found[f'gateway_upstream_failures_total{{code="UPSTREAM_UNAVAILABLE",{path}}}'] == 1
    assert found[f'gateway_upstream_reads_total{{cache_status="coalesced",{path}}}'] == 1


def test_a_breaker_that_opens_and_closes_is_seen():
    made = Metrics()
    seen = [samples(made)["gateway_circuit_breaker_open"]]
    for is_closed in (False, True):
        made.set_breaker(is_closed=is_closed)
        seen.append(samples(made)["gateway_circuit_breaker_open"])
    assert seen == [0, 1, 0]


def test_what_may_never_happen_is_there_from_the_start():
    """A rate over a series that appears with its first event misses that event."""
    found = samples(Metrics())
    for reason in ("circuit_open", "concurrency_limit", "memory_budget"):
        assert found[f'gateway_upstream_rejections_total{{reason="{reason}"}}'] == 0
    assert found["gateway_log_events_dropped_total"] == 0


def test_the_version_is_a_label_of_one_series():
    version = f'gateway_build_info{{version="{gateway.__version__}"}}'
    assert samples(Metrics())[version] == 1
    with metrics.share_metrics() as shared:
        for _ in range(2):
            _, found = worker(shared)
    assert [each for each in found if each.startswith("gateway_build_info")] == [version]
    assert found[version] == 1


def test_prometheus_reads_all_of_it():
    made = Metrics()
    ran(made)
    made.observe_call("/notes/{noteId}", "200", 0.1, is_retry=True)
    families = {each.name for each in text_string_to_metric_families(made.exposition().decode())}
    assert "gateway_operations" in families
    assert "process_open_fds" in families
    assert MEDIA_TYPE.startswith("text/plain")


def test_two_gateways_of_one_process_count_apart():
    one, other = Metrics(), Metrics()
    ran(one)
    assert not [name for name in samples(other) if name.startswith("gateway_operations_total")]


WORKING = """
import json, os
from gateway.observability.metrics import Metrics
from gateway.observability.request_stats import RequestStats
made = Metrics()
made.observe_operation(RequestStats(outcome="ok"), 0.02)
made.requests_in_flight.inc()
print(json.dumps([os.getpid(), made.exposition().decode()]))
"""
OPERATIONS = 'gateway_operations_total{compiled="false",operation="other",outcome="ok"}'


def worker(shared: SharedMetrics) -> tuple[int, dict[str, float]]:
    """A process counts an operation, has a request under way, is scraped, and is gone; its id, its series."""
    written = subprocess.run(
        [sys.executable, "-c", WORKING],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | shared.environment,
    )
    pid, told = json.loads(written.stdout)
    return pid, read(told)


@pytest.mark.slow
def test_one_scrape_covers_all_workers():
    with metrics.share_metrics() as shared:
        found = [worker(shared)[1] for _ in range(3)]
    assert [each[OPERATIONS] for each in found] == [1, 2, 3]
    assert found[-1]['gateway_operation_duration_seconds_count{operation="other"}'] == 3
    assert found[-1]["gateway_requests_in_flight"] == 3


def test_what_a_dead_worker_counted_stands_and_what_it_had_under_way_is_over():
    with metrics.share_metrics() as shared:
        pid, _ = worker(shared)
        shared.mark_worker_dead(pid)
        _, found = worker(shared)
    assert found["gateway_requests_in_flight"] == 1
    assert found[OPERATIONS] == 2


def test_nothing_is_left_of_workers_that_have_ended():
    with metrics.share_metrics() as shared:
        worker(shared)
        assert shared.folder is not None
        assert list(shared.folder.iterdir())
    assert not shared.folder.exists()


@pytest.mark.slow
def test_where_nothing_can_be_shared_each_worker_tells_what_it_counted_itself():
    shared = SharedMetrics(None)
    found = [worker(shared) for _ in range(2)]
    assert [told[OPERATIONS] for _, told in found] == [1, 1]
    shared.mark_worker_dead(found[0][0])
