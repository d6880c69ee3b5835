"""An event loop that waits for nothing: when all are asleep, its clock jumps to who wakes first.

For tests of deadlines and pauses over made-up upstreams; real sockets know nothing of its time.
"""

import asyncio
import selectors
from collections.abc import Mapping
from typing import Any


class _Selector(selectors.DefaultSelector):
    """Looks, and sleeps by the clock alone."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.skipped += max(timeout or 0.0, 0.0)
        return super().select(0 if timeout is not None else None)


class HurriedLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._hurry = _Selector()
        super().__init__(self._hurry)

    def time(self) -> float:
        return self._hurry.skipped


BACKEND: tuple[str, Mapping[str, Any]] = ("asyncio", {"loop_factory": HurriedLoop})
"""For a fixture `anyio_backend`."""
