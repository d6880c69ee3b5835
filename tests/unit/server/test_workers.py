import asyncio
import errno
import itertools
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from gateway.server.lifecycle import ShutdownPhase
from gateway.server.workers import Supervisor, WorkerProcess
from tests.support.clock import Clock
from tests.support.processes import PATIENCE_SECONDS


class Fake:
    """A worker without a process."""

    def __init__(self, pid: int, *, can_start: bool = True, hangs: bool = False) -> None:
        self.pid = pid
        self.orders: list[ShutdownPhase] = []
        self.reloads = 0
        self.is_killed = False
        self.is_terminated = False
        self.is_draining = False
        self.hears: Callable[[], bool] = lambda: True
        self._can_start = can_start
        self._hangs = hangs
        self._end: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def wait_until_ready(self) -> bool:
        if self._hangs:
            await asyncio.wait([self._end])
            return False
        if not self._can_start:
            self.end(3)
        return self._can_start

    async def wait(self) -> int:
        return await self._end

    def end(self, status: int) -> None:
        self._end.set_result(status)

    def send_phase(self, phase: ShutdownPhase) -> None:
        self.orders.append(phase)

    def request_reload(self) -> None:
        self.reloads += 1

    def has_heartbeat(self) -> bool:
        return self.hears()

    def terminate(self) -> None:
        self.is_terminated = True
        if self._hangs:
            self.end(-signal.SIGTERM)

    def kill(self) -> None:
        self.is_killed = True
        self.end(-signal.SIGKILL)


class Family:
    """A parent of fake workers."""

    def __init__(self, count: int, *, pause_seconds: float = 0.0) -> None:
        self.workers: list[Fake] = []
        self.can_start = True
        self.hangs = False
        self.may_start = asyncio.Event()
        self.may_start.set()
        self.failures: list[OSError] = []
        self.mourned: list[int] = []
        self.parent = Supervisor(
            count,
            cast("Callable[[], Any]", self._start),
            stop_timeout_seconds=60,
            on_worker_exit=self.mourned.append,
            backoff_seconds=pause_seconds,
            heartbeat_check_seconds=0.001,
        )
        self.running = asyncio.create_task(self.parent.run())

    async def _start(self) -> Fake:
        await self.may_start.wait()
        if self.failures:
            raise self.failures.pop()
        self.workers.append(Fake(len(self.workers), can_start=self.can_start, hangs=self.hangs))
        return self.workers[-1]

    async def has(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.workers) < count:  # noqa: ASYNC110 - no fake knows of an event
                await asyncio.sleep(0)

    async def settle(self) -> None:
        """Let all tasks go as far as they can at this time."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def status(self, *statuses: int) -> int:
        """What the parent ends with when its workers, told to stop, end with these."""
        self.parent.on_signal(signal.SIGTERM)
        for worker, status in zip(self.workers[-len(statuses) :], statuses, strict=True):
            worker.end(status)
        return await self.running


@pytest.fixture
async def clock(monkeypatch) -> Clock:
    """The event loop's time. It passes where the test says so."""
    clock = Clock(0.0)
    monkeypatch.setattr(asyncio.get_running_loop(), "time", clock)
    return clock


async def test_a_service_is_ready_while_one_of_its_workers_is():
    family = Family(2)
    assert family.parent.unready_reason() == "starting"
    await family.has(2)
    await family.settle()
    assert family.parent.unready_reason() is None
    family.workers[0].is_draining = True  # somebody has sent it a signal
    assert family.parent.unready_reason() is None
    family.workers[1].is_draining = True
    assert family.parent.unready_reason() == "draining"
    family.workers[1].is_draining = False
    family.parent.on_signal(signal.SIGTERM)
    assert family.parent.unready_reason() == "draining"
    assert await family.status(0, 0) == 0


async def test_there_are_as_many_as_there_should_be():
    family = Family(3)
    await family.has(3)
    await asyncio.sleep(0.01)
    assert len(family.workers) == 3
    assert await family.status(0, 0, 0) == 0


async def test_one_that_dies_is_replaced_and_somebody_is_told():
    family = Family(2)
    with capture_logs() as entries:
        await family.has(2)
        family.workers[0].end(-signal.SIGKILL)
        await family.has(3)
    assert family.mourned == [0]
    told = [entry for entry in entries if entry["event"] == "worker.ended"]
    assert told == [{"event": "worker.ended", "log_level": "warning", "pid": 0, "status": -9}]
    assert await family.status(0, 0) == 0
    assert sorted(family.mourned) == [0, 1, 2]


