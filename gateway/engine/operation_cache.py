"""The cache of prepared operations, bounded by memory."""

import gc
from collections import OrderedDict
from collections.abc import Collection

from msgspec import Struct

from gateway.engine.prepared_operation import PreparedOperation

OperationKey = tuple[str, str | None]
"""The text of a document and an operation name."""

_EVICTIONS_PER_COLLECTION = 500
"""Each evicted operation leaves at most 50 kB to the garbage collector; a full collection takes 0.2 s."""


class _CachedOperation(Struct):
    """A prepared operation in the cache, and whether it was used since it was added or had a second chance."""

    prepared: PreparedOperation
    is_used: bool = False


class OperationCache:
    """A cache of prepared operations, bounded by memory. Evicted operations are freed eventually.

    The operation to evict is found by second chance, which approximates the least recently used one: a hit
    is a look-up and a mark.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._cached_by_key: OrderedDict[OperationKey, _CachedOperation] = OrderedDict()
        self._uncollected = 0

    def get(self, key: OperationKey) -> PreparedOperation | None:
        """The operation with this key, if any."""
        cached = self._cached_by_key.get(key)
        if cached is None:
            return None
        cached.is_used = True
        return cached.prepared

    def add(self, key: OperationKey, prepared: PreparedOperation) -> None:
        """Add an operation that is not in the cache, unless it is larger than the cache."""
        if prepared.memory_bytes > self._max_bytes:
            return
        self._bytes += prepared.memory_bytes
        while self._bytes > self._max_bytes:
            self._evict()
        self._cached_by_key[key] = _CachedOperation(prepared)

    def discard(self, texts: Collection[str]) -> None:
        """Drop all operations of documents with these texts."""
        keys = [key for key in self._cached_by_key if key[0] in texts]
        for key in keys:
            self._bytes -= self._cached_by_key.pop(key).prepared.memory_bytes
        self._count_evictions(len(keys))

    def _evict(self) -> None:
        """Evict the oldest operation, or give it a second chance where it was used."""
        key, cached = self._cached_by_key.popitem(last=False)
        if cached.is_used:
            cached.is_used = False
            self._cached_by_key[key] = cached  # at the end
            return
        self._bytes -= cached.prepared.memory_bytes
        self._count_evictions(1)

    def _count_evictions(self, count: int) -> None:
        self._uncollected += count
        if self._uncollected >= _EVICTIONS_PER_COLLECTION:
            # The classes of compiled queries are reference cycles in the oldest generation. A full
            # collection traverses all that is cached, so it runs seldom.
            self._uncollected = 0
            gc.collect()
