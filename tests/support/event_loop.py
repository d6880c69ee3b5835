"""The event loop as other tasks find it while a test does long work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Passes:
    """The passes of the event loop so far."""

    count = 0


@asynccontextmanager
async def counted_passes() -> AsyncIterator[Passes]:
    """Counts the passes of the event loop: work that does not leave the loop free lets none happen."""
    passes = Passes()

    async def count() -> None:
        while True:
            passes.count += 1
            await asyncio.sleep(0)

    counter = asyncio.create_task(count())
    await asyncio.sleep(0)
    passes.count = 0
    try:
        yield passes
    finally:
        counter.cancel()
