"""Reads of an upstream that fails: deadlines, further attempts, breaker and places; the clock hurries."""

import asyncio
import gc
import weakref
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.errors import FieldError, UpstreamBusy, UpstreamTimeout, UpstreamUnavailable
from gateway.upstream.credentials import Caller
from gateway.upstream.http.circuit_breaker import CircuitState
from gateway.upstream.http.fetcher import UpstreamFetcher
from gateway.upstream.http.instrumentation import UpstreamInstrumentation
from gateway.upstream.http.request import NEW_CONNECTION
from gateway.upstream.http.response_protocol import IdleConnectionClosed
from gateway.upstream.read_log import CacheStatus, ReadLogEntry
from gateway.upstream.records import decoding
from tests.support.statuses import STATUSES
from tests.unit.upstream.conftest import settings_of
from tests.unit.upstream.hurry import BACKEND
from tests.unit.upstream.reading import fetch

pytestmark = pytest.mark.usefixtures("no_task_left")

FOUND = httpx.Response(200, content=b'{"items":[]}')
REFUSED = httpx.ConnectError("refused")
OVER = IdleConnectionClosed("it had ended")
Answer = httpx.Response | Exception


@pytest.fixture
def anyio_backend():
    return BACKEND


def now() -> float:
    return asyncio.get_running_loop().time()


class UpstreamInTurn:
    """Answers in turn, the last for good, each after so many seconds; notes when it was asked for what,
    and which of it on a connection made for it.
    """

    def __init__(self, *answers: Answer, seconds: float = 0.0) -> None:
        self.answers = list(answers) or [FOUND]
        self.seconds = seconds
        self.asked: list[tuple[float, str]] = []
        self.on_new_connections: list[bool] = []
        self.under_way = self.most = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((round(now(), 3), request.url.query.decode()))
        self.on_new_connections.append(request.extensions.get(NEW_CONNECTION, False))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.under_way -= 1
        if isinstance(answer, Exception):
            raise type(answer)(str(answer))  # a new one: it refers to whom it passed
        return answer

    @property
    def times(self) -> list[float]:
        return [at for at, _ in self.asked]


def over(upstream: UpstreamInTurn, *, chance: float = 1.0, **settings: Any) -> UpstreamFetcher:
    """Reads with three attempts and the longest of pauses, by the loop's clock."""
    settings = {"upstream_attempts": 3, "upstream_attempt_timeout_seconds": 1000.0, **settings}
    return UpstreamFetcher(
        settings_of(**settings),
        httpx.MockTransport(upstream),
        clock=asyncio.get_running_loop().time,
        jitter=lambda: chance,
    )


async def read(
    reads: UpstreamFetcher, *, left: float | None = None, of: str = "x", by: bytes = b""
) -> ReadLogEntry | FieldError:
    """How a caller with so many seconds fares."""
    caller = Caller((), by, None if left is None else now() + left)
    try:
        await fetch(reads, caller, "/things", decoding.items, query={"of": of})
    except FieldError as error:
        error.call = caller.read_log[0]  # type: ignore[attr-defined]
        return error
    return caller.read_log[0]


def attempts(fared: ReadLogEntry | FieldError) -> int:
    call: ReadLogEntry = fared if isinstance(fared, ReadLogEntry) else fared.call  # type: ignore[attr-defined]
    return call.attempts


def own_breaker(reads: UpstreamFetcher) -> CircuitState:
    """The state of the breaker of the credentials that `read` has where no others are given."""
    return reads.pipeline.circuit_breaker.key_state(b"")


async def open_up(reads: UpstreamFetcher, upstream: UpstreamInTurn) -> None:
    """Makes the breaker of the credentials open, and forgets how."""
    kept, upstream.answers = upstream.answers, [httpx.Response(500)]
    for number in range(10):
        await read(reads, of=f"bad-{number}")
    assert own_breaker(reads) is CircuitState.OPEN
    upstream.asked.clear()
    upstream.answers = kept


# Further attempts


@pytest.mark.parametrize(
    "passing",
    [REFUSED, httpx.ConnectTimeout("x"), *map(httpx.Response, (429, 502, 503, 504))],
    ids=lambda answer: getattr(answer, "status_code", type(answer).__name__),
)
async def test_what_passes_is_never_seen(passing):
    upstream = UpstreamInTurn(passing, passing, FOUND)
    fared = await read(over(upstream))
    assert isinstance(fared, ReadLogEntry)
    assert (fared.status, fared.cache_status, fared.attempts) == (200, CacheStatus.CALLED, 3)
    assert upstream.times == pytest.approx([0, 0.1, 0.3])


