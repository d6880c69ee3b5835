import asyncio
from collections import Counter
from collections.abc import Hashable

import pytest

from gateway.upstream.http.bulkhead import Bulkhead, BulkheadFull
from tests.support.clock import Clock

pytestmark = pytest.mark.usefixtures("no_task_left")

FOREVER = float("inf")


@pytest.fixture
def clock():
    return Clock(1_000.0)


class Guests:
    """Callers of some places; who has one keeps it until told to leave."""

    def __init__(self, places: Bulkhead) -> None:
        self.places = places
        self.served: list[Hashable] = []
        self._leaving: dict[asyncio.Task[None], asyncio.Event] = {}

    def arrive(self, caller: Hashable, *, left: float = FOREVER) -> asyncio.Task[None]:
        leaving = asyncio.Event()

        async def stay() -> None:
            async with self.places.slot(caller, remaining_seconds=left):
                self.served.append(caller)
                await leaving.wait()

        task = asyncio.create_task(stay())
        self._leaving[task] = leaving
        return task

    async def leave(self, task: asyncio.Task[None]) -> None:
        self._leaving.pop(task).set()
        await task

    async def end(self) -> None:
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)


@pytest.fixture
async def guests(clock, settle):
    everyone: list[Guests] = []

    def at(*, total: int, each: int) -> Guests:
        everyone.append(Guests(Bulkhead(total=total, per_key=each, clock=clock)))
        return everyone[-1]

    yield at
    for each in everyone:
        await each.end()
        assert each.places.in_use == 0
        assert not each.places._waiters
        assert not each.places._in_use_by_key


async def test_who_comes_while_there_is_room_has_a_place_at_once(guests, settle):
    at = guests(total=3, each=3)
    for caller in "abc":
        at.arrive(caller)
    await settle()
    assert at.served == ["a", "b", "c"]
    assert at.places.in_use == 3


async def test_who_comes_later_waits_for_who_leaves(guests, settle):
    at = guests(total=1, each=1)
    first, second = at.arrive("a"), at.arrive("b")
    await settle()
    assert at.served == ["a"]
    await at.leave(first)
    await settle()
    assert at.served == ["a", "b"]
    await at.leave(second)
    assert at.places.in_use == 0


async def test_a_place_is_free_again_however_it_was_left(guests):
    places = guests(total=1, each=1).places
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with places.slot("a", remaining_seconds=0):
                raise ZeroDivisionError
    assert places.in_use == 0


async def test_a_caller_has_only_so_many_while_others_find_room(guests, settle):
    at = guests(total=4, each=2)
    first, *_ = [at.arrive("greedy") for _ in range(10)]
    await settle()
    assert at.served == ["greedy"] * 2
    at.arrive("modest")
    await settle()
    assert at.served == ["greedy", "greedy", "modest"]
    await at.leave(first)
    await settle()
    assert at.served == ["greedy", "greedy", "modest", "greedy"]
    assert at.places.in_use == 3


async def test_callers_are_served_in_turn_however_many_each_has_waiting(guests, settle):
    at = guests(total=1, each=1)
    holding = at.arrive("first")
    await settle()
    tasks = {caller: [at.arrive(caller) for _ in range(n)] for caller, n in [("a", 50), ("b", 2), ("c", 1)]}  # fmt: skip
    await settle()
    for _ in range(6):
        await at.leave(holding)
        await settle()
        holding = tasks[str(at.served[-1])].pop(0)
    assert at.served[1:] == ["a", "b", "c", "a", "b", "a"]


async def test_reads_of_one_caller_keep_their_order(guests, settle):
    at = guests(total=1, each=1)
    waiting = [at.arrive("a") for _ in range(3)]
    await settle()
    for task in waiting:
        await at.leave(task)  # hangs unless it is this one's turn
        await settle()


# Who gives up


@pytest.mark.parametrize("leaving", [0, 1, 2])
async def test_who_gives_up_waiting_holds_nobody_up(guests, settle, leaving):
    at = guests(total=1, each=1)
    holding = at.arrive("x")
    await settle()
    waiting = [at.arrive(caller) for caller in "abc"]
    await settle()
    waiting[leaving].cancel()
    await at.leave(holding)
    for caller, task in zip("abc", waiting, strict=True):
        if task is not waiting[leaving]:
            await settle()
            assert at.served[-1] == caller
            await at.leave(task)


