"""Reads in flight shared, fresh answers kept; always per credentials.

Sharing with the last waiter's leave cancelling the work is what no cache library offers.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from math import inf
from typing import Any, Generic, TypeVar

from gateway.upstream.http.expiring_cache import Entry, Kept
from gateway.upstream.read_log import Outcome

_T = TypeVar("_T")

_NONE: Mapping[Hashable, Any] = {}


class Late(Exception):
    """The deadline passed before there was an answer.

    Attributes:
        outcome: How the read would have been answered.
        attempts: How often it was tried by then.
    """

    def __init__(self, outcome: Outcome, attempts: int) -> None:
        self.outcome = outcome
        self.attempts = attempts


class Flight(Generic[_T]):
    """A read under way: it ends when the last of those who wait for it leaves.

    Attributes:
        task: The read.
        waiters: How many wait for it.
        attempts: How often it was tried so far, as whoever reads counts it.
        repeats: How many of these made up for an attempt that the upstream never saw.
    """

    __slots__ = ("_deadline", "_now", "attempts", "repeats", "task", "waiters")

    def __init__(self) -> None:
        self.task: asyncio.Task[_T]
        self.waiters = 0
        self.attempts = self.repeats = 0
        self._deadline = 0.0
        self._now = asyncio.get_running_loop().time

    @property
    def left(self) -> float:
        """How many seconds the most patient waits yet."""
        return self._deadline - self._now()

    def join(self, deadline: float | None) -> None:
        """One more waits for it."""
        self.waiters += 1
        self._deadline = max(self._deadline, inf if deadline is None else deadline)


class Sharing(Generic[_T]):
    """Answers equal reads once. Keys must hold everything that makes an answer somebody's own."""

    def __init__(
        self,
        *,
        keep_seconds: float,
        max_bytes: int,
        size: Callable[[_T], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep answers for `keep_seconds` (0: not at all), up to `max_bytes` by `size` in all."""
        self._flights: dict[bytes, dict[Hashable, Flight[_T]]] = {}
        self._size = size
        self._kept: Kept[_T] | None = None
        if keep_seconds:
            self._kept = Kept(seconds=keep_seconds, max_bytes=max_bytes, clock=clock)

    def __len__(self) -> int:
        """How many reads are under way that may be joined."""
        return sum(map(len, self._flights.values()))

    async def get(
        self,
        owner: bytes,
        key: Hashable,
        read: Callable[[Flight[_T]], Awaitable[_T]],
        *,
        deadline: float | None = None,
        keep: Callable[[_T], bool] | None = None,
        things: Iterable[Hashable] = (),
    ) -> tuple[_T, Outcome]:
        """The answer to a read: a kept one, that of an equal read under way, or a new one.

        A caller that is cancelled leaves the read to the others; the last one to leave ends it.

        Args:
            owner: For whom all of it is forgotten at once: see `forget`.
            key: What makes reads equal.
            read: Reads.
            deadline: A time of the event loop.
            keep: Which answers may be kept, where any may.
            things: What a kept answer is about, and is forgotten with.

        Raises:
            Late: There is no answer at the deadline.
        """
        if (
            keep is not None
            and self._kept is not None
            and (kept := self._kept.find(key)) is not None
        ):
            return kept, Outcome.CACHED
        if deadline is not None and deadline <= asyncio.get_running_loop().time():
            raise Late(Outcome.CALLED, attempts=0)
        flight, outcome = self._flights.get(owner, _NONE).get(key), Outcome.SHARED
        if flight is None:
            if keep is not None and self._kept is not None:
                read = self._keeping(self._kept, self._kept.expect(owner, things, key), read, keep)
            flight, outcome = self._start(owner, key, read), Outcome.CALLED
        flight.join(deadline)
        try:
            async with asyncio.timeout_at(deadline):
                return await asyncio.shield(flight.task), outcome
        except TimeoutError:
            raise Late(outcome, flight.attempts) from None
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                self._end(owner, key, flight)
                flight.task.cancel()

    def forget(self, owner: bytes, thing: Hashable = None) -> None:
        """Drop all that is kept of a thing for its owner, or of everything.

        What is being read is not kept either when it arrives; where it is of everything, who asks
        from now on does not join it.
        """
        if thing is None:
            self._flights.pop(owner, None)
        if self._kept is not None:
            self._kept.forget(owner, thing)

    def _keeping(
        self,
        kept: Kept[_T],
        entry: Entry[_T],
        read: Callable[[Flight[_T]], Awaitable[_T]],
        keep: Callable[[_T], bool],
    ) -> Callable[[Flight[_T]], Awaitable[_T]]:
        """The same read, whose answer is kept where that is allowed."""

        async def reading(flight: Flight[_T]) -> _T:
            answer = await read(flight)
            if keep(answer):
                kept.keep(entry, answer, size=self._size(answer))
            return answer

        return reading

    def _start(
        self, owner: bytes, key: Hashable, read: Callable[[Flight[_T]], Awaitable[_T]]
    ) -> Flight[_T]:
        flight: Flight[_T] = Flight()

        async def flying() -> _T:
            return await read(flight)

        flight.task = asyncio.create_task(flying())
        self._flights.setdefault(owner, {})[key] = flight
        flight.task.add_done_callback(lambda _: self._end(owner, key, flight))
        return flight

    def _end(self, owner: bytes, key: Hashable, flight: Flight[_T]) -> None:
        """A flight that ended is joined no more; another may have started under its key."""
        flights = self._flights.get(owner)
        if flights is not None and flights.get(key) is flight:
            del flights[key]
            if not flights:
                del self._flights[owner]
