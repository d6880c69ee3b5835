"""What hostile requests take of the processor, measured by what honest ones take."""

from collections.abc import AsyncIterator
from statistics import median
from typing import NamedTuple

from tests.security.hostile.documents import repeated
from tests.security.hostile.row import PLAIN, Row, document
from tests.security.hostile.server import Attacked, attacked
from tests.security.hostile.table import ROWS

_PLAIN_ROW = document("plain", PLAIN, 200, None)
_LARGEST_ROW = document(
    "the largest honest operation", repeated(10), 200, None, variables={"client": 1100}
)
_TIMES = 3  # the least counts: something else may get in between


class Taken(NamedTuple):
    """What a row took of the processor, and what it may take at most."""

    name: str
    seconds: float
    most_seconds: float

    @property
    def is_within(self) -> bool:
        return self.seconds <= self.most_seconds


async def examine() -> AsyncIterator[Taken]:
    """Each row takes at most what twenty plain queries take; large ones, three of the largest honest operation."""
    with attacked() as server:
        plain = median([await _seconds(server, _PLAIN_ROW, 0) for _ in range(51)])
        largest = median([await _seconds(server, _LARGEST_ROW, time) for time in range(_TIMES)])
        for name, row in ROWS.items():
            seconds = min([await _seconds(server, row, time) for time in range(_TIMES)])
            yield Taken(name, seconds, 3 * largest if row.is_large else 20 * plain)


async def _seconds(server: Attacked, row: Row, time: int) -> float:
    before = server.cpu_seconds()
    await server.send(row.parts(time))
    return server.cpu_seconds() - before
