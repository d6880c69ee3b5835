"""Circuit breaker: while reads fail, only a trickle of them reaches the upstream; the others are refused at once.

purgatory and aiobreaker count failures in a row: one success in a hundred would keep them closed.
"""

from collections import deque
from collections.abc import Callable
from enum import Enum
from math import ceil

WINDOW_SECONDS = 10.0
"""How long an outcome counts."""

MIN_OUTCOMES = 10
"""Fewer say nothing."""

_MAX_OUTCOMES = 40


class CircuitState(Enum):
    """What is let through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


StateListener = Callable[[CircuitState], None]
"""Is told when a circuit opens, when a trial is let through, and when it closes."""


class CircuitOpen(Exception):
    """The upstream is left alone for now.

    Attributes:
        retry_after: Whole seconds until it is tried again.
    """

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after


class Circuit:
    """Closed or open; while it is open, one trial is let through in each pause. Pure: the clock is given.

    Attributes:
        on_state_change: Is told of every change.
    """

    def __init__(
        self, clock: Callable[[], float], *, pause_seconds: float, on_state_change: StateListener
    ) -> None:
        self._clock = clock
        self._pause_seconds = pause_seconds
        self.on_state_change = on_state_change
        self._next_trial: float | None = None

    @property
    def is_closed(self) -> bool:
        return self._next_trial is None

    @property
    def state(self) -> CircuitState:
        if self._next_trial is None:
            return CircuitState.CLOSED
        return CircuitState.OPEN if self._clock() < self._next_trial else CircuitState.HALF_OPEN

    def raise_if_open(self, *, later_seconds: float = 0.0) -> None:
        """Whether an attempt would be let through now; `later_seconds`: so much later than others.

        Raises:
            Refused: It would not.
        """
        if self._next_trial is None:
            return
        remaining_seconds = self._next_trial + later_seconds - self._clock()
        if remaining_seconds > 0:
            raise CircuitOpen(ceil(remaining_seconds))

    def admit(self) -> bool:
        """Let an attempt through that was checked. Whether it is a trial."""
        if self._next_trial is None:
            return False
        self._next_trial = self._clock() + self._pause_seconds
        self.on_state_change(CircuitState.HALF_OPEN)
        return True

    def open(self) -> None:
        self._next_trial = self._clock() + self._pause_seconds
        self.on_state_change(CircuitState.OPEN)

    def close(self) -> None:
        self._next_trial = None
        self.on_state_change(CircuitState.CLOSED)


class OutcomeWindow:
    """The latest outcomes: so many of the last seconds, counted as they come and go."""

    def __init__(self) -> None:
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._failure_count = 0

    def add(self, at: float, *, succeeded: bool) -> None:
        self._outcomes.append((at, succeeded))
        self._failure_count += not succeeded
        if len(self._outcomes) > _MAX_OUTCOMES:
            self._drop_oldest()

    def count_since(self, at: float) -> tuple[int, int]:
        """How many there are since then, and how many of them failed; what is older is forgotten."""
        while self._outcomes and self._outcomes[0][0] < at:
            self._drop_oldest()
        return len(self._outcomes), self._failure_count

    def is_failing(self, at: float) -> bool:
        """Whether at least half of them failed, of those since then, if there are enough."""
        count, failures = self.count_since(at)
        return count >= MIN_OUTCOMES and failures * 2 >= count

    def clear(self) -> None:
        self._outcomes.clear()
        self._failure_count = 0

    def _drop_oldest(self) -> None:
        _, succeeded = self._outcomes.popleft()
        self._failure_count -= not succeeded


class CircuitBreaker(Circuit):
    """Of the reads with one credential: it opens when at least half of the latest outcomes are failures.

    Attributes:
        outcomes: Those outcomes, and of the trials since it opened the failed ones.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        pause_seconds: float,
        on_state_change: StateListener = lambda _: None,
    ) -> None:
        super().__init__(clock, pause_seconds=pause_seconds, on_state_change=on_state_change)
        self.outcomes = OutcomeWindow()

    def acquire(self) -> "CircuitPermit":
        """Begin an attempt.

        Raises:
            Refused: There shall be none.
        """
        self.raise_if_open()
        return CircuitPermit(self, is_trial=self.admit())

    def record(self, *, succeeded: bool, is_trial: bool) -> None:
        """How an attempt ended. What began before the breaker opened has nothing to say once it is open."""
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
    """An attempt that a breaker let through.

    One that is given up before it ends says nothing of the upstream.
    """

    __slots__ = ("_breaker", "_is_trial")

    def __init__(self, breaker: CircuitBreaker, *, is_trial: bool) -> None:
        self._breaker = breaker
        self._is_trial = is_trial

    def record_success(self) -> None:
        """The upstream answered, whatever it had to say."""
        self._breaker.record(succeeded=True, is_trial=self._is_trial)

    def record_failure(self) -> None:
        """It did not, not in time, or only that it failed."""
        self._breaker.record(succeeded=False, is_trial=self._is_trial)
