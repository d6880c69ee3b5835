"""Places: how many reads the upstream has to answer at once, in all and for each caller.

asyncio's semaphore and anyio's capacity limiter serve in the order of arrival, and aiolimiter by the second:
none of them knows callers, or says how long a wait will be.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable
from math import ceil

_WEIGHT = 0.2
"""What the latest read counts towards how long reads take."""


class NoPlace(Exception):
    """There will be no place in time.

    Attributes:
        retry_after: In how many whole seconds there may be one.
    """

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after


class Places:
    """A bounded number of places. Who waits is served in turn, caller by caller: none starves another."""

    def __init__(self, *, total: int, each: int, clock: Callable[[], float]) -> None:
        """Offer `total` places, `each` to one caller at most."""
        self._total = total
        self._each = each
        self._clock = clock
        self._taken: Counter[Hashable] = Counter()
        self._free = total
        self._waiting: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()
        self._seconds = 0.0

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return self._total - self._free

    def place(self, caller: Hashable, *, left: float) -> "Place":
        """A place for a caller, who has so many seconds left, as a context.

        Raises:
            NoPlace: On entering, where it would not be free before they have passed.
        """
        return Place(self, caller, left)

    async def enter(self, caller: Hashable, left: float) -> float:
        """Take a place, perhaps after a while. When that was."""
        if not self._free or self._taken[caller] >= self._each:
            await self._wait(caller, left)
        else:
            self._take(caller)
        return self._clock()

    def leave(self, caller: Hashable, entered: float) -> None:
        """Leave a place, and remember for how long it was taken."""
        self._seconds += _WEIGHT * (self._clock() - entered - self._seconds)
        self._give_back(caller)

    async def _wait(self, caller: Hashable, left: float) -> None:
        seconds = self._expected(caller)
        if seconds > left:
            raise NoPlace(max(1, ceil(seconds - left)))
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue = self._waiting.setdefault(caller, deque())
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._forget(caller, turn)
            else:  # it had just been given the place
                self._give_back(caller)
            raise

    def _forget(self, caller: Hashable, turn: asyncio.Future[None]) -> None:
        """Somebody waits no more."""
        queue = self._waiting.get(caller, deque())
        if turn in queue:
            queue.remove(turn)
        if not queue:
            self._waiting.pop(caller, None)

    def _expected(self, caller: Hashable) -> float:
        """How many seconds one more of this caller would wait, about.

        The callers are served in turn: before its next one, of each other at most as many.
        """
        own = len(self._waiting.get(caller, ())) + 1
        others = (len(queue) for each, queue in self._waiting.items() if each != caller)
        turns = own + sum(min(own, waiting) for waiting in others)
        return self._seconds * max(turns / self._total, own / self._each)

    def _take(self, caller: Hashable) -> None:
        self._free -= 1
        self._taken[caller] += 1

    def _give_back(self, caller: Hashable) -> None:
        self._free += 1
        self._taken[caller] -= 1
        if not self._taken[caller]:
            del self._taken[caller]
        self._serve()

    def _serve(self) -> None:
        """Gives a place that became free to who waits, the callers in turn."""
        for caller, queue in list(self._waiting.items()):
            while queue and self._taken[caller] < self._each:
                turn = queue[0]
                self._forget(caller, turn)
                if turn.done():  # given up, and not yet forgotten
                    continue
                if queue:
                    self._waiting.move_to_end(caller)
                self._take(caller)
                turn.set_result(None)
                return


class Place:
    """A place, from entering to leaving."""

    __slots__ = ("_caller", "_entered", "_left", "_places")

    def __init__(self, places: Places, caller: Hashable, left: float) -> None:
        self._places = places
        self._caller = caller
        self._left = left
        self._entered = 0.0

    async def __aenter__(self) -> None:
        self._entered = await self._places.enter(self._caller, self._left)

    async def __aexit__(self, *_: object) -> None:
        self._places.leave(self._caller, self._entered)
