"""What one request takes on its way from HTTP bytes to the upstream: tasks, functions, calls."""

import asyncio
import json
import re
from collections.abc import Coroutine, Generator, Iterator
from pathlib import Path
from sys import _getframe as current_frame
from types import CodeType
from typing import Any

import httpx
import pytest

import gateway
from gateway.config.settings import Settings
from gateway.web.app import create_app
from tests.scenarios.runner import Scenario
from tests.support.gateway import ACCOUNT_1, SANDBOX
from tests.support.pages import code_blocks, page
from tests.support.processes import PATIENCE_SECONDS
from tests.unit.web.connection import Connection

MOST_FRAMES = 16
"""The most functions of the gateway that wait, in all tasks, while the upstream is called for one activity."""

MOST_TASKS_FOR_ONE_ACTIVITY = 3
MOST_TASKS_FOR_TEN_ACTIVITIES = 15
"""Those of everything behind them included."""

ONE_ACTIVITY = '{ activities(clientId: "1100", first: 1) { nodes { id event } } }'
TEN_ACTIVITIES = Scenario.read(
    Path(__file__).parents[2] / "scenarios/everything-linked-to-ten-activities.md"
)

OWN_FILES = (str(Path(gateway.__file__).parent), "<compiled query>")


class RecordedUpstream(httpx.AsyncBaseTransport):
    """Answers at once what the sandbox answered before, so that only the gateway is at work.

    Attributes:
        called: The target of each call, in order.
        frames: The functions of the gateway that waited for the first of these calls.
    """

    def __init__(self, sandbox: httpx.AsyncBaseTransport) -> None:
        self.called: list[str] = []
        self.frames: list[str] = []
        self._sandbox = sandbox
        self._answers: dict[str, tuple[int, httpx.Headers, bytes]] = {}

    def forget(self) -> None:
        self.called, self.frames = [], []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        if target not in self._answers:
            response = await self._sandbox.handle_async_request(request)
            body = b"".join([chunk async for chunk in response.aiter_raw()])
            self._answers[target] = (response.status_code, response.headers, body)
        elif not self.called:
            self.frames = [code.co_qualname for code in own_functions()]
        self.called.append(target)
        status, headers, body = self._answers[target]
        return httpx.Response(status, headers=headers, content=body)


def own_functions() -> Iterator[CodeType]:
    """The functions of the gateway that are running or waiting, in all tasks."""
    frame: Any = current_frame()
    while frame is not None:
        yield from own(frame.f_code)
        frame = frame.f_back
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        waiting: Any = task.get_coro()
        while waiting is not None:
            code = getattr(waiting, "cr_code", None) or getattr(waiting, "gi_code", None)
            yield from own(code)
            waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)


def own(code: CodeType | None) -> Iterator[CodeType]:
    if code is not None and code.co_filename.startswith(OWN_FILES):
        yield code


class RequestPath:
    """A gateway on a connection, and what its second answer to the same request takes.

    Attributes:
        upstream: What it calls.
        tasks: The tasks that began, the server's own for the request included.
    """

    def __init__(self, sandbox: httpx.AsyncBaseTransport) -> None:
        self.upstream = RecordedUpstream(sandbox)
        self.tasks: list[str] = []
        settings = Settings(upstream_url=SANDBOX, compile_queries="eager", **ACCOUNT_1)  # type: ignore[arg-type]
        self._caller = Connection(create_app(settings, transport=self.upstream))

    async def answer(self, query: str) -> Any:
        await self._post(query)
        self.upstream.forget()
        loop = asyncio.get_running_loop()
        loop.set_task_factory(self._create_task)
        try:
            return json.loads(await self._post(query))
        finally:
            loop.set_task_factory(None)

    async def _post(self, query: str) -> bytes:
        body = json.dumps({"query": query}).encode()
        head = (
            b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)
        )
        before = len(self._caller.answers)
        await self._caller.sends(head + body)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self._caller.answers) == before:
                await self._caller.read_on()
        return self._caller.answers[-1]

    def _create_task(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        **options: Any,
    ) -> asyncio.Task[Any]:
        self.tasks.append(getattr(work, "__qualname__", repr(work)))
        return asyncio.Task(work, loop=loop, **options)


@pytest.fixture
async def path(rest, sandbox_app):
    return RequestPath(httpx.ASGITransport(sandbox_app))


async def test_one_activity_takes_few_tasks_and_one_call(path):
    answer = await path.answer(ONE_ACTIVITY)
    assert len(answer["data"]["activities"]["nodes"]) == 1
    assert len(path.upstream.called) == 1
    assert len(path.tasks) <= MOST_TASKS_FOR_ONE_ACTIVITY, path.tasks


async def test_few_functions_are_between_a_request_and_its_call(path):
    await path.answer(ONE_ACTIVITY)
    assert "HttpAttempt.get" in path.upstream.frames
    assert "RequestMiddleware.__call__" in path.upstream.frames
    assert len(path.upstream.frames) <= MOST_FRAMES, path.upstream.frames


async def test_the_architecture_page_draws_the_waiting_functions(path):
    await path.answer(ONE_ACTIVITY)
    (drawing,) = code_blocks(page("architecture"), "mermaid")
    drawn = re.findall(r'\["([\w.]+)"\]', drawing)
    assert sorted(drawn) == sorted(path.upstream.frames)


async def test_ten_activities_take_few_tasks_and_a_call_per_entity(path):
    assert await path.answer(TEN_ACTIVITIES.query) == TEN_ACTIVITIES.response
    assert {f"GET {target}": 1 for target in path.upstream.called} == TEN_ACTIVITIES.calls
    assert len(path.upstream.called) == TEN_ACTIVITIES.calls.total()
    assert len(path.tasks) <= MOST_TASKS_FOR_TEN_ACTIVITIES, path.tasks
