"""What Linux knows of processes and cores: the CPU time and memory that they use."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


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


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for thread in _threads(pid):
        for child in (thread / "children").read_text("ascii").split():
            yield from _tree(int(child))


def _threads(pid: int) -> list[Path]:
    return list((_PROC / f"{pid}/task").iterdir())
