"""Kept answers: for a time and up to so many bytes; forgotten with their owner, or with their subject.

Keeping is cachetools' work. What it does not know is groups, by which all answers of one owner go at once.
"""

from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from typing import Generic, TypeVar
from weakref import WeakSet, WeakValueDictionary

from cachetools import TTLCache

_T = TypeVar("_T")


class CacheEntry(Generic[_T]):
    """The place of an answer that is kept, or will be once it has been read.

    Attributes:
        key: What it is found by.
        value: The answer, once there is one.
        size: Its size in bytes.
        is_invalidated: Whether it must not be kept any more.
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
    """The entries of somebody or about something. It goes with the last of its members."""


class ExpiringCache(Generic[_T]):
    """Answers, each found by a key, which must hold everything that makes it somebody's own.

    An entry is made before its answer is read: what is forgotten in the meantime is not kept when
    it arrives, since nobody knows whether the upstream would still tell it.
    """

    def __init__(self, *, ttl_seconds: float, max_bytes: int, clock: Callable[[], float]) -> None:
        """Keep answers for `ttl_seconds`, up to `max_bytes` in all: the least recently used ones go first."""
        self._entries: TTLCache[Hashable, CacheEntry[_T]] = TTLCache(
            max_bytes, ttl_seconds, timer=clock, getsizeof=lambda entry: entry.size
        )
        self._groups: WeakValueDictionary[Hashable, _InvalidationGroup[_T]] = WeakValueDictionary()

    def __len__(self) -> int:
        """How many answers are kept."""
        return len(self._entries)

    def get(self, key: Hashable) -> _T | None:
        """The answer that is kept under a key."""
        entry = self._entries.get(key)
        return None if entry is None else entry.value

    def prepare_entry(
        self, owner: bytes, tags: Iterable[Hashable], key: Hashable
    ) -> CacheEntry[_T]:
        """An entry for what is about to be read: for whom, about which things, found by which key."""
        groups = [self._group(owner), *[self._group((owner, thing)) for thing in tags]]
        return CacheEntry(key, tuple(groups))

    def put(self, entry: CacheEntry[_T], value: _T, *, size: int) -> None:
        """Keep an answer of about `size` bytes in its entry, in the place of an older one.

        Not where the entry was forgotten since it was made.
        """
        if entry.is_invalidated:
            return
        entry.value, entry.size = value, size
        with suppress(ValueError):  # larger than all that may be kept
            self._entries[entry.key] = entry

    def invalidate(self, owner: bytes, tag: Hashable = None) -> None:
        """Drop all that is kept, and keep nothing that is being read: of a thing, or of everything."""
        group = self._groups.get(owner if tag is None else (owner, tag), ())
        for entry in list(group):
            entry.is_invalidated = True
            self._entries.pop(entry.key, None)

    def _group(self, name: Hashable) -> _InvalidationGroup[_T]:
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = _InvalidationGroup()
        return group
