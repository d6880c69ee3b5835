"""Metrics: what is counted and timed, for Prometheus; one scrape covers all workers.

Nothing that a caller sends is a label: there are as many series as the gateway's own words allow,
and trusted documents have names.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Generic, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from gateway.tally import ERROR, OK, PARTIAL, Tally

_Metric = TypeVar("_Metric", Counter, Histogram)

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable by which prometheus_client knows the folder where processes share metrics."""

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The text that every version of Prometheus reads."""

OTHER = "other"
"""The name of every operation that is no trusted document's."""

BREAKER = "breaker"
PLACES = "places"

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_RAN = (OK, PARTIAL, ERROR)
_PLANNED = ("false", "true")

disable_created_metrics()  # one more series for each counter, of no use here


@contextmanager
def shared() -> Iterator[None]:
    """For what starts several workers: metrics made meanwhile, here or in a child, are of all of them."""
    with TemporaryDirectory(prefix="gateway-metrics-") as folder:
        os.environ[SHARED] = folder
        _heed_the_environment()
        try:
            yield
        finally:
            del os.environ[SHARED]
            _heed_the_environment()


def ended(worker: int) -> None:
    """A worker is no more, by its process id: what it had under way is over; what it counted stands."""
    mark_process_dead(worker)


def _heed_the_environment() -> None:
    # prometheus_client looks but once, when it is imported.
    values.ValueClass = values.get_value_class()


class _Labelled(dict[tuple[str, ...], _Metric], Generic[_Metric]):
    """A family's metrics by the values of their labels; prometheus_client is asked once for each."""

    def __init__(self, family: _Metric) -> None:
        super().__init__()
        self._family: _Metric = family

    def __missing__(self, labels: tuple[str, ...]) -> _Metric:
        metric: _Metric = self._family.labels(*labels)
        self[labels] = metric
        return metric


class Metrics:
    """Of one worker, unless it is made while metrics are `shared`.

    Attributes:
        requests_in_flight: HTTP requests that are being answered, probes excepted.
        calls_in_flight: Upstream calls that are under way.
    """

    def __init__(self) -> None:
        self._is_shared = SHARED in os.environ
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
        self.requests_in_flight = self._gauge(
            "requests_in_flight", "HTTP requests that are being answered, probes excepted."
        )
        self._reads = self._counter(
            "upstream_reads", "Reads that operations wanted.", "path", "outcome"
        )
        self._failures = self._counter(
            "upstream_failures", "Reads that failed, after the last attempt.", "path", "code"
        )
        self._refusals = self._counter(
            "upstream_refusals", "Attempts that were refused here, without a call.", "by"
        )
        self._calls = self._counter(
            "upstream_calls", "Calls of the upstream, further attempts included.", "path", "status"
        )
        self._call_seconds = self._histogram(
            "upstream_call_seconds", "How long calls of the upstream took.", "path"
        )
        self._retries = self._counter("upstream_retries", "Further attempts.", "path")
        self.calls_in_flight = self._gauge("upstream_calls_in_flight", "Calls under way.")
        self._breaker_open = self._gauge("breaker_open", "Workers whose breaker is open.")
        for by in (BREAKER, PLACES):
            self._refusals[by,].inc(0)

    def _counter(self, name: str, told: str, *labels: str) -> _Labelled[Counter]:
        return _Labelled(Counter(f"gateway_{name}", told, labels, registry=self._registry))

    def _histogram(self, name: str, told: str, *labels: str) -> _Labelled[Histogram]:
        return _Labelled(
            Histogram(f"gateway_{name}", told, labels, registry=self._registry, buckets=_SECONDS)
        )

    def _gauge(self, name: str, told: str) -> Gauge:
        name = f"gateway_{name}"
        return Gauge(name, told, registry=self._registry, multiprocess_mode="livesum")

    def operation(self, tally: Tally, seconds: float) -> None:
        """An operation has ended."""
        if (outcome := tally.outcome) is None:
            return
        name = tally.operation or OTHER
        self._operations[name, outcome, _PLANNED[tally.planned]].inc()
        if outcome in _RAN:
            self._operation_seconds[name,].observe(seconds)
        for code in tally.codes:
            self._operation_errors[code, outcome].inc()

    def read(self, path: str, outcome: str) -> None:
        """A read was wanted, of a path by its template; it was called, shared or kept."""
        self._reads[path, outcome].inc()

    def failed(self, path: str, code: str) -> None:
        """A read has failed for good."""
        self._failures[path, code].inc()

    def refused(self, by: str) -> None:
        """An attempt got no leave: `BREAKER`, or no place in time: `PLACES`."""
        self._refusals[by,].inc()

    def called(self, path: str, status: str, seconds: float, *, again: bool) -> None:
        """A call has ended. `again`: it was a further attempt."""
        self._calls[path, status].inc()
        self._call_seconds[path,].observe(seconds)
        if again:
            self._retries[path,].inc()

    def breaker(self, *, is_closed: bool) -> None:
        """What the breaker does now."""
        self._breaker_open.set(not is_closed)

    def exposition(self) -> bytes:
        """All of it, in `MEDIA_TYPE`."""
        registry = self._registry
        if self._is_shared:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)
        return generate_latest(registry)
