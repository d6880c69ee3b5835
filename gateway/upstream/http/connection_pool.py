"""aiohttp's connections, on which nothing but the answer to a request that was written counts as one.

aiohttp takes whatever comes in on an idle connection for the answer to the next request, whoever makes
it: a surplus answer, or a 408 before closing. Unsolicited data ends a connection here (RFC 9112, 9.2).
"""

import selectors
import sys
from asyncio import AbstractEventLoop, Transport
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError

from gateway.upstream.http import response_head
from gateway.upstream.surprises import REPEATED_LENGTH, report_surprise

MAX_HEAD_BYTES = 65_536
"""The largest head of an answer, each interim one by itself; of its trailers, and of whatever else is no
body, at most twice as much: what comes in one piece with the end of a body is not told from that."""

_MAX_BUFFERED_HEAD_BYTES = 8_192
"""How much of a head is held back at most, until it is known whether its Content-Length comes again."""

PARSER_LIMIT = 4 * MAX_HEAD_BYTES
"""For aiohttp's own limits of lines and headers: more than it is given before `MAX_HEAD_BYTES` are enforced."""

_Selector: type[selectors.BaseSelector] = getattr(
    selectors, "PollSelector", selectors.SelectSelector
)

_requires_new_connection: ContextVar[bool] = ContextVar("_requires_new_connection", default=False)


class HeadTooLarge(httpx.RemoteProtocolError):
    """What comes before an answer's body, or after it, is longer than anybody needs."""


class IdleConnectionClosed(httpx.ReadError):
    """A connection that had served before ended, and not one byte of an answer had come.

    It says nothing of the upstream, which may close an idle connection at any time.
    """


class IncompleteBody(httpx.ReadError):
    """The connection was closed, in order, before the answer had the length that it announced.

    A connection that is broken off, by contrast, is reset.
    """


@contextmanager
def force_new_connections() -> Iterator[None]:
    """Whatever is connected in this context gets a connection made for it."""
    token = _requires_new_connection.set(True)
    try:
        yield
    finally:
        _requires_new_connection.reset(token)


