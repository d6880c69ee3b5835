"""Workers: processes that share one port, and their parent, which keeps as many of them as there should be.

Each listens for itself (SO_REUSEPORT): the kernel spreads connections evenly, where of one socket for all
the fastest worker would take most; and one that dies takes its place in the queue along.
uvicorn has a parent of its own. It knows neither a drain nor a second signal, starts what dies again at
once and for ever, ends with status 0 whatever happened, and asks a thread of a worker whether it lives,
which answers also where the loop stands still.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from gateway.observability.logging import event, warning
from gateway.server.lifecycle import Stage, after, on_stop_signals

_SHORT_LIFE_SECONDS = 10.0
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_LOOK_SECONDS = 1.0
_SILENT_LOOKS = 10
"""How often in a row a worker may be found without a sign of life: no work within the limits takes so long."""

_OVERTIME_SECONDS = 5.0
"""How much longer than it has a worker may take to end, before it is killed."""

_PACKAGES = Path(__file__).parents[2]


class Worker:
    """One process; it says when it serves, goes on saying so, and is told when to stop."""

    def __init__(self, process: asyncio.subprocess.Process, line: socket.socket) -> None:
        self.pid = process.pid
        self._process = process
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
            return bool(await asyncio.get_running_loop().sock_recv(self._line, 1))
        except ConnectionError:
            return False

    def is_heard(self) -> bool:
        """Whether it has given a sign of life since this was asked last."""
        with suppress(OSError):  # nothing is there to be read
            return bool(self._line.recv(4096))
        return False

    async def ended(self) -> int:
        """The status that it ended with."""
        status = await self._process.wait()
        self._line.close()
        return status

    def order(self, stage: Stage) -> None:
        with suppress(OSError):  # it may have just ended
            self._line.send(bytes([stage]))

    def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()


class Parent:
    """Keeps workers, until a signal ends it.

    A worker that ends is replaced: at once, or after a pause where its life was short, twice as long
    each time. One whose loop stands still is ended: the kernel would go on giving it connections.
    Where none is up and one cannot even start, the parent gives up, with that one's status.
    """

    def __init__(
        self,
        count: int,
        starting: Callable[[], Awaitable[Worker]],
        *,
        stopping_seconds: float,
        ended: Callable[[int], None],
        pause_seconds: float = _FIRST_PAUSE_SECONDS,
        look_seconds: float = _LOOK_SECONDS,
    ) -> None:
        self._count = count
        self._starting = starting
        self._stopping_seconds = stopping_seconds
        self._ended = ended
        self._pause_seconds = pause_seconds
        self._look_seconds = look_seconds
        self._stage = Stage.SERVING
        self._workers: set[Worker] = set()
        self._up: set[Worker] = set()
        self._first_is_up = asyncio.Event()
        self._is_stopping = asyncio.Event()
        self._status = 0

    async def run(self) -> int:
        """The status to end with, once all workers have ended."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep())
            await self._first_is_up.wait()  # what keeps one from starting is told once
            for _ in range(self._count - 1):
                group.create_task(self._keep())
        return self._status

    def signalled(self, number: int) -> None:
        self._stop(after(self._stage, number))

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
        clock = asyncio.get_running_loop().time
        pause = self._pause_seconds
        while not self._is_stopping.is_set():
            started = clock()
            await self._life()
            if clock() - started < _SHORT_LIFE_SECONDS:
                await self._pause(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            else:
                pause = self._pause_seconds

    async def _life(self) -> None:
        """From a worker's start to its end."""
        worker = await self._starting()
        self._workers.add(worker)
        if self._stage is not Stage.SERVING:
            worker.order(self._stage)
        if was_up := await worker.up():
            event("worker.up", pid=worker.pid)
            self._up.add(worker)
            self._first_is_up.set()
        watching = asyncio.create_task(self._watch(worker))
        status = await worker.ended()
        watching.cancel()
        self._workers.discard(worker)
        self._up.discard(worker)
        self._ended(worker.pid)
        self._judge(worker.pid, status, was_up=was_up)

    async def _watch(self, worker: Worker) -> None:
        """Ends it if it hangs, while it should serve: how long it may take to stop is another matter.

        Looks are counted, and not seconds: while this process stands still, it does not count.
        """
        silent = 0
        while silent < _SILENT_LOOKS:
            await self._pause(self._look_seconds)
            if self._is_stopping.is_set():
                return
            silent = 0 if worker.is_heard() else silent + 1
        worker.kill()
        warning("worker.hung", pid=worker.pid)

    def _judge(self, pid: int, status: int, *, was_up: bool) -> None:
        if self._stage is Stage.SERVING:
            warning("worker.ended", pid=pid, status=status)
            if not was_up and not self._up:
                self._status = status if status > 0 else 1
                self._stop(Stage.FINISHING)
        elif status not in {0, -signal.SIGTERM}:
            warning("worker.ended", pid=pid, status=status)
            self._status = self._status or 1

    async def _pause(self, seconds: float) -> None:
        """So long, unless it is all over sooner."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
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
        starting = partial(Worker.started, environment or {})
        parent = Parent(count, starting, stopping_seconds=stopping_seconds, ended=ended)
        on_stop_signals(parent.signalled)
        return await parent.run()

    return asyncio.run(run())
