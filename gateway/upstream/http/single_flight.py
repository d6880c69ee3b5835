"""Single-flight: request coalescing of equal reads under way, and a cache of results; always per credentials.

Libraries that coalesce and cancel with the last waiter (async-lru, coalescer) let no waiter extend the
deadline, and do not invalidate by owner: see docs/decisions/0003.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from math import inf
from typing import Any, Generic, TypeVar

from gateway.upstream.http.expiring_cache import CacheEntry, ExpiringCache
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
    """Single-flight and cache of reads. A key must contain everything on which a caller's result depends."""

    def __init__(
        self,
        *,
        cache_seconds: float,
        max_bytes: int,
        size_of: Callable[[_T], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Cache results for `cache_seconds` (0: not at all), up to `max_bytes` by `size_of` in all."""
        self._flights: dict[bytes, dict[Hashable, Flight[_T]]] = {}
        self._size_of = size_of
        self._cache: ExpiringCache[_T] | None = None
        if cache_seconds:
            self._cache = ExpiringCache(ttl_seconds=cache_seconds, max_bytes=max_bytes, clock=clock)

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
        is_cacheable: Callable[[_T], bool] | None = None,
        tags: Iterable[Hashable] = (),
    ) -> tuple[_T, CacheStatus]:
        """The result of a read: a cached one, that of an equal read under way, or a new one.

        A cancelled waiter leaves the read to the others; the last one that is cancelled cancels the read.

        Args:
            owner: The owner of the results that `invalidate` drops at once.
            key: The key of equal reads.
            fetch: Makes the read.
            deadline: A time of the event loop.
            is_cacheable: Which results may be cached, or None for none.
            tags: Tags of the result's subject, for `invalidate`.

        Raises:
            DeadlineExceeded: There is no result at the deadline.
        """
        if (
            is_cacheable is not None
            and self._cache is not None
            and (cached := self._cache.get(key)) is not None
        ):
            return cached, CacheStatus.CACHED
        if deadline is not None and deadline <= asyncio.get_running_loop().time():
            raise DeadlineExceeded(CacheStatus.CALLED, attempts=0)
        flight, cache_status = self._flights.get(owner, _NO_FLIGHTS).get(key), CacheStatus.COALESCED
        if flight is None:
            if is_cacheable is not None and self._cache is not None:
                fetch = self._with_caching(
                    self._cache, self._cache.prepare_entry(owner, tags, key), fetch, is_cacheable
                )
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

    def invalidate(self, owner: bytes, tag: Hashable = None) -> None:
        """Drop an owner's cached results, all or those with a tag.

        Results of reads under way are not cached either; where all are dropped, later reads do not join them.
        """
        if tag is None:
            self._flights.pop(owner, None)
        if self._cache is not None:
            self._cache.invalidate(owner, tag)

    def _with_caching(
        self,
        cache: ExpiringCache[_T],
        entry: CacheEntry[_T],
        fetch: Callable[[Flight[_T]], Awaitable[_T]],
        is_cacheable: Callable[[_T], bool],
    ) -> Callable[[Flight[_T]], Awaitable[_T]]:
        """The same read, with its result cached where that is allowed."""

        async def fetch_and_store(flight: Flight[_T]) -> _T:
            result = await fetch(flight)
            if is_cacheable(result):
                cache.put(entry, result, size=self._size_of(result))
            return result

        return fetch_and_store

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
