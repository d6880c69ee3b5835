"""What a machine does to latencies: a server that computes for a fixed time and then answers, and does nothing else.

Whatever its slowest responses wait for, the machine makes every server wait for. A request says what it takes:
`GET /300/725` is answered after 300 microseconds, with a body of 725 bytes.
"""

import asyncio
import os
import time
from typing import cast

import uvloop

READY = "/0/0"


def request(seconds: float, body_bytes: int) -> bytes:
    """The request that takes so long, and is answered with so many bytes."""
    return f"GET /{seconds * 1e6:.0f}/{body_bytes} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


class _Connection(asyncio.Protocol):
    """One keep-alive connection; a request at a time, each in one piece."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by name

    def data_received(self, data: bytes) -> None:
        until = time.perf_counter()
        _, microseconds, body_bytes = data.split(b" ", 2)[1].split(b"/")
        until += int(microseconds) / 1e6
        while time.perf_counter() < until:
            pass
        length = int(body_bytes)
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()
        self._transport.write(head + b" " * length)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, os.environ["HOST"], int(os.environ["PORT"]))
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
