"""CPU throttle: one FIFO queue for all callers, which caps CPU-bound work at 20 % of the event loop's time."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Any, TypeVar

_T = TypeVar("_T")

_FREE_SECONDS = 0.002
"""The time to prepare a document of ordinary size. Not charged."""

_PAUSE_FACTOR = 4
"""The length of a pause as a multiple of the charged time: work has one fifth of the time."""

_BURST_SECONDS = 2.0
"""The burst allowance: the pauses that an idle scheduler may defer, so that the first work need not wait."""


class FairScheduler:
    """One FIFO queue for all callers that caps CPU-bound work: each piece is followed by a proportional pause.

    It is fair to all other work of the event loop; it does not distinguish callers.

    Preparing a document blocks the event loop, and callers choose the size of documents. Without a throttle,
    a caller that sends one expensive document after another would leave no time for other requests; with it,
    expensive documents wait for each other.
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
        self._pauses_end_at = 0.0  # on the clock, where no work is added

    async def run(self, work: Callable[[], _T]) -> _T:
        """Run a piece of work after the earlier ones and their pauses; returns its result."""
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

    async def run_steps(self, steps: Generator[None, None, _T]) -> _T:
        """Run work that yields between its steps: each step is a piece of its own, with the event loop free before it."""
        while True:
            finished = await self.run(partial(_advance, steps))
            if finished is not None:
                result: _T = finished.value
                return result
            await asyncio.sleep(0)


def _advance(steps: Generator[None, None, Any]) -> StopIteration | None:
    """Run one step. The end of the work is returned, not raised, since a coroutine cannot raise it."""
    try:
        next(steps)
    except StopIteration as finished:
        return finished
    return None