async def test_one_that_dies_again_and_again_is_replaced_more_and_more_slowly(clock):
    family = Family(1, pause_seconds=2)
    for number, pause_seconds in enumerate((2, 4, 8, 16, 30, 30), 1):
        await family.settle()
        family.workers[-1].end(1)
        await family.settle()
        clock.now += pause_seconds - 0.1
        await family.settle()
        assert len(family.workers) == number
        clock.now += 0.2
        await family.settle()
        assert len(family.workers) == number + 1
    assert await family.status(0) == 0


async def test_a_pause_does_not_hold_the_end_up():
    family = Family(1, pause_seconds=60)
    await family.has(1)
    await asyncio.sleep(0)
    family.workers[0].end(1)
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_SECONDS):
        family.parent.on_signal(signal.SIGTERM)
        assert await family.running == 0
    assert len(family.workers) == 1


async def test_where_not_even_the_first_can_start_the_parent_ends_with_its_status():
    family = Family(3)
    family.can_start = False
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await family.running == 3
    assert len(family.workers) == 1


async def test_one_that_cannot_start_is_tried_again_while_others_serve():
    family = Family(2)
    await family.has(2)
    await asyncio.sleep(0)
    family.can_start = False
    family.workers[0].end(1)
    await family.has(5)
    family.can_start = True
    count = len(family.workers)
    await family.has(count + 1)
    assert not family.running.done()
    family.parent.on_signal(signal.SIGTERM)
    for worker in (family.workers[1], family.workers[-1]):
        worker.end(0)
    assert await family.running == 0


async def test_where_none_is_left_and_none_can_start_the_parent_ends():
    family = Family(1)
    await family.has(1)
    await asyncio.sleep(0)
    family.can_start = False
    family.workers[0].end(-signal.SIGSEGV)
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await family.running == 3


async def test_what_the_system_cannot_start_is_tried_again_while_others_serve():
    family = Family(2)
    with capture_logs() as entries:
        await family.has(2)
        await asyncio.sleep(0)
        family.failures = [
            BlockingIOError(errno.EAGAIN, "not told"),
            OSError(errno.ENOMEM, "not told"),
        ]
        family.workers[0].end(1)
        await family.has(3)
    told = [entry["reason"] for entry in entries if entry["event"] == "worker.start_failed"]
    assert told == ["ENOMEM", "EAGAIN"]
    assert not family.running.done()
    assert await family.status(0, 0) == 0


async def test_what_the_system_cannot_start_waits_longer_each_time(clock):
    family = Family(1, pause_seconds=2)
    family.failures = [OSError(errno.EAGAIN, "")] * 3
    for failures, pause_seconds in ((2, 2), (1, 4), (0, 8)):
        await family.settle()
        assert len(family.failures) == failures
        clock.now += pause_seconds - 0.1
        await family.settle()
        assert len(family.failures) == failures
        assert family.workers == []
        clock.now += 0.2
    await family.settle()
    assert len(family.workers) == 1
    assert await family.status(0) == 0


async def test_what_the_system_cannot_start_leaves_no_descriptor_open(monkeypatch):
    made: list[socket.socket] = []
    socketpair = socket.socketpair

    def noted() -> tuple[socket.socket, socket.socket]:
        pair = socketpair()
        made.extend(pair)
        return pair

    async def exhausted(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "")

    monkeypatch.setattr(socket, "socketpair", noted)
    monkeypatch.setattr(asyncio, "create_subprocess_exec", exhausted)
    with pytest.raises(BlockingIOError):
        await WorkerProcess.start({})
    assert [each.fileno() for each in made] == [-1, -1]


async def test_one_that_hangs_before_it_serves_is_ended_and_replaced():
    family = Family(2)
    with capture_logs() as entries:
        await family.has(2)
        await asyncio.sleep(0)
        family.hangs = True
        family.workers[0].end(1)
        await family.has(3)
        family.hangs = False
        await family.has(4)
    assert [worker.is_killed for worker in family.workers] == [False, False, True, False]
    told = [entry["event"] for entry in entries if entry.get("pid") == 2]
    assert told == ["worker.hung", "worker.ended"]
    family.parent.on_signal(signal.SIGTERM)
    for worker in (family.workers[1], family.workers[3]):
        worker.end(0)
    assert await family.running == 0


async def test_where_the_first_hangs_before_it_serves_the_parent_ends():
    family = Family(2)
    family.hangs = True
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await family.running == 1
    assert [worker.is_killed for worker in family.workers] == [True]


async def test_one_that_is_silent_is_ended_and_replaced():
    family = Family(2)
    with capture_logs() as entries:
        await family.has(2)
        family.workers[0].hears = lambda: False
        await family.has(3)
    assert [worker.is_killed for worker in family.workers] == [True, False, False]
    told = [entry["event"] for entry in entries if entry.get("pid") == 0]
    assert told == ["worker.up", "worker.hung", "worker.ended"]
    assert await family.status(0, 0) == 0


