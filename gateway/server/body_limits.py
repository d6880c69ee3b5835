"""Request bodies that are under way: so many, of so many bytes in all, and none that stands still."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol

MOST_BODIES = 1_000
MOST_BYTES = 67_108_864
STILL_SECONDS = 5.0
"""How long a body may stand still."""


class Sender(Protocol):
    """Where a body comes from: one at a time."""

    @property
    def is_excused(self) -> bool:
        """Whether it is us for whom it waits before it sends any more."""

    def cut_off(self) -> None:
        """It is not waited for any longer."""


class Timers(Protocol):
    """What an event loop has of the time."""

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[[], None], /) -> object: ...


class _Body(NamedTuple):
    size: int
    moved_at: float


class Bodies:
    """Those of one process. Where they are too many, the one that has waited longest for a byte is ended.

    Whoever comes is not refused for them: bodies that do not come to their end make room for those that do.
    """

    def __init__(
        self,
        largest: int,
        *,
        still_seconds: float = STILL_SECONDS,
        timers: Callable[[], Timers] = asyncio.get_running_loop,
    ) -> None:
        """Begin without any.

        Args:
            largest: How many bytes of one body are kept at most, however many come.
            still_seconds: How long a body may stand still.
            timers: The running event loop.
        """
        self._largest = largest
        self._still_seconds = still_seconds
        self._timers = timers
        self._bodies: dict[Sender, _Body] = {}
        """Who has waited longest comes first."""
        self._bytes = 0
        self._is_timed = False

    def __len__(self) -> int:
        return len(self._bodies)

    def moved(self, sender: Sender, size: int) -> None:
        """Bytes of its body have come; so many have in all."""
        self.ended(sender)
        size = min(size, self._largest)
        self._bodies[sender] = _Body(size, self._timers().time())
        self._bytes += size
        while len(self._bodies) > 1 and (
            len(self._bodies) > MOST_BODIES or self._bytes > MOST_BYTES
        ):
            self._end(self._longest_waiting())
        self._time()

    def ended(self, sender: Sender) -> None:
        """Its body, if it had one, is there; or not wanted any more."""
        body = self._bodies.pop(sender, None)
        if body is not None:
            self._bytes -= body.size

    def _longest_waiting(self) -> Sender:
        """Among those who could send; the last is the one that has just sent something."""
        *others, _ = self._bodies
        return next((each for each in others if not each.is_excused), others[0])

    def _end(self, sender: Sender) -> None:
        self.ended(sender)
        sender.cut_off()

    def _time(self) -> None:
        """See to it that somebody looks when the first may have stood still for too long."""
        if self._bodies and not self._is_timed:
            self._is_timed = True
            timers = self._timers()
            first = next(iter(self._bodies.values()))
            until = first.moved_at + self._still_seconds
            timers.call_later(max(0.0, until - timers.time()), self._look)

    def _look(self) -> None:
        self._is_timed = False
        now = self._timers().time()
        for sender, body in [*self._bodies.items()]:
            if now - body.moved_at < self._still_seconds:
                break
            self.ended(sender)
            if sender.is_excused:
                self.moved(sender, body.size)
            else:
                sender.cut_off()
        self._time()
