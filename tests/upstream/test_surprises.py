"""Who notes what is surprising, and who does not."""

import asyncio

from gateway.upstream.surprises import noted, surprised


def test_where_nobody_wants_to_know_nothing_happens() -> None:
    surprised("odd")


async def test_readings_tell_whoever_began_them_also_those_of_tasks() -> None:
    outer: list[str] = []
    inner: list[str] = []

    async def read() -> None:
        surprised("in a task")

    with noted(outer.append):
        surprised("first")
        with noted(inner.append):
            surprised("inside")
            task = asyncio.create_task(read())
        surprised("last")
        await task
    surprised("nobody's")
    assert (outer, inner) == (["first", "last"], ["inside", "in a task"])
