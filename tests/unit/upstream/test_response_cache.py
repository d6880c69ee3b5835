import asyncio
from typing import Any

import pytest

from gateway.upstream.http.response_cache import ResponseCache
from gateway.upstream.read_log import CacheStatus
from tests.unit.upstream.reading import run
from tests.unit.upstream.test_single_flight import Source

pytestmark = pytest.mark.usefixtures("no_task_left")

CALLED, SHARED, CACHED = CacheStatus.CALLED, CacheStatus.COALESCED, CacheStatus.CACHED
ADA, BOB = b"ada", b"bob"


@pytest.fixture
async def source():
    return Source()


@pytest.fixture
async def sharing(clock) -> ResponseCache[str]:
    return ResponseCache(ttl_seconds=10, max_bytes=100, size_of=len, clock=clock)


def always(answer: str) -> bool:
    return True


def never(answer: str) -> bool:
    return False


# Reads under way


async def test_reads_of_different_keys_are_never_one(sharing, source):
    keys: list[object] = ["1", 1, ("1",), ("1", None), b"1"]
    found = await asyncio.gather(
        *[run(sharing, ADA, key, source.reading(repr(key)), is_cacheable=always) for key in keys]
    )
    assert found == [(repr(key), CALLED) for key in keys]
    again = await asyncio.gather(
        *[run(sharing, ADA, key, source.reading("other"), is_cacheable=always) for key in keys]
    )
    assert again == [(repr(key), CACHED) for key in keys]


async def test_an_error_reaches_all_who_wait_and_is_not_kept(sharing, source):
    found = await asyncio.gather(
        *[
            run(sharing, ADA, "k", source.reading(ValueError("no")), is_cacheable=always)
            for _ in range(3)
        ],
        return_exceptions=True,
    )
    assert [type(each) for each in found] == [ValueError] * 3
    assert source.started == ["no"]
    assert await run(sharing, ADA, "k", source.reading("a"), is_cacheable=always) == ("a", CALLED)


async def test_a_read_that_is_cancelled_from_inside_cancels_all_who_wait(sharing):
    async def read(_flight: object) -> str:
        raise asyncio.CancelledError

    waiters = [
        asyncio.create_task(run(sharing, ADA, "k", read, is_cacheable=always)) for _ in range(2)
    ]
    await asyncio.wait(waiters)
    assert all(waiter.cancelled() for waiter in waiters)
    assert len(sharing.single_flight) == 0


# Answers kept


async def test_an_answer_is_kept_until_it_is_too_old(sharing, source, clock):
    assert await run(sharing, ADA, "k", source.reading("a"), is_cacheable=always) == ("a", CALLED)
    clock.now += 9.9
    assert await run(sharing, ADA, "k", source.reading("b"), is_cacheable=always) == ("a", CACHED)
    clock.now += 0.2
    assert await run(sharing, ADA, "k", source.reading("c"), is_cacheable=always) == ("c", CALLED)
    assert source.started == ["a", "c"]


async def test_an_answer_is_as_old_as_its_arrival_not_its_last_use(sharing, source, clock):
    await run(sharing, ADA, "k", source.reading("a"), is_cacheable=always)
    for _ in range(2):
        clock.now += 6
        last = await run(sharing, ADA, "k", source.reading("b"), is_cacheable=always)
    assert last == ("b", CALLED)


@pytest.mark.parametrize("keep", [None, never], ids=["not asked", "not allowed"])
async def test_an_answer_is_kept_only_where_that_is_allowed(sharing, source, keep):
    await run(sharing, ADA, "k", source.reading("a"), is_cacheable=keep)
    assert await run(sharing, ADA, "k", source.reading("b"), is_cacheable=always) == ("b", CALLED)


async def test_a_kept_answer_is_not_for_who_wants_a_new_one(sharing, source):
    await run(sharing, ADA, "k", source.reading("a"), is_cacheable=always)
    assert await run(sharing, ADA, "k", source.reading("b")) == ("b", CALLED)


async def test_what_to_keep_is_for_the_one_who_calls_to_say(sharing, source):
    await asyncio.gather(
        run(sharing, ADA, "k", source.reading("a")),
        run(sharing, ADA, "k", source.reading("a"), is_cacheable=always),
    )
    assert await run(sharing, ADA, "k", source.reading("b"), is_cacheable=always) == ("b", CALLED)


async def test_nothing_is_kept_for_no_time(source, clock):
    sharing: ResponseCache[str] = ResponseCache(
        ttl_seconds=0, max_bytes=100, size_of=len, clock=clock
    )
    for answer in ("a", "b"):
        assert await run(sharing, ADA, "k", source.reading(answer), is_cacheable=always) == (
            answer,
            CALLED,
        )


async def test_an_answer_of_just_all_that_may_be_kept_is_kept(sharing, source):
    await run(sharing, ADA, "k", source.reading("a" * 100), is_cacheable=always)
    assert (await run(sharing, ADA, "k", source.reading("b"), is_cacheable=always))[1] is CACHED


