"""The upstream's client over whatever a test makes up."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import httpx
import pytest
import structlog

from gateway.config.settings import Settings
from gateway.upstream.api import UpstreamApi
from gateway.upstream.http.fetcher import UpstreamFetcher
from tests.support import gateway
from tests.support.clock import Clock
from tests.support.processes import PATIENCE_SECONDS

Handler = (
    Callable[[httpx.Request], httpx.Response]
    | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]
)

ROSTERS = ("staff", "services", "appointments")


def transport_of(answers: Handler | httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
    if isinstance(answers, httpx.AsyncBaseTransport):
        return answers
    return httpx.MockTransport(answers)


def settings_of(**given: Any) -> Settings:
    """One attempt each, unless a test says otherwise."""
    return gateway.settings_of(
        **{"upstream_url": "http://upstream", "upstream_attempts": 1, **given}
    )


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def upstream_over(clock):
    """Makes an `Upstream` over a handler or a transport: `upstream_over(handler, **settings)`."""
    opened: list[httpx.AsyncBaseTransport] = []

    def over(answers: Handler | httpx.AsyncBaseTransport, **settings: Any) -> UpstreamApi:
        opened.append(transport_of(answers))
        return UpstreamApi(settings_of(**settings), opened[-1], now=clock)

    yield over
    for transport in opened:
        await transport.aclose()


@pytest.fixture
async def reads_over(clock):
    """Makes `Reads` over a handler or a transport: `reads_over(handler, **settings)`."""
    opened: list[httpx.AsyncBaseTransport] = []

    def over(answers: Handler | httpx.AsyncBaseTransport, **settings: Any) -> UpstreamFetcher:
        opened.append(transport_of(answers))
        return UpstreamFetcher(settings_of(**settings), opened[-1], now=clock)

    yield over
    for transport in opened:
        await transport.aclose()


class Recorder:
    """An upstream that keeps the requests it gets and sends an empty list that has an id."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(200, json={"items": [], "id": "1"})

    @property
    def last(self) -> httpx.Request:
        return self.requests[-1]


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def events() -> Iterator[list[object]]:
    with structlog.testing.capture_logs() as captured:
        yield captured  # type: ignore[misc]  # a list of mappings


class World:
    """An upstream in which there is one of everything with an id of 1 to 9.

    Attributes:
        called: The target of each call, in order.
        gate: Calls wait here while it is closed.
        answers: What is sent from a path instead: a status, or JSON.
        failing: What everything is answered with instead: a status.
        most: How many calls were ever under way at the same time.
        given_up: How many calls were cancelled.
    """

    def __init__(self) -> None:
        self.called: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.answers: dict[str, int | dict[str, object]] = {}
        self.failing: int | None = None
        self.under_way = self.most = self.given_up = 0
        self._arrivals: asyncio.Queue[None] = asyncio.Queue()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.called.append(request.url.raw_path.decode())
        self._arrivals.put_nowait(None)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        finally:
            self.under_way -= 1
        path = request.url.path
        sent = self.failing or self.answers.get(path, sent_from(path))
        if isinstance(sent, int):
            return httpx.Response(sent)
        return httpx.Response(200, json=sent)

    async def arrivals(self, count: int) -> None:
        """Waits until so many more calls have come in."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            for _ in range(count):
                await self._arrivals.get()


def sent_from(path: str) -> int | dict[str, object]:
    *_, last = path.split("/")
    if last == "activities":
        return {"items": [{"id": "1", "type": "note"}]}
    if last in ROSTERS:
        return {"items": [{"id": str(number)} for number in range(1, 10)]}
    return {"id": last} if last in "123456789" else 404


@pytest.fixture
async def world():
    return World()


@pytest.fixture
def settle():
    """Lets everything run that can run without waiting."""

    async def settle() -> None:
        for _ in range(30):
            await asyncio.sleep(0)

    return settle


@pytest.fixture
async def no_task_left(settle):
    """Fails the test where a task outlives it. What a test opens is closed before."""
    yield
    await settle()
    left = [str(task.get_coro()) for task in asyncio.all_tasks()]
    assert [coro for coro in left if "TestRunner" not in coro] == []
