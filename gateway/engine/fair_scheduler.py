"""Work that callers choose the size of takes turns, and leaves most of the time to everybody else."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

_T = TypeVar("_T")

_FREE_SECONDS = 0.002
"""What a document takes that is not large. It is free."""

_PAUSE_FACTOR = 4
"""For how many times as long as the work took, there is no more of it: it has a fifth of the time."""

_BURST_SECONDS = 2.0
"""For how long pauses are put off after quiet times: so that whoever comes first need not wait."""


class FairScheduler:
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
        self._pauses_end_at = 0.0  # when the pauses are over, if nothing is added

    @property
    def is_idle(self) -> bool:
        """Whether the next piece of work need not wait."""
        return not self._lock.locked() and self._pauses_end_at <= self._clock()

    async def run(self, work: Callable[[], _T]) -> _T:
        """What the work gives, when its turn has come."""
        async with self._lock:
            remaining_seconds = self._pauses_end_at - self._clock()
            if remaining_seconds > 0:
                await self._sleep(remaining_seconds)
            started = self._clock()
            try:
                return work()
            finally:
                charged_seconds = max(0.0, self._clock() - started - _FREE_SECONDS)
                self._pauses_end_at = (
                    max(self._pauses_end_at, started - _BURST_SECONDS)
                    + (1 + _PAUSE_FACTOR) * charged_seconds
                )
