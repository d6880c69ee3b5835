import asyncio
import gzip
import socket
import threading
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn

from gateway.errors import (
    FieldError,
    InvalidUpstreamResponse,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from gateway.sandbox.app import create_sandbox
from gateway.sandbox.fault_injection.protocol import SandboxProtocol
from gateway.upstream.credentials import Caller
from gateway.upstream.http.attempt import HttpAttempt
from gateway.upstream.http.failure_reason import FailureReason
from gateway.upstream.http.response_protocol import HeadTooLarge, IncompleteBody
from gateway.upstream.http.transport import AiohttpTransport, ConnectFailed
from gateway.upstream.records import decoding
from tests.support.processes import PATIENCE_SECONDS
from tests.unit.upstream.conftest import settings_of
from tests.unit.upstream.reading import result_of

pytestmark = pytest.mark.socket

PATH = "/api/2.3/activities"
NOBODY = Caller((), b"")
EMPTY = b'{"items":[]}'
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
GZIPPED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"


def answer(body: bytes = EMPTY, *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer, as it stands on the wire."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


Script = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """A server that answers by a script, and notes the heads of the requests it got.

    Attributes:
        url: Where it is.
        heads: One text per request: its first line and its headers.
        connections: How many were opened.
        left: Set when a caller has closed a connection.
    """

    def __init__(self, script: Script) -> None:
        self.url = ""
        self.heads: list[str] = []
        self.connections = 0
        self.left = asyncio.Event()
        self._script = script
        self._serving: set[asyncio.Task[None]] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            while head := await _head(reader):
                self.heads.append(head.decode())
                await self._script(head, writer)
                await writer.drain()
            self.left.set()
        except ConnectionError:
            self.left.set()
        finally:
            writer.close()
            self._serving.discard(task)

    async def aclose(self) -> None:
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


@asynccontextmanager
async def serving(script: Script | bytes) -> AsyncIterator[Server]:
    async def send(head: bytes, writer: asyncio.StreamWriter) -> None:
        assert isinstance(script, bytes)
        writer.write(script)

    server = Server(send if isinstance(script, bytes) else script)
    listening = await asyncio.start_server(server.connected, "127.0.0.1", 0)
    async with listening:
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield server
        await server.aclose()


@asynccontextmanager
async def serving_the_sandbox() -> AsyncIterator[httpx.AsyncClient]:
    """The sandbox behind a port of its own, and an HTTP client to set its faults with."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(create_sandbox(), http=SandboxProtocol, log_config=None)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=url) as rest:
            yield rest
        server.should_exit = True
        await running


def sandbox_caller(account: str) -> Caller:
    headers = (
        (b"apiKey", f"sandbox-key-{account}".encode()),
        (b"token", f"sandbox-token-{account}".encode()),
    )
    return Caller(headers, account.encode())


async def calls(rest: httpx.AsyncClient) -> int:
    counted = (await rest.get("/_sandbox/calls")).json()["calls"]
    return int(counted.get(f"GET {PATH}", 0))


@pytest.fixture
async def transport():
    async with AiohttpTransport(max_connections=10) as transport:
        yield transport


@pytest.fixture
async def http(transport):
    return httpx.AsyncClient(transport=transport, trust_env=False, timeout=5)


@pytest.fixture(params=["aiohttp", "httpx"])
async def upstream_at(request, upstream_over, transport):
    """Makes an `Upstream` that calls a real address, over the gateway's transport and over httpx's own."""
    if request.param == "httpx":
        limits = httpx.Limits(max_connections=10)
        transport = httpx.AsyncHTTPTransport(trust_env=False, limits=limits)
    return lambda url, **settings: upstream_over(transport, upstream_url=str(url), **settings)


@pytest.fixture
async def upstream_by_aiohttp(upstream_over, transport):
    """Makes an `Upstream` that calls a real address, over the gateway's transport."""
    return lambda url, **settings: upstream_over(transport, upstream_url=str(url), **settings)


@pytest.fixture
def free_url():
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    return f"http://127.0.0.1:{port}"


# No connection


async def test_a_refused_connection_is_a_connect_error(http, free_url):
    with pytest.raises(ConnectFailed) as failure:
        await http.get(free_url)
    assert failure.value.reason is FailureReason.CONNECTION_REFUSED


async def test_a_host_that_nobody_knows_is_a_connect_error(http):
    with pytest.raises(ConnectFailed) as failure:
        await http.get("http://nowhere.invalid/")
    assert failure.value.reason is FailureReason.NAME_NOT_RESOLVED


async def test_a_refused_connection_is_unavailable_and_not_a_time_out(upstream_at, free_url):
    upstream = upstream_at(free_url)
    with pytest.raises(FieldError) as failure:
        await result_of(upstream.activities(NOBODY, "7"))
    assert type(failure.value) is UpstreamUnavailable


async def test_a_server_that_speaks_no_tls_is_a_connect_error(http):
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer())
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(ConnectFailed) as failure:
            await http.get(f"https://127.0.0.1:{port}/")
    assert failure.value.reason is FailureReason.TLS_FAILED


async def test_a_connection_that_is_not_made_in_time_is_a_connect_time_out(http):
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # the beginning of a handshake, and then the end
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(httpx.ConnectTimeout):
            await http.get(f"https://127.0.0.1:{port}/", timeout=httpx.Timeout(5, connect=0.02))
        await asyncio.sleep(0.01)


# Half an answer, or none


async def test_an_answer_arrives_with_all_its_headers(http):
    sent = answer(b"body", "X-Twice: 1", "X-Twice: 2", "Content-Type: text/plain", status="404 No")
    async with serving(sent) as server:
        response = await http.get(server.url)
    assert (response.status_code, response.content) == (404, b"body")
    assert response.headers.get_list("x-twice") == ["1", "2"]


@pytest.mark.parametrize("status", ["000 Zero", "099 Low"])
async def test_an_answer_with_a_status_below_100_is_no_interim_one(http, status):
    """Else another answer would be waited for until the time is up."""
    async with serving(answer(status=status)) as server:
        response = await http.get(server.url)
    assert (response.status_code, response.content) == (int(status[:3]), EMPTY)


async def test_a_large_answer_arrives_whole(http):
    body = bytes(range(256)) * 8000
    async with serving(answer(body)) as server:
        assert (await http.get(server.url)).content == body


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"drop": "before"}, UpstreamUnavailable),
        ({"drop": "headers"}, UpstreamUnavailable),
        ({"drop": "body"}, UpstreamUnavailable),
        ({"truncate": 10}, UpstreamUnavailable),
        ({"truncate": 0}, UpstreamUnavailable),
        ({"bodyBytes": 200_000, "truncate": 100_000}, UpstreamUnavailable),
        ({"status": 200, "body": "{"}, InvalidUpstreamResponse),
        ({"delayMilliseconds": 400}, UpstreamTimeout),
    ],
    ids=["before", "headers", "body", "short", "nothing", "chunked", "broken", "slow"],
)
async def test_a_spoilt_answer_is_an_error_of_ours_and_the_next_one_is_read(
    upstream_at, fault, expected
):
    async with serving_the_sandbox() as rest:
        await rest.put("/_sandbox/faults", json=[{"path": PATH, "times": 1, **fault}])
        upstream = upstream_at(rest.base_url, upstream_attempt_timeout_seconds=0.2)
        with pytest.raises(FieldError) as failure:
            await result_of(upstream.activities(sandbox_caller("1"), "1100"))
        assert type(failure.value) is expected
        assert (await result_of(upstream.activities(sandbox_caller("1"), "1100"))).content


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 two hundred\r\n\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", HeadTooLarge),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", httpx.RemoteProtocolError),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            httpx.RemoteProtocolError,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Le", httpx.ReadError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", IncompleteBody),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort", IncompleteBody),
        (b"", httpx.ReadError),
    ],
    ids=[
        "ssh",
        "status",
        "header",
        "longheader",
        "length",
        "chunk",
        "halfhead",
        "halfbody",
        "halfchunks",
        "nothing",
    ],
)
async def test_what_is_not_http_or_ends_too_soon_is_an_error_of_httpx(http, sent, expected):
    async def script(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        writer.close()

    async with serving(script) as server:
        with pytest.raises(httpx.HTTPError) as failure:
            await http.get(server.url)
        assert type(failure.value) is expected
        assert len(server.heads) == 1


async def test_chunks_that_stop_making_sense_are_told_at_once(http):
    """aiohttp closes such a connection, but does not wake who reads the body."""

    async def script(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(CHUNKED + b"5\r\nfirst\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(b"xyz\r\n")

    async with serving(script) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get(server.url, timeout=5)
        await asyncio.wait_for(server.left.wait(), PATIENCE_SECONDS)


async def test_a_connection_that_is_reset_is_a_read_error(http):
    async def script(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with serving(script) as server:
        with pytest.raises(httpx.ReadError):
            await http.get(server.url)


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        CHUNKED + b"5\r\nshort\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nas long as the connection",
    ],
)
async def test_a_connection_that_is_reset_in_the_body_is_a_read_error(http, sent):
    async def script(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        await writer.drain()
        await asyncio.sleep(0.01)
        linger = b"\1\0\0\0\0\0\0\0"  # on, for no seconds: closing resets
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    async with serving(script) as server:
        with pytest.raises(httpx.ReadError) as failure:
            await http.get(server.url)
        assert type(failure.value) is httpx.ReadError


# Slow answers


async def test_an_answer_that_drips_is_given_up_in_time_and_its_connection_closed(upstream_at):
    async def script(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.005)

    async with serving(script) as server:
        upstream = upstream_at(server.url, upstream_attempt_timeout_seconds=0.05)
        with pytest.raises(UpstreamTimeout):
            await result_of(upstream.activities(NOBODY, "7"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await server.left.wait()


async def test_a_caller_that_leaves_takes_its_connection_along(upstream_at):
    async def script(head: bytes, writer: asyncio.StreamWriter) -> None:
        started.set()

    started = asyncio.Event()
    async with serving(script) as server:
        upstream = upstream_at(server.url)
        reading = asyncio.create_task(result_of(upstream.activities(NOBODY, "7")))
        await started.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        async with asyncio.timeout(PATIENCE_SECONDS):
            await server.left.wait()


async def test_an_answer_that_is_too_large_is_not_read_to_its_end(upstream_at):
    async def script(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b" " * 65_536)
            await writer.drain()

    async with serving(script) as server:
        upstream = upstream_at(server.url, max_upstream_bytes=100_000)
        with pytest.raises(FieldError) as failure:
            await result_of(upstream.activities(NOBODY, "7"))
        assert failure.value.code == "UPSTREAM_RESPONSE_TOO_LARGE"
        async with asyncio.timeout(PATIENCE_SECONDS):
            await server.left.wait()


TOO_LARGE = "UPSTREAM_RESPONSE_TOO_LARGE"
ENDLESS = {
    "a status": (b"HTTP/1.1 200 ", b"x" * 65_536, TOO_LARGE),
    "a header": (b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65_536, TOO_LARGE),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X: x\r\n" * 1000, TOO_LARGE),
    "patience": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, "UPSTREAM_TIMEOUT"),
    "trailers": (CHUNKED + b"0\r\n", b"X: x\r\n" * 1000, TOO_LARGE),
    "a chunk's extension": (CHUNKED + b"2;", b"x" * 65_536, TOO_LARGE),
    "nothing, in chunks": (CHUNKED, b"1\r\n \r\n" * 1000, TOO_LARGE),
    "nothing, compressed": (GZIPPED, gzip.compress(b"") * 1000, TOO_LARGE),
}


@pytest.mark.parametrize(("start", "more", "code"), ENDLESS.values(), ids=ENDLESS)
async def test_what_never_ends_is_given_up_without_being_kept(
    upstream_by_aiohttp, start, more, code
):
    """Over httpx's own transport, a head that is too large is an upstream that cannot be reached."""

    async def script(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(more)
            await writer.drain()

    async with serving(script) as server:
        upstream = upstream_by_aiohttp(
            server.url, max_upstream_bytes=2_000, upstream_attempt_timeout_seconds=1.0
        )
        tracemalloc.start()
        with pytest.raises(FieldError) as failure:
            await result_of(upstream.activities(NOBODY, "7"))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert failure.value.code == code
        assert most < 8_000_000
        async with asyncio.timeout(PATIENCE_SECONDS):
            await server.left.wait()


# What goes out


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/a%20b",
        "/a%2Fb",
        "/a/%2e%2e/b",
        "/%C3%A9",
        "/?a=1%262",
        "/?a=b+c",
        "/?a=b%20c",
        "/?a=%2B",
        "/?a=%25",
        "/?a=%2525",
        "/?a=%C3%A9",
        "/?a=%00",
        "/?a=1&a=2",
        "/?a",
        "/?a=",
        "/?a=;:@/?",
        "/?a=%7E~",
        "/?a='()*!$",
    ],
)
async def test_path_and_query_arrive_as_httpx_wrote_them(http, target):
    async with serving(answer()) as server:
        request = http.build_request("GET", server.url + target)
        await http.send(request)
    assert server.heads[0].splitlines()[0] == f"GET {request.url.raw_path.decode()} HTTP/1.1"
    assert request.url.raw_path.decode() == target


async def test_the_headers_that_arrive_are_those_of_httpx_once_each(http):
    headers = {"apiKey": "k", "Token": "t", "User-Agent": "gateway", "Accept": "application/json"}
    async with serving(answer()) as server:
        await http.get(server.url, headers=headers)
    arrived = [line.split(": ", 1) for line in server.heads[0].splitlines()[1:] if line]
    assert sorted((name.lower(), value) for name, value in arrived) == sorted(
        [
            ("host", server.url.removeprefix("http://")),
            ("accept-encoding", http.headers["accept-encoding"]),
            ("connection", "keep-alive"),
            ("apikey", "k"),
            ("token", "t"),
            ("user-agent", "gateway"),
            ("accept", "application/json"),
        ]
    )


HARMFUL = [(b"X", b"a\r\nY: b"), (b"X", b"a\nY: b"), (b"X\r\nY", b"a"), (b"X", b"a\0b")]


@pytest.mark.parametrize("header", HARMFUL, ids=str)
async def test_a_header_that_would_be_two_is_not_sent(transport, header):
    async with serving(answer()) as server:
        with pytest.raises(httpx.LocalProtocolError):
            await transport.handle_async_request(httpx.Request("GET", server.url, headers=[header]))
    assert server.connections == 0


async def test_a_read_is_sent_with_these_bytes(transport):
    async with serving(answer()) as server:
        attempt = HttpAttempt(settings_of(upstream_url=server.url), transport)
        await attempt.get("/things?a=b+c%26", ((b"apikey", b"k"), (b"x-request-id", b"1")))
    lines = [
        "GET /things?a=b+c%26 HTTP/1.1",
        f"Host: {server.url.removeprefix('http://')}",
        "Accept: application/json",
        "Accept-Encoding: gzip, deflate",
        "User-Agent: graphql-gateway",
        "apikey: k",
        "x-request-id: 1",
    ]
    assert server.heads == ["".join(f"{line}\r\n" for line in [*lines, ""])]


async def test_an_answer_to_head_has_no_body_whatever_length_it_tells(http):
    head = answer(b"1234").removesuffix(b"1234")
    async with serving(head) as server:
        for _ in range(2):
            assert (await http.head(server.url)).content == b""
        assert server.connections == 1


async def test_a_body_is_sent_as_it_is(http):
    bodies = []

    async def app_like(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        bodies.append(await reader.readexactly(4))
        writer.write(answer())
        writer.close()

    async with await asyncio.start_server(app_like, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        assert (await http.post(f"http://127.0.0.1:{port}/", content=b"four")).status_code == 200
    assert bodies == [b"four"]


async def test_cookies_are_not_kept(upstream_at):
    async with serving(answer(EMPTY, "Set-Cookie: a=b; Path=/", "Set-Cookie: c=d")) as server:
        upstream = upstream_at(server.url.replace("127.0.0.1", "localhost"))
        for key in ("1", "2"):
            caller = Caller(((b"apikey", key.encode()), (b"token", key.encode())), key.encode())
            await result_of(upstream.activities(caller, "7"))
    assert len(server.heads) == 2
    assert "cookie" not in "".join(server.heads).lower()


async def test_the_sandbox_which_refuses_foreign_cookies_serves_two_accounts(upstream_at):
    async with serving_the_sandbox() as rest:
        upstream = upstream_at(rest.base_url)
        for _ in range(2):
            for number, client in (("1", "1001"), ("2", "2001")):
                try:
                    await result_of(upstream.activities(sandbox_caller(number), client))
                except FieldError as error:
                    assert error.code == "NOT_FOUND"  # noqa: PT017 - the other account's client


async def test_a_redirect_is_not_followed(upstream_at, free_url):
    moved = answer(b"", f"Location: {free_url}/", status="302 Found")
    async with serving(moved) as server:
        upstream = upstream_at(server.url)
        with pytest.raises(InvalidUpstreamResponse):
            await result_of(upstream.activities(NOBODY, "7"))
    assert len(server.heads) == 1


async def test_a_compressed_answer_is_decompressed_once(http):
    inner = gzip.compress(b"text")
    async with serving(answer(gzip.compress(inner), "Content-Encoding: gzip")) as server:
        assert (await http.get(server.url)).content == inner


async def test_a_compressed_answer_is_read_as_a_timeline(upstream_at):
    sent = gzip.compress(b'{"items":[{"id":"1","type":"note"}]}')
    async with serving(answer(sent, "Content-Encoding: gzip")) as server:
        upstream = upstream_at(server.url)
        [item] = (await result_of(upstream.activities(NOBODY, "7"))).content
    assert decoding.activity(item).id == "1"


# Connections


async def test_a_connection_is_used_again(http):
    async with serving(answer()) as server:
        for _ in range(3):
            await http.get(server.url)
        assert server.connections == 1


async def test_a_connection_whose_answer_was_not_read_is_not_used_again(http):
    async with serving(answer(b"x" * 1_000_000)) as server:
        async with http.stream("GET", server.url):
            pass
        await http.get(server.url)
        assert server.connections == 2


async def test_there_are_no_more_connections_than_are_allowed():
    async def script(head: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.002)
        writer.write(answer())

    async with (
        serving(script) as server,
        httpx.AsyncClient(transport=AiohttpTransport(max_connections=2)) as http,
    ):
        await asyncio.gather(*[http.get(server.url) for _ in range(6)])
        assert len(server.heads) == 6
        assert server.connections == 2


async def test_a_request_whose_new_connection_drops_is_sent_once(upstream_at):
    async with serving_the_sandbox() as rest:
        upstream = upstream_at(rest.base_url)
        await rest.put("/_sandbox/faults", json=[{"path": PATH, "drop": "before", "times": 1}])
        with pytest.raises(UpstreamUnavailable):
            await result_of(upstream.activities(sandbox_caller("1"), "1100"))
        assert await calls(rest) == 1
        assert (await result_of(upstream.activities(sandbox_caller("1"), "1100"))).content
        assert await calls(rest) == 2


async def test_a_drop_of_a_reused_connection_is_retried_on_a_new_one(upstream_by_aiohttp):
    """httpx's own transport does not tell a connection that was used before from others."""
    async with serving_the_sandbox() as rest:
        upstream = upstream_by_aiohttp(rest.base_url)
        await result_of(upstream.activities(sandbox_caller("1"), "1100"))
        await rest.put("/_sandbox/faults", json=[{"path": PATH, "drop": "before", "times": 1}])
        assert (await result_of(upstream.activities(sandbox_caller("1"), "1100"))).content
        assert await calls(rest) == 3


async def test_a_drop_of_the_new_connection_is_not_retried(
    upstream_by_aiohttp,
):
    async with serving_the_sandbox() as rest:
        upstream = upstream_by_aiohttp(rest.base_url)
        await result_of(upstream.activities(sandbox_caller("1"), "1100"))
        await rest.put("/_sandbox/faults", json=[{"path": PATH, "drop": "before"}])
        with pytest.raises(UpstreamUnavailable):
            await result_of(upstream.activities(sandbox_caller("1"), "1100"))
        assert await calls(rest) == 3


@pytest.mark.parametrize("drop", ["headers", "body"])
async def test_a_request_whose_reused_connection_drops_in_its_answer_is_sent_once(
    upstream_at, drop
):
    async with serving_the_sandbox() as rest:
        upstream = upstream_at(rest.base_url)
        await result_of(upstream.activities(sandbox_caller("1"), "1100"))
        await rest.put("/_sandbox/faults", json=[{"path": PATH, "drop": drop, "times": 1}])
        with pytest.raises(UpstreamUnavailable):
            await result_of(upstream.activities(sandbox_caller("1"), "1100"))
        assert await calls(rest) == 2


async def test_the_transport_itself_sends_a_request_once(http):
    """Whether to repeat is for those to decide who count attempts and know the deadline."""

    async def script(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer()) if len(server.heads) == 1 else writer.close()

    async with serving(script) as server:
        await http.get(server.url)
        with pytest.raises(httpx.ReadError):
            await http.get(server.url)
        assert len(server.heads) == 2


async def test_a_connection_that_was_closed_while_idle_costs_nothing(http):
    async def script(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer())
        writer.close()

    async with serving(script) as server:
        for _ in range(3):
            assert (await http.get(server.url)).status_code == 200
            await asyncio.sleep(0.01)
        assert server.connections == len(server.heads) == 3


async def test_a_connection_that_was_closed_behind_the_loop_s_back_costs_nothing(http):
    closed = threading.Semaphore(0)

    def serve(listening: socket.socket) -> None:
        for _ in range(3):
            connection, _address = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer())
            closed.release()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=serve, args=[listening])
        server.start()
        for _ in range(3):
            answered = await http.get(f"http://127.0.0.1:{listening.getsockname()[1]}/")
            assert answered.status_code == 200
            assert closed.acquire(timeout=2)  # blocks the loop: it cannot have noticed
        server.join()


async def test_a_transport_that_was_never_used_can_be_closed():
    await AiohttpTransport(max_connections=1).aclose()


@pytest.mark.parametrize("begun", [b"", answer(EMPTY)[:20], answer(EMPTY)[:-2]], ids=len)
async def test_a_transport_can_be_closed_while_answers_are_under_way(upstream_over, begun):
    async def script(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(begun)
        started.set()

    started = asyncio.Event()
    async with serving(script) as server:
        transport = AiohttpTransport(max_connections=1)
        upstream = upstream_over(transport, upstream_url=server.url)
        reading = asyncio.create_task(result_of(upstream.activities(NOBODY, "7")))
        await started.wait()
        await asyncio.sleep(0.01)
        await transport.aclose()
        async with asyncio.timeout(PATIENCE_SECONDS):
            with pytest.raises(UpstreamUnavailable):
                await reading


async def test_an_upstream_may_have_an_address_of_version_6_or_an_underscore_in_its_name(
    upstream_over, transport
):
    async with await asyncio.start_server(greeter, "::1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        upstream = upstream_over(transport, upstream_url=f"http://[::1]:{port}")
        assert (await result_of(upstream.activities(NOBODY, "7"))).content == []
    named = upstream_over(transport, upstream_url="http://no_such_host.invalid")
    with pytest.raises(UpstreamUnavailable, match="could not be reached"):
        await result_of(named.activities(NOBODY, "7"))


async def greeter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(answer(b'{"items":[]}'))
    writer.close()