async def test_an_answer_larger_than_all_that_may_be_kept_is_given_and_not_kept(sharing, source):
    await run(sharing, ADA, "small", source.reading("s"), is_cacheable=always)
    assert await run(sharing, ADA, "k", source.reading("a" * 101), is_cacheable=always) == (
        "a" * 101,
        CALLED,
    )
    assert (await run(sharing, ADA, "k", source.reading("b"), is_cacheable=always))[1] is CALLED
    assert (await run(sharing, ADA, "small", source.reading("t"), is_cacheable=always))[1] is CACHED


async def test_the_answers_kept_are_bounded_by_their_bytes_and_not_by_their_number(sharing, source):
    for number in range(50):
        await run(sharing, ADA, number, source.reading("aa"), is_cacheable=always)
    for number in range(50):
        assert (await run(sharing, ADA, number, source.reading("bb"), is_cacheable=always))[
            1
        ] is CACHED
    await run(sharing, ADA, "large", source.reading("a" * 60), is_cacheable=always)
    outcomes = [
        (await run(sharing, ADA, number, source.reading("dd"), is_cacheable=never))[1]
        for number in range(50)
    ]
    assert outcomes.count(CACHED) == 20
    assert (await run(sharing, ADA, "large", source.reading("e"), is_cacheable=always))[1] is CACHED


async def test_an_answer_whose_last_waiter_left_is_not_kept(sharing, source, settle):
    source.gate.clear()
    leaving = asyncio.create_task(run(sharing, ADA, "k", source.reading("a"), is_cacheable=always))
    await settle()
    leaving.cancel()
    await settle()
    source.gate.set()
    assert await run(sharing, ADA, "k", source.reading("b"), is_cacheable=always) == ("b", CALLED)


# What is forgotten


async def test_what_is_kept_is_forgotten_for_its_owner_alone(sharing, source):
    for owner, key in [(ADA, "1"), (ADA, "2"), (BOB, "3")]:
        await run(sharing, owner, key, source.reading("a"), is_cacheable=always)
    sharing.invalidate(ADA)
    found = [
        await run(sharing, owner, key, source.reading("b"), is_cacheable=always)
        for owner, key in [(ADA, "1"), (ADA, "2"), (BOB, "3")]
    ]
    assert found == [("b", CALLED), ("b", CALLED), ("a", CACHED)]


async def test_what_is_kept_is_forgotten_with_what_it_is_about(sharing, source):
    about = {"company": ["c"], "staff": ["c", "s"], "form": ["f"]}
    for key, things in about.items():
        await run(sharing, ADA, key, source.reading("a"), is_cacheable=always, tags=things)
    sharing.invalidate(ADA, "s")
    sharing.invalidate(BOB, "c")
    found = {
        key: await run(sharing, ADA, key, source.reading("b"), is_cacheable=always) for key in about
    }
    assert found == {"company": ("a", CACHED), "staff": ("b", CALLED), "form": ("a", CACHED)}
    await run(sharing, ADA, "staff", source.reading("c"), is_cacheable=always, tags=about["staff"])
    sharing.invalidate(ADA, "c")
    assert await run(sharing, ADA, "company", source.reading("d"), is_cacheable=always) == (
        "d",
        CALLED,
    )


@pytest.mark.parametrize("thing", [None, "c"], ids=["all", "the thing"])
async def test_what_is_being_read_when_it_is_forgotten_is_given_and_not_kept(
    sharing, source, settle, thing
):
    source.gate.clear()
    waiting = asyncio.create_task(
        run(sharing, ADA, "k", source.reading("a"), is_cacheable=always, tags=["c"])
    )
    await settle()
    sharing.invalidate(ADA, thing)
    source.gate.set()
    assert await waiting == ("a", CALLED)
    assert await run(sharing, ADA, "k", source.reading("b"), is_cacheable=always) == ("b", CALLED)
    assert await run(sharing, ADA, "k", source.reading("c"), is_cacheable=always) == ("b", CACHED)


@pytest.mark.parametrize("keep", [None, always], ids=["never kept", "kept"])
async def test_who_asks_after_an_owner_was_forgotten_joins_no_read_of_before(
    sharing, source, settle, keep
):
    source.gate.clear()
    others = asyncio.create_task(
        run(sharing, BOB, "k of bob", source.reading("o"), is_cacheable=keep)
    )
    before = asyncio.create_task(run(sharing, ADA, "k", source.reading("a"), is_cacheable=keep))
    await settle()
    sharing.invalidate(ADA)
    after = [
        asyncio.create_task(run(sharing, ADA, "k", source.reading(answer), is_cacheable=keep))
        for answer in ("b", "c")
    ]
    joining = asyncio.create_task(
        run(sharing, BOB, "k of bob", source.reading("p"), is_cacheable=keep)
    )
    await settle()
    source.gate.set()
    assert await before == ("a", CALLED)
    assert [await each for each in after] == [("b", CALLED), ("b", SHARED)]
    assert [await others, await joining] == [("o", CALLED), ("o", SHARED)]
    assert len(sharing.single_flight) == 0


async def test_the_clock_is_a_real_one_unless_told_otherwise(source):
    sharing: ResponseCache[Any] = ResponseCache(ttl_seconds=1000, max_bytes=100, size_of=len)
    await run(sharing, ADA, "k", source.reading("a"), is_cacheable=always)
    assert (await run(sharing, ADA, "k", source.reading("b"), is_cacheable=always))[1] is CACHED
