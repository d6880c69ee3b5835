"""What each fault of a connection says of the upstream, on real sockets: to all, to who asked, or nothing."""

import asyncio
import gzip
from contextlib import AsyncExitStack
from typing import Any

import pytest

from gateway.config.settings import Settings
from gateway.errors import FieldError
from gateway.upstream.credentials import Caller
from gateway.upstream.http.circuit_breaker import CircuitState
from gateway.upstream.http.fetcher import UpstreamFetcher
from gateway.upstream.http.transport import AiohttpTransport
from gateway.upstream.records import decoding
from tests.resilience import certificates, peer
from tests.resilience.faults import CERTIFICATES, LONG_HEAD, WIRE, Fault
from tests.resilience.peer import HEAD
from tests.unit.upstream.reading import fetch

pytestmark = pytest.mark.socket

CONNECT_SECONDS = 1.0
SECONDS = 2.0
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
GZIPPED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
IN_KLINGON = (
    b"HTTP/1.1 200 OK\r\nContent-Type: a/b;charset=klingon\r\nContent-Length: 2\r\n\r\n\xe9}"
)

EMPTY = b'{"items":[]}'


async def resets_in_the_handshake(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await reader.read(1)
    peer.reset(writer)


async def resets_at_once(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    peer.reset(writer)


async def stops_making_sense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(CHUNKED + b"c\r\n" + EMPTY + b"\r\n")
    await writer.drain()
    await asyncio.sleep(0.02)
    writer.write(b"xyz\r\n")
    await reader.read()


def handshake(script: peer.Script) -> Fault:
    return Fault(None, script=script, url="https://localhost:{port}")


UNCONNECTED = {
    **CERTIFICATES,
    **{
        name: WIRE[name]
        for name in (
            "refused",
            "no such host",
            "no TLS",
            "half a handshake",
            "black hole instead of a connection",
            "black hole in the handshake",
        )
    },
    "unreachable": Fault(None, ports=peer.nobody, url="http://255.255.255.255:{port}"),
    "reset in the handshake": handshake(resets_in_the_handshake),
    "reset before the handshake": handshake(resets_at_once),
    "closed in the handshake": handshake(peer.closes_after(b"")),
}
"""Nobody can ask the upstream anything."""

OWN = {
    name: WIRE[name]
    for name in (
        "black hole after connecting",
        "reset before the headers",
        "reset within the headers",
        "reset within the body",
        "closed before the headers",
        "closed within the headers",
        "stops within the body",
    )
}
"""Who asked got no answer."""


def says(sent: bytes) -> Fault:
    return Fault(None, script=peer.says(sent))


def closes_after(sent: bytes) -> Fault:
    return Fault(None, script=peer.closes_after(sent))


SPOILT = {
    **{
        name: WIRE[name]
        for name in ("truncated", "longer than it says", "a head without an end", "not HTTP")
    },
    "a head that is too large": says(LONG_HEAD % 12 + EMPTY),
    "a body that is too large": says(HEAD % 3000 + b" " * 3000),
    "half of its chunks": closes_after(CHUNKED + b"c\r\n" + EMPTY[:5]),
    "no chunk at all": says(CHUNKED + b"xyz\r\n"),
    "chunks that stop making sense": Fault(None, script=stops_making_sense),
    "two lengths": says(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n" + HEAD[17:] % 13 + EMPTY),
    "no JSON": says(HEAD % 6 + b"<html>"),
    "no gzip": says(GZIPPED % 12 + EMPTY),
    "half of its gzip": says(GZIPPED % 20 + gzip.compress(EMPTY)[:20]),
    "no such charset": says(IN_KLINGON),
    "a redirect": says(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"),
}
"""There was an answer, with which something is wrong."""


def reads_of(url: str, stack: AsyncExitStack, **settings: Any) -> UpstreamFetcher:
    given = {
        "upstream_url": url,
        "upstream_attempt_timeout_seconds": SECONDS,
        "upstream_connect_timeout_seconds": CONNECT_SECONDS,
        "upstream_attempts": 1,
        "circuit_breaker_reset_seconds": 60.0,
        "max_upstream_bytes": 2000,
        **settings,
    }
    transport = AiohttpTransport(max_connections=100, tls=certificates.trusting())
    stack.push_async_callback(transport.aclose)
    return UpstreamFetcher(Settings(**given), transport)


async def spoilt(fault: Fault, stack: AsyncExitStack) -> UpstreamFetcher:
    if fault.script is not None:
        port = (await stack.enter_async_context(peer.playing(fault.script))).port
    else:
        port = await stack.enter_async_context(fault.ports())
    return reads_of(fault.url.format(port=port), stack)


async def failure(reads: UpstreamFetcher, by: bytes, of: object) -> FieldError:
    with pytest.raises(FieldError) as failed:
        await fetch(reads, Caller((), by), "/things", decoding.items, query={"of": str(of)})
    return failed.value


async def opened(fault: Fault, reads_each: int) -> tuple[CircuitState, CircuitState]:
    """The breaker for all, and that of the one who asked so often."""
    async with AsyncExitStack() as stack:
        reads = await spoilt(fault, stack)
        await asyncio.gather(*[failure(reads, b"a", number) for number in range(reads_each)])
        breakers = reads.pipeline.circuit_breaker
        return breakers.state, breakers.key_state(b"a")


@pytest.mark.parametrize("fault", UNCONNECTED.values(), ids=UNCONNECTED)
async def test_where_there_is_no_connection_one_caller_s_reads_open_the_breaker_for_all(fault):
    assert (await opened(fault, 10))[0] is CircuitState.OPEN


@pytest.mark.parametrize("fault", OWN.values(), ids=OWN)
async def test_where_there_was_a_connection_they_open_that_of_the_caller_alone(fault):
    assert await opened(fault, 10) == (CircuitState.CLOSED, CircuitState.OPEN)


@pytest.mark.parametrize("fault", SPOILT.values(), ids=SPOILT)
async def test_what_is_wrong_with_an_answer_opens_none(fault):
    assert await opened(fault, 20) == (CircuitState.CLOSED, CircuitState.CLOSED)
