"""What a run waits for at the same time: begun in order, awaited together, never forgotten."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """The coroutines of one run. Those begun before `end` are the first; if there is but one, it needs no task."""

    def __init__(self) -> None:
        self._first: list[Coroutine[Any, Any, None]] | None = []
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self, coroutine: Coroutine[Any, Any, None]) -> None:
        if self._first is not None:
            self._first.append(coroutine)
        else:
            self._tasks.append(asyncio.create_task(coroutine))

    async def end(self) -> None:
        """Wait for all of them, also for those that are begun meanwhile; raises what the earliest raises."""
        first = self._started()
        if len(first) == 1:
            await first.pop()
        for coroutine in first:
            self.begin(coroutine)
        for task in self._tasks:  # which grow in number meanwhile
            await task

    def leave(self) -> None:
        """Let them end by themselves, with what they wait for: as graphql-core does."""
        for coroutine in self._started():
            self.begin(coroutine)
        for task in self._tasks:
            task.add_done_callback(_told)

    async def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _started(self) -> list[Coroutine[Any, Any, None]]:
        first, self._first = self._first or [], None
        return first


def _told(task: asyncio.Task[None]) -> None:
    """Nobody asks any more why a task failed."""
    if not task.cancelled():
        task.exception()
