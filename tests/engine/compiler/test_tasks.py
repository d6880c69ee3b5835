import asyncio

import pytest

from gateway.engine.compiler.pending import Tasks


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
    tasks, done = Tasks(), Done()
    tasks.begin(done.step("a"))
    await tasks.end()
    assert (done, done.tasks) == (["a"], [asyncio.current_task()])


async def test_they_begin_in_order_and_are_all_awaited():
    tasks, done = Tasks(), Done()
    for name in "abc":
        tasks.begin(done.step(name))
    await tasks.end()
    assert done == ["a", "b", "c"]


async def test_what_is_begun_meanwhile_is_awaited_too():
    tasks, done = Tasks(), Done()

    async def begin() -> None:
        tasks.begin(done.step("later"))

    tasks.begin(begin())
    await tasks.end()
    assert done == ["later"]


async def test_nothing_is_awaited_where_nothing_was_begun():
    await Tasks().end()


@pytest.mark.parametrize("others", [0, 2])
async def test_what_one_raises_is_raised(others):
    tasks, done = Tasks(), Done()
    tasks.begin(away())
    for _ in range(others):
        tasks.begin(done.step("other"))
    with pytest.raises(OSError, match="away"):
        await tasks.end()
    tasks.leave()


async def test_those_that_are_left_end_by_themselves():
    """Also those that were never awaited, and without a word about what they raise: warnings are errors."""
    tasks, done, event = Tasks(), Done(), asyncio.Event()
    tasks.begin(done.step("a", event))
    tasks.begin(away(event))
    tasks.leave()
    event.set()
    await asyncio.sleep(0.01)
    assert done == ["a"]


async def test_those_that_are_cancelled_have_ended():
    tasks, done, event = Tasks(), Done(), asyncio.Event()
    for name in "ab":
        tasks.begin(done.step(name, event))
    ending = asyncio.create_task(tasks.end())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await tasks.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    event.set()
    await asyncio.sleep(0.01)
    assert not done
