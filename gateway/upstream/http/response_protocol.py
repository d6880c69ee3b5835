"""Response protocol: aiohttp's connection, where only bytes after a written request count as its response.

aiohttp takes any bytes that arrive on an idle connection for the response to the next request, of any caller:
a surplus response, or a 408 before closing. Unsolicited data ends a connection here (RFC 9112, 9.2).
"""

import selectors
import sys
from asyncio import AbstractEventLoop, Transport
from typing import Any

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader

from gateway.upstream.http import response_head
from gateway.upstream.surprises import REPEATED_LENGTH, report_surprise

MAX_HEAD_BYTES = 65_536
"""The largest head of a response, each interim head counted separately. For its trailers, and other bytes
outside the body, at most twice as much: bytes in one piece with the end of a body are not distinguished from
the body."""

_MAX_BUFFERED_HEAD_BYTES = 8_192
"""The most bytes of a head that are held back until it is known whether its Content-Length is repeated."""

_PARSER_LIMIT = 4 * MAX_HEAD_BYTES
"""The limit of aiohttp's own checks of lines and headers: more bytes than aiohttp gets before
`MAX_HEAD_BYTES` is enforced."""

_Selector: type[selectors.BaseSelector] = getattr(
    selectors, "PollSelector", selectors.SelectSelector
)


class HeadTooLarge(httpx.RemoteProtocolError):
    """The head of a response, or the bytes after its body, are larger than allowed."""


class IdleConnectionClosed(httpx.ReadError):
    """A reused connection ended before any byte of the response.

    The end says nothing about the upstream, which may close an idle connection at any time.
    """


class IncompleteBody(httpx.ReadError):
    """The connection was closed cleanly before the response had the length that it announced.

    A broken connection, by contrast, is reset.
    """


