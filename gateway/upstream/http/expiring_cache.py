"""Kept answers: for a time and up to so many bytes; forgotten with their owner, or with their subject.

Keeping is cachetools' work. What it does not know is groups, by which all answers of one owner go at once.
"""

from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from typing import Generic, TypeVar
from weakref import WeakSet, WeakValueDictionary

from cachetools import TTLCache

_T = TypeVar("_T")


class Entry(Generic[_T]):
    """The place of an answer that is kept, or will be once it has been read.

    Attributes:
        key: What it is found by.
        answer: The answer, once there is one.
        size: Its size in bytes.
        is_forgotten: Whether it must not be kept any more.
    """

    __slots__ = ("__weakref__", "_groups", "answer", "is_forgotten", "key", "size")
    answer: _T

    def __init__(self, key: Hashable, groups: "tuple[_Group[_T], ...]") -> None:
        self.key = key
        self.size = 0
        self.is_forgotten = False
        self._groups = groups
        for group in groups:
            group.add(self)


class _Group(WeakSet[Entry[_T]]):
    """The entries of somebody or about something. It goes with the last of its members."""


class Kept(Generic[_T]):
    """Answers, each found by a key, which must hold everything that makes it somebody's own.

    An entry is made before its answer is read: what is forgotten in the meantime is not kept when
    it arrives, since nobody knows whether the upstream would still tell it.
    """

    def __init__(self, *, seconds: float, max_bytes: int, clock: Callable[[], float]) -> None:
        """Keep answers for `seconds`, up to `max_bytes` in all: the least recently used ones go first."""
        self._entries: TTLCache[Hashable, Entry[_T]] = TTLCache(
            max_bytes, seconds, timer=clock, getsizeof=lambda entry: entry.size
        )
        self._groups: WeakValueDictionary[Hashable, _Group[_T]] = WeakValueDictionary()

    def __len__(self) -> int:
        """How many answers are kept."""
        return len(self._entries)

    def find(self, key: Hashable) -> _T | None:
        """The answer that is kept under a key."""
        entry = self._entries.get(key)
        return None if entry is None else entry.answer

    def expect(self, owner: bytes, things: Iterable[Hashable], key: Hashable) -> Entry[_T]:
        """An entry for what is about to be read: for whom, about which things, found by which key."""
        groups = [self._group(owner), *[self._group((owner, thing)) for thing in things]]
        return Entry(key, tuple(groups))

    def keep(self, entry: Entry[_T], answer: _T, *, size: int) -> None:
        """Keep an answer of about `size` bytes in its entry, in the place of an older one.

        Not where the entry was forgotten since it was made.
        """
        if entry.is_forgotten:
            return
        entry.answer, entry.size = answer, size
        with suppress(ValueError):  # larger than all that may be kept
            self._entries[entry.key] = entry

    def forget(self, owner: bytes, thing: Hashable = None) -> None:
        """Drop all that is kept, and keep nothing that is being read: of a thing, or of everything."""
        group = self._groups.get(owner if thing is None else (owner, thing), ())
        for entry in list(group):
            entry.is_forgotten = True
            self._entries.pop(entry.key, None)

    def _group(self, name: Hashable) -> _Group[_T]:
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = _Group()
        return group
