"""When requests of one connection have to have arrived, by a clock that a test has in its hands."""

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.unit.web.connection import Application, Connection

SECONDS = 30.0
REQUEST = b"GET /one HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def caller():
    return Connection(Application(), seconds=SECONDS)


async def answer_at_once(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that reads no body."""
    await Response()(scope, receive, send)


@pytest.mark.parametrize("earlier", [1, 3])
@pytest.mark.parametrize("pause", [0, 1, 20, 29.5, 30, 31, 70])
async def test_each_request_has_all_of_the_time_whatever_came_before(caller, earlier, pause):
    for _ in range(earlier):
        await caller.sends(REQUEST)
        await caller.clock.passes(pause)
    await caller.sends(REQUEST[:10])
    await caller.clock.passes(SECONDS - 0.1)
    assert caller.statuses == [200] * earlier
    await caller.clock.passes(0.2)
    assert caller.statuses == [200] * earlier + [408]


async def test_a_request_in_time_has_no_effect_on_the_next(caller):
    for _ in range(5):
        await caller.sends(REQUEST[:10])
        await caller.clock.passes(SECONDS - 1)
        await caller.sends(REQUEST[10:])
    assert caller.statuses == [200] * 5


async def test_a_little_now_and_then_is_not_enough(caller):
    await caller.sends(b"GET /")
    for _ in range(9):
        await caller.clock.passes(SECONDS / 10)
        await caller.sends(b"x")
    assert caller.statuses == []
    await caller.clock.passes(SECONDS / 10)
    assert caller.statuses == [408]


async def test_a_body_that_nobody_waits_for_is_cut_off_in_time():
    caller = Connection(answer_at_once, seconds=SECONDS)
    await caller.sends(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
    open_after = []
    for seconds in (SECONDS - 0.1, 0.2):
        await caller.clock.passes(seconds)
        open_after.append(caller.transport.is_open)
    assert open_after == [True, False]
    assert caller.statuses == [200]


async def test_a_connection_that_is_idle_is_not_refused(caller):
    await caller.sends(REQUEST)
    await caller.clock.passes(74)
    assert caller.statuses == [200]
    assert caller.transport.is_open
    await caller.clock.passes(2)
    assert caller.statuses == [200]
    assert not caller.transport.is_open


async def test_many_requests_have_few_timers(caller):
    for _ in range(100):
        await caller.sends(REQUEST)
    pending = [timer for _, _, timer in caller.clock.timers if not timer.is_cancelled]
    assert len(pending) <= 2  # that of the requests, and that of the idle connection
    assert caller.statuses == [200] * 100


@pytest.mark.parametrize("arrived", [b"", REQUEST[:10]])
async def test_a_request_on_its_way_when_the_server_stops_is_answered(caller, arrived):
    await caller.sends(arrived)
    caller.protocol.shutdown()
    await caller.sends(REQUEST[len(arrived) :])
    assert caller.statuses == [200]
    await caller.clock.passes(1)
    assert not caller.transport.is_open


async def test_a_server_that_stops_waits_a_moment_for_a_first_request(caller):
    caller.protocol.shutdown()
    await caller.clock.passes(0.4)
    assert caller.transport.is_open
    await caller.clock.passes(0.2)
    assert not caller.transport.is_open


async def test_a_server_that_stops_closes_an_idle_connection_at_once(caller):
    await caller.sends(REQUEST)
    caller.protocol.shutdown()
    assert not caller.transport.is_open
