"""One connection of a server over a transport and a clock that a test has in its hands."""

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from gateway.config.origins import AllowedOrigins
from gateway.server.http_protocol import HardenedHttpProtocol, http_protocol_class
from gateway.server.pending_bodies import PendingBodies

READ_BYTES = 256_000
"""How much uvloop reads at once."""


class Timer:
    def __init__(self, callback: Callable[..., None], arguments: tuple[object, ...]) -> None:
        self.callback = callback
        self.arguments = arguments
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class Timers:
    """An event loop's timers; the time passes when a test says so."""

    def __init__(self) -> None:
        self._now = 1_000.0
        self._numbers = count()
        self.timers: list[tuple[float, int, Timer]] = []

    def time(self) -> float:
        return self._now

    def call_later(self, delay: float, callback: Callable[..., None], *arguments: object) -> Timer:
        timer = Timer(callback, arguments)
        heapq.heappush(self.timers, (self._now + delay, next(self._numbers), timer))
        return timer

    def create_task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.create_task(work)

    async def passes(self, seconds: float) -> None:
        """What is due by then happens, each at its time, and what it makes others do."""
        until = self._now + seconds
        while self.timers and self.timers[0][0] <= until:
            self._now, _, timer = heapq.heappop(self.timers)
            if not timer.is_cancelled:
                timer.callback(*timer.arguments)
                await settled()
        self._now = until


async def settled() -> None:
    """Whatever can happen without time has happened."""
    for _ in range(20):
        await asyncio.sleep(0)


class Transport(asyncio.Transport):
    """What is written is kept, and taken by the caller at once unless it does not read."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.protocol = protocol
        self.is_lost = False
        self.written = bytearray()
        self.unread = 0
        self.is_read = True
        self.is_open = True
        self.has_ended = False

    def lost(self, error: Exception | None) -> None:
        if not self.is_lost:
            self.is_lost = True
            self.protocol.connection_lost(error)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.has_ended
        if self.is_open:
            self.written += data

    def write_eof(self) -> None:
        self.has_ended = True

    def close(self) -> None:
        """At once where all is taken; else that is waited for."""
        if self.is_open and not self.unread:
            asyncio.get_running_loop().call_soon(self.lost, None)
        self.is_open = False

    def abort(self) -> None:
        if not self.is_lost:
            asyncio.get_running_loop().call_soon(self.lost, None)
        self.is_open = False

    def is_closing(self) -> bool:
        return not self.is_open

    def pause_reading(self) -> None:
        self.is_read = False

    def resume_reading(self) -> None:
        self.is_read = True

    def get_write_buffer_size(self) -> int:
        return self.unread

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


class Application:
    """Answers with the path and the body that it was asked with; `/slow…` once it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.left: list[str] = []
        self.scopes: list[Scope] = []
        self.ready = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        self.asked.append(path)
        self.scopes.append(scope)
        body, has_more = b"", True
        while has_more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.left.append(path)
                return
            body, has_more = body + message["body"], message["more_body"]
        if path.startswith("/slow"):
            leaving = asyncio.ensure_future(receive())
            ready = asyncio.create_task(self.ready.wait())
            await asyncio.wait((leaving, ready), return_when=asyncio.FIRST_COMPLETED)
            ready.cancel()
            if leaving.done():
                self.left.append(path)
                return
            leaving.cancel()
        answer = b"<%b %b>" % (path.encode(), body)
        headers = [(b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


class Connection:
    """A caller that is connected, and what the server does with what it sends.

    Attributes:
        taken: How many of its bytes were read.
    """

    def __init__(
        self,
        application: Any,
        *,
        clock: Timers | None = None,
        bodies: PendingBodies | None = None,
        seconds: float = 30.0,
        pages: AllowedOrigins | None = None,
    ) -> None:
        self.clock = clock or Timers()
        if bodies is None:
            bodies = PendingBodies(10_000_000, timers=lambda: self.clock)
        protocol = http_protocol_class(seconds, bodies, pages)
        config = uvicorn.Config(
            application,
            http=protocol,
            log_config=None,
            lifespan="off",
            server_header=False,
            timeout_keep_alive=75,
        )
        config.load()
        loop: Any = self.clock
        self.protocol: HardenedHttpProtocol = protocol(config, ServerState(), {}, loop)
        self.transport = Transport(self.protocol)
        self.protocol.connection_made(self.transport)
        self.taken = 0
        self._sent = b""

    async def sends(self, *parts: bytes) -> None:
        """These arrive one by one, and are read as far as the server reads."""
        for part in parts:
            self._sent += part
            await self.read_on()

    async def read_on(self) -> None:
        """Until nothing moves any more."""
        await settled()
        while self._sent and self.transport.is_read and self.transport.is_open:
            read, self._sent = self._sent[:READ_BYTES], self._sent[READ_BYTES:]
            self.taken += len(read)
            self.protocol.data_received(read)
            await settled()

    async def answered(self) -> int:
        """How many requests waited at most, until all that can be answered was."""
        most, before = 0, -1
        while before != (before := len(self.transport.written)):
            most = max(most, len(self.protocol.pipeline))
            await self.read_on()
        return most

    async def ends(self) -> None:
        """Nothing more is sent; what comes back is read."""
        if not self.protocol.eof_received():
            self.transport.close()
        await settled()

    def leaves(self) -> None:
        self.transport.is_open = False
        self.transport.lost(ConnectionResetError())

    @property
    def answers(self) -> list[bytes]:
        """The bodies of all answers so far."""
        return [part.partition(b"\r\n\r\n")[2] for part in self._parts]

    @property
    def statuses(self) -> list[int]:
        return [int(part.split()[0]) for part in self._parts]

    @property
    def _parts(self) -> list[bytes]:
        return bytes(self.transport.written).split(b"HTTP/1.1 ")[1:]
