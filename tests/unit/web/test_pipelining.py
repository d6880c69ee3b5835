"""Requests that are sent before those ahead of them are answered."""

import random

import pytest

from gateway.server.pipelining import MAX_PIPELINED_REQUESTS, PARSE_SLICE_BYTES
from tests.unit.web.connection import READ_BYTES, Application, Connection, settled

SLOW = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
SMALL = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
AT_MOST = MAX_PIPELINED_REQUESTS + PARSE_SLICE_BYTES // len(SMALL) + 1
"""The bound, and what begins in one piece."""


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def caller(application: Application) -> Connection:
    return Connection(application)


def get(path: str) -> bytes:
    return b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode()


def post(path: str, body: bytes, *headers: bytes) -> bytes:
    lines = [
        b"POST %b HTTP/1.1" % path.encode(),
        b"Host: a",
        b"Content-Length: %d" % len(body),
        *headers,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def answered(caller: Connection, application: Application) -> int:
    """How many requests waited at most, until all were answered."""
    application.ready.set()
    return await caller.answered()


async def test_few_of_many_requests_behind_a_slow_one_are_parsed(caller, application):
    await caller.sends(SLOW + SMALL * 15_000)
    assert caller.taken <= READ_BYTES
    assert not caller.transport.is_read
    assert len(caller.protocol.pipeline) <= AT_MOST
    assert application.asked == ["/slow"]


@pytest.mark.slow
async def test_all_of_many_requests_behind_a_slow_one_are_answered_in_order(caller, application):
    paths = [f"/{number}" for number in range(15_000)]
    await caller.sends(SLOW + b"".join(map(get, paths)))
    most = await answered(caller, application)
    assert most <= AT_MOST
    assert caller.answers == [b"</slow >", *(b"<%b >" % path.encode() for path in paths)]
    assert caller.transport.is_read


@pytest.mark.slow
async def test_what_comes_later_is_not_read_before_there_is_room(caller, application):
    await caller.sends(SLOW, SMALL * 100, SMALL * 15_000)
    assert caller.taken == len(SLOW) + 100 * len(SMALL)
    await answered(caller, application)
    assert caller.statuses == [200] * 15_101


async def test_a_body_behind_a_slow_request_is_read_when_its_turn_comes(caller, application):
    body = random.Random(1).randbytes(5_000_000).replace(b"HTTP", b"    ")
    await caller.sends(SLOW, post("/large", body)[:300_000], post("/large", body)[300_000:])
    assert caller.taken <= 65_536 + 2 * READ_BYTES
    await answered(caller, application)
    assert caller.answers == [b"</slow >", b"</large %b>" % body]


async def test_bodies_that_wait_are_bounded_together(caller, application):
    await caller.sends(SLOW, *[post("/", b"x" * 30_000)] * 100)
    held = sum(len(cycle.body) for cycle, _ in caller.protocol.pipeline)
    assert 65_536 < held < 100_000
    assert caller.taken < 200_000
    await answered(caller, application)
    assert caller.statuses == [200] * 101


def chunked(path: str, body: bytes, chance: random.Random) -> bytes:
    chunks = [b"POST %b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" % path.encode()]
    while body:
        size = chance.choice([100, 1_000, 50_000])
        chunks.append(b"%x\r\n%b\r\n" % (len(body[:size]), body[:size]))
        body = body[size:]
    return b"".join(chunks) + b"0\r\n\r\n"


def mixture(chance: random.Random) -> tuple[bytes, list[bytes]]:
    """Requests of all sorts, and what is answered."""
    sent, answers = b"", []
    for number in range(50):
        path = f"/{chance.choice(['slow', 'fast'])}{number}"
        size = chance.choice([0, 1, 20, 511, 512, 513, 5_000, 100_000])
        filling = chance.choice([SMALL, b"\r\n0\r\n\r\n" + SMALL])  # like ends, and requests
        body = (filling * (size // len(filling) + 1))[:size]
        kind = chance.choice(["bare", "known length", "chunks", "offer", "long head"])
        if kind == "bare":
            sent, body = sent + get(path), b""
        elif kind == "chunks":
            sent += chunked(path, body, chance)
        else:
            headers = {
                "offer": [b"Connection: Upgrade", b"Upgrade: h2c"],
                "long head": [b"X: %b" % (b"y" * chance.randrange(20_000))],
            }
            sent += post(path, body, *headers.get(kind, []))
        answers.append(b"<%b %b>" % (path.encode(), body))
        small = chance.choice([0, 0, 1, 200])
        sent, answers = sent + SMALL * small, answers + [b"</ >"] * small
    return sent, answers


@pytest.mark.sample(2)
@pytest.mark.parametrize("seed", range(10))
async def test_requests_of_all_sorts_in_parts_of_all_sizes_are_answered_in_order(
    seed, caller, application
):
    chance = random.Random(seed)
    sent, answers = mixture(chance)
    while sent:
        size = chance.choice([1, 17, 512, 3_000, 100_000, 400_000])
        await caller.sends(sent[:size])
        sent = sent[size:]
        assert len(caller.protocol.pipeline) <= AT_MOST
    await answered(caller, application)
    assert bytes(caller.transport.written) == b"".join(map(ok, answers))


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


async def test_a_caller_that_leaves_takes_all_along_that_it_asked_for(caller, application):
    await caller.sends(SLOW + SMALL * 10)
    assert caller.transport.is_read  # else nobody would know
    caller.leaves()
    await settled()
    assert (application.asked, application.left) == (["/slow"], ["/slow"])
    assert not caller.protocol.pipeline


async def test_who_leaves_before_all_was_parsed_is_forgotten(caller, application):
    await caller.sends(SLOW + SMALL * 15_000)
    caller.leaves()
    await settled()
    assert (application.asked, application.left) == (["/slow"], ["/slow"])
    assert not caller.protocol.has_unparsed


async def test_what_waits_behind_the_last_answer_of_a_connection_is_dropped(caller, application):
    last = b"GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    await caller.sends(last + SMALL * 15_000, SMALL * 15_000)
    await answered(caller, application)
    assert application.asked == ["/slow"]
    assert caller.statuses == [200]
    assert caller.taken == len(last) + 30_000 * len(SMALL)  # else the answer might be lost
    await caller.clock.passes(2)
    assert not caller.transport.is_open


async def test_half_a_request_behind_the_last_answer_of_a_connection_is_dropped(
    caller, application
):
    last = b"GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    await caller.sends(last + SMALL + post("/", b"12345")[:-1])
    await answered(caller, application)
    assert (application.asked, caller.statuses) == (["/slow"], [200])
    await caller.clock.passes(2)
    assert not caller.transport.is_open


async def test_a_server_that_stops_answers_what_it_has_parsed(caller, application):
    await caller.sends(SLOW + SMALL * 15_000)
    parsed = 1 + len(caller.protocol.pipeline)
    caller.protocol.shutdown()
    await answered(caller, application)
    assert caller.statuses == [200] * parsed
    await caller.clock.passes(2)
    assert not caller.transport.is_open