async def test_what_does_not_pass_is_told_after_the_last_attempt(events):
    upstream = UpstreamInTurn(REFUSED, httpx.Response(503, headers={"retry-after": "1"}))
    fared = await read(over(upstream))
    assert isinstance(fared, UpstreamUnavailable)
    assert fared.retry_after == 1
    assert attempts(fared) == len(upstream.asked) == 3
    assert [event["attempts"] for event in events] == [3]


@pytest.mark.parametrize("status", sorted({*STATUSES} - {425, 429, 502, 503, 504}))
async def test_what_will_not_pass_is_not_tried_again(status):
    upstream = UpstreamInTurn(httpx.Response(status), FOUND)
    assert attempts(await read(over(upstream))) == len(upstream.asked) == 1


@pytest.mark.parametrize(("most", "made"), [(1, 1), (2, 2), (3, 2), (10, 2)])
async def test_what_came_too_early_is_sent_once_more(most, made):
    upstream = UpstreamInTurn(httpx.Response(425))
    fared = await read(over(upstream, upstream_attempts=most))
    assert isinstance(fared, UpstreamUnavailable)
    assert fared.retryable
    assert attempts(fared) == len(upstream.asked) == made


async def test_what_came_too_early_may_arrive_the_second_time():
    fared = await read(over(UpstreamInTurn(httpx.Response(425), FOUND)))
    assert isinstance(fared, ReadLogEntry)
    assert (fared.status, fared.attempts) == (200, 2)


async def test_silence_is_not_answered_with_another_question():
    upstream = UpstreamInTurn(seconds=100)
    fared = await read(over(upstream, upstream_attempt_timeout_seconds=5.0))
    assert isinstance(fared, UpstreamTimeout)
    assert attempts(fared) == 1
    assert now() == pytest.approx(5)


async def test_a_wait_that_is_asked_for_is_waited_within_the_deadline():
    upstream = UpstreamInTurn(httpx.Response(429, headers={"retry-after": "7"}), FOUND)
    assert isinstance(await read(over(upstream, chance=0.0), left=8), ReadLogEntry)
    assert upstream.times == [0, 7]


async def test_a_wait_beyond_the_deadline_is_told_at_once():
    upstream = UpstreamInTurn(httpx.Response(429, headers={"retry-after": "7"}), FOUND)
    fared = await read(over(upstream), left=6)
    assert isinstance(fared, UpstreamBusy)
    assert (fared.reason, fared.retry_after) == ("rate_limited", 7)
    assert (now(), len(upstream.asked)) == (0, 1)


async def test_an_outage_costs_the_upstream_little_more_than_one_attempt_per_read():
    """Without the breaker's help: failures are too far apart for it."""
    upstream = UpstreamInTurn(httpx.Response(503))
    reads = over(upstream)
    for number in range(300):
        await read(reads, of=str(number))
        await asyncio.sleep(2)
    assert len(upstream.asked) <= 300 * 1.1 + 10


async def test_one_in_ten_reads_may_be_tried_again_beyond_the_first_ten():
    upstream = UpstreamInTurn(FOUND)
    reads = over(upstream, chance=0.0)
    succeeded = 0
    for number in range(300):
        upstream.answers = [httpx.Response(429), FOUND]
        succeeded += isinstance(await read(reads, of=str(number)), ReadLogEntry)
    assert 300 * 0.1 + 9 <= succeeded <= 300 * 0.1 + 10


# Connections that were over


@pytest.mark.parametrize("most", [1, 3])
async def test_what_an_idle_connection_lost_is_asked_again_at_once_on_a_new_one(most):
    upstream = UpstreamInTurn(OVER, FOUND)
    fared = await read(over(upstream, upstream_attempts=most))
    assert isinstance(fared, ReadLogEntry)
    assert (fared.status, fared.cache_status, fared.attempts) == (200, CacheStatus.CALLED, 2)
    assert upstream.times == [0, 0]
    assert upstream.on_new_connections == [False, True]


async def test_a_read_is_asked_again_so_only_once():
    upstream = UpstreamInTurn(OVER, httpx.Response(503), OVER, FOUND)
    assert attempts(await read(over(upstream))) == 4
    assert upstream.times == pytest.approx([0, 0, 0.1, 0.3])
    assert upstream.on_new_connections == [False, True, False, False]


