import asyncio

import pytest
from msgspec import Raw

from gateway.observability.event_loop import (
    STEP_BYTES,
    STEP_ITEMS,
    CooperativeSteps,
    PassBudget,
    exceeds_one_step,
    map_in_steps,
    run_cooperatively,
    run_to_completion,
)
from tests.support.event_loop import counted_passes

LARGE = Raw(b"7" * (STEP_BYTES // 2 + 1))


def raws(count: int) -> list[Raw]:
    return [Raw(b"%d" % number) for number in range(count)]


def doubled(some):
    return [2 * bytes(each) for each in some]


ITEMS = {
    "none": ([], 0),
    "one": (raws(1), 0),
    "as many as are a step": (raws(STEP_ITEMS), 0),
    "one more": (raws(STEP_ITEMS + 1), 2),
    "many": (raws(10 * STEP_ITEMS), 10),
    "a large one": ([LARGE], 0),
    "large ones": ([LARGE] * 3, 3),
    "a very large one between others": ([*raws(5), Raw(b"7" * 2 * STEP_BYTES), *raws(5)], 3),
}


@pytest.mark.parametrize(("items", "steps"), ITEMS.values(), ids=ITEMS)
async def test_the_event_loop_is_free_before_each_step_of_some_items(items, steps):
    assert exceeds_one_step(items) == bool(steps)
    assert run_to_completion(map_in_steps(doubled, items)) == doubled(items)
    async with counted_passes() as passes:
        assert await run_cooperatively(map_in_steps(doubled, items)) == doubled(items)
    assert passes.count == steps


async def test_all_who_work_in_steps_take_turns():
    done: list[int] = []

    def work(number: int) -> CooperativeSteps[int]:
        for _ in range(20):
            yield
            done.append(number)
        return number

    async with counted_passes() as passes:
        seen: list[int] = []

        async def watched() -> None:
            while len(done) < 100:
                before = len(done)
                await asyncio.sleep(0)
                seen.append(len(done) - before)

        *found, _ = await asyncio.gather(*(run_cooperatively(work(n)) for n in range(5)), watched())
    assert found == [*range(5)]
    assert max(seen) == 1
    assert passes.count >= 100
    assert sorted(done[:5]) == [*range(5)], "in turn"


async def test_who_is_cancelled_between_steps_leaves_the_turn_to_others():
    begun = asyncio.Event()

    def endless() -> CooperativeSteps[None]:
        while True:
            yield
            begun.set()

    def short() -> CooperativeSteps[str]:
        yield
        return "done"

    one, other = (asyncio.create_task(run_cooperatively(endless())) for _ in range(2))
    await begun.wait()
    waiting = asyncio.create_task(run_cooperatively(short()))
    await asyncio.sleep(0)
    for task in (one, other):
        task.cancel()
    await asyncio.gather(one, other, return_exceptions=True)
    assert await waiting == "done"
    assert one.cancelled()
    assert other.cancelled()


async def test_what_a_step_raises_is_raised_and_others_go_on():
    def broken(some):
        raise ValueError("later")

    with pytest.raises(ValueError, match="later"):
        await run_cooperatively(map_in_steps(broken, raws(2 * STEP_ITEMS)))
    assert (
        len(await run_cooperatively(map_in_steps(doubled, raws(2 * STEP_ITEMS)))) == 2 * STEP_ITEMS
    )


async def test_a_budget_is_that_of_one_pass():
    budget = PassBudget(100)
    assert [budget.consume(work) for work in (90, 11, 10, 1, 0)] == [True, False, True, False, True]
    await asyncio.sleep(0)
    assert budget.consume(100)
    assert not budget.consume(1)
    assert PassBudget(1).consume(1), "another kind of work"
