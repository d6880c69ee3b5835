"""Cooperative execution of long work: in steps, with the event loop free before each of them.

A thread would not help: the long work is decoding, which holds the global interpreter lock.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import accumulate
from typing import TypeVar
from weakref import WeakKeyDictionary

from msgspec import Raw

_T = TypeVar("_T")
_U = TypeVar("_U")

CooperativeSteps = Generator[None, None, _T]
"""Work that yields before each of its steps, and returns its result. Short work does not yield."""

STEP_ITEMS = 1_000
STEP_BYTES = 524_288
"""The maximum of one step: decoding it takes about 10 milliseconds, or 30 where all of it is irregular."""

_lock_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def run_cooperatively(steps: CooperativeSteps[_T]) -> _T:
    """The result of the work, with the event loop free before each step; at once where it has no steps.

    All work in steps shares a lock, and one step runs per pass of the event loop: however much work there
    is, other tasks never wait for more than one step.
    """
    try:
        next(steps)
        lock = _lock_by_loop.setdefault(asyncio.get_running_loop(), asyncio.Lock())
        while True:
            async with lock:
                await asyncio.sleep(0)
                next(steps)
    except StopIteration as finished:
        result: _T = finished.value
        return result


def run_to_completion(steps: CooperativeSteps[_T]) -> _T:
    """The result of the work, without a pause."""
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            result: _T = finished.value
            return result


class PassBudget:
    """The work that all operations together may do at once in one pass of an event loop."""

    def __init__(self, work_per_pass: int) -> None:
        """A budget of so much work in each pass, in any unit that is known before the work: characters, items."""
        self._work_per_pass = work_per_pass
        self._remaining: WeakKeyDictionary[asyncio.AbstractEventLoop, int] = WeakKeyDictionary()

    def consume(self, work: int) -> bool:
        """Whether the rest of the budget suffices for a piece of work; where it does not, nothing is consumed.

        Such a piece is to be done in cooperative steps.
        """
        loop = asyncio.get_running_loop()
        remaining = self._remaining.get(loop)
        if remaining is None:
            loop.call_soon(self._remaining.pop, loop, None)
            remaining = self._work_per_pass
        if work > remaining:
            return False
        self._remaining[loop] = remaining - work
        return True


def exceeds_one_step(items: Sequence[Raw]) -> bool:
    """Whether items are too many, or too large, for one step."""
    return len(items) > STEP_ITEMS or len(b"".join(items)) > STEP_BYTES


def map_in_steps(
    function: Callable[[Sequence[Raw]], list[_U]], items: Sequence[Raw]
) -> CooperativeSteps[list[_U]]:
    """The results of a function for all items, called with one batch per step."""
    if not exceeds_one_step(items):
        return function(items)
    results: list[_U] = []
    for batch in _batches(items):
        yield
        results += function(batch)
    return results


def _batches(items: Sequence[Raw]) -> Iterator[Sequence[Raw]]:
    """Items in order, in batches of one step; a larger item is a batch of its own."""
    total_bytes = [0, *accumulate(len(memoryview(item)) for item in items)]
    begin = 0
    while begin < len(items):
        end = bisect_right(total_bytes, total_bytes[begin] + STEP_BYTES) - 1
        end = min(max(end, begin + 1), begin + STEP_ITEMS)
        yield items[begin:end]
        begin = end
