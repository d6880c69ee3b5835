"""Pending results: what one run of a compiled query awaits, each delivered by a callback when it arrives."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from gateway.engine.resolvers import MappedResult

Deliver = Callable[[Any, Exception | None], None]
"""Takes the result of an awaitable, or the exception that it raised."""


class PendingResults:
    """The results that one run of a compiled query awaits: of futures by callbacks, of coroutines by tasks.

    Each is delivered when it arrives. Awaitables given before `join` are the first batch; a batch of one is
    awaited without a task.
    """

    def __init__(self) -> None:
        self._first_batch: list[tuple[Awaitable[Any], Deliver]] | None = []
        self._futures: dict[asyncio.Future[Any], None] = {}  # in order
        self._failure: BaseException | None = None
        self._end_of_wait: asyncio.Future[None] | None = None
        self._is_detached = False

    def expect(self, awaitable: Awaitable[Any], deliver: Deliver) -> None:
        """Have the result of an awaitable delivered; coroutines begin in the order of the calls."""
        if self._first_batch is not None:
            self._first_batch.append((awaitable, deliver))
            return
        if isinstance(awaitable, MappedResult) and asyncio.isfuture(awaitable.source):
            deliver = _deliver_mapped(awaitable.function, deliver)
            self._expect_future(awaitable.source, deliver)
        elif asyncio.isfuture(awaitable):
            self._expect_future(awaitable, deliver)
        else:
            task = asyncio.create_task(self._await_result(awaitable, deliver))
            self._futures[task] = None
            task.add_done_callback(self._on_task_done)

    def _expect_future(self, future: asyncio.Future[Any], deliver: Deliver) -> None:
        self._futures[future] = None
        future.add_done_callback(partial(self._on_future_done, deliver))

    async def join(self) -> None:
        """Wait until all results are delivered, also those expected meanwhile.

        Raises the first exception of a delivery.
        """
        first = self._close_first_batch()
        if len(first) == 1:
            await self._await_result(*first[0])
        else:
            for awaitable, deliver in first:
                self.expect(awaitable, deliver)
        while self._futures and self._failure is None:
            self._end_of_wait = asyncio.get_running_loop().create_future()
            await self._end_of_wait
        if self._failure is not None:
            raise self._failure

    def detach(self) -> None:
        """Let the coroutines run to their end in the background, as graphql-core does; deliver nothing more."""
        self._is_detached = True
        for awaitable, deliver in self._close_first_batch():
            self.expect(awaitable, deliver)

    async def cancel(self) -> None:
        self._is_detached = True
        for future in self._futures:
            future.cancel()
        await asyncio.gather(*self._futures, return_exceptions=True)

    def _deliver(self, deliver: Deliver, value: Any, error: Exception | None) -> None:
        if not self._is_detached and self._failure is None:
            deliver(value, error)

    async def _await_result(self, awaitable: Awaitable[Any], deliver: Deliver) -> None:
        try:
            value, failure = await awaitable, None
        except Exception as error:  # noqa: BLE001 - delivered
            value, failure = None, error
        self._deliver(deliver, value, failure)

    def _on_future_done(self, deliver: Deliver, future: asyncio.Future[Any]) -> None:
        """Deliver the result of a future, of which a cancellation is none."""
        failure = _exception(future)
        if failure is None or isinstance(failure, Exception):
            try:
                self._deliver(deliver, None if failure else future.result(), failure)
            except Exception as error:  # noqa: BLE001 - raised by `join`
                failure = error
            else:
                failure = None
        self._remove(future, failure)

    def _on_task_done(self, task: asyncio.Future[Any]) -> None:
        self._remove(task, _exception(task))

    def _remove(self, future: asyncio.Future[Any], failure: BaseException | None) -> None:
        self._futures.pop(future, None)  # expected twice, it ends twice
        self._failure = self._failure or failure
        is_end = self._failure is not None or not self._futures
        if is_end and self._end_of_wait is not None and not self._end_of_wait.done():
            self._end_of_wait.set_result(None)

    def _close_first_batch(self) -> list[tuple[Awaitable[Any], Deliver]]:
        first, self._first_batch = self._first_batch or [], None
        return first


def _exception(future: asyncio.Future[Any]) -> BaseException | None:
    """The exception of a future that has ended; retrieved, so that asyncio does not log it."""
    return asyncio.CancelledError() if future.cancelled() else future.exception()


def _deliver_mapped(function: Callable[[Any], Any], deliver: Deliver) -> Deliver:
    def deliver_mapped(value: Any, error: Exception | None) -> None:
        if error is None:
            try:
                value = function(value)
            except Exception as failure:  # noqa: BLE001 - delivered
                value, error = None, failure
        deliver(value, error)

    return deliver_mapped
