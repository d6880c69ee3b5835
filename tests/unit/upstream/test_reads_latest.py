"""Reads that an earlier answer may stand in for, where the upstream fails."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from msgspec import Raw

from gateway.errors import (
    FieldError,
    Forbidden,
    NotFound,
    Unauthenticated,
    UpstreamBusy,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from gateway.upstream.credentials import Caller
from gateway.upstream.http.bulkhead import Bulkhead
from gateway.upstream.http.circuit_breaker import CircuitState
from gateway.upstream.http.fetcher import UpstreamFetcher
from gateway.upstream.http.read import Read
from gateway.upstream.http.read_result import Ok
from gateway.upstream.read_log import CacheStatus
from gateway.upstream.records import decoding
from tests.support import statuses
from tests.unit.upstream.reading import fetch, result_of

PATH = "/api/2.3/activities"
NOTES = {"type": "note"}
THREAD = {"appointmentId": "9"}
CALLED, SHARED, STALE = CacheStatus.CALLED, CacheStatus.COALESCED, CacheStatus.STALE


class Script:
    """An upstream that sends what a test says next: items, a status, a response or an exception."""

    def __init__(self) -> None:
        self.next: object = []
        self.called = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.answering_at_once: dict[str, int] = {}
        """Statuses, by a parameter whose reads do not wait at the gate."""

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.called += 1
        for name, status in self.answering_at_once.items():
            if name in request.url.params:
                return httpx.Response(status)
        await self.gate.wait()
        match self.next:
            case list(items):
                return httpx.Response(200, json={"items": items})
            case int(status):
                return httpx.Response(status)
            case httpx.Response() as response:
                return response
            case Exception() as error:
                raise error
        raise AssertionError


@pytest.fixture
async def script():
    return Script()


@pytest.fixture
def reads(reads_over, script) -> UpstreamFetcher:
    made: UpstreamFetcher = reads_over(script, stale_if_error_seconds=60)
    return made


def asking(identity: bytes = b"1", deadline: float | None = None) -> Caller:
    return Caller((), identity, deadline)


async def latest(
    reads: UpstreamFetcher,
    caller: Caller | None = None,
    client: str = "7",
    query: Mapping[str, str] | None = None,
) -> Ok[list[Raw]]:
    caller = caller or asking()
    query = {"clientId": client, **(query or {})}
    key, all_kinds_key = (
        (
            caller.identity,
            f"{PATH}?{urlencode([each for each in query.items() if each[0] not in without])}",
        )
        for without in ({"sort"}, {"sort", "type"})
    )
    read = Read(
        caller,
        PATH,
        f"{PATH}?{urlencode(query)}",
        key,
        ((PATH, client),),
        decoding.items,
        stale_keys=(key, all_kinds_key),
    )
    return await result_of(reads.fetch(read))


def items_and_staleness(dated: Ok[list[Raw]]) -> tuple[list[bytes], bool]:
    return [bytes(item) for item in dated.content], dated.is_stale


async def test_an_answer_says_when_it_was_read(reads, script, clock):
    script.next = [1]
    caller = asking()
    answer = await latest(reads, caller)
    assert items_and_staleness(answer) == ([b"1"], False)
    assert answer.read_at == clock.now
    assert [call.cache_status for call in caller.read_log] == [CALLED]


class Broken(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"items":'
        raise httpx.ReadError("reset")


OUTAGES: dict[str, object] = {
    **{str(status): status for status in statuses.OUTAGES},
    "refused": httpx.ConnectError("refused"),
    "no connection in time": httpx.ConnectTimeout("late"),
    "no answer in time": httpx.ReadTimeout("late"),
    "not HTTP": httpx.RemoteProtocolError("?"),
    "broken off": httpx.Response(200, stream=Broken()),
    "an outage in a success": httpx.Response(200, json={"error": {"code": 503}}),
}


@pytest.mark.parametrize("outage", OUTAGES.values(), ids=OUTAGES)
async def test_where_the_upstream_fails_its_last_answer_stands(reads, script, clock, outage):
    script.next = [1, 2]
    before = await latest(reads)
    clock.now += 30
    script.next = outage
    caller = asking()
    answer = await latest(reads, caller)
    assert items_and_staleness(answer) == ([b"1", b"2"], True)
    assert answer.read_at == before.read_at == clock.now - 30
    [call] = caller.read_log
    assert (call.cache_status, call.attempts) == (STALE, 1)
    assert call.status == (outage if isinstance(outage, int) else call.status)


@pytest.mark.parametrize("outage", OUTAGES.values(), ids=OUTAGES)
async def test_without_an_earlier_answer_there_is_none(reads, script, outage):
    script.next = outage
    with pytest.raises((UpstreamTimeout, UpstreamUnavailable)):
        await latest(reads)


ANSWERS: dict[str, object] = {
    **{str(status): status for status in statuses.STATUSES if status not in statuses.OUTAGES},
    "429 with a time": httpx.Response(429, headers={"retry-after": "1"}),
    "401 in a success": httpx.Response(200, json={"error": {"code": 401}}),
    "429 in a success": httpx.Response(200, json={"error": {"code": 429}}),
    "404 in the other form": httpx.Response(200, json={"message": "", "statusCode": 404}),
    "a page": httpx.Response(200, content=b"<html>"),
    "no list": httpx.Response(200, json={"items": None}),
}


@pytest.mark.parametrize("refusal", ANSWERS.values(), ids=ANSWERS)
async def test_an_upstream_that_answers_is_taken_at_its_word(reads, script, refusal):
    script.next = [1]
    await latest(reads)
    script.next = refusal
    with pytest.raises(FieldError):
        await latest(reads)


async def test_what_was_shown_as_stale_grows_older_all_the_same(reads, script, clock):
    script.next = [1]
    await latest(reads)
    script.next = 503
    for _ in range(2):
        clock.now += 25
        assert (await latest(reads)).is_stale
    clock.now += 25
    with pytest.raises(UpstreamUnavailable):
        await latest(reads)


async def test_the_upstream_is_asked_first_each_time_and_believed_once_it_is_back(reads, script):
    script.next = [1]
    await latest(reads)
    script.next = 503
    await latest(reads)
    script.next = [1, 2]
    assert items_and_staleness(await latest(reads)) == ([b"1", b"2"], False)
    script.next = 503
    assert items_and_staleness(await latest(reads)) == ([b"1", b"2"], True)
    assert script.called == 4


async def test_nothing_is_kept_unless_the_settings_say_so(reads_over, script):
    reads = reads_over(script)
    script.next = [1]
    await latest(reads)
    script.next = 503
    with pytest.raises(UpstreamUnavailable):
        await latest(reads)


async def test_nothing_else_is_kept_but_what_can_say_so(reads, script):
    """Entities have no place for a mark: one that is old would pass for one of today."""
    script.next = [1]
    for keep in (False, True):
        await fetch(reads, asking(), PATH, decoding.items, query={"clientId": "7"}, cacheable=keep)
    script.next = 503
    with pytest.raises(UpstreamUnavailable):
        await fetch(reads, asking(), PATH, decoding.items, query={"clientId": "7"})
    with pytest.raises(UpstreamUnavailable):
        await latest(reads)


# Whose it is


async def test_a_kept_answer_is_for_its_caller_and_its_question_alone(reads, script):
    script.next = [1]
    await latest(reads)
    script.next = 503
    for caller, client, query in [
        (asking(b"2"), "7", {}),
        (asking(b""), "7", {}),
        (asking(), "8", {}),
        (asking(), "7", THREAD),
    ]:
        with pytest.raises(UpstreamUnavailable):
            await latest(reads, caller, client, query)


async def test_an_answer_with_all_kinds_holds_those_that_are_asked_for(reads, script):
    script.next = [1]
    await latest(reads)
    await latest(reads, query=THREAD)
    script.next = 503
    assert items_and_staleness(await latest(reads, query=NOTES)) == ([b"1"], True)
    assert (await latest(reads, query={**NOTES, **THREAD})).is_stale


async def test_an_answer_stands_whatever_the_order_that_was_asked_for(reads, script):
    script.next = [1]
    await latest(reads, query={"sort": "desc"})
    script.next = 503
    for query in ({"sort": "asc"}, {"sort": "desc"}, {}, {"sort": "asc", **NOTES}):
        assert items_and_staleness(await latest(reads, query=query)) == ([b"1"], True)


async def test_reads_that_ask_for_different_orders_are_one(reads, script):
    script.next = [1]
    callers = [asking() for _ in range(3)]
    orders: list[dict[str, str]] = [{"sort": "desc"}, {"sort": "asc"}, {}]
    await asyncio.gather(
        *[latest(reads, caller, query=each) for caller, each in zip(callers, orders, strict=True)]
    )
    assert script.called == 1
    assert [call.cache_status for caller in callers for call in caller.read_log] == [
        CALLED,
        SHARED,
        SHARED,
    ]


async def test_an_answer_with_some_kinds_does_not_stand_for_all_or_others(reads, script):
    script.next = [1]
    await latest(reads, query=NOTES)
    script.next = 503
    for query in ({}, {"type": "appointment"}):
        with pytest.raises(UpstreamUnavailable):
            await latest(reads, query=query)


# What is forgotten


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, Unauthenticated),
        (402, Forbidden),
        (403, Forbidden),
        (404, NotFound),
        (410, NotFound),
        (451, Forbidden),
    ],
)
async def test_a_refusal_forgets_all_that_was_kept_of_the_client(reads, script, status, error):
    script.next = [1]
    questions: list[dict[str, str]] = [{}, NOTES, THREAD]
    for query in questions:
        await latest(reads, query=query)
    script.next = status
    with pytest.raises(error):
        await latest(reads, query={"type": "consent"})
    script.next = 503
    for query in questions:
        with pytest.raises(UpstreamUnavailable):
            await latest(reads, query=query)


@pytest.mark.parametrize("status", statuses.REFUSALS)
async def test_a_refusal_of_one_client_forgets_no_other(reads, script, status):
    script.next = [1]
    await latest(reads, client="8")
    await latest(reads, asking(b"2"))
    script.next = status
    with pytest.raises(FieldError):
        await latest(reads)
    script.next = 503
    assert (await latest(reads, client="8")).is_stale
    assert (await latest(reads, asking(b"2"))).is_stale


async def test_credentials_that_are_refused_anywhere_are_shown_nothing_more(reads, script):
    script.next = [1]
    for client in ("7", "8"):
        await latest(reads, client=client)
    await latest(reads, asking(b"2"))
    script.next = 401
    with pytest.raises(Unauthenticated):
        await fetch(reads, asking(), "/api/2.0/notes/{id}", decoding.items, ids={"id": "1"})
    script.next = 503
    for client in ("7", "8"):
        with pytest.raises(UpstreamUnavailable):
            await latest(reads, client=client)
    assert (await latest(reads, asking(b"2"))).is_stale


async def test_credentials_that_are_refused_are_shown_nothing_whatever_is_forwarded(reads, script):
    one, other = (Caller((), b"c" * 64 + tenant) for tenant in (b"t1", b"t2"))
    script.next = [1]
    await latest(reads, one)
    script.next = 401
    with pytest.raises(Unauthenticated):
        await latest(reads, other, client="8")
    script.next = 503
    with pytest.raises(UpstreamUnavailable):
        await latest(reads, one)


@pytest.mark.parametrize(("status", "error"), [(401, Unauthenticated), (403, Forbidden)])
async def test_what_was_being_read_when_a_refusal_came_is_told_and_not_kept(
    reads, script, settle, status, error
):
    script.next = [1]
    script.gate.clear()
    before = asyncio.create_task(latest(reads))
    await settle()
    script.answering_at_once = {"type": status}
    with pytest.raises(error):
        await latest(reads, query=NOTES)
    script.gate.set()
    assert items_and_staleness(await before) == ([b"1"], False)
    script.next = 503
    with pytest.raises(UpstreamUnavailable):
        await latest(reads)


async def test_who_asks_after_a_refusal_of_the_credentials_joins_no_read_of_before(
    reads, script, settle
):
    script.next = [1]
    script.gate.clear()
    before = asyncio.create_task(latest(reads))
    await settle()
    script.answering_at_once = {"type": 401}
    with pytest.raises(Unauthenticated):
        await latest(reads, query=NOTES)
    callers = [asking(), asking()]
    after = [asyncio.create_task(latest(reads, caller)) for caller in callers]
    await settle()
    script.gate.set()
    await asyncio.gather(before, *after)
    assert [call.cache_status for caller in callers for call in caller.read_log] == [CALLED, SHARED]
    script.next = 503
    assert (await latest(reads)).is_stale


async def test_a_refusal_that_nobody_waited_for_to_the_end_is_none(reads, script, settle):
    """The last one to leave ends the read: no answer came of it."""
    script.next = [1]
    await latest(reads)
    script.gate.clear()
    script.next = 401
    leaving = asyncio.create_task(latest(reads, client="8"))
    await settle()
    leaving.cancel()
    script.gate.set()
    await settle()
    script.next = 503
    assert (await latest(reads)).is_stale


@pytest.mark.parametrize("status", sorted({*statuses.STATUSES} - {401, *statuses.REFUSALS}))
async def test_other_failures_forget_nothing(reads, script, status):
    script.next = [1]
    await latest(reads)
    script.next = status
    await asyncio.gather(latest(reads), return_exceptions=True)
    script.next = 503
    assert (await latest(reads)).is_stale


# What counts as a failure besides


async def test_an_open_breaker_is_an_upstream_that_fails(reads, script):
    script.next = [1]
    await latest(reads)
    script.next = 503
    for _ in range(20):
        await latest(reads)
    assert reads.pipeline.circuit_breaker.key_state(asking().fairness_key) is CircuitState.OPEN
    called = script.called
    assert (await latest(reads)).is_stale
    assert script.called == called


async def test_a_full_queue_is_an_upstream_that_fails(reads, script, settle):
    script.next = [1]
    for client in ("7", "8"):
        await latest(reads, client=client)
    turned = iter((0.0, 60.0, *[60.0] * 9))
    reads.pipeline.bulkhead = Bulkhead(total=1, per_key=1, clock=lambda: next(turned))
    await latest(reads)  # after which reads are known to take long
    script.gate.clear()
    slow = asyncio.create_task(latest(reads, client="8"))
    await settle()
    called = script.called
    soon = asyncio.get_running_loop().time() + 5
    assert (await latest(reads, asking(deadline=soon))).is_stale
    with pytest.raises(UpstreamBusy):
        await latest(reads, asking(deadline=soon), client="9")
    assert script.called == called
    script.gate.set()
    await slow


async def test_who_cannot_wait_longer_is_given_the_last_answer_and_the_others_the_new_one(
    reads, script, settle
):
    script.next = [1]
    await latest(reads)
    script.gate.clear()
    script.next = [1, 2]
    hurried = asking(deadline=asyncio.get_running_loop().time() + 0.01)
    patient = asyncio.create_task(latest(reads))
    assert items_and_staleness(await latest(reads, hurried)) == ([b"1"], True)
    assert [call.cache_status for call in hurried.read_log] == [STALE]
    script.gate.set()
    assert items_and_staleness(await patient) == ([b"1", b"2"], False)


async def test_all_who_wait_for_one_read_are_shown_the_same(reads, script):
    script.next = [1]
    await latest(reads)
    script.next = 503
    callers = [asking() for _ in range(3)]
    found = await asyncio.gather(*[latest(reads, caller) for caller in callers])
    assert [each.is_stale for each in found] == [True] * 3
    assert all(each.content is found[0].content for each in found)
    calls = [call for caller in callers for call in caller.read_log]
    assert [(call.cache_status, call.attempts) for call in calls] == [
        (STALE, 1),
        (STALE, 0),
        (STALE, 0),
    ]
    assert script.called == 2


# How much


async def test_what_is_kept_is_bounded(reads, script):
    script.next = ["a" * 1_000_000] * 10
    for client in range(10):
        await latest(reads, client=str(client))
    script.next = 503
    found: list[Any] = [
        isinstance(each, Ok)
        for each in await asyncio.gather(
            *[latest(reads, client=str(client)) for client in range(10)], return_exceptions=True
        )
    ]
    assert found == [False] * 4 + [True] * 6


async def test_an_error_is_gone_when_nobody_holds_it(reads, script):
    """As with other reads: failures come in masses, and none may wait for the garbage collector."""
    script.next = 503
    gc.collect()
    gc.disable()
    try:
        try:
            await latest(reads)
        except FieldError as error:
            gone = weakref.ref(error)
        await asyncio.sleep(0)
        assert gone() is None
    finally:
        gc.enable()


async def test_a_failure_that_a_kept_answer_stands_in_for_is_an_event_all_the_same(
    reads, script, events
):
    script.next = [1]
    await latest(reads)
    script.next = 503
    await latest(reads)
    assert [event["event"] for event in events] == ["upstream.failed"]
