"""Callers that close their half of a connection, with and without waiting for answers."""

import pytest

from gateway.server.half_close import INITIAL_PROBE_SECONDS
from tests.unit.web.connection import Application, Connection, settled

SLOW = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
SMALL = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
OLD = b"GET /slow HTTP/1.0\r\n\r\n"
PROBE = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def caller(application: Application) -> Connection:
    return Connection(application)


@pytest.mark.parametrize(
    ("sent", "asked"),
    [
        (SLOW, ["/slow"]),
        (OLD, ["/slow"]),
        (SLOW + SMALL * 3, ["/slow", "/", "/", "/"]),
        (SLOW + POST + b"12345", ["/slow", "/post"]),
        (SLOW + SMALL * 2_000, ["/slow", *["/"] * 2_000]),
        (SLOW + POST + b"12", ["/slow"]),
        (SLOW + SMALL + b"GET / HT", ["/slow", "/"]),
    ],
    ids=[
        "one",
        "HTTP/1.0",
        "four",
        "a body",
        "thousands",
        "half a body behind",
        "half a head behind",
    ],
)
async def test_what_was_asked_in_full_is_answered(sent, asked, caller, application):
    await caller.sends(sent)
    await caller.ends()
    assert caller.transport.is_open
    application.ready.set()
    await caller.answered()
    assert caller.statuses == [200] * len(asked)
    assert application.asked == asked
    assert not application.left
    assert not caller.transport.is_open


async def test_the_last_answer_says_that_it_is(caller, application):
    await caller.sends(SLOW + SMALL)
    await caller.ends()
    application.ready.set()
    await caller.answered()
    assert bytes(caller.transport.written).count(b"connection: close") == 1


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"GE", POST, POST + b"12", SMALL, SMALL + b"GET"])
async def test_where_nothing_is_to_be_answered_the_connection_ends(sent, caller):
    await caller.sends(sent)
    answered = bytes(caller.transport.written)
    await caller.ends()
    assert not caller.transport.is_open
    assert bytes(caller.transport.written) == answered


async def test_an_application_that_waits_for_the_rest_of_a_body_is_told(caller, application):
    await caller.sends(POST + b"12")
    await caller.ends()
    assert (application.asked, application.left) == (["/post"], ["/post"])


async def test_a_refusal_behind_what_was_asked_is_said(caller, application):
    await caller.sends(SLOW + b"\x16\x03\x01")
    await caller.ends()
    application.ready.set()
    await caller.answered()
    assert caller.statuses == [200, 400]


async def test_a_caller_that_was_refused_is_not_waited_for(caller):
    await caller.sends(b"\x16\x03\x01")
    assert caller.transport.is_open
    await caller.ends()
    assert not caller.transport.is_open


async def test_a_caller_that_waits_is_asked_whether_it_is_there(caller, application):
    """More and more seldom, by what it skips."""
    await caller.sends(SLOW)
    await caller.ends()
    assert caller.transport.written == b""
    counts = []
    for seconds in (INITIAL_PROBE_SECONDS, 1, 2, 4, 8):
        await caller.clock.passes(seconds)
        counts.append(bytes(caller.transport.written).count(PROBE))
    assert counts == [1, 2, 3, 4, 5]
    application.ready.set()
    await caller.answered()
    final = bytes(caller.transport.written)
    assert final.startswith(PROBE * 5 + b"HTTP/1.1 200 OK\r\n")
    await caller.clock.passes(60)
    assert bytes(caller.transport.written) == final


async def test_a_caller_that_speaks_an_older_version_is_not_asked(caller):
    """It has no answers that are to be skipped."""
    await caller.sends(OLD)
    await caller.ends()
    await caller.clock.passes(20)
    assert caller.transport.written == b""


async def test_a_caller_that_turns_out_to_be_gone_takes_its_work_along(caller, application):
    await caller.sends(SLOW + SMALL)
    await caller.ends()
    await caller.clock.passes(INITIAL_PROBE_SECONDS)
    assert bytes(caller.transport.written) == PROBE
    caller.leaves()
    await settled()
    assert (application.asked, application.left) == (["/slow"], ["/slow"])
    await caller.clock.passes(60)
    assert bytes(caller.transport.written) == PROBE
