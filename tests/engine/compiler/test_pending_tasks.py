import asyncio

import pytest

from gateway.engine.compiler.pending import PendingTasks


class Done(list[str]):
    """Notes which coroutines have ended, and in whose task."""

    def __init__(self) -> None:
        self.tasks: list[object] = []

    async def step(self, name: str, *after: asyncio.Event) -> None:
        for event in after:
            await event.wait()
        self.append(name)
        self.tasks.append(asyncio.current_task())


async def away(*after: asyncio.Event) -> None:
    for event in after:
        await event.wait()
    raise OSError("away")


async def test_a_lone_one_needs_no_task():
    tasks, done = PendingTasks(), Done()
    tasks.start(done.step("a"))
    await tasks.join()
    assert (done, done.tasks) == (["a"], [asyncio.current_task()])


async def test_they_begin_in_order_and_are_all_awaited():
    tasks, done = PendingTasks(), Done()
    for name in "abc":
        tasks.start(done.step(name))
    await tasks.join()
    assert done == ["a", "b", "c"]


async def test_what_is_begun_meanwhile_is_awaited_too():
    tasks, done = PendingTasks(), Done()

    async def begin() -> None:
        tasks.start(done.step("later"))

    tasks.start(begin())
    await tasks.join()
    assert done == ["later"]


async def test_nothing_is_awaited_where_nothing_was_begun():
    await PendingTasks().join()


@pytest.mark.parametrize("others", [0, 2])
async def test_what_one_raises_is_raised(others):
    tasks, done = PendingTasks(), Done()
    tasks.start(away())
    for _ in range(others):
        tasks.start(done.step("other"))
    with pytest.raises(OSError, match="away"):
        await tasks.join()
    tasks.detach()


async def test_those_that_are_left_end_by_themselves():
    """Also those that were never awaited, and without a word about what they raise: warnings are errors."""
    tasks, done, event = PendingTasks(), Done(), asyncio.Event()
    tasks.start(done.step("a", event))
    tasks.start(away(event))
    tasks.detach()
    event.set()
    await asyncio.sleep(0.01)
    assert done == ["a"]


async def test_those_that_are_cancelled_have_ended():
    tasks, done, event = PendingTasks(), Done(), asyncio.Event()
    for name in "ab":
        tasks.start(done.step(name, event))
    ending = asyncio.create_task(tasks.join())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await tasks.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    event.set()
    await asyncio.sleep(0.01)
    assert not done
