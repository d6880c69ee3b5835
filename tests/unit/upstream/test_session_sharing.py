"""Sessions of several callers over one upstream: what they share, and what they never do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from starlette.datastructures import Headers

from gateway.config.settings import Settings
from gateway.errors import UpstreamUnavailable
from gateway.upstream.credentials import CallerFactory
from gateway.upstream.endpoints import (
    APPOINTMENT,
    CLIENT,
    COMPANY,
    CONFERENCE,
    CONFERENCE_REGISTRATION,
    CONFERENCE_SESSION,
    FORM,
    FORM_RESULT,
    NOTE,
    SERVICE,
    STAFF,
)
from gateway.upstream.read_log import CacheStatus
from gateway.upstream.session import UpstreamSession
from tests.support.processes import PATIENCE_SECONDS

pytestmark = pytest.mark.usefixtures("no_task_left")

CALLED, SHARED, CACHED = CacheStatus.CALLED, CacheStatus.COALESCED, CacheStatus.CACHED
KEYS = {"apikey": "k", "token": "t"}

Ask = Callable[[UpstreamSession], Awaitable[Any]]

SELDOM_CHANGED: dict[str, Ask] = {
    "company": lambda session: session.load(COMPANY, "3"),
    "staff": lambda session: session.load(STAFF, "3", "5"),
    "service": lambda session: session.load(SERVICE, "3", "4"),
    "form": lambda session: session.load(FORM, "5"),
    "conference": lambda session: session.load(CONFERENCE, "8"),
    "conference session": lambda session: session.load(CONFERENCE_SESSION, "8", "9"),
}
OFTEN_CHANGED: dict[str, Ask] = {
    "timeline": lambda session: session.timeline("7", kinds=None, appointment_id=None),
    "appointment": lambda session: session.load(APPOINTMENT, "3", "1", "7"),
    "appointments": lambda session: asyncio.gather(
        *[session.load(APPOINTMENT, "3", id_, "7") for id_ in ("1", "2")]
    ),
    "note": lambda session: session.load(NOTE, "1"),
    "client": lambda session: session.load(CLIENT, "7"),
    "form result": lambda session: session.load(FORM_RESULT, "5", "6"),
    "registration": lambda session: session.load(CONFERENCE_REGISTRATION, "8", "9", "1"),
}
ANYTHING = {**SELDOM_CHANGED, **OFTEN_CHANGED}
anything = pytest.mark.parametrize("ask", ANYTHING.values(), ids=ANYTHING)
seldom_changed = pytest.mark.parametrize("ask", SELDOM_CHANGED.values(), ids=SELDOM_CHANGED)
often_changed = pytest.mark.parametrize("ask", OFTEN_CHANGED.values(), ids=OFTEN_CHANGED)


@pytest.fixture
async def opened(world, upstream_over):
    """Opens sessions of callers with these headers, over one upstream: `opened([…], **settings)`."""

    @asynccontextmanager
    async def opened(
        callers: list[Mapping[str, str]], **settings: Any
    ) -> AsyncIterator[list[UpstreamSession]]:
        given = {"appointments_by_client": True, "forward_headers": ("x-tenant",), **settings}
        client = upstream_over(world.answer, **given)
        made = Settings(**{"upstream_url": "http://upstream", **given})
        async with AsyncExitStack() as stack:
            caller = CallerFactory(made).from_headers
            sessions = [
                UpstreamSession(client, caller(Headers(headers).raw), made) for headers in callers
            ]
            for session in sessions:
                stack.push_async_callback(session.aclose)
            yield sessions

    return opened


def outcomes(sessions: list[UpstreamSession]) -> list[list[CacheStatus]]:
    return [[call.cache_status for call in session.read_log] for session in sessions]


# Under way


@anything
async def test_what_two_sessions_of_one_caller_read_at_once_is_one_call(opened, world, ask):
    async with opened([KEYS, KEYS]) as sessions:
        one, other = await asyncio.gather(*[ask(session) for session in sessions])
        assert one == other
        assert outcomes(sessions) == [[CALLED], [SHARED]]
    assert len(world.called) == 1


@anything
async def test_traces_do_not_keep_callers_apart(opened, world, ask):
    traces = [
        {},
        {"x-request-id": "r-1"},
        {
            "x-request-id": "r-2",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        },
        {"x-other": "1"},
    ]
    async with opened([{**KEYS, **trace} for trace in traces]) as sessions:
        await asyncio.gather(*[ask(session) for session in sessions])
        assert outcomes(sessions) == [[CALLED], [SHARED], [SHARED], [SHARED]]
    assert len(world.called) == 1


@anything
@pytest.mark.parametrize("seconds", [0, 60])
async def test_different_callers_never_share(opened, world, ask, seconds):
    callers = [
        KEYS,
        {"apikey": "k", "token": "other"},
        {"apikey": "k"},
        {"authorization": "Bearer a"},
        {},
        {**KEYS, "x-tenant": "1"},
        {**KEYS, "x-tenant": "2"},
    ]
    async with opened(callers, entity_cache_seconds=seconds) as sessions:
        await asyncio.gather(*[ask(session) for session in sessions])
        assert outcomes(sessions) == [[CALLED]] * len(callers)
    assert len(world.called) == len(callers)


@anything
async def test_a_session_that_is_closed_leaves_the_others_their_answer(opened, world, settle, ask):
    world.gate.clear()
    async with opened([KEYS, KEYS]) as sessions:
        leaving, staying = [asyncio.ensure_future(ask(session)) for session in sessions]
        await world.arrivals(1)
        await settle()
        await sessions[0].aclose()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        world.gate.set()
        assert await staying
    assert (len(world.called), world.given_up) == (1, 0)


@anything
async def test_the_last_session_that_is_closed_ends_the_read(opened, world, settle, ask):
    world.gate.clear()
    async with opened([KEYS, KEYS, KEYS]) as sessions:
        waiters = [asyncio.ensure_future(ask(session)) for session in sessions[:2]]
        await world.arrivals(1)
        await settle()
        for session in sessions[:2]:
            await session.aclose()
        await settle()
        assert world.given_up == 1
        world.gate.set()
        assert await ask(sessions[2])
    await asyncio.wait(waiters, timeout=PATIENCE_SECONDS)
    assert len(world.called) == 2


@anything
async def test_a_failure_reaches_every_session_that_waits(opened, world, ask):
    async with opened([KEYS, KEYS]) as sessions:
        world.failing = 503
        found = await asyncio.gather(
            *[ask(session) for session in sessions], return_exceptions=True
        )
        assert [type(each) for each in found] == [UpstreamUnavailable] * 2
        assert outcomes(sessions) == [[CALLED], [SHARED]]
    assert len(world.called) == 1


@seldom_changed
@pytest.mark.parametrize("status", [404, 503])
async def test_a_failure_is_not_kept(opened, world, ask, status):
    async with opened([KEYS, KEYS, KEYS], entity_cache_seconds=60) as sessions:
        world.failing = status
        await asyncio.gather(ask(sessions[0]), return_exceptions=True)
        world.failing = None
        for session in sessions[1:]:
            assert await ask(session)
        assert outcomes(sessions) == [[CALLED], [CALLED], [CACHED]]


# Kept


@seldom_changed
async def test_what_changes_seldom_is_kept_from_one_session_to_the_next(opened, world, ask):
    async with opened([KEYS, {**KEYS, "x-request-id": "r"}], entity_cache_seconds=60) as sessions:
        one, other = [await ask(session) for session in sessions]
        assert one == other
        assert outcomes(sessions) == [[CALLED], [CACHED]]
    assert len(world.called) == 1


@often_changed
async def test_what_changes_often_is_never_kept(opened, world, ask):
    async with opened([KEYS, KEYS], entity_cache_seconds=60) as sessions:
        for session in sessions:
            await ask(session)
        assert outcomes(sessions) == [[CALLED], [CALLED]]
    assert len(world.called) == 2


@anything
async def test_nothing_is_kept_unless_the_settings_say_so(opened, world, ask):
    async with opened([KEYS, KEYS]) as sessions:
        for session in sessions:
            await ask(session)
    assert len(world.called) == 2


@seldom_changed
async def test_what_is_kept_is_for_its_caller_alone(opened, world, ask):
    async with opened([KEYS, {"apikey": "other"}, {}], entity_cache_seconds=60) as sessions:
        for session in sessions:
            await ask(session)
        assert outcomes(sessions) == [[CALLED]] * 3


async def test_what_is_kept_costs_a_part_of_the_budget_like_a_call(opened, world):
    callers = [KEYS, KEYS]
    async with opened(callers, entity_cache_seconds=60, max_upstream_reads=1) as sessions:
        for session in sessions:
            assert await session.load(COMPANY, "3")
    assert len(world.called) == 1
