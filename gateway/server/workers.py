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

from gateway.observability.logging import log_info, log_warning
from gateway.server.lifecycle import ShutdownPhase, install_signal_handlers, next_phase

_EARLY_EXIT_SECONDS = 10.0
_INITIAL_BACKOFF_SECONDS = 0.5
_MAX_BACKOFF_SECONDS = 30.0
_HEARTBEAT_CHECK_SECONDS = 1.0
_MAX_MISSED_HEARTBEATS = 10
"""How often in a row a worker may be found without a sign of life: no work within the limits takes so long."""

_KILL_DELAY_SECONDS = 5.0
"""How much longer than it has a worker may take to end, before it is killed."""

_PACKAGE_PARENT = Path(__file__).parents[2]


class WorkerProcess:
    """One process; it says when it serves, goes on saying so, and is told when to stop."""

    def __init__(self, process: asyncio.subprocess.Process, control_socket: socket.socket) -> None:
        self.pid = process.pid
        self._process = process
        self._control_socket = control_socket

    @classmethod
    async def start(cls, environment: Mapping[str, str]) -> "WorkerProcess":
        """A new one. It is in a process group of its own: Ctrl-C is its parent's to answer."""
        ours, theirs = socket.socketpair()
        with theirs:
            child_descriptor = theirs.fileno()
            paths = [str(_PACKAGE_PARENT), *filter(None, [os.environ.get("PYTHONPATH")])]
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "gateway", "work", str(child_descriptor)),
                env={**os.environ, **environment, "PYTHONPATH": os.pathsep.join(paths)},
                pass_fds=[child_descriptor],
                process_group=0,
            )
        ours.setblocking(False)
        return cls(process, ours)

    async def wait_until_ready(self) -> bool:
        """Whether it serves, once that is known; False where it ended before."""
        try:
            return bool(await asyncio.get_running_loop().sock_recv(self._control_socket, 1))
        except ConnectionError:
            return False

    def has_heartbeat(self) -> bool:
        """Whether it has given a sign of life since this was asked last."""
        with suppress(OSError):  # nothing is there to be read
            return bool(self._control_socket.recv(4096))
        return False

    async def wait(self) -> int:
        """The status that it ended with."""
        status = await self._process.wait()
        self._control_socket.close()
        return status

    def send_phase(self, phase: ShutdownPhase) -> None:
        with suppress(OSError):  # it may have just ended
            self._control_socket.send(bytes([phase]))

    def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()


