"""Worker processes that share one port, and their supervisor, which keeps their number constant.

Each worker has its own listening socket (SO_REUSEPORT): the kernel spreads connections evenly, where of
one shared socket the fastest worker would take most; and the queue of a dead worker is closed with it.
uvicorn's own supervisor has no drain phase and ignores a second signal; it restarts a dead worker at once
and for ever, always exits with status 0, and checks liveness by a thread of the worker, which responds even
where the event loop hangs.
"""

import asyncio
import errno
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, nullcontext, suppress
from functools import partial
from pathlib import Path

from gateway.observability.logging import log_info, log_warning
from gateway.server.lifecycle import (
    DRAINING_HEARTBEAT,
    RELOAD_COMMAND,
    ShutdownPhase,
    install_hangup_handler,
    install_signal_handlers,
    log_stopped,
    log_stopping,
    next_phase,
)

_EARLY_EXIT_SECONDS = 10.0
_INITIAL_BACKOFF_SECONDS = 0.5
_MAX_BACKOFF_SECONDS = 30.0
_HEARTBEAT_CHECK_SECONDS = 1.0
_MAX_MISSED_HEARTBEATS = 10
"""The number of successive checks without a heartbeat after which a worker is hung.

No work within the limits takes so long.
"""

_MAX_START_CHECKS = 60
"""The number of checks after which a worker that has sent no first heartbeat is hung: 60 seconds."""

_KILL_DELAY_SECONDS = 10.0
"""The time after its stop timeout in which a worker may still end, before it is killed.

A sound worker takes up to 7 seconds: it sends its last responses, waits for requests that ignore their
cancellation, and exports its last spans to a collector that may be silent.
"""

_PACKAGE_PARENT = Path(__file__).parents[2]


class WorkerProcess:
    """One worker process, which reports readiness, sends heartbeats and receives shutdown phases.

    Attributes:
        pid: Its process id.
        is_draining: Whether its last heartbeat said that callers should use another process.
    """

    def __init__(self, process: asyncio.subprocess.Process, control_socket: socket.socket) -> None:
        self.pid = process.pid
        self._process = process
        self._control_socket = control_socket
        self.is_draining = False

    @classmethod
    async def start(cls, environment: Mapping[str, str]) -> "WorkerProcess":
        """Start a worker, in a process group of its own: Ctrl-C is handled by its supervisor.

        Raises:
            OSError: The operating system has no process, memory or descriptors for it.
        """
        with ExitStack() as stack:
            ours, theirs = socket.socketpair()
            stack.callback(ours.close)
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
            stack.pop_all()
        return cls(process, ours)

    async def wait_until_ready(self) -> bool:
        """Whether the worker serves, as soon as that is known; False where it ended before."""
        try:
            return bool(await asyncio.get_running_loop().sock_recv(self._control_socket, 1))
        except ConnectionError:
            return False

    def has_heartbeat(self) -> bool:
        """Whether the worker has sent a heartbeat since the last check."""
        with suppress(OSError):  # nothing to read
            heartbeats = self._control_socket.recv(4096)
            self.is_draining = heartbeats.endswith(DRAINING_HEARTBEAT)
            return bool(heartbeats)
        return False

    async def wait(self) -> int:
        """The exit status of the worker, once it has ended."""
        status = await self._process.wait()
        self._control_socket.close()
        return status

    def send_phase(self, phase: ShutdownPhase) -> None:
        with suppress(OSError):  # the worker may have just ended
            self._control_socket.send(bytes([phase]))

    def request_reload(self) -> None:
        """Have the worker reload files: once it serves, if it still starts."""
        with suppress(OSError):  # as above
            self._control_socket.send(RELOAD_COMMAND)

    def terminate(self) -> None:
        """End a worker that starts: it handles no signal yet. One that serves takes this as SIGTERM, and drains."""
        self._send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self._send_signal(signal.SIGKILL)

    def _send_signal(self, signal_number: int) -> None:
        """Send a signal, unless the process is known to have ended.

        The methods of `asyncio` poll the process first. Where it has just ended, that takes the exit status away
        from the watcher, which then reports 255. The number is not yet another process's: numbers are used again
        after all others, and the end of the process is known an iteration of the event loop later.
        """
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal_number)


