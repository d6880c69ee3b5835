"""Who notes what is surprising, and who does not."""

import asyncio

from gateway.upstream.surprises import observe_surprises, report_surprise


def test_where_nobody_wants_to_know_nothing_happens() -> None:
    report_surprise("odd")


async def test_readings_tell_whoever_began_them_also_those_of_tasks() -> None:
    outer: list[str] = []
    inner: list[str] = []

    async def read() -> None:
        report_surprise("in a task")

    with observe_surprises(lambda what, _: outer.append(what)):
        report_surprise("first")
        with observe_surprises(lambda what, _: inner.append(what)):
            report_surprise("inside")
            task = asyncio.create_task(read())
        report_surprise("last")
        await task
    report_surprise("nobody's")
    assert (outer, inner) == (["first", "last"], ["inside", "in a task"])


def test_the_same_thing_is_noted_once_in_one_reading_and_again_in_another() -> None:
    told: list[str] = []
    for _ in range(2):
        with observe_surprises(lambda what, _: told.append(what)):
            for _ in range(2):
                report_surprise("odd", "this", 1)
            report_surprise("odd", "that", 1)
            report_surprise("strange", "this", 1)
            report_surprise("odd")
            report_surprise("odd")
    assert told == ["odd", "odd", "strange", "odd", "odd"] * 2


def test_nothing_is_kept_without_bound() -> None:
    told: list[str] = []
    with observe_surprises(lambda what, _: told.append(what)):
        for _ in range(2):
            for thing in range(1_500):
                report_surprise("odd", thing)
    assert len(told) == 1_500 + 500
