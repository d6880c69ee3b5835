"""What counts as an answer on a connection, on real sockets and under both event loops."""

import asyncio
import inspect
import os
import ssl
import tracemalloc
from collections.abc import Awaitable, Callable

import aiohttp
import httpx
import pytest
from aiohttp.client_proto import ResponseHandler
from aiohttp.helpers import DEFAULT_CHUNK_SIZE

from gateway.upstream.http.connection_pool import ConnectionPool
from gateway.upstream.http.request import NEW_CONNECTION
from gateway.upstream.http.response_protocol import (
    MAX_HEAD_BYTES,
    HeadTooLarge,
    IdleConnectionClosed,
    IncompleteBody,
    ResponseProtocol,
)
from gateway.upstream.http.transport import AiohttpTransport
from gateway.upstream.surprises import REPEATED_LENGTH, observe_surprises
from tests.resilience import certificates, peer
from tests.resilience.before import until

pytestmark = pytest.mark.socket

OWN = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nown"
FOREIGN = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nforeign"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nown\r\n0\r\n"
UNASKED = {
    "an answer": FOREIGN,
    "half a head": FOREIGN[:20],
    "half a head that aiohttp refuses": FOREIGN[:17] + b"Sec-WebSocket-Key1: x\r\nY",
    "half a body": FOREIGN[:-2],
    "an interim answer": b"HTTP/1.1 100 Continue\r\n\r\n",
    "an end of line": b"\r\n",
    "garbage": b"what?",
}

