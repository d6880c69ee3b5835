"""While one caller sends bombs, another's plain queries take about as long as without."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.hostile.row import PLAIN
from tests.hostile.server import Attacked, attacked
from tests.hostile.table import ROWS

pytestmark = pytest.mark.socket

ROOT = Path(__file__).parents[2]
BOMBS = [name for name, row in ROWS.items() if row.is_large]
ROUNDS = 6
QUERIES = 100


def latencies(server: Attacked, queries: int = QUERIES) -> list[float]:
    """How long plain queries take on one connection, one after the other."""
    found = []
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as http:
        for _ in range(queries):
            started = time.perf_counter()
            answer = http.post("/graphql", json={"query": PLAIN})
            found.append(time.perf_counter() - started)
            assert answer.json() == {"data": {"activities": {"totalCount": 1}}}
    return found


@contextmanager
def bombed(server: Attacked, names: Sequence[str]) -> Iterator[None]:
    """While another process sends these rows, one after another."""
    command = [sys.executable, "-m", "tests.hostile.attack", str(server.port), *names]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as attacking:
        try:
            time_to_begin(server)
            yield
            assert attacking.poll() is None
        finally:
            attacking.kill()


def time_to_begin(server: Attacked) -> None:
    """Until the attack has begun, and what may be done at once has been done."""
    until = time.monotonic() + 3
    while time.monotonic() < until:
        latencies(server, queries=10)


def test_plain_queries_take_at_most_twice_as_long_while_bombs_are_sent():
    """In turns with and without, so that whatever else the machine does hits both."""
    alone: list[float] = []
    beside: list[float] = []
    with attacked() as server:
        latencies(server)
        for _ in range(ROUNDS):
            alone += latencies(server)
            with bombed(server, BOMBS):
                beside += latencies(server)
    assert statistics.median(beside) <= 2 * statistics.median(alone)
