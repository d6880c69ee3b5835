"""What is counted, what it is counted by, and how several processes are scraped as one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway import metrics
from gateway.metrics import MEDIA_TYPE, Metrics
from gateway.tally import ERROR, OK, PARTIAL, Tally


def samples(made: Metrics) -> dict[str, float]:
    """All that is told, but for the process itself: values by name and labels."""
    return {
        line: float(value)
        for line, _, value in (
            line.rpartition(" ") for line in made.exposition().decode().splitlines()
        )
        if line.startswith("gateway_")
    }


def ran(made: Metrics, seconds: float = 0.02, **given: object) -> None:
    tally = Tally(**{"outcome": OK, **given})  # type: ignore[arg-type]
    made.operation(tally, seconds)


def test_operations_are_counted_by_name_outcome_and_plan():
    made = Metrics()
    ran(made, operation="Timeline", planned=True)
    ran(made, outcome=PARTIAL)
    ran(made, outcome=PARTIAL)
    found = samples(made)
    key = 'gateway_operations_total{operation="%s",outcome="%s",planned="%s"}'
    assert found[key % ("Timeline", OK, "true")] == 1
    assert found[key % ("other", PARTIAL, "false")] == 2


def test_how_long_operations_took_is_told_of_those_that_ran():
    """Refusals take no time, and would make everything look fast."""
    made = Metrics()
    ran(made, 0.02)
    refused = Tally()
    refused.refused("LIMIT_EXCEEDED")
    made.operation(refused, 0.0001)
    found = samples(made)
    assert found['gateway_operation_seconds_count{operation="other"}'] == 1
    assert found['gateway_operation_seconds_sum{operation="other"}'] == 0.02
    assert found['gateway_operation_seconds_bucket{le="0.01",operation="other"}'] == 0
    assert found['gateway_operation_seconds_bucket{le="0.025",operation="other"}'] == 1
    assert found['gateway_operation_errors_total{code="LIMIT_EXCEEDED",outcome="refused"}'] == 1


def test_an_error_is_counted_by_its_code_and_what_became_of_the_operation():
    made = Metrics()
    ran(made, outcome=ERROR, codes=("FORBIDDEN", "UPSTREAM_TIMEOUT"))
    found = samples(made)
    for code in ("FORBIDDEN", "UPSTREAM_TIMEOUT"):
        assert found[f'gateway_operation_errors_total{{code="{code}",outcome="error"}}'] == 1


def test_what_was_no_operation_is_not_counted():
    made, before = Metrics(), samples(Metrics())
    made.operation(Tally(), 1.0)
    assert samples(made) == before


def test_upstream_calls_are_counted_by_template_and_status_and_further_ones_apart():
    made = Metrics()
    made.called("/notes/{noteId}", "503", 0.2, again=False)
    made.called("/notes/{noteId}", "200", 0.1, again=True)
    made.failed("/notes/{noteId}", "UPSTREAM_UNAVAILABLE")
    made.read("/notes/{noteId}", "shared")
    found = samples(made)
    path = 'path="/notes/{noteId}"'
    for status in ("200", "503"):
        assert found[f'gateway_upstream_calls_total{{{path},status="{status}"}}'] == 1
    assert found[f"gateway_upstream_retries_total{{{path}}}"] == 1
    assert found[f"gateway_upstream_call_seconds_count{{{path}}}"] == 2
    assert found[f'gateway_upstream_failures_total{{code="UPSTREAM_UNAVAILABLE",{path}}}'] == 1
    assert found[f'gateway_upstream_reads_total{{outcome="shared",{path}}}'] == 1


def test_a_breaker_that_opens_and_closes_is_seen():
    made = Metrics()
    seen = [samples(made)["gateway_breaker_open"]]
    for is_closed in (False, True):
        made.breaker(is_closed=is_closed)
        seen.append(samples(made)["gateway_breaker_open"])
    assert seen == [0, 1, 0]


def test_what_may_never_happen_is_there_from_the_start():
    """A rate over a series that appears with its first event misses that event."""
    found = samples(Metrics())
    for by in ("breaker", "places"):
        assert found[f'gateway_upstream_refusals_total{{by="{by}"}}'] == 0


def test_prometheus_reads_all_of_it():
    made = Metrics()
    ran(made)
    made.called("/notes/{noteId}", "200", 0.1, again=True)
    families = {each.name for each in text_string_to_metric_families(made.exposition().decode())}
    assert "gateway_operations" in families
    assert "process_open_fds" in families
    assert MEDIA_TYPE.startswith("text/plain")


def test_two_gateways_of_one_process_count_apart():
    one, other = Metrics(), Metrics()
    ran(one)
    assert not [name for name in samples(other) if name.startswith("gateway_operations_total")]


COUNTING = """
import json, os, sys
from gateway.metrics import Metrics
from gateway.tally import Tally
made = Metrics()
made.operation(Tally(outcome="ok"), 0.02)
made.requests_in_flight.inc()
print(json.dumps({"pid": os.getpid(), "told": made.exposition().decode()}))
"""


@pytest.fixture
def shared() -> Iterator[Path]:
    with metrics.shared():
        yield Path(os.environ[metrics.SHARED])


def a_worker_counts() -> tuple[int, str]:
    """A process counts one operation, has one request under way, and is gone; its id, what it told."""
    written = subprocess.run(
        [sys.executable, "-c", COUNTING], capture_output=True, text=True, check=True
    )
    told = json.loads(written.stdout)
    return told["pid"], told["told"]


OPERATIONS = 'gateway_operations_total{operation="other",outcome="ok",planned="false"}'


def test_one_scrape_covers_all_workers(shared):
    made = Metrics()
    ran(made)
    a_worker_counts()
    _, told_by_another = a_worker_counts()
    assert samples(made)[OPERATIONS] == 3
    assert f"{OPERATIONS} 3.0" in told_by_another
    assert samples(made)['gateway_operation_seconds_count{operation="other"}'] == 3


def test_what_a_dead_worker_counted_stands_and_what_it_had_under_way_is_over(shared):
    made = Metrics()
    pid, _ = a_worker_counts()
    assert samples(made)["gateway_requests_in_flight"] == 1
    metrics.ended(pid)
    assert samples(made)["gateway_requests_in_flight"] == 0
    ran(made)
    assert samples(made)[OPERATIONS] == 2


FORKING = """
import os
from gateway.metrics import Metrics
from gateway.tally import Tally
made = Metrics()
made.operation(Tally(outcome="ok"), 0.02)
child = os.fork()
made.operation(Tally(outcome="ok"), 0.02)
if child:
    os.waitpid(child, 0)
    print(made.exposition().decode())
"""


def test_a_worker_that_is_forked_counts_for_itself(shared):
    """It has the metrics that its parent made, and its counts begin at nothing."""
    told = subprocess.run(
        [sys.executable, "-c", FORKING], capture_output=True, text=True, check=True
    ).stdout
    assert f"{OPERATIONS} 3.0" in told
    assert len({path.stem.rpartition("_")[2] for path in shared.iterdir()}) == 2


def test_nothing_is_left_of_workers_that_have_ended():
    with metrics.shared():
        folder = Path(os.environ[metrics.SHARED])
        ran(Metrics())
        assert list(folder.iterdir())
    assert not folder.exists()
    assert metrics.SHARED not in os.environ
    ran(Metrics())  # as ever, without a folder
