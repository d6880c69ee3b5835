"""Prometheus metrics of operations, upstream reads and upstream calls; one scrape covers all workers.

Nothing that a caller sends is a label value, so the number of series is bounded: labels hold the gateway's own
codes and path templates, names of trusted documents, of caller keys, and of the client applications in the settings.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Generic, Literal, NamedTuple, TypeVar, get_args

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

from gateway import __version__
from gateway.observability import metrics_folder
from gateway.observability.client_application import ClientApplication
from gateway.observability.request_stats import ERROR, OK, PARTIAL, RequestStats

_Metric = TypeVar("_Metric", Counter, Histogram)

_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable by which prometheus_client finds the folder that processes share."""

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The text format that every version of Prometheus reads."""

OTHER = "other"
"""The label value for every operation that is not a trusted document's, and for every client application that is
not in the settings."""

NONE = "none"
"""The label value for operations whose client application does not name itself."""

ReloadOutcome = Literal["changed", "unchanged", "failed"]
"""The outcome of a reload of files: whether what they have differs from what was in use, or is unusable."""

CIRCUIT_OPEN = "circuit_open"
CONCURRENCY_LIMIT = "concurrency_limit"
MEMORY_BUDGET = "memory_budget"

_DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_EXECUTED_OUTCOMES = (OK, PARTIAL, ERROR)
_COMPILED_LABELS = ("false", "true")

disable_created_metrics()  # a further series for each counter, without use here


class SharedMetrics(NamedTuple):
    """The supervisor's handle on the metrics directory shared by its workers.

    Attributes:
        folder: The path of the folder; None where no folder can be written, so that each worker exposes
            its own metrics alone.
    """

    folder: Path | None

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment variables that a worker needs when it starts."""
        return {} if self.folder is None else {_FOLDER_VARIABLE: str(self.folder)}

    def exposition(self) -> bytes | None:
        """The metrics of all workers in Prometheus's text format, `MEDIA_TYPE`; None without a folder."""
        return None if self.folder is None else _shared_exposition(str(self.folder))

    def mark_worker_dead(self, pid: int) -> None:
        """Drop the gauges of a worker that has ended, by its process id; its counters stay."""
        if self.folder is not None:
            mark_process_dead(pid, str(self.folder))


@contextmanager
def share_metrics() -> Iterator[SharedMetrics]:
    """A shared folder for a parent's workers, so that a scrape of any worker covers all; removed at the end."""
    with metrics_folder.create(metrics_folder.candidate_parents()) as folder:
        yield SharedMetrics(folder)


def join_shared_metrics() -> AbstractContextManager[None]:
    """Keep the shared folder while this worker runs; the last worker to end removes the folder."""
    folder = os.environ.get(_FOLDER_VARIABLE)
    return nullcontext() if folder is None else metrics_folder.join(Path(folder))


class _MetricByLabels(dict[tuple[str, ...], _Metric], Generic[_Metric]):
    """A cache of a family's metrics by label values, which saves prometheus_client's lookup per event."""

    def __init__(self, family: _Metric) -> None:
        super().__init__()
        self._family: _Metric = family

    def __missing__(self, labels: tuple[str, ...]) -> _Metric:
        metric: _Metric = self._family.labels(*labels)
        self[labels] = metric
        return metric