async def test_an_idle_connection_costs_a_read_none_of_its_attempts():
    upstream = UpstreamInTurn(OVER, httpx.Response(503), httpx.Response(503), FOUND)
    assert isinstance(await read(over(upstream)), ReadLogEntry)
    upstream = UpstreamInTurn(OVER, httpx.Response(503))
    assert attempts(await read(over(upstream))) == len(upstream.asked) == 4


async def test_an_idle_connection_costs_nothing_of_what_all_reads_have_for_further_attempts():
    upstream = UpstreamInTurn(OVER, FOUND)
    reads = over(upstream)
    for number in range(100):
        upstream.answers = [OVER, FOUND]
        assert isinstance(await read(reads, of=f"over-{number}"), ReadLogEntry)
    for number in range(10):
        upstream.answers = [httpx.Response(503), FOUND]
        assert isinstance(await read(reads, of=f"once-{number}"), ReadLogEntry)


async def test_an_idle_connection_says_nothing_of_the_upstream_and_what_follows_says_it():
    upstream = UpstreamInTurn()
    reads = over(upstream, upstream_attempts=1)
    for number in range(50):
        upstream.answers = [OVER, FOUND]
        await read(reads, of=f"good-{number}")
    assert own_breaker(reads) is CircuitState.CLOSED
    await asyncio.sleep(11)  # so that they are forgotten
    states = []
    for number in range(10):
        upstream.answers = [OVER, httpx.Response(500)]
        await read(reads, of=f"bad-{number}")
        states.append(own_breaker(reads))
    assert states == [CircuitState.CLOSED] * 9 + [CircuitState.OPEN]


async def test_a_trial_that_meets_an_idle_connection_is_one_trial():
    upstream = UpstreamInTurn(OVER, FOUND)
    reads = over(upstream)
    await open_up(reads, upstream)
    await asyncio.sleep(0.5)
    assert isinstance(await read(reads), ReadLogEntry)
    assert len(upstream.asked) == 2
    assert own_breaker(reads) is CircuitState.CLOSED


async def test_who_asks_again_so_keeps_its_place():
    upstream = UpstreamInTurn(OVER, FOUND, seconds=1)
    reads = over(upstream, max_concurrent_reads=1)
    await asyncio.gather(read(reads, of="a"), read(reads, of="b"))
    assert upstream.asked == [(0, "of=a"), (1, "of=a"), (2, "of=b")]
    assert reads.pipeline.bulkhead.in_use == 0


async def test_all_who_share_a_read_share_what_its_connection_cost():
    upstream = UpstreamInTurn(OVER, FOUND)
    reads = over(upstream)
    found = await asyncio.gather(*[read(reads) for _ in range(5)])
    assert [attempts(each) for each in found] == [2] * 5
    assert len(upstream.asked) == 2


async def test_the_deadline_holds_also_for_what_is_asked_again():
    upstream = UpstreamInTurn(OVER, FOUND, seconds=2)
    fared = await read(over(upstream), left=3)
    assert isinstance(fared, UpstreamTimeout)
    assert attempts(fared) == 2
    assert now() == pytest.approx(3)


async def test_what_nobody_waits_for_any_more_is_not_asked_again():
    upstream = UpstreamInTurn(OVER, FOUND, seconds=2)
    assert isinstance(await read(over(upstream), left=1), UpstreamTimeout)
    await asyncio.sleep(10)
    assert len(upstream.asked) == 1


async def test_each_call_is_counted_also_where_its_connection_was_over():
    upstream, watch = UpstreamInTurn(OVER, FOUND), UpstreamInstrumentation()
    reads = UpstreamFetcher(settings_of(), httpx.MockTransport(upstream), instrumentation=watch)
    await read(reads)
    told = watch.metrics.exposition().decode()
    for line in (
        'gateway_upstream_calls_total{path="/things",status="error"} 1.0',
        'gateway_upstream_calls_total{path="/things",status="200"} 1.0',
        'gateway_upstream_retries_total{path="/things"} 1.0',
    ):
        assert line in told


# Deadlines


async def test_what_is_not_there_at_the_deadline_is_a_time_out_and_its_work_ends():
    upstream = UpstreamInTurn(seconds=100)
    fared = await read(over(upstream), left=3)
    assert isinstance(fared, UpstreamTimeout)
    assert attempts(fared) == 1
    assert now() == pytest.approx(3)
    await asyncio.sleep(0)
    assert upstream.under_way == 0


