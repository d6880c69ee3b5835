"""Byte budget: a limit of the bytes of upstream responses held at once, from arrival until decoded."""

from collections import defaultdict
from collections.abc import Hashable
from types import TracebackType
from typing import Self


class ByteBudgetExceeded(Exception):
    """More bytes would be held at once than the byte budget allows."""


class ByteBudget:
    """Byte budget of all reads; one fairness key has at most half of it while others have reads under way.

    No read waits for bytes: two reads that hold some and wait for more could wait for each other.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._available_bytes = max_bytes
        self._reserved_by_key: defaultdict[Hashable, int] = defaultdict(int)
        self._reads_by_key: defaultdict[Hashable, int] = defaultdict(int)

    @property
    def reserved_bytes(self) -> int:
        """How many bytes are held now."""
        return self._max_bytes - self._available_bytes

    def reservation(self, fairness_key: Hashable) -> "ByteReservation":
        """The reservation of one read, as a context manager: the read is under way inside."""
        return ByteReservation(self, fairness_key)

    def begin_read(self, fairness_key: Hashable) -> None:
        """Count a read of a fairness key as under way."""
        self._reads_by_key[fairness_key] += 1

    def reserve(self, fairness_key: Hashable, byte_count: int) -> None:
        """Reserve further bytes.

        Raises:
            ByteBudgetExceeded: The bytes exceed the budget, or the part of it that one fairness key may have.
        """
        limit = self._max_bytes // 2 if len(self._reads_by_key) > 1 else self._max_bytes
        if (
            byte_count > self._available_bytes
            or self._reserved_by_key[fairness_key] + byte_count > limit
        ):
            raise ByteBudgetExceeded
        self._available_bytes -= byte_count
        self._reserved_by_key[fairness_key] += byte_count

    def end_read(self, fairness_key: Hashable, byte_count: int) -> None:
        """Release the bytes of a read that has ended."""
        self._available_bytes += byte_count
        self._reserved_by_key[fairness_key] -= byte_count
        self._reads_by_key[fairness_key] -= 1
        if not self._reads_by_key[fairness_key]:
            del self._reads_by_key[fairness_key], self._reserved_by_key[fairness_key]


class ByteReservation:
    """The bytes that one read holds."""

    __slots__ = ("_budget", "_fairness_key", "_reserved_bytes")

    def __init__(self, budget: ByteBudget, fairness_key: Hashable) -> None:
        self._budget = budget
        self._fairness_key = fairness_key
        self._reserved_bytes = 0

    def __enter__(self) -> Self:
        self._budget.begin_read(self._fairness_key)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._budget.end_read(self._fairness_key, self._reserved_bytes)

    def reserve(self, byte_count: int) -> None:
        """Reserve further bytes.

        Raises:
            ByteBudgetExceeded: The bytes exceed the budget.
        """
        self._budget.reserve(self._fairness_key, byte_count)
        self._reserved_bytes += byte_count
