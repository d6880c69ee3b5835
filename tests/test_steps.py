import asyncio

import pytest

from gateway.steps import STEP_ITEMS, at_once, in_steps, mapped


def doubled(some):
    return [2 * each for each in some]


@pytest.mark.parametrize("count", [0, 1, STEP_ITEMS, STEP_ITEMS + 1, 3 * STEP_ITEMS])
async def test_all_items_are_mapped_in_order_at_once_and_in_steps(count):
    items = range(count)
    assert at_once(mapped(doubled, items)) == doubled(items)
    assert await in_steps(mapped(doubled, items)) == doubled(items)


@pytest.mark.parametrize(
    ("count", "passes"), [(STEP_ITEMS, 0), (STEP_ITEMS + 1, 1), (10 * STEP_ITEMS, 9)]
)
async def test_the_event_loop_is_free_after_each_step(count, passes):
    seen = 0

    async def others() -> None:
        nonlocal seen
        while True:
            seen += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    await in_steps(mapped(doubled, range(count)))
    beside.cancel()
    assert seen == passes


async def test_what_a_step_raises_is_raised():
    def broken(some):
        if some[0]:
            raise ValueError("later")
        return some

    with pytest.raises(ValueError, match="later"):
        await in_steps(mapped(broken, range(2 * STEP_ITEMS)))
