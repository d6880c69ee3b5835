import asyncio
import gc
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from msgspec import Raw

from gateway.config.settings import Settings
from gateway.errors import BudgetExceeded, FieldError, NotFound, UpstreamUnavailable
from gateway.upstream import endpoints
from gateway.upstream.credentials import Caller
from gateway.upstream.http.stale_cache import Timestamped
from gateway.upstream.records import decoding
from gateway.upstream.records.activities import KINDS
from gateway.upstream.records.enums import ActivityKind
from gateway.upstream.session import ActivityKindSet, UpstreamSession
from tests.support.processes import PATIENCE_SECONDS

NOTE, CONSENT, APPOINTMENT = ActivityKind.NOTE, ActivityKind.CONSENT, ActivityKind.APPOINTMENT
UNKNOWN = ActivityKind.UNKNOWN
ALL_KINDS = [*KINDS, "chat"]


def kinds(*given: ActivityKind) -> ActivityKindSet:
    return frozenset(given)


def settings_with(**settings: Any) -> dict[str, Any]:
    return {"upstream_url": "http://upstream", **settings}


class FakeUpstream:
    """Sends one activity of each kind that is asked for; notes who asks what, and how much at once.

    Attributes:
        queries: The query of each call, in order.
        gate: Calls wait here while it is closed.
        failing: What a client's calls are answered with instead: a status.
        most: How many calls were ever under way at the same time.
        given_up: How many calls were cancelled.
    """

    def __init__(self) -> None:
        self.queries: list[dict[str, str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failing: dict[str, int] = {}
        self.under_way = self.most = self.given_up = 0
        self._arrivals: asyncio.Queue[None] = asyncio.Queue()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        self.queries.append(query)
        self._arrivals.put_nowait(None)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        finally:
            self.under_way -= 1
        if status := self.failing.get(query.get("clientId", "1")):
            return httpx.Response(status)
        sent = query["type"].split(",") if "type" in query else ALL_KINDS
        client = query["clientId"]
        items = [{"id": f"{client}-{kind}", "type": kind} for kind in sent]
        return httpx.Response(200, json={"items": items})

    async def called(self, times: int) -> None:
        """Waits until so many more calls have come in."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            for _ in range(times):
                await self._arrivals.get()


pytestmark = pytest.mark.usefixtures("no_task_left")


@pytest.fixture
async def upstream():
    return FakeUpstream()


@pytest.fixture
async def opened(upstream, upstream_over):
    """Opens sessions over the fake upstream."""
    client = upstream_over(upstream.answer)

    @asynccontextmanager
    async def opened(concurrency: int = 10) -> AsyncIterator[UpstreamSession]:
        settings = Settings(**settings_with(max_concurrent_reads_per_operation=concurrency))
        session = UpstreamSession(client, Caller((), b""), settings)
        yield session
        await session.aclose()

    return opened


@pytest.fixture
async def session(opened):
    async with opened() as session:
        yield session


def ask(
    session: UpstreamSession,
    client: str = "7",
    wanted: ActivityKindSet | None = None,
    appointment: str | None = None,
    *,
    newest_first: bool = False,
) -> Coroutine[Any, Any, Sequence[Raw]]:
    load = session.timeline(
        client, kinds=wanted, appointment_id=appointment, newest_first=newest_first
    )
    return content(load)


async def content(load: Awaitable[Timestamped[list[Raw]]]) -> Sequence[Raw]:
    return (await load).content


def ids(items: Sequence[Raw]) -> list[object]:
    return [decoding.activity(item).id for item in items]


async def test_selections_of_one_client_are_one_call_for_all_their_kinds(session, upstream):
    notes, others = await asyncio.gather(
        ask(session, wanted=kinds(NOTE)), ask(session, wanted=kinds(APPOINTMENT, CONSENT))
    )
    assert [query["type"] for query in upstream.queries] == ["appointment,note,consent"]
    assert ids(notes) == ids(others) == ["7-appointment", "7-note", "7-consent"]


async def test_activities_are_as_they_were_sent(session):
    [item] = await ask(session, wanted=kinds(NOTE))
    assert bytes(item) == b'{"id":"7-note","type":"note"}'


async def test_the_same_selection_twice_is_one_call_and_one_answer(session, upstream):
    first, second = await asyncio.gather(ask(session), ask(session))
    assert len(upstream.queries) == 1
    assert first == second


@pytest.mark.parametrize(
    ("orders", "sort"),
    [
        ([True], "desc"),
        ([True, True], "desc"),
        ([False], "asc"),
        ([True, False], "asc"),
        ([False, True], "asc"),
        ([True, True, False], "asc"),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "wanted", [[kinds(NOTE)] * 3, [kinds(NOTE), None, kinds(CONSENT)]], ids=["equal", "others"]
)
async def test_the_newest_come_first_where_all_who_get_the_answer_want_it(
    session, upstream, wanted, orders, sort
):
    asked = zip(wanted, orders, strict=False)
    await asyncio.gather(*[ask(session, wanted=k, newest_first=order) for k, order in asked])
    assert [query["sort"] for query in upstream.queries] == [sort]


@pytest.mark.parametrize("newest_first", [True, False])
async def test_who_comes_later_takes_what_was_read_in_whatever_order(
    session, upstream, newest_first
):
    await ask(session, newest_first=newest_first)
    for wanted in (None, kinds(NOTE)):
        for order in (True, False):
            await ask(session, wanted=wanted, newest_first=order)
    assert [query["sort"] for query in upstream.queries] == ["desc" if newest_first else "asc"]


async def test_each_client_and_appointment_has_its_own_order(session, upstream):
    await asyncio.gather(
        ask(session, "7", newest_first=True),
        ask(session, "8"),
        ask(session, "7", appointment="a"),
        ask(session, "8", appointment="a", newest_first=True),
    )
    found = {(q["clientId"], q.get("appointmentId")): q["sort"] for q in upstream.queries}
    assert found == {
        ("7", None): "desc",
        ("8", None): "asc",
        ("7", "a"): "asc",
        ("8", "a"): "desc",
    }


async def test_all_kinds_are_asked_for_without_naming_any(session, upstream):
    assert len(await ask(session)) == len(ALL_KINDS)
    assert "type" not in upstream.queries[0]


async def test_unknown_kinds_are_found_by_asking_for_all(session, upstream):
    assert {"7-note", "7-chat"} < {*ids(await ask(session, wanted=kinds(UNKNOWN, NOTE)))}
    assert "type" not in upstream.queries[0]


async def test_a_selection_of_all_kinds_covers_the_others_of_its_batch(session, upstream):
    everything, notes = await asyncio.gather(ask(session), ask(session, wanted=kinds(NOTE)))
    assert len(upstream.queries) == 1
    assert len(everything) == len(ALL_KINDS)
    assert notes == everything


async def test_every_client_is_a_call_of_its_own(session, upstream):
    found = await asyncio.gather(
        *[ask(session, client, kinds(NOTE)) for client in ("7", "8", "7", "9")]
    )
    assert Counter(query["clientId"] for query in upstream.queries) == {"7": 1, "8": 1, "9": 1}
    assert [ids(each) for each in found] == [["7-note"], ["8-note"], ["7-note"], ["9-note"]]


async def test_different_clients_are_read_at_the_same_time(session, upstream):
    await asyncio.gather(*[ask(session, str(client)) for client in range(5)])
    assert upstream.most == 5


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_no_more_reads_are_under_way_than_are_allowed(opened, upstream, concurrency):
    async with opened(concurrency=concurrency) as session:
        found = await asyncio.gather(*[ask(session, str(client)) for client in range(7)])
    assert upstream.most == concurrency
    assert len(found) == len(upstream.queries) == 7


async def test_a_read_that_fails_gives_its_place_to_the_next(opened, upstream):
    upstream.failing = {"0": 500, "1": 500}
    async with opened(concurrency=1) as session:
        found = await asyncio.gather(
            *[ask(session, str(client)) for client in range(3)], return_exceptions=True
        )
    assert [type(each) for each in found] == [UpstreamUnavailable, UpstreamUnavailable, list]


async def test_every_appointment_is_one_call_more(session, upstream):
    await asyncio.gather(
        ask(session),
        ask(session, appointment="a"),
        ask(session, wanted=kinds(NOTE), appointment="b"),
        ask(session, wanted=kinds(CONSENT), appointment="b"),
    )
    assert [(query.get("appointmentId"), query.get("type")) for query in upstream.queries] == [
        (None, None),
        ("a", None),
        ("b", "note,consent"),
    ]


async def test_a_later_selection_is_served_from_an_earlier_read_that_covers_it(session, upstream):
    await ask(session, wanted=kinds(NOTE, CONSENT))
    assert ids(await ask(session, wanted=kinds(CONSENT))) == ["7-note", "7-consent"]
    assert len(upstream.queries) == 1


async def test_a_later_selection_joins_an_earlier_read_that_is_still_under_way(
    session, upstream, settle
):
    upstream.gate.clear()
    first = asyncio.create_task(ask(session))
    await upstream.called(1)
    second = asyncio.create_task(ask(session, wanted=kinds(NOTE)))
    await settle()
    upstream.gate.set()
    assert len(await first) == len(ALL_KINDS)
    assert await second == await first
    assert len(upstream.queries) == 1


async def test_a_later_selection_that_is_not_covered_is_read(session, upstream):
    await ask(session, wanted=kinds(NOTE))
    await ask(session, wanted=kinds(NOTE, CONSENT))
    await ask(session)
    assert [query.get("type") for query in upstream.queries] == ["note", "note,consent", None]


async def test_a_read_of_all_of_a_client_does_not_cover_an_appointment_of_it(session, upstream):
    await ask(session)
    await ask(session, appointment="a")
    assert len(upstream.queries) == 2


async def test_a_selection_is_enqueued_by_the_call_and_not_by_the_wait(session, upstream):
    first, second = ask(session, wanted=kinds(NOTE)), ask(session, wanted=kinds(CONSENT))
    await first
    await second
    assert len(upstream.queries) == 1


async def test_a_waiter_that_leaves_does_not_spoil_it_for_the_others(session, upstream, settle):
    upstream.gate.clear()
    leaving = asyncio.create_task(ask(session))
    staying = asyncio.create_task(ask(session))
    await upstream.called(1)
    leaving.cancel()
    await settle()
    assert leaving.cancelled()
    upstream.gate.set()
    assert len(await staying) == len(ALL_KINDS)
    assert len(await ask(session)) == len(ALL_KINDS)
    assert len(upstream.queries) == 1


async def test_a_waiter_that_leaves_before_the_read_starts_spoils_nothing(session, upstream):
    leaving = asyncio.create_task(ask(session))
    await asyncio.sleep(0)
    leaving.cancel()
    assert len(await ask(session)) == len(ALL_KINDS)
    assert len(upstream.queries) == 1


async def test_a_client_that_fails_does_not_fail_the_others(session, upstream):
    upstream.failing = {"8": 404, "9": 503}
    notes, *failures = await asyncio.gather(
        *[ask(session, client, kinds(NOTE)) for client in ("7", "8", "9")], return_exceptions=True
    )
    assert not isinstance(notes, BaseException)
    assert ids(notes) == ["7-note"]
    assert [type(failure) for failure in failures] == [NotFound, UpstreamUnavailable]


async def test_an_appointment_that_fails_does_not_fail_its_client(session, upstream):
    answers = await asyncio.gather(
        ask(session), ask(session, "8", appointment="a"), return_exceptions=True
    )
    assert all(isinstance(answer, list) for answer in answers)


async def test_a_failure_is_remembered_and_not_tried_again(session, upstream):
    upstream.failing = {"7": 503}
    with pytest.raises(UpstreamUnavailable):
        await ask(session)
    upstream.failing = {}
    with pytest.raises(UpstreamUnavailable):
        await ask(session)
    with pytest.raises(UpstreamUnavailable):
        await ask(session, wanted=kinds(NOTE))
    assert len(upstream.queries) == 1


async def test_all_who_wait_for_a_read_that_fails_are_told(session, upstream):
    upstream.failing = {"7": 503}
    found = await asyncio.gather(
        ask(session), ask(session, wanted=kinds(NOTE)), ask(session), return_exceptions=True
    )
    assert [type(each) for each in found] == [UpstreamUnavailable] * 3


async def test_another_session_does_not_know_what_this_one_read(opened, upstream):
    async with opened() as one, opened() as other:
        await ask(one)
        await ask(other)
    assert len(upstream.queries) == 2


async def test_a_session_that_is_closed_gives_up_what_is_under_way(opened, upstream):
    upstream.gate.clear()
    async with opened(concurrency=2) as session:
        waiters = [asyncio.create_task(ask(session, str(client))) for client in range(3)]
        await upstream.called(2)
    assert upstream.given_up == 2
    assert len(upstream.queries) == 2
    async with asyncio.timeout(PATIENCE_SECONDS):
        found = await asyncio.gather(*waiters, return_exceptions=True)
    assert [type(each) for each in found] == [asyncio.CancelledError] * 3


async def test_a_session_that_is_closed_reads_nothing_more(opened, upstream, settle):
    async with opened() as session:
        waiting = asyncio.create_task(ask(session))
        await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.wait([waiting])
    await settle()
    assert waiting.cancelled()
    assert upstream.queries == []


async def test_a_session_that_is_closed_takes_no_more_questions(opened, upstream, settle):
    async with opened() as session:
        await ask(session)
    late = asyncio.create_task(ask(session, "8"))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.wait([late])
    await settle()
    assert late.cancelled()
    assert len(upstream.queries) == 1


async def test_a_session_that_is_closed_after_its_answers_changes_none(opened, upstream):
    upstream.failing = {"8": 503}
    async with opened() as session:
        waiters = [asyncio.create_task(ask(session, client)) for client in ("7", "8")]
        await asyncio.wait(waiters)
    assert len(await waiters[0]) == len(ALL_KINDS)
    with pytest.raises(FieldError):
        await waiters[1]


async def test_a_session_that_is_closed_is_gone_at_once(opened, upstream):
    """Else all that it read stays until the garbage collector comes by, and keeps it busy."""
    gc.collect()
    gc.disable()
    try:
        async with opened() as session:
            await session.timeline("1", kinds=None, appointment_id=None)
            upstream.failing = {"1": 503}
            for load in (
                session.load(endpoints.CLIENT, "1"),
                session.load(endpoints.STAFF, "1", "1"),
            ):
                with suppress(FieldError):
                    await load
            gone = weakref.ref(session)
        del session
        await asyncio.sleep(0)
        assert gone() is None
    finally:
        gc.enable()


async def test_a_session_can_be_closed_twice(opened):
    async with opened() as session:
        await ask(session)
        await session.aclose()


async def test_a_failure_that_nobody_waits_for_any_more_leaves_no_trace(
    opened, upstream, loop_complaints, settle
):
    upstream.failing = {"7": 503}
    upstream.gate.clear()
    async with opened() as session:
        leaving = asyncio.create_task(ask(session))
        await upstream.called(1)
        leaving.cancel()
        upstream.gate.set()
        await settle()
    assert loop_complaints() == []


@pytest.fixture
async def loop_complaints() -> AsyncIterator[Callable[[], list[dict[str, Any]]]]:
    """What the event loop had to say about exceptions that nobody took."""
    complaints: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: complaints.append(context))

    def collected() -> list[dict[str, Any]]:
        gc.collect()
        return complaints

    yield collected
    loop.set_exception_handler(before)


async def test_a_timeline_that_is_beyond_the_budget_is_refused_and_the_others_stand(
    upstream, upstream_over
):
    client = upstream_over(upstream.answer)
    settings = Settings(**settings_with(max_upstream_reads=1))
    session = UpstreamSession(client, Caller((), b""), settings)
    found = await asyncio.gather(ask(session), ask(session, "8"), return_exceptions=True)
    assert [type(each) for each in found] == [list, BudgetExceeded]
    assert "7-note" in ids(await ask(session, wanted=kinds(NOTE)))
    assert len(upstream.queries) == 1
    await session.aclose()


async def test_a_client_that_is_slow_does_not_keep_the_others_waiting(upstream_over):
    gate = asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.params["clientId"] == "slow":
            await gate.wait()
        return httpx.Response(200, json={"items": []})

    client = upstream_over(answer)
    session = UpstreamSession(client, Caller((), b""), Settings(**settings_with()))
    slow = asyncio.create_task(ask(session, "slow"))
    assert await ask(session, "quick") == []
    gate.set()
    assert await slow == []
    await session.aclose()