class Supervisor:
    """Supervises workers until a signal stops it.

    A worker that ends is restarted: at once, or after a short life with exponential backoff. A worker
    whose event loop hangs is killed: the kernel would go on giving it connections. Where the operating
    system cannot start a process, the supervisor tries again, with the same backoff.
    Where no worker is ready and one cannot even start, the supervisor gives up, with that worker's status.
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
        """The exit status of the supervisor, once all workers have ended."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._supervise_slot())
            await self._first_is_ready.wait()  # so a failure to start is reported once
            for _ in range(self._count - 1):
                group.create_task(self._supervise_slot())
        return self._status

    def unready_reason(self) -> str | None:
        """The reason why no requests should be sent to these workers; None where one of them is ready."""
        if self._is_stopping.is_set():
            return "draining"
        if not self._ready_workers:
            return "starting"
        return "draining" if all(each.is_draining for each in self._ready_workers) else None

    def on_signal(self, signal_number: int) -> None:
        self._stop(next_phase(self._phase, signal_number))

    def request_reload(self) -> None:
        for worker in self._workers:
            worker.request_reload()

    def _stop(self, phase: ShutdownPhase) -> None:
        if self._phase is ShutdownPhase.RUNNING:
            log_stopping(phase)
        self._phase = phase
        self._is_stopping.set()
        self._first_is_ready.set()
        for worker in self._workers:
            self._stop_worker(worker)
        remaining_seconds = 0.0 if phase is ShutdownPhase.CANCELLING else self._stop_timeout_seconds
        asyncio.get_running_loop().call_later(
            remaining_seconds + _KILL_DELAY_SECONDS, self._kill_all
        )

    def _stop_worker(self, worker: WorkerProcess) -> None:
        """Send the phase to the worker, and end it if it serves nothing yet.

        A start may take longer than the time in which a worker has to end: the worker would be killed.
        """
        worker.send_phase(self._phase)
        if worker not in self._ready_workers:
            worker.terminate()

    def _kill_all(self) -> None:
        for worker in self._workers:
            worker.kill()

    async def _supervise_slot(self) -> None:
        """Run one worker after another."""
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
        """Run one worker, from its start to its end."""
        try:
            worker = await self._start_worker()
        except OSError as error:
            log_warning("worker.start_failed", reason=errno.errorcode.get(error.errno or 0))
            return
        self._workers.add(worker)
        if self._phase is not ShutdownPhase.RUNNING:
            self._stop_worker(worker)
        watchdog = asyncio.create_task(
            self._kill_if_silent(worker, lambda: False, max_checks=_MAX_START_CHECKS)
        )
        if was_ready := await worker.wait_until_ready():
            log_info("worker.up", pid=worker.pid)
            self._ready_workers.add(worker)
            self._first_is_ready.set()
        watchdog.cancel()
        watchdog = asyncio.create_task(
            self._kill_if_silent(worker, worker.has_heartbeat, max_checks=_MAX_MISSED_HEARTBEATS)
        )
        status = await worker.wait()
        watchdog.cancel()
        self._workers.discard(worker)
        self._ready_workers.discard(worker)
        self._on_worker_exit(worker.pid)
        self._record_exit(worker.pid, status, was_ready=was_ready)

    async def _kill_if_silent(
        self, worker: WorkerProcess, has_heartbeat: Callable[[], bool], *, max_checks: int
    ) -> None:
        """Kill the worker if it hangs while it should start or serve; the time to stop has another limit.

        Counts checks instead of seconds: while this process is suspended, it does not count.

        Args:
            worker: The worker.
            has_heartbeat: Whether there is a heartbeat since the last check. While the worker starts, only
                `wait_until_ready` may read them.
            max_checks: The number of successive checks without a heartbeat after which the worker is hung.
        """
        missed_heartbeats = 0
        while missed_heartbeats < max_checks:
            await self._sleep_unless_stopping(self._heartbeat_check_seconds)
            if self._is_stopping.is_set():
                return
            missed_heartbeats = 0 if has_heartbeat() else missed_heartbeats + 1
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
        """Sleep, but not beyond the start of the shutdown."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._is_stopping.wait()


def supervise(
    count: int,
    *,
    stop_timeout_seconds: float,
    reloads_files: bool = False,
    environment: Mapping[str, str] | None = None,
    on_worker_exit: Callable[[int], None] = lambda _: None,
    beside: Callable[[Callable[[], str | None]], AbstractAsyncContextManager[None]] | None = None,
) -> int:
    """Supervise workers until a signal stops them; returns the exit status.

    Args:
        count: The number of workers.
        stop_timeout_seconds: The time in which a worker has to end after its first shutdown phase.
        reloads_files: Whether the workers reload files on SIGHUP, which else ends this process.
        environment: Variables of the workers in addition to this process's own.
        on_worker_exit: Called with the process id of each worker that ended, for any reason.
        beside: Runs beside the workers, and ends after them, given the reason why they are not ready, if any.
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
        if reloads_files:
            install_hangup_handler(supervisor.request_reload)
        async with beside(supervisor.unready_reason) if beside else nullcontext():
            return await supervisor.run()

    status = asyncio.run(run())
    log_stopped()
    return status
