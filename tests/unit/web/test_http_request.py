"""Bodies in one part or many, whole or not; and callers that disconnect."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import Message, Scope

from gateway.errors import PayloadTooLarge
from gateway.web.disconnects import DISCONNECT_EXTENSION, CallerDisconnected
from gateway.web.http_request import HttpRequest

GONE: Message = {"type": "http.disconnect"}


def part(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def scope(**headers: str) -> Scope:
    pairs = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return {"type": "http", "method": "POST", "headers": pairs}


def request(receive: Any, **headers: str) -> HttpRequest:
    return HttpRequest.from_scope(scope(**headers), receive, max_body_bytes=5)


class Received:
    """Messages one by one, and how many are left."""

    def __init__(self, *messages: Message) -> None:
        self.left = [*messages]

    async def __call__(self) -> Message:
        return self.left.pop(0)


@pytest.mark.parametrize(
    ("messages", "outcome"),
    [
        ([part(b"12345", more=False)], b"12345"),
        ([part(b"12", more=True), part(b"345", more=False)], b"12345"),
        ([part(b"12", more=True), part(b"", more=False)], b"12"),
        ([{"type": "http.request"}], b""),
        ([part(b"123456", more=False)], PayloadTooLarge),
        ([part(b"12", more=True), part(b"3456", more=True)], PayloadTooLarge),
        ([GONE], CallerDisconnected),
        ([part(b"12", more=True), GONE], CallerDisconnected),
    ],
    ids=[
        *("one part", "two parts", "an empty end", "nothing told"),
        *("too large", "too large already", "gone", "gone within"),
    ],
)
async def test_a_body_is_received_once_and_up_to_its_limit(messages, outcome):
    receive = Received(*messages, {"type": "later"})
    http = request(receive)
    assert await http.receive_body() is isinstance(outcome, bytes)
    for _ in range(2):
        if isinstance(outcome, bytes):
            assert await http.body() == outcome
        else:
            with pytest.raises(outcome):
                await http.body()
    assert receive.left == [{"type": "later"}]


async def test_what_announces_too_much_is_not_received():
    receive = Received(part(b"", more=False))
    http = request(receive, content_length="6")
    assert not await http.receive_body()
    with pytest.raises(PayloadTooLarge):
        await http.body()
    assert len(receive.left) == 1


@pytest.mark.parametrize(
    ("headers", "is_received"),
    [
        ({}, True),
        ({"content_length": "0"}, True),
        ({"content_length": "5"}, True),
        ({"content_length": "17"}, False),
        ({"content_length": "many"}, True),
        ({"content_length": "\u0661"}, True),
        ({"transfer_encoding": "chunked"}, True),
        ({"content_length": "9" * 5_000}, False),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_the_length_of_a_body_is_what_its_header_says(headers: Any, is_received):
    http = request(Received(part(b"12", more=False)), **headers)
    assert await http.receive_body() is is_received


async def test_two_components_get_the_same_request():
    receive, asked = Received(part(b"12", more=False)), scope()
    first, second = (HttpRequest.from_scope(asked, receive, max_body_bytes=5) for _ in range(2))
    assert await first.receive_body()
    assert await second.body() == b"12"


async def test_several_lines_of_a_header_are_one_list():
    lines = [
        ("accept", "a/b"),
        ("content-encoding", "x"),
        ("accept", "c/d"),
        ("content-type", "e/f"),
    ]
    lines += [("content-type", "g/h"), ("content-encoding", "y")]
    pairs = [(name.encode(), value.encode()) for name, value in lines]
    http = HttpRequest({"headers": pairs}, Received(), max_body_bytes=5)
    assert (http.accept, http.content_encoding, http.content_type) == ("a/b, c/d", "x, y", "e/f")


class Server:
    """A server with the extension: calls back when it is told to.

    Attributes:
        callback: The callback that the application left.
    """

    def __init__(self) -> None:
        self.callback: Callable[[], None] | None = None

    def __call__(self, callback: Callable[[], None] | None) -> None:
        self.callback = callback

    @property
    def is_listened_to(self) -> bool:
        return self.callback is not None

    def request(self, receive: Any, **headers: str) -> HttpRequest:
        extensions = {DISCONNECT_EXTENSION: {"set_callback": self}}
        asked = {**scope(**headers), "extensions": extensions}
        return HttpRequest.from_scope(asked, receive, max_body_bytes=5)


async def test_the_callback_of_a_disconnect_cancels_without_a_task():
    server, steps = Server(), ["begun"]

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            steps.append("cancelled")

    before = asyncio.all_tasks()
    answering = asyncio.create_task(server.request(Received()).until_disconnect(work()))
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before | {answering}
    assert server.callback is not None
    server.callback()
    with pytest.raises(CallerDisconnected):
        await answering
    assert steps == ["begun", "cancelled"]
    assert not server.is_listened_to


async def test_a_request_that_is_cancelled_is_not_taken_for_a_disconnect():
    server = Server()
    answering = asyncio.create_task(server.request(Received()).until_disconnect(asyncio.sleep(9)))
    await asyncio.sleep(0)
    assert server.callback is not None
    server.callback()
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering


async def test_a_disconnect_after_the_work_cancels_nothing():
    server = Server()
    callbacks: list[Callable[[], None]] = []

    async def work() -> str:
        assert server.callback is not None
        callbacks.append(server.callback)
        return "done"

    assert await server.request(Received()).until_disconnect(work()) == "done"
    callbacks[0]()
    await asyncio.sleep(0)


@pytest.mark.parametrize("headers", [{"content_length": "1"}, {"transfer_encoding": "chunked"}])
async def test_an_unread_body_is_received_until_the_disconnect(headers: Any):
    receive = Received(part(b"1", more=True), part(b"2", more=False), GONE)
    http = Server().request(receive, **headers)
    with pytest.raises(CallerDisconnected):
        await http.until_disconnect(asyncio.sleep(9))
    assert receive.left == []