class ResponseProtocol(ResponseHandler):
    """What arrives on one connection.

    Attributes:
        closed_cleanly: Whether the connection has ended in order: neither side had to break it off.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        super().__init__(loop)
        self._is_awaiting_response = False
        self._has_received = False
        self._was_used = False
        self._remaining_bytes = 0  # how much may come before there is a head, or more of the body
        self._expects_head = False
        self._head_buffer = (
            b""  # of the head, from its Content-Length or the end of its last line on
        )
        self._has_repeated_length = False
        self._idle_selector: selectors.BaseSelector | None = None
        self.closed_cleanly = False

    def connection_lost(self, exc: BaseException | None) -> None:
        self.closed_cleanly = exc is None
        super().connection_lost(exc)

    def start_timeout(self) -> None:
        """A request is written: what comes from now on answers it."""
        self._is_awaiting_response, self._has_received, self._remaining_bytes = (
            True,
            False,
            MAX_HEAD_BYTES,
        )
        self._expects_head, self._head_buffer, self._has_repeated_length = True, b"", False
        super().start_timeout()

    def mark_idle(self) -> None:
        """Its answer is complete, or given up: nothing is asked any more."""
        self._is_awaiting_response, self._was_used = False, True

    def is_reusable(self) -> bool:
        """Whether nothing has come since the last answer, be it read by now or not.

        What follows an answer in one piece, the parser has: a whole answer is among its messages, half
        of one has to be asked for. What nobody has read yet, the operating system has. With TLS that
        may be a ticket for a later session, which costs a connection that would still have served.
        """
        if self.should_close or self.transport is None or self._parser is None:
            return False
        try:
            begun = self._parser.feed_eof()
        except HttpProcessingError:
            return False
        return begun is None and not self._is_readable(self.transport)

    def data_received(self, data: bytes) -> None:
        if not data:  # nothing came: the parser goes on with what it had put aside
            super().data_received(data)
        elif not self._is_awaiting_response:
            self._abort_connection()
        elif len(data) <= self._remaining_bytes:
            self._receive(data)
        else:
            allowed = self._remaining_bytes
            self._receive(data[:allowed])
            if self.is_connected():
                self.data_received(data[allowed:])

    def feed_data(self, data: Any, size: int = 0) -> None:
        """A head is complete; data: it, and its body."""
        head, _ = data
        # Only chunks have extensions and trailers; only after an interim head comes another.
        self._expects_head = head.code < 200
        self._remaining_bytes = MAX_HEAD_BYTES if head.chunked or head.code < 200 else sys.maxsize
        super().feed_data(data, size)

    async def read(self) -> Any:
        """The next head, and its body. aiohttp would repeat the request of what it raises itself."""
        try:
            head = await super().read()
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            if self._was_used and not self._has_received:
                raise IdleConnectionClosed("The connection had ended.") from error
            raise httpx.ReadError("The connection failed.") from error
        if self._has_repeated_length:  # told by who reads: what arrives does not know for whom
            self._has_repeated_length = False
            report_surprise(REPEATED_LENGTH)
        return head

    def _receive(self, piece: bytes) -> None:
        self._has_received = True
        self._remaining_bytes -= len(piece)
        body_bytes = self._body_bytes()
        self._parse(piece)
        if self._exception is not None:  # of which aiohttp tells only who waits for a head
            self._fail_body(httpx.RemoteProtocolError("The answer stops making sense."))
        elif self._body_bytes() != body_bytes:
            self._remaining_bytes = max(self._remaining_bytes, MAX_HEAD_BYTES)
        elif self._remaining_bytes <= 0:
            error = HeadTooLarge("The head of the answer is too large.")
            self.set_exception(error)
            self._fail_body(error)
            self._abort_connection()

    def _parse(self, piece: bytes) -> None:
        """Give aiohttp what has come; of a head, with the same Content-Length once only."""
        while piece and self._expects_head and self._exception is None:
            piece = self._parse_head(self._head_buffer + piece)
        if piece:
            super().data_received(piece)

    def _parse_head(self, text: bytes) -> bytes:
        """Give it a head, or what is there of one. Whatever comes after a head that is no usual one is returned."""
        self._head_buffer = b""
        if end := response_head.HEAD_END.search(text):
            head = text[: end.end()]
            cleaned_head = response_head.deduplicate_content_length(head)
            if cleaned_head is head and response_head.is_final(head):
                super().data_received(text)
                return b""
            self._has_repeated_length |= cleaned_head is not head
            super().data_received(cleaned_head)
            return text[end.end() :]
        begin = response_head.undecided_offset(text)
        if len(text) - begin > _MAX_BUFFERED_HEAD_BYTES:
            begin, self._expects_head = len(text), False
        self._head_buffer = text[begin:]
        if begin:
            super().data_received(text[:begin])
        else:  # as it would for what it gets
            self._reschedule_timeout()
        return b""

    def _fail_body(self, error: Exception) -> None:
        """Tell whoever reads the body that no more of it comes."""
        if self._payload is not None and not self._payload.is_eof():
            self._payload.set_exception(error)

    def _is_readable(self, transport: Transport) -> bool:
        """Whether there is something to be read, or the end."""
        if self._idle_selector is None:
            self._idle_selector = _Selector()
            self._idle_selector.register(transport.get_extra_info("socket"), selectors.EVENT_READ)
        return bool(self._idle_selector.select(0))

    def _body_bytes(self) -> int:
        return 0 if self._payload is None else self._payload.total_bytes

    def _abort_connection(self) -> None:
        # Not `abort`, which would forget why.
        if self.transport is not None:
            self.transport.abort()


class ConnectionPool(aiohttp.TCPConnector):
    """Keep-alive connections, of which those are used again that have nothing unread."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._factory = partial(_create_protocol, self._loop)

    async def _get(self, key: Any, traces: Any) -> Connection | None:
        if _requires_new_connection.get():
            return None
        while (connection := await super()._get(key, traces)) is not None:
            protocol = connection.protocol
            if isinstance(protocol, ResponseProtocol) and protocol.is_reusable():
                return connection
            connection.close()
        return None

    def _release(self, key: Any, protocol: Any, *, should_close: bool = False) -> None:
        protocol.mark_idle()
        super()._release(key, protocol, should_close=should_close)


def _create_protocol(loop: AbstractEventLoop) -> ResponseHandler:
    return ResponseProtocol(loop)
