"""Two instances behind a balancer are replaced, one after the other, and no caller notices."""

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack

import httpx
import pytest

from tests.resilience.balancer import Balancer, balancing
from tests.support import plain_http
from tests.support.gateway import ACCOUNT_1
from tests.support.processes import PATIENCE_SECONDS, Running, free_ports, running

pytestmark = pytest.mark.socket

CALLERS = 8
DRAIN_SECONDS = 0.6
"""Long enough for a balancer that looks every 100 ms."""

QUERY = json.dumps({"query": "{ activities(clientId: 1020) { totalCount } }"}).encode()
ANSWER = {"data": {"activities": {"totalCount": 20}}}


@pytest.fixture
def upstream() -> Iterator[str]:
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    with running("sandbox", "--rest-only", "--port", str(port), ready=address):
        fault = {"path": "/api/2.3/activities", "delayMilliseconds": 50}
        plain_http.put(f"{address}/_sandbox/faults", json=[fault]).raise_for_status()
        yield address


def environment(address: str, upstream: str) -> dict[str, str]:
    return {
        "PORT": address.rpartition(":")[2],
        "GATEWAY_UPSTREAM_URL": upstream,
        "GATEWAY_API_KEY": ACCOUNT_1["api_key"],
        "GATEWAY_TOKEN": ACCOUNT_1["token"],
        "GATEWAY_DRAIN_SECONDS": str(DRAIN_SECONDS),
    }


class Load:
    """Callers that ask, and ask again as soon as they have an answer."""

    def __init__(self, balancer: Balancer) -> None:
        self.answered = 0
        self.failed: list[object] = []
        self._balancer = balancer
        self._is_over = False

    async def caller(self) -> None:
        while not self._is_over:
            try:
                answer = await self._balancer.forward(QUERY)
            except httpx.TransportError as error:
                self.failed.append(error)
            else:
                if answer.json() == ANSWER:
                    self.answered += 1
                else:
                    self.failed.append(answer.text)

    def end(self) -> None:
        self._is_over = True


async def test_no_request_fails_while_each_instance_is_replaced(upstream):
    addresses = [f"http://127.0.0.1:{port}" for port in free_ports(2)]

    def instance(address: str) -> AbstractContextManager[Running]:
        return running("serve", ready=f"{address}/livez", **environment(address, upstream))

    async def until(address: str, *, is_ready: bool) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while balancer.is_ready(address) is not is_ready:  # noqa: ASYNC110 - as callers see it
                await asyncio.sleep(0.02)

    with ExitStack() as stack:
        gateways = [stack.enter_context(instance(each)) for each in addresses]
        async with balancing(addresses) as balancer, asyncio.TaskGroup() as group:
            for each in addresses:
                await until(each, is_ready=True)
            load = Load(balancer)
            for _ in range(CALLERS):
                group.create_task(load.caller())
            for address, gateway in zip(addresses, gateways, strict=True):
                before = load.answered
                gateway.process.send_signal(signal.SIGTERM)
                status = await asyncio.to_thread(gateway.process.wait, PATIENCE_SECONDS)
                assert status == 0
                await asyncio.to_thread(stack.enter_context, instance(address))
                await until(address, is_ready=True)
                assert load.answered > before
            load.end()
        assert load.failed == []
        assert load.answered > 100
