"""Callers that disconnect, as our server tells the application."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from gateway.web.disconnects import DISCONNECT_EXTENSION
from gateway.web.http_request import HttpRequest
from tests.unit.web.connection import Connection, settled

LARGE = 100_000


class Waiting:
    """Receives each request as a whole, and then waits to be called back.

    Attributes:
        left: The paths of the requests whose caller disconnected, in that order.
        ready: Set when requests are to be answered.
    """

    def __init__(self) -> None:
        self.left: list[str] = []
        self.ready = asyncio.Event()
        self.is_listening = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        set_callback = scope["extensions"][DISCONNECT_EXTENSION]["set_callback"]
        await HttpRequest.from_scope(scope, receive, max_body_bytes=LARGE).receive_body()
        if self.is_listening:
            set_callback(lambda: self.left.append(scope["path"]))
        await self.ready.wait()
        set_callback(None)
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def post(path: str, size: int) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * size
    )


@pytest.fixture
async def waiting():
    application = Waiting()
    yield application
    application.ready.set()
    await settled()


async def test_who_disconnects_is_told_once(waiting):
    caller = Connection(waiting)
    await caller.sends(get("/one"))
    assert waiting.left == []
    caller.leaves()
    await settled()
    assert waiting.left == ["/one"]


async def test_of_pipelined_requests_the_one_that_is_answered_is_told(waiting):
    caller = Connection(waiting)
    await caller.sends(get("/one") + get("/two") + get("/three"))
    caller.leaves()
    await settled()
    assert waiting.left == ["/one"]


async def test_a_disconnect_concerns_the_latest_request_only(waiting):
    caller = Connection(waiting)
    waiting.ready.set()
    await caller.sends(get("/one"))
    waiting.ready.clear()
    await caller.sends(get("/two"))
    caller.leaves()
    await settled()
    assert (caller.statuses, waiting.left) == ([200], ["/two"])


@pytest.mark.parametrize("first", [0, 70], ids=["at once", "after its head"])
async def test_a_large_body_that_has_arrived_leaves_the_connection_read(waiting, first):
    """Else nobody would notice that the caller disconnects."""
    caller = Connection(waiting)
    sent = post("/large", LARGE)
    await caller.sends(sent[:first], sent[first:])
    assert caller.transport.is_read


async def test_who_has_disconnected_before_anybody_listens_is_told_soon():
    left: list[str] = []
    go_on = asyncio.Event()

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await go_on.wait()
        set_callback: Callable[[Any], None] = scope["extensions"][DISCONNECT_EXTENSION][
            "set_callback"
        ]
        set_callback(lambda: left.append("told"))
        assert left == []
        await asyncio.sleep(0)
        set_callback(None)

    caller = Connection(late)
    await caller.sends(get("/one"))
    caller.leaves()
    go_on.set()
    await settled()
    assert left == ["told"]


async def test_a_connection_that_was_lost_is_not_read_again():
    """uvloop's transport raises where it is read after its end."""
    go_on = asyncio.Event()

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await go_on.wait()
        scope["extensions"][DISCONNECT_EXTENSION]["set_callback"](lambda: None)

    caller = Connection(late)
    await caller.sends(post("/one", LARGE))
    assert not caller.transport.is_read
    caller.leaves()
    go_on.set()
    await settled()
    assert not caller.transport.is_read


async def test_without_disconnect_or_callback_nothing_is_called(waiting):
    staying, ignored = Connection(waiting), Connection(waiting)
    await staying.sends(get("/staying"))
    waiting.is_listening = False
    await ignored.sends(get("/ignored"))
    ignored.leaves()
    waiting.ready.set()
    await settled()
    staying.leaves()
    await settled()
    assert waiting.left == []


@pytest.mark.parametrize("query", [b"{ __typename }", b"{ a: __typename }"])
async def test_a_request_that_need_not_wait_has_one_task(gateway_over, query):
    app = gateway_over(lambda _: httpx.Response(500)).app
    names: list[str] = []
    loop = asyncio.get_running_loop()

    def create(_: object, work: Any, **given: Any) -> asyncio.Task[Any]:
        names.append(work.__qualname__)
        return asyncio.Task(work, loop=loop, **given)

    body = b'{"query": "%b"}' % query
    head = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    caller = Connection(app)
    loop.set_task_factory(create)
    try:
        for _ in range(2):
            await caller.sends(head % len(body) + body)
    finally:
        loop.set_task_factory(None)
    assert caller.statuses == [200] * 2
    assert names == ["RequestResponseCycle.run_asgi"] * 2