async def test_one_that_is_heard_now_and_then_is_left_alone():
    family = Family(1)
    await family.has(1)
    looks, looked_often = itertools.count(1), asyncio.Event()

    def heard_each_tenth_time() -> bool:
        if (number := next(looks)) > 100:
            looked_often.set()
        return number % 10 == 0

    family.workers[0].hears = heard_each_tenth_time
    async with asyncio.timeout(PATIENCE_SECONDS):
        await looked_often.wait()
    assert not family.workers[0].is_killed
    assert await family.status(0) == 0


@pytest.mark.parametrize(("signals", "stop_seconds"), [(1, 60), (2, 0)])
async def test_one_that_stops_has_its_time_and_is_killed_after_it(clock, signals, stop_seconds):
    """It may be silent meanwhile."""
    family = Family(1)
    await family.settle()
    for _ in range(signals):
        family.parent.on_signal(signal.SIGTERM)
    family.workers[0].hears = lambda: False
    killed = []
    for seconds in (stop_seconds + 7, 4):
        clock.now += seconds
        await family.settle()
        killed.append(family.workers[0].is_killed)
    assert killed == [False, True]
    assert await family.running == 1


@pytest.mark.parametrize(
    ("numbers", "orders"),
    [
        ([signal.SIGTERM], [ShutdownPhase.DRAINING]),
        ([signal.SIGINT], [ShutdownPhase.CLOSING]),
        ([signal.SIGTERM, signal.SIGTERM], [ShutdownPhase.DRAINING, ShutdownPhase.CANCELLING]),
    ],
)
async def test_a_signal_is_passed_on_as_an_order(numbers, orders):
    family = Family(2)
    await family.has(2)
    for number in numbers:
        family.parent.on_signal(number)
    assert [worker.orders for worker in family.workers] == [orders] * 2
    for worker in family.workers:
        worker.end(0)
    assert await family.running == 0


async def test_one_that_still_starts_is_ended_at_a_signal():
    """It serves nobody; and where its start takes longer than a worker has to end, it would be killed."""
    family = Family(2)
    await family.has(1)
    family.hangs = True
    await family.has(2)
    serving, starting = family.workers
    family.parent.on_signal(signal.SIGINT)
    assert (serving.is_terminated, starting.is_terminated) == (False, True)
    serving.end(0)
    assert await family.running == 0


async def test_one_that_begins_to_start_at_a_signal_is_ended():
    family = Family(2)
    family.hangs = True
    family.may_start.clear()
    await family.settle()
    family.parent.on_signal(signal.SIGTERM)
    family.may_start.set()
    assert await family.running == 0
    assert [worker.is_terminated for worker in family.workers] == [True]


@pytest.mark.parametrize(
    ("status", "expected"), [(0, 0), (-signal.SIGTERM, 0), (1, 1), (-signal.SIGKILL, 1)]
)
async def test_the_status_tells_of_a_worker_that_did_not_end_well(status, expected):
    family = Family(2)
    await family.has(2)
    assert await family.status(status, 0) == expected


@pytest.mark.slow
async def test_an_order_to_one_that_has_just_ended_is_nobodys_problem():
    worker = await WorkerProcess.start({"PYTHONDONTWRITEBYTECODE": "1", "GATEWAY_NONSENSE": "1"})
    assert not await worker.wait_until_ready()
    assert await worker.wait() == 2
    worker.send_phase(ShutdownPhase.DRAINING)
    worker.kill()


async def test_a_reload_is_passed_on_to_workers_that_serve_and_that_start():
    family = Family(2)
    await family.has(1)
    family.hangs = True
    await family.has(2)
    family.parent.request_reload()
    assert [worker.reloads for worker in family.workers] == [1, 1]
    family.parent.on_signal(signal.SIGTERM)
    family.workers[0].end(0)
    await family.running


def exists(pid: int) -> bool:
    """Whether there is such a process, be it one whose exit status nobody has taken."""
    return Path(f"/proc/{pid}").exists()


@pytest.mark.skipif(not exists(os.getpid()), reason="reads /proc")
@pytest.mark.parametrize("send", [WorkerProcess.terminate, WorkerProcess.kill])
async def test_a_signal_at_the_end_of_a_worker_leaves_its_exit_status(send):
    for _ in range(10):
        process = await asyncio.create_subprocess_exec("true")
        ours, theirs = socket.socketpair()
        worker = WorkerProcess(process, ours)
        with theirs:
            while exists(process.pid):
                send(worker)
                await asyncio.sleep(0)
            assert await worker.wait() in {0, -signal.SIGTERM, -signal.SIGKILL}
