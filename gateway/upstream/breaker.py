"""Breaker: while the upstream fails, only a trickle of reads reaches it; the others are refused at once.

purgatory and aiobreaker count failures in a row: one success in a hundred would keep them closed.
"""

from collections import deque
from collections.abc import Callable
from enum import Enum
from math import ceil


class State(Enum):
    """What is let through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Refused(Exception):
    """The upstream is left alone for now.

    Attributes:
        retry_after: Whole seconds until it is tried again.
    """

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after


class Breaker:
    """Of one host. Pure: the clock is given, and who is told of its states.

    It opens when, of the latest outcomes, at least half are failures. Then a trial is let through once
    in each pause, until one succeeds.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        pause_seconds: float,
        tell: Callable[[State], None] = lambda _: None,
        window: int = 40,
        least: int = 10,
        window_seconds: float = 10.0,
    ) -> None:
        """Open on the last `window` outcomes of `window_seconds`, if there are `least` of them.

        `tell` when it opens, when a trial is let through, and when it closes.
        """
        self._clock = clock
        self._pause_seconds = pause_seconds
        self._tell = tell
        self._least = least
        self._window_seconds = window_seconds
        self._outcomes: deque[tuple[float, bool]] = deque(maxlen=window)
        self._next_trial: float | None = None

    @property
    def state(self) -> State:
        if self._next_trial is None:
            return State.CLOSED
        return State.OPEN if self._clock() < self._next_trial else State.HALF_OPEN

    def check(self) -> None:
        """Whether an attempt would be let through now.

        Raises:
            Refused: It would not.
        """
        if self._next_trial is not None and (left := self._next_trial - self._clock()) > 0:
            raise Refused(ceil(left))

    def attempt(self) -> "Attempt":
        """Begin an attempt.

        Raises:
            Refused: There shall be none.
        """
        self.check()
        is_trial = self._next_trial is not None
        if is_trial:
            self._next_trial = self._clock() + self._pause_seconds
            self._tell(State.HALF_OPEN)
        return Attempt(self, is_trial=is_trial)

    def record(self, *, succeeded: bool, is_trial: bool) -> None:
        """How an attempt ended. What began before the breaker opened has nothing to say once it is open."""
        if self._next_trial is None:
            self._outcomes.append((self._clock(), succeeded))
            if not succeeded and self._is_failing():
                self._next_trial = self._clock() + self._pause_seconds
                self._tell(State.OPEN)
        elif is_trial and succeeded:
            self._next_trial = None
            self._outcomes.clear()
            self._tell(State.CLOSED)

    def _is_failing(self) -> bool:
        since = self._clock() - self._window_seconds
        recent = [succeeded for at, succeeded in self._outcomes if at >= since]
        return len(recent) >= self._least and recent.count(False) * 2 >= len(recent)


class Attempt:
    """An attempt that a breaker let through.

    One that is given up before it ends says nothing of the upstream.
    """

    __slots__ = ("_breaker", "_is_trial")

    def __init__(self, breaker: Breaker, *, is_trial: bool) -> None:
        self._breaker = breaker
        self._is_trial = is_trial

    def succeeded(self) -> None:
        """The upstream answered, whatever it had to say."""
        self._breaker.record(succeeded=True, is_trial=self._is_trial)

    def failed(self) -> None:
        """It did not, not in time, or only that it failed."""
        self._breaker.record(succeeded=False, is_trial=self._is_trial)
