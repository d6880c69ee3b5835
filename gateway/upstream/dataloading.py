"""Loads: aiodataloader with its pitfalls covered, within a budget, a few at a time."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Iterable, Sequence
from typing import Any, TypeVar

from aiodataloader import DataLoader

from gateway.errors import BudgetExceeded

_T = TypeVar("_T")


class DataLoaderScope:
    """What one operation loads. Made inside the request's event loop, closed after it.

    aiodataloader does not shield: a cancelled waiter would poison its key, and a cancelled batch would
    leave its waiters hanging. Every load goes through `load`, every read through `schedule_read`.
    """

    def __init__(self, *, max_reads: int, max_concurrent_reads: int) -> None:
        self._remaining_reads = max_reads
        self._semaphore = asyncio.Semaphore(max_concurrent_reads)
        self._closed = False
        self._loads: set[asyncio.Future[Any]] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    def load(self, loader: DataLoader[Any, Any], key: Hashable) -> Coroutine[Any, Any, Any]:
        """Enqueue now, wait on await: all that one pass of the executor asks for is one batch."""
        load = loader.load(key)
        self._loads.add(load)
        if self._closed:
            load.cancel()
        return _shield(load)

    def loader(self, fetch: Callable[..., Coroutine[Any, Any, _T]]) -> DataLoader[Any, _T]:
        """A loader of things that have no common read: each begins at once, none waits for another."""

        async def schedule_all(keys: Sequence[tuple[str, ...]]) -> list[Any]:
            return await gather_outcomes([self.schedule_read(fetch, *key) for key in keys])

        return DataLoader(schedule_all, batch=False)

    def schedule_read(
        self, fetch: Callable[..., Coroutine[Any, Any, _T]], *arguments: Any, **options: Any
    ) -> asyncio.Task[_T]:
        """Begin a read, which needs a part of the budget and waits for a place.

        Raises:
            BudgetExceeded: On await, where the budget is used up.
        """

        async def run_within_budget() -> _T:
            if self._remaining_reads <= 0:
                raise BudgetExceeded("This operation wants more upstream reads than one may have.")
            self._remaining_reads -= 1
            async with self._semaphore:
                return await fetch(*arguments, **options)

        task = asyncio.create_task(run_within_budget())
        self._tasks.add(task)
        if self._closed:  # a batch is dispatched a little after it was enqueued
            task.cancel()
        return task

    async def aclose(self) -> None:
        """Give up what is still under way, and cancel who still waits: the loaders would not."""
        self._closed = True
        for future in (*self._tasks, *self._loads):
            future.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._loads.clear()


async def gather_outcomes(tasks: Iterable[asyncio.Task[_T]]) -> list[_T | Exception]:
    """What each task came to: a failure stays its own, a cancellation is everybody's."""
    results: list[_T | Exception] = []
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, BaseException) and not isinstance(result, Exception):
            raise result
        results.append(result)
    return results


async def _shield(load: asyncio.Future[_T]) -> _T:
    return await asyncio.shield(load)
