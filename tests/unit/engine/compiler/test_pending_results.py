import asyncio
from typing import Any

import pytest

from gateway.engine.compiler.pending_results import PendingResults
from gateway.engine.resolvers import MappedResult
from tests.support.processes import PATIENCE_SECONDS


class Delivered(list[str]):
    """Notes what is delivered, and which coroutines have ended in whose task."""

    def __init__(self) -> None:
        self.tasks: list[object] = []
        self.errors: list[Exception | None] = []

    def __call__(self, value: Any, error: Exception | None) -> None:
        self.append(value)
        self.errors.append(error)

    async def step(self, name: str, *after: asyncio.Event) -> str:
        for event in after:
            await event.wait()
        self.tasks.append(asyncio.current_task())
        return name


async def away(*after: asyncio.Event) -> None:
    for event in after:
        await event.wait()
    raise OSError("away")


def refuse(value: Any, error: Exception | None) -> None:
    raise LookupError(value)


async def test_a_lone_one_needs_no_task():
    results, delivered = PendingResults(), Delivered()
    results.expect(delivered.step("a"), delivered)
    await results.join()
    assert (delivered, delivered.tasks) == (["a"], [asyncio.current_task()])


async def test_futures_need_no_task():
    earlier, loop = asyncio.all_tasks(), asyncio.get_running_loop()
    results, delivered = PendingResults(), Delivered()
    futures = [loop.create_future() for _ in range(3)]
    for future, name in zip(futures, "abc", strict=True):
        results.expect(future, delivered)
        loop.call_soon(future.set_result, name)
    joining = asyncio.create_task(results.join())
    await asyncio.sleep(0)
    assert asyncio.all_tasks() - earlier == {joining}
    await joining
    assert delivered == ["a", "b", "c"]


@pytest.mark.parametrize("is_future", [True, False])
async def test_a_mapped_result_is_mapped_wherever_it_comes_from(is_future):
    results, delivered, loop = PendingResults(), Delivered(), asyncio.get_running_loop()
    for name in ("a", "b"):
        future = loop.create_future()
        loop.call_soon(future.set_result, name)
        source = future if is_future else asyncio.wait_for(future, PATIENCE_SECONDS)
        results.expect(MappedResult(source, str.upper), delivered)
    await results.join()
    assert delivered == ["A", "B"]


@pytest.mark.parametrize("others", [0, 1])
async def test_an_error_before_or_in_the_mapping_is_delivered(others):
    results, delivered, loop = PendingResults(), Delivered(), asyncio.get_running_loop()
    failed, spoilt = loop.create_future(), loop.create_future()
    failed.set_exception(OSError("away"))
    spoilt.set_result(5)
    for future in (failed, spoilt)[: 1 + others]:
        results.expect(MappedResult(future, len), delivered)
    await results.join()
    assert [type(error) for error in delivered.errors] == [OSError, TypeError][: 1 + others]


async def test_a_future_with_a_mapped_result_needs_no_task():
    earlier, loop = asyncio.all_tasks(), asyncio.get_running_loop()
    results, delivered = PendingResults(), Delivered()
    for _ in range(2):
        future = loop.create_future()
        loop.call_later(0.01, future.set_result, "a")
        results.expect(MappedResult(future, str.upper), delivered)
    joining = asyncio.create_task(results.join())
    await asyncio.sleep(0)
    assert asyncio.all_tasks() - earlier == {joining}
    await joining
    assert delivered == ["A", "A"]


async def test_one_future_may_be_expected_twice():
    results, delivered, loop = PendingResults(), Delivered(), asyncio.get_running_loop()
    future = loop.create_future()

    def begin(*_: Any) -> None:
        results.expect(delivered.step("later"), delivered)

    results.expect(future, delivered)
    results.expect(future, begin)
    loop.call_soon(future.set_result, "a")
    await results.join()
    assert delivered == ["a", "later"]


async def test_each_is_delivered_when_it_arrives():
    results, delivered, event = PendingResults(), Delivered(), asyncio.Event()

    def deliver_early(value: Any, error: Exception | None) -> None:
        delivered(value, error)
        event.set()

    results.expect(delivered.step("late", event), delivered)
    results.expect(delivered.step("early"), deliver_early)
    await results.join()
    assert delivered == ["early", "late"]


async def test_they_begin_in_order_and_are_all_awaited():
    results, delivered = PendingResults(), Delivered()
    for name in "abc":
        results.expect(delivered.step(name), delivered)
    await results.join()
    assert delivered == ["a", "b", "c"]


@pytest.mark.parametrize("others", [0, 2])
async def test_what_is_begun_meanwhile_is_awaited_too(others):
    results, delivered = PendingResults(), Delivered()

    def begin(*_: Any) -> None:
        results.expect(delivered.step("later"), delivered)

    results.expect(delivered.step("first"), begin)
    for _ in range(others):
        results.expect(delivered.step("other"), delivered)
    await results.join()
    assert delivered == ["other"] * others + ["later"]


async def test_nothing_is_awaited_where_nothing_was_begun():
    await PendingResults().join()


@pytest.mark.parametrize("others", [0, 2])
async def test_an_exception_is_delivered_as_results_are(others):
    results, delivered = PendingResults(), Delivered()
    results.expect(away(), delivered)
    for _ in range(others):
        results.expect(delivered.step("other"), delivered)
    await results.join()
    assert [str(error) for error in delivered.errors] == ["away", *["None"] * others]


@pytest.mark.parametrize("others", [0, 2])
async def test_what_a_delivery_raises_is_raised(others):
    results, delivered = PendingResults(), Delivered()
    results.expect(delivered.step("a"), refuse)
    for _ in range(others):
        results.expect(delivered.step("other"), refuse)
    with pytest.raises(LookupError, match="a"):
        await results.join()
    results.detach()


async def test_nothing_is_delivered_after_a_delivery_has_failed():
    results, delivered, event = PendingResults(), Delivered(), asyncio.Event()
    results.expect(delivered.step("a"), refuse)
    results.expect(delivered.step("b", event), delivered)
    with pytest.raises(LookupError, match="a"):
        await results.join()
    event.set()
    await asyncio.sleep(0.01)
    assert not delivered


@pytest.mark.parametrize("others", [0, 1])
async def test_what_others_cancel_is_a_cancellation(others):
    loop = asyncio.get_running_loop()
    results, delivered = PendingResults(), Delivered()
    future = loop.create_future()
    results.expect(future, delivered)
    for _ in range(others):
        results.expect(loop.create_future(), delivered)
    loop.call_soon(future.cancel)
    with pytest.raises(asyncio.CancelledError):
        await results.join()
    assert not delivered


async def test_those_that_are_left_end_by_themselves():
    """Also those that were never awaited, and without a word about what they raise: warnings are errors."""
    results, delivered, event = PendingResults(), Delivered(), asyncio.Event()
    results.expect(delivered.step("a", event), delivered)
    results.expect(away(event), delivered)
    results.detach()
    event.set()
    await asyncio.sleep(0.01)
    assert len(delivered.tasks) == 1
    assert not delivered


async def test_those_that_are_cancelled_have_ended():
    results, delivered, event = PendingResults(), Delivered(), asyncio.Event()
    for name in "ab":
        results.expect(delivered.step(name, event), delivered)
    ending = asyncio.create_task(results.join())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    await results.cancel()
    event.set()
    await asyncio.sleep(0.01)
    assert (delivered, delivered.tasks) == ([], [])
