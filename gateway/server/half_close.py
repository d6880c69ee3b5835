"""Connections whose callers close their half after they have asked; or have left, which looks the same."""

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.server.pipelining import PipelinedProtocol

INITIAL_PROBE_SECONDS = 0.5
"""How long nothing is done about a caller that may have left. Then the time doubles from probe to probe."""

_PROBE = b"HTTP/1.1 100 Continue\r\n\r\n"


class HalfCloseProtocol(PipelinedProtocol):
    """One connection. Its caller may send its last byte before it has its answers (RFC 9293, 3.6).

    Attributes:
        is_half_closed: Whether the caller sends nothing more.
    """

    is_half_closed = False

    def eof_received(self) -> bool:  # type: ignore[override] # asyncio reads what uvicorn does not return
        """Whether the connection stays open: for the answers to what was asked to its end."""
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
        """Have the answer to the last whole request end the connection."""
        if self._pending_cycle is None:
            self.transport.close()
            return
        if self.cycle.more_body:
            self.discard_last_request()
        self.cycle.keep_alive = False

    @property
    def _pending_cycle(self) -> RequestResponseCycle | None:
        """The whole request that is being answered, if there is one."""
        cycle = self.active_cycle
        if cycle is None or cycle.response_complete or cycle.more_body:
            return None
        return cycle

    def _schedule_probe(self, seconds: float) -> None:
        self.loop.call_later(seconds, self._send_probe, seconds)

    def _send_probe(self, seconds: float) -> None:
        """Send what says nothing, again and again: the machine of a caller that has left answers with a reset.

        Nothing else tells. One that waits skips it (RFC 9110, 15.2); not in HTTP/1.0, which has nothing of
        the kind.
        """
        if self.transport.is_closing():
            return
        cycle = self._pending_cycle
        if cycle and not cycle.response_started and cycle.scope["http_version"] == "1.1":
            self.transport.write(_PROBE)
        self._schedule_probe(2 * seconds)