async def test_the_deadline_holds_also_between_two_attempts():
    """Somebody patient keeps the read going; the other leaves in the middle of the pause."""
    upstream = UpstreamInTurn(httpx.Response(503, headers={"retry-after": "10"}), FOUND)
    reads = over(upstream)
    patient, hasty = await asyncio.gather(read(reads, left=30), read(reads, left=2))
    assert (attempts(patient), attempts(hasty)) == (2, 1)
    assert isinstance(hasty, UpstreamTimeout)
    assert isinstance(patient, ReadLogEntry)


async def test_the_deadline_holds_also_in_the_queue():
    upstream = UpstreamInTurn(seconds=100)
    reads = over(upstream, max_concurrent_reads=1)
    found = await asyncio.gather(read(reads, of="a", left=50), read(reads, of="b", left=3))
    assert [attempts(each) for each in found] == [1, 0]
    assert isinstance(found[1], UpstreamTimeout)
    assert reads.pipeline.bulkhead.in_use == 0


async def test_a_queue_that_would_outlast_the_deadline_refuses_at_once():
    upstream = UpstreamInTurn(seconds=2)
    reads = over(upstream, max_concurrent_reads=1)
    for number in range(20):
        await read(reads, of=f"before-{number}")
    start = now()
    long = [asyncio.create_task(read(reads, of=f"long-{number}", left=30)) for number in range(3)]
    await asyncio.sleep(0)
    fared = await read(reads, of="short", left=4)
    assert isinstance(fared, UpstreamBusy)
    assert (now(), attempts(fared)) == (start, 0)
    assert (fared.reason, fared.retry_after) == ("local_queue", 2)
    assert all(isinstance(each, ReadLogEntry) for each in await asyncio.gather(*long))


async def test_one_caller_s_many_reads_do_not_keep_another_s_waiting():
    upstream = UpstreamInTurn(seconds=1)
    reads = over(upstream, max_concurrent_reads=4, max_concurrent_reads_per_credential=2)
    many = [asyncio.create_task(read(reads, of=str(n), by=b"many")) for n in range(40)]
    await asyncio.sleep(5.5)
    start = now()
    assert isinstance(await read(reads, by=b"one", left=2), ReadLogEntry)
    assert now() - start == pytest.approx(1)
    await asyncio.gather(*many)
    assert upstream.most == 3


# The breaker


async def test_an_upstream_that_fails_is_left_alone_and_callers_are_told_at_once():
    upstream = UpstreamInTurn(httpx.Response(500))
    reads = over(upstream)
    await open_up(reads, upstream)
    fared = await read(reads)
    assert isinstance(fared, UpstreamUnavailable)
    assert fared.extensions == {
        "code": "UPSTREAM_UNAVAILABLE",
        "retryable": True,
        "retryAfter": 1,
    }
    assert (attempts(fared), upstream.asked) == (0, [])
    call: ReadLogEntry = fared.call  # type: ignore[attr-defined]
    assert (call.status, call.bytes) == (None, 0)


async def test_a_trickle_finds_out_when_it_is_back():
    upstream = UpstreamInTurn(httpx.Response(500))
    reads = over(upstream)
    await open_up(reads, upstream)
    for number in range(500):
        await asyncio.sleep(0.01)
        await read(reads, of=str(number))
    assert 9 <= len(upstream.asked) <= 10
    upstream.answers = [FOUND]
    await asyncio.sleep(0.5)
    found = [await read(reads, of=str(number)) for number in range(50)]
    assert all(isinstance(each, ReadLogEntry) for each in found)


async def test_an_outage_is_told_by_the_breakers_from_its_beginning_to_its_end(events):
    """Of the one for all, each trial as well; of those of credentials it would be too much."""
    upstream = UpstreamInTurn(REFUSED)
    reads = over(upstream, upstream_attempts=1)
    for number in range(10):
        await read(reads, of=str(number))
    await asyncio.sleep(0.5)
    await read(reads)
    upstream.answers = [FOUND]
    await asyncio.sleep(0.5)
    await read(reads)
    told = {
        scope: [
            (each["log_level"], each["state"])
            for each in events
            if each["event"] == "circuit_breaker.state_changed" and each["scope"] == scope
        ]
        for scope in ("all", "credential")
    }
    opened, trial, closed = ("warning", "open"), ("info", "half-open"), ("info", "closed")
    assert told == {"all": [opened, trial, trial, closed], "credential": [opened, closed]}


