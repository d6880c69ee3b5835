"""Single-flight: request coalescing of equal reads under way, always per credentials.

Libraries that coalesce and cancel with the last waiter (async-lru, coalescer) let no waiter extend the
deadline, and do not invalidate by owner: see docs/decisions/0003.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from math import inf
from typing import Any, Generic, TypeVar

from gateway.upstream.read_log import CacheStatus

_T = TypeVar("_T")

_NO_FLIGHTS: Mapping[Hashable, Any] = {}


class DeadlineExceeded(Exception):
    """The deadline passed before there was a result.

    Attributes:
        cache_status: How the read would have been answered.
        attempts: How many attempts were made until then.
    """

    def __init__(self, cache_status: CacheStatus, attempts: int) -> None:
        self.cache_status = cache_status
        self.attempts = attempts


class Flight(Generic[_T]):
    """A read under way, which is cancelled with the last of its waiters.

    Attributes:
        task: The task of the read.
        waiters: How many waiters there are.
        attempts: How many attempts were made so far, as the function that reads counts them.
        reconnects: How many of the attempts replaced one that ended with a reused connection.
    """

    __slots__ = ("_deadline", "_now", "attempts", "reconnects", "task", "waiters")

    def __init__(self) -> None:
        self.task: asyncio.Task[_T]
        self.waiters = 0
        self.attempts = self.reconnects = 0
        self._deadline = 0.0
        self._now = asyncio.get_running_loop().time

    @property
    def remaining_seconds(self) -> float:
        """Seconds until the latest deadline among the waiters."""
        return self._deadline - self._now()

    def join(self, deadline: float | None) -> None:
        """Add a waiter."""
        self.waiters += 1
        self._deadline = max(self._deadline, inf if deadline is None else deadline)


class SingleFlight(Generic[_T]):
    """Single-flight of reads. A key must contain everything on which a caller's result depends."""

    def __init__(self) -> None:
        self._flights: dict[bytes, dict[Hashable, Flight[_T]]] = {}

    def __len__(self) -> int:
        """How many reads are under way that may be joined."""
        return sum(map(len, self._flights.values()))

    async def run(
        self,
        owner: bytes,
        key: Hashable,
        fetch: Callable[[Flight[_T]], Awaitable[_T]],
        *,
        deadline: float | None = None,
    ) -> tuple[_T, CacheStatus]:
        """The result of a read: that of an equal read under way, or a new one.

        A cancelled waiter leaves the read to the others; the last one that is cancelled cancels the read.

        Args:
            owner: The owner of the read, for `invalidate`.
            key: The key of equal reads.
            fetch: Makes the read.
            deadline: A time of the event loop.

        Raises:
            DeadlineExceeded: There is no result at the deadline.
        """
        if deadline is not None and deadline <= asyncio.get_running_loop().time():
            raise DeadlineExceeded(CacheStatus.CALLED, attempts=0)
        flight, cache_status = self._flights.get(owner, _NO_FLIGHTS).get(key), CacheStatus.COALESCED
        if flight is None:
            flight, cache_status = self._launch(owner, key, fetch), CacheStatus.CALLED
        flight.join(deadline)
        try:
            async with asyncio.timeout_at(deadline):
                return await asyncio.shield(flight.task), cache_status
        except TimeoutError:
            raise DeadlineExceeded(cache_status, flight.attempts) from None
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                self._detach(owner, key, flight)
                flight.task.cancel()

    def invalidate(self, owner: bytes) -> None:
        """Let no later read of an owner join one that is under way."""
        self._flights.pop(owner, None)

    def _launch(
        self, owner: bytes, key: Hashable, fetch: Callable[[Flight[_T]], Awaitable[_T]]
    ) -> Flight[_T]:
        flight: Flight[_T] = Flight()

        async def run_fetch() -> _T:
            return await fetch(flight)

        flight.task = asyncio.create_task(run_fetch())
        self._flights.setdefault(owner, {})[key] = flight
        flight.task.add_done_callback(lambda _: self._detach(owner, key, flight))
        return flight

    def _detach(self, owner: bytes, key: Hashable, flight: Flight[_T]) -> None:
        """Let no further read join a flight that ended; another one may have started under its key."""
        flights = self._flights.get(owner)
        if flights is not None and flights.get(key) is flight:
            del flights[key]
            if not flights:
                del self._flights[owner]
