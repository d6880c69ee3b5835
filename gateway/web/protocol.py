"""uvicorn's HTTP protocol for callers that mean harm: heads have a size, what arrives has a time."""

import asyncio
import json
import sys
from collections.abc import Callable
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from gateway.errors import BadRequest

MOST_URI_BYTES = 16_384
MOST_HEAD_BYTES = 32_768
_LINGER_SECONDS = 1.0
"""How long is listened to a caller that was refused. Who is cut off while sending never reads why."""


class HttpProtocol(HttpToolsProtocol):
    """One connection. What uvicorn would take without end is refused here, in JSON, before the application.

    Attributes:
        seconds: How long a request may take to arrive; how long an answer may stay untouched.
    """

    seconds = 30.0

    _is_waiting = True
    """Whether it is the caller's turn: to send a request, or the rest of one."""
    _has_begun = False
    _is_in_head = True
    _is_refused = False
    _header_count = 0
    _head_bytes = 0
    _unread_bytes = 0
    _parsed = b""
    _unparsed = b""
    _is_again = False
    """Whether the head that comes next was here before, with an offer to upgrade."""
    _refusal = HTTPStatus.BAD_REQUEST
    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unexpect()

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        asked = self._asked
        if self._due is None and (asked is None or asked.response_complete):
            self._is_waiting = True
            self._expect()
        header_count = self._header_count
        self._unparsed = data
        while self._unparsed:
            self._parsed, self._unparsed = self._unparsed, b""
            super().data_received(self._parsed)
        if self._is_in_head and self._header_count == header_count:
            self._head_bytes += len(data)  # of one header that does not end
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._has_begun = self._is_in_head = self._is_waiting = True
        self._head_bytes = 0
        if not self._is_again:  # else the same request has the time that is left of its own
            self._expect()
        self._is_again = False

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MOST_URI_BYTES:
            self._stop(HTTPStatus.REQUEST_URI_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_in_head:
            return  # a trailer, which must not become a header (RFC 9110, 6.5.1)
        self._header_count += 1
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > MOST_HEAD_BYTES:
            self._stop(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        if self._offers_upgrade:
            return
        super().on_headers_complete()
        polite = _UntilRead(self.transport, self._hang_up)
        self.cycle.transport = polite  # type: ignore[assignment] # all that it uses

    def on_message_complete(self) -> None:
        if self._offers_upgrade:
            return
        super().on_message_complete()
        self._is_waiting = False
        if not self.cycle.response_complete:
            self._unexpect()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_refused:
            return
        self._unread_bytes = self.transport.get_write_buffer_size()
        if self._unread_bytes or self._is_waiting:
            self._expect()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be parsed, or is too much; called by uvicorn for any error of its parser."""
        self._refuse(self._refusal)

    @property
    def _offers_upgrade(self) -> bool:
        """Whether the caller would rather go on in another protocol, as Java's own client does."""
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"

    def _unsupported_upgrade_warning(self) -> None:
        """Go on in this protocol, as if there had been no offer (RFC 9110, 7.8).

        Called by uvicorn while it handles what its parser raises: that takes the body for bytes of
        the other protocol. So another parser gets the head once more, without the offer.
        """
        stop = sys.exception()
        if self._offers_upgrade and stop is not None:
            kept = [header for header in self.headers if header[0] != b"upgrade"]
            version = self.parser.get_http_version().encode()
            line = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, version)
            head = line + b"".join(b"%b: %b\r\n" % header for header in kept) + b"\r\n"
            self.parser = type(self.parser)(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn
            self._unparsed = head + self._parsed[stop.args[0] :]
            self._is_again = True

    @property
    def _asked(self) -> RequestResponseCycle | None:
        """The last request whose head is there, if any."""
        return self.cycle

    def _stop(self, status: HTTPStatus) -> None:
        """Make the parser give up: the one way out of its callbacks."""
        self._refusal = status
        raise ValueError(status.phrase)

    def _expect(self) -> None:
        self._unexpect()
        self._due = self.loop.call_later(self.seconds, self._overdue)

    def _unexpect(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _overdue(self) -> None:
        unread = self.transport.get_write_buffer_size()
        if unread:
            if unread < self._unread_bytes or not self._unread_bytes:
                self._unread_bytes = unread
                self._expect()  # it is taken, slowly
            else:
                self.transport.abort()
        elif self.flow.read_paused:
            self._expect()  # it is us who do not read
        elif self._is_waiting:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, status: HTTPStatus) -> None:
        """Say so, unless nothing was asked or it was answered; and hang up."""
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        asked = self._asked
        if asked is not None:
            asked.disconnected = True  # so that nothing else is written
            asked.message_event.set()
        if not self._has_begun or (
            asked is not None and asked.response_started and not self._is_in_head
        ):
            self.transport.close()
            return
        self.transport.write(_answer(status))
        self._linger()

    def _hang_up(self) -> None:
        """After an answer; where the caller is still sending, not before the answer can be read."""
        if self._is_waiting:
            self._is_refused = True
            self._linger()
        else:
            self.transport.close()

    def _linger(self) -> None:
        self.transport.write_eof()
        self._unexpect()
        self._due = self.loop.call_later(_LINGER_SECONDS, self.transport.abort)


class _UntilRead:
    """A connection as an answer sees it: to close it may take a moment."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close


def within(seconds: float) -> type[HttpProtocol]:
    """The protocol for a server that waits so long for its callers."""
    return type("HttpProtocol", (HttpProtocol,), {"seconds": seconds})


_WORDS = {
    HTTPStatus.BAD_REQUEST: "This is not an HTTP request.",
    HTTPStatus.REQUEST_TIMEOUT: "The request did not arrive in time.",
    HTTPStatus.REQUEST_URI_TOO_LONG: f"A URI has at most {MOST_URI_BYTES} bytes: use POST.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: f"Headers have at most {MOST_HEAD_BYTES} bytes.",
}


def _answer(status: HTTPStatus) -> bytes:
    error = {"message": _WORDS[status], "extensions": {"code": BadRequest.code}}
    body = json.dumps({"errors": [error]}).encode()
    head = (
        "content-type: application/json; charset=utf-8\r\n"
        "x-content-type-options: nosniff\r\n"
        f"content-length: {len(body)}\r\n"
        "connection: close\r\n\r\n"
    )
    return STATUS_LINE[status] + head.encode() + body
