"""The gateway under attack: a process of its own, and what it takes of the processor."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from tests.security.hostile.row import PAUSE
from tests.support.processes import PATIENCE_SECONDS, Running, free_ports, running

REQUEST_SECONDS = 1.0
_PAUSE_SECONDS = 0.05


class Answer(NamedTuple):
    """What came back: nothing, or an HTTP answer with a body that is JSON."""

    status: int | None
    headers: str
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if "json;" in self.headers else {}

    @property
    def code(self) -> str | None:
        """Of the first error, if there is one."""
        for error in self.json.get("errors", []):
            return str(error["extensions"]["code"])
        return None


class Attacked(NamedTuple):
    """`gateway serve`, before the sandbox's REST API."""

    port: int
    gateway: Running

    def cpu_seconds(self) -> float:
        """What the process has used so far, to the nanosecond: its own clock, as Linux names it."""
        return time.clock_gettime((~self.gateway.process.pid << 3) | 2)

    async def send(self, parts: Iterable[bytes]) -> Answer:
        """The answer to what is sent in these parts, however long that is."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        sending = asyncio.create_task(_send(writer, parts))
        received = bytearray()
        try:
            with suppress(ConnectionError):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    async for chunk in _chunks(reader):
                        received += chunk
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            writer.transport.abort()
        return _answer(bytes(received))


async def _send(writer: asyncio.StreamWriter, parts: Iterable[bytes]) -> None:
    with suppress(ConnectionError):
        for part in parts:
            if part == PAUSE:
                await asyncio.sleep(_PAUSE_SECONDS)
            writer.write(part)
            await writer.drain()


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while chunk := await reader.read(65_536):
        yield chunk


_LENGTH = re.compile(r"^content-length: (\d+)", re.MULTILINE)


def _answer(received: bytes) -> Answer:
    """The first of what came back: what is no part of the request is one of its own, with its own answer."""
    if not received:
        return Answer(None, "", b"")
    head, _, rest = received.partition(b"\r\n\r\n")
    status_line, _, headers = head.decode("latin-1").lower().partition("\r\n")
    length = _LENGTH.search(headers)
    body = rest[: int(length[1])] if length else rest
    return Answer(int(status_line.split()[1]), headers, body)


_UNTRACED = {"COVERAGE_PROCESS_CONFIG": ""}
"""Its CPU time is measured: to note which lines run takes several times as long as to run them."""


@contextmanager
def attacked() -> Iterator[Attacked]:
    """The two processes. Requests have a second to arrive, so that slow ones need not be waited for."""
    port, rest_port = free_ports(2)
    rest = f"http://127.0.0.1:{rest_port}"
    environment = {
        "PORT": str(port),
        "GATEWAY_UPSTREAM_URL": rest,
        "GATEWAY_API_KEY": "sandbox-key-1",
        "GATEWAY_TOKEN": "sandbox-token-1",
        "GATEWAY_REQUEST_TIMEOUT_SECONDS": str(REQUEST_SECONDS),
    }
    arguments = ["sandbox", "--rest-only", "--port", str(rest_port)]
    ready = f"http://127.0.0.1:{port}/livez"
    with (
        running(*arguments, ready=rest),
        running("serve", ready=ready, **environment, **_UNTRACED) as gateway,
    ):
        yield Attacked(port, gateway)
