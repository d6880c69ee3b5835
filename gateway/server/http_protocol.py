"""uvicorn's HTTP protocol for callers that mean harm: heads have a size, what arrives has a time."""

import asyncio
import sys
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, cast

from httptools import HttpParserError
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.config.origins import Origins
from gateway.errors import BadRequest
from gateway.observability.request_stats import Tally
from gateway.server import protocol_errors
from gateway.server.body_limits import Bodies
from gateway.server.half_close import HalfCloseProtocol
from gateway.server.pipelining import disconnect

_CHUNK_FRAMING_BYTES = 20
"""What a chunk has beside its data: a size of up to 16 digits and two line ends."""

_UNKNOWN_VERSION = "Invalid HTTP version"
"""What the parser says of a version that it does not know."""

_LINGER_SECONDS = 1.0
"""How long is listened to a caller that was refused. Who is cut off while sending never reads why."""


class HttpProtocol(HalfCloseProtocol):
    """One connection. What uvicorn would take without end is refused here, in JSON, before the application.

    Attributes:
        seconds: How long a request may take to arrive; how long an answer may stay untouched.
        bodies: Those under way, on all connections.
        pages: The origins whose pages may read why a request was refused.
    """

    seconds = 30.0
    bodies: Bodies
    pages = Origins()

    _is_waiting = True
    """Whether it is the caller's turn: to send a request, or the rest of one."""
    _has_begun = False
    _is_refused = False
    _last_words: HTTPStatus | None = None
    """What is to be said once all that was asked before has its answer; nothing else is parsed."""
    _head_bytes = 0
    _loose_bytes = 0
    """How many came since the last that were part of a URI, a whole header or a body."""
    _is_uri_too_long = False
    _body_bytes = 0
    _framing_bytes = 0
    """How many bytes of a body were neither data nor what chunks need: extensions of chunks."""
    _is_counted = False
    """Whether the body is one of those under way."""
    _unread_bytes = 0
    _is_again = False
    """Whether the head that comes next was here before, with an offer to upgrade."""
    _refusal = HTTPStatus.BAD_REQUEST
    _due: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unexpect()
        self._uncount_body()
        if self._taking is not None:
            self._taking.cancel()

    def data_received(self, data: bytes) -> None:
        if self._is_refused or self._last_words:
            return
        asked = self._asked
        if self._due is None and (asked is None or asked.response_complete):
            self._is_waiting = True
            self._expect()
        super().data_received(data)

    def parse(self) -> None:
        was_held = self.flow.is_held
        super().parse()
        self._count_body()
        if was_held and not self.flow.is_held and self._is_waiting:
            self._expect()  # until now it was us who did not read

    def feed(self, piece: bytes) -> None:
        self._loose_bytes += len(piece)
        self._framing_bytes += len(piece)
        super().feed(piece)
        self._framing_bytes = max(0, self._framing_bytes)
        loose_bytes = self._loose_bytes if self._is_in_head else self._framing_bytes
        if self._head_bytes + loose_bytes > protocol_errors.MOST_HEAD_BYTES:  # it does not end
            self._refuse(self._too_much)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._has_begun = self._is_waiting = True
        self._head_bytes = self._loose_bytes = self._body_bytes = self._framing_bytes = 0
        self._is_uri_too_long = False
        if not self._is_again:  # else the same request has the time that is left of its own
            self._expect()
        self._is_again = False

    def on_url(self, url: bytes) -> None:
        if self._is_uri_too_long:
            return
        super().on_url(url)
        self._loose_bytes = 0
        # What follows is read for what it says of the page that asks: else that could not read why.
        self._is_uri_too_long = len(self.url) > protocol_errors.MOST_URI_BYTES

    def on_header(self, name: bytes, value: bytes) -> None:
        self._loose_bytes = 0
        self._head_bytes += len(name) + len(value)
        if self._is_in_head:
            super().on_header(name, value)
        else:  # a trailer, which must not become a header (RFC 9110, 6.5.1)
            self._framing_bytes -= len(name) + len(value) + len(b": \r\n")
        if self._head_bytes > protocol_errors.MOST_HEAD_BYTES:
            self._stop(self._too_much)

    def on_headers_complete(self) -> None:
        problem = protocol_errors.head_problem(self.parser.get_http_version(), self.headers)
        if problem or self._is_uri_too_long:
            self._stop(problem or self._too_much)
        super().on_headers_complete()
        self._head_bytes = self._framing_bytes = 0  # trailers have as much again
        if not self._offers_upgrade:
            polite = _UntilRead(self.transport, self._hang_up)
            self.cycle.transport = polite  # type: ignore[assignment] # all that it uses

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._framing_bytes -= len(body)
        self._body_bytes += len(body)

    def on_chunk_complete(self) -> None:
        super().on_chunk_complete()
        self._framing_bytes -= _CHUNK_FRAMING_BYTES

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if not self._offers_upgrade:
            self._is_waiting = False
            self._unexpect()

    def on_response_complete(self) -> None:
        if self._is_refused:
            return  # it was the last
        if unread := self.transport.get_write_buffer_size():
            self._watch_taking(unread)
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self._is_waiting:
            self._unset_keepalive_if_required()  # the connection is not idle
            self._expect()
        if self.running is self.cycle:
            self._count_body()  # its turn has come, or it is over
        if self._last_words and self.running is not None and self.running.response_complete:
            self._say(self._last_words, None)

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be parsed, or is too much; called by uvicorn for any error of its parser."""
        version = self.parser.get_http_version()
        if str(sys.exception()) == _UNKNOWN_VERSION or version not in refusals.READ_VERSIONS:
            self._refusal = HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
        self._refuse(self._refusal)

    def eof_received(self) -> bool:  # type: ignore[override] # as above it
        if self._is_refused:
            self.transport.close()  # it has read why
        return super().eof_received()

    def expect_no_more(self) -> None:
        if not self._is_refused and not self._last_words:
            self._is_waiting = False
            self._unexpect()
            self._uncount_body()
            super().expect_no_more()

    def cut_off(self) -> None:
        """End the request whose body is under way: it has waited for too long, or longest of too many."""
        self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    @property
    def is_excused(self) -> bool:
        """Whether it is us for whom the caller waits before it sends any more."""
        return self.flow.read_paused or (
            self._is_in_body and self.cycle.waiting_for_100_continue  # it has not had its turn
        )

    def on_offer_ignored(self) -> None:
        self._is_again = True

    @property
    def _asked(self) -> RequestResponseCycle | None:
        """The last request whose head is there, if any."""
        return self.cycle

    @property
    def _is_in_body(self) -> bool:
        """Whether a body is under way, and wanted."""
        if self._is_in_head or not self._is_waiting or self._is_refused or self._last_words:
            return False
        asked = self._asked
        return asked is not None and not asked.response_complete

    def _count_body(self) -> None:
        if self._is_in_body:
            self._is_counted = True
            self.bodies.moved(self, self._body_bytes)
        else:
            self._uncount_body()

    def _uncount_body(self) -> None:
        if self._is_counted:
            self._is_counted = False
            self.bodies.ended(self)

    @property
    def _too_much(self) -> HTTPStatus:
        """How a head is refused of which too much has come."""
        if self._is_uri_too_long:
            return HTTPStatus.REQUEST_URI_TOO_LONG
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE

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
        if self.is_excused or self.transport.get_write_buffer_size():
            self._expect()  # an answer that is not taken has a time of its own
        elif self._is_waiting:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _watch_taking(self, unread: int) -> None:
        if self._taking is not None:
            self._taking.cancel()
        self._unread_bytes = unread
        self._taking = self.loop.call_later(self.seconds, self._untaken)

    def _untaken(self) -> None:
        unread = self.transport.get_write_buffer_size()
        if unread >= self._unread_bytes:
            self.transport.abort()
        elif unread:
            self._watch_taking(unread)  # it is taken, slowly

    def _refuse(self, status: HTTPStatus) -> None:
        """Refuse what is arriving, once all that was asked before has its answer; and hang up."""
        if self._is_refused or self._last_words or self.transport.is_closing():
            return
        refused = self._asked if self._is_waiting and not self._is_in_head else None
        running = self.running
        self.drop_unparsed()
        self._uncount_body()
        if running is None or running is refused or running.response_complete:
            self._say(status, refused)
            return
        self._last_words = status
        if refused is not None:
            self.drop_last()

    def _say(self, status: HTTPStatus, refused: RequestResponseCycle | None) -> None:
        """Say so, unless nothing was asked or it was answered; and hang up."""
        self._is_refused = True
        has_answer = refused is not None and refused.response_started
        if refused is not None:
            if not has_answer:
                scope = cast("MutableMapping[str, Any]", refused.scope)
                Tally.of(scope).cut_off(BadRequest.code, status.value)
            disconnect(refused)
        if has_answer or not self._has_begun:
            self.transport.close()
        else:
            method = self.parser.get_method()
            if self._is_in_head and status is HTTPStatus.REQUEST_TIMEOUT:
                self._read_last_header()
            self.transport.write(
                protocol_errors.answer(status, method, self.headers or (), self.pages)
            )
            self._linger()

    def _read_last_header(self) -> None:
        """Have the parser tell the last line that came: it waits for what follows, and nothing does."""
        with suppress(HttpParserError):
            self.parser.feed_data(b"x")

    def _hang_up(self) -> None:
        """After an answer; where the caller is still sending, not before the answer can be read."""
        if self._is_waiting or self.flow.read_paused:
            self._is_refused = True
            self._linger()
        else:
            self.transport.close()

    def _linger(self) -> None:
        self.drop_unparsed()
        self.pipeline.clear()
        self._uncount_body()
        self.transport.write_eof()
        self.flow.release()
        self._unexpect()
        self._due = self.loop.call_later(_LINGER_SECONDS, self.transport.abort)


class _UntilRead:
    """A connection as an answer sees it: to close it may take a moment."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close


def within(seconds: float, bodies: Bodies, pages: Origins | None = None) -> type[HttpProtocol]:
    """The protocol for a server that waits so long for its callers, and whose bodies under way are these."""
    own = {"seconds": seconds, "bodies": bodies, "pages": pages or Origins()}
    return type("HttpProtocol", (HttpProtocol,), own)
