"""Callers that take their time, or send without end, over real connections."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from gateway.server.http_protocol import http_protocol_class
from gateway.server.pending_bodies import PendingBodies
from gateway.server.protocol_errors import MAX_HEAD_BYTES, MAX_URI_BYTES
from tests.resilience.before import until
from tests.support.processes import PATIENCE_SECONDS

pytestmark = pytest.mark.socket

SECONDS = 0.3
LONG_SECONDS = 60.0
"""Longer than any test waits."""
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


class Application:
    """Reads what is sent and answers with as many bytes as it is told to."""

    def __init__(self) -> None:
        self.answer = b"answer"
        self.reads_body = True
        self.headers: list[tuple[bytes, bytes]] = []
        self.bodies: list[bytes] = []
        self.is_left = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.headers = scope["headers"]
        body = b""
        while self.reads_body:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.is_left.set()
                return
            body += message["body"]
            if not message["more_body"]:
                break
        self.bodies.append(body)
        length = str(len(self.answer)).encode()
        head: Message = {"type": "http.response.start", "status": 200}
        await send({**head, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": self.answer})


class Caller(NamedTuple):
    server: uvicorn.Server
    application: Application
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def sends(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def rest(self) -> bytes:
        """All that comes until the connection ends."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.reader.read()


@asynccontextmanager
async def calling(
    *, still_seconds: float = LONG_SECONDS, seconds: float = LONG_SECONDS
) -> AsyncIterator[Caller]:
    application = Application()
    protocol = http_protocol_class(
        seconds, PendingBodies(1_000_000, stall_timeout_seconds=still_seconds)
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            application, http=protocol, log_config=None, lifespan="off", server_header=False
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        try:
            yield Caller(server, application, reader, writer)
        finally:
            writer.transport.abort()
            server.should_exit = True
            await running


def refusal(received: bytes) -> tuple[int, str]:
    """The status and the code of an answer that is a refusal in JSON."""
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"\r\ncontent-type: application/json; charset=utf-8\r\n" in head
    (error,) = json.loads(body)["errors"]
    return int(head.split()[1]), error["extensions"]["code"]


@pytest.mark.parametrize(
    "begun", [b"G", b"GET / HTTP/1.1\r\nHost: a\r\nX: y", POST, POST + b"1", GET + b"G"], ids=repr
)
async def test_a_request_that_does_not_end_is_refused_in_time(begun):
    async with calling(seconds=SECONDS) as caller:
        await caller.sends(begun)
        received = await caller.rest()
    received = received.rpartition(b"answer")[2]
    assert refusal(received) == (408, "BAD_REQUEST")


@pytest.mark.parametrize("sent", [b"", b"\r\n"], ids=repr)
async def test_a_connection_without_a_request_is_closed_in_time(sent):
    async with calling(seconds=SECONDS) as caller:
        await caller.sends(sent)
        assert await caller.rest() == b""


async def test_a_body_that_stands_still_is_refused_before_its_time_is_up():
    async with calling(still_seconds=SECONDS) as caller:
        await caller.sends(POST, b"123")
        assert refusal(await caller.rest()) == (408, "BAD_REQUEST")


async def test_thousands_of_requests_behind_each_other_are_all_answered():
    async with calling() as caller:
        sending = asyncio.create_task(caller.sends(*[GET * 3_000 + POST + b"12345"] * 2, LAST))
        received = await caller.rest()
        await sending
    assert received.count(b"HTTP/1.1 200 OK") == received.count(b"answer") == 6_003


async def test_requests_before_a_broken_one_are_answered():
    async with calling() as caller:
        await caller.sends(GET * 1_000 + b"\x16\x03\x01" + GET * 1_000)
        received = await caller.rest()
    assert received.count(b"HTTP/1.1 200 OK") == received.count(b"answer") == 1_000
    assert refusal(received.rpartition(b"answer")[2]) == (400, "BAD_REQUEST")


async def test_an_application_that_waits_for_the_body_is_told():
    async with calling(seconds=SECONDS) as caller:
        await caller.sends(POST)
        await caller.rest()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await caller.application.is_left.wait()


async def test_an_answer_that_nobody_reads_is_given_up():
    async with calling(seconds=SECONDS) as caller:
        caller.application.answer = b"x" * 50_000_000
        caller.writer.transport.pause_reading()  # type: ignore[attr-defined] # asyncio's own
        await caller.sends(LAST)
        await until(lambda: bool(caller.application.bodies))
        await until(lambda: not caller.server.server_state.connections)
        caller.writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert len(await caller.rest()) < 50_000_000


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"a" * MAX_URI_BYTES), 414),
        (b"GET /" + b"a" * 1_000_000, 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: %b\r\n\r\n" % (b"a" * MAX_HEAD_BYTES), 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n%b\r\n" % (b"X: y\r\n" * MAX_HEAD_BYTES), 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 1_000_000, 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a" * 1_000_000, 431),
        (b"\x16\x03\x01", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    ],
    ids=[
        *("long URI", "endless URI", "long header", "many headers", "endless header"),
        *("endless name", "TLS", "two lengths"),
    ],
)
async def test_a_head_that_is_too_much_or_none_is_refused_in_json(sent, status):
    async with calling() as caller:
        await caller.sends(sent)
        assert refusal(await caller.rest()) == (status, "BAD_REQUEST")


