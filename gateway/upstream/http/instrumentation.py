"""Watch: what operators see of upstream calls, each counted, timed and traced, and of the breaker."""

import time
from dataclasses import dataclass, field
from types import TracebackType

from gateway.errors import BUG
from gateway.observability.logging import event, warning
from gateway.observability.metrics import Metrics
from gateway.observability.tracing import Attempt, Headers, Tracing, Untraced
from gateway.upstream.http.attempt import Failed
from gateway.upstream.http.circuit_breaker import State

NO_ANSWER = "none"
CANCELLED = "cancelled"
ODD = "odd"


@dataclass(frozen=True, slots=True)
class Watch:
    """Where upstream calls are told."""

    metrics: Metrics = field(default_factory=Metrics)
    tracing: Tracing = field(default_factory=Untraced)
    _surprises: set[tuple[str, str]] = field(default_factory=set)

    def surprise(self, path: str, what: str) -> None:
        """Something was read otherwise than the contract says: counted each time, logged the first."""
        self.metrics.surprised(path, what)
        if (path, what) not in self._surprises:
            self._surprises.add((path, what))
            warning("upstream.surprise", path=path, what=what)

    def call(self, path: str, number: int, headers: Headers) -> "Watched":
        """Around one call: the template of its path, its number in a read, and what to send along."""
        return Watched(self, path, number, headers)

    def breaker(self, state: State) -> None:
        """The breaker for all opened, lets a trial through, or closed."""
        self.metrics.breaker(is_closed=state is State.CLOSED)
        _tell_breaker(state, "all")

    def credential_breakers(self, state: State, open_: int) -> None:
        """The breaker of one credential opened or closed; how many are open now."""
        self.metrics.credential_breakers_open.set(open_)
        _tell_breaker(state, "credential")


def _tell_breaker(state: State, scope: str) -> None:
    (warning if state is State.OPEN else event)("breaker", state=state.value, scope=scope)


class Watched:
    """One call; entering it gives the headers to send."""

    __slots__ = ("_attempt", "_headers", "_number", "_path", "_started", "_watch")
    _attempt: Attempt
    _started: float

    def __init__(self, watch: Watch, path: str, number: int, headers: Headers) -> None:
        self._watch = watch
        self._path = path
        self._number = number
        self._headers = headers

    def __enter__(self) -> Headers:
        self._watch.metrics.calls_in_flight.inc()
        self._attempt = self._watch.tracing.attempt(self._path, self._number)
        self._started = time.perf_counter()
        return self._attempt.headers(self._headers)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        seconds = time.perf_counter() - self._started
        status, label, code = _ended(error)
        self._watch.metrics.calls_in_flight.dec()
        self._watch.metrics.called(self._path, label, seconds, again=self._number > 1)
        self._attempt.end(status, code)


def _ended(error: BaseException | None) -> tuple[int | None, str, str | None]:
    """How a call ended: its HTTP status, what that is called in the metrics, and the code of a failure."""
    match error:
        case None:  # a success, which has but one status
            return 200, "200", None
        case Failed(status=None):
            return None, NO_ANSWER, error.error.code
        case Failed(status=int(status)):
            return status, str(status) if 100 <= status < 600 else ODD, error.error.code
        case Exception():
            return None, NO_ANSWER, BUG
    return None, CANCELLED, None
