"""Workers: processes that share one port, and their parent, which keeps as many of them as there should be.

Each listens for itself (SO_REUSEPORT): the kernel spreads connections evenly, where of one socket for all
the fastest worker would take most; and one that dies takes its place in the queue along.
uvicorn has a parent of its own. It knows neither a drain nor a second signal, starts what dies again at
once and for ever, and ends with status 0 whatever happened.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from gateway.serving import Stage, after, on_stop_signals
from gateway.telemetry import event, warning

_SHORT_LIFE_SECONDS = 10.0
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_OVERTIME_SECONDS = 5.0
"""How much longer than it has a worker may take to end, before it is killed."""

_PACKAGES = Path(__file__).parents[1]


class Worker:
    """One process; it says when it serves, and is told when to stop."""

    def __init__(self, process: asyncio.subprocess.Process, line: socket.socket) -> None:
        self.is_up = False
        self.process = process
        self._line = line

    @classmethod
    async def started(cls, environment: Mapping[str, str]) -> "Worker":
        """A new one. It is in a process group of its own: Ctrl-C is its parent's to answer."""
        ours, theirs = socket.socketpair()
        with theirs:
            line = theirs.fileno()
            paths = [str(_PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])]
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "gateway", "work", str(line)),
                env={**os.environ, **environment, "PYTHONPATH": os.pathsep.join(paths)},
                pass_fds=[line],
                process_group=0,
            )
        ours.setblocking(False)
        return cls(process, ours)

    async def up(self) -> bool:
        """Whether it serves, once that is known; False where it ended before."""
        try:
            self.is_up = bool(await asyncio.get_running_loop().sock_recv(self._line, 1))
        except ConnectionError:
            self.is_up = False
        return self.is_up

    async def ended(self) -> int:
        """The status that it ended with."""
        status = await self.process.wait()
        self.is_up = False
        self._line.close()
        return status

    def order(self, stage: Stage) -> None:
        with suppress(OSError):  # it may have just ended
            self._line.send(bytes([stage]))

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()


class Parent:
    """Keeps workers, until a signal ends it.

    A worker that ends is replaced: at once, or after a pause where its life was short, twice as long
    each time. Where none is up and one cannot even start, the parent gives up, with that one's status.
    """

    def __init__(
        self,
        count: int,
        *,
        stopping_seconds: float,
        environment: Mapping[str, str],
        ended: Callable[[int], None],
    ) -> None:
        self._count = count
        self._stopping_seconds = stopping_seconds
        self._environment = environment
        self._ended = ended
        self._stage = Stage.SERVING
        self._workers: set[Worker] = set()
        self._first_is_up = asyncio.Event()
        self._is_stopping = asyncio.Event()
        self._status = 0

    async def run(self) -> int:
        """The status to end with, once all workers have ended."""
        on_stop_signals(lambda number: self._stop(after(self._stage, number)))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep())
            await self._first_is_up.wait()  # what keeps one from starting is told once
            for _ in range(self._count - 1):
                group.create_task(self._keep())
        return self._status

    def _stop(self, stage: Stage) -> None:
        self._stage = stage
        self._is_stopping.set()
        self._first_is_up.set()
        for worker in self._workers:
            worker.order(stage)
        left = 0.0 if stage is Stage.ENDING else self._stopping_seconds
        asyncio.get_running_loop().call_later(left + _OVERTIME_SECONDS, self._kill)

    def _kill(self) -> None:
        for worker in self._workers:
            worker.kill()

    async def _keep(self) -> None:
        """One worker after another."""
        short_lives = 0
        while self._stage is Stage.SERVING:
            lived = await self._life()
            short_lives = 0 if lived > _SHORT_LIFE_SECONDS else short_lives + 1
            if short_lives and self._stage is Stage.SERVING:
                await self._pause(_FIRST_PAUSE_SECONDS * 2.0 ** min(short_lives - 1, 10))

    async def _life(self) -> float:
        """How long a worker lived, in seconds."""
        clock = asyncio.get_running_loop().time
        started = clock()
        worker = await Worker.started(self._environment)
        self._workers.add(worker)
        if self._stage is not Stage.SERVING:
            worker.order(self._stage)
        was_up = await worker.up()
        if was_up:
            event("worker.up", pid=worker.process.pid)
            self._first_is_up.set()
        status = await worker.ended()
        self._workers.discard(worker)
        self._ended(worker.process.pid)
        self._judge(worker.process.pid, status, was_up=was_up)
        return clock() - started

    def _judge(self, pid: int, status: int, *, was_up: bool) -> None:
        if self._stage is not Stage.SERVING:
            if status not in {0, -signal.SIGTERM}:
                self._status = self._status or 1
                warning("worker.ended", pid=pid, status=status)
            return
        warning("worker.ended", pid=pid, status=status)
        if not was_up and not any(worker.is_up for worker in self._workers):
            self._status = status if status > 0 else 1
            self._stop(Stage.FINISHING)

    async def _pause(self, seconds: float) -> None:
        """So long, unless it is all over sooner."""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, _LONGEST_PAUSE_SECONDS)):
                await self._is_stopping.wait()


def supervise(
    count: int,
    *,
    stopping_seconds: float,
    environment: Mapping[str, str] | None = None,
    ended: Callable[[int], None] = lambda _: None,
) -> int:
    """Keep so many workers until a signal ends them; the status to end with.

    Args:
        count: How many.
        stopping_seconds: How long a worker has from its first order to stop.
        environment: What their environment has besides this process's own.
        ended: Told the process id of each worker that ended, however it did.
    """

    async def run() -> int:
        parent = Parent(
            count,
            stopping_seconds=stopping_seconds,
            environment=environment or {},
            ended=ended,
        )
        return await parent.run()

    return asyncio.run(run())
