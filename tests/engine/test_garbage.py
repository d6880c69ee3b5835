import gc
from collections.abc import Iterator

import pytest

from gateway.engine.validation import collect_validation_garbage

YOUNG, MIDDLE, OLD = 0, 1, 2


@pytest.fixture
def collections() -> Iterator[list[int]]:
    """The generations that are collected, one after the other."""
    seen: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            seen.append(info["generation"])

    before = gc.get_threshold()
    gc.collect()
    gc.set_threshold(50_000, 1, 2)
    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)
    gc.set_threshold(*before)


def test_all_but_the_oldest_have_their_turns_and_then_it_is_the_collectors(collections):
    for _ in range(200):
        collect_validation_garbage()
    assert collections == [*[YOUNG] * 21, MIDDLE] * 3 + [YOUNG] * 21


def test_the_collector_comes_when_it_is_its_turn(collections):
    for _ in range(200):
        collect_validation_garbage()
    collections.clear()
    kept = [[] for _ in range(60_000)]  # type: ignore[var-annotated]
    assert collections
    assert collections[0] in {MIDDLE, OLD}
    del kept
    collections.clear()
    collect_validation_garbage()
    assert collections == [YOUNG]


def test_what_is_in_cycles_goes(collections):
    cycle: list[object] = []
    cycle.append(cycle)
    del cycle
    before = len(gc.get_objects())
    collect_validation_garbage()
    assert len(gc.get_objects()) < before
