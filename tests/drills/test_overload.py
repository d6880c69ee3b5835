"""Four times as many requests as there is room for: the accepted fare as before, the others know at once."""

import asyncio
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import NamedTuple

import aiohttp
import httpx
import pytest

from tests.conftest import ACCOUNT_1
from tests.processes import free_ports, running

pytestmark = pytest.mark.socket

ROOM = 16
UPSTREAM_MILLISECONDS = 150
CAPACITY = ROOM / UPSTREAM_MILLISECONDS * 1000
"""Requests a second, if each took no longer than its upstream."""

DRILL_SECONDS = 3

QUERY = "query ($id: ID!) { activities(clientId: 1020, appointmentId: $id) { totalCount } }"
ANSWER = {"data": {"activities": {"totalCount": 0}}}


@pytest.fixture
def gateway() -> Iterator[str]:
    """With little room, before an upstream that is slow."""
    port, rest_port = free_ports(2)
    address, rest = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{rest_port}"
    environment = {
        "PORT": str(port),
        "GATEWAY_UPSTREAM_URL": rest,
        "GATEWAY_API_KEY": ACCOUNT_1["api_key"],
        "GATEWAY_TOKEN": ACCOUNT_1["token"],
        "GATEWAY_MAX_CONCURRENT_REQUESTS": str(ROOM),
        "GATEWAY_DRAIN_SECONDS": "0",
    }
    fault = {"path": "/api/2.3/activities", "delayMilliseconds": UPSTREAM_MILLISECONDS}
    with (
        running("sandbox", "--rest-only", "--port", str(rest_port), ready=rest),
        running("serve", ready=f"{address}/livez", **environment),
    ):
        httpx.put(f"{rest}/_sandbox/faults", json=[fault]).raise_for_status()
        yield address


class Refused(NamedTuple):
    """How many others were answered while it was waited for, and what it said."""

    others: int
    headers: Mapping[str, str]
    code: str


class Drill:
    """Requests that arrive by chance, so many a second, whatever becomes of those before them.

    Attributes:
        accepted: For each of those that were answered, how many others were meanwhile.
        refused: The others.
    """

    def __init__(self, http: aiohttp.ClientSession, rate: float) -> None:
        self.accepted: list[int] = []
        self.refused: list[Refused] = []
        self._http = http
        self._rate = rate
        self._chance = random.Random(1)

    async def run(self) -> None:
        """In time, also where asking takes some; nobody waits longer than a few seconds."""
        clock = asyncio.get_running_loop().time
        async with asyncio.timeout(DRILL_SECONDS + 5), asyncio.TaskGroup() as group:
            arrival = clock()
            for number in range(round(self._rate * DRILL_SECONDS)):
                group.create_task(self._ask(number))
                arrival += self._chance.uniform(0.5, 1.5) / self._rate
                await asyncio.sleep(arrival - clock())

    async def _ask(self, number: int) -> None:
        """A timeline that nobody else asks for at that moment: reads are not shared."""
        before = len(self.accepted)
        body = {"query": QUERY, "variables": {"id": str(number)}}
        async with self._http.post("/graphql", json=body) as answer:
            told = await answer.json()
        others = len(self.accepted) - before
        if answer.status == 503:
            [error] = told["errors"]
            self.refused.append(Refused(others, answer.headers, error["extensions"]["code"]))
        else:
            assert told == ANSWER
            self.accepted.append(others)


def p99(counts: Sequence[int]) -> int:
    return sorted(counts)[int(len(counts) * 0.99)]


async def test_at_four_times_its_capacity_it_answers_as_many_as_fast_and_refuses_the_others(
    gateway,
):
    headers = {"Accept": "application/graphql-response+json"}
    connector = aiohttp.TCPConnector(limit=0)  # httpx would be busy with its pool
    async with aiohttp.ClientSession(gateway, headers=headers, connector=connector) as http:
        calm, storm = Drill(http, CAPACITY), Drill(http, 4 * CAPACITY)
        await calm.run()
        await storm.run()

    refusals = [each.others for each in storm.refused]
    for name, drill in {"at capacity": calm, "at four times": storm}.items():
        others = f"median {median(drill.accepted)}, p99 {p99(drill.accepted)}"
        sys.stdout.write(f"{name}: {len(drill.accepted)} accepted, while others were: {others}\n")
    others = f"median {median(refusals)}, p99 {p99(refusals)}"
    sys.stdout.write(f"refused: {len(refusals)}, while others were answered: {others}\n")
    assert len(storm.accepted) >= 0.8 * len(calm.accepted)
    assert p99(storm.accepted) < 2 * p99(calm.accepted)
    assert len(refusals) > len(storm.accepted)
    assert p99(refusals) < p99(storm.accepted)
    assert median(refusals) < median(storm.accepted) / 5
    assert {each.code for each in storm.refused} == {"OVERLOADED"}
    said = [each.headers for each in storm.refused]
    assert {each["Content-Type"] for each in said} == {
        "application/graphql-response+json; charset=utf-8"
    }
    assert {each["Retry-After"] for each in said} == {"1"}
    assert {each["X-Content-Type-Options"] for each in said} == {"nosniff"}
    assert len({each["X-Request-Id"] for each in said}) == len(said)
