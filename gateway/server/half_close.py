"""Half-closed connections: a caller that closes its sending side, which looks the same as a disconnect."""

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.server.pipelining import PipelinedProtocol
from gateway.server.response_transport import CONTINUE

INITIAL_PROBE_SECONDS = 0.5
"""The delay until the first probe of a caller that may have disconnected; it doubles with each probe."""


class HalfCloseProtocol(PipelinedProtocol):
    """A connection whose caller may half-close it before it has its responses (RFC 9293, 3.6).

    Attributes:
        is_half_closed: Whether the caller has closed its sending side.
    """

    is_half_closed = False

    def eof_received(self) -> bool:  # type: ignore[override] # asyncio reads a value that uvicorn does not return
        """Whether the connection stays open: for the responses to complete requests."""
        is_first = not self.is_half_closed
        self.is_half_closed = True
        if not self.has_unparsed:
            self.close_after_response()
        if is_first and not self.transport.is_closing():
            self._schedule_probe(INITIAL_PROBE_SECONDS)
        return not self.transport.is_closing()

    def parse_buffered(self) -> None:
        super().parse_buffered()
        if self.is_half_closed and not self.has_unparsed:
            self.close_after_response()

    def close_after_response(self) -> None:
        """Close the connection after the response to the last complete request."""
        if self._pending_cycle is None:
            self.transport.close()
            return
        if self.cycle.more_body:
            self.discard_last_request()
        self.cycle.keep_alive = False

    @property
    def _pending_cycle(self) -> RequestResponseCycle | None:
        """The complete request that is being answered, if any."""
        cycle = self.active_cycle
        if cycle is None or cycle.response_complete or cycle.more_body:
            return None
        return cycle

    def _schedule_probe(self, seconds: float) -> None:
        self.loop.call_later(seconds, self._send_probe, seconds)

    def _send_probe(self, seconds: float) -> None:
        """Probe with `100 Continue` until the response starts: the host of a vanished caller answers with RST.

        No other sign exists. A caller that waits ignores the response (RFC 9110, 15.2); HTTP/1.0 has no
        informational responses.
        """
        if self.transport.is_closing():
            return
        cycle = self._pending_cycle
        if cycle and not cycle.response_started and cycle.scope["http_version"] == "1.1":
            self.transport.write(CONTINUE)
        self._schedule_probe(2 * seconds)
