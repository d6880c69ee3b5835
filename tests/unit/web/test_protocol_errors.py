"""Heads that are refused before they are a request, and what is said then."""

import json
from http import HTTPStatus

import pytest

from gateway.config.origins import AllowedOrigins
from gateway.server.pending_bodies import PendingBodies
from gateway.server.protocol_errors import (
    MAX_HEAD_BYTES,
    MAX_URI_BYTES,
    head_error_status,
    protocol_error_response,
)
from tests.unit.web.connection import Application, Connection, Timers

PAGE = b"https://app.example.com"
HOST = (b"host", b"gateway")


@pytest.mark.parametrize(
    ("version", "headers", "problem"),
    [
        ("1.1", [HOST], None),
        ("1.0", [HOST], None),
        ("1.0", [], None),
        ("1.1", [(b"host", b"")], None),
        ("1.1", [], 400),
        ("1.1", [(b"x-host", b"a")], 400),
        ("1.1", [HOST, HOST], 400),
        ("1.0", [HOST, (b"x", b"y"), HOST], 400),
        ("2.0", [HOST], 505),
        ("0.9", [HOST], 505),
    ],
)
def test_a_head_has_one_host_and_a_version_that_is_spoken(version, headers, problem):
    assert head_error_status(version, headers) == problem


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("0.0", 505),
        ("0.9", 505),
        ("1.2", 505),
        ("2.0", 505),
        ("3.0", 505),
        ("2", 505),
        ("x.1", 400),
        ("1.1x", 400),
        ("", 400),
    ],
)
async def test_a_version_is_refused_where_it_is_one(version, status):
    caller = Connection(Application())
    await caller.sends(b"GET / HTTP/%b\r\nHost: a\r\n\r\n" % version.encode())
    assert caller.statuses == [status]


async def test_the_preface_of_another_version_is_one():
    caller = Connection(Application())
    await caller.sends(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert caller.statuses == [505]


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_a_refusal_is_json_and_for_head_its_length_alone(method):
    head, _, body = protocol_error_response(
        HTTPStatus.BAD_REQUEST, method, [], AllowedOrigins()
    ).partition(b"\r\n\r\n")
    whole = protocol_error_response(HTTPStatus.BAD_REQUEST, b"GET", [], AllowedOrigins()).partition(
        b"\r\n\r\n"
    )[2]
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"content-length: %d\r\n" % len(whole) in head
    assert body == (whole if method == b"GET" else b"")
    assert json.loads(whole)["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}
    assert b"access-control" not in head
    assert b"vary" not in head


def origin_line(name: bytes = PAGE) -> bytes:
    return b"Origin: %b\r\n" % name


READ = {
    "too late, in the head": (b"GET / HTTP/1.1\r\nHost: a\r\n" + origin_line() + b"X: ", 408),
    "too late, behind it": (b"GET / HTTP/1.1\r\nHost: a\r\n" + origin_line(), 408),
    "too late, in the body": (
        b"POST / HTTP/1.1\r\nHost: a\r\n" + origin_line() + b"Content-Length: 5\r\n\r\n12",
        408,
    ),
    "a long URI": (
        b"GET /%b HTTP/1.1\r\nHost: a\r\n" % (b"a" * MAX_URI_BYTES) + origin_line() + b"\r\n",
        414,
    ),
    "a long header": (
        b"GET / HTTP/1.1\r\nHost: a\r\n"
        + origin_line()
        + b"X: %b\r\n\r\n" % (b"a" * MAX_HEAD_BYTES),
        431,
    ),
    "a long head, of which it is the end": (
        b"GET / HTTP/1.1\r\nHost: a\r\n"
        + b"X: %b\r\n" % (b"a" * (MAX_HEAD_BYTES - 10))
        + origin_line()
        + b"\r\n",
        431,
    ),
    "long extensions": (
        b"POST / HTTP/1.1\r\nHost: a\r\n"
        + origin_line()
        + b"Transfer-Encoding: chunked\r\n\r\n1;%b" % (b"a" * 2 * MAX_HEAD_BYTES),
        431,
    ),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n" + origin_line() + b"\r\n", 400),
    "another version": (b"GET / HTTP/2.0\r\nHost: a\r\n" + origin_line() + b"\r\n", 505),
}


async def refused(sent: bytes, pages: AllowedOrigins) -> tuple[int, bytes]:
    """The status and the head of the answer."""
    clock = Timers()
    caller = Connection(Application(), clock=clock, pages=pages)
    await caller.sends(sent)
    await caller.clock.passes(60)
    head, _, _ = bytes(caller.transport.written).partition(b"\r\n\r\n")
    return caller.statuses[0], head + b"\r\n"


@pytest.mark.parametrize(("sent", "status"), READ.values(), ids=READ)
async def test_a_listed_page_reads_why_its_request_was_refused(sent, status):
    found, head = await refused(sent, AllowedOrigins([PAGE.decode()]))
    assert found == status
    assert b"\r\naccess-control-allow-origin: %b\r\n" % PAGE in head
    assert b"\r\naccess-control-expose-headers: X-Request-Id, Retry-After\r\n" in head
    assert b"\r\nvary: Origin\r\n" in head


@pytest.mark.parametrize(("sent", "status"), READ.values(), ids=READ)
async def test_another_page_does_not(sent, status):
    found, head = await refused(sent, AllowedOrigins(["https://*.example.com:8443"]))
    assert found == status
    assert b"access-control" not in head
    assert b"\r\nvary: Origin\r\n" in head


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /" + b"a" * 100_000, 414),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n" + origin_line(), 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + origin_line()[:-2], 408),
        (b"GET / HTTP/9.9\r\n" + origin_line() + b"\r\n", 505),
        (b"\x16\x03\x01", 400),
    ],
    ids=[
        "endless URI",
        "endless header before it",
        "half a line",
        "version that cannot be read on",
        "TLS",
    ],
)
async def test_where_no_origin_was_read_nothing_is_permitted(sent, status):
    found, head = await refused(sent, AllowedOrigins([PAGE.decode()]))
    assert found == status
    assert b"access-control" not in head
    assert b"\r\nvary: Origin\r\n" in head


