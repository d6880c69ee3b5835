"""A thousand callers that leave in the middle: nothing of them is left."""

import asyncio
import json

import httpx
import pytest

from tests.resilience import before, peer
from tests.resilience.before import Detour
from tests.security.secrets.serving import serving_app
from tests.support.gateway import Gateway

pytestmark = pytest.mark.socket

CALLERS = 1000
PATIENCE = {
    "max_concurrent_requests": CALLERS,
    "operation_timeout_seconds": 600.0,
    "upstream_attempt_timeout_seconds": 500.0,
    "upstream_connect_timeout_seconds": 500.0,
    "upstream_read_timeout_seconds": 500.0,
}
QUERY = "query ($id: ID!) { activities(clientId: $id) { totalCount } }"


def _request(client: int) -> bytes:
    body = json.dumps({"query": QUERY, "variables": {"id": client}}).encode()
    head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\napiKey: k%d\r\ntoken: t\r\nContent-Length: %d\r\n\r\n"
    return (head % (client % 10, len(body))).encode() + body


async def _ask(address: httpx.URL, client: int) -> asyncio.StreamWriter:
    _, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(_request(client))
    await writer.drain()
    return writer


async def under_way(gateway: Gateway) -> int:
    """How many requests are being answered."""
    told = (await gateway.http.get("/metrics")).text.splitlines()
    [line] = [each for each in told if each.startswith("gateway_requests_in_flight ")]
    return int(float(line.rpartition(" ")[2]))


@pytest.mark.parametrize(
    "distinct", [CALLERS, 10], ids=["each with a read of its own", "reads are shared"]
)
async def test_callers_that_leave_take_everything_along(distinct):
    """Most of them wait for a place when they leave; the others wait for an upstream that is silent."""
    asking: list[asyncio.StreamWriter] = []
    async with (
        peer.playing(peer.says_nothing) as upstream,
        before.gateway(f"http://127.0.0.1:{upstream.port}", Detour(), **PATIENCE) as gateway,
        serving_app(gateway.app) as address,
    ):
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            await http.get("/livez")  # it is up
        files, tasks = before.open_files(), before.tasks()
        try:
            for number in range(CALLERS):
                writer = await _ask(httpx.URL(address), number % distinct)
                asking.append(writer)  # each at once: they are left whatever comes
            reads = min(distinct, 100)
            await before.until(lambda: len(upstream.connections) == reads)
            await asyncio.sleep(0.5)
            assert len(upstream.connections) == reads
            assert await under_way(gateway) == CALLERS
        finally:
            for writer in asking:
                writer.transport.abort()
        await before.until(lambda: not upstream.connections)
        await before.settled(files=files, tasks=tasks)
        assert await under_way(gateway) == 0
