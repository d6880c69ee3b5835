"""uvicorn's HTTP protocol, parsed piece by piece: few requests wait for their turn on one connection."""

import asyncio
import sys

from starlette.types import ASGIApp
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MOST_WAITING = 16
"""With so many requests behind the one that is being answered, nothing more is parsed."""

PIECE_BYTES = 512
"""What is parsed at once, where it is not a body whose length is known.

The parser cannot stop within what it is given, so this is how far the bound may be exceeded: by the
requests that begin in one piece.
"""


class Flow(FlowControl):
    """A connection's flow. uvicorn reads on where any of its requests is waited for; not while it is held."""

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
    """One connection, parsed no further than to what can soon be answered.

    Each request that waits takes a few kilobytes, whatever it has on the wire; so what was received
    stays as it is until there is room, and nothing else is read meanwhile.

    Attributes:
        flow: Whether it is read, and written.
        running: The request that is being answered, or was answered last.
    """

    flow: Flow  # type: ignore[mutable-override] # made here
    running: RequestResponseCycle | None = None
    _body_left = 0
    """How much of a body is still to come, where its length was told."""
    _is_in_chunk = False
    """Whether what was parsed last was of a chunk's data, where its length was not told."""
    _is_in_head = True
    _received = b""
    _parsed_to = 0
    _piece = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn
        super().connection_made(transport)
        self.flow = Flow(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.drop_unparsed()
        self.pipeline.clear()
        if self.running is not None:  # uvicorn tells the last one that came
            disconnect(self.running)

    def data_received(self, data: bytes) -> None:
        rest = self._received[self._parsed_to :]
        self._received, self._parsed_to = rest + data if rest else data, 0
        self.parse()

    def parse(self) -> None:
        """Go on with what was received, while there is room."""
        while self.has_unparsed and not (self.pipeline and self._is_full):
            begin = self._parsed_to
            self._parsed_to = begin + self._piece_bytes(begin)
            self._piece = self._received[begin : self._parsed_to]
            self.feed(self._piece)
        if not self.has_unparsed:
            self.drop_unparsed()
        if self.pipeline or self.flow.is_held:
            self._read_or_not()

    def _piece_bytes(self, begin: int) -> int:
        """How much may be parsed at once: more than a piece, where no other request can begin in it."""
        if self._is_in_head:
            return PIECE_BYTES
        if self._is_in_chunk and not self._received.startswith(b"\n", begin):
            last = self._received.find(b"\r\n0", begin)  # the last chunk is one of no bytes
            return max(PIECE_BYTES, (last if last >= 0 else len(self._received)) - begin)
        return max(PIECE_BYTES, self._body_left)

    def feed(self, piece: bytes) -> None:
        """Parse this."""
        super().data_received(piece)

    def drop_unparsed(self) -> None:
        self._received, self._parsed_to = b"", 0

    def drop_last(self) -> None:
        """Forget the last request that came, one that waits, as if the one before had been the last."""
        self.pipeline.popleft()
        last = self.pipeline[0][0] if self.pipeline else self.running
        assert last is not None
        self.cycle = last

    @property
    def has_unparsed(self) -> bool:
        return self._parsed_to < len(self._received)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = True

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        if not self._offers_upgrade:
            super().on_headers_complete()
            for name, value in self.headers:
                if name == b"content-length":
                    self._body_left = int(value)  # the parser has seen to it that it is a number

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        if self._body_left:
            self._body_left -= len(body)
        else:
            self._is_in_chunk = True

    def on_chunk_complete(self) -> None:
        self._is_in_chunk = False

    def on_message_complete(self) -> None:
        self._body_left, self._is_in_chunk = 0, False
        if not self._offers_upgrade:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()  # the next one's turn
        if (self._received or self.flow.is_held) and not self.transport.is_closing():
            self.parse()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGIApp) -> None:  # type: ignore[override]
        self.running = cycle
        super()._start_asgi_task(cycle, app)  # type: ignore[arg-type] # the same by another name

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
            rest = self._received[self._parsed_to :]
            self._received, self._parsed_to = head + self._piece[stop.args[0] :] + rest, 0
            self.on_offer_ignored()

    def on_offer_ignored(self) -> None:
        """The head that comes next was here before, with an offer to upgrade."""

    @property
    def _is_full(self) -> bool:
        """Whether as many requests wait as may, or as much of their bodies."""
        if len(self.pipeline) >= MOST_WAITING:
            return True
        return sum(len(cycle.body) for cycle, _ in self.pipeline) > HIGH_WATER_LIMIT

    def _read_or_not(self) -> None:
        """Read on while there is room, also behind a request that waits: so it is known who has left."""
        if self._is_full:
            self.flow.hold()
        elif not self.transport.is_closing():
            self.flow.release()


def disconnect(cycle: RequestResponseCycle) -> None:
    """Tell the application that nobody waits for its answer; what it writes all the same goes nowhere."""
    cycle.disconnected = True
    cycle.message_event.set()
