"""The request bodies in progress, with limits on their number, their total bytes and the time of a stall."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol

MAX_PENDING_BODIES = 1_000
MAX_PENDING_BYTES = 67_108_864
STALL_TIMEOUT_SECONDS = 5.0
"""The maximum time in which a body makes no progress."""


class Sender(Protocol):
    """A connection whose caller sends bodies, one at a time."""

    @property
    def is_paused_by_server(self) -> bool:
        """Whether the caller waits for the server before it sends any more."""

    def abort_request(self) -> None:
        """End the request: its body is not awaited any longer."""


class Timers(Protocol):
    """The clock and the timers of an event loop."""

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[[], None], /) -> object: ...


class _PendingBody(NamedTuple):
    """A body in progress: the bytes so far, and the time of the last ones."""

    size: int
    last_progress_at: float


class PendingBodies:
    """The bodies in progress of one process. Above the limits, the longest stalled body is evicted.

    A new request is not rejected for them: bodies that stall make way for bodies that make progress.
    """

    def __init__(
        self,
        max_body_bytes: int,
        *,
        stall_timeout_seconds: float = STALL_TIMEOUT_SECONDS,
        timers: Callable[[], Timers] = asyncio.get_running_loop,
    ) -> None:
        """Create an empty collection.

        Args:
            max_body_bytes: The maximum number of bytes of one body that are held, however many arrive.
            stall_timeout_seconds: The maximum time in which a body makes no progress.
            timers: The running event loop.
        """
        self._max_body_bytes = max_body_bytes
        self._stall_timeout_seconds = stall_timeout_seconds
        self._timers = timers
        self._body_by_sender: dict[Sender, _PendingBody] = {}
        """The longest stalled body comes first."""
        self._bytes = 0
        self._has_timer = False

    def __len__(self) -> int:
        return len(self._body_by_sender)

    def record_progress(self, sender: Sender, size: int) -> None:
        """Record that bytes of the sender's body have arrived; `size` is their number so far."""
        self.remove(sender)
        size = min(size, self._max_body_bytes)
        self._body_by_sender[sender] = _PendingBody(size, self._timers().time())
        self._bytes += size
        while len(self._body_by_sender) > 1 and (
            len(self._body_by_sender) > MAX_PENDING_BODIES or self._bytes > MAX_PENDING_BYTES
        ):
            self._evict(self._longest_stalled())
        self._schedule_check()

    def remove(self, sender: Sender) -> None:
        """Stop tracking the sender's body."""
        body = self._body_by_sender.pop(sender, None)
        if body is not None:
            self._bytes -= body.size

    def _longest_stalled(self) -> Sender:
        """The longest stalled sender that is not paused; never the last one, which has just sent bytes."""
        *others, _ = self._body_by_sender
        return next((each for each in others if not each.is_paused_by_server), others[0])

    def _evict(self, sender: Sender) -> None:
        self.remove(sender)
        sender.abort_request()

    def _schedule_check(self) -> None:
        """Schedule a check for the time when the first body may have stalled for too long."""
        if self._body_by_sender and not self._has_timer:
            self._has_timer = True
            timers = self._timers()
            first = next(iter(self._body_by_sender.values()))
            due_at = first.last_progress_at + self._stall_timeout_seconds
            timers.call_later(max(0.0, due_at - timers.time()), self._abort_stalled)

    def _abort_stalled(self) -> None:
        self._has_timer = False
        now = self._timers().time()
        for sender, body in [*self._body_by_sender.items()]:
            if now - body.last_progress_at < self._stall_timeout_seconds:
                break
            self.remove(sender)
            if sender.is_paused_by_server:
                self.record_progress(sender, body.size)
            else:
                sender.abort_request()
        self._schedule_check()
