"""Byte budget: how many bytes of upstream answers a process holds at once, from their arrival until they are decoded."""

from collections import Counter
from collections.abc import Hashable
from types import TracebackType
from typing import Self


class NoRoom(Exception):
    """More bytes would be held at once than may be."""


class ByteBudget:
    """A number of bytes for all reads; one share has at most half of it where others have reads under way.

    Nobody waits for bytes: who holds some and waited for more could wait for another who does the same.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._left = total
        self._held: Counter[Hashable] = Counter()
        self._reads: Counter[Hashable] = Counter()

    @property
    def held(self) -> int:
        """How many bytes are held now."""
        return self._total - self._left

    def read(self, share: Hashable) -> "HeldBytes":
        """What one read holds, as a context: it is under way inside."""
        return HeldBytes(self, share)

    def begin(self, share: Hashable) -> None:
        """A read of a share is under way."""
        self._reads[share] += 1

    def take(self, share: Hashable, count: int) -> None:
        """Hold more bytes.

        Raises:
            NoRoom: It would be too many, in all or for this share.
        """
        most = self._total // 2 if len(self._reads) > 1 else self._total
        if count > self._left or self._held[share] + count > most:
            raise NoRoom
        self._left -= count
        self._held[share] += count

    def end(self, share: Hashable, count: int) -> None:
        """A read that held so many bytes has ended."""
        self._left += count
        self._held[share] -= count
        self._reads[share] -= 1
        if not self._reads[share]:
            del self._reads[share], self._held[share]


class HeldBytes:
    """What one read holds."""

    __slots__ = ("_budget", "_count", "_share")

    def __init__(self, budget: ByteBudget, share: Hashable) -> None:
        self._budget = budget
        self._share = share
        self._count = 0

    def __enter__(self) -> Self:
        self._budget.begin(self._share)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._budget.end(self._share, self._count)

    def take(self, count: int) -> None:
        """Hold more bytes.

        Raises:
            NoRoom: It would be too many.
        """
        self._budget.take(self._share, count)
        self._count += count
