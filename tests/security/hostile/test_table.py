"""The table: every row is answered in JSON, with its code; and others are served on.

How much work a row makes is counted in `test_work.py`; how much of the processor it takes is measured
by `python -m tests.benchmarks hostile`.
"""

from collections.abc import Iterator

import pytest

from tests.security.hostile.row import PLAIN, document
from tests.security.hostile.server import Attacked, attacked
from tests.security.hostile.table import ROWS, THEMES

pytestmark = pytest.mark.socket

ASKED = document("plain", PLAIN, 200, None).parts(0)
ANSWER = {"data": {"activities": {"totalCount": 1}}}


@pytest.fixture(scope="module")
def server() -> Iterator[Attacked]:
    with attacked() as server:
        yield server


def test_there_are_more_than_sixty_rows():
    assert len(ROWS) == sum(map(len, THEMES.values())) > 60


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
async def test_a_hostile_request_is_answered_and_nobody_else_hurt(server, row):
    answer = await server.send(row.parts(0))
    assert (answer.status, answer.code) == (row.status, row.code), answer.body[:500]
    assert len(answer.body) < 100_000
    for inside in (b"Traceback", b".py", b"gateway.", b"127.0.0.1", b"sandbox-token"):
        assert inside not in answer.body
    assert (await server.send(ASKED)).json == ANSWER


async def test_after_all_of_that_nothing_was_a_bug(server):
    assert (await server.send(ASKED)).json == ANSWER
    assert server.gateway.process.poll() is None
    assert not [
        line for line in server.gateway.stderr if "Traceback" in line or '"internal_error"' in line
    ]
