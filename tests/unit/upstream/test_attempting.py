"""What one caller's reads provoke costs nobody else: breakers, and bytes under way; the clock hurries."""

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from gateway.config.headers import RawHeaders
from gateway.errors import (
    FieldError,
    InvalidArgument,
    InvalidUpstreamResponse,
    ResponseTooLarge,
    UpstreamBusy,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from gateway.observability.event_loop import CooperativeSteps
from gateway.upstream.credentials import Caller
from gateway.upstream.http.circuit_breaker import CircuitState
from gateway.upstream.http.fetcher import UpstreamFetcher
from gateway.upstream.http.instrumentation import UpstreamInstrumentation
from gateway.upstream.http.response_protocol import HeadTooLarge, IncompleteBody
from gateway.upstream.http.transport import CertificateVerificationFailed
from gateway.upstream.records import decoding
from tests.unit.upstream.conftest import settings_of
from tests.unit.upstream.hurry import BACKEND
from tests.unit.upstream.reading import fetch

pytestmark = pytest.mark.usefixtures("no_task_left")

A, B, C, D = b"a", b"b", b"c", b"d"
EMPTY = b'{"items":[]}'

Answering = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def anyio_backend():
    return BACKEND


class UpstreamByCaller:
    """Answers each caller as a test says, and nothing where it says nothing; notes who has asked."""

    def __init__(self, **answers: Answering) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        by = request.url.params["by"]
        self.asked.append(by)
        answering = self.answers.get(by, sending(content=EMPTY))
        return answering(request)


def over(
    upstream: UpstreamByCaller, *, watch: UpstreamInstrumentation | None = None, **settings: Any
) -> UpstreamFetcher:
    return UpstreamFetcher(
        settings_of(**{"upstream_attempt_timeout_seconds": 100.0, **settings}),
        httpx.MockTransport(upstream),
        instrumentation=watch,
        clock=asyncio.get_running_loop().time,
        jitter=lambda: 1.0,
    )


async def read(
    reads: UpstreamFetcher,
    by: bytes,
    of: object = "x",
    *,
    headers: RawHeaders = (),
    decoded: Callable[[bytes], CooperativeSteps[object]] = decoding.items,
) -> FieldError | None:
    """What a caller is told; nothing where its read succeeds."""
    query = {"by": by.decode(), "of": str(of)}
    try:
        await fetch(reads, Caller(headers, by), "/things", decoded, query=query)
    except FieldError as error:
        return error
    return None


def raising(error: type[Exception]) -> Answering:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error("made up")

    return answer


def sending(status: int = 200, **sent: Any) -> Answering:
    return lambda _: httpx.Response(status, **sent)


def is_refused(error: FieldError | None) -> bool:
    return isinstance(error, UpstreamUnavailable) and error.retry_after is not None


# Surprises

CONTROLS = b'{"items":[{"id":"1\n","type":"note"}]}'
SURPRISING = {
    "unknown_charset": sending(
        content=EMPTY, headers={"content-type": "text/plain;charset=utf8mb4"}
    ),
    "control_characters": sending(content=CONTROLS),
}


@pytest.mark.parametrize(("reason", "sent"), SURPRISING.items())
async def test_what_is_read_leniently_is_counted_by_its_path(reason, sent):
    watch = UpstreamInstrumentation()
    reads = over(UpstreamByCaller(a=sent), watch=watch)
    for number in range(2):
        assert await read(reads, A, number) is None
    told = watch.metrics.exposition().decode()
    assert f'gateway_upstream_surprises_total{{path="/things",what="{reason}"}} 2.0' in told


# Failures of one and of all

NO_CONNECTION: dict[str, Answering] = {
    "refused": raising(httpx.ConnectError),
    "no connection in time": raising(httpx.ConnectTimeout),
    "a certificate": raising(CertificateVerificationFailed),
}
FAILING: dict[str, Answering] = {
    **{str(status): sending(status) for status in (500, 502, 503, 504)},
    "reset": raising(httpx.ReadError),
    "silence": raising(httpx.ReadTimeout),
    "an outage in a success": sending(json={"error": {"code": 500}}),
}


@pytest.mark.parametrize("failing", NO_CONNECTION.values(), ids=NO_CONNECTION)
async def test_no_connection_is_everybody_s_trouble_though_one_alone_has_asked(failing):
    upstream = UpstreamByCaller(a=failing)
    reads = over(upstream)
    for number in range(10):
        await read(reads, A, number)
    assert is_refused(await read(reads, B))
    assert upstream.asked == ["a"] * 10


@pytest.mark.parametrize("failing", FAILING.values(), ids=FAILING)
async def test_what_fails_for_one_is_its_own_trouble(failing):
    upstream = UpstreamByCaller(a=failing)
    reads = over(upstream)
    for number in range(20):
        await read(reads, A, number)
    assert is_refused(await read(reads, A))
    assert upstream.asked == ["a"] * 10
    assert [await read(reads, B, number) for number in range(100)] == [None] * 100


@pytest.mark.parametrize("failing", FAILING.values(), ids=FAILING)
async def test_what_fails_for_three_is_everybody_s_trouble(failing):
    upstream = UpstreamByCaller(a=failing, b=failing, c=failing)
    reads = over(upstream)
    for number in range(4):
        for by in (A, B, C):
            await read(reads, by, number)
    assert upstream.asked == [*"abc" * 3, "a"]
    assert is_refused(await read(reads, D))


async def test_what_fails_for_two_is_not():
    upstream = UpstreamByCaller(a=sending(500), b=sending(500))
    reads = over(upstream)
    for number in range(20):
        for by in (A, B):
            await read(reads, by, number)
    assert [await read(reads, D, number) for number in range(100)] == [None] * 100


async def test_a_trial_is_another_s_than_of_who_failed_last():
    upstream = UpstreamByCaller(a=sending(500), b=sending(500), c=sending(500))
    reads = over(upstream)
    for number in range(4):
        for by in (A, B, C):
            await read(reads, by, number)
    assert is_refused(await read(reads, D))
    upstream.asked.clear()
    await asyncio.sleep(0.5)
    assert is_refused(await read(reads, A))  # who failed last
    assert await read(reads, D) is None
    assert upstream.asked == ["d"]
    assert await read(reads, B) is not None
    assert upstream.asked == ["d", "b"]


@pytest.mark.parametrize(
    ("raised", "retryable"), [(CertificateVerificationFailed, False), (httpx.ConnectError, True)]
)
async def test_whom_the_breaker_refuses_is_told_whether_asking_again_may_help(raised, retryable):
    reads = over(UpstreamByCaller(a=raising(raised)), upstream_attempts=1)
    told = [await read(reads, A, number) for number in range(20)]
    assert is_refused(told[-1])
    assert {bool(error and error.retryable) for error in told} == {retryable}


async def test_what_cannot_be_sent_says_nothing_of_the_upstream():
    upstream = UpstreamByCaller(a=raising(httpx.ConnectError))
    reads = over(upstream)
    for number in range(10):
        await read(reads, A, number)
    await asyncio.sleep(0.5)
    assert isinstance(await read(reads, B, headers=((b"apiKey", "clé".encode()),)), InvalidArgument)
    assert reads.pipeline.circuit_breaker.state is CircuitState.OPEN


# What is wrong with one answer


class Body(httpx.AsyncByteStream):
    """Sends pieces; then fails, or waits until it is let go on, or ends."""

    def __init__(
        self, *pieces: bytes, then: Exception | None = None, gate: asyncio.Event | None = None
    ) -> None:
        self._pieces = pieces
        self._then = then
        self._gate = gate

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        if self._gate is not None:
            await self._gate.wait()
        if self._then is not None:
            raise self._then

    async def aclose(self) -> None: ...


GZIP = {"content-encoding": "gzip"}
SPOILT: dict[str, tuple[Answering, type[FieldError], int]] = {
    "too large a body": (sending(content=b" " * 2001), ResponseTooLarge, 1),
    "too large a page of a failure": (sending(500, content=b" " * 2001), ResponseTooLarge, 1),
    "too large a head": (raising(HeadTooLarge), ResponseTooLarge, 1),
    "no JSON": (sending(content=b"<html>"), InvalidUpstreamResponse, 1),
    "half of it": (sending(content=EMPTY[:5]), InvalidUpstreamResponse, 1),
    "no bytes": (sending(), InvalidUpstreamResponse, 1),
    "no list": (sending(json={"items": {}}), InvalidUpstreamResponse, 1),
    "not compressed": (
        lambda _: httpx.Response(200, headers=GZIP, stream=Body(EMPTY)),
        InvalidUpstreamResponse,
        1,
    ),
    "compressed twice": (
        lambda _: httpx.Response(200, headers={"content-encoding": "gzip, gzip"}, stream=Body()),
        InvalidUpstreamResponse,
        1,
    ),
    "a wrong sum": (
        lambda _: httpx.Response(
            200, headers=GZIP, stream=Body(gzip.compress(EMPTY)[:-8] + bytes(8))
        ),
        InvalidUpstreamResponse,
        1,
    ),
    "a bomb": (
        lambda _: httpx.Response(200, headers=GZIP, stream=Body(gzip.compress(bytes(10_000_000)))),
        ResponseTooLarge,
        1,
    ),
    "another charset": (
        sending(content=b"\xff", headers={"content-type": "text/plain;charset=windows-1253"}),
        InvalidUpstreamResponse,
        1,
    ),
    "no charset": (
        sending(content=b'["\xe9"]', headers={"content-type": "text/plain;charset=klingon"}),
        InvalidUpstreamResponse,
        1,
    ),
    "a redirect": (sending(302), InvalidUpstreamResponse, 1),
    "an odd status": (sending(204), InvalidUpstreamResponse, 1),
    "a status that no GET has": (sending(405), InvalidUpstreamResponse, 1),
    "a proxy's status": (sending(407), InvalidUpstreamResponse, 1),
    "shorter than announced": (
        lambda _: httpx.Response(200, stream=Body(EMPTY, then=IncompleteBody("made up"))),
        UpstreamUnavailable,
        3,
    ),
    "longer than announced": (raising(httpx.RemoteProtocolError), UpstreamUnavailable, 3),
}
"""What is sent, what is told, and how often a read is tried."""


@pytest.mark.sample(6)
@pytest.mark.parametrize(("sent", "told", "tried"), SPOILT.values(), ids=SPOILT)
async def test_what_is_wrong_with_an_answer_is_that_read_s_own_failure(sent, told, tried):
    upstream = UpstreamByCaller(a=sent)
    reads = over(upstream, upstream_attempts=3, max_upstream_bytes=2000)
    assert type(await read(reads, A, "first")) is told
    assert len(upstream.asked) == tried
    for number in range(20):
        assert type(await read(reads, A, number)) is told
    if tried == 1:
        assert len(upstream.asked) == 21
    assert reads.pipeline.circuit_breaker.state is CircuitState.CLOSED
    assert reads.pipeline.circuit_breaker.key_state(A) is CircuitState.CLOSED
    assert reads.pipeline.byte_budget.reserved_bytes == 0


# Bytes under way

SMALL: dict[str, Any] = {"max_upstream_bytes": 1000, "max_upstream_bytes_in_flight": 1000}


def held_up(count: int, gate: asyncio.Event) -> Answering:
    """An answer of so many bytes that has come, but for its end."""
    return lambda _: httpx.Response(200, stream=Body(EMPTY + b" " * (count - 12), gate=gate))


async def test_an_answer_there_is_no_room_for_is_told_so_and_says_nothing_of_the_upstream():
    gate = asyncio.Event()
    watch = UpstreamInstrumentation()
    upstream = UpstreamByCaller(a=held_up(600, gate))
    reads = over(upstream, watch=watch, upstream_attempts=3, **SMALL)
    first = asyncio.create_task(read(reads, A, "first"))
    await asyncio.sleep(1)
    assert reads.pipeline.byte_budget.reserved_bytes == 600
    for number in range(20):
        error = await read(reads, A, number)
        assert isinstance(error, UpstreamBusy)
        assert error.extensions == {
            "code": "UPSTREAM_BUSY",
            "retryable": True,
            "retryAfter": 1,
            "reason": "memory_budget",
        }
    assert len(upstream.asked) == 21
    assert reads.pipeline.circuit_breaker.key_state(A) is CircuitState.CLOSED
    told = watch.metrics.exposition().decode()
    assert 'gateway_upstream_rejections_total{reason="memory_budget"} 20.0' in told
    assert reads.pipeline.byte_budget.reserved_bytes == 600
    gate.set()
    assert await first is None
    assert reads.pipeline.byte_budget.reserved_bytes == 0
    assert await read(reads, A, "again") is None


async def test_no_room_here_is_no_trial_of_the_upstream():
    gate = asyncio.Event()
    upstream = UpstreamByCaller(a=held_up(600, gate), b=raising(httpx.ConnectError))
    reads = over(upstream, **SMALL)
    first = asyncio.create_task(read(reads, A, "first"))
    await asyncio.sleep(1)
    for number in range(11):
        await read(reads, B, number)
    assert reads.pipeline.circuit_breaker.state is CircuitState.OPEN
    await asyncio.sleep(0.5)
    assert isinstance(await read(reads, A), UpstreamBusy)
    assert reads.pipeline.circuit_breaker.state is CircuitState.OPEN
    gate.set()
    assert await first is None


async def test_one_caller_has_half_of_it_where_another_reads_and_the_other_has_the_rest():
    gate = asyncio.Event()
    upstream = UpstreamByCaller(a=held_up(250, gate), b=held_up(500, gate))
    reads = over(upstream, **SMALL)
    other = asyncio.create_task(read(reads, B))
    await asyncio.sleep(1)
    own = [asyncio.create_task(read(reads, A, number)) for number in range(4)]
    await asyncio.sleep(1)
    assert [task.done() for task in own] == [False, False, True, True]
    assert reads.pipeline.byte_budget.reserved_bytes == 1000
    gate.set()
    told = await asyncio.gather(other, *own)
    assert [type(each) for each in told] == [type(None)] * 3 + [UpstreamBusy] * 2
    assert reads.pipeline.byte_budget.reserved_bytes == 0


async def test_another_s_reads_succeed_while_one_has_all_that_it_may():
    gate = asyncio.Event()
    reads = over(UpstreamByCaller(a=held_up(250, gate)), **SMALL)
    own = [asyncio.create_task(read(reads, A, number)) for number in range(3)]
    await asyncio.sleep(1)
    for number in range(100):
        assert await read(reads, B, number) is None
    gate.set()
    assert await asyncio.gather(*own) == [None] * 3


ENDS: dict[str, Answering] = {
    "broken off": lambda _: httpx.Response(
        200, stream=Body(b" " * 300, then=httpx.ReadError("made up"))
    ),
    "too large": sending(content=b" " * 1001),
    "a failure": sending(500, content=b" " * 300),
    "no JSON": sending(content=b"?" * 300),
    "stops being compressed": lambda _: httpx.Response(
        200, headers=GZIP, stream=Body(gzip.compress(b" " * 300)[:-8], bytes(8))
    ),
    "a bug": raising(ZeroDivisionError),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
async def test_nothing_is_held_after_a_read_however_it_ends(end):
    reads = over(UpstreamByCaller(a=end), **SMALL)
    try:
        assert await read(reads, A) is not None
    except ZeroDivisionError:
        assert end is ENDS["a bug"]
    assert reads.pipeline.byte_budget.reserved_bytes == 0


async def test_nothing_is_held_after_a_read_that_took_too_long():
    reads = over(
        UpstreamByCaller(a=held_up(300, asyncio.Event())),
        upstream_attempt_timeout_seconds=5.0,
        **SMALL,
    )
    reading = asyncio.create_task(read(reads, A))
    await asyncio.sleep(4)
    assert reads.pipeline.byte_budget.reserved_bytes == 300
    assert isinstance(await reading, UpstreamTimeout)
    assert reads.pipeline.byte_budget.reserved_bytes == 0


async def test_nothing_is_held_after_the_callers_of_a_read_have_left(settle):
    reads = over(UpstreamByCaller(a=held_up(300, asyncio.Event())), **SMALL)
    waiting = [asyncio.create_task(read(reads, A)) for _ in range(2)]
    await asyncio.sleep(1)
    for held, task in zip((300, 0), waiting, strict=True):
        task.cancel()
        await settle()
        assert reads.pipeline.byte_budget.reserved_bytes == held


def in_two_steps(body: bytes) -> CooperativeSteps[int]:
    yield
    if body == b"broken":
        raise InvalidUpstreamResponse("made up")
    return len(body)


@pytest.mark.parametrize("body", [EMPTY, b"broken"])
async def test_bytes_are_held_until_the_answer_is_decoded(body):
    held: list[int] = []

    def decoded(body: bytes) -> CooperativeSteps[int]:
        steps = in_two_steps(body)
        for _ in steps:
            held.append(reads.pipeline.byte_budget.reserved_bytes)
            yield
        return len(body)

    reads = over(UpstreamByCaller(a=sending(content=body)), **SMALL)
    await read(reads, A, decoded=decoded)
    assert (held, reads.pipeline.byte_budget.reserved_bytes) == ([len(body)], 0)


async def test_nothing_is_held_by_who_leaves_while_the_answer_is_decoded(settle):
    def decoded(_: bytes) -> CooperativeSteps[None]:
        while True:
            yield

    reads = over(UpstreamByCaller(), **SMALL)
    reading = asyncio.create_task(read(reads, A, decoded=decoded))
    await settle()
    assert reads.pipeline.byte_budget.reserved_bytes == len(EMPTY)
    reading.cancel()
    await settle()
    assert reads.pipeline.byte_budget.reserved_bytes == 0


async def test_nothing_is_held_by_who_waits_for_a_further_attempt():
    slow = sending(503, content=b" " * 300, headers={"retry-after": "7"})
    reads = over(UpstreamByCaller(a=slow), upstream_attempts=2, **SMALL)
    reading = asyncio.create_task(read(reads, A))
    await asyncio.sleep(5)
    assert (reading.done(), reads.pipeline.byte_budget.reserved_bytes) == (False, 0)
    assert isinstance(await reading, UpstreamUnavailable)


@pytest.mark.parametrize(
    ("coding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
async def test_what_is_counted_is_what_was_compressed(coding, compress):
    gate = asyncio.Event()
    sent = Body(compress(EMPTY + b" " * 588), gate=gate)
    reads = over(
        UpstreamByCaller(
            a=lambda _: httpx.Response(200, headers={"content-encoding": coding}, stream=sent)
        ),
        **SMALL,
    )
    reading = asyncio.create_task(read(reads, A))
    await asyncio.sleep(1)
    assert reads.pipeline.byte_budget.reserved_bytes == 600
    gate.set()
    assert await reading is None


async def test_a_bomb_is_given_up_as_soon_as_there_is_no_room_for_more_of_it():
    """64 kB on the wire that stand for 31 MB, of which no more than the half are ever there."""
    bomb = zlib.compress(bytes(31_000_000), 9)
    assert len(bomb) < 65_536
    gate = asyncio.Event()
    upstream = UpstreamByCaller(
        a=lambda _: httpx.Response(200, headers={"content-encoding": "deflate"}, stream=Body(bomb)),
        b=held_up(20, gate),
    )
    reads = over(upstream, max_upstream_bytes=40_000_000, max_upstream_bytes_in_flight=40_000_000)
    other = asyncio.create_task(read(reads, B))
    await asyncio.sleep(1)
    tracemalloc.start()
    told = await read(reads, A)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(told, UpstreamBusy)
    assert 15_000_000 < peak < 23_000_000
    assert reads.pipeline.byte_budget.reserved_bytes == 20
    gate.set()
    assert await other is None
