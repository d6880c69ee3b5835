"""The table: every row is answered in time, in JSON, with its code; and others are served on."""

import statistics
import sys
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.security.hostile.documents import repeated
from tests.security.hostile.row import PLAIN, Row, document
from tests.security.hostile.server import Attacked, attacked
from tests.security.hostile.table import ROWS, THEMES

pytestmark = [
    pytest.mark.socket,
    pytest.mark.skipif(sys.platform != "linux", reason="reads another process's clock"),
]

ASKED = document("plain", PLAIN, 200, None).sent(0)
ANSWER = {"data": {"activities": {"totalCount": 1}}}
LARGEST = document(
    "the largest honest operation", repeated(10), 200, None, variables={"client": 1100}
)


class Yardsticks(NamedTuple):
    """What honest requests take of the processor, in seconds."""

    plain: float
    largest: float

    def most(self, row: Row) -> float:
        return self.largest * 3 if row.is_large else self.plain * 20


@pytest.fixture(scope="module")
def server() -> Iterator[Attacked]:
    with attacked() as server:
        yield server


async def seconds(server: Attacked, row: Row, time: int = 0) -> float:
    """What an honest request takes of the processor."""
    before = server.cpu_seconds()
    assert (await server.sent(row.sent(time))).status == 200
    return server.cpu_seconds() - before


@pytest.fixture(scope="module")
def kept() -> list[Yardsticks]:
    """What was measured when the first row was."""
    return []


@pytest.fixture
async def yardsticks(server: Attacked, kept: list[Yardsticks]) -> Yardsticks:
    if not kept:
        plain = document("plain", PLAIN, 200, None)
        plains = [await seconds(server, plain) for _ in range(51)]
        largest = [await seconds(server, LARGEST, time) for time in range(3)]
        kept.append(Yardsticks(statistics.median(plains), statistics.median(largest)))
    return kept[0]


def test_there_are_more_than_sixty_rows():
    assert len(ROWS) == sum(map(len, THEMES.values())) > 60


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
async def test_a_hostile_request_is_answered_and_nobody_else_hurt(server, yardsticks, row):
    taken = []
    for time in range(3):  # once is enough, unless something else got in between
        before = server.cpu_seconds()
        answer = await server.sent(row.sent(time))
        taken.append(server.cpu_seconds() - before)
        assert (answer.status, answer.code) == (row.status, row.code), answer.body[:500]
        if taken[-1] <= yardsticks.most(row):
            break
    assert min(taken) <= yardsticks.most(row), [each / yardsticks.plain for each in taken]
    assert len(answer.body) < 100_000
    for inside in (b"Traceback", b".py", b"gateway.", b"127.0.0.1", b"sandbox-token"):
        assert inside not in answer.body
    assert (await server.sent(ASKED)).json == ANSWER


async def test_after_all_of_that_nothing_was_a_bug(server):
    assert (await server.sent(ASKED)).json == ANSWER
    assert server.gateway.process.poll() is None
    assert not [
        line for line in server.gateway.stderr if "Traceback" in line or '"internal_error"' in line
    ]
