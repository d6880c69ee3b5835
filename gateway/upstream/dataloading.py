"""Data loading: aiodataloader with its pitfalls covered, within a read budget and a concurrency limit."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Iterable
from typing import Any, TypeVar

from aiodataloader import DataLoader

from gateway.errors import BudgetExceeded

_T = TypeVar("_T")


class DataLoaderScope:
    """The loads and reads of one operation, created inside the request's event loop, closed afterwards.

    aiodataloader does not shield: a cancelled waiter would poison its key, and a cancelled batch would leave
    its waiters hanging. Every load goes through `load`, every read through `schedule_read`, whose
    task is awaited by `shared_result` where several wait for it.
    """

    def __init__(self, *, max_reads: int, max_concurrent_reads: int) -> None:
        self._remaining_reads = max_reads
        self._semaphore = asyncio.Semaphore(max_concurrent_reads)
        self._closed = False
        self._loads: set[asyncio.Future[Any]] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    def load(self, loader: DataLoader[Any, Any], key: Hashable) -> Coroutine[Any, Any, Any]:
        """Enqueue a key now and await its value later: loads of one pass of the executor are one batch."""
        load = loader.load(key)
        self._loads.add(load)
        if self._closed:
            load.cancel()
        return shared_result(load)

    def schedule_read(
        self, fetch: Callable[..., Coroutine[Any, Any, _T]], *arguments: Any, **options: Any
    ) -> asyncio.Task[_T]:
        """Start a read, which is charged to the read budget and waits for the concurrency limit.

        Raises:
            BudgetExceeded: On await, where the budget is used up.
        """

        async def run_within_budget() -> _T:
            if self._remaining_reads <= 0:
                raise BudgetExceeded("The operation exceeds the limit of upstream reads.")
            self._remaining_reads -= 1
            async with self._semaphore:
                return await fetch(*arguments, **options)

        task = asyncio.create_task(run_within_budget())
        self._tasks.add(task)
        if self._closed:  # a batch is dispatched a little after it was enqueued
            task.cancel()
        return task

    async def aclose(self) -> None:
        """Cancel the reads under way and the loads still waiting, which the DataLoaders would not do."""
        self._closed = True
        for future in (*self._tasks, *self._loads):
            future.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._loads.clear()


async def gather_outcomes(tasks: Iterable[asyncio.Task[_T]]) -> list[_T | Exception]:
    """The outcome of each task: a failure is returned as its task's outcome, a cancellation is raised."""
    results: list[_T | Exception] = []
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, BaseException) and not isinstance(result, Exception):
            raise result
        results.append(result)
    return results


async def shared_result(future: asyncio.Future[_T]) -> _T:
    """The result of a future that others await as well: a cancelled waiter does not cancel the future."""
    return await asyncio.shield(future)
