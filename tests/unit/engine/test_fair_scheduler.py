"""Who does what when, on a clock that only work and sleep move."""

import asyncio

import pytest

from gateway.engine.fair_scheduler import FairScheduler
from tests.support.clock import Clock


@pytest.fixture
def clock():
    return Clock(1_000.0)


@pytest.fixture
def take(clock):
    turns = FairScheduler(clock=clock, sleep=clock.sleep)

    async def take(seconds: float) -> float:
        return await turns.run(lambda: clock.work(seconds))

    return take


async def test_what_is_first_does_not_wait(take, clock):
    assert [await take(0.1) for _ in range(5)] == pytest.approx(
        [1000, 1000.1, 1000.2, 1000.3, 1000.4]
    )


async def test_large_work_has_a_fifth_of_the_time(take, clock):
    began = [await take(0.1) for _ in range(100)]
    assert (began[-1] - began[50]) / 49 == pytest.approx(0.5, rel=0.05)


async def test_turns_are_free_until_there_is_a_pause(clock):
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await clock.sleep(seconds)

    turns = FairScheduler(clock=clock, sleep=sleep)
    waited: list[bool] = []
    for _ in range(3):
        before = len(pauses)
        await turns.run(lambda: clock.work(0.3))
        waited.append(len(pauses) > before)
    assert waited == [False, False, True]


async def test_a_turn_is_free_once_the_pause_is_over_and_nobody_has_one(take, clock):
    for _ in range(3):
        await take(0.3)
    clock.now += 10
    assert await take(0.3) == clock.now - 0.3


async def test_ordinary_work_has_all_of_the_time(take, clock):
    began = [await take(0.002) for _ in range(1_000)]
    assert began[-1] - began[0] == pytest.approx(0.002 * 999)


async def test_a_quiet_time_is_not_saved_up_for_ever(take, clock):
    clock.now += 10_000
    began = [await take(0.1) for _ in range(100)]
    assert began[-1] - began[0] > 99 * 0.4


async def test_those_who_wait_come_in_their_order(take):
    for _ in range(10):
        await take(1.0)
    began = await asyncio.gather(*(take(1.0) for _ in range(5)))
    assert began == sorted(began)


async def test_who_leaves_while_waiting_takes_no_turn(take, clock):
    for _ in range(10):
        await take(1.0)
    leaving, staying = asyncio.create_task(take(1.0)), asyncio.create_task(take(1.0))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await asyncio.gather(leaving, return_exceptions=True))[
        0
    ].__class__ is asyncio.CancelledError
    before = clock.now
    assert await staying < before + 10


async def test_work_that_fails_took_its_time_all_the_same(clock):
    turns = FairScheduler(clock=clock, sleep=clock.sleep)

    def fail() -> None:
        clock.work(1.0)
        raise ZeroDivisionError

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await turns.run(fail)
    assert clock.now > 1_000 + 3 + 4
