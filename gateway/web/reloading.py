"""Reloading of the files that settings name: periodically and on request, while requests are served."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from gateway.config.file_state import FileState
from gateway.observability.logging import log_bug, log_info, log_warning
from gateway.observability.metrics import ReloadOutcome

_T = TypeVar("_T")

_MAX_READS = 3
"""How often files are read that change while they are read."""


class UnusableFiles(Exception):
    """Files that cannot replace what is in use; the message has no content of theirs, except document ids."""


class ReloadableFiles(Generic[_T]):
    """The files of one setting, which replace what is in use where they are usable, as a whole.

    Files are read in a thread. An unusable state of the files is logged once, however often it is found.
    """

    def __init__(
        self,
        variable: str,
        *,
        state: Callable[[], FileState],
        read: Callable[[], _T],
        replace: Callable[[_T], Awaitable[bool]],
        count_outcome: Callable[[ReloadOutcome], None] = lambda _: None,
    ) -> None:
        """Reload the files that a variable of the environment names.

        Args:
            variable: The variable.
            state: The state of the files.
            read: Reads the files. A `ValueError` says why they are unusable, without their content.
            replace: Replaces what is in use; whether that differs. Raises `UnusableFiles` instead.
            count_outcome: Counts the reloads by their outcomes.
        """
        self._variable = variable
        self._current_state = state
        self._read = read
        self._replace = replace
        self._count_outcome = count_outcome
        self._lock = asyncio.Lock()
        self._seen_state: FileState | None = (
            None  # the files may have changed before the first check
        )
        self._problem: str | None = None

    async def reload(self, *, is_requested: bool = False) -> None:
        """Replace what is in use where the files have changed; where that is requested, read them anyway."""
        async with self._lock:
            try:
                is_changed = await self._try_to_reload(is_requested=is_requested)
            except UnusableFiles as error:
                self._record_problem(str(error), is_requested=is_requested)
            except Exception as error:  # noqa: BLE001 - a bug here must not end all later reloads
                log_bug(error)
                self._record_problem("internal error", is_requested=is_requested)
            else:
                if is_changed is not None:
                    self._record_success(is_changed=is_changed, is_requested=is_requested)
                elif self._problem is not None:  # still unusable
                    self._count_outcome("failed")

    async def _try_to_reload(self, *, is_requested: bool) -> bool | None:
        """Whether what is in use was replaced by something else; None where the files are as before."""
        known_state = None if is_requested else self._seen_state
        found = await asyncio.to_thread(self._read_if_changed, known_state)
        return None if found is None else await self._replace(found)

    def _read_if_changed(self, known_state: FileState | None) -> _T | None:
        """What the files have; None where their state is the known one."""
        for _ in range(_MAX_READS):
            state = self._current_state()
            if state == known_state:
                return None
            try:
                found = self._read()
            except ValueError as error:
                if self._current_state() == state:
                    # What the operating system refuses may be possible next time, without a change of the files.
                    is_final = not isinstance(error.__cause__, OSError)
                    self._seen_state = state if is_final else None
                    raise UnusableFiles(str(error)) from error
            else:
                if self._current_state() == state:
                    self._seen_state = state
                    return found
        self._seen_state = None
        raise UnusableFiles("changes while it is read")

    def _record_problem(self, problem: str, *, is_requested: bool) -> None:
        self._count_outcome("failed")
        if is_requested or problem != self._problem:
            log_warning("reload.failed", setting=self._variable, problem=problem)
        self._problem = problem

    def _record_success(self, *, is_changed: bool, is_requested: bool) -> None:
        self._count_outcome("changed" if is_changed else "unchanged")
        if is_changed:
            log_info("reload.changed", setting=self._variable)
        elif is_requested or self._problem is not None:
            log_info("reload.unchanged", setting=self._variable)
        self._problem = None


class Reloader:
    """Reloads files periodically, and on request.

    Attributes:
        files: The files of each setting.
    """

    def __init__(
        self,
        files: Sequence[ReloadableFiles[Any]],
        *,
        interval_seconds: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Reload these files every `interval_seconds`; 0: on request only."""
        self.files = files
        self._interval_seconds = interval_seconds
        self._sleep = sleep
        self._requests = [asyncio.Event() for _ in files]

    def request(self) -> None:
        """Have all files read, whether they have changed or not."""
        for each in self._requests:
            each.set()

    async def run(self) -> None:
        """Reload until this is cancelled. Files do not wait for each other."""
        async with asyncio.TaskGroup() as group:
            for each, request in zip(self.files, self._requests, strict=True):
                group.create_task(self._reload_on_request(each, request))
                if self._interval_seconds:
                    group.create_task(self._reload_periodically(each))

    async def _reload_on_request(self, files: ReloadableFiles[Any], request: asyncio.Event) -> None:
        while True:
            await request.wait()
            request.clear()
            await files.reload(is_requested=True)

    async def _reload_periodically(self, files: ReloadableFiles[Any]) -> None:
        while True:
            await self._sleep(self._interval_seconds)
            await files.reload()
