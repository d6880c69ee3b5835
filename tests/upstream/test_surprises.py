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


def test_the_same_thing_is_noted_once_in_one_reading_and_again_in_another() -> None:
    told: list[str] = []
    for _ in range(2):
        with noted(told.append):
            for _ in range(2):
                surprised("odd", "this", 1)
            surprised("odd", "that", 1)
            surprised("strange", "this", 1)
            surprised("odd")
            surprised("odd")
    assert told == ["odd", "odd", "strange", "odd", "odd"] * 2


def test_nothing_is_kept_without_bound() -> None:
    told: list[str] = []
    with noted(told.append):
        for _ in range(2):
            for thing in range(1_500):
                surprised("odd", thing)
    assert len(told) == 1_500 + 500
