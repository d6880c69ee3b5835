"""A server under test: started on a core of its own, measured from outside, stopped."""

import asyncio
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.benchmarks.accounting import CoreSpeed, busy_seconds, cpu_seconds, resident_bytes
from tests.benchmarks.contenders import Contender
from tests.benchmarks.load import Refused, connected

_START_SECONDS = 60
_STOP_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Placement:
    """Where servers run.

    Attributes:
        core: The core to which they are pinned, if any.
        python: The interpreter of those in Python.
        speed: The core's.
    """

    core: int | None = None
    python: str = sys.executable
    speed: CoreSpeed = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "speed", CoreSpeed(self.core))


class Server:
    """A process, and those that it started."""

    def __init__(
        self,
        contender: Contender,
        process: asyncio.subprocess.Process,
        port: int,
        core: int | None,
    ) -> None:
        self.contender = contender
        self.port = port
        self.written = b""
        """To standard output, once it has ended."""
        self._process = process
        self._core = core

    async def answers(self) -> None:
        """Wait until it does.

        Raises:
            Refused: It has ended, or takes too long.
        """
        request = (
            f"GET {self.contender.ready} HTTP/1.1\r\n"
            "Host: localhost\r\nContent-Type: application/json\r\n\r\n"
        )
        until = time.monotonic() + _START_SECONDS
        while self._process.returncode is None and time.monotonic() < until:
            with suppress(ConnectionError), connected(self.port, 1) as [connection]:
                if (await connection.ask(request.encode())).status == 200:
                    return
            await asyncio.sleep(0.001)
        raise Refused(f"{self.contender.name} does not start.")

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.terminate()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                self.written, _ = await self._process.communicate()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def cpu_seconds(self) -> float:
        """What it has used so far."""
        return cpu_seconds(self._process.pid)

    def core_seconds(self) -> float:
        """What it and all others have used of its core so far; nothing where it has none."""
        return 0.0 if self._core is None else busy_seconds(self._core)

    def resident_bytes(self) -> int:
        """What it keeps now."""
        return resident_bytes(self._process.pid)


@asynccontextmanager
async def running(
    contender: Contender, upstream: str, placement: Placement = Placement()
) -> AsyncIterator[Server]:
    """A contender over the upstream of this origin, once it answers.

    Raises:
        Refused: It does not start.
    """
    core = placement.core
    pinned = () if core is None else ("taskset", "--cpu-list", str(core))
    program, *arguments = contender.command
    port = _free_port()
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            *pinned,
            placement.python if program == "python" else program,
            *arguments,
            cwd=contender.root,
            env=_environment(contender, port, upstream),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
        server = Server(contender, process, port, core)
        try:
            await server.answers()
            yield server
        except Refused as refused:
            log.seek(0)
            refused.add_note(f"{contender.name} wrote: {log.read()[-2000:].decode()}")
            raise
        finally:
            await server.stop()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
        return port


def _environment(contender: Contender, port: int, upstream: str) -> Mapping[str, str]:
    """Ours, without what is set of a gateway; and what the contenders read."""
    inherited = {name: value for name, value in os.environ.items() if "GATEWAY_" not in name}
    return (
        inherited
        | {
            "PYTHONPATH": str(contender.root),
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "UVICORN_PORT": str(port),
            "UPSTREAM_URL": upstream,
            "NODE_ENV": "production",
            "GATEWAY_UPSTREAM_URL": upstream,
            "GATEWAY_MAX_PAGE_SIZE": "10000",
            "GATEWAY_DRAIN_SECONDS": "0",
            "GATEWAY_MAX_COST": "1000000000",
            "GATEWAY_UPSTREAM_ATTEMPT_TIMEOUT_SECONDS": "60",  # many callers at once keep one another waiting
        }
    )
