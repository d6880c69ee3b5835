import gc
from collections.abc import Iterator

import pytest

from gateway.operations.garbage import Garbage

YOUNG, MIDDLE, OLD = 0, 1, 2


class Clock:
    """Time that passes while objects of all generations are looked at."""

    def __init__(self) -> None:
        self.now, self.takes = 0.0, 0.0

    def __call__(self) -> float:
        self.now += self.takes
        return self.now


@pytest.fixture
def collections() -> Iterator[list[int]]:
    """The generations that are collected; nothing is but where that is asked for."""
    seen: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            seen.append(info["generation"])

    before = gc.get_threshold()
    gc.collect()
    gc.disable()
    gc.set_threshold(50_000, 1, 2)
    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)
    gc.set_threshold(*before)
    gc.enable()


def test_every_generation_has_its_turn(collections):
    garbage = Garbage()
    for _ in range(88):
        garbage.collect()
    assert collections == [*[YOUNG] * 21, MIDDLE] * 3 + [*[YOUNG] * 21, OLD]


def test_all_are_not_looked_at_again_for_a_hundred_times_as_long_as_that_took(collections):
    clock = Clock()
    garbage = Garbage(clock)
    clock.takes = 1.0
    while OLD not in collections:
        garbage.collect()
    clock.takes = 0.0
    collections.clear()
    for _ in range(100):
        garbage.collect()
    assert OLD not in collections
    assert MIDDLE in collections
    clock.now += 100
    while OLD not in collections:
        garbage.collect()


def test_what_is_in_cycles_goes(collections):
    cycle: list[object] = []
    cycle.append(cycle)
    del cycle
    before = len(gc.get_objects())
    Garbage().collect()
    assert len(gc.get_objects()) < before
