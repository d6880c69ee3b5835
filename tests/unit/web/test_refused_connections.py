"""Requests that are refused behind good ones, and whose time it is that passes."""

import json

import pytest

from gateway.server.protocol_errors import MAX_HEAD_BYTES, MAX_URI_BYTES
from tests.unit.web.connection import Application, Connection, settled

SLOW = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
SMALL = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
CHUNKED = b"POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
EXPECTING = POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def caller(application: Application) -> Connection:
    return Connection(application)


def codes(caller: Connection) -> list[str]:
    """Of the answers that are refusals."""
    return [
        json.loads(each)["errors"][0]["extensions"]["code"]
        for each in caller.answers
        if each.startswith(b"{")
    ]


BROKEN = {
    "no HTTP": (b"\x16\x03\x01", 400),
    "no number": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n", 400),
    "a chunk that is none": (CHUNKED + b"5\r\n12345\r\nno\r\n", 400),
    "a long URI": (b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"a" * MAX_URI_BYTES), 414),
    "a URI that does not end": (b"GET /" + b"a" * 100_000, 414),
    "a long header": (
        b"GET / HTTP/1.1\r\nHost: a\r\nX: %b\r\n\r\n" % (b"a" * MAX_HEAD_BYTES),
        431,
    ),
    "a header that does not end": (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100_000, 431),
    "a trailer that does not end": (CHUNKED + b"0\r\nX: " + b"a" * 100_000, 431),
    "many trailers": (CHUNKED + b"0\r\n" + b"X: y\r\n" * 100_000, 431),
    "a chunk's extension that does not end": (CHUNKED + b"1;" + b"a" * 100_000, 431),
}


