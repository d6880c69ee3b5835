"""A small balancer: requests go to the instances that say they are ready, in turn."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx

_POLL_SECONDS = 0.1


class Balancer:
    """It tries each request once, on connections that it keeps: what fails, fails."""

    def __init__(self, http: httpx.AsyncClient, addresses: Sequence[str]) -> None:
        self._http = http
        self._ready: dict[str, bool] = dict.fromkeys(addresses, False)
        self._next = 0

    def is_ready(self, address: str) -> bool:
        return self._ready[address]

    async def follow(self, address: str) -> None:
        """Look at `/readyz` again and again."""
        while True:
            try:
                answer = await self._http.get(f"{address}/readyz", timeout=1)
                self._ready[address] = answer.status_code == 200
            except httpx.TransportError:
                self._ready[address] = False
            await asyncio.sleep(_POLL_SECONDS)

    async def forward(self, body: bytes) -> httpx.Response:
        ready = [address for address, is_ready in self._ready.items() if is_ready]
        self._next += 1
        address = ready[self._next % len(ready)]
        headers = {"Content-Type": "application/json"}
        return await self._http.post(f"{address}/graphql", content=body, headers=headers)


@asynccontextmanager
async def balancing(addresses: Sequence[str]) -> AsyncIterator[Balancer]:
    async with httpx.AsyncClient(timeout=10) as http:
        balancer = Balancer(http, addresses)
        following = [asyncio.create_task(balancer.follow(each)) for each in addresses]
        try:
            yield balancer
        finally:
            for each in following:
                each.cancel()
            await asyncio.gather(*following, return_exceptions=True)
