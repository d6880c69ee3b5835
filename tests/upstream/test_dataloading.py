import asyncio
import gc
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest
from aiodataloader import DataLoader

from gateway.errors import BudgetExceeded
from gateway.upstream.dataloading import DataLoaderScope, gather_outcomes, shared_result

pytestmark = pytest.mark.usefixtures("no_task_left")


class Source:
    """What is read from: echoes what it is asked, fails on request, waits for `gate`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.cancelled: list[tuple[str, ...]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.under_way = self.most = 0

    async def read(self, *key: str) -> str:
        self.asked.append(key)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled.append(key)
            raise
        finally:
            self.under_way -= 1
        if "bad" in key:
            raise ValueError(key)
        return "-".join(key)


@pytest.fixture
async def source():
    return Source()


@pytest.fixture
async def loads():
    loads = DataLoaderScope(max_reads=100, max_concurrent_reads=10)
    yield loads
    await loads.aclose()


def loader_of(
    loads: DataLoaderScope, read: Callable[..., Coroutine[Any, Any, str]]
) -> DataLoader[tuple[str, ...], str]:
    """A DataLoader whose batches are one read for each key."""

    async def read_all(keys: Sequence[tuple[str, ...]]) -> list[Any]:
        return await gather_outcomes([loads.schedule_read(read, *key) for key in keys])

    return DataLoader(read_all)


async def test_keys_asked_for_at_once_are_one_batch_however_they_are_awaited(loads):
    batches: list[list[str]] = []

    async def read(keys: Sequence[str]) -> list[str]:
        batches.append(list(keys))
        return [key.upper() for key in keys]

    upper = DataLoader(read)
    waiting = [loads.load(upper, key) for key in "abca"]
    assert [await each for each in waiting] == ["A", "B", "C", "A"]
    assert batches == [["a", "b", "c"]]
    assert await loads.load(upper, "b") == "B"
    assert await loads.load(upper, "d") == "D"
    assert batches == [["a", "b", "c"], ["d"]]


async def test_a_key_that_fails_fails_alone_and_is_remembered(loads, source):
    each = loader_of(loads, source.read)
    found = await asyncio.gather(
        *[loads.load(each, (key,)) for key in ("a", "bad", "b")], return_exceptions=True
    )
    assert [found[0], found[2]] == ["a", "b"]
    assert isinstance(found[1], ValueError)
    with pytest.raises(ValueError, match="bad"):
        await loads.load(each, ("bad",))
    assert source.asked == [("a",), ("bad",), ("b",)]


async def test_the_keys_of_a_batch_are_read_at_once(loads, source):
    each = loader_of(loads, source.read)
    found = await asyncio.gather(*[loads.load(each, (key, "x")) for key in "abc"])
    assert found == ["a-x", "b-x", "c-x"]
    assert source.most == 3


async def test_loaders_do_not_mix_their_keys(loads, source):
    one, other = loader_of(loads, source.read), loader_of(loads, source.read)
    await asyncio.gather(loads.load(one, ("a",)), loads.load(other, ("a",)))
    assert source.asked == [("a",), ("a",)]


async def test_a_waiter_that_leaves_does_not_poison_its_key(loads, source, settle):
    source.gate.clear()
    each = loader_of(loads, source.read)
    leaving, staying = [asyncio.create_task(loads.load(each, ("a",))) for _ in range(2)]
    await settle()
    leaving.cancel()
    await settle()
    assert leaving.cancelled()
    source.gate.set()
    assert await staying == "a"
    assert await loads.load(each, ("a",)) == "a"
    assert (source.asked, source.cancelled) == ([("a",)], [])


async def test_a_read_is_started_with_what_it_is_given(loads):
    async def read(*arguments: int, **options: int) -> Any:
        return arguments, options

    assert await loads.schedule_read(read, 1, 2, three=3) == ((1, 2), {"three": 3})


async def test_no_more_reads_are_under_way_than_there_are_places(source):
    loads = DataLoaderScope(max_reads=100, max_concurrent_reads=2)
    tasks = [loads.schedule_read(source.read, key) for key in ("a", "bad", "c", "d", "e")]
    found = await gather_outcomes(tasks)
    assert [each for each in found if isinstance(each, str)] == ["a", "c", "d", "e"]
    assert source.most == 2
    await loads.aclose()


async def test_reads_beyond_the_budget_are_not_started(source):
    loads = DataLoaderScope(max_reads=2, max_concurrent_reads=1)
    found = await gather_outcomes(
        [loads.schedule_read(source.read, key) for key in ("bad", "b", "c", "d")]
    )
    assert [type(each) for each in found] == [ValueError, str, BudgetExceeded, BudgetExceeded]
    assert source.asked == [("bad",), ("b",)]
    await loads.aclose()


async def test_closing_ends_what_is_under_way_and_who_waits(source, settle):
    source.gate.clear()
    loads = DataLoaderScope(max_reads=100, max_concurrent_reads=2)
    each = loader_of(loads, source.read)
    waiting = [asyncio.create_task(loads.load(each, (key,))) for key in "abc"]
    await settle()
    await loads.aclose()
    assert sorted(source.cancelled) == [("a",), ("b",)]
    await asyncio.wait(waiting, timeout=1)
    assert all(waiter.cancelled() for waiter in waiting)


async def test_nothing_is_read_after_closing(source, settle):
    loads = DataLoaderScope(max_reads=100, max_concurrent_reads=2)
    each = loader_of(loads, source.read)
    await loads.aclose()
    late = asyncio.create_task(loads.load(each, ("a",)))
    started = loads.schedule_read(source.read, "b")
    await asyncio.wait([late, started], timeout=1)
    await settle()
    assert late.cancelled()
    assert started.cancelled()
    assert source.asked == []


async def test_closing_may_come_at_any_moment_and_leaves_nothing(source, settle):
    for steps in range(10):
        loads = DataLoaderScope(max_reads=100, max_concurrent_reads=1)
        each = loader_of(loads, source.read)
        waiting = [asyncio.create_task(loads.load(each, (key,))) for key in ("a", "bad", "c")]
        for _ in range(steps):
            await asyncio.sleep(0)
        await loads.aclose()
        await loads.aclose()
        _, pending = await asyncio.wait(waiting, timeout=1)
        assert not pending
        assert [waiter.cancelled() or waiter.exception() for waiter in waiting]
    await settle()
    gc.collect()  # complaints about what nobody awaited would fail this test


async def test_a_cancellation_is_everybody_s_and_a_failure_its_own(loads, source, settle):
    found = await gather_outcomes(
        [loads.schedule_read(source.read, "bad"), loads.schedule_read(source.read, "b")]
    )
    assert isinstance(found[0], ValueError)
    assert found[1] == "b"
    source.gate.clear()
    tasks = [loads.schedule_read(source.read, key) for key in "ab"]
    await settle()
    tasks[0].cancel()
    await settle()
    source.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await gather_outcomes(tasks)
    assert await gather_outcomes([]) == []


async def test_who_leaves_a_read_that_others_wait_for_does_not_end_it(loads, source, settle):
    source.gate.clear()
    task = loads.schedule_read(source.read, "a")
    leaving, staying = [asyncio.create_task(shared_result(task)) for _ in range(2)]
    await settle()
    leaving.cancel()
    await settle()
    assert leaving.cancelled()
    source.gate.set()
    assert [await staying, await shared_result(task)] == ["a", "a"]
    assert (source.asked, source.cancelled) == ([("a",)], [])