@pytest.mark.parametrize(("broken", "status"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("good", [0, 1, 2, 10])
async def test_good_requests_before_a_broken_one_get_their_answers(
    broken, status, good, caller, application
):
    await caller.sends((SLOW * good) + broken + SMALL)
    assert caller.statuses == ([] if good else [status])
    application.ready.set()
    await caller.answered()
    assert caller.statuses == [200] * good + [status]
    assert codes(caller) == ["BAD_REQUEST"]
    assert b"connection: close" in caller.transport.written
    assert "/" not in application.asked  # what comes after it is nobody's request
    await caller.clock.passes(2)
    assert not caller.transport.is_open


@pytest.mark.sample(4)
@pytest.mark.parametrize(("broken", "status"), BROKEN.values(), ids=BROKEN)
async def test_more_good_requests_than_may_wait_get_their_answers_before_a_broken_one(
    broken, status, caller, application
):
    await caller.sends(SLOW * 1_000 + broken + SMALL * 1_000, SMALL)
    application.ready.set()
    await caller.answered()
    assert caller.statuses == [200] * 1_000 + [status]
    assert "/" not in application.asked


async def test_a_broken_request_after_the_last_of_a_connection_has_no_answer(caller, application):
    await caller.sends(
        SLOW.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + b"\x16\x03\x01"
    )
    application.ready.set()
    await caller.answered()
    assert caller.statuses == [200]
    await caller.clock.passes(2)
    assert not caller.transport.is_open


async def test_who_leaves_before_a_refusal_is_due_is_forgotten(caller, application):
    await caller.sends(SLOW * 3 + b"\x16\x03\x01" + SMALL * 1_000)
    assert caller.transport.is_read
    caller.leaves()
    await settled()
    assert (application.asked, application.left) == (["/slow"], ["/slow"])
    assert caller.statuses == []


async def test_what_comes_after_a_broken_request_is_not_kept(caller, application):
    await caller.sends(SLOW + b"\x16\x03\x01", *[SMALL * 10_000] * 10)
    assert caller.taken > 1_000_000
    assert not caller.protocol.has_unparsed
    application.ready.set()
    await caller.answered()
    assert caller.statuses == [200, 400]


@pytest.mark.parametrize("begun", [b"G", POST, POST + b"1", CHUNKED + b"1\r\n"], ids=repr)
async def test_what_does_not_end_is_refused_in_time_once_the_others_are_answered(
    begun, caller, application
):
    await caller.sends(SLOW + SLOW + begun)
    await caller.clock.passes(31)
    assert caller.statuses == []
    application.ready.set()
    await caller.answered()
    assert caller.statuses == [200, 200, 408]


async def test_who_is_not_read_has_all_the_time(caller, application):
    """More requests than may wait, and the last of them half."""
    await caller.sends(SLOW + SMALL * 1_000 + POST + b"123")
    await caller.clock.passes(100)
    assert caller.statuses == []
    application.ready.set()
    await caller.answered()
    assert caller.statuses == [200] * 1_001
    await caller.clock.passes(4)
    await caller.sends(b"45")
    assert caller.answers[-1] == b"</post 12345>"


async def test_half_a_head_that_was_not_read_further_has_all_the_time_then(caller, application):
    head = b"POST /post HTTP/1.1\r\nHost: a\r\nX: %b\r\nContent-Length: 5\r\n\r\n" % (b"y" * 2_000)
    await caller.sends(SLOW + SMALL * 20 + head[:-10])
    assert not caller.transport.is_read
    await caller.clock.passes(29)
    application.ready.set()
    await caller.answered()
    await caller.clock.passes(29)
    await caller.sends(head[-10:] + b"12345")
    assert caller.answers[-1] == b"</post 12345>"


async def test_who_waits_for_its_turn_before_it_sends_a_body_is_not_late(caller, application):
    await caller.sends(SLOW + EXPECTING)
    await caller.clock.passes(100)
    assert caller.statuses == []
    application.ready.set()
    await caller.answered()
    assert caller.statuses == [200, 100]
    await caller.clock.passes(4)
    await caller.sends(b"12345")
    assert caller.answers[-1] == b"</post 12345>"


async def test_who_may_send_its_body_and_does_not_is_late(caller, application):
    application.ready.set()
    await caller.sends(SLOW + EXPECTING)
    await caller.clock.passes(6)
    assert caller.statuses == [200, 100, 408]


async def test_an_answer_that_nobody_takes_is_given_up_though_more_is_asked(caller, application):
    caller.transport.unread = 1_000_000  # of the first answer
    await caller.sends(SMALL)
    caller.protocol.pause_writing()
    await caller.sends(SMALL + SMALL)
    caller.transport.unread = 1_000_001
    await caller.clock.passes(61)
    assert caller.transport.is_lost


async def test_an_answer_that_is_taken_slowly_is_not_given_up(caller):
    caller.transport.unread = 1_000_000
    await caller.sends(SMALL)
    for _ in range(10):
        await caller.clock.passes(29)
        caller.transport.unread -= 1
    assert not caller.transport.is_lost
    await caller.clock.passes(61)
    assert caller.transport.is_lost


@pytest.mark.sample(2)
@pytest.mark.parametrize("size", [10, 100, 1_000])
async def test_a_head_is_as_long_as_it_is_however_many_parts_it_comes_in(size, caller):
    value = b"y" * (MAX_HEAD_BYTES - 200)
    sent = b"GET / HTTP/1.1\r\nHost: a\r\nX: %b\r\nZ: %b\r\n\r\n" % (value, b"z" * 100)
    await caller.sends(*[sent[at : at + size] for at in range(0, len(sent), size)])
    assert caller.statuses == [200]


async def test_an_offer_to_upgrade_makes_no_more_time(caller):
    offer = b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n"
    await caller.sends(POST.removesuffix(b"\r\n") + offer[:5])
    await caller.clock.passes(20)
    await caller.sends(offer[5:] + b"1")
    for _ in range(3):  # so that it does not stand still
        await caller.clock.passes(3)
        await caller.sends(b"2")
    assert caller.statuses == []
    await caller.clock.passes(1.1)
    assert caller.statuses == [408]
