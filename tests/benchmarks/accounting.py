"""What Linux knows of processes and cores: the CPU time and memory that they use, and how fast a core is."""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median

_PROC = Path("/proc")
_PIECES_OF_WORK = 11
_STEPS_OF_WORK = 15_000


def cpu_seconds(pid: int) -> float:
    """What the threads of a process, and of those that it started, have used so far."""
    nanoseconds = 0
    for process in _tree(pid):
        for thread in _threads(process):
            with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
                nanoseconds += int((thread / "schedstat").read_text("ascii").split()[0])
    return nanoseconds / 1e9


def resident_bytes(pid: int) -> int:
    """The memory of a process, and of those that it started."""
    pages = (int((_PROC / f"{each}/statm").read_text("ascii").split()[1]) for each in _tree(pid))
    return sum(pages) * os.sysconf("SC_PAGE_SIZE")


def busy_seconds(core: int) -> float:
    """What all processes together have used of a core so far, by the ticks of the system's clock."""
    lines = (_PROC / "stat").read_text("ascii").splitlines()
    ticks = next(line.split()[1:] for line in lines if line.startswith(f"cpu{core} "))
    user, nice, system, *_ = map(int, ticks)
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


class CoreSpeed:
    """How fast a core is at the moment, as a part of how fast it was at first.

    What one process does takes more CPU time while the machine under a virtual core is busy, or hot.
    """

    def __init__(self, core: int | None) -> None:
        self._core = core
        self._first_seconds: float | None = None

    async def now(self) -> float:
        """It takes some milliseconds of that core; nothing else should run there."""
        seconds = await asyncio.to_thread(_seconds_of_work, self._core)
        if self._first_seconds is None:
            self._first_seconds = seconds
        return self._first_seconds / seconds


def _seconds_of_work(core: int | None) -> float:
    """The CPU time that a fixed piece of work takes."""
    allowed = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})  # of this thread alone
    try:
        return median(_work() for _ in range(_PIECES_OF_WORK))
    finally:
        os.sched_setaffinity(0, allowed)


def _work() -> float:
    started = time.thread_time()
    for number in range(_STEPS_OF_WORK):  # what an interpreter does all day
        entry = {"id": str(number), "of": [number]}
        entry["text"] = f"{entry['id']}:{len(entry)}"
    return time.thread_time() - started


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for thread in _threads(pid):
        for child in (thread / "children").read_text("ascii").split():
            yield from _tree(int(child))


def _threads(pid: int) -> list[Path]:
    return list((_PROC / f"{pid}/task").iterdir())
