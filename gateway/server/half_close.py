"""Connections whose callers close their half after they have asked; or have left, which looks the same."""

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.server.pipelining import PipelinedProtocol

FIRST_PROBE_SECONDS = 0.5
"""How long nothing is done about a caller that may have left. Then the time doubles from probe to probe."""

_PROBE = b"HTTP/1.1 100 Continue\r\n\r\n"


class HalfCloseProtocol(PipelinedProtocol):
    """One connection. Its caller may send its last byte before it has its answers (RFC 9293, 3.6).

    Attributes:
        has_ended: Whether the caller sends nothing more.
    """

    has_ended = False

    def eof_received(self) -> bool:  # type: ignore[override] # asyncio reads what uvicorn does not return
        """Whether the connection stays open: for the answers to what was asked to its end."""
        is_first = not self.has_ended
        self.has_ended = True
        if not self.has_unparsed:
            self.expect_no_more()
        if is_first and not self.transport.is_closing():
            self._probe_after(FIRST_PROBE_SECONDS)
        return not self.transport.is_closing()

    def parse(self) -> None:
        super().parse()
        if self.has_ended and not self.has_unparsed:
            self.expect_no_more()

    def expect_no_more(self) -> None:
        """Have the answer to the last whole request end the connection."""
        if self._unanswered is None:
            self.transport.close()
            return
        if self.cycle.more_body:
            self.drop_last()
        self.cycle.keep_alive = False

    @property
    def _unanswered(self) -> RequestResponseCycle | None:
        """The whole request that is being answered, if there is one."""
        running = self.running
        if running is None or running.response_complete or running.more_body:
            return None
        return running

    def _probe_after(self, seconds: float) -> None:
        self.loop.call_later(seconds, self._probe, seconds)

    def _probe(self, seconds: float) -> None:
        """Send what says nothing, again and again: the machine of a caller that has left answers with a reset.

        Nothing else tells. One that waits skips it (RFC 9110, 15.2); not in HTTP/1.0, which has nothing of
        the kind.
        """
        if self.transport.is_closing():
            return
        running = self._unanswered
        if running and not running.response_started and running.scope["http_version"] == "1.1":
            self.transport.write(_PROBE)
        self._probe_after(2 * seconds)
