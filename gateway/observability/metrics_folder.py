"""The folder in which workers share their metrics: its location, its locks and its removal.

Each process that uses the folder holds a lock on it, which ends with the process, however that ends. So a
folder without a lock is a leftover of killed processes, and the next process removes it. The lock is on the
folder itself: programs that remove a machine's temporary folders by age spare a locked folder as well.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

_PREFIX = "gateway-metrics-"
_FOLDER_NAME = re.compile(_PREFIX + r"[a-z0-9_]{8}")
_FILE_NAME = re.compile(r"(counter|gauge_[a-z]+|histogram)_\d+\.db")
"""The names of prometheus_client's files of a process."""

_MIN_FREE_BYTES = 4_194_304
"""The minimum of free space: the files are mapped into memory, and a process that writes where no space is
left is killed. A worker takes a few hundred kB.
"""

_MAX_TRIES = 10


def candidate_parents() -> list[Path]:
    """The possible locations of the folder: temporary files, then shared memory."""
    temporary = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - folders in it are created safely
    return [Path(temporary).absolute(), Path("/dev/shm")]  # noqa: S108 - likewise


@contextmanager
def create(parents: Iterable[Path]) -> Iterator[Path | None]:
    """A new folder in the first usable location; None where there is none.

    Leftovers of killed processes in any location are removed first, and this folder at the end.
    """
    parents = list(parents)
    for parent in parents:
        _clear_all(parent)
    created = next(filter(None, map(_create_in, parents)), None)
    if created is None:
        yield None
        return
    folder, lock = created
    with _hold(folder, lock):
        yield folder


@contextmanager
def join(folder: Path) -> Iterator[None]:
    """Hold a lock on another process's folder; the last process to release it removes the folder."""
    lock = _lock(folder, fcntl.LOCK_SH)
    if lock is None:  # its creator was killed just now
        yield
        return
    with _hold(folder, lock):
        yield


@contextmanager
def _hold(folder: Path, lock: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(lock)
        _clear(folder)


def _create_in(parent: Path) -> tuple[Path, int] | None:
    """A new folder and its lock; None where none can be created."""
    for _ in range(_MAX_TRIES):
        try:
            if shutil.disk_usage(parent).free < _MIN_FREE_BYTES:
                return None
            folder = Path(mkdtemp(prefix=_PREFIX, dir=parent))
        except OSError:
            return None
        lock = _lock(folder, fcntl.LOCK_SH)
        if lock is not None:
            return folder, lock
        with suppress(OSError):  # another process has just taken it for a leftover
            folder.rmdir()
    return None


def _clear_all(parent: Path) -> None:
    with suppress(OSError):
        for each in parent.iterdir():
            _clear(each)


def _clear(folder: Path) -> None:
    """Remove the folder, where it is one of the gateway's and no process holds a lock on it."""
    if not _FOLDER_NAME.fullmatch(folder.name):
        return
    lock = _lock(folder, fcntl.LOCK_EX)
    if lock is None:
        return
    try:
        names = os.listdir(lock)  # noqa: PTH208 - of the locked folder, not of its path
        if os.fstat(lock).st_uid == os.geteuid() and all(map(_FILE_NAME.fullmatch, names)):
            for name in names:
                os.unlink(name, dir_fd=lock)
            folder.rmdir()
    except OSError:  # not writable any more
        pass
    finally:
        os.close(lock)


def _lock(folder: Path, mode: int) -> int | None:
    """A descriptor of the folder with this lock; None where another lock forbids that, or it is gone."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    with suppress(OSError):
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), folder.stat()):  # else it was removed meanwhile
            return descriptor
    os.close(descriptor)
    return None