class Supervisor:
    """Keeps workers, until a signal ends it.

    A worker that ends is replaced: at once, or after a pause where its life was short, twice as long
    each time. One whose loop stands still is ended: the kernel would go on giving it connections.
    Where none is up and one cannot even start, the parent gives up, with that one's status.
    """

    def __init__(
        self,
        count: int,
        start_worker: Callable[[], Awaitable[WorkerProcess]],
        *,
        stop_timeout_seconds: float,
        on_worker_exit: Callable[[int], None],
        backoff_seconds: float = _INITIAL_BACKOFF_SECONDS,
        heartbeat_check_seconds: float = _HEARTBEAT_CHECK_SECONDS,
    ) -> None:
        self._count = count
        self._start_worker = start_worker
        self._stop_timeout_seconds = stop_timeout_seconds
        self._on_worker_exit = on_worker_exit
        self._backoff_seconds = backoff_seconds
        self._heartbeat_check_seconds = heartbeat_check_seconds
        self._phase = ShutdownPhase.RUNNING
        self._workers: set[WorkerProcess] = set()
        self._ready_workers: set[WorkerProcess] = set()
        self._first_is_ready = asyncio.Event()
        self._is_stopping = asyncio.Event()
        self._status = 0

    async def run(self) -> int:
        """The status to end with, once all workers have ended."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._supervise_slot())
            await self._first_is_ready.wait()  # what keeps one from starting is told once
            for _ in range(self._count - 1):
                group.create_task(self._supervise_slot())
        return self._status

    def on_signal(self, signal_number: int) -> None:
        self._stop(next_phase(self._phase, signal_number))

    def _stop(self, phase: ShutdownPhase) -> None:
        self._phase = phase
        self._is_stopping.set()
        self._first_is_ready.set()
        for worker in self._workers:
            worker.send_phase(phase)
        remaining_seconds = 0.0 if phase is ShutdownPhase.CANCELLING else self._stop_timeout_seconds
        asyncio.get_running_loop().call_later(
            remaining_seconds + _KILL_DELAY_SECONDS, self._kill_all
        )

    def _kill_all(self) -> None:
        for worker in self._workers:
            worker.kill()

    async def _supervise_slot(self) -> None:
        """One worker after another."""
        clock = asyncio.get_running_loop().time
        backoff_seconds = self._backoff_seconds
        while not self._is_stopping.is_set():
            started_at = clock()
            await self._run_worker()
            if clock() - started_at < _EARLY_EXIT_SECONDS:
                await self._sleep_unless_stopping(backoff_seconds)
                backoff_seconds = min(2 * backoff_seconds, _MAX_BACKOFF_SECONDS)
            else:
                backoff_seconds = self._backoff_seconds

    async def _run_worker(self) -> None:
        """From a worker's start to its end."""
        worker = await self._start_worker()
        self._workers.add(worker)
        if self._phase is not ShutdownPhase.RUNNING:
            worker.send_phase(self._phase)
        if was_ready := await worker.wait_until_ready():
            log_info("worker.up", pid=worker.pid)
            self._ready_workers.add(worker)
            self._first_is_ready.set()
        watchdog = asyncio.create_task(self._watch_heartbeat(worker))
        status = await worker.wait()
        watchdog.cancel()
        self._workers.discard(worker)
        self._ready_workers.discard(worker)
        self._on_worker_exit(worker.pid)
        self._record_exit(worker.pid, status, was_ready=was_ready)

    async def _watch_heartbeat(self, worker: WorkerProcess) -> None:
        """Ends it if it hangs, while it should serve: how long it may take to stop is another matter.

        Looks are counted, and not seconds: while this process stands still, it does not count.
        """
        missed_heartbeats = 0
        while missed_heartbeats < _MAX_MISSED_HEARTBEATS:
            await self._sleep_unless_stopping(self._heartbeat_check_seconds)
            if self._is_stopping.is_set():
                return
            missed_heartbeats = 0 if worker.has_heartbeat() else missed_heartbeats + 1
        worker.kill()
        log_warning("worker.hung", pid=worker.pid)

    def _record_exit(self, pid: int, status: int, *, was_ready: bool) -> None:
        if self._phase is ShutdownPhase.RUNNING:
            log_warning("worker.ended", pid=pid, status=status)
            if not was_ready and not self._ready_workers:
                self._status = status if status > 0 else 1
                self._stop(ShutdownPhase.CLOSING)
        elif status not in {0, -signal.SIGTERM}:
            log_warning("worker.ended", pid=pid, status=status)
            self._status = self._status or 1

    async def _sleep_unless_stopping(self, seconds: float) -> None:
        """So long, unless it is all over sooner."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._is_stopping.wait()


def supervise(
    count: int,
    *,
    stop_timeout_seconds: float,
    environment: Mapping[str, str] | None = None,
    on_worker_exit: Callable[[int], None] = lambda _: None,
) -> int:
    """Keep so many workers until a signal ends them; the status to end with.

    Args:
        count: How many.
        stop_timeout_seconds: How long a worker has from its first order to stop.
        environment: What their environment has besides this process's own.
        on_worker_exit: Told the process id of each worker that ended, however it did.
    """

    async def run() -> int:
        start_worker = partial(WorkerProcess.start, environment or {})
        supervisor = Supervisor(
            count,
            start_worker,
            stop_timeout_seconds=stop_timeout_seconds,
            on_worker_exit=on_worker_exit,
        )
        install_signal_handlers(supervisor.on_signal)
        return await supervisor.run()

    return asyncio.run(run())
