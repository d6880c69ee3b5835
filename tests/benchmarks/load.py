"""The load: so many keep-alive connections, each of which asks again as soon as it is answered.

The requests have the credentials of 64 callers in turn, whatever the number of connections.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *([0-9]+)\r\n")

_PATIENCE_SECONDS = 300
"""For the slowest contender to answer all connections once."""

CALLERS = 64
"""How many callers there are; more where there are more connections."""

NextRequest = Callable[[int], bytes]
"""The next request of the caller of this number, written out as HTTP/1.1."""


class Refused(Exception):
    """A server does not answer, or not as it did before."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of some load.

    Attributes:
        seconds: From the first request to the last answer.
        latencies: How many seconds each answer took.
    """

    seconds: float
    latencies: Sequence[float]


class Connection(asyncio.Protocol):
    """A keep-alive connection to a server that announces the length of its answers.

    Opened by the first request, and anew where the server has closed it in between.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._body = slice(0)
        self._waiter: asyncio.Future[Answer] | None = None

    async def ask(self, request: bytes) -> Answer:
        """The answer to a request, written out as HTTP/1.1."""
        loop = asyncio.get_running_loop()
        if self._transport is None:
            await loop.create_connection(lambda: self, "127.0.0.1", self._port)
        assert self._transport is not None
        self._waiter = loop.create_future()
        self._transport.write(request)
        return await self._waiter

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by name

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(Refused("No answer, or none that announces its length."))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._body.stop:
            end_of_head = self._received.find(b"\r\n\r\n")
            if end_of_head < 0:
                return
            length = _LENGTH.search(self._received, 0, end_of_head + 2)
            if length is None:
                self.close()
                return
            start = end_of_head + 4
            self._body = slice(start, start + int(length[1]))
        if len(self._received) < self._body.stop:
            return
        answer = Answer(int(self._received[9:12]), bytes(self._received[self._body]))
        self._received.clear()
        self._body = slice(0)
        assert self._waiter is not None
        self._waiter.set_result(answer)


@contextmanager
def connected(port: int, connections: int) -> Iterator[Sequence[Connection]]:
    """So many connections to a server on this machine."""
    opened = [Connection(port) for _ in range(connections)]
    try:
        yield opened
    finally:
        for connection in opened:
            connection.close()


async def load(
    connections: Sequence[Connection],
    next_request: NextRequest,
    *,
    seconds: float,
    expected_bytes: int,
) -> Asked:
    """Ask for so many seconds, once per connection at least, until all is answered.

    Each request is of the caller that has not asked for the longest time; none waits for two answers at once.

    Raises:
        Refused: An answer is no success, or its length is another than expected.
        TimeoutError: Nothing comes.
    """
    latencies: list[float] = []
    clock = time.perf_counter
    started = clock()
    until = started + seconds
    idle_callers = deque(range(max(CALLERS, len(connections))))

    async def ask(connection: Connection) -> None:
        asked = clock()
        while True:
            caller = idle_callers.popleft()
            answer = await connection.ask(next_request(caller))
            answered = clock()
            idle_callers.append(caller)
            latencies.append(answered - asked)
            if answer.status != 200 or len(answer.body) != expected_bytes:
                raise Refused(f"{answer.status}: {answer.body[:500]!r}")
            if answered >= until:
                return
            asked = answered

    async with asyncio.timeout(seconds + _PATIENCE_SECONDS):
        await asyncio.gather(*map(ask, connections))
    return Asked(clock() - started, latencies)


async def load_steadily(
    connections: Sequence[Connection],
    next_request: NextRequest,
    *,
    per_second: float,
    seconds: float,
    expected_bytes: int,
) -> Asked:
    """Ask at a constant rate, whether or not what was asked before is answered.

    A latency counts from the moment at which the request was due, even if all connections were busy then.

    Raises:
        Refused: An answer is no success, or its length is another than expected.
        TimeoutError: Nothing comes.
    """
    latencies: list[float] = []
    clock = time.perf_counter
    idle_callers = deque(range(max(CALLERS, len(connections))))
    idle_connections: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in connections:
        idle_connections.put_nowait(connection)
    started = clock()

    async def ask(due: float, connection: Connection) -> None:
        caller = idle_callers.popleft()
        answer = await connection.ask(next_request(caller))
        latencies.append(clock() - due)
        idle_callers.append(caller)
        idle_connections.put_nowait(connection)
        if answer.status != 200 or len(answer.body) != expected_bytes:
            raise Refused(f"{answer.status}: {answer.body[:500]!r}")

    async with asyncio.timeout(seconds + _PATIENCE_SECONDS), asyncio.TaskGroup() as asking:
        for number in range(int(seconds * per_second)):
            due = started + number / per_second
            while clock() < due:  # noqa: ASYNC110 - uvloop's timers go by whole milliseconds
                await asyncio.sleep(0)
            asking.create_task(ask(due, await idle_connections.get()))
    return Asked(clock() - started, latencies)
