"""Bodies that are half sent: how many, how large in all, and how long they may stand still."""

import asyncio
import json

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.server.pending_bodies import (
    MAX_PENDING_BODIES,
    MAX_PENDING_BYTES,
    STALL_TIMEOUT_SECONDS,
    PendingBodies,
)
from tests.unit.web.connection import Application, Connection, Timers, settled

LARGEST = 1_000_000
HALF = b"POST /half HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n12345"
REST = b"678901"
SLOW = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"


def head(length: int, *headers: bytes) -> bytes:
    lines = [b"POST / HTTP/1.1", b"Host: a", b"Content-Length: %d" % length, *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


class Server:
    """Connections of one process."""

    def __init__(self) -> None:
        self.clock = Timers()
        self.bodies = PendingBodies(LARGEST, timers=lambda: self.clock)
        self.application = Application()

    async def caller(self, *sent: bytes) -> Connection:
        caller = Connection(self.application, clock=self.clock, bodies=self.bodies)
        await caller.sends(*sent)
        return caller


@pytest.fixture
def server() -> Server:
    return Server()


def is_late(caller: Connection) -> bool:
    if caller.statuses != [408]:
        assert caller.statuses in ([], [200])
        return False
    [error] = json.loads(caller.answers[0])["errors"]
    assert error["extensions"] == {"code": "BAD_REQUEST"}
    assert b"\r\nconnection: close\r\n" in caller.transport.written
    return True


async def test_a_body_that_stands_still_is_ended_in_time(server):
    caller = await server.caller(HALF)
    await server.clock.passes(STALL_TIMEOUT_SECONDS - 0.1)
    assert not is_late(caller)
    await server.clock.passes(0.2)
    assert is_late(caller)
    assert server.application.left == ["/half"]
    assert len(server.bodies) == 0
    await server.clock.passes(2)
    assert not caller.transport.is_open


@pytest.mark.parametrize(
    "begun",
    [
        head(5),
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
        head(5, b"Connection: Upgrade", b"Upgrade: h2c"),
        head(5, b"Expect: 100-continue"),
    ],
    ids=["nothing", "no chunk", "a chunk", "a trailer", "a GET", "an offer", "expecting"],
)
async def test_bodies_of_all_sorts_stand_still_for_as_long(server, begun):
    caller = await server.caller(begun)
    caller.transport.written.clear()  # 100 Continue
    await server.clock.passes(STALL_TIMEOUT_SECONDS - 0.1)
    assert not is_late(caller)
    await server.clock.passes(0.2)
    assert is_late(caller)


async def test_a_body_that_moves_slowly_is_read_as_long_as_a_request_may_take(server):
    caller = await server.caller(head(7))
    for _ in range(7):
        await server.clock.passes(4)
        assert not is_late(caller)
        await caller.sends(b"x")
    assert caller.answers == [b"</ xxxxxxx>"]


async def test_a_body_that_moves_for_ever_is_ended_as_any_request(server):
    caller = await server.caller(head(100))
    for _ in range(8):
        await server.clock.passes(4)
        await caller.sends(b"x")
    assert is_late(caller)
    assert len(server.bodies) == 0


async def test_each_is_ended_at_its_own_time(server):
    callers = []
    for _ in range(4):
        callers.append(await server.caller(HALF))
        await server.clock.passes(1)
    await callers[0].sends(b"6")
    late = []
    for _ in range(6):
        late.append([number for number, each in enumerate(callers) if is_late(each)])
        await server.clock.passes(1)
    assert late == [[], [], [1], [1, 2], [1, 2, 3], [0, 1, 2, 3]]


@pytest.mark.slow
async def test_beyond_as_many_as_may_be_who_has_waited_longest_is_ended(server):
    callers = [await server.caller(HALF) for _ in range(MAX_PENDING_BODIES)]
    await callers[0].sends(b"6")
    assert not any(map(is_late, callers))
    newcomers = [await server.caller(HALF) for _ in range(2)]
    assert [number for number, each in enumerate(callers) if is_late(each)] == [1, 2]
    for caller in newcomers:
        await caller.sends(REST)
    await callers[0].sends(REST[1:])
    for caller in (*newcomers, callers[0]):
        assert caller.answers == [b"</half 12345678901>"]
    assert len(server.bodies) == MAX_PENDING_BODIES - 3


async def test_beyond_as_many_bytes_as_may_be_who_has_waited_longest_is_ended(server):
    begun = head(LARGEST) + b"x" * (LARGEST - 1)
    callers = [await server.caller(begun) for _ in range(MAX_PENDING_BYTES // (LARGEST - 1))]
    assert not any(map(is_late, callers))
    callers += [await server.caller(begun) for _ in range(2)]
    assert [number for number, each in enumerate(callers) if is_late(each)] == [0, 1]
    await callers[-1].sends(b"x")
    assert callers[-1].statuses == [200]


class Half:
    """Whose body is under way."""

    is_paused_by_server = False
    is_late = False

    def abort_request(self) -> None:
        self.is_late = True


def test_a_body_that_is_alone_may_be_of_any_size():
    bodies = PendingBodies(10 * MAX_PENDING_BYTES, timers=Timers)
    alone, newcomer = Half(), Half()
    bodies.record_progress(alone, 5 * MAX_PENDING_BYTES)
    assert not alone.is_late
    bodies.record_progress(newcomer, 0)
    assert (alone.is_late, newcomer.is_late, len(bodies)) == (True, False, 1)


def test_what_is_not_kept_of_an_endless_body_does_not_count():
    """Nobody keeps more of one than the largest has."""
    bodies = PendingBodies(LARGEST, timers=Timers)
    endless, other = Half(), Half()
    bodies.record_progress(other, 1)
    bodies.record_progress(endless, 100 * MAX_PENDING_BYTES)
    assert not other.is_late


async def test_whole_bodies_and_requests_without_one_are_none_under_way(server):
    await server.caller(head(5) + b"12345", head(5) + b"12345" + head(0))
    await server.caller(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HT")
    assert len(server.bodies) == 0


@pytest.mark.parametrize("sent", [b"no", HALF[:20]], ids=repr)
async def test_a_body_that_has_come_leaves_room(server, sent):
    caller = await server.caller(HALF)
    assert len(server.bodies) == 1
    await caller.sends(REST + sent)
    assert len(server.bodies) == 0


async def test_a_caller_that_leaves_leaves_room(server):
    caller = await server.caller(HALF)
    caller.leaves()
    await settled()
    assert len(server.bodies) == 0
    await server.clock.passes(10)


async def test_a_body_that_is_answered_before_its_end_is_not_waited_for(server):
    async def answering(scope, receive, send):
        await send({"type": "http.response.start", "status": 413, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    server.application = answering
    caller = await server.caller(HALF)
    assert (len(server.bodies), caller.statuses) == (0, [413])
    await caller.sends(b"6")
    assert len(server.bodies) == 0


async def test_half_a_body_behind_a_slow_request_is_ended_and_the_slow_one_answered(server):
    caller = await server.caller(SLOW + HALF)
    await server.clock.passes(6)
    assert (len(server.bodies), caller.statuses) == (0, [])
    server.application.ready.set()
    await caller.answered()
    assert caller.statuses == [200, 408]
    assert server.application.asked == ["/slow"]


@pytest.mark.slow
async def test_who_is_not_read_does_not_stand_still(server):
    """Behind a slow request, with more of a body than is read before its turn."""
    caller = await server.caller(SLOW + head(500_000) + b"x" * 200_000)
    assert not caller.transport.is_read
    others = [await server.caller(HALF) for _ in range(MAX_PENDING_BODIES)]
    assert [number for number, each in enumerate(others) if is_late(each)] == [0]
    await server.clock.passes(20)
    assert caller.statuses == []
    assert all(map(is_late, others))
    server.application.ready.set()
    await caller.answered()
    await server.clock.passes(4)
    await caller.sends(b"x" * 300_000)
    assert caller.statuses == [200, 200]


@pytest.mark.slow
async def test_where_nobody_is_read_the_newcomer_stays_all_the_same(server):
    waiting = SLOW + head(500_000) + b"x" * 70_000
    callers = [await server.caller(waiting) for _ in range(MAX_PENDING_BODIES)]
    newcomer = await server.caller(HALF)
    server.application.ready.set()
    await callers[0].answered()
    assert callers[0].statuses == [200, 408]
    await newcomer.sends(REST)
    assert newcomer.statuses == [200]


async def test_a_body_that_was_ended_has_its_line_and_is_counted(server, gateway_over):
    server.application = gateway_over(lambda _: httpx.Response(200)).app
    with capture_logs() as entries:
        caller = await server.caller(HALF.replace(b"/half", b"/graphql"))
        await server.clock.passes(STALL_TIMEOUT_SECONDS)
    assert is_late(caller)
    [line] = entries
    assert (line["event"], line["status"]) == ("request", 408)
    assert (line["outcome"], line["codes"]) == ("rejected", ("BAD_REQUEST",))
    other = await server.caller(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
    await asyncio.sleep(0.2)  # it is put together in a thread
    told = b'gateway_operation_errors_total{code="BAD_REQUEST",outcome="rejected"} 1.0'
    assert told in other.transport.written
