"""Bulkhead: a fair limit of concurrent upstream requests, in total and per fairness key.

asyncio's semaphore and anyio's capacity limiter serve in the order of arrival, and aiolimiter limits the rate
per second: none of them distinguishes keys, or estimates how long a wait will be.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from math import ceil

_SMOOTHING_FACTOR = 0.2
"""Weight of the latest read in the moving average of durations."""


class BulkheadFull(Exception):
    """No slot becomes free in time.

    Attributes:
        retry_after: Whole seconds until a slot may be free.
    """

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after


class Bulkhead:
    """Bulkhead of a bounded number of slots. Waiting keys are served round-robin: none starves another."""

    def __init__(self, *, total: int, per_key: int, clock: Callable[[], float]) -> None:
        """Offer `total` slots, at most `per_key` of them to one fairness key.

        `clock` measures how long slots are held.
        """
        self._total = total
        self._per_key = per_key
        self._clock = clock
        self._in_use_by_key: dict[Hashable, int] = {}
        self._available = total
        self._waiters: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()
        self._average_seconds = 0.0

    @property
    def in_use(self) -> int:
        """How many slots are taken."""
        return self._total - self._available

    def slot(self, fairness_key: Hashable, *, remaining_seconds: float) -> "BulkheadSlot":
        """A slot for a read with so many seconds left, as an asynchronous context manager.

        Raises:
            BulkheadFull: On entering, where no slot is expected to be free in time.
        """
        return BulkheadSlot(self, fairness_key, remaining_seconds)

    async def acquire(self, fairness_key: Hashable, remaining_seconds: float) -> float:
        """Take a free slot, or wait for one; returns the time for `release`.

        Raises:
            BulkheadFull: No slot is expected to be free in time.
        """
        if self._available and self._in_use_by_key.get(fairness_key, 0) < self._per_key:
            self._occupy_slot(fairness_key)
        else:
            await self._wait(fairness_key, remaining_seconds)
        return self._clock()

    def release(self, fairness_key: Hashable, acquired_at: float) -> None:
        """Free a slot, and add its duration to the moving average."""
        self._average_seconds += _SMOOTHING_FACTOR * (
            self._clock() - acquired_at - self._average_seconds
        )
        self._free_slot(fairness_key)

    async def _wait(self, fairness_key: Hashable, remaining_seconds: float) -> None:
        """Wait for a slot, which is assigned to the waiter."""
        wait_seconds = self._estimated_wait_seconds(fairness_key)
        if wait_seconds > remaining_seconds:
            raise BulkheadFull(max(1, ceil(wait_seconds - remaining_seconds)))
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue = self._waiters.setdefault(fairness_key, deque())
        queue.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                self._remove_waiter(fairness_key, waiter)
            else:  # the slot was just assigned to the waiter
                self._free_slot(fairness_key)
            raise

    def _remove_waiter(self, fairness_key: Hashable, waiter: asyncio.Future[None]) -> None:
        """Remove a waiter from the queue of its fairness key."""
        queue = self._waiters.get(fairness_key, deque())
        if waiter in queue:
            queue.remove(waiter)
        if not queue:
            self._waiters.pop(fairness_key, None)

    def _estimated_wait_seconds(self, fairness_key: Hashable) -> float:
        """The estimated wait of one more read of this fairness key, in seconds.

        Keys are served round-robin: before this read, each other key gets at most as many slots as this key
        has reads waiting.
        """
        own = len(self._waiters.get(fairness_key, ())) + 1
        others = (len(queue) for key, queue in self._waiters.items() if key != fairness_key)
        queue_length = own + sum(min(own, waiting) for waiting in others)
        return self._average_seconds * max(queue_length / self._total, own / self._per_key)

    def _occupy_slot(self, fairness_key: Hashable) -> None:
        self._available -= 1
        self._in_use_by_key[fairness_key] = self._in_use_by_key.get(fairness_key, 0) + 1

    def _free_slot(self, fairness_key: Hashable) -> None:
        self._available += 1
        self._in_use_by_key[fairness_key] -= 1
        if not self._in_use_by_key[fairness_key]:
            del self._in_use_by_key[fairness_key]
        self._wake_next()

    def _wake_next(self) -> None:
        """Assign a slot that became free to a waiting read, the fairness keys round-robin."""
        for fairness_key, queue in list(self._waiters.items()):
            while queue and self._in_use_by_key.get(fairness_key, 0) < self._per_key:
                waiter = queue[0]
                self._remove_waiter(fairness_key, waiter)
                if waiter.done():  # cancelled, and not yet removed
                    continue
                if queue:
                    self._waiters.move_to_end(fairness_key)
                self._occupy_slot(fairness_key)
                waiter.set_result(None)
                return


class BulkheadSlot:
    """A slot of the bulkhead, held while its context is entered."""

    __slots__ = ("_acquired_at", "_bulkhead", "_fairness_key", "_remaining_seconds")

    def __init__(
        self, bulkhead: Bulkhead, fairness_key: Hashable, remaining_seconds: float
    ) -> None:
        self._bulkhead = bulkhead
        self._fairness_key = fairness_key
        self._remaining_seconds = remaining_seconds
        self._acquired_at = 0.0

    async def __aenter__(self) -> None:
        self._acquired_at = await self._bulkhead.acquire(
            self._fairness_key, self._remaining_seconds
        )

    async def __aexit__(self, *_: object) -> None:
        self._bulkhead.release(self._fairness_key, self._acquired_at)
