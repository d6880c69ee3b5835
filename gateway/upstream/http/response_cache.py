"""Response cache: the results of reads for a short time, around single-flight; always per credentials."""

import time
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Generic, TypeVar

from gateway.upstream.http.expiring_cache import ExpiringCache
from gateway.upstream.http.single_flight import Flight, SingleFlight
from gateway.upstream.read_log import CacheStatus

_T = TypeVar("_T")


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
        """The result of a read: a cached one, also after the deadline, or that of `SingleFlight.run`.

        Args:
            owner: The owner of the results that `invalidate` drops at once.
            key: The key of equal reads.
            fetch: Makes the read.
            deadline: A time of the event loop.
            is_cacheable: Which results may be cached, or None for none; then none is taken from the cache.
            tags: Tags of the result's subject, for `invalidate`.

        Raises:
            DeadlineExceeded: There is no result at the deadline.
        """
        cache = self._cache
        if is_cacheable is None or cache is None:
            return await self.single_flight.run(owner, key, fetch, deadline=deadline)
        if (cached := cache.get(key)) is not None:
            return cached, CacheStatus.CACHED

        async def fetch_and_store(flight: Flight[_T]) -> _T:
            entry = cache.prepare_entry(owner, tags, key)
            result = await fetch(flight)
            if is_cacheable(result):
                cache.put(entry, result, size=self._size_of(result))
            return result

        return await self.single_flight.run(owner, key, fetch_and_store, deadline=deadline)

    def invalidate(self, owner: bytes, tag: Hashable = None) -> None:
        """Drop an owner's cached results, all or those with a tag.

        Results of reads under way are not cached either; where all are dropped, later reads do not join them.
        """
        if tag is None:
            self.single_flight.invalidate(owner)
        if self._cache is not None:
            self._cache.invalidate(owner, tag)
