"""Circuit breaker: while reads fail, only single trials reach the upstream; other reads are refused at once.

purgatory and aiobreaker count failures in a row: one success in a hundred would keep them closed.
"""

from collections import deque
from collections.abc import Callable
from enum import Enum
from math import ceil

WINDOW_SECONDS = 10.0
"""How long an outcome counts."""

MIN_OUTCOMES = 10
"""How many outcomes are needed to open a circuit: fewer say nothing."""

_MAX_OUTCOMES = 40


class CircuitState(Enum):
    """State of a circuit: closed admits every attempt, open none, half-open one trial."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


StateListener = Callable[[CircuitState], None]
"""Called with the new state of a circuit; `Circuit.on_state_change` says when."""


class CircuitOpen(Exception):
    """The circuit is open: the attempt is refused without a call.

    Attributes:
        retry_after: Whole seconds until the next trial.
    """

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after


class Circuit:
    """Closed or open circuit; while open, one trial is admitted in each `reset_seconds`.

    Pure: the clock is injected.

    Attributes:
        on_state_change: Called when the circuit opens, when a trial is admitted (half-open), and when the
            circuit closes. Not called after a failed trial: the circuit stays open.
    """

    def __init__(
        self, clock: Callable[[], float], *, reset_seconds: float, on_state_change: StateListener
    ) -> None:
        self._clock = clock
        self._reset_seconds = reset_seconds
        self.on_state_change = on_state_change
        self._next_trial_at: float | None = None

    @property
    def is_closed(self) -> bool:
        return self._next_trial_at is None

    @property
    def state(self) -> CircuitState:
        if self._next_trial_at is None:
            return CircuitState.CLOSED
        return CircuitState.OPEN if self._clock() < self._next_trial_at else CircuitState.HALF_OPEN

    def raise_if_open(self, *, later_seconds: float = 0.0) -> None:
        """Check that an attempt would be admitted now, or `later_seconds` later than others.

        Raises:
            CircuitOpen: The attempt would be refused.
        """
        if self._next_trial_at is None:
            return
        remaining_seconds = self._next_trial_at + later_seconds - self._clock()
        if remaining_seconds > 0:
            raise CircuitOpen(ceil(remaining_seconds))

    def admit(self) -> bool:
        """Admit an attempt that `raise_if_open` has checked, and return whether it is a trial."""
        if self._next_trial_at is None:
            return False
        self._next_trial_at = self._clock() + self._reset_seconds
        self.on_state_change(CircuitState.HALF_OPEN)
        return True

    def open(self) -> None:
        self._next_trial_at = self._clock() + self._reset_seconds
        self.on_state_change(CircuitState.OPEN)

    def close(self) -> None:
        self._next_trial_at = None
        self.on_state_change(CircuitState.CLOSED)


class OutcomeWindow:
    """Sliding window of the latest outcomes, bounded in time and number, with a running count of failures."""

    def __init__(self) -> None:
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._failure_count = 0

    def add(self, at: float, *, succeeded: bool) -> None:
        self._outcomes.append((at, succeeded))
        self._failure_count += not succeeded
        if len(self._outcomes) > _MAX_OUTCOMES:
            self._drop_oldest()

    def count_since(self, at: float) -> tuple[int, int]:
        """The number of outcomes since `at`, and of failures among them; older outcomes are dropped."""
        while self._outcomes and self._outcomes[0][0] < at:
            self._drop_oldest()
        return len(self._outcomes), self._failure_count

    def is_failing(self, at: float) -> bool:
        """Whether at least half of the outcomes since `at` are failures, if there are enough outcomes."""
        count, failures = self.count_since(at)
        return count >= MIN_OUTCOMES and failures * 2 >= count

    def clear(self) -> None:
        self._outcomes.clear()
        self._failure_count = 0

    def _drop_oldest(self) -> None:
        _, succeeded = self._outcomes.popleft()
        self._failure_count -= not succeeded


class CircuitBreaker(Circuit):
    """Circuit breaker of one fairness key: opens when at least half of the latest outcomes are failures.

    Attributes:
        outcomes: The latest outcomes, including the failed trials since the circuit opened.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        reset_seconds: float,
        on_state_change: StateListener = lambda _: None,
    ) -> None:
        super().__init__(clock, reset_seconds=reset_seconds, on_state_change=on_state_change)
        self.outcomes = OutcomeWindow()

    def acquire(self) -> "CircuitPermit":
        """Begin an attempt.

        Raises:
            CircuitOpen: The attempt is refused.
        """
        self.raise_if_open()
        return CircuitPermit(self, is_trial=self.admit())

    def record(self, *, succeeded: bool, is_trial: bool) -> None:
        """Record the outcome of an attempt. In an open circuit, only the outcomes of trials count."""
        now = self._clock()
        if self.is_closed:
            self.outcomes.add(now, succeeded=succeeded)
            if not succeeded and self.outcomes.is_failing(now - WINDOW_SECONDS):
                self.open()
        elif is_trial and succeeded:
            self.outcomes.clear()
            self.close()
        elif is_trial:
            self.outcomes.add(now, succeeded=False)


class CircuitPermit:
    """Permit of a circuit breaker for one attempt. An attempt that is cancelled records no outcome."""

    __slots__ = ("_breaker", "_is_trial")

    def __init__(self, breaker: CircuitBreaker, *, is_trial: bool) -> None:
        self._breaker = breaker
        self._is_trial = is_trial

    def record_success(self) -> None:
        """Record that the upstream responded, whatever the response."""
        self._breaker.record(succeeded=True, is_trial=self._is_trial)

    def record_failure(self) -> None:
        """Record that the upstream did not respond, not in time, or with a failure of its own."""
        self._breaker.record(succeeded=False, is_trial=self._is_trial)
