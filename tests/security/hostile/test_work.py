"""No hostile request makes much more work than an honest one: the calls of functions are counted, of C as well."""

from cProfile import Profile
from typing import NamedTuple

import httpx
import pytest

from gateway.sandbox.app import create_sandbox
from tests.security.hostile.documents import repeated
from tests.security.hostile.row import PLAIN, Row, document
from tests.security.hostile.table import THEMES
from tests.support.gateway import Gateway

PLAIN_ROW = document("plain", PLAIN, 200, None)
LARGEST_ROW = document(
    "the largest honest operation", repeated(10), 200, None, variables={"client": 1100}
)
ROWS = {
    f"{theme}: {row.name}": row
    for theme in ("bodies", "documents", "variables")
    for row in THEMES[theme]
}
"""Heads and peers are the HTTP parser's, which is not there in process."""


class Yardsticks(NamedTuple):
    """What honest requests take, in calls."""

    plain: int
    largest: int

    def most(self, row: Row) -> int:
        return self.largest * 4 if row.is_large else self.plain * 25


def request_of(row: Row, http: httpx.AsyncClient) -> httpx.Request:
    """The request that a row sends, for the first time, on the wire."""
    head, _, content = b"".join(row.parts(0)).partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    method, target, _ = line.decode("latin-1").split(" ")
    headers = [(name, value.strip()) for name, value in (each.split(b":", 1) for each in lines)]
    return http.build_request(method, target, headers=headers, content=content)


async def answered(row: Row) -> tuple[httpx.Response, int]:
    """A row's answer, by a gateway that has just started, and how many calls it took."""
    gateway = Gateway(httpx.ASGITransport(create_sandbox()))
    await gateway.http.get("/livez")
    request = request_of(row, gateway.http)
    with Profile() as work:
        answer = await gateway.http.send(request)
    return answer, sum(each.callcount for each in work.getstats())


@pytest.fixture(scope="module")
def first_yardsticks() -> list[Yardsticks]:
    """What was counted when the first row was."""
    return []


@pytest.fixture
async def yardsticks(first_yardsticks: list[Yardsticks]) -> Yardsticks:
    if not first_yardsticks:
        await answered(PLAIN_ROW)  # what is imported and cached at first
        first_yardsticks.append(
            Yardsticks((await answered(PLAIN_ROW))[1], (await answered(LARGEST_ROW))[1])
        )
    return first_yardsticks[0]


@pytest.mark.sample(2)
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
async def test_a_hostile_request_makes_no_more_work_than_honest_ones(row, yardsticks):
    answer, calls = await answered(row)
    assert answer.status_code == row.status
    assert calls <= yardsticks.most(row), [calls / each for each in yardsticks]