async def test_a_head_may_be_as_long_as_is_said():
    async with calling() as caller:
        uri, value = b"a" * (MAX_URI_BYTES - 1), b"a" * (MAX_HEAD_BYTES - 100)
        await caller.sends(
            b"GET /%b HTTP/1.1\r\nHost: a\r\nX: %b\r\nConnection: close\r\n\r\n" % (uri, value)
        )
        assert (await caller.rest()).endswith(b"answer")


async def test_who_is_refused_while_sending_reads_why():
    async with calling() as caller:
        await caller.sends(b"GET / HTTP/1.1\r\nHost: a\r\nX: ", *[b"a" * 100_000] * 50)
        assert refusal(await caller.rest()) == (431, "BAD_REQUEST")


async def test_who_is_answered_while_sending_reads_the_answer():
    async with calling() as caller:
        caller.application.reads_body = False
        head = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5000000\r\n\r\n"
        await caller.sends(head, *[b"a" * 100_000] * 49)
        assert (await caller.rest()).endswith(b"answer")


async def test_a_trailer_does_not_become_a_header():
    async with calling() as caller:
        head = (
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )
        await caller.sends(head + b"0\r\nX-Late: yes\r\n\r\n")
        assert (await caller.rest()).endswith(b"answer")
        assert [name for name, _ in caller.application.headers] == [
            b"host",
            b"transfer-encoding",
            b"connection",
        ]


OFFER = b"POST / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
"""As the first lines of Java's own client."""


@pytest.mark.parametrize(
    "parts",
    [
        [OFFER + b"Content-Length: 5\r\n\r\n12345"],
        [OFFER + b"Content-Length: 5\r\n\r\n", b"12", b"345"],
        [OFFER, b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\n12\r\n3\r\n345\r\n0\r\n\r\n"],
        [POST + b"12345" + OFFER + b"Content-Length: 5\r\n\r\n12345"],
        [OFFER + b"Content-Length: 5\r\n\r\n12345" + POST + b"12345"],
        [(OFFER + b"Content-Length: 5\r\n\r\n12345") * 1000],
    ],
    ids=["at once", "in parts", "chunked", "after another", "before another", "very often"],
)
async def test_an_upgrade_that_is_offered_is_ignored(parts):
    """The parser takes what follows for another protocol; it is the body, and then the next request."""
    async with calling() as caller:
        for part in parts:
            await caller.sends(part)
            await asyncio.sleep(0.02)
        await caller.sends(LAST)
        received = await caller.rest()
        asked = caller.application.bodies
    assert set(asked[:-1]) == {b"12345"}
    assert received.count(b"HTTP/1.1 200 OK") == received.count(b"answer") == len(asked)
    assert len(asked) == b"".join(parts).count(b"POST") + 1


async def test_an_offer_does_not_reach_the_application():
    async with calling() as caller:
        last = LAST.replace(b"Connection: ", b"X: y\r\nUpgrade: websocket\r\nConnection: upgrade, ")
        await caller.sends(last)
        assert (await caller.rest()).endswith(b"answer")
        assert caller.application.headers[1:] == [(b"x", b"y"), (b"connection", b"upgrade, close")]


@pytest.mark.parametrize("offer", [b"", b"Upgrade: h2c\r\nConnection: Upgrade\r\n"])
async def test_an_offer_makes_no_newer_version_of_an_older_one(offer):
    """Whose connection ends with the answer."""
    async with calling() as caller:
        await caller.sends(b"GET / HTTP/1.0\r\n" + offer + b"\r\n")
        assert (await caller.rest()).endswith(b"answer")


async def test_who_offers_may_wait_before_it_sends_a_body():
    async with calling() as caller:
        await caller.sends(OFFER + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert await caller.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await caller.sends(b"12345", LAST)
        received = await caller.rest()
        assert caller.application.bodies == [b"12345", b""]
    assert received.count(b"answer") == 2


async def test_a_tunnel_is_no_offer_to_ignore():
    async with calling() as caller:
        await caller.sends(
            b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"
        )
        assert refusal(await caller.rest()) == (400, "BAD_REQUEST")
