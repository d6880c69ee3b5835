"""Four times as many requests as there is room for: the accepted fare as before, the others know at once."""

import asyncio
import json
import random
from collections.abc import Iterator
from statistics import median

import httpx
import pytest

from tests.conftest import ACCOUNT_1
from tests.processes import free_ports, running

pytestmark = pytest.mark.socket

ROOM = 16
UPSTREAM_MILLISECONDS = 600
CAPACITY = ROOM / UPSTREAM_MILLISECONDS * 1000
"""Requests a second, if each took no longer than its upstream."""

DRILL_SECONDS = 3


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
        "GATEWAY_MAX_CONCURRENCY": str(ROOM),
        "GATEWAY_DRAIN_SECONDS": "0",
    }
    fault = {"path": "/api/2.3/activities", "delayMilliseconds": UPSTREAM_MILLISECONDS}
    with (
        running("sandbox", "--rest-only", "--port", str(rest_port), ready=rest),
        running("serve", ready=f"{address}/livez", **environment),
    ):
        httpx.put(f"{rest}/_sandbox/faults", json=[fault]).raise_for_status()
        yield address


class Drill:
    """Requests that arrive by chance, so many a second, whatever becomes of those before them."""

    def __init__(self, http: httpx.AsyncClient, rate: float) -> None:
        self.accepted: list[float] = []
        self.refused: list[httpx.Response] = []
        self.refused_seconds: list[float] = []
        self._http = http
        self._rate = rate
        self._chance = random.Random(1)

    async def run(self) -> None:
        async with asyncio.timeout(DRILL_SECONDS + 5), asyncio.TaskGroup() as group:
            for number in range(round(self._rate * DRILL_SECONDS)):
                group.create_task(self._ask(number))
                await asyncio.sleep(self._chance.uniform(0.5, 1.5) / self._rate)

    async def _ask(self, number: int) -> None:
        """A timeline that nobody else asks for at that moment: reads are not shared."""
        first = 1 + number % 100
        query = f'{{ activities(clientId: 1020, appointmentId: "{number}", first: {first}) {{ totalCount }} }}'
        clock = asyncio.get_running_loop().time
        started = clock()
        answer = await self._http.post("/graphql", content=json.dumps({"query": query}))
        if answer.status_code == 503:
            self.refused.append(answer)
            self.refused_seconds.append(clock() - started)
        else:
            assert "errors" not in answer.json(), answer.text
            self.accepted.append(clock() - started)


def p99(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99)]


async def test_at_four_times_its_capacity_it_answers_as_many_as_fast_and_refuses_the_others(
    gateway,
):
    headers = {"Content-Type": "application/json", "Accept": "application/graphql-response+json"}
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    async with httpx.AsyncClient(
        base_url=gateway, headers=headers, limits=limits, timeout=10
    ) as http:
        calm, storm = Drill(http, 0.8 * CAPACITY), Drill(http, 4 * CAPACITY)
        await calm.run()
        await storm.run()

    assert len(storm.accepted) >= 0.8 * len(calm.accepted)
    assert p99(storm.accepted) < 2 * p99(calm.accepted)
    assert len(storm.refused) > len(storm.accepted)
    assert p99(storm.refused_seconds) < p99(storm.accepted)
    assert median(storm.refused_seconds) < median(storm.accepted) / 5
    assert {each.headers["content-type"] for each in storm.refused} == {
        "application/graphql-response+json; charset=utf-8"
    }
    assert {each.headers["retry-after"] for each in storm.refused} == {"1"}
    assert len({each.headers["x-request-id"] for each in storm.refused}) == len(storm.refused)
    assert {each.headers["x-content-type-options"] for each in storm.refused} == {"nosniff"}
    assert {each.json()["errors"][0]["extensions"]["code"] for each in storm.refused} == {
        "OVERLOADED"
    }
