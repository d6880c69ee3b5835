"""Metrics, spans and log events of upstream calls, and of the circuit breaker."""

import time
from dataclasses import dataclass, field
from types import TracebackType

from gateway.config.headers import RawHeaders
from gateway.config.settings import env_name
from gateway.errors import INTERNAL_SERVER_ERROR
from gateway.observability.logging import log_info, log_warning
from gateway.observability.metrics import Metrics
from gateway.observability.tracing import Tracing, UpstreamSpan
from gateway.upstream.http.attempt import AttemptFailed
from gateway.upstream.http.circuit_breaker import CircuitState

NO_RESPONSE = "error"
CANCELLED = "cancelled"
INVALID_STATUS = "invalid"

_MAX_SURPRISE_EVENTS = 100
"""The most log events about contract deviations in a process."""


@dataclass(frozen=True, slots=True)
class UpstreamInstrumentation:
    """Records upstream calls, contract deviations and state changes of circuit breakers.

    Attributes:
        metrics: The metrics that count and time the calls.
        tracing: The source of the calls' spans.
    """

    metrics: Metrics = field(default_factory=Metrics)
    tracing: Tracing = field(default_factory=Tracing)
    _logged_once: set[tuple[str, ...]] = field(default_factory=set)
    _logged_surprises: set[tuple[str, str, str | None]] = field(default_factory=set)

    def record_surprise(self, path: str, what: str, field: str | None) -> None:
        """Count a deviation from the upstream's contract; log the first of each path, field and kind."""
        self.metrics.count_surprise(path, what)
        surprise = path, what, field
        if (
            surprise not in self._logged_surprises
            and len(self._logged_surprises) < _MAX_SURPRISE_EVENTS
        ):
            self._logged_surprises.add(surprise)
            log_warning("upstream.surprise", path=path, field=field, what=what)

    def record_unknown_company(self) -> None:
        """Log the first resource whose company neither the data nor the setting names."""
        setting = env_name("company_id")
        if self._is_first(setting):
            log_warning("company_unknown", setting=setting)

    def _is_first(self, *subject: str) -> bool:
        """Whether nothing was logged of a subject before; from now on, something was."""
        is_first = subject not in self._logged_once
        self._logged_once.add(subject)
        return is_first

    def instrument_call(self, path: str, number: int, headers: RawHeaders) -> "InstrumentedCall":
        """A context manager around one call.

        Args:
            path: The template of the call's path.
            number: The number of the attempt within its read, from 1.
            headers: The headers to send, before the trace context is set.
        """
        return InstrumentedCall(self, path, number, headers)

    def record_breaker_state(self, state: CircuitState) -> None:
        """Record that the circuit breaker of the whole upstream opened, half-opened or closed."""
        self.metrics.set_breaker(is_closed=state is CircuitState.CLOSED)
        _log_breaker_state(state, "all")

    def record_key_breaker_state(self, state: CircuitState, open_count: int) -> None:
        """Record that the circuit breaker of one fairness key opened or closed; `open_count` are open now."""
        self.metrics.credential_breakers_open.set(open_count)
        _log_breaker_state(state, "credential")


def _log_breaker_state(state: CircuitState, scope: str) -> None:
    (log_warning if state is CircuitState.OPEN else log_info)(
        "circuit_breaker.state_changed", state=state.value, scope=scope
    )


class InstrumentedCall:
    """A call that is counted, timed and traced within its `with` block, which yields the headers to send."""

    __slots__ = ("_headers", "_instrumentation", "_number", "_path", "_span", "_started_at")
    _span: UpstreamSpan
    _started_at: float

    def __init__(
        self, instrumentation: UpstreamInstrumentation, path: str, number: int, headers: RawHeaders
    ) -> None:
        self._instrumentation = instrumentation
        self._path = path
        self._number = number
        self._headers = headers

    def __enter__(self) -> RawHeaders:
        self._instrumentation.metrics.calls_in_flight.inc()
        self._span = self._instrumentation.tracing.start_upstream_span(self._path, self._number)
        self._started_at = time.perf_counter()
        return self._span.inject(self._headers)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        seconds = time.perf_counter() - self._started_at
        status, label, code = _call_result(error)
        self._instrumentation.metrics.calls_in_flight.dec()
        self._instrumentation.metrics.observe_call(
            self._path, label, seconds, is_retry=self._number > 1
        )
        self._span.end(status, code)


def _call_result(error: BaseException | None) -> tuple[int | None, str, str | None]:
    """The HTTP status of a call, its label value in the metrics, and the error code of a failed call."""
    match error:
        case None:  # a success, which has but one status
            return 200, "200", None
        case AttemptFailed(status=None):
            return None, NO_RESPONSE, error.error.code
        case AttemptFailed(status=int(status)):
            return status, str(status) if 100 <= status < 600 else INVALID_STATUS, error.error.code
        case Exception():
            return None, NO_RESPONSE, INTERNAL_SERVER_ERROR
    return None, CANCELLED, None
