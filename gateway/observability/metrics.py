"""Metrics: what is counted and timed, for Prometheus; one scrape covers all workers.

Nothing that a caller sends is a label: there are as many series as the gateway's own words allow,
and trusted documents and caller keys have names.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from gateway.observability import metrics_folder
from gateway.observability.request_stats import ERROR, OK, PARTIAL, RequestStats

_Metric = TypeVar("_Metric", Counter, Histogram)

_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""By this variable of the environment prometheus_client knows where processes share metrics."""

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The text that every version of Prometheus reads."""

OTHER = "other"
"""The name of every operation that is no trusted document's."""

CIRCUIT_OPEN = "breaker"
CONCURRENCY_LIMIT = "places"
MEMORY_BUDGET = "memory_budget"

_DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_EXECUTED_OUTCOMES = (OK, PARTIAL, ERROR)
_COMPILED_LABELS = ("false", "true")

disable_created_metrics()  # one more series for each counter, of no use here


class SharedMetrics(NamedTuple):
    """What workers share, as their parent knows it.

    Attributes:
        folder: Where their metrics are; None where no folder can be written, and each has its own alone.
    """

    folder: Path | None

    @property
    def environment(self) -> Mapping[str, str]:
        """What a worker has to find in its environment when it starts."""
        return {} if self.folder is None else {_FOLDER_VARIABLE: str(self.folder)}

    def mark_worker_dead(self, pid: int) -> None:
        """A worker is no more, by its process id: nothing is under way there; what it counted stands."""
        if self.folder is not None:
            mark_process_dead(pid, str(self.folder))


@contextmanager
def share_metrics() -> Iterator[SharedMetrics]:
    """For a parent of workers: one scrape, of any of them, covers all. Nothing is left at the end."""
    with metrics_folder.create(metrics_folder.candidate_parents()) as folder:
        yield SharedMetrics(folder)


def join_shared_metrics() -> AbstractContextManager[None]:
    """For a worker: what it shares with others stays while it runs, and goes with the last of them."""
    folder = os.environ.get(_FOLDER_VARIABLE)
    return nullcontext() if folder is None else metrics_folder.join(Path(folder))


class _MetricByLabels(dict[tuple[str, ...], _Metric], Generic[_Metric]):
    """A family's metrics by the values of their labels; prometheus_client is asked once for each."""

    def __init__(self, family: _Metric) -> None:
        super().__init__()
        self._family: _Metric = family

    def __missing__(self, labels: tuple[str, ...]) -> _Metric:
        metric: _Metric = self._family.labels(*labels)
        self[labels] = metric
        return metric