class Metrics:
    """The metrics of one process; of all workers, where the process is one of several.

    Attributes:
        requests_in_flight: HTTP requests that are being answered, probes excepted.
        calls_in_flight: Upstream calls that are under way.
        credential_breakers_open: Credentials whose own circuit breaker is not closed.
        log_events_dropped: Events that are missing in the log.
        trusted_documents: Trusted documents, by their ids.
    """

    def __init__(self, client_applications: Collection[str] = ()) -> None:
        """Create the metrics; `client_applications` have a label value each, and none are counted without any."""
        self._client_applications = frozenset(client_applications)
        self._is_shared = _FOLDER_VARIABLE in os.environ
        self._registry = CollectorRegistry()
        if not self._is_shared:
            ProcessCollector(registry=self._registry)
        self._operations = self._counter(
            "operations", "Operations.", "operation", "outcome", "compiled"
        )
        self._operation_duration = self._histogram(
            "operation_duration_seconds", "Duration of executed operations.", "operation"
        )
        self._operation_errors = self._counter(
            "operation_errors",
            "Operations whose response has an error of this code.",
            "code",
            "outcome",
        )
        self._caller_operations = self._counter(
            "caller_operations",
            "Operations of callers with a key, by the name of the key.",
            "caller",
            "outcome",
        )
        self._application_operations = self._counter(
            "client_application_operations",
            "Operations by client application, where the settings name any.",
            "client_application",
            "outcome",
        )
        self.requests_in_flight = self._gauge(
            "requests_in_flight", "HTTP requests that are being answered, probes excepted."
        )
        self._reads = self._counter(
            "upstream_reads", "Upstream reads of operations.", "path", "cache_status"
        )
        self._read_failures = self._counter(
            "upstream_failures",
            "Upstream reads that failed after the last attempt.",
            "path",
            "code",
        )
        self._rejections = self._counter(
            "upstream_rejections",
            "Attempts that the gateway itself rejected, or aborted by the memory budget.",
            "reason",
        )
        self._calls = self._counter(
            "upstream_calls", "Upstream calls, retries included.", "path", "status"
        )
        self._call_duration = self._histogram(
            "upstream_call_duration_seconds", "Duration of upstream calls.", "path"
        )
        self._retries = self._counter(
            "upstream_retries", "Upstream calls that were retries.", "path"
        )
        self._surprises = self._counter(
            "upstream_surprises",
            "Deviations of the upstream from its contract.",
            "path",
            "what",
        )
        self.calls_in_flight = self._gauge("upstream_calls_in_flight", "Upstream calls under way.")
        self._breaker_open = self._gauge(
            "circuit_breaker_open",
            "Workers whose circuit breaker for all credentials is not closed.",
        )
        self.credential_breakers_open = self._gauge(
            "credential_circuit_breakers_open",
            "Credentials whose own circuit breaker is not closed.",
        )
        self.log_events_dropped = Counter(
            "gateway_log_events_dropped",
            "Events that could not be written to the log.",
            registry=self._registry,
        )
        # All workers have the same documents, except for a moment: their sum would mean nothing.
        self.trusted_documents = Gauge(
            "gateway_trusted_documents",
            "Trusted documents, by their ids; of several workers, the most that one has.",
            registry=self._registry,
            multiprocess_mode="livemax",
        )
        self._reloads = self._counter(
            "trusted_documents_reloads",
            "Reloads of the trusted documents, by each worker.",
            "outcome",
        )
        for outcome in get_args(ReloadOutcome):
            self._reloads[outcome,].inc(0)
        Gauge(
            "gateway_build_info",
            "The version of the gateway; the value is always 1.",
            ["version"],
            registry=self._registry,
            multiprocess_mode="livemax",  # prometheus_client's Info does not work with several processes
        ).labels(__version__).set(1)
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
        """Record an operation that has ended; nothing for a request without an operation."""
        if (outcome := stats.outcome) is None:
            return
        name = stats.operation or OTHER
        self._operations[name, outcome, _COMPILED_LABELS[stats.compiled]].inc()
        if outcome in _EXECUTED_OUTCOMES:
            self._operation_duration[name,].observe(seconds)
        if stats.caller is not None:
            self._caller_operations[stats.caller, outcome].inc()
        if self._client_applications:
            application = self._application_label(stats.client_application)
            self._application_operations[application, outcome].inc()
        for code in stats.codes:
            self._operation_errors[code, outcome].inc()

    def _application_label(self, application: ClientApplication | None) -> str:
        if application is None:
            return NONE
        return application.name if application.name in self._client_applications else OTHER

    def count_read(self, path: str, cache_status: str) -> None:
        """Count a read, by the template of its path and its cache status."""
        self._reads[path, cache_status].inc()

    def count_read_failure(self, path: str, code: str) -> None:
        """Count a read that failed after its last attempt, by its error code."""
        self._read_failures[path, code].inc()

    def count_rejection(self, reason: str) -> None:
        """Count an attempt that the gateway rejected, or aborted by the memory budget.

        Args:
            reason: `CIRCUIT_OPEN`: the circuit breaker was open. `CONCURRENCY_LIMIT`: the bulkhead had no
                free slot in time. `MEMORY_BUDGET`: the response would have exceeded the memory budget.
        """
        self._rejections[reason,].inc()

    def observe_call(self, path: str, status: str, seconds: float, *, is_retry: bool) -> None:
        """Record an upstream call that has ended. `is_retry`: it was a further attempt of its read."""
        self._calls[path, status].inc()
        self._call_duration[path,].observe(seconds)
        if is_retry:
            self._retries[path,].inc()

    def count_surprise(self, path: str, what: str) -> None:
        """Count a deviation from the upstream's contract, by the template of the path and the kind."""
        self._surprises[path, what].inc()

    def count_reload(self, outcome: ReloadOutcome) -> None:
        """Count a reload of the trusted documents."""
        self._reloads[outcome,].inc()

    def set_breaker(self, *, is_closed: bool) -> None:
        """Set the state of the circuit breaker for all credentials."""
        self._breaker_open.set(not is_closed)

    def exposition(self) -> bytes:
        """All metrics in Prometheus's text format, `MEDIA_TYPE`."""
        return _shared_exposition() if self._is_shared else generate_latest(self._registry)


def _shared_exposition(folder: str | None = None) -> bytes:
    """The metrics in a folder that processes share; by default in the one that this process writes to."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)
    return generate_latest(registry)
