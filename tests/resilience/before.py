"""A gateway before an upstream at real ports, all in the loop of the test, and ways to look at it."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from gateway.sandbox.app import create_sandbox
from gateway.sandbox.fault_injection.protocol import SandboxProtocol
from gateway.upstream.http.transport import AiohttpTransport
from tests.resilience import certificates
from tests.resilience.places import Place
from tests.security.secrets.serving import serving_app
from tests.support.gateway import ACCOUNT_1, Gateway

KEYS = {"apiKey": ACCOUNT_1["api_key"], "token": ACCOUNT_1["token"]}


class Detour(httpx.AsyncBaseTransport):
    """Counts the attempts of all reads, and sends those of one place somewhere else.

    Attributes:
        attempts: When there was one, by the loop's clock.
        failures: When those began that had no response.
        hits: How many of them were for that place.
    """

    def __init__(self, place: Place | None = None, origin: str | None = None) -> None:
        self.attempts: list[float] = []
        self.failures: list[float] = []
        self.hits = 0
        self._place = place
        self._origin = origin and httpx.URL(origin)
        self._wire = AiohttpTransport(max_connections=100, tls=certificates.trusting())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        began = asyncio.get_running_loop().time()
        self.attempts.append(began)
        if self._place is not None and self._place.hits(request.url):
            self.hits += 1
            if self._origin:
                request.url = request.url.copy_with(
                    scheme=self._origin.scheme, host=self._origin.host, port=self._origin.port
                )
        try:
            return await self._wire.handle_async_request(request)
        except httpx.TransportError:
            self.failures.append(began)
            raise

    async def aclose(self) -> None:
        await self._wire.aclose()


@asynccontextmanager
async def sandbox() -> AsyncIterator[httpx.AsyncClient]:
    """The sandbox at a port of its own, and a client for its controls and as account 1."""
    async with (
        serving_app(create_sandbox(), http=SandboxProtocol) as url,
        httpx.AsyncClient(base_url=url, headers=KEYS) as rest,
    ):
        yield rest


@asynccontextmanager
async def gateway(url: object, detour: Detour, **settings: Any) -> AsyncIterator[Gateway]:
    made = Gateway(detour, upstream_url=str(url), explain=True, **settings)
    try:
        yield made
    finally:
        await made.http.aclose()
        await detour.aclose()


def open_files() -> int:
    """How many descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are enough


def tasks() -> int:
    return len(asyncio.all_tasks())


async def until(holds: Callable[[], bool]) -> None:
    """Waits until something holds, for 20 seconds at most."""
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError


async def settled(*, files: int, tasks: int) -> None:
    """Waits until there are no more open files and tasks than there were.

    Raises:
        AssertionError: Some are still there after a while.
    """
    for _ in range(200):
        if open_files() <= files and len(asyncio.all_tasks()) <= tasks:
            return
        await asyncio.sleep(0.02)
    left = [str(task.get_coro()) for task in asyncio.all_tasks()]
    raise AssertionError(
        f"{open_files()} files, not {files}; {len(left)} tasks, not {tasks}: {left}"
    )