class ResponseProtocol(ResponseHandler):
    """Protocol of one connection: passes bytes to aiohttp's parser only while a response is awaited.

    Attributes:
        closed_cleanly: Whether the connection has ended without an error on either side.
        was_paused: Whether reading was interrupted since the request, for a reader that was slower.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        super().__init__(loop)
        self._is_awaiting_response = False
        self._has_received = False
        self._was_used = False
        self._remaining_bytes = 0  # allowed before the next head, or more of the body, is parsed
        self._expects_head = False
        # The bytes of the head from its Content-Length, or from the end of its last line, on.
        self._head_buffer = b""
        self._has_repeated_length = False
        self._silent_since: float | None = None
        self._idle_selector: selectors.BaseSelector | None = None
        self.closed_cleanly = False
        self.was_paused = False

    def connection_lost(self, exc: BaseException | None) -> None:
        self.closed_cleanly = exc is None
        if exc is not None:  # aiohttp would take a body without a length for complete
            self._fail_body(httpx.ReadError("The connection failed."))
        super().connection_lost(exc)
        self._cancel_timer()

    def close(self) -> None:
        self._fail_body(httpx.ReadError("The connection was closed."))
        super().close()

    def abort(self) -> None:
        self._fail_body(httpx.ReadError("The connection was closed."))
        super().abort()

    def send(
        self, request: bytes, *, read_timeout_seconds: float | None, expects_body: bool
    ) -> None:
        """Write a request, and start awaiting its response."""
        if self.transport is None or self.transport.is_closing():
            raise httpx.ReadError("The connection failed.")
        if read_timeout_seconds != self._read_timeout:
            self._cancel_timer()
        self.set_response_params(
            skip_payload=not expects_body,
            read_until_eof=True,
            auto_decompress=False,
            read_timeout=read_timeout_seconds,
            max_line_size=_PARSER_LIMIT,
            max_field_size=_PARSER_LIMIT,
            max_headers=_PARSER_LIMIT,
        )
        self.transport.write(request)
        self.start_timeout()

    def start_timeout(self) -> None:
        """Start awaiting a response; aiohttp calls this once its request to a proxy is written."""
        self._is_awaiting_response, self._has_received, self.was_paused = True, False, False
        self._remaining_bytes = MAX_HEAD_BYTES
        self._expects_head, self._head_buffer, self._has_repeated_length = True, b"", False
        super().start_timeout()

    def mark_idle(self) -> None:
        """Mark the connection idle: later bytes are unsolicited."""
        self._is_awaiting_response, self._was_used = False, True

    def is_reusable(self) -> bool:
        """Whether no bytes have arrived since the last response, read by now or not.

        Bytes in one piece with a response are in the parser: a whole further response is among its messages,
        part of one is found by `feed_eof`. Unread bytes are in the operating system's buffer. With TLS they
        may be a ticket for a later session, which costs a connection that could have been reused.
        """
        if self.should_close or self.transport is None or self._parser is None:
            return False
        try:
            begun = self._parser.feed_eof()
        except HttpProcessingError:
            return False
        return begun is None and not self._is_readable(self.transport)

    def data_received(self, data: bytes) -> None:
        if not data:  # nothing arrived: the parser continues with bytes that it had buffered
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
        """Note that a head is complete; `data` is the head and its body."""
        head, _ = data
        # Only chunked bodies have extensions and trailers; only an interim head precedes another.
        self._expects_head = _is_interim(head)
        self._remaining_bytes = MAX_HEAD_BYTES if head.chunked or head.code < 200 else sys.maxsize
        super().feed_data(data, size)

    async def read_head(self) -> tuple[RawResponseMessage, StreamReader]:
        """The final head of the response, and its body.

        Raises:
            IdleConnectionClosed: The connection was reused, and ended before a byte of the response.
            httpx.ReadError: The connection failed.
            httpx.ReadTimeout: Nothing arrived for too long.
            httpx.RemoteProtocolError: The response is not HTTP, or its head is too large.
        """
        try:
            head, body = await self.read()
            while _is_interim(head):
                head, body = await self.read()
        except aiohttp.SocketTimeoutError as error:
            raise httpx.ReadTimeout("No response in time.") from error
        except (aiohttp.ClientError, OSError) as error:
            if self._was_used and not self._has_received:
                raise IdleConnectionClosed("The idle connection was closed.") from error
            raise httpx.ReadError("The connection failed.") from error
        except HttpProcessingError as error:
            raise httpx.RemoteProtocolError("The response is not HTTP.") from error
        if self._has_repeated_length:  # reported here: arriving bytes belong to no read's context
            self._has_repeated_length = False
            report_surprise(REPEATED_LENGTH)
        return head, body

    def pause_reading(self) -> None:
        self.was_paused = True
        super().pause_reading()

    def _reschedule_timeout(self) -> None:
        # aiohttp would start a timer for every piece that arrives. This one compares the times when it fires.
        self._silent_since = self._loop.time()
        if self._read_timeout_handle is None:
            self._start_timer(self._silent_since)

    def _drop_timeout(self) -> None:
        self._silent_since = None

    def _start_timer(self, silent_since: float) -> None:
        if self._read_timeout:
            due = silent_since + self._read_timeout
            self._read_timeout_handle = self._loop.call_at(due, self._on_read_timeout)

    def _on_read_timeout(self) -> None:
        self._read_timeout_handle = None
        if self._silent_since is None or not self._read_timeout:
            return
        if self._loop.time() < self._silent_since + self._read_timeout:
            self._start_timer(self._silent_since)
        else:
            super()._on_read_timeout()

    def _cancel_timer(self) -> None:
        if self._read_timeout_handle is not None:
            self._read_timeout_handle.cancel()
            self._read_timeout_handle = None

    def _receive(self, piece: bytes) -> None:
        self._has_received = True
        self._remaining_bytes -= len(piece)
        body_bytes = self._body_bytes()
        self._parse(piece)
        if self._exception is not None:  # aiohttp raises it only for a reader that waits for a head
            self._fail_body(httpx.RemoteProtocolError("The response is not valid HTTP."))
        elif self._body_bytes() != body_bytes:
            self._remaining_bytes = max(self._remaining_bytes, MAX_HEAD_BYTES)
        elif self._remaining_bytes <= 0:
            error = HeadTooLarge("The head of the response is too large.")
            self.set_exception(error)
            self._fail_body(error)
            self._abort_connection()

    def _parse(self, piece: bytes) -> None:
        """Pass bytes to aiohttp's parser; in a head, a repeated Content-Length is passed once only."""
        while piece and self._expects_head and self._exception is None:
            piece = self._parse_head(self._head_buffer + piece)
        if piece:
            super().data_received(piece)

    def _parse_head(self, text: bytes) -> bytes:
        """Pass a head, or the part of it that has arrived, to aiohttp's parser.

        Returned are the bytes after an interim head or one that was changed.
        """
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
        else:  # as aiohttp does for bytes that it receives
            self._reschedule_timeout()
        return b""

    def _fail_body(self, error: Exception) -> None:
        """Raise an error for the reader of the body, of which no more will arrive."""
        if self._payload is not None and not self._payload.is_eof():
            self._payload.set_exception(error)

    def _is_readable(self, transport: Transport) -> bool:
        """Whether the connection has bytes to be read, or has ended."""
        if self._idle_selector is None:
            self._idle_selector = _Selector()
            self._idle_selector.register(transport.get_extra_info("socket"), selectors.EVENT_READ)
        return bool(self._idle_selector.select(0))

    def _body_bytes(self) -> int:
        return 0 if self._payload is None else self._payload.total_bytes

    def _abort_connection(self) -> None:
        # Not `abort` of the protocol, which would discard the error.
        if self.transport is not None:
            self.transport.abort()


def _is_interim(head: RawResponseMessage) -> bool:
    """Whether a further head follows; none does after 101, which ends HTTP on the connection (RFC 9110, 15.2)."""
    return 100 <= head.code < 200 and head.code != 101
