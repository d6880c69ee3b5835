"""uvicorn's HTTP protocol, hardened against hostile callers: limits on head sizes and on arrival times."""

import asyncio
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, cast

from httptools import HttpParserError
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.config.origins import AllowedOrigins
from gateway.errors import BadRequest
from gateway.observability.request_stats import RequestStats
from gateway.server import protocol_errors
from gateway.server.half_close import HalfCloseProtocol
from gateway.server.pending_bodies import PendingBodies
from gateway.server.pipelining import mark_disconnected
from gateway.server.response_transport import ResponseTransport

_CHUNK_FRAMING_BYTES = 20
"""The framing of a chunk: a size of up to 16 digits and two line ends."""

_UNKNOWN_VERSION = "Invalid HTTP version"
"""The parser's message for an unknown version."""

_LINGER_SECONDS = 1.0
"""How long a connection lingers after a rejection.

A caller whose connection is closed while it sends never reads the reason.
"""

_ARRIVAL_SECONDS = 0.5
"""How long a request may still take to arrive on an open connection when the server shuts down."""


class HardenedHttpProtocol(HalfCloseProtocol):
    """HTTP/1.1 protocol of one connection, with limits on head size, arrival time and unread responses.

    A request that exceeds a limit is rejected in JSON, before the application.

    Attributes:
        timeout_seconds: How long a request may take to arrive, and how long a response may stay unread.
        pending_bodies: The bodies in progress, on all connections.
        allowed_origins: The origins whose pages may read the reason of a rejection.
    """

    timeout_seconds = 30.0
    pending_bodies: PendingBodies
    allowed_origins = AllowedOrigins()

    _is_receiving = True
    """Whether the server waits for the caller: for a request, or the rest of one."""
    _has_seen_request = False
    _is_rejected = False
    _pending_rejection: HTTPStatus | None = None
    """The status of a rejection to send after all earlier responses; nothing else is parsed."""
    _head_bytes = 0
    _unattributed_bytes = 0
    """The bytes received since the last that were part of a URI, a whole header or a body."""
    _is_uri_too_long = False
    _body_bytes = 0
    _framing_bytes = 0
    """The bytes of a body that were neither data nor necessary framing: chunk extensions."""
    _is_body_counted = False
    """Whether the body is one of `pending_bodies`."""
    _unread_bytes = 0
    _is_repeated_head = False
    """Whether the next head is a repetition, after an ignored offer to upgrade."""
    _rejection_status = HTTPStatus.BAD_REQUEST
    _receive_deadline: float | None = None
    """The time by which the caller has to send what the server waits for; None where it does not wait."""
    _receive_timer: asyncio.TimerHandle | None = None
    """Fires at the deadline or earlier: most deadlines are met, so it is not set anew for each of them."""
    _send_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn
        super().connection_made(transport)
        self._response_transport = ResponseTransport(transport, self._close_gracefully)
        self._start_receive_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._receive_timer is not None:
            self._receive_timer.cancel()
        self._uncount_body()
        if self._send_timer is not None:
            self._send_timer.cancel()

    def data_received(self, data: bytes) -> None:
        if self._is_rejected or self._pending_rejection:
            return
        cycle = self._latest_cycle
        if self._receive_deadline is None and (cycle is None or cycle.response_complete):
            self._is_receiving = True
            self._start_receive_timer()
        super().data_received(data)

    def parse_buffered(self) -> None:
        was_held = self.flow.is_held
        super().parse_buffered()
        self._count_body()
        if was_held and not self.flow.is_held and self._is_receiving:
            self._start_receive_timer()  # until now the server did not read

    def feed(self, data: bytes) -> None:
        self._unattributed_bytes += len(data)
        self._framing_bytes += len(data)
        super().feed(data)
        self._framing_bytes = max(0, self._framing_bytes)
        loose_bytes = self._unattributed_bytes if self._is_in_head else self._framing_bytes
        if self._head_bytes + loose_bytes > protocol_errors.MAX_HEAD_BYTES:  # no end yet
            self._reject(self._oversized_head_status)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._has_seen_request = self._is_receiving = True
        self._head_bytes = self._unattributed_bytes = self._body_bytes = self._framing_bytes = 0
        self._is_uri_too_long = False
        if not self._is_repeated_head:  # a repeated head has the remaining time of its request
            self._start_receive_timer()
        self._is_repeated_head = False

    def on_url(self, url: bytes) -> None:
        if self._is_uri_too_long:
            return
        super().on_url(url)
        self._unattributed_bytes = 0
        # Headers are still parsed for `Origin`: without it, a page could not read the reason of the rejection.
        self._is_uri_too_long = len(self.url) > protocol_errors.MAX_URI_BYTES

    def on_header(self, name: bytes, value: bytes) -> None:
        self._unattributed_bytes = 0
        self._head_bytes += len(name) + len(value)
        if self._is_in_head:
            super().on_header(name, value)
        else:  # a trailer, which must not become a header (RFC 9110, 6.5.1)
            self._framing_bytes -= len(name) + len(value) + len(b": \r\n")
        if self._head_bytes > protocol_errors.MAX_HEAD_BYTES:
            self._abort_parsing(self._oversized_head_status)

    def on_headers_complete(self) -> None:
        problem = protocol_errors.head_error_status(self.parser.get_http_version(), self.headers)
        if problem or self._is_uri_too_long:
            self._abort_parsing(problem or self._oversized_head_status)
        super().on_headers_complete()
        self._head_bytes = self._framing_bytes = 0  # trailers have the same limit again
        if not self._offers_upgrade:
            self.cycle.transport = self._response_transport  # type: ignore[assignment] # all attributes that it uses

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
            self._is_receiving = False
            self._stop_receive_timer()

    def on_response_complete(self) -> None:
        if self._is_rejected:
            return  # it was the last response
        self._response_transport.end_response()
        if unread := self.transport.get_write_buffer_size():
            self._start_send_timer(unread)
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self._is_receiving:
            self._unset_keepalive_if_required()  # the connection is not idle
            self._start_receive_timer()
        if self.active_cycle is self.cycle:
            self._count_body()  # the request is active now, or complete
        if (
            self._pending_rejection
            and self.active_cycle is not None
            and self.active_cycle.response_complete
        ):
            self._send_rejection(self._pending_rejection, None)

    def send_400_response(self, msg: str) -> None:
        """Reject a request that cannot be parsed or is too large; uvicorn calls this for any parser error."""
        version = self.parser.get_http_version()
        if str(sys.exception()) == _UNKNOWN_VERSION or version not in protocol_errors.READ_VERSIONS:
            self._rejection_status = HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
        self._reject(self._rejection_status)

    def shutdown(self) -> None:
        """Close the connection: an idle one at once, any other after its response.

        A request that arrives has a moment to do so: its caller may have sent it before the port closed.
        """
        cycle = self._latest_cycle
        if self._is_receiving and (cycle is None or cycle.response_complete):
            self.loop.call_later(_ARRIVAL_SECONDS, super().shutdown)
        else:
            super().shutdown()

    def eof_received(self) -> bool:  # type: ignore[override] # as above it
        if self._is_rejected:
            self.transport.close()  # the caller has read the reason
        return super().eof_received()

    def close_after_response(self) -> None:
        if not self._is_rejected and not self._pending_rejection:
            self._is_receiving = False
            self._stop_receive_timer()
            self._uncount_body()
            super().close_after_response()

    def abort_request(self) -> None:
        """End the request whose body is in progress: it stalled for too long, or longest of too many."""
        self._reject(HTTPStatus.REQUEST_TIMEOUT)

    @property
    def is_paused_by_server(self) -> bool:
        """Whether the caller waits for the server before it sends any more."""
        return self.flow.read_paused or (
            self._is_in_body and self.cycle.waiting_for_100_continue  # it is queued
        )

    def on_upgrade_ignored(self) -> None:
        self._is_repeated_head = True

    @property
    def _latest_cycle(self) -> RequestResponseCycle | None:
        """The last request whose head is complete, if any."""
        return self.cycle

    @property
    def _is_in_body(self) -> bool:
        """Whether bytes of a body are expected and will be used."""
        if (
            self._is_in_head
            or not self._is_receiving
            or self._is_rejected
            or self._pending_rejection
        ):
            return False
        cycle = self._latest_cycle
        return cycle is not None and not cycle.response_complete

    def _count_body(self) -> None:
        if self._is_in_body:
            self._is_body_counted = True
            self.pending_bodies.record_progress(self, self._body_bytes)
        else:
            self._uncount_body()

    def _uncount_body(self) -> None:
        if self._is_body_counted:
            self._is_body_counted = False
            self.pending_bodies.remove(self)

    @property
    def _oversized_head_status(self) -> HTTPStatus:
        """The status of the rejection of an oversized head."""
        if self._is_uri_too_long:
            return HTTPStatus.REQUEST_URI_TOO_LONG
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE

    def _abort_parsing(self, status: HTTPStatus) -> None:
        """Abort the parser by an exception: the only way out of its callbacks."""
        self._rejection_status = status
        raise ValueError(status.phrase)

    def _start_receive_timer(self) -> None:
        self._receive_deadline = self.loop.time() + self.timeout_seconds
        if self._receive_timer is None:
            self._receive_timer = self.loop.call_later(
                self.timeout_seconds, self._check_receive_deadline
            )

    def _stop_receive_timer(self) -> None:
        self._receive_deadline = None

    def _check_receive_deadline(self) -> None:
        self._receive_timer = None
        if self._receive_deadline is None:
            return
        remaining_seconds = self._receive_deadline - self.loop.time()
        if remaining_seconds > 0:
            self._receive_timer = self.loop.call_later(
                remaining_seconds, self._check_receive_deadline
            )
        else:
            self._on_receive_timeout()

    def _on_receive_timeout(self) -> None:
        if self.is_paused_by_server or self.transport.get_write_buffer_size():
            self._start_receive_timer()  # an unread response has a timer of its own
        elif self._is_receiving:
            self._reject(HTTPStatus.REQUEST_TIMEOUT)

    def _start_send_timer(self, unread: int) -> None:
        if self._send_timer is not None:
            self._send_timer.cancel()
        self._unread_bytes = unread
        self._send_timer = self.loop.call_later(self.timeout_seconds, self._on_send_timeout)

    def _on_send_timeout(self) -> None:
        unread = self.transport.get_write_buffer_size()
        if unread >= self._unread_bytes:
            self.transport.abort()
        elif unread:
            self._start_send_timer(unread)  # the caller reads it, slowly

    def _reject(self, status: HTTPStatus) -> None:
        """Reject the arriving request after all earlier responses, and close the connection."""
        if self._is_rejected or self._pending_rejection or self.transport.is_closing():
            return
        rejected_cycle = self._latest_cycle if self._is_receiving and not self._is_in_head else None
        active_cycle = self.active_cycle
        self.discard_unparsed()
        self._uncount_body()
        if active_cycle is None or active_cycle is rejected_cycle or active_cycle.response_complete:
            self._send_rejection(status, rejected_cycle)
            return
        self._pending_rejection = status
        if rejected_cycle is not None:
            self.discard_last_request()

    def _send_rejection(
        self, status: HTTPStatus, rejected_cycle: RequestResponseCycle | None
    ) -> None:
        """Send the rejection and close the connection.

        Nothing is sent where no request came, or where its response has started.
        """
        self._is_rejected = True
        has_response = rejected_cycle is not None and rejected_cycle.response_started
        if rejected_cycle is not None:
            if not has_response:
                scope = cast("MutableMapping[str, Any]", rejected_cycle.scope)
                RequestStats.from_scope(scope).record_abort(BadRequest.code, status.value)
            mark_disconnected(rejected_cycle)
        if has_response or not self._has_seen_request:
            self._response_transport.end_response()
            self.transport.close()
        else:
            method = self.parser.get_method()
            if self._is_in_head and status is HTTPStatus.REQUEST_TIMEOUT:
                self._read_last_header()
            self.transport.write(
                protocol_errors.protocol_error_response(
                    status, method, self.headers or (), self.allowed_origins
                )
            )
            self._linger()

    def _read_last_header(self) -> None:
        """Make the parser report the last header line: it waits for a further line, and none comes."""
        with suppress(HttpParserError):
            self.parser.feed_data(b"x")

    def _close_gracefully(self) -> None:
        """Close the connection after a response.

        Where the caller still sends, the connection lingers, so that the caller can read the response.
        """
        if self._is_receiving or self.flow.read_paused:
            self._is_rejected = True
            self._linger()
        else:
            self.transport.close()

    def _linger(self) -> None:
        """Half-close the connection, ignore further bytes, and abort it after `_LINGER_SECONDS`."""
        self.discard_unparsed()
        self.pipeline.clear()
        self._uncount_body()
        self.transport.write_eof()
        self.flow.release()
        self._stop_receive_timer()
        if self._receive_timer is not None:
            self._receive_timer.cancel()
        self._receive_timer = self.loop.call_later(_LINGER_SECONDS, self.transport.abort)


def http_protocol_class(
    timeout_seconds: float,
    pending_bodies: PendingBodies,
    allowed_origins: AllowedOrigins | None = None,
) -> type[HardenedHttpProtocol]:
    """The protocol class of a server, with its timeout, its bodies in progress and its allowed origins."""
    attributes = {
        "timeout_seconds": timeout_seconds,
        "pending_bodies": pending_bodies,
        "allowed_origins": allowed_origins or AllowedOrigins(),
    }
    return type("HardenedHttpProtocol", (HardenedHttpProtocol,), attributes)
