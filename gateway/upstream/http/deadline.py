"""Deadline: the time that a read has left, and the attempts that it made so far."""

from collections.abc import Callable
from math import inf


class Deadline:
    """When a read has to end, and how many attempts it made so far.

    Attributes:
        at: A time of the event loop: the latest deadline among those who wait for the read.
        attempts: How many attempts were made so far.
        reconnects: How many of the attempts replaced one that ended with a reused connection.
    """

    __slots__ = ("_clock", "at", "attempts", "reconnects")

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take the clock of the event loop."""
        self.at = -inf
        self.attempts = self.reconnects = 0
        self._clock = clock

    @property
    def remaining_seconds(self) -> float:
        """Seconds until the deadline."""
        return self.at - self._clock()

    def extend(self, at: float | None) -> None:
        """Allow the read to take until a time of the event loop, or as long as it needs."""
        if at is None:
            self.at = inf
        elif at > self.at:
            self.at = at
