"""An overload: more requests than a gateway may have in flight, which arrive at random, whatever becomes of those before them."""

import asyncio
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import aiohttp

from tests.support import plain_http
from tests.support.gateway import ACCOUNT_1
from tests.support.processes import free_ports, running

LIMIT = 16
UPSTREAM_MILLISECONDS = 150
CAPACITY = LIMIT / UPSTREAM_MILLISECONDS * 1000
"""Requests a second, if each took no longer than its upstream."""

DRILL_SECONDS = 3

QUERY = (
    "query ($id: ID!) { activities(clientId: 1020, filter: {appointmentId: $id}) { totalCount } }"
)
ANSWER = {"data": {"activities": {"totalCount": 0}}}


@contextmanager
def limited_gateway() -> Iterator[str]:
    """A gateway with a low concurrency limit, before an upstream that is slow."""
    port, rest_port = free_ports(2)
    address, rest = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{rest_port}"
    environment = {
        "PORT": str(port),
        "GATEWAY_UPSTREAM_URL": rest,
        "GATEWAY_API_KEY": ACCOUNT_1["api_key"],
        "GATEWAY_TOKEN": ACCOUNT_1["token"],
        "GATEWAY_MAX_CONCURRENT_REQUESTS": str(LIMIT),
        "GATEWAY_DRAIN_SECONDS": "0",
    }
    fault = {"path": "/api/2.3/activities", "delayMilliseconds": UPSTREAM_MILLISECONDS}
    with (
        running("sandbox", "--rest-only", "--port", str(rest_port), ready=rest),
        running("serve", ready=f"{address}/livez", **environment),
    ):
        plain_http.put(f"{rest}/_sandbox/faults", json=[fault]).raise_for_status()
        yield address


class Rejection(NamedTuple):
    """A request that was rejected.

    Attributes:
        others: How many others were answered while it was waited for.
        unanswered: How many were sent before and had no response yet when it was sent, and itself.
        headers: The headers of its response.
        code: The code of its error.
    """

    others: int
    unanswered: int
    headers: Mapping[str, str]
    code: str


class Drill:
    """Requests at a rate, whatever becomes of those before them.

    Attributes:
        accepted: For each of those that were answered, how many others were meanwhile.
        rejected: The others.
    """

    def __init__(self, http: aiohttp.ClientSession, rate: float) -> None:
        self.accepted: list[int] = []
        self.rejected: list[Rejection] = []
        self._http = http
        self._rate = rate
        self._chance = random.Random(1)
        self._unanswered = 0

    async def run(self) -> None:
        """In time, also where sending takes some; nobody waits longer than some seconds."""
        clock = asyncio.get_running_loop().time
        async with asyncio.timeout(DRILL_SECONDS + 20), asyncio.TaskGroup() as group:
            arrival = clock()
            for number in range(round(self._rate * DRILL_SECONDS)):
                group.create_task(self._ask(number))
                arrival += self._chance.uniform(0.5, 1.5) / self._rate
                await asyncio.sleep(arrival - clock())

    async def _ask(self, number: int) -> None:
        """A timeline that nobody else asks for at that moment: reads are not coalesced."""
        before = len(self.accepted)
        self._unanswered += 1
        unanswered = self._unanswered
        body = {"query": QUERY, "variables": {"id": str(number)}}
        async with self._http.post("/graphql", json=body) as answer:
            content = await answer.json()
        self._unanswered -= 1
        others = len(self.accepted) - before
        if answer.status == 503:
            [error] = content["errors"]
            code = error["extensions"]["code"]
            self.rejected.append(Rejection(others, unanswered, answer.headers, code))
        else:
            assert content == ANSWER
            self.accepted.append(others)


def calling(address: str) -> aiohttp.ClientSession:
    """Not httpx, which would be busy with its pool."""
    headers = {"Accept": "application/graphql-response+json"}
    return aiohttp.ClientSession(address, headers=headers, connector=aiohttp.TCPConnector(limit=0))
