import asyncio
import gc
from collections.abc import Awaitable, Callable

import pytest

from gateway.upstream.http.single_flight import SingleFlight
from gateway.upstream.read_log import CacheStatus
from tests.unit.upstream.reading import both, run

pytestmark = pytest.mark.usefixtures("no_task_left")

CALLED, SHARED = CacheStatus.CALLED, CacheStatus.COALESCED
ADA = b"ada"


class Source:
    """What is read from: notes what was started, what was cancelled, and waits for `gate`."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.cancelled: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    def reading(self, answer: str | Exception) -> Callable[[object], Awaitable[str]]:
        async def read(_flight: object) -> str:
            self.started.append(str(answer))
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.cancelled.append(str(answer))
                raise
            if isinstance(answer, Exception):
                raise answer
            return answer

        return read


@pytest.fixture
async def source():
    return Source()


@pytest.fixture
async def sharing() -> SingleFlight[str]:
    return SingleFlight()


# Reads under way


async def test_equal_reads_under_way_are_one(sharing, source):
    found = await asyncio.gather(*[run(sharing, ADA, "k", source.reading("a")) for _ in range(3)])
    assert found == [("a", CALLED), ("a", SHARED), ("a", SHARED)]
    assert source.started == ["a"]


async def test_a_read_that_comes_later_joins_one_under_way(sharing, source, settle):
    source.gate.clear()
    first = asyncio.create_task(run(sharing, ADA, "k", source.reading("a")))
    await settle()
    assert len(sharing) == 1
    second = asyncio.create_task(run(sharing, ADA, "k", source.reading("b")))
    await settle()
    source.gate.set()
    assert (await first, await second) == (("a", CALLED), ("a", SHARED))
    assert len(sharing) == 0


async def test_a_read_after_one_that_ended_is_new(sharing, source):
    assert await run(sharing, ADA, "k", source.reading("a")) == ("a", CALLED)
    assert await run(sharing, ADA, "k", source.reading("b")) == ("b", CALLED)


async def test_reads_of_different_keys_are_never_one(sharing, source):
    keys: list[object] = ["1", 1, ("1",), ("1", None), b"1"]
    found = await asyncio.gather(
        *[run(sharing, ADA, key, source.reading(repr(key))) for key in keys]
    )
    assert found == [(repr(key), CALLED) for key in keys]


@pytest.mark.parametrize("leaving", [0, 1, 2])
async def test_a_waiter_that_leaves_leaves_the_others_their_answer(
    sharing, source, settle, leaving
):
    source.gate.clear()
    waiters = [asyncio.create_task(run(sharing, ADA, "k", source.reading("a"))) for _ in range(3)]
    await settle()
    waiters[leaving].cancel()
    await settle()
    assert waiters[leaving].cancelled()
    source.gate.set()
    found = [await waiter for waiter in waiters if not waiter.cancelled()]
    assert [answer for answer, _ in found] == ["a", "a"]
    assert (source.started, source.cancelled) == (["a"], [])


async def test_the_last_waiter_that_leaves_ends_the_read_and_a_later_one_starts_anew(
    sharing, source, settle
):
    source.gate.clear()
    waiters = [asyncio.create_task(run(sharing, ADA, "k", source.reading("a"))) for _ in range(2)]
    await settle()
    for waiter in waiters:
        waiter.cancel()
    await settle()
    assert source.cancelled == ["a"]
    assert len(sharing) == 0
    source.gate.set()
    assert await run(sharing, ADA, "k", source.reading("b")) == ("b", CALLED)


async def test_a_read_that_is_being_cancelled_is_not_joined(sharing, source, settle):
    source.gate.clear()
    leaving = asyncio.create_task(run(sharing, ADA, "k", source.reading("a")))
    await settle()
    leaving.cancel()
    await asyncio.wait([leaving])
    source.gate.set()
    assert await run(sharing, ADA, "k", source.reading("b")) == ("b", CALLED)
    assert source.started == ["a", "b"]


async def test_the_end_of_a_cancelled_read_does_not_end_its_successor(sharing, settle):
    release = asyncio.Event()

    async def slow_to_leave(_flight: object) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            await release.wait()
        return "never"

    async def successor(_flight: object) -> str:
        await release.wait()
        await settle()
        return "b"

    leaving = asyncio.create_task(run(sharing, ADA, "k", slow_to_leave))
    await settle()
    leaving.cancel()
    await asyncio.wait([leaving])
    second = asyncio.create_task(run(sharing, ADA, "k", successor))
    await settle()
    release.set()
    await asyncio.sleep(0)
    third = asyncio.create_task(run(sharing, ADA, "k", successor))
    assert (await second, await third) == (("b", CALLED), ("b", SHARED))


async def test_a_waiter_that_leaves_before_the_read_starts_starts_none(sharing, source, settle):
    leaving = asyncio.create_task(run(sharing, ADA, "k", source.reading("a")))
    leaving.cancel()
    await settle()
    assert leaving.cancelled()
    assert source.started == []
    assert len(sharing) == 0


async def test_a_waiter_that_leaves_as_the_answer_arrives_spoils_nothing(sharing, source, settle):
    source.gate.clear()
    waiters = [asyncio.create_task(run(sharing, ADA, "k", source.reading("a"))) for _ in range(2)]
    await settle()
    source.gate.set()
    await asyncio.sleep(0)
    waiters[0].cancel()
    assert (await waiters[1])[0] == "a"
    await settle()
    assert len(sharing) == 0


async def test_an_error_reaches_all_who_wait(sharing, source):
    found = await asyncio.gather(
        *[run(sharing, ADA, "k", source.reading(ValueError("no"))) for _ in range(3)],
        return_exceptions=True,
    )
    assert [type(each) for each in found] == [ValueError] * 3
    assert source.started == ["no"]
    assert await run(sharing, ADA, "k", source.reading("a")) == ("a", CALLED)


async def test_a_read_that_is_cancelled_from_inside_cancels_all_who_wait(sharing):
    async def read(_flight: object) -> str:
        raise asyncio.CancelledError

    waiters = [asyncio.create_task(run(sharing, ADA, "k", read)) for _ in range(2)]
    await asyncio.wait(waiters)
    assert all(waiter.cancelled() for waiter in waiters)
    assert len(sharing) == 0


async def test_the_last_to_leave_a_read_of_before_ends_it_and_no_other(sharing, source, settle):
    source.gate.clear()
    before = asyncio.create_task(run(sharing, ADA, "k", source.reading("a")))
    await settle()
    sharing.invalidate(ADA)
    after = asyncio.create_task(run(sharing, ADA, "k", source.reading("b")))
    await settle()
    before.cancel()
    await settle()
    assert (source.cancelled, len(sharing)) == (["a"], 1)
    source.gate.set()
    assert await after == ("b", CALLED)


async def test_equal_reads_are_one_task(sharing, source):
    source.gate.clear()
    before = asyncio.all_tasks()
    futures = [sharing.run(ADA, "k", source.reading("a"), both) for _ in range(3)]
    assert len(asyncio.all_tasks() - before) == 1
    source.gate.set()
    assert [await each for each in futures] == [("a", CALLED), ("a", SHARED), ("a", SHARED)]


async def test_a_bug_in_what_one_makes_of_an_answer_is_not_the_others(sharing, source):
    def fail(*_: object) -> str:
        raise ValueError("a bug")

    failing = sharing.run(ADA, "k", source.reading("a"), fail)
    other = sharing.run(ADA, "k", source.reading("a"), both)
    assert await other == ("a", SHARED)
    with pytest.raises(ValueError, match="a bug"):
        await failing


async def test_a_failure_that_nobody_awaits_is_no_complaint(sharing, source, settle):
    left = sharing.run(ADA, "k", source.reading(ValueError("no")), both)
    forgotten = sharing.run(ADA, "other", source.reading(ValueError("no")), both)
    await asyncio.sleep(0)
    left.cancel()
    await settle()
    assert left.cancelled()
    assert forgotten.done()
    del left, forgotten
    gc.collect()  # complaints about what nobody awaited would fail this test


@pytest.mark.parametrize("passes", range(6))
@pytest.mark.parametrize("leaving", [0, 1])
async def test_a_waiter_may_leave_at_any_moment(sharing, source, settle, leaving, passes):
    """Also in the very pass in which the answer arrives, or just after it."""
    futures = [sharing.run(ADA, "k", source.reading("a"), both) for _ in range(2)]
    for _ in range(passes):
        await asyncio.sleep(0)
    futures[leaving].cancel()
    assert (await futures[1 - leaving])[0] == "a"
    await settle()
    assert len(sharing) == 0
    assert (source.started, source.cancelled) == (["a"], [])


@pytest.mark.parametrize("passes", range(6))
async def test_an_only_waiter_may_leave_at_any_moment(sharing, source, settle, passes):
    leaving = sharing.run(ADA, "k", source.reading("a"), both)
    for _ in range(passes):
        await asyncio.sleep(0)
    leaving.cancel()
    later = sharing.run(ADA, "k", source.reading("b"), both)
    assert (await later)[0] in {"a", "b"}
    await settle()
    assert len(sharing) == 0
