"""A TCP peer that misbehaves: one script per connection."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
LINGER_NOT = b"\1\0\0\0\0\0\0\0"  # SO_LINGER on, for no seconds: closing resets


async def _asked(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b"\r\n\r\n")


def close(writer: asyncio.StreamWriter) -> None:
    writer.close()


def reset(writer: asyncio.StreamWriter) -> None:
    wire = writer.get_extra_info("socket")
    if wire is not None and wire.fileno() >= 0:  # as it is not once the other side has hung up
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    writer.transport.abort()


def resets_after(sent: bytes) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _asked(reader)
        writer.write(sent)
        await writer.drain()
        await asyncio.sleep(0.01)  # so that it arrives before the reset
        reset(writer)

    return script


def closes_after(sent: bytes) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _asked(reader)
        writer.write(sent)

    return script


def says(sent: bytes) -> Script:
    """The same to every request, and the connection stays."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await _asked(reader)
            writer.write(sent)

    return script


def greets(sent: bytes) -> Script:
    """Whatever it is told first, it says this and hangs up."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(sent)

    return script


async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def drips(sent: bytes, *, seconds: float) -> Script:
    """A byte at a time."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _asked(reader)
        for place in range(len(sent)):
            writer.write(sent[place : place + 1])
            await writer.drain()
            await asyncio.sleep(seconds)

    return script


class Peer:
    """Listens, and plays its script on every connection.

    Attributes:
        port: Where it listens.
        connections: Those that are open.
        seen: How many there ever were.
    """

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self.connections: set[asyncio.StreamWriter] = set()
        self.seen = 0
        self._script = script
        self._tls = tls
        self._playing: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._frozen = False

    async def listen(self) -> None:
        """Also again, at the same port, after it was dead or frozen."""
        await self.die()
        self._frozen = False
        self._server = await asyncio.start_server(
            self._play, "127.0.0.1", self.port, backlog=1024, ssl=self._tls
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def freeze(self) -> None:
        """Says nothing from now on, to whoever is or gets connected."""
        self._frozen = True
        for task in self._playing:
            task.cancel()

    async def die(self) -> None:
        """Refuses connections from now on, and resets those that there are."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self.connections:
            reset(writer)
        for task in self._playing:
            task.cancel()
        await asyncio.gather(*self._playing, return_exceptions=True)

    async def _play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._playing.add(task)
        self.connections.add(writer)
        self.seen += 1
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await (says_nothing if self._frozen else self._script)(reader, writer)
        except asyncio.CancelledError:  # by `freeze` or `die`, and nobody else
            if self._frozen:
                with suppress(OSError, asyncio.CancelledError):
                    await says_nothing(reader, writer)
        finally:
            writer.close()
            self.connections.discard(writer)
            self._playing.discard(task)


def before(port: int, *, hangs_up_after: float | None = None) -> Script:
    """Passes bytes on to another port and back; may close a connection that is idle for so long."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65_536):
                writer.write(chunk)
                await writer.drain()
        writer.close()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        try:
            async with asyncio.timeout(hangs_up_after), asyncio.TaskGroup() as group:
                group.create_task(pump(reader, back))
                group.create_task(pump(there, writer))
        except TimeoutError:
            pass
        finally:
            back.close()

    return script


@asynccontextmanager
async def playing(script: Script, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    peer = Peer(script, tls=tls)
    await peer.listen()
    try:
        yield peer
    finally:
        await peer.die()


@asynccontextmanager
async def black_hole() -> AsyncIterator[int]:
    """A port that neither accepts nor refuses: its queue is full, and nobody looks at it."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        held = []
        for _ in range(3):
            held.append(socket.socket())
            held[-1].setblocking(False)
            with suppress(BlockingIOError):
                held[-1].connect(listening.getsockname())
        await asyncio.sleep(0.01)
        try:
            yield listening.getsockname()[1]
        finally:
            for each in held:
                each.close()


@asynccontextmanager
async def nobody() -> AsyncIterator[int]:
    """A port that refuses connections, held so that nobody else gets it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
