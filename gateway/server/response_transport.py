"""The transport of a connection's responses: writes each head together with the start of its body."""

import asyncio
from collections.abc import Callable

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""The informational response of uvicorn, which has no body."""


class ResponseTransport:
    """The transport that response cycles write to. Its `close` may linger.

    uvicorn writes a head as soon as it gets one: that is a system call for each response, and a packet. A server
    need not: ASGI has it send nothing before the first part of the body (HTTP, "Response Start").
    """

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        """Write to a transport; `close` closes the connection after a response."""
        self.is_closing = transport.is_closing
        self._transport = transport
        self._close = close
        self._held_head: bytes | None = None
        self._has_head = False

    def write(self, data: bytes) -> None:
        """Write a part of a response; its head is held back until the next part, or the end."""
        if self._held_head is not None:
            self._transport.writelines((self._held_head, data))
            self._held_head = None
        elif self._has_head or data == CONTINUE:
            self._transport.write(data)
        else:
            self._held_head, self._has_head = data, True

    def end_response(self) -> None:
        """Write a head that no body follows. The next part is another head."""
        if self._held_head is not None:
            self._transport.write(self._held_head)
        self._held_head, self._has_head = None, False

    def close(self) -> None:
        """Close the connection after what was written."""
        self.end_response()
        self._close()
