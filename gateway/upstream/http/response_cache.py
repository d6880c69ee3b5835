"""Response cache: the results of reads for a short time, around single-flight; always per credentials."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable, Iterable
from typing import Any, Generic, TypeVar

from gateway.upstream.http.deadline import Deadline
from gateway.upstream.http.expiring_cache import ExpiringCache
from gateway.upstream.http.futures import completed_future
from gateway.upstream.http.single_flight import Finish, SingleFlight
from gateway.upstream.read_log import CacheStatus

_T = TypeVar("_T")
_U = TypeVar("_U")


class ResponseCache(Generic[_T]):
    """Response cache of reads. A key must contain everything on which a caller's result depends.

    Attributes:
        single_flight: Coalesces the reads whose results are not cached.
    """

    def __init__(
        self,
        *,
        ttl_seconds: float,
        max_bytes: int,
        size_of: Callable[[_T], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Cache results for `ttl_seconds` (0: not at all), up to `max_bytes` by `size_of` in all."""
        self.single_flight: SingleFlight[_T] = SingleFlight()
        self._size_of = size_of
        self._cache: ExpiringCache[_T] | None = None
        if ttl_seconds:
            self._cache = ExpiringCache(ttl_seconds=ttl_seconds, max_bytes=max_bytes, clock=clock)

    def run(  # noqa: PLR0913 - those of `SingleFlight.run`, and what to do with the result
        self,
        owner: bytes,
        key: Hashable,
        fetch: Callable[[Deadline], Coroutine[Any, Any, _T]],
        finish: Finish[_T, _U],
        *,
        deadline: float | None = None,
        is_cacheable: Callable[[_T], bool] | None = None,
        tags: Iterable[Hashable] = (),
    ) -> asyncio.Future[_U]:
        """What a waiter gets of a cached result, also after the deadline, or of that of `SingleFlight.run`.

        Args:
            owner: The owner of the results that `invalidate` drops at once.
            key: The key of equal reads.
            fetch: Makes the read.
            finish: Makes of the result what this waiter gets.
            deadline: A time of the event loop.
            is_cacheable: Which results may be cached, or None for none; then none is taken from the cache.
            tags: Tags of the result's subject, for `invalidate`.
        """
        cache = self._cache
        if is_cacheable is None or cache is None:
            return self.single_flight.run(owner, key, fetch, finish, deadline=deadline)
        if (cached := cache.get(key)) is not None:
            return completed_future(finish(cached, CacheStatus.CACHED))

        async def fetch_and_store(deadline: Deadline) -> _T:
            entry = cache.prepare_entry(owner, tags, key)
            result = await fetch(deadline)
            if is_cacheable(result):
                cache.put(entry, result, size=self._size_of(result))
            return result

        return self.single_flight.run(owner, key, fetch_and_store, finish, deadline=deadline)

    def invalidate(self, owner: bytes, tag: Hashable = None) -> None:
        """Drop an owner's cached results, all or those with a tag.

        Results of reads under way are not cached either; where all are dropped, later reads do not join them.
        """
        if tag is None:
            self.single_flight.invalidate(owner)
        if self._cache is not None:
            self._cache.invalidate(owner, tag)