async def test_what_was_asked_before_on_a_connection_permits_nothing():
    caller = Connection(Application(), pages=AllowedOrigins([PAGE.decode()]))
    await caller.sends(b"HEAD / HTTP/1.1\r\nHost: a\r\n" + origin_line() + b"\r\n")
    answered = len(caller.transport.written)
    await caller.sends(b"\x16\x03\x01")
    refusal = bytes(caller.transport.written[answered:])
    assert refusal.startswith(b"HTTP/1.1 400 ")
    assert b"access-control" not in refusal


async def test_a_head_that_is_refused_gets_a_length_and_no_body():
    caller = Connection(Application())
    await caller.sends(b"HEAD / HTTP/1.1\r\n\r\n")
    assert caller.statuses == [400]
    assert caller.answers == [b""]


CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.sample(3)
@pytest.mark.parametrize("size", [1, 10, 100, 1_000, 20_000])
async def test_extensions_of_chunks_are_bounded_together(size):
    """However little each of them is."""
    caller = Connection(Application(), bodies=PendingBodies(10_000_000, timers=Timers))
    chunk = b"1;%b\r\nx\r\n" % (b"a" * (size + 30))
    await caller.sends(CHUNKED)
    taken = 0
    while not caller.statuses and taken < 1_000_000:
        await caller.sends(chunk)
        taken += len(chunk)
    assert caller.statuses == [431]
    extensions = taken * (size + 30) / len(chunk)
    assert MAX_HEAD_BYTES * 0.9 < extensions < 2 * MAX_HEAD_BYTES + size


@pytest.mark.parametrize(
    "chunk",
    [
        b"1\r\nx\r\n",
        b"00000001\r\nx\r\n",
        b"0000000000000001\r\nx\r\n",
        b"1;a=b\r\nx\r\n",
        b"3e8;chunk=y\r\n" + b"x" * 1_000 + b"\r\n",
    ],
)
async def test_what_chunks_need_is_not_bounded(chunk):
    caller = Connection(Application())
    await caller.sends(CHUNKED, *[chunk * 500] * 20, b"0\r\n\r\n")
    assert caller.statuses == [200]
    assert caller.answers[0].count(b"x") == 10_000 * chunk.count(b"x")


async def test_a_few_long_extensions_are_ignored():
    caller = Connection(Application())
    await caller.sends(CHUNKED + b"1;%b\r\nx\r\n" % (b"a" * 10_000) * 3 + b"0\r\n\r\n")
    assert caller.answers == [b"</ xxx>"]


async def test_each_body_has_as_many_bytes_of_extensions():
    caller = Connection(Application())
    body = b"1;%b\r\nx\r\n0\r\n\r\n" % (b"a" * 30_000)
    await caller.sends(*[CHUNKED + body] * 5)
    assert caller.answers == [b"</ x>"] * 5