class Metrics:
    """Of one process, and where it is a worker of several, of all of them.

    Attributes:
        requests_in_flight: HTTP requests that are being answered, probes excepted.
        calls_in_flight: Upstream calls that are under way.
        credential_breakers_open: Credentials whose own breaker is not closed.
        log_events_dropped: Events that the log does not have.
    """

    def __init__(self) -> None:
        self._is_shared = _FOLDER_VARIABLE in os.environ
        self._registry = CollectorRegistry()
        if not self._is_shared:
            ProcessCollector(registry=self._registry)
        self._operations = self._counter(
            "operations", "Operations.", "operation", "outcome", "planned"
        )
        self._operation_seconds = self._histogram(
            "operation_seconds", "How long operations that ran took.", "operation"
        )
        self._operation_errors = self._counter(
            "operation_errors", "Operations with an error of this code.", "code", "outcome"
        )
        self._caller_operations = self._counter(
            "caller_operations",
            "Operations of callers with a key, by its name.",
            "caller",
            "outcome",
        )
        self.requests_in_flight = self._gauge(
            "requests_in_flight", "HTTP requests that are being answered, probes excepted."
        )
        self._reads = self._counter(
            "upstream_reads", "Reads that operations wanted.", "path", "outcome"
        )
        self._read_failures = self._counter(
            "upstream_failures", "Reads that failed, after the last attempt.", "path", "code"
        )
        self._rejections = self._counter(
            "upstream_refusals", "Attempts that this gateway refused or gave up itself.", "by"
        )
        self._calls = self._counter(
            "upstream_calls", "Calls of the upstream, further attempts included.", "path", "status"
        )
        self._call_seconds = self._histogram(
            "upstream_call_seconds", "How long calls of the upstream took.", "path"
        )
        self._retries = self._counter("upstream_retries", "Further attempts.", "path")
        self._surprises = self._counter(
            "upstream_surprises",
            "What was sent otherwise than the contract says, and read all the same.",
            "path",
            "what",
        )
        self.calls_in_flight = self._gauge("upstream_calls_in_flight", "Calls under way.")
        self._breaker_open = self._gauge(
            "breaker_open", "Workers whose breaker for all is not closed."
        )
        self.credential_breakers_open = self._gauge(
            "credential_breakers_open", "Credentials whose own breaker is not closed."
        )
        self.log_events_dropped = Counter(
            "gateway_log_events_dropped",
            "Events that could not be written to the log.",
            registry=self._registry,
        )
        for reason in (CIRCUIT_OPEN, CONCURRENCY_LIMIT, MEMORY_BUDGET):
            self._rejections[reason,].inc(0)

    def _counter(self, name: str, documentation: str, *labels: str) -> _MetricByLabels[Counter]:
        return _MetricByLabels(
            Counter(f"gateway_{name}", documentation, labels, registry=self._registry)
        )

    def _histogram(self, name: str, documentation: str, *labels: str) -> _MetricByLabels[Histogram]:
        return _MetricByLabels(
            Histogram(
                f"gateway_{name}",
                documentation,
                labels,
                registry=self._registry,
                buckets=_DURATION_BUCKETS,
            )
        )

    def _gauge(self, name: str, documentation: str) -> Gauge:
        name = f"gateway_{name}"
        return Gauge(name, documentation, registry=self._registry, multiprocess_mode="livesum")

    def observe_operation(self, stats: RequestStats, seconds: float) -> None:
        """An operation has ended."""
        if (outcome := stats.outcome) is None:
            return
        name = stats.operation or OTHER
        self._operations[name, outcome, _COMPILED_LABELS[stats.compiled]].inc()
        if outcome in _EXECUTED_OUTCOMES:
            self._operation_seconds[name,].observe(seconds)
        if stats.caller is not None:
            self._caller_operations[stats.caller, outcome].inc()
        for code in stats.codes:
            self._operation_errors[code, outcome].inc()

    def count_read(self, path: str, outcome: str) -> None:
        """A read was wanted, of a path by its template; it was called, shared or kept."""
        self._reads[path, outcome].inc()

    def count_read_failure(self, path: str, code: str) -> None:
        """A read has failed for good."""
        self._read_failures[path, code].inc()

    def count_rejection(self, reason: str) -> None:
        """An attempt got no leave: `CIRCUIT_OPEN`, no place in time: `CONCURRENCY_LIMIT`, or no room: `MEMORY_BUDGET`."""
        self._rejections[reason,].inc()

    def observe_call(self, path: str, status: str, seconds: float, *, is_retry: bool) -> None:
        """A call has ended. `is_retry`: it was a further attempt."""
        self._calls[path, status].inc()
        self._call_seconds[path,].observe(seconds)
        if is_retry:
            self._retries[path,].inc()

    def count_surprise(self, path: str, what: str) -> None:
        """Something was read, of a path by its template, that is otherwise than the contract says."""
        self._surprises[path, what].inc()

    def set_breaker(self, *, is_closed: bool) -> None:
        """What the breaker does from now on."""
        self._breaker_open.set(not is_closed)

    def exposition(self) -> bytes:
        """All of it, in `MEDIA_TYPE`."""
        registry = self._registry
        if self._is_shared:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)
        return generate_latest(registry)
