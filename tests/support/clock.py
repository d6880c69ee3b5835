"""A clock that a test turns."""

import asyncio

NINE = 1_774_774_800.0
"""09:00 in UTC on 2026-03-29."""


class Clock:
    """The time, which is what a test says: of the day, unless it begins elsewhere."""

    def __init__(self, now: float = NINE) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Lets others run, and then so much time has passed."""
        await asyncio.sleep(0)
        self.now += seconds

    def work(self, seconds: float) -> float:
        """Takes so long; gives when it began."""
        began = self.now
        self.now += seconds
        return began
