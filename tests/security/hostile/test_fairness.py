"""While one caller sends bombs, another's plain queries are answered between them, many for each bomb."""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.security.hostile.row import PLAIN
from tests.security.hostile.server import Attacked, attacked
from tests.security.hostile.table import ROWS
from tests.support.processes import until

pytestmark = pytest.mark.socket

ROOT = Path(__file__).parents[3]
BOMBS = [name for name, row in ROWS.items() if row.is_large]
ROUNDS = 6
QUERIES = 100


def send_queries(server: Attacked, name: str, queries: int = QUERIES) -> None:
    """Plain queries on one connection, one after the other, by ids that begin with this name."""
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as http:
        for number in range(queries):
            headers = {"X-Request-Id": f"{name}-{number}"}
            answer = http.post("/graphql", json={"query": PLAIN}, headers=headers)
            assert answer.json() == {"data": {"activities": {"totalCount": 1}}}


def between(server: Attacked, name: str) -> int:
    """How many bombs were answered between the first and the last of these queries."""
    first, last = f"{name}-0", f"{name}-{QUERIES - 1}"
    until(lambda: last in ids(server))
    answered = ids(server)
    within = answered[answered.index(first) : answered.index(last)]
    return sum(not each.startswith(name) for each in within)


def ids(server: Attacked) -> list[str]:
    """Of the requests, in the order of their answers."""
    return [each["request_id"] for each in server.gateway.events("request")]


@contextmanager
def bombed(server: Attacked, names: Sequence[str]) -> Iterator[None]:
    """While another process sends these rows, one after another."""
    command = [sys.executable, "-m", "tests.security.hostile.attack", str(server.port), *names]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as attacking:
        try:
            time_to_begin(server)
            yield
            assert attacking.poll() is None
        finally:
            attacking.kill()


def time_to_begin(server: Attacked) -> None:
    """Until the attack has begun, and what may be done at once has been done."""
    begun = time.monotonic() + 3
    while time.monotonic() < begun:
        send_queries(server, "before", queries=10)


def test_few_bombs_are_answered_between_the_plain_queries_of_another():
    """They take a fifth of the time; were they taken as they come, there would be one for every query."""
    found = []
    with attacked() as server:
        for number in range(ROUNDS):
            with bombed(server, BOMBS):
                send_queries(server, f"round{number}")
            assert [each for each in ids(server) if not each.startswith(("before", "round"))]
            found.append(between(server, f"round{number}"))
    assert sum(found) <= ROUNDS * QUERIES / 5
