import asyncio
import gc
from collections.abc import Sequence

import pytest
from aiodataloader import DataLoader

from gateway.errors import BudgetExceeded, NotFound
from gateway.upstream.dataloading import BatchLoader, DataLoaderScope, StartRead, value_of
from gateway.upstream.http.read_result import Err, Ok, ReadResult
from tests.support.processes import PATIENCE_SECONDS

pytestmark = pytest.mark.usefixtures("no_task_left")


class Source:
    """What is read from: echoes what it is asked, fails on request, waits for `gate`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.cancelled: list[tuple[str, ...]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.under_way = self.most = 0

    def start(self, *key: str) -> StartRead[str]:
        return lambda: asyncio.ensure_future(self.read(*key))

    async def read(self, *key: str) -> ReadResult[str]:
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
            return Err(NotFound(str(key)), 404, 0, 1)
        return found("-".join(key))


def found(value: str) -> Ok[str]:
    return Ok(value, 200, 0, 1)


@pytest.fixture
async def source():
    return Source()


@pytest.fixture
async def loads():
    loads = DataLoaderScope(max_reads=100, max_concurrent_reads=10)
    yield loads
    await loads.aclose()


def loader_of(
    loads: DataLoaderScope, source: Source
) -> DataLoader[tuple[str, ...], ReadResult[str]]:
    """A DataLoader whose batches are one read for each key."""

    async def read_all(keys: Sequence[tuple[str, ...]]) -> list[ReadResult[str]]:
        reads = [loads.schedule_read(source.start(*key)) for key in keys]
        return [await read for read in reads]

    return DataLoader(read_all)


async def test_keys_asked_for_at_once_are_one_batch_however_they_are_awaited(loads):
    batches: list[list[str]] = []

    async def read(keys: Sequence[str]) -> list[ReadResult[str]]:
        batches.append(list(keys))
        return [found(key.upper()) for key in keys]

    upper = DataLoader(read)
    waiting = [loads.load(upper, key) for key in "abca"]
    assert [await each for each in waiting] == ["A", "B", "C", "A"]
    assert batches == [["a", "b", "c"]]
    assert await loads.load(upper, "b") == "B"
    assert await loads.load(upper, "d") == "D"
    assert batches == [["a", "b", "c"], ["d"]]


@pytest.mark.parametrize("loader_class", [DataLoader, BatchLoader])
async def test_a_batch_takes_the_keys_of_two_passes(loader_class):
    batches: list[list[int]] = []

    async def read(keys: Sequence[int]) -> list[ReadResult[int]]:
        batches.append(list(keys))
        return [Ok(key, 200, 0, 1) for key in keys]

    loader = loader_class(read)
    loads = []
    for number in range(1, 7):
        loads.append(loader.load(number))
        await asyncio.sleep(0)
    await asyncio.gather(*loads)
    assert batches == [[1, 2], [3, 4], [5, 6]]


async def test_a_batch_is_dispatched_without_a_task(loads):
    async def read(keys: Sequence[str]) -> list[ReadResult[str]]:
        return [found(key) for key in keys]

    load = loads.load(loads.loader(read), "a")
    before = asyncio.all_tasks()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    assert await load == "a"


async def test_a_key_that_fails_fails_alone_and_is_remembered(loads, source):
    each = loader_of(loads, source)
    values = await asyncio.gather(
        *[loads.load(each, (key,)) for key in ("a", "bad", "b")], return_exceptions=True
    )
    assert [values[0], values[2]] == ["a", "b"]
    assert isinstance(values[1], NotFound)
    with pytest.raises(NotFound, match="bad"):
        await loads.load(each, ("bad",))
    assert source.asked == [("a",), ("bad",), ("b",)]


async def test_the_keys_of_a_batch_are_read_at_once(loads, source):
    each = loader_of(loads, source)
    values = await asyncio.gather(*[loads.load(each, (key, "x")) for key in "abc"])
    assert values == ["a-x", "b-x", "c-x"]
    assert source.most == 3


async def test_loaders_do_not_mix_their_keys(loads, source):
    one, other = loader_of(loads, source), loader_of(loads, source)
    await asyncio.gather(loads.load(one, ("a",)), loads.load(other, ("a",)))
    assert source.asked == [("a",), ("a",)]


async def test_a_waiter_that_leaves_does_not_poison_its_key(loads, source, settle):
    source.gate.clear()
    each = loader_of(loads, source)
    leaving, staying = [asyncio.ensure_future(loads.load(each, ("a",))) for _ in range(2)]
    await settle()
    leaving.cancel()
    await settle()
    assert leaving.cancelled()
    source.gate.set()
    assert await staying == "a"
    assert await loads.load(each, ("a",)) == "a"
    assert (source.asked, source.cancelled) == ([("a",)], [])


async def test_a_read_is_started_by_the_call_and_not_by_the_wait(loads, source, settle):
    read = loads.schedule_read(source.start("a"))
    await settle()
    assert source.asked == [("a",)]
    assert await read == found("a")


async def test_reads_above_the_limit_wait_and_start_in_order(source):
    loads = DataLoaderScope(max_reads=100, max_concurrent_reads=2)
    reads = [loads.schedule_read(source.start(key)) for key in ("a", "bad", "c", "d", "e")]
    results = [await read for read in reads]
    assert [each for each in results if isinstance(each, Ok)] == [*map(found, "acde")]
    assert source.most == 2
    assert source.asked == [("a",), ("bad",), ("c",), ("d",), ("e",)]
    await loads.aclose()


async def test_a_place_serves_one_read_after_the_other_and_never_two(source):
    loads = DataLoaderScope(max_reads=100, max_concurrent_reads=1)
    for batch in ("a", "b", "cd", "e", "fgh"):
        reads = [loads.schedule_read(source.start(key)) for key in batch]
        assert [await read for read in reads] == [*map(found, batch)]
    assert source.most == 1
    await loads.aclose()


async def test_a_read_that_ends_in_a_bug_gives_its_place_to_the_next(source):
    def fail() -> asyncio.Future[ReadResult[str]]:
        failed: asyncio.Future[ReadResult[str]] = asyncio.get_running_loop().create_future()
        failed.set_exception(ValueError("a bug"))
        return failed

    loads = DataLoaderScope(max_reads=100, max_concurrent_reads=1)
    bugs = [value_of(loads.schedule_read(fail)) for _ in range(2)]
    assert await value_of(loads.schedule_read(source.start("a"))) == "a"
    for bug in bugs:
        with pytest.raises(ValueError, match="a bug"):
            await bug
    await loads.aclose()


async def test_reads_beyond_the_budget_are_not_started(source):
    loads = DataLoaderScope(max_reads=2, max_concurrent_reads=1)
    reads = [loads.schedule_read(source.start(key)) for key in ("bad", "b", "c", "d")]
    results = [await read for read in reads]
    assert [isinstance(each, Ok) for each in results] == [False, True, False, False]
    errors = [type(each.error) for each in results if isinstance(each, Err)]
    assert errors == [NotFound, BudgetExceeded, BudgetExceeded]
    assert source.asked == [("bad",), ("b",)]
    await loads.aclose()


async def test_closing_ends_what_is_under_way_and_who_waits(source, settle):
    source.gate.clear()
    loads = DataLoaderScope(max_reads=100, max_concurrent_reads=2)
    each = loader_of(loads, source)
    waiting = [asyncio.ensure_future(loads.load(each, (key,))) for key in "abc"]
    await settle()
    await loads.aclose()
    assert sorted(source.cancelled) == [("a",), ("b",)]
    await asyncio.wait(waiting, timeout=PATIENCE_SECONDS)
    assert all(waiter.cancelled() for waiter in waiting)


async def test_nothing_is_read_after_closing(source, settle):
    loads = DataLoaderScope(max_reads=100, max_concurrent_reads=2)
    each = loader_of(loads, source)
    await loads.aclose()
    late = asyncio.ensure_future(loads.load(each, ("a",)))
    started = loads.schedule_read(source.start("b"))
    await asyncio.wait([late], timeout=PATIENCE_SECONDS)
    await settle()
    assert late.cancelled()
    assert started.cancelled()
    assert source.asked == []


async def test_closing_may_come_at_any_moment_and_leaves_nothing(source, settle):
    for steps in range(10):
        loads = DataLoaderScope(max_reads=100, max_concurrent_reads=1)
        each = loader_of(loads, source)
        waiting = [asyncio.ensure_future(loads.load(each, (key,))) for key in ("a", "bad", "c")]
        for _ in range(steps):
            await asyncio.sleep(0)
        await loads.aclose()
        await loads.aclose()
        _, pending = await asyncio.wait(waiting, timeout=PATIENCE_SECONDS)
        assert not pending
        assert [waiter.cancelled() or waiter.exception() for waiter in waiting]
    await settle()
    gc.collect()  # complaints about what nobody awaited would fail this test


@pytest.mark.parametrize("ending", range(4))
async def test_nothing_in_the_queue_is_read_after_closing(source, settle, ending):
    loads = DataLoaderScope(max_reads=100, max_concurrent_reads=1)
    reads = [loads.schedule_read(source.start(key)) for key in "abc"]
    for _ in range(ending):
        await asyncio.sleep(0)
    started = len(source.asked)
    await loads.aclose()
    late = loads.schedule_read(source.start("d"))
    await settle()
    assert late.cancelled()
    assert len(source.asked) == started
    assert all(read.done() for read in reads)


async def test_nothing_is_read_while_closing(source, settle):
    source.gate.clear()
    loads = DataLoaderScope(max_reads=100, max_concurrent_reads=1)
    loads.schedule_read(source.start("a"))
    await settle()
    closing = asyncio.create_task(loads.aclose())
    await asyncio.sleep(0)
    late = loads.schedule_read(source.start("b"))
    await closing
    await settle()
    assert late.cancelled()
    assert (source.asked, source.cancelled) == ([("a",)], [("a",)])


async def test_a_failure_that_nobody_awaits_is_no_complaint(loads, source, settle):
    each = loader_of(loads, source)
    loads.load(each, ("bad",))
    value_of(loads.schedule_read(source.start("bad")))
    leaving = loads.load(each, ("bad", "x"))
    leaving.cancel()
    await settle()
    gc.collect()  # complaints about what nobody awaited would fail this test


async def test_who_leaves_a_read_that_others_wait_for_does_not_end_it(loads, source, settle):
    source.gate.clear()
    read = loads.schedule_read(source.start("a"))
    leaving, staying = value_of(read), value_of(read)
    await settle()
    leaving.cancel()
    await settle()
    source.gate.set()
    assert [await staying, await value_of(read)] == ["a", "a"]
    assert (source.asked, source.cancelled) == ([("a",)], [])


async def test_who_leaves_as_the_answer_arrives_spoils_nothing(loads, source):
    read = loads.schedule_read(source.start("a"))
    leaving, staying = value_of(read), value_of(read)
    read.add_done_callback(lambda _: leaving.cancel())
    await read
    leaving.cancel()
    assert await staying == "a"