Answering = Callable[[int, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request):
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture(scope="module")
def trusting():
    return certificates.trusting()


@pytest.fixture
async def transport(trusting):
    async with AiohttpTransport(max_connections=10, tls=trusting) as transport:
        yield transport


@pytest.fixture
async def http(transport):
    return httpx.AsyncClient(transport=transport, trust_env=False, timeout=5)


def by(answering: Answering) -> peer.Script:
    """A script of what is done with each request of a connection; they are counted from 0."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = 0
        while not writer.is_closing():
            await reader.readuntil(b"\r\n\r\n")
            await answering(number, writer)
            number += 1

    return script


def at(upstream: peer.Peer, scheme: str = "http") -> str:
    return f"{scheme}://localhost:{upstream.port}/"


def with_tls() -> ssl.SSLContext:
    return certificates.serving(certificates.in_order())


async def all_closed(upstream: peer.Peer) -> None:
    await until(lambda: not upstream.connections)


async def test_aiohttp_has_what_is_replaced_and_read_in_it():
    """All that is not part of its documented interface."""
    handler = ResponseHandler(asyncio.get_running_loop())
    read = {"_payload", "_exception", "_read_timeout", "_read_timeout_handle"}
    assert read <= vars(handler).keys()
    assert handler._parser is None
    for name in ("_reschedule_timeout", "_drop_timeout", "_on_read_timeout", "start_timeout"):
        assert inspect.signature(getattr(ResponseHandler, name)) == inspect.signature(
            getattr(ResponseProtocol, name)
        )
    for name in ("_get", "_release"):
        replaced = inspect.signature(getattr(aiohttp.TCPConnector, name)).parameters
        assert list(inspect.signature(getattr(ConnectionPool, name)).parameters) == list(replaced)


# What nobody asked for


@pytest.mark.parametrize("passes", range(3))
@pytest.mark.parametrize("unasked", UNASKED.values(), ids=UNASKED)
async def test_what_came_on_an_idle_connection_and_was_not_read_yet_is_no_answer(
    http, unasked, passes
):
    """Bytes that come after the loop last looked at its sockets are found by asking the system alone."""
    async with peer.playing(peer.says(OWN)) as upstream:
        for number in range(3):
            for writer in upstream.connections:
                os.write(writer.get_extra_info("socket").fileno(), unasked)  # the loop sees nothing
            for _ in range(passes):  # in each of which the loop looks at its sockets
                await asyncio.sleep(0)
            assert (await http.get(at(upstream))).text == "own"
            assert upstream.seen == number + 1


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("unasked", UNASKED.values(), ids=UNASKED)
async def test_what_comes_on_an_idle_connection_ends_it_at_once(http, scheme, unasked):
    tls = with_tls() if scheme == "https" else None
    async with peer.playing(peer.says(OWN), tls=tls) as upstream:
        await http.get(at(upstream, scheme))
        [writer] = upstream.connections
        writer.write(unasked)
        await all_closed(upstream)
        assert (await http.get(at(upstream, scheme))).text == "own"
        assert upstream.seen == 2


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("begins", [0, 20, len(OWN) - 1])
@pytest.mark.parametrize("unasked", UNASKED.values(), ids=UNASKED)
async def test_what_comes_in_one_piece_with_the_end_of_an_answer_is_no_answer(
    http, scheme, begins, unasked
):
    async def answering(number: int, writer: asyncio.StreamWriter) -> None:
        if begins:
            writer.write(OWN[:begins])
            await asyncio.sleep(0.005)
        writer.write(OWN[begins:] + unasked)

    tls = with_tls() if scheme == "https" else None
    async with peer.playing(by(answering), tls=tls) as upstream:
        for _ in range(3):
            try:
                assert (await http.get(at(upstream, scheme))).text == "own"
            except httpx.RemoteProtocolError:  # it is a part of the answer, for all that is known
                assert unasked == UNASKED["garbage"]
        if unasked != UNASKED["an end of line"]:  # of which the parser knows nothing
            assert upstream.seen == 3


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_bytes_behind_a_response_that_is_not_read_yet_are_no_response(http, scheme):
    """TLS goes on reading meanwhile, so that no socket shows what it holds back."""
    long = b"x" * (2 * DEFAULT_CHUNK_SIZE + 200)  # with its last bytes, aiohttp stops reading

    async def answering(number: int, writer: asyncio.StreamWriter) -> None:
        if upstream.seen == 1:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(long) + long)
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.write(FOREIGN)
        else:
            writer.write(OWN)

    tls = with_tls() if scheme == "https" else None
    async with peer.playing(by(answering), tls=tls) as upstream:
        async with http.stream("GET", at(upstream, scheme)) as slow:
            await asyncio.sleep(0.2)
            assert await slow.aread() == long
        assert (await http.get(at(upstream, scheme))).text == "own"
        assert upstream.seen == 2


class Wire(asyncio.Transport):
    """A transport that carries nothing, and notes whether it was given up."""

    is_given_up = False

    def abort(self) -> None:
        self.is_given_up = True


@pytest.mark.parametrize("unasked", UNASKED.values(), ids=UNASKED)
async def test_what_comes_before_the_first_request_ends_its_connection(unasked):
    """As from a balancer that is full, and says so to whoever connects."""
    wire, arrivals = Wire(), ResponseProtocol(asyncio.get_running_loop())
    arrivals.connection_made(wire)
    arrivals.data_received(unasked)
    assert wire.is_given_up
    arrivals.set_response_params()  # by which aiohttp would make an answer of it
    assert len(arrivals) == 0


async def test_an_answer_that_a_caller_did_not_wait_for_is_nobody_else_s(http):
    async def answering(number: int, writer: asyncio.StreamWriter) -> None:
        if not asked.is_set():
            asked.set()
            await left.wait()
            writer.write(FOREIGN)
        else:
            writer.write(OWN)

    asked, left = asyncio.Event(), asyncio.Event()
    async with peer.playing(by(answering)) as upstream:
        leaving = asyncio.create_task(http.get(at(upstream)))
        await asked.wait()
        leaving.cancel()
        await asyncio.wait([leaving])
        left.set()
        assert (await http.get(at(upstream))).text == "own"
        assert upstream.seen == 2


async def flood(writer: asyncio.StreamWriter) -> None:
    for _ in range(1_000):
        writer.write(FOREIGN * 1000)
        await writer.drain()
        await asyncio.sleep(0)


async def test_what_never_ends_on_an_idle_connection_is_not_kept(http):
    async with peer.playing(peer.says(OWN)) as upstream:
        await http.get(at(upstream))
        [writer] = upstream.connections
        tracemalloc.start()
        with pytest.raises(ConnectionError):
            await flood(writer)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 8_000_000


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("sent", [OWN, CHUNKED + b"\r\n"], ids=["whole", "chunked"])
async def test_a_connection_that_says_what_it_is_asked_serves_again(http, scheme, sent):
    """TLS 1.3 sends tickets for later sessions, which nobody asked for either."""
    tls = with_tls() if scheme == "https" else None
    async with peer.playing(peer.says(sent), tls=tls) as upstream:
        for _ in range(5):
            assert (await http.get(at(upstream, scheme))).text == "own"
        assert upstream.seen == 1
        if tls is not None:
            [writer] = upstream.connections
            assert writer.get_extra_info("ssl_object").version() == "TLSv1.3"
            assert tls.num_tickets == 2


async def test_answers_without_a_body_leave_a_connection_as_it_was(http):
    empty = [b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\n\r\n"]

    async def answering(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write([*empty, OWN][number % 3])

    async with peer.playing(by(answering)) as upstream:
        statuses = [(await http.get(at(upstream))).status_code for _ in range(6)]
        assert statuses == [204, 304, 200] * 2
        assert upstream.seen == 1


# Lengths that are told several times


def telling(*lines: bytes, body: bytes = b"own") -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + b"\r\n".join([*lines, b"", b""]) + body


EQUAL = {
    "twice": telling(b"Content-Length: 3", b"Content-Length: 3"),
    "twice, apart": telling(b"content-length:3", b"Date: now", b"Content-Length: 3 "),
    "in one line": telling(b"Content-Length: 3, 3", b"Date: now"),
    "after an interim head": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    + telling(b"Content-Length: 3", b"Content-Length: 3"),
}


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize("sent", EQUAL.values(), ids=EQUAL)
async def test_an_equal_length_may_come_again_and_is_told(http, sent, size):
    async def answering(number: int, writer: asyncio.StreamWriter) -> None:
        for start in range(0, len(sent), size):
            writer.write(sent[start : start + size])
            await writer.drain()
            await asyncio.sleep(0)

    told: list[str] = []
    async with peer.playing(by(answering)) as upstream:
        for number in range(3):
            with observe_surprises(lambda what, _: told.append(what)):
                answer = await http.get(at(upstream))
            assert (answer.text, answer.headers.get_list("content-length")) == ("own", ["3"])
            assert told == [REPEATED_LENGTH] * (number + 1)
        assert upstream.seen == 1


async def test_what_follows_an_answer_with_an_equal_length_is_no_answer(http):
    async def answering(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write(EQUAL["twice"] + FOREIGN if number == 0 else OWN)

    async with peer.playing(by(answering)) as upstream:
        for _ in range(2):
            assert (await http.get(at(upstream))).text == "own"
        assert upstream.seen == 2


async def test_a_body_may_look_like_a_head_that_repeats_itself(http):
    """Also where a head ends without a body, or is followed by one in the same piece."""
    looks = telling(b"Content-Length: 3", b"Content-Length: 3", b"", b"Content-Length: 3")
    usual = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(looks), looks)
    parts = [usual, usual[:20], usual[20:60], usual[60:]]

    async def answering(number: int, writer: asyncio.StreamWriter) -> None:
        for part in parts[:1] if number == 0 else parts[1:]:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)

    async with peer.playing(by(answering)) as upstream:
        with observe_surprises(lambda what, _: pytest.fail(what)):
            for _ in range(2):
                assert (await http.get(at(upstream))).content == looks


UNEQUAL = {
    "unequal": telling(b"Content-Length: 3", b"Content-Length: 4"),
    "unequal in one line": telling(b"Content-Length: 3, 4"),
    "equal and unequal": telling(b"Content-Length: 3, 3", b"Content-Length: 4"),
    "equal as numbers": telling(b"Content-Length: 3", b"Content-Length: 03"),
    "equal, and chunked": telling(
        b"Content-Length: 3",
        b"Content-Length: 3",
        b"Transfer-Encoding: chunked",
        body=b"3\r\nown\r\n0\r\n\r\n",
    ),
    "no number": telling(b"Content-Length: 3", b"Content-Length: x"),
}


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("sent", UNEQUAL.values(), ids=UNEQUAL)
async def test_an_answer_whose_length_is_in_doubt_is_refused_and_its_connection_closed(
    http, sent, size
):
    async def answering(number: int, writer: asyncio.StreamWriter) -> None:
        for start in range(0, len(sent), size):
            if not writer.is_closing():
                writer.write(sent[start : start + size])
                await asyncio.sleep(0)

    async with peer.playing(by(answering)) as upstream:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get(at(upstream))
        await all_closed(upstream)


async def test_a_head_that_drips_is_still_arriving(transport):
    """What is held back until its line is complete keeps silence away as well."""
    sent = telling(b"Content-Length: 3", b"Content-Length: 3")

    async def answering(number: int, writer: asyncio.StreamWriter) -> None:
        for start in range(len(sent)):
            writer.write(sent[start : start + 1])
            await asyncio.sleep(0.01)

    http = httpx.AsyncClient(transport=transport, trust_env=False, timeout=0.2)
    async with peer.playing(by(answering)) as upstream:
        assert (await http.get(at(upstream))).text == "own"


async def test_a_head_too_long_to_be_held_back_is_read_as_aiohttp_reads_it(http):
    long = b"X: " + b"x" * 20_000
    sent = [
        telling(b"Content-Length: 3", long),
        telling(b"Content-Length: 3", long, b"Content-Length: 3"),
    ]

    async def answering(number: int, writer: asyncio.StreamWriter) -> None:
        for start in range(0, len(sent[number]), 1000):
            writer.write(sent[number][start : start + 1000])
            await writer.drain()
            await asyncio.sleep(0.001)

    async with peer.playing(by(answering)) as upstream:
        assert (await http.get(at(upstream))).text == "own"
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get(at(upstream))


# Connections that are over


def after(
    served: int, ending: Callable[[asyncio.StreamWriter], None], said: bytes = b""
) -> peer.Script:
    """Answers so many requests of a connection; then says something, and ends it."""

    async def answering(number: int, writer: asyncio.StreamWriter) -> None:
        if number < served:
            writer.write(OWN)
        else:
            writer.write(said)
            await asyncio.sleep(0.01)
            ending(writer)

    return by(answering)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("ending", [peer.close, peer.reset])
async def test_a_connection_that_served_before_and_ends_without_a_byte_is_over(
    http, scheme, ending
):
    tls = with_tls() if scheme == "https" else None
    async with peer.playing(after(1, ending), tls=tls) as upstream:
        await http.get(at(upstream, scheme))
        with pytest.raises(IdleConnectionClosed):
            await http.get(at(upstream, scheme))
        assert upstream.seen == 1


@pytest.mark.parametrize("ending", [peer.close, peer.reset])
@pytest.mark.parametrize(
    ("served", "said"), [(0, b""), (0, b"H"), (1, b"H"), (1, OWN[:20]), (1, OWN[:-1])]
)
async def test_any_other_connection_that_ends_has_failed(http, ending, served, said):
    async with peer.playing(after(served, ending, said)) as upstream:
        for _ in range(served):
            await http.get(at(upstream))
        with pytest.raises(httpx.ReadError) as failure:
            await http.get(at(upstream))
        is_cut_off = ending is peer.close and b"\r\n\r\n" in said
        assert type(failure.value) is (IncompleteBody if is_cut_off else httpx.ReadError)


async def test_silence_is_not_the_end_of_a_connection(http):
    async def answering(number: int, writer: asyncio.StreamWriter) -> None:
        if number == 0:
            writer.write(OWN)

    async with peer.playing(by(answering)) as upstream:
        await http.get(at(upstream))
        with pytest.raises(httpx.ReadTimeout):
            await http.get(at(upstream), timeout=0.05)


async def test_a_body_that_drips_and_then_stops_is_silent(transport):
    async def answering(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        for _ in range(10):
            await asyncio.sleep(0.05)
            writer.write(b"x")

    http = httpx.AsyncClient(transport=transport, trust_env=False, timeout=0.2)
    async with peer.playing(by(answering)) as upstream:
        async with http.stream("GET", at(upstream)) as answer:
            with pytest.raises(httpx.ReadTimeout):
                [got async for got in answer.aiter_raw()]
            assert answer.num_bytes_downloaded == 10
        await all_closed(upstream)


@pytest.mark.parametrize("sent", [2_000_000, 1_500_000], ids=["all", "most"])
async def test_an_upstream_is_not_silent_while_nobody_reads_what_it_sent(transport, sent):
    async def answering(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + b"x" * sent)

    http = httpx.AsyncClient(transport=transport, trust_env=False, timeout=0.2)
    async with peer.playing(by(answering)) as upstream, http.stream("GET", at(upstream)) as answer:
        await asyncio.sleep(0.5)
        if sent == 2_000_000:
            assert len(await answer.aread()) == sent
        else:
            with pytest.raises(httpx.ReadTimeout):
                await answer.aread()


async def test_an_idle_connection_outlasts_the_read_timeout(transport):
    http = httpx.AsyncClient(transport=transport, trust_env=False, timeout=0.1)
    async with peer.playing(peer.says(OWN)) as upstream:
        for _ in range(3):
            assert (await http.get(at(upstream))).text == "own"
            await asyncio.sleep(0.25)
        assert upstream.seen == 1


async def test_a_request_may_have_a_connection_made_for_it(http):
    async with peer.playing(peer.says(OWN)) as upstream:
        await http.get(at(upstream))
        await http.get(at(upstream))
        assert upstream.seen == 1
        await http.get(at(upstream), extensions={NEW_CONNECTION: True})
        assert upstream.seen == 2
        await asyncio.gather(*[http.get(at(upstream)) for _ in range(2)])
        assert upstream.seen == 2


# Heads


def headed(size: int, *, reason: int = 0, headers: int = 0, body: bytes = b"own") -> bytes:
    """An answer with a head of so many bytes."""
    head = b"HTTP/1.1 200 %s\r\nContent-Length: %d\r\n" % (b"r" * reason, len(body))
    head += b"".join(b"X-%05d: x\r\n" % number for number in range(headers))
    rest = size - len(head) - len(b"X: \r\n\r\n")
    return head + b"X: " + b"x" * rest + b"\r\n\r\n" + body


READ = {
    "a header of 9 kB": headed(9_000),
    "a header of 60 kB": headed(60_000),
    "just small enough": headed(MAX_HEAD_BYTES),
    "a long reason": headed(20_000, reason=10_000),
    "600 headers": headed(20_000, headers=600),
    "5,000 headers": headed(MAX_HEAD_BYTES, headers=5_000),
    "with a large body": headed(MAX_HEAD_BYTES, body=b"own" * 200_000),
    "trailers": CHUNKED + b"X: " + b"x" * 60_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("sent", READ.values(), ids=READ)
async def test_a_head_of_64_kb_is_read(http, sent):
    async with peer.playing(peer.says(sent)) as upstream:
        for _ in range(2):
            found = await http.get(at(upstream))
            assert found.content.replace(b"own", b"") == b""
            assert found.content
        assert upstream.seen == 1


async def test_each_interim_head_may_be_as_large(http):
    interim = headed(MAX_HEAD_BYTES - 20, body=b"").replace(b"200", b"103", 1)
    interim = interim.replace(b"Content-Length: 0\r\n", b"")
    async with peer.playing(peer.says(interim * 3 + OWN)) as upstream:
        assert (await http.get(at(upstream))).text == "own"


async def test_a_head_arrives_in_pieces_too(http):
    sent = headed(MAX_HEAD_BYTES, headers=100)

    async def answering(number: int, writer: asyncio.StreamWriter) -> None:
        for start in range(0, len(sent), 10_000):
            writer.write(sent[start : start + 10_000])
            await writer.drain()
            await asyncio.sleep(0.001)

    async with peer.playing(by(answering)) as upstream:
        assert (await http.get(at(upstream))).text == "own"


TOO_LARGE = {
    "just too large": headed(MAX_HEAD_BYTES + 1),
    "a header of 200 kB": headed(200_000),
    "a long reason": headed(100_000, reason=90_000),
    "10,000 headers": headed(150_000, headers=10_000),
    "two headers of 40 kB": headed(80_000).replace(b"x" * 40_000, b"x" * 40_000 + b"\r\nY: ", 1),
    "trailers": CHUNKED + (b"X: " + b"x" * 60_000 + b"\r\n") * 5 + b"\r\n",
    "a chunk's extension": CHUNKED[: -len(b"0\r\n")]
    + b"3;"
    + b"x" * 200_000
    + b"\r\nown\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("sent", TOO_LARGE.values(), ids=TOO_LARGE)
async def test_a_head_above_64_kb_is_refused_and_its_connection_closed(http, sent):
    async with peer.playing(peer.says(sent)) as upstream:
        for number in range(2):
            with pytest.raises(HeadTooLarge):
                await http.get(at(upstream))
            await all_closed(upstream)
            assert upstream.seen == number + 1


async def test_a_head_that_is_too_large_spoils_no_answer_before_it(http):
    """It has arrived as a whole, but its caller takes its time."""

    async def answering(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write([OWN, headed(MAX_HEAD_BYTES + 1)][number])

    async with peer.playing(by(answering)) as upstream:
        async with http.stream("GET", at(upstream)) as slow:
            await asyncio.sleep(0.01)
            with pytest.raises(HeadTooLarge):
                await http.get(at(upstream))
            assert await slow.aread() == b"own"
        assert upstream.seen == 1
