"""The transport of responses: what leaves with one write, and what is never held back."""

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from tests.unit.web.connection import Connection, Transport

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST_IN_STEPS = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
HEAD_OF_TWO: Message = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-length", b"2")],
}
BODY: Message = {"type": "http.response.body", "body": b"ok"}


class Writes(Transport):
    """Notes what each write takes."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__(protocol)
        self.pieces: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.pieces.append(bytes(data))
        super().write(data)


class Application:
    """Sends what it is told to, one message after another; then it fails, if it has to."""

    def __init__(self, *messages: Message, fails: bool = False) -> None:
        self._messages = messages
        self._fails = fails

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        for message in self._messages:
            await send(message)
            await asyncio.sleep(0)
        if self._fails:
            raise RuntimeError("broken")


def connection(*messages: Message, fails: bool = False) -> tuple[Connection, Writes]:
    caller = Connection(Application(*messages, fails=fails))
    writes = Writes(caller.protocol)
    caller.transport = writes
    caller.protocol.connection_made(writes)
    return caller, writes


async def test_a_head_and_its_body_are_one_write():
    caller, writes = connection(HEAD_OF_TWO, BODY)
    await caller.sends(GET, GET)
    assert len(writes.pieces) == 2
    assert all(piece.endswith(b"\r\n\r\nok") for piece in writes.pieces)


async def test_later_parts_of_a_body_are_written_at_once():
    parts = [{**BODY, "body": each, "more_body": True} for each in (b"o", b"k")]
    caller, writes = connection(HEAD_OF_TWO, *parts)
    await caller.sends(GET)
    assert [piece[-1:] for piece in writes.pieces] == [b"o", b"k"]


async def test_a_response_without_a_body_is_written():
    caller, writes = connection(HEAD_OF_TWO, BODY)
    await caller.sends(GET.replace(b"GET", b"HEAD"), GET)
    assert [piece.endswith(b"\r\n\r\n") for piece in writes.pieces] == [True, False]
    assert caller.statuses == [200, 200]


async def test_a_caller_is_told_at_once_to_continue():
    caller, writes = connection(HEAD_OF_TWO, BODY)
    await caller.sends(POST_IN_STEPS)
    assert writes.pieces == [b"HTTP/1.1 100 Continue\r\n\r\n"]
    await caller.sends(b"{}")
    assert len(writes.pieces) == 2


@pytest.mark.parametrize("connection_header", [b"keep-alive", b"close"])
async def test_a_head_is_written_before_a_failure_closes(connection_header):
    caller, writes = connection(HEAD_OF_TWO, fails=True)
    await caller.sends(GET.replace(b"Host", b"Connection: %b\r\nHost" % connection_header))
    assert caller.statuses == [200]
    assert writes.is_lost
