"""The state of files, by which a change is noticed without reading them."""

from collections.abc import Callable, Iterable
from pathlib import Path

FileState = tuple[object, ...]
"""Equal for two times between which files were neither written nor replaced."""


def file_state(list_files: Callable[[], Iterable[Path]]) -> FileState:
    """The state of the files that a function lists: names, times, sizes and inodes, those of what links lead to.

    A replaced file, and a replaced link on the way to it, is another inode. Where a file or the list cannot be
    read, the reason is the state.
    """
    try:
        return tuple(map(_state_of_one, list_files()))
    except OSError as error:
        return (error.errno,)


def _state_of_one(file: Path) -> FileState:
    try:
        status = file.stat()
    except OSError as error:
        return file.name, error.errno
    return file.name, status.st_mtime_ns, status.st_size, status.st_ino
