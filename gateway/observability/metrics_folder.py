"""The folder in which workers share their metrics: where it can be made, who holds it, and what clears it.

Each process that uses it has a lock of it, which ends with the process, however that ends. So a folder that
nobody holds was left by processes that were killed, and whoever finds it clears it. The lock is one of the
folder itself: what clears the temporary folders of a machine by their age leaves such a folder alone as well.
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
"""How prometheus_client calls the files of a process."""

_MIN_FREE_BYTES = 4_194_304
"""What has to be free: the files are mapped into memory, and a process that writes where no room is left is
killed. A worker takes a few hundred kB."""

_MAX_TRIES = 10


def candidate_parents() -> list[Path]:
    """Where the folder may be: among temporary files, or in shared memory, where those cannot be written."""
    temporary = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - what is made there is made safely
    return [Path(temporary).absolute(), Path("/dev/shm")]  # noqa: S108 - likewise


@contextmanager
def create(parents: Iterable[Path]) -> Iterator[Path | None]:
    """A new folder in the first of these places that takes it; None where none does.

    What was left in any of them by processes that were killed is cleared first, and this folder at the end.
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
    """Holds a folder that another process has made; the last process to leave it clears it."""
    lock = _lock(folder, fcntl.LOCK_SH)
    if lock is None:  # who made it was killed just now
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
    """A new folder, and its lock; None where there can be none."""
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
        with suppress(OSError):  # another process has just taken it for one that was left
            folder.rmdir()
    return None


def _clear_all(parent: Path) -> None:
    with suppress(OSError):
        for each in parent.iterdir():
            _clear(each)


def _clear(folder: Path) -> None:
    """Remove it, where it is one of ours and nobody holds it."""
    if not _FOLDER_NAME.fullmatch(folder.name):
        return
    lock = _lock(folder, fcntl.LOCK_EX)
    if lock is None:
        return
    try:
        names = os.listdir(lock)  # noqa: PTH208 - of what is locked, whatever has its path by now
        if os.fstat(lock).st_uid == os.geteuid() and all(map(_FILE_NAME.fullmatch, names)):
            for name in names:
                os.unlink(name, dir_fd=lock)
            folder.rmdir()
    except OSError:  # it cannot be written any more
        pass
    finally:
        os.close(lock)


def _lock(folder: Path, mode: int) -> int | None:
    """A descriptor of it with this lock; None where others' locks forbid it, or it is not there any more."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    with suppress(OSError):
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), folder.stat()):  # else it was cleared in between
            return descriptor
    os.close(descriptor)
    return None
