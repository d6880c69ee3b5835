"""Single-flight: request coalescing of equal reads under way, always per credentials.

Libraries that coalesce and cancel with the last waiter (async-lru, coalescer) let no waiter extend the
deadline, and do not invalidate by owner: see docs/decisions/0003.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Mapping
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from gateway.upstream.http.deadline import Deadline
from gateway.upstream.http.futures import completed_future, set_exception
from gateway.upstream.read_log import CacheStatus

_T = TypeVar("_T")
_U = TypeVar("_U")

_NO_FLIGHTS: Mapping[Hashable, Any] = {}


class DeadlineExceeded(NamedTuple):
    """What a waiter gets instead of a result: its deadline passed before there was one.

    Attributes:
        attempts: How many attempts were made until then.
    """

    attempts: int


class WaitCancelled(NamedTuple):
    """What is left of a waiter that was cancelled before there was a result.

    Attributes:
        attempts: How many attempts were started until then.
    """

    attempts: int


Finish = Callable[[_T | DeadlineExceeded | WaitCancelled, CacheStatus], _U]
"""Makes of a result what one waiter gets; called once for each waiter. A cancelled one gets nothing of it."""


class Waiter(Generic[_T, _U]):
    """A waiter of a flight: a future, and a timer at its deadline. Both end its wait, and so does a cancellation.

    Attributes:
        future: What the waiter gets.
    """

    __slots__ = ("_cache_status", "_finish", "_flight", "_timer", "future")

    def __init__(
        self,
        flight: "Flight[_T]",
        cache_status: CacheStatus,
        finish: Finish[_T, _U],
        deadline: float | None,
    ) -> None:
        loop = flight.loop
        self.future: asyncio.Future[_U] = loop.create_future()
        self.future.add_done_callback(self._on_done)
        self._flight = flight
        self._cache_status = cache_status
        self._finish = finish
        self._timer = None if deadline is None else loop.call_at(deadline, self._expire)

    def set_result(self, result: _T | DeadlineExceeded) -> None:
        """Give the waiter what `finish` makes of a result, unless its wait has ended."""
        if not self.future.done():
            try:
                self.future.set_result(self._finish(result, self._cache_status))
            except Exception as error:  # noqa: BLE001 - a bug: it concerns this waiter alone
                set_exception(self.future, error)

    def _expire(self) -> None:
        self.set_result(DeadlineExceeded(self._flight.deadline.attempts))

    def _on_done(self, future: asyncio.Future[_U]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if future.cancelled():
            self._finish(WaitCancelled(self._flight.deadline.attempts), self._cache_status)
        self._flight.remove(self)


class Flight(Generic[_T]):
    """A read under way, which is cancelled with the last of its waiters.

    Attributes:
        loop: The running event loop.
        deadline: The latest deadline among the waiters, and the attempts made so far.
        task: The task of the read.
    """

    __slots__ = ("_on_end", "_waiters", "deadline", "loop", "task")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        fetch: Callable[[Deadline], Coroutine[Any, Any, _T]],
        on_end: Callable[["Flight[_T]"], None],
    ) -> None:
        self.loop = loop
        self.deadline = Deadline(loop.time)
        self._waiters: dict[Waiter[_T, Any], None] = {}
        self._on_end = on_end
        self.task = loop.create_task(fetch(self.deadline))
        self.task.add_done_callback(self._on_task_done)

    def join(
        self, cache_status: CacheStatus, finish: Finish[_T, _U], deadline: float | None
    ) -> asyncio.Future[_U]:
        """Add a waiter, and return what it gets."""
        self.deadline.extend(deadline)
        waiter = Waiter(self, cache_status, finish, deadline)
        self._waiters[waiter] = None
        return waiter.future

    def remove(self, waiter: Waiter[_T, Any]) -> None:
        """Remove a waiter, unless the flight has ended."""
        if waiter not in self._waiters:
            return
        del self._waiters[waiter]
        if not self._waiters and not self.task.done():
            self._on_end(self)
            self.task.cancel()

    def _on_task_done(self, task: asyncio.Task[_T]) -> None:
        self._on_end(self)
        waiters, self._waiters = self._waiters, {}
        if task.cancelled():  # from inside: it has waiters
            for waiter in waiters:
                waiter.future.cancel()
        elif (error := task.exception()) is not None:
            for waiter in waiters:
                set_exception(waiter.future, error)
        else:
            for waiter in waiters:
                waiter.set_result(task.result())


class SingleFlight(Generic[_T]):
    """Single-flight of reads. A key must contain everything on which a caller's result depends."""

    def __init__(self) -> None:
        self._flights: dict[bytes, dict[Hashable, Flight[_T]]] = {}

    def __len__(self) -> int:
        """How many reads are under way that may be joined."""
        return sum(map(len, self._flights.values()))

    def run(
        self,
        owner: bytes,
        key: Hashable,
        fetch: Callable[[Deadline], Coroutine[Any, Any, _T]],
        finish: Finish[_T, _U],
        *,
        deadline: float | None = None,
    ) -> asyncio.Future[_U]:
        """Join an equal read under way, or start a new one, and return what this waiter gets.

        A waiter that is cancelled leaves the read to the others; the last one cancels the read.

        Args:
            owner: The owner of the read, for `invalidate`.
            key: The key of equal reads.
            fetch: Makes the read, in a task of its own.
            finish: Makes of the result what this waiter gets, also of a deadline that passes before there is
                one.
            deadline: A time of the event loop.
        """
        loop = asyncio.get_running_loop()
        if deadline is not None and deadline <= loop.time():
            return completed_future(finish(DeadlineExceeded(attempts=0), CacheStatus.CALLED))
        flight = self._flights.get(owner, _NO_FLIGHTS).get(key)
        if flight is not None:
            return flight.join(CacheStatus.COALESCED, finish, deadline)
        flight = Flight(loop, fetch, partial(self._detach, owner, key))
        self._flights.setdefault(owner, {})[key] = flight
        return flight.join(CacheStatus.CALLED, finish, deadline)

    def invalidate(self, owner: bytes) -> None:
        """Let no later read of an owner join one that is under way."""
        self._flights.pop(owner, None)

    def _detach(self, owner: bytes, key: Hashable, flight: Flight[_T]) -> None:
        """Let no further read join a flight that ended; another one may have started under its key."""
        flights = self._flights.get(owner)
        if flights is not None and flights.get(key) is flight:
            del flights[key]
            if not flights:
                del self._flights[owner]
