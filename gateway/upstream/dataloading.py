"""Data loading: aiodataloader with its pitfalls covered, within a read budget and a concurrency limit."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, TypeVar

from aiodataloader import DataLoader, Loader, dispatch_queue

from gateway.errors import BudgetExceeded
from gateway.upstream.http.futures import completed_future, set_exception
from gateway.upstream.http.read_result import Err, Ok, ReadResult

_K = TypeVar("_K")
_T = TypeVar("_T")

StartRead = Callable[[], asyncio.Future[ReadResult[_T]]]
"""Starts a read, and returns the future of its result, whose cancellation ends the wait for it."""


class BatchLoader(DataLoader[_K, ReadResult[_T]]):
    """aiodataloader's DataLoader, without a task of its own for the dispatch of a batch.

    A batch begins in the same pass of the event loop as that of a `DataLoader`, and so takes the same loads.
    """

    def do_resolve_reject(self, key: _K, future: asyncio.Future[ReadResult[_T]]) -> None:
        self._queue.append(Loader(key, future))
        if len(self._queue) == 1:
            # aiodataloader makes a task in the next pass, which dispatches the batch in the one after that.
            self.loop.call_soon(self.loop.call_soon, dispatch_queue, self)


class DataLoaderScope:
    """The loads and reads of one operation, created inside the request's event loop, closed afterwards.

    aiodataloader does not shield: a cancelled waiter would poison its key, and a cancelled batch would leave
    its waiters hanging. So nobody but a batch awaits the future of a load or of a read: everybody else awaits
    a future of its own, which `value_of` returns. The values of DataLoaders are results: a failure that nobody
    awaits is no exception that nobody retrieves.
    """

    def __init__(self, *, max_reads: int, max_concurrent_reads: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._remaining_reads = max_reads
        self._free_count = max_concurrent_reads
        self._queue: deque[tuple[StartRead[Any], asyncio.Future[ReadResult[Any]]]] = deque()
        self._closed = False
        self._futures: set[asyncio.Future[ReadResult[Any]]] = set()

    def loader(
        self, load_batch: Callable[[list[_K]], Coroutine[Any, Any, list[ReadResult[_T]]]]
    ) -> BatchLoader[_K, _T]:
        """A DataLoader of this operation, whose batches this function loads."""
        return BatchLoader(load_batch, loop=self._loop)

    def load(self, loader: DataLoader[Any, ReadResult[_T]], key: Hashable) -> asyncio.Future[_T]:
        """Enqueue a key now and await its value later: loads of one pass of the executor are one batch."""
        return value_of(self._track(loader.load(key)))

    def schedule_read(self, start: StartRead[_T]) -> asyncio.Future[ReadResult[_T]]:
        """Start a read, or enqueue it while the concurrency limit is reached; it is charged to the budget.

        The result is `BudgetExceeded` where the budget is used up.
        """
        if self._remaining_reads <= 0:
            error = BudgetExceeded("The operation exceeds the limit of upstream reads.")
            return completed_future(Err(error, None, 0, attempts=0))
        self._remaining_reads -= 1
        if self._free_count and not self._closed:
            return self._start(start)
        read: asyncio.Future[ReadResult[_T]] = self._loop.create_future()
        if not self._closed:
            self._queue.append((start, read))
        return self._track(read)

    async def aclose(self) -> None:
        """Cancel the reads under way and the loads still waiting, which the DataLoaders would not do."""
        self._closed = True
        self._queue.clear()
        futures, self._futures = self._futures, set()
        cancellations = [future.cancel() for future in futures]
        if any(cancellations):
            await asyncio.sleep(0)  # for the reads to lose their waiters
            await asyncio.sleep(0)  # for their calls to be cancelled

    def _track(self, future: asyncio.Future[ReadResult[_T]]) -> asyncio.Future[ReadResult[_T]]:
        """Have a future cancelled when the operation ends."""
        if self._closed:  # a batch is dispatched a little after it was enqueued
            future.cancel()
        else:
            self._futures.add(future)
        return future

    def _start(self, start: StartRead[_T]) -> asyncio.Future[ReadResult[_T]]:
        self._free_count -= 1
        read = start()
        read.add_done_callback(self._start_next)
        return self._track(read)

    def _start_next(self, _: object) -> None:
        """Start the next read in the queue, now that one has ended."""
        self._free_count += 1
        if self._queue:
            start, queued = self._queue.popleft()
            self._start(start).add_done_callback(partial(_copy_result, queued))


def value_of(source: asyncio.Future[ReadResult[_T]]) -> asyncio.Future[_T]:
    """The value of a load or of a read, for one that awaits it: its cancellation concerns nobody else.

    An exception of it may be left unretrieved.
    """
    value: asyncio.Future[_T] = source.get_loop().create_future()
    if source.done():
        _set_value(value, source)
    else:
        source.add_done_callback(partial(_set_value, value))
    return value


def _set_value(value: asyncio.Future[_T], source: asyncio.Future[ReadResult[_T]]) -> None:
    if source.cancelled():
        value.cancel()
    elif (bug := source.exception()) is not None:
        set_exception(value, bug)
    else:
        match source.result():
            case Ok(content=content):
                if not value.done():  # it may have been cancelled
                    value.set_result(content)
            case Err(error=error):
                set_exception(value, error.with_traceback(None))  # else it grows with each waiter


def _copy_result(target: asyncio.Future[_T], source: asyncio.Future[_T]) -> None:
    if source.cancelled():
        target.cancel()
    elif (bug := source.exception()) is not None:
        set_exception(target, bug)
    elif not target.done():
        target.set_result(source.result())
