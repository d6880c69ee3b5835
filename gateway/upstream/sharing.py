"""Reads in flight shared, fresh answers kept; always per credentials.

Sharing with the last waiter's leave cancelling the work is what no cache library offers; keeping
is cachetools' work.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from enum import Enum
from math import inf
from typing import Generic, TypeVar

from cachetools import TTLCache

_T = TypeVar("_T")


class Outcome(Enum):
    """How a read was answered."""

    CALLED = "called"
    SHARED = "shared"
    CACHED = "cached"


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
    """

    __slots__ = ("_deadline", "_now", "attempts", "task", "waiters")

    def __init__(self) -> None:
        self.task: asyncio.Task[_T]
        self.waiters = 0
        self.attempts = 0
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
        self._flights: dict[Hashable, Flight[_T]] = {}
        self._kept: TTLCache[Hashable, _T] | None = (
            TTLCache(max_bytes, keep_seconds, timer=clock, getsizeof=size) if keep_seconds else None
        )

    def __len__(self) -> int:
        """How many reads are under way."""
        return len(self._flights)

    async def get(
        self,
        key: Hashable,
        read: Callable[[Flight[_T]], Awaitable[_T]],
        *,
        deadline: float | None = None,
        keep: Callable[[_T], bool] | None = None,
    ) -> tuple[_T, Outcome]:
        """The answer to a read: a kept one, that of an equal read under way, or a new one.

        A caller that is cancelled leaves the read to the others; the last one to leave ends it.
        Answers are kept where `keep` is given and says so.

        Raises:
            Late: There is none at the deadline, a time of the event loop.
        """
        if (
            keep is not None
            and self._kept is not None
            and (kept := self._kept.get(key)) is not None
        ):
            return kept, Outcome.CACHED
        if deadline is not None and deadline <= asyncio.get_running_loop().time():
            raise Late(Outcome.CALLED, attempts=0)
        flight, outcome = self._flights.get(key), Outcome.SHARED
        if flight is None:
            flight, outcome = self._start(key, read, keep=keep), Outcome.CALLED
        flight.join(deadline)
        try:
            async with asyncio.timeout_at(deadline):
                return await asyncio.shield(flight.task), outcome
        except TimeoutError:
            raise Late(outcome, flight.attempts) from None
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                self._end(key, flight)
                flight.task.cancel()

    def _start(
        self,
        key: Hashable,
        read: Callable[[Flight[_T]], Awaitable[_T]],
        *,
        keep: Callable[[_T], bool] | None,
    ) -> Flight[_T]:
        flight: Flight[_T] = Flight()

        async def flying() -> _T:
            answer = await read(flight)
            if keep is not None and keep(answer):
                self._keep(key, answer)
            return answer

        flight.task = asyncio.create_task(flying())
        self._flights[key] = flight
        flight.task.add_done_callback(lambda _: self._end(key, flight))
        return flight

    def _end(self, key: Hashable, flight: Flight[_T]) -> None:
        """A flight that ended is joined no more; another may have started under its key."""
        if self._flights.get(key) is flight:
            del self._flights[key]

    def _keep(self, key: Hashable, answer: _T) -> None:
        if self._kept is not None:
            with suppress(ValueError):  # larger than all that may be kept
                self._kept[key] = answer
