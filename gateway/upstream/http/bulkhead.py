"""Places: how many reads the upstream has to answer at once, in all and for each caller.

asyncio's semaphore and anyio's capacity limiter serve in the order of arrival, and aiolimiter by the second:
none of them knows callers, or says how long a wait will be.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable
from math import ceil

_SMOOTHING_FACTOR = 0.2
"""What the latest read counts towards how long reads take."""


class BulkheadFull(Exception):
    """There will be no place in time.

    Attributes:
        retry_after: In how many whole seconds there may be one.
    """

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after


class Bulkhead:
    """A bounded number of places. Who waits is served in turn, caller by caller: none starves another."""

    def __init__(self, *, total: int, per_caller: int, clock: Callable[[], float]) -> None:
        """Offer `total` places, `each` to one caller at most."""
        self._total = total
        self._per_caller = per_caller
        self._clock = clock
        self._in_use_by_key: Counter[Hashable] = Counter()
        self._available = total
        self._waiters: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()
        self._average_seconds = 0.0

    @property
    def in_use(self) -> int:
        """How many places are taken."""
        return self._total - self._available

    def slot(self, fairness_key: Hashable, *, remaining_seconds: float) -> "BulkheadSlot":
        """A place for a caller, who has so many seconds left, as a context.

        Raises:
            NoPlace: On entering, where it would not be free before they have passed.
        """
        return BulkheadSlot(self, fairness_key, remaining_seconds)

    async def acquire(self, fairness_key: Hashable, remaining_seconds: float) -> float:
        """Take a place, perhaps after a while. When that was."""
        if not self._available or self._in_use_by_key[fairness_key] >= self._per_caller:
            await self._wait(fairness_key, remaining_seconds)
        else:
            self._occupy_slot(fairness_key)
        return self._clock()

    def release(self, fairness_key: Hashable, acquired_at: float) -> None:
        """Leave a place, and remember for how long it was taken."""
        self._average_seconds += _SMOOTHING_FACTOR * (
            self._clock() - acquired_at - self._average_seconds
        )
        self._free_slot(fairness_key)

    async def _wait(self, fairness_key: Hashable, remaining_seconds: float) -> None:
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
            else:  # it had just been given the place
                self._free_slot(fairness_key)
            raise

    def _remove_waiter(self, fairness_key: Hashable, waiter: asyncio.Future[None]) -> None:
        """Somebody waits no more."""
        queue = self._waiters.get(fairness_key, deque())
        if waiter in queue:
            queue.remove(waiter)
        if not queue:
            self._waiters.pop(fairness_key, None)

    def _estimated_wait_seconds(self, fairness_key: Hashable) -> float:
        """How many seconds one more of this caller would wait, about.

        The callers are served in turn: before its next one, of each other at most as many.
        """
        own = len(self._waiters.get(fairness_key, ())) + 1
        others = (len(queue) for key, queue in self._waiters.items() if key != fairness_key)
        turns = own + sum(min(own, waiting) for waiting in others)
        return self._average_seconds * max(turns / self._total, own / self._per_caller)

    def _occupy_slot(self, fairness_key: Hashable) -> None:
        self._available -= 1
        self._in_use_by_key[fairness_key] += 1

    def _free_slot(self, fairness_key: Hashable) -> None:
        self._available += 1
        self._in_use_by_key[fairness_key] -= 1
        if not self._in_use_by_key[fairness_key]:
            del self._in_use_by_key[fairness_key]
        self._wake_next()

    def _wake_next(self) -> None:
        """Gives a place that became free to who waits, the callers in turn."""
        for fairness_key, queue in list(self._waiters.items()):
            while queue and self._in_use_by_key[fairness_key] < self._per_caller:
                waiter = queue[0]
                self._remove_waiter(fairness_key, waiter)
                if waiter.done():  # given up, and not yet forgotten
                    continue
                if queue:
                    self._waiters.move_to_end(fairness_key)
                self._occupy_slot(fairness_key)
                waiter.set_result(None)
                return


class BulkheadSlot:
    """A place, from entering to leaving."""

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
