"""What validation leaves behind, collected while it is at hand."""

import gc
import time
from collections.abc import Callable

_MORE_OFTEN = 20
"""How many times as often as the collector's own are collections here: they count for as much less."""

_PAUSE = 100
"""For how many times as long as it took, not everything is looked at again: it has a hundredth of the time."""


class Garbage:
    """Stands in for the interpreter's own collector, which would come late.

    To validate a document leaves thousands of objects in cycles. Just now they take half a millisecond;
    when there are as many as the collector waits for, they hold up everybody for fifty. But whoever
    collects the youngest objects alone keeps the collector from ever coming for the others, since it
    counts from the last time: so all generations have their turns here, as the collector would have it.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._next_whole = 0.0

    def collect(self) -> None:
        """The youngest objects, or older ones as well where that is due."""
        _, young_collections, middle_collections = gc.get_count()
        _, most_young, most_middle = gc.get_threshold()
        if young_collections <= _MORE_OFTEN * most_young:
            gc.collect(0)
        elif middle_collections <= most_middle or self._clock() < self._next_whole:
            gc.collect(1)
        else:
            started = self._clock()
            gc.collect()
            ended = self._clock()
            self._next_whole = ended + _PAUSE * (ended - started)
