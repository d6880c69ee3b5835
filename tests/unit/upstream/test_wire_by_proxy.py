"""Calls by a proxy: a real one, on a port of its own, before upstreams whose names nobody else knows."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx
import pytest

from gateway.config.proxies import Proxy
from gateway.errors import UpstreamUnavailable
from gateway.upstream.credentials import Caller
from gateway.upstream.http.failure_reason import FailureReason
from gateway.upstream.http.transport import AiohttpTransport, ConnectFailed
from tests.resilience import certificates, peer
from tests.unit.upstream.reading import result_of

pytestmark = pytest.mark.socket

NOBODY = Caller((), b"")
ANSWER = peer.HEAD % 12 + b'{"items":[]}'


@dataclass
class ProxyServer:
    """Passes on to one port whatever it is asked for, or refuses.

    Attributes:
        port: Where it listens.
        heads: What it was asked, each with its headers.
        refusal: What it answers instead of passing on.
    """

    port: int = 0
    heads: list[str] = field(default_factory=list)
    refusal: bytes = b""

    def at(self, user: str | None = None, password: str = "") -> Proxy:
        return Proxy("http", "127.0.0.1", self.port, user, password)


@asynccontextmanager
async def proxy_before(upstream_port: int) -> AsyncIterator[ProxyServer]:
    server = ProxyServer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                server.heads.append(head.decode("latin-1"))
                if server.refusal:
                    writer.write(server.refusal)
                    break
                if not head.startswith(b"CONNECT "):
                    writer.write(ANSWER)
                    continue
                there, back = await asyncio.open_connection("127.0.0.1", upstream_port)
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await asyncio.gather(passed_on(reader, back), passed_on(there, writer))
                break
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        server.port = listening.sockets[0].getsockname()[1]
        yield server


async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
    writer.close()


async def test_what_is_not_encrypted_is_asked_of_the_proxy_by_its_whole_address():
    async with proxy_before(0) as server:
        by_proxy = AiohttpTransport(max_connections=1, proxy=server.at("me", "p:ss ü"))
        async with httpx.AsyncClient(transport=by_proxy, trust_env=False) as http:
            for _ in range(2):
                assert (await http.get("http://upstream.test/a?b=c")).json() == {"items": []}
    assert [head.splitlines()[0] for head in server.heads] == [
        "GET http://upstream.test/a?b=c HTTP/1.1"
    ] * 2
    credentials = base64.b64encode("me:p:ss ü".encode()).decode()
    for head in server.heads:  # also on the connection that is kept
        assert f"Proxy-Authorization: Basic {credentials}" in head


async def test_what_is_encrypted_goes_through_the_proxy_and_is_verified():
    tls = certificates.serving(certificates.in_order())
    received: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                received.append(head)
                writer.write(ANSWER)
        writer.close()

    async with (
        await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls) as listening,
        proxy_before(listening.sockets[0].getsockname()[1]) as server,
    ):
        by_proxy = AiohttpTransport(
            max_connections=1, proxy=server.at("me", "hunter2"), tls=certificates.trusting()
        )
        async with httpx.AsyncClient(transport=by_proxy, trust_env=False) as http:
            for _ in range(2):
                headers = {"apiKey": "secret"}
                found = await http.get("https://localhost/", headers=headers)
                assert found.json() == {"items": []}
            with pytest.raises(httpx.ConnectError):
                await http.get("https://another.example/")
    first, *others = server.heads
    assert first.startswith("CONNECT localhost:443 HTTP/1.1\r\n")
    assert "\r\nProxy-Authorization: Basic " in first
    assert "secret" not in first
    assert len(received) == 2
    assert b"Proxy-Authorization" not in b"".join(received)
    assert len(others) == 1  # for the other name: the connection is kept


@pytest.mark.parametrize("status", [b"407 Proxy Authentication Required", b"502 Bad Gateway"])
async def test_a_proxy_that_makes_no_connection_is_an_upstream_that_cannot_be_reached(
    upstream_over, status
):
    async with proxy_before(0) as server:
        server.refusal = b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n"
        by_proxy = AiohttpTransport(max_connections=1, proxy=server.at())
        async with by_proxy:
            with pytest.raises(ConnectFailed) as failure:
                await by_proxy.handle_async_request(httpx.Request("GET", "https://upstream.test/"))
            assert failure.value.reason is FailureReason.PROXY_FAILED
            upstream = upstream_over(by_proxy, upstream_url="https://upstream.test")
            with pytest.raises(UpstreamUnavailable, match="could not be reached"):
                await result_of(upstream.activities(NOBODY, "7"))


async def test_a_proxy_that_is_not_there_is_one_as_well():
    gone = Proxy("http", "127.0.0.1", 9)
    async with AiohttpTransport(max_connections=1, proxy=gone) as by_proxy:
        for url in ("http://upstream.test/", "https://upstream.test/"):
            with pytest.raises(ConnectFailed) as failure:
                await by_proxy.handle_async_request(httpx.Request("GET", url))
            assert failure.value.reason is FailureReason.PROXY_FAILED