async def test_who_gives_up_in_the_moment_of_being_served_passes_the_place_on(guests, settle):
    at = guests(total=1, each=1)
    holding = at.arrive("x")
    await settle()
    unlucky, next_ = at.arrive("a"), at.arrive("b")
    await settle()
    at._leaving.pop(holding).set()
    await asyncio.sleep(0)  # the place is given to "a", which has not run yet
    unlucky.cancel()
    await settle()
    assert unlucky.cancelled()
    assert at.served == ["x", "b"]
    await at.leave(next_)


async def test_who_gave_up_and_is_not_gone_yet_is_passed_over(guests, settle):
    at = guests(total=1, each=1)
    holding = at.arrive("x")
    await settle()
    gone, next_ = at.arrive("a"), at.arrive("a")
    await settle()
    at._leaving.pop(holding).set()
    gone.cancel()
    await settle()
    assert at.served == ["x", "a"]
    await at.leave(next_)


async def test_leaving_at_any_moment_loses_no_place(guests, settle):
    """Whoever is cancelled, at whatever step: in the end all places are free (see the fixture)."""
    for step in range(12):
        at = guests(total=2, each=1)
        tasks = [at.arrive(caller) for caller in "aabbcc"]
        for number in range(12):
            await asyncio.sleep(0)
            if number == step:
                for task in tasks[::2]:
                    task.cancel()
            if number == step // 2:
                at._leaving[tasks[1]].set()
        await settle()
        await at.end()


# A queue that is too long


async def stays(guests: Guests, clock: Clock, seconds: float, *, times: int = 40) -> None:
    """Lets reads take so long, until that is what is expected of them."""
    for _ in range(times):
        async with guests.places.slot("before", remaining_seconds=FOREVER):
            clock.now += seconds


async def test_a_queue_that_would_outlast_the_deadline_refuses_at_once(guests, settle, clock):
    at = guests(total=2, each=2)
    await stays(at, clock, 1.0)
    for caller in "abcd":
        at.arrive(caller)
    await settle()
    with pytest.raises(BulkheadFull) as none:
        async with at.places.slot("e", remaining_seconds=1.4):
            raise AssertionError
    assert none.value.retry_after == 1
    at.arrive("e", left=1.6)
    await settle()
    assert at.served == ["a", "b"]


async def test_one_who_may_have_few_expects_to_wait_for_itself(guests, settle, clock):
    at = guests(total=10, each=1)
    await stays(at, clock, 1.0)
    for _ in range(3):
        at.arrive("a")
    await settle()
    with pytest.raises(BulkheadFull) as none:
        async with at.places.slot("a", remaining_seconds=0.5):
            raise AssertionError
    assert none.value.retry_after == 3


async def test_the_queue_of_one_caller_is_not_what_another_has_to_wait_for(guests, settle, clock):
    at = guests(total=1, each=1)
    await stays(at, clock, 1.0)
    holding, *_ = [at.arrive("greedy") for _ in range(500)]
    modest = at.arrive("modest", left=2.1)
    await settle()
    assert not modest.done()
    with pytest.raises(BulkheadFull):
        async with at.places.slot("greedy", remaining_seconds=100):
            raise AssertionError
    await at.leave(holding)


async def test_how_long_reads_take_is_learnt_anew_when_it_changes(guests, settle, clock):
    at = guests(total=1, each=1)
    await stays(at, clock, 5.0)
    await stays(at, clock, 0.01)
    at.arrive("a")
    await settle()
    at.arrive("b", left=0.1)
    await settle()
    assert at.served == ["a"]


async def test_nobody_starves(guests, settle):
    """Three callers with very different appetites, two places: all go on being served."""
    at = guests(total=2, each=2)
    appetites = {"small": 5, "large": 200, "medium": 50}
    tasks = {caller: [at.arrive(caller) for _ in range(n)] for caller, n in appetites.items()}
    await settle()
    for _ in range(30):
        caller = at.served[-1]
        await at.leave(tasks[str(caller)].pop(0))
        await settle()
    assert Counter(at.served)["small"] == 5
    assert abs(Counter(at.served)["large"] - Counter(at.served)["medium"]) <= 3
