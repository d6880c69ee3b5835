"""Servers at real ports, in the loop of the test."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import uvicorn
from starlette.types import ASGIApp


@asynccontextmanager
async def serving_bytes(answer: Callable[[bytes], bytes]) -> AsyncIterator[int]:
    """A server that reads the head of a request, sends `answer(head)`, and hangs up; its port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readexactly(1)
            if head.isalpha():  # else it is no HTTP, and has no such end
                head += await reader.readuntil(b"\r\n\r\n")
            writer.write(answer(head))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, limit=1_000_000)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving_app(app: ASGIApp, **options: Any) -> AsyncIterator[str]:
    """uvicorn, with options, over an application; its address. It listens before it is served."""
    config = uvicorn.Config(app, log_config=None, access_log=False, **options)
    server = _Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        task = asyncio.create_task(server.serve([listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task
