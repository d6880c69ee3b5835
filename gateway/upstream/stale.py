"""Last good answers, for when there is no new one (RFC 5861, stale-if-error); always per credentials.

Of the libraries, aiocache and hishel know no such thing; cashews' failover bounds how many answers it
keeps, not how large they are, and does not say of when one is. Keeping is cachetools' work.
"""

from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from typing import Generic, NamedTuple, TypeVar
from weakref import WeakSet, WeakValueDictionary

from cachetools import TTLCache

_T = TypeVar("_T")


class Dated(NamedTuple, Generic[_T]):
    """What the upstream answered, and when.

    Attributes:
        content: The answer.
        read_at: When it arrived, in seconds since 1970.
        is_stale: Whether it was kept, and is shown because the upstream fails now.
    """

    content: _T
    read_at: float
    is_stale: bool = False


class _Kept(Generic[_T]):
    """An answer, and what it is dropped with."""

    __slots__ = ("__weakref__", "answer", "groups", "key", "size")

    def __init__(
        self, key: Hashable, answer: Dated[_T], size: int, groups: "tuple[_Group[_T], ...]"
    ) -> None:
        self.key = key
        self.answer = answer
        self.size = size
        self.groups = groups
        for group in groups:
            group.add(self)


class _Group(WeakSet[_Kept[_T]]):
    """What is kept of somebody or something. It goes with the last of its members."""


class LastGood(Generic[_T]):
    """The last good answers to questions about things, each for its owner alone."""

    def __init__(self, *, seconds: float, max_bytes: int, clock: Callable[[], float]) -> None:
        """Keep answers for `seconds`, up to `max_bytes` in all: the least recently used ones go first.

        By the time of day, and not by a clock that may stand still while a machine sleeps.
        """
        self._kept: TTLCache[Hashable, _Kept[_T]] = TTLCache(
            max_bytes, seconds, timer=clock, getsizeof=lambda kept: kept.size
        )
        self._groups: WeakValueDictionary[Hashable, _Group[_T]] = WeakValueDictionary()

    def __len__(self) -> int:
        """How many answers are kept."""
        return len(self._kept)

    def keep(
        self, owner: bytes, thing: Hashable, question: Hashable, answer: Dated[_T], *, size: int
    ) -> None:
        """Keep an answer of about `size` bytes, in the place of an older one to the same question."""
        key = (owner, thing, question)
        groups = (self._group(owner), self._group((owner, thing)))
        with suppress(ValueError):  # larger than all that may be kept
            self._kept[key] = _Kept(key, answer, size, groups)

    def find(
        self, owner: bytes, thing: Hashable, questions: Iterable[Hashable]
    ) -> Dated[_T] | None:
        """The newest answer to any of the questions, marked as stale."""
        kept = [self._kept.get((owner, thing, question)) for question in questions]
        answers = [each.answer for each in kept if each is not None]
        if not answers:
            return None
        return max(answers, key=lambda answer: answer.read_at)._replace(is_stale=True)

    def forget(self, owner: bytes, thing: Hashable = None) -> None:
        """Drop all that is kept of a thing for its owner, or of everything."""
        group = self._groups.get(owner if thing is None else (owner, thing), ())
        for kept in list(group):
            self._kept.pop(kept.key, None)

    def _group(self, name: Hashable) -> _Group[_T]:
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = _Group()
        return group
