"""What one caller's reads provoke costs nobody else: breakers; the clock hurries."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from gateway.errors import (
    ContractBroken,
    InputRefused,
    ResponseTooLarge,
    UpstreamError,
    UpstreamUnavailable,
)
from gateway.tracing import Headers
from gateway.upstream import decode
from gateway.upstream.breaker import State
from gateway.upstream.caller import Caller
from gateway.upstream.connections import CutOff, HeadTooLarge
from gateway.upstream.reads import Reads
from gateway.upstream.wire import CertificateRefused
from tests.upstream.conftest import settings_of
from tests.upstream.hurry import BACKEND

pytestmark = pytest.mark.usefixtures("no_task_left")

A, B, C, D = b"a", b"b", b"c", b"d"
EMPTY = b'{"items":[]}'

Answering = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def anyio_backend():
    return BACKEND


class Upstream:
    """Answers each caller as a test says, and nothing where it says nothing; notes who has asked."""

    def __init__(self, **answers: Answering) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        by = request.url.params["by"]
        self.asked.append(by)
        answering = self.answers.get(by, sending(content=EMPTY))
        return answering(request)


def over(upstream: Upstream, **settings: Any) -> Reads:
    return Reads(
        settings_of(**{"upstream_timeout_seconds": 100.0, **settings}),
        httpx.MockTransport(upstream),
        clock=asyncio.get_running_loop().time,
        chance=lambda: 1.0,
    )


async def read(
    reads: Reads,
    by: bytes,
    of: object = "x",
    *,
    headers: Headers = (),
) -> UpstreamError | None:
    """What a caller is told; nothing where its read succeeds."""
    query = {"by": by.decode(), "of": str(of)}
    try:
        await reads.get(Caller(headers, by), "/things", decode.items, query=query)
    except UpstreamError as error:
        return error
    return None


def raising(error: type[Exception]) -> Answering:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error("made up")

    return answer


def sending(status: int = 200, **sent: Any) -> Answering:
    return lambda _: httpx.Response(status, **sent)


def is_refused(error: UpstreamError | None) -> bool:
    return isinstance(error, UpstreamUnavailable) and error.retry_after is not None


# Failures of one and of all

NO_CONNECTION: dict[str, Answering] = {
    "refused": raising(httpx.ConnectError),
    "no connection in time": raising(httpx.ConnectTimeout),
    "a certificate": raising(CertificateRefused),
}
FAILING: dict[str, Answering] = {
    **{str(status): sending(status) for status in (500, 502, 503, 504)},
    "reset": raising(httpx.ReadError),
    "silence": raising(httpx.ReadTimeout),
    "an outage in a success": sending(json={"error": {"code": 500}}),
}


@pytest.mark.parametrize("failing", NO_CONNECTION.values(), ids=NO_CONNECTION)
async def test_no_connection_is_everybody_s_trouble_though_one_alone_has_asked(failing):
    upstream = Upstream(a=failing)
    reads = over(upstream)
    for number in range(10):
        await read(reads, A, number)
    assert is_refused(await read(reads, B))
    assert upstream.asked == ["a"] * 10


@pytest.mark.parametrize("failing", FAILING.values(), ids=FAILING)
async def test_what_fails_for_one_is_its_own_trouble(failing):
    upstream = Upstream(a=failing)
    reads = over(upstream)
    for number in range(20):
        await read(reads, A, number)
    assert is_refused(await read(reads, A))
    assert upstream.asked == ["a"] * 10
    assert [await read(reads, B, number) for number in range(100)] == [None] * 100


@pytest.mark.parametrize("failing", FAILING.values(), ids=FAILING)
async def test_what_fails_for_three_is_everybody_s_trouble(failing):
    upstream = Upstream(a=failing, b=failing, c=failing)
    reads = over(upstream)
    for number in range(4):
        for by in (A, B, C):
            await read(reads, by, number)
    assert upstream.asked == [*"abc" * 3, "a"]
    assert is_refused(await read(reads, D))


async def test_what_fails_for_two_is_not():
    upstream = Upstream(a=sending(500), b=sending(500))
    reads = over(upstream)
    for number in range(20):
        for by in (A, B):
            await read(reads, by, number)
    assert [await read(reads, D, number) for number in range(100)] == [None] * 100


async def test_a_trial_is_another_s_than_of_who_failed_last():
    upstream = Upstream(a=sending(500), b=sending(500), c=sending(500))
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


async def test_what_cannot_be_sent_says_nothing_of_the_upstream():
    upstream = Upstream(a=raising(httpx.ConnectError))
    reads = over(upstream)
    for number in range(10):
        await read(reads, A, number)
    await asyncio.sleep(0.5)
    assert isinstance(await read(reads, B, headers=(("apiKey", "clé"),)), InputRefused)
    assert reads.attempting.breakers.state is State.OPEN


# What is wrong with one answer


class Body(httpx.AsyncByteStream):
    """Sends pieces; then fails, or ends."""

    def __init__(self, *pieces: bytes, then: Exception | None = None) -> None:
        self._pieces = pieces
        self._then = then

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        if self._then is not None:
            raise self._then

    async def aclose(self) -> None: ...


GZIP = {"content-encoding": "gzip"}
SPOILT: dict[str, tuple[Answering, type[UpstreamError], int]] = {
    "too large a body": (sending(content=b" " * 2001), ResponseTooLarge, 1),
    "too large a page of a failure": (sending(500, content=b" " * 2001), ResponseTooLarge, 1),
    "too large a head": (raising(HeadTooLarge), ResponseTooLarge, 1),
    "no JSON": (sending(content=b"<html>"), ContractBroken, 1),
    "half of it": (sending(content=EMPTY[:5]), ContractBroken, 1),
    "no bytes": (sending(), ContractBroken, 1),
    "no list": (sending(json={"items": {}}), ContractBroken, 1),
    "not compressed": (
        lambda _: httpx.Response(200, headers=GZIP, stream=Body(EMPTY)),
        ContractBroken,
        1,
    ),
    "compressed twice": (
        lambda _: httpx.Response(200, headers={"content-encoding": "gzip, gzip"}, stream=Body()),
        ContractBroken,
        1,
    ),
    "a wrong sum": (
        lambda _: httpx.Response(
            200, headers=GZIP, stream=Body(gzip.compress(EMPTY)[:-8] + bytes(8))
        ),
        ContractBroken,
        1,
    ),
    "a bomb": (
        lambda _: httpx.Response(200, headers=GZIP, stream=Body(gzip.compress(bytes(10_000_000)))),
        ResponseTooLarge,
        1,
    ),
    "another charset": (
        sending(content=b"\x81", headers={"content-type": "text/plain;charset=windows-1252"}),
        ContractBroken,
        1,
    ),
    "no charset": (
        sending(content=EMPTY, headers={"content-type": "text/plain;charset=klingon"}),
        ContractBroken,
        1,
    ),
    "a redirect": (sending(302), ContractBroken, 1),
    "an odd status": (sending(204), ContractBroken, 1),
    "shorter than announced": (
        lambda _: httpx.Response(200, stream=Body(EMPTY, then=CutOff("made up"))),
        UpstreamUnavailable,
        3,
    ),
    "longer than announced": (raising(httpx.RemoteProtocolError), UpstreamUnavailable, 3),
}
"""What is sent, what is told, and how often a read is tried."""


@pytest.mark.parametrize(("sent", "told", "tried"), SPOILT.values(), ids=SPOILT)
async def test_what_is_wrong_with_an_answer_is_that_read_s_own_failure(sent, told, tried):
    upstream = Upstream(a=sent)
    reads = over(upstream, upstream_attempts=3, max_upstream_bytes=2000)
    assert type(await read(reads, A, "first")) is told
    assert len(upstream.asked) == tried
    for number in range(20):
        assert type(await read(reads, A, number)) is told
    if tried == 1:
        assert len(upstream.asked) == 21
    assert reads.attempting.breakers.state is State.CLOSED
    assert reads.attempting.breakers.state_of(A) is State.CLOSED
