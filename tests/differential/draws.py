"""Chances and choices: what every example is made of."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

_T = TypeVar("_T")


class Draws:
    """What is drawn for one example.

    From a seeded `Random`, so that an example has a number, by which it can be drawn again alone. A strategy
    of hypothesis for each draw would be able to shrink what it found; but its mutations, which copy what one
    strategy drew to another place, make five examples out of six near copies of the sixth, and five minutes
    of shrinking leave most of an operation as it was.
    """

    def __init__(self, random: Random) -> None:
        self._random = random

    def chance(self, percent: int) -> bool:
        return self._random.randrange(100) < percent

    def one_of(self, options: Sequence[_T]) -> _T:
        return self._random.choice(options)

    def number(self, least: int, most: int) -> int:
        return self._random.randint(least, most)
