"""Reloads of real files, each when the test says so."""

import asyncio
import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.config.file_state import file_state
from gateway.web.reloading import ReloadableFiles, Reloader, UnusableFiles


class Setting:
    """A setting that names a file; its value is the text of the file.

    Attributes:
        value: What is in use.
        outcomes: Those of all reloads.
        reads: How often the file was read.
        events: The events that were logged, and what each says is wrong.
        refused: A text that is found out to be unusable only after it was read.
        is_denied: Whether the process may not open the file.
        is_replaced: Set when the value was replaced.
    """

    def __init__(self, file: Path, log: list[Any]) -> None:
        self.value = file.read_text(encoding="utf-8")
        self.outcomes: list[str] = []
        self.reads = 0
        self.refused = "refused"
        self.is_denied = False
        self.is_replaced = asyncio.Event()
        self._file = file
        self._log = log
        self.files = ReloadableFiles(
            "GATEWAY_X_FILE",
            state=lambda: file_state(lambda: [file]),
            read=self._read,
            replace=self._replace,
            count_outcome=self.outcomes.append,
        )

    def _read(self) -> str:
        self.reads += 1
        try:
            if self.is_denied:
                raise PermissionError(errno.EACCES, "Permission denied")
            text = self._file.read_text(encoding="utf-8")
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror}") from error
        if not text:
            raise ValueError("is empty")
        return text

    async def _replace(self, text: str) -> bool:
        await asyncio.sleep(0)
        if text == self.refused:
            raise UnusableFiles("is refused")
        if text == "bug":
            raise RuntimeError(text)
        is_changed = text != self.value
        self.value = text
        self.is_replaced.set()
        return is_changed

    @property
    def events(self) -> list[tuple[str, str | None]]:
        return [(each["event"], each.get("problem")) for each in self._log]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "x"
    write(file, "one")
    return file


@pytest.fixture
def setting(file) -> Iterator[Setting]:
    with capture_logs() as log:
        yield Setting(file, log)


def write(file: Path, text: str) -> None:
    """As a deployment does: another file in place of the former one."""
    new = file.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(file)


async def test_a_changed_file_is_in_use_after_a_reload(setting, file):
    write(file, "two")
    await setting.files.reload()
    assert (setting.value, setting.outcomes) == ("two", ["changed"])
    assert setting.events == [("reload.changed", None)]


async def test_a_file_that_is_as_before_is_not_read_again(setting, file):
    for _ in range(3):
        await setting.files.reload()
    assert (setting.reads, setting.outcomes, setting.events) == (1, ["unchanged"], [])


async def test_on_request_a_file_is_read_and_the_outcome_logged(setting):
    for _ in range(2):
        await setting.files.reload(is_requested=True)
    assert setting.reads == 2
    assert setting.events == [("reload.unchanged", None)] * 2


@pytest.mark.parametrize(("text", "problem"), [("", "is empty"), ("refused", "is refused")])
async def test_an_unusable_file_changes_nothing_and_is_logged_once(setting, file, text, problem):
    write(file, text)
    for _ in range(3):
        await setting.files.reload()
    assert (setting.value, setting.reads) == ("one", 1)
    assert setting.outcomes == ["failed"] * 3
    assert setting.events == [("reload.failed", problem)]


async def test_a_file_that_is_usable_again_is_in_use(setting, file):
    for text in ("", "two"):
        write(file, text)
        await setting.files.reload()
    assert setting.value == "two"
    assert setting.events == [("reload.failed", "is empty"), ("reload.changed", None)]


async def test_a_missing_file_that_comes_back_as_it_was_is_logged(setting, file):
    await setting.files.reload()
    file.rename(file.with_suffix(".away"))
    for _ in range(2):
        await setting.files.reload()
    file.with_suffix(".away").rename(file)
    await setting.files.reload()
    assert setting.value == "one"
    assert setting.outcomes == ["unchanged", "failed", "failed", "unchanged"]
    assert setting.events == [
        ("reload.failed", "cannot be read: No such file or directory"),
        ("reload.unchanged", None),
    ]


async def test_another_fault_is_logged_and_the_same_one_after_a_recovery(setting, file):
    for text in ("", "refused", "one", ""):
        write(file, text)
        await setting.files.reload()
    problems = [problem for event, problem in setting.events if event == "reload.failed"]
    assert problems == ["is empty", "is refused", "is empty"]


async def test_what_the_system_refused_is_tried_again_without_a_change(setting, file):
    write(file, "two")
    setting.is_denied = True
    await setting.files.reload()
    setting.is_denied = False
    await setting.files.reload()
    assert setting.value == "two"


async def test_a_file_that_changes_while_it_is_read_is_read_again(file: Path):
    texts = ["two", "three"]

    def read() -> str:
        text = file.read_text(encoding="utf-8")
        if texts:
            write(file, texts.pop(0))
        return text

    found: list[str] = []

    async def replace(text: str) -> bool:
        found.append(text)
        return True

    files = ReloadableFiles(
        "X", state=lambda: file_state(lambda: [file]), read=read, replace=replace
    )
    await files.reload()
    assert found == ["three"]


async def test_a_file_that_never_comes_to_rest_is_not_used(file):
    count = 0

    def read() -> str:
        nonlocal count
        count += 1
        write(file, str(count) * count)
        return ""

    async def replace(_: str) -> bool:
        raise AssertionError

    files = ReloadableFiles(
        "X", state=lambda: file_state(lambda: [file]), read=read, replace=replace
    )
    with capture_logs() as log:
        await files.reload()
    assert [each["problem"] for each in log] == ["changes while it is read"]


async def test_a_bug_is_logged_and_later_reloads_go_on(setting, file):
    for text in ("bug", "two"):
        write(file, text)
        await setting.files.reload()
    assert setting.value == "two"
    assert [event for event, _ in setting.events] == [
        "internal_error",
        "reload.failed",
        "reload.changed",
    ]


class Sleep:
    """Sleeps until the test says that the time is over."""

    def __init__(self) -> None:
        self._begun: asyncio.Queue[float] = asyncio.Queue()
        self._ended: asyncio.Queue[None] = asyncio.Queue()

    async def __call__(self, seconds: float) -> None:
        self._begun.put_nowait(seconds)
        await self._ended.get()

    async def begin(self) -> float:
        """Wait until it sleeps; returns for how many seconds."""
        return await self._begun.get()

    def end(self) -> None:
        self._ended.put_nowait(None)


async def test_files_are_checked_every_so_many_seconds(setting, file):
    sleep = Sleep()
    task = asyncio.create_task(Reloader([setting.files], interval_seconds=7.0, sleep=sleep).run())
    for text in ("two", "three"):
        assert await sleep.begin() == 7.0
        write(file, text)
        sleep.end()
        await setting.is_replaced.wait()
        setting.is_replaced.clear()
        assert setting.value == text
    task.cancel()


async def test_without_an_interval_files_are_read_on_request_only(setting, file):
    async def no_sleep(_: float) -> None:
        raise AssertionError

    reloader = Reloader([setting.files], interval_seconds=0.0, sleep=no_sleep)
    task = asyncio.create_task(reloader.run())
    write(file, "two")
    reloader.request()
    await setting.is_replaced.wait()
    task.cancel()
    assert setting.outcomes == ["changed"]