@pytest.mark.parametrize("status", [status for status in STATUSES if status < 500])
async def test_an_upstream_that_refuses_is_not_one_that_fails(status):
    reads = over(UpstreamInTurn(httpx.Response(status)), upstream_attempts=1)
    for number in range(50):
        await read(reads, of=str(number))
    assert own_breaker(reads) is CircuitState.CLOSED


async def test_callers_that_leave_say_nothing_of_the_upstream():
    reads = over(UpstreamInTurn(seconds=100))
    for number in range(50):
        leaving = asyncio.create_task(read(reads, of=str(number)))
        await asyncio.sleep(0.01)
        leaving.cancel()
        await asyncio.wait([leaving])
    assert own_breaker(reads) is CircuitState.CLOSED
    assert reads.pipeline.bulkhead.in_use == 0


# The order: sharing, further attempts, the breaker, places, the wire


async def test_a_read_is_shared_first_and_all_who_share_it_share_its_attempts():
    upstream = UpstreamInTurn(httpx.Response(503), FOUND)
    reads = over(upstream)
    found = await asyncio.gather(*[read(reads) for _ in range(5)])
    assert [attempts(each) for each in found] == [2] * 5
    assert len(upstream.asked) == 2


async def test_every_further_attempt_needs_the_breaker_s_leave():
    upstream = UpstreamInTurn(httpx.Response(503, headers={"retry-after": "5"}), FOUND)
    reads = over(upstream, circuit_breaker_reset_seconds=100.0)
    trying = asyncio.create_task(read(reads, left=30))
    await asyncio.sleep(1)
    await open_up(reads, upstream)
    fared = await trying
    assert isinstance(fared, UpstreamUnavailable)
    assert (attempts(fared), upstream.asked) == (1, [])


async def test_whom_the_breaker_refuses_does_not_wait_for_a_place():
    upstream = UpstreamInTurn()
    reads = over(upstream, max_concurrent_reads=1)
    await open_up(reads, upstream)
    async with reads.pipeline.bulkhead.slot("somebody", remaining_seconds=1):
        assert isinstance(await read(reads), UpstreamUnavailable)


async def test_who_waited_for_a_place_asks_the_breaker_again():
    upstream = UpstreamInTurn()
    reads = over(upstream, max_concurrent_reads=1)
    async with reads.pipeline.bulkhead.slot("somebody", remaining_seconds=1):
        waiting = asyncio.create_task(read(reads))
        await asyncio.sleep(1)
        for _ in range(10):
            reads.pipeline.circuit_breaker.acquire(b"").record_failure(is_connected=True)
    assert isinstance(await waiting, UpstreamUnavailable)
    assert upstream.asked == []


async def test_what_is_on_the_wire_has_a_place_and_a_pause_needs_none():
    upstream = UpstreamInTurn(httpx.Response(503, headers={"retry-after": "5"}), FOUND, seconds=1)
    reads = over(upstream, max_concurrent_reads=1, chance=0.0)
    await asyncio.gather(read(reads, of="a"), read(reads, of="b"), read(reads, of="c"))
    assert upstream.asked == [(0, "of=a"), (1, "of=b"), (2, "of=c"), (6, "of=a")]
    assert upstream.most == 1


# What is left of it


@pytest.mark.slow
@pytest.mark.parametrize(
    "failing",
    [
        lambda: UpstreamInTurn(httpx.Response(503)),
        lambda: UpstreamInTurn(httpx.ConnectError("refused")),
        lambda: UpstreamInTurn(seconds=100),
        lambda: UpstreamInTurn(httpx.Response(200, content=b"<html>")),
        lambda: UpstreamInTurn(httpx.Response(200, content=b"\xff")),
    ],
    ids=["refused", "no connection", "silence", "nonsense", "not text"],
)
async def test_an_error_is_gone_when_nobody_holds_it(failing: Callable[[], UpstreamInTurn]):
    """Failures come in masses: none may wait for the garbage collector, with all that it refers to."""
    reads = over(failing(), upstream_attempts=1)
    gc.collect()
    gc.disable()
    try:
        try:
            await fetch(reads, Caller((), b"", now() + 3), "/things", decoding.items)
        except FieldError as error:
            gone = weakref.ref(error)
        await asyncio.sleep(0)
        assert gone() is None
    finally:
        gc.enable()
