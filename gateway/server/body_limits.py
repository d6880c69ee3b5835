"""Request bodies that are under way: so many, of so many bytes in all, and none that stands still."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol

MAX_PENDING_BODIES = 1_000
MAX_PENDING_BYTES = 67_108_864
STALL_TIMEOUT_SECONDS = 5.0
"""How long a body may stand still."""


class Sender(Protocol):
    """Where a body comes from: one at a time."""

    @property
    def is_paused_by_server(self) -> bool:
        """Whether it is us for whom it waits before it sends any more."""

    def abort_request(self) -> None:
        """It is not waited for any longer."""


class Timers(Protocol):
    """What an event loop has of the time."""

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[[], None], /) -> object: ...


class _PendingBody(NamedTuple):
    size: int
    last_progress_at: float


class PendingBodies:
    """Those of one process. Where they are too many, the one that has waited longest for a byte is ended.

    Whoever comes is not refused for them: bodies that do not come to their end make room for those that do.
    """

    def __init__(
        self,
        max_body_bytes: int,
        *,
        stall_timeout_seconds: float = STALL_TIMEOUT_SECONDS,
        timers: Callable[[], Timers] = asyncio.get_running_loop,
    ) -> None:
        """Begin without any.

        Args:
            max_body_bytes: How many bytes of one body are kept at most, however many come.
            stall_timeout_seconds: How long a body may stand still.
            timers: The running event loop.
        """
        self._max_body_bytes = max_body_bytes
        self._stall_timeout_seconds = stall_timeout_seconds
        self._timers = timers
        self._body_by_sender: dict[Sender, _PendingBody] = {}
        """Who has waited longest comes first."""
        self._bytes = 0
        self._has_timer = False

    def __len__(self) -> int:
        return len(self._body_by_sender)

    def record_progress(self, sender: Sender, size: int) -> None:
        """Bytes of its body have come; so many have in all."""
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
        """Its body, if it had one, is there; or not wanted any more."""
        body = self._body_by_sender.pop(sender, None)
        if body is not None:
            self._bytes -= body.size

    def _longest_stalled(self) -> Sender:
        """Among those who could send; the last is the one that has just sent something."""
        *others, _ = self._body_by_sender
        return next((each for each in others if not each.is_paused_by_server), others[0])

    def _evict(self, sender: Sender) -> None:
        self.remove(sender)
        sender.abort_request()

    def _schedule_check(self) -> None:
        """See to it that somebody looks when the first may have stood still for too long."""
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
