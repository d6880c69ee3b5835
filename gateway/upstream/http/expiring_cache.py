"""Expiring cache: bounded in time and in bytes, with invalidation by owner or by tag.

cachetools does the caching. cachetools has no groups, by which all responses of one owner are dropped at
once.
"""

from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from typing import Generic, TypeVar
from weakref import WeakSet, WeakValueDictionary

from cachetools import TTLCache

_T = TypeVar("_T")


class CacheEntry(Generic[_T]):
    """Entry of a response that is cached, or will be once it has been read.

    Attributes:
        key: The key of the entry.
        value: The response, once there is one.
        size: The size of the response in bytes.
        is_invalidated: Whether the response must not be cached any more.
    """

    __slots__ = ("__weakref__", "_groups", "is_invalidated", "key", "size", "value")
    value: _T

    def __init__(self, key: Hashable, groups: "tuple[_InvalidationGroup[_T], ...]") -> None:
        self.key = key
        self.size = 0
        self.is_invalidated = False
        self._groups = groups
        for group in groups:
            group.add(self)


class _InvalidationGroup(WeakSet[CacheEntry[_T]]):
    """The entries of an owner or with a tag. The group is freed with its last entry."""


class ExpiringCache(Generic[_T]):
    """Cache of responses by key. A key must contain everything on which a caller's response depends.

    An entry is created before its response is read: a response invalidated in the meantime is not cached when
    it arrives, since the upstream may not send it any more.
    """

    def __init__(self, *, ttl_seconds: float, max_bytes: int, clock: Callable[[], float]) -> None:
        """Cache responses for `ttl_seconds`, up to `max_bytes` in all; the least recently used go first."""
        self._entries: TTLCache[Hashable, CacheEntry[_T]] = TTLCache(
            max_bytes, ttl_seconds, timer=clock, getsizeof=lambda entry: entry.size
        )
        self._groups: WeakValueDictionary[Hashable, _InvalidationGroup[_T]] = WeakValueDictionary()

    def __len__(self) -> int:
        """How many responses are cached."""
        return len(self._entries)

    def get(self, key: Hashable) -> _T | None:
        """The response cached under a key, or None."""
        entry = self._entries.get(key)
        return None if entry is None else entry.value

    def prepare_entry(
        self, owner: bytes, tags: Iterable[Hashable], key: Hashable
    ) -> CacheEntry[_T]:
        """An entry for a response about to be read: its owner, the tags of its subject, and its key."""
        groups = [self._group(owner), *[self._group((owner, tag)) for tag in tags]]
        return CacheEntry(key, tuple(groups))

    def put(self, entry: CacheEntry[_T], value: _T, *, size: int) -> None:
        """Cache a response of about `size` bytes in its entry, in place of an older one.

        An entry that was invalidated since its creation is not cached.
        """
        if entry.is_invalidated:
            return
        entry.value, entry.size = value, size
        with suppress(ValueError):  # larger than the whole cache
            self._entries[entry.key] = entry

    def invalidate(self, owner: bytes, tag: Hashable = None) -> None:
        """Drop an owner's cached responses, all or those with a tag, and cache none of those being read."""
        group = self._groups.get(owner if tag is None else (owner, tag), ())
        for entry in list(group):
            entry.is_invalidated = True
            self._entries.pop(entry.key, None)

    def _group(self, name: Hashable) -> _InvalidationGroup[_T]:
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = _InvalidationGroup()
        return group
