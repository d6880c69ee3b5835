import gc
import weakref
from collections.abc import Iterator

import pytest

from gateway.engine.validation import collect_validation_garbage

CALLS = 1_000
"""As often as documents are validated here, cycles of every age are collected."""


class Cycle:
    def __init__(self) -> None:
        self.itself = self


def survivor(collections: int) -> Cycle:
    """A cycle that has survived so many collections of its generation."""
    cycle = Cycle()
    for generation in range(collections):
        gc.collect(generation)
    return cycle


@pytest.fixture
def collector() -> Iterator[None]:
    """A collector that has little to look at, and has its turn often."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(1_000, 1, 2)
    gc.collect()  # it looks at the oldest once there are a quarter more of them than now
    yield
    gc.set_threshold(*before)  # without unfreezing, which would thaw all tests that were collected


def test_what_validation_left_in_cycles_is_freed_at_once(collector):
    gone = weakref.ref(Cycle())
    collect_validation_garbage()
    assert gone() is None


def test_what_was_in_use_during_one_collection_is_freed_without_the_collectors_help(collector):
    gone = weakref.ref(survivor(1))
    gc.disable()
    try:
        for _ in range(CALLS):
            collect_validation_garbage()
    finally:
        gc.enable()
    assert gone() is None


def test_what_was_in_use_for_long_is_freed_by_the_collector_all_the_same(collector):
    """Collecting here puts the collector off, but not for ever."""
    gone = weakref.ref(survivor(2))
    for _ in range(CALLS):
        kept = [[] for _ in range(2_000)]  # type: ignore[var-annotated]
        collect_validation_garbage()
        del kept
    assert gone() is None
