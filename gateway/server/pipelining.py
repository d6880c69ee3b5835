"""Bounded HTTP pipelining: uvicorn's protocol, parsed in slices, with few queued requests per connection."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import cast

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.server.disconnects import DisconnectCallback
from gateway.web.disconnects import DISCONNECT_EXTENSION

MAX_PIPELINED_REQUESTS = 16
"""With this many requests queued behind the active one, nothing more is parsed."""

PARSE_SLICE_BYTES = 512
"""The size of a slice to parse, except in a body of known length.

The parser cannot stop within its input, so requests that begin in one slice may exceed the bound.
"""


class HoldableFlowControl(FlowControl):
    """Flow control of a connection. uvicorn resumes reading for any of its requests; not while it is held."""

    is_held = False

    def resume_reading(self) -> None:
        if not self.is_held:
            super().resume_reading()

    def hold(self) -> None:
        self.is_held = True
        self.pause_reading()

    def release(self) -> None:
        self.is_held = False
        self.resume_reading()


class PipelinedProtocol(HttpToolsProtocol):
    """One connection, parsed no further than to requests that can soon be answered.

    Each queued request takes a few kilobytes, however small it is on the network; so received bytes stay
    unparsed until the queue has space, and nothing else is read meanwhile.

    Attributes:
        flow: Flow control of reading and writing.
        active_cycle: The request that is being answered, or was answered last.
    """

    flow: HoldableFlowControl  # type: ignore[mutable-override] # created here
    active_cycle: RequestResponseCycle | None = None
    _body_bytes_remaining = 0
    """The remaining bytes of a body whose length was declared."""
    _is_in_chunk = False
    """Whether the last parsed bytes were data of a chunk, in a body of undeclared length."""
    _is_in_head = True
    _buffer = b""
    _parse_offset = 0
    _slice = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn
        super().connection_made(transport)
        self.flow = HoldableFlowControl(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.discard_unparsed()
        self.pipeline.clear()
        if self.active_cycle is not None:  # uvicorn notifies the last request only
            mark_disconnected(self.active_cycle)

    def data_received(self, data: bytes) -> None:
        rest = self._buffer[self._parse_offset :]
        self._buffer, self._parse_offset = rest + data if rest else data, 0
        self.parse_buffered()

    def parse_buffered(self) -> None:
        """Parse received bytes while the queue has space."""
        while self.has_unparsed and not (self.pipeline and self._is_full):
            start = self._parse_offset
            self._parse_offset = start + self._slice_bytes(start)
            self._slice = self._buffer[start : self._parse_offset]
            self.feed(self._slice)
        if not self.has_unparsed:
            self.discard_unparsed()
        if self.pipeline or self.flow.is_held:
            self._update_read_flow()

    def _slice_bytes(self, start: int) -> int:
        """The number of bytes to parse: more than a slice, where no other request can begin in them."""
        if self._is_in_head:
            return PARSE_SLICE_BYTES
        if self._is_in_chunk and not self._buffer.startswith(b"\n", start):
            last = self._buffer.find(b"\r\n0", start)  # the last chunk has no bytes
            return max(PARSE_SLICE_BYTES, (last if last >= 0 else len(self._buffer)) - start)
        return max(PARSE_SLICE_BYTES, self._body_bytes_remaining)

    def feed(self, data: bytes) -> None:
        """Parse these bytes."""
        super().data_received(data)

    def discard_unparsed(self) -> None:
        self._buffer, self._parse_offset = b"", 0

    def discard_last_request(self) -> None:
        """Forget the last request, a queued one, as if the one before had been the last."""
        self.pipeline.popleft()
        last = self.pipeline[0][0] if self.pipeline else self.active_cycle
        assert last is not None
        self.cycle = last

    @property
    def has_unparsed(self) -> bool:
        return self._parse_offset < len(self._buffer)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = True
        self.scope["extensions"] = {
            DISCONNECT_EXTENSION: {"set_callback": DisconnectCallback(self.flow)}
        }

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        if not self._offers_upgrade:
            super().on_headers_complete()
            for name, value in self.headers:
                if name == b"content-length":
                    self._body_bytes_remaining = int(value)  # the parser accepts only numbers

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        if self._body_bytes_remaining:
            self._body_bytes_remaining -= len(body)
        else:
            self._is_in_chunk = True

    def on_chunk_complete(self) -> None:
        self._is_in_chunk = False

    def on_message_complete(self) -> None:
        self._body_bytes_remaining, self._is_in_chunk = 0, False
        if not self._offers_upgrade:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()  # starts the next request
        if (self._buffer or self.flow.is_held) and not self.transport.is_closing():
            self.parse_buffered()

    def _start_asgi_task(
        self, cycle: RequestResponseCycle, app: Callable[..., Awaitable[None]]
    ) -> None:
        self.active_cycle = cycle
        super()._start_asgi_task(cycle, app)

    @property
    def _offers_upgrade(self) -> bool:
        """Whether the caller offers to switch to another protocol, as Java's own HTTP client does."""
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"

    def _unsupported_upgrade_warning(self) -> None:
        """Continue in this protocol, as if there had been no offer to upgrade (RFC 9110, 7.8).

        Called by uvicorn while it handles an exception of its parser, which takes the body for bytes of
        the other protocol. So another parser gets the head once more, without the offer.
        """
        error = sys.exception()
        if self._offers_upgrade and error is not None:
            headers = [header for header in self.headers if header[0] != b"upgrade"]
            version = self.parser.get_http_version().encode()
            line = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, version)
            head = line + b"".join(b"%b: %b\r\n" % header for header in headers) + b"\r\n"
            self.parser = type(self.parser)(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn
            rest = self._buffer[self._parse_offset :]
            self._buffer, self._parse_offset = head + self._slice[error.args[0] :] + rest, 0
            self.on_upgrade_ignored()

    def on_upgrade_ignored(self) -> None:
        """Hook: the request is parsed again without its `Upgrade` header."""

    @property
    def _is_full(self) -> bool:
        """Whether the queue has its maximum of requests, or of bytes of their bodies."""
        if len(self.pipeline) >= MAX_PIPELINED_REQUESTS:
            return True
        return sum(len(cycle.body) for cycle, _ in self.pipeline) > HIGH_WATER_LIMIT

    def _update_read_flow(self) -> None:
        """Read while the queue has space, even behind a queued request: so a disconnect is detected."""
        if self._is_full:
            self.flow.hold()
        elif not self.transport.is_closing():
            self.flow.release()


def mark_disconnected(cycle: RequestResponseCycle) -> None:
    """Notify the application that its caller has disconnected; its further output is discarded."""
    cycle.disconnected = True
    cycle.message_event.set()
    callback = cast(
        "DisconnectCallback", cycle.scope["extensions"][DISCONNECT_EXTENSION]["set_callback"]
    )
    callback.on_disconnect()
