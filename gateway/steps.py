"""Work in steps: what would hold up the event loop for long leaves it free between two of them.

A thread would not help: what takes long here is decoding, which holds the interpreter's lock.
"""

import asyncio
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

_T = TypeVar("_T")
_S = TypeVar("_S")
_U = TypeVar("_U")

Steps = Generator[None, None, _T]
"""Work that yields after each step but the last, and returns its result."""

STEP_ITEMS = 1_000
"""So many items are one step: decoding them takes some 10 milliseconds, or 30 where all are odd."""


async def in_steps(steps: Steps[_T]) -> _T:
    """The result, with the event loop free after each step. Work of one step takes no pass of the loop."""
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            result: _T = finished.value
            return result
        await asyncio.sleep(0)


def at_once(steps: Steps[_T]) -> _T:
    """The result, without a pause."""
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            result: _T = finished.value
            return result


def mapped(function: Callable[[Sequence[_S]], list[_U]], items: Sequence[_S]) -> Steps[list[_U]]:
    """What a function makes of all items, given some of them at a time."""
    if len(items) <= STEP_ITEMS:
        return function(items)
    results: list[_U] = []
    for begin in range(0, len(items), STEP_ITEMS):
        if begin:
            yield
        results += function(items[begin : begin + STEP_ITEMS])
    return results
