"""Blocks that are cancelled from outside, and tasks that are."""

import asyncio

import pytest

from gateway.web.cancel_scope import CancelScope


async def wait_within(scope: CancelScope, error: type[Exception] | None = None) -> str:
    with scope:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if error is not None:
                raise error from None
            raise
    return "went on"


@pytest.fixture
async def waiting():
    """A scope, and a task that waits within it."""
    scope = CancelScope()
    task = asyncio.create_task(wait_within(scope))
    await asyncio.sleep(0)
    return scope, task


async def test_a_block_that_is_cancelled_ends_and_its_task_goes_on(waiting):
    scope, task = waiting
    scope.cancel()
    scope.cancel()
    assert await task == "went on"
    assert (scope.is_cancelled, task.cancelling()) == (True, 0)


async def test_a_task_that_is_cancelled_ends(waiting):
    scope, task = waiting
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not scope.is_cancelled


async def test_a_task_that_is_cancelled_as_well_as_its_block_ends(waiting):
    scope, task = waiting
    scope.cancel()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not scope.is_cancelled


async def test_of_two_blocks_that_are_cancelled_the_outer_one_ends():
    inner, outer = CancelScope(), CancelScope()

    async def nested() -> str:
        with outer:
            return await wait_within(inner)
        return "outside"

    task = asyncio.create_task(nested())
    await asyncio.sleep(0)
    inner.cancel()
    outer.cancel()
    assert await task == "outside"
    assert (inner.is_cancelled, outer.is_cancelled) == (False, True)


async def test_an_error_within_a_block_that_is_cancelled_is_raised():
    scope = CancelScope()
    task = asyncio.create_task(wait_within(scope, ZeroDivisionError))
    await asyncio.sleep(0)
    scope.cancel()
    with pytest.raises(ZeroDivisionError):
        await task
    assert (scope.is_cancelled, task.cancelling()) == (False, 0)


async def test_a_block_that_has_ended_cannot_be_cancelled():
    scope = CancelScope()
    scope.cancel()
    with scope:
        pass
    scope.cancel()
    await asyncio.sleep(0)
    assert not scope.is_cancelled
