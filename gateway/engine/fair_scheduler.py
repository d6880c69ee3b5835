"""Work that callers choose the size of takes turns, and leaves most of the time to everybody else."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

_T = TypeVar("_T")

_ORDINARY_SECONDS = 0.002
"""What a document takes that is not large. It is free."""

_PAUSE = 4
"""For how many times as long as the work took, there is no more of it: it has a fifth of the time."""

_BURST_SECONDS = 2.0
"""For how long pauses are put off after quiet times: so that whoever comes first need not wait."""


class Turns:
    """One piece of work at a time, with a pause after each that is as much longer as the work was.

    Work here is what blocks the event loop: while a document is prepared, nobody else is answered. Who
    sends one bomb after another would leave no time for the others; so, bombs wait for each other.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = asyncio.Lock()
        self._over = 0.0  # when the pauses are over, if nothing is added

    @property
    def are_free(self) -> bool:
        """Whether the next piece of work need not wait."""
        return not self._lock.locked() and self._over <= self._clock()

    async def take(self, work: Callable[[], _T]) -> _T:
        """What the work gives, when its turn has come."""
        async with self._lock:
            left = self._over - self._clock()
            if left > 0:
                await self._sleep(left)
            started = self._clock()
            try:
                return work()
            finally:
                large = max(0.0, self._clock() - started - _ORDINARY_SECONDS)
                self._over = max(self._over, started - _BURST_SECONDS) + (1 + _PAUSE) * large
