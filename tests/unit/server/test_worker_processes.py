"""`gateway serve` with several workers, as processes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.server.lifecycle import reserve_port
from gateway.server.workers import Supervisor, WorkerProcess
from tests.support import plain_http
from tests.support.processes import PATIENCE_SECONDS, Running, free_ports, inherited, running, until

pytestmark = pytest.mark.socket

NOBODY = "http://127.0.0.1:9"
"""An upstream that is not there."""


def children(parent: int) -> set[int]:
    tasks = Path(f"/proc/{parent}/task").glob("*/children")
    return {int(pid) for each in tasks for pid in each.read_text("utf-8").split()}


class Service:
    """`gateway serve` with two workers."""

    def __init__(self, address: str, gateway: Running) -> None:
        self.address = address
        self.gateway = gateway

    @property
    def workers(self) -> set[int]:
        return children(self.gateway.process.pid)

    def are_up(self, count: int) -> bool:
        return len(self.gateway.events("worker.up")) >= count

    def kill(self, pids: Iterable[int]) -> None:
        """End these and the parent at once, as they are."""
        self.gateway.process.kill()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not [pid for pid in pids if Path(f"/proc/{pid}").exists()])


@contextmanager
def serving(**given: str) -> Iterator[Service]:
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    environment = {
        "PORT": str(port),
        "WEB_CONCURRENCY": "2",
        "GATEWAY_UPSTREAM_URL": NOBODY,
        "GATEWAY_DRAIN_SECONDS": "0",
        **given,
    }
    with running("serve", ready=f"{address}/livez", **environment) as gateway:
        both = Service(address, gateway)
        until(lambda: both.are_up(2))
        yield both


@pytest.fixture
def service():
    with serving() as both:
        yield both


linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")


@linux
def test_a_worker_that_is_killed_is_replaced_and_the_others_serve_on(service):
    failed: list[Exception] = []
    served = 0
    before = service.workers
    os.kill(victim := min(before), signal.SIGKILL)
    until(lambda: victim not in service.workers)
    while not service.are_up(3):
        try:
            served += plain_http.get(f"{service.address}/readyz").status_code == 200
        except httpx.TransportError as error:
            failed.append(error)
    assert failed == []
    assert served > 0
    assert len(service.workers) == 2
    assert len(service.workers - before) == 1
    assert [each["status"] for each in service.gateway.events("worker.ended")] == [-signal.SIGKILL]
    assert service.gateway.end() == 0


def operations(service: Service) -> float:
    """How many there were, as one scrape of whichever worker tells it."""
    lines = plain_http.get(f"{service.address}/metrics").text.splitlines()
    told = [line for line in lines if line.startswith("gateway_operations_total{")]
    return sum(float(line.rpartition(" ")[2]) for line in told)


@linux
def test_one_scrape_covers_all_workers_also_those_that_have_ended(service):
    """Each request is on a connection of its own, and so with one worker or the other."""
    for _ in range(16):
        body = {"query": "{ __typename }"}
        plain_http.post(f"{service.address}/graphql", json=body).raise_for_status()
    assert {operations(service) for _ in range(16)} == {16}
    os.kill(min(service.workers), signal.SIGKILL)
    until(lambda: service.are_up(3))
    assert {operations(service) for _ in range(16)} == {16}


async def soon(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - of a process, and no event
            await asyncio.sleep(0.05)


@linux
async def test_a_worker_that_hangs_is_replaced_and_its_connections_fall_to_the_others():
    """Looked at more often than in earnest, so that the test need not wait so long."""
    with reserve_port("127.0.0.1", 0) as bound, capture_logs() as entries:

        def pids(name: str) -> list[int]:
            return [entry["pid"] for entry in entries if entry["event"] == name]

        port = str(bound.getsockname()[1])
        given = {"PORT": port, "GATEWAY_UPSTREAM_URL": NOBODY, "GATEWAY_DRAIN_SECONDS": "0"}
        starting = partial(WorkerProcess.start, given)
        parent = Supervisor(
            2,
            starting,
            stop_timeout_seconds=5,
            on_worker_exit=lambda _: None,
            heartbeat_check_seconds=0.5,
        )
        running = asyncio.create_task(parent.run())
        await soon(lambda: len(pids("worker.up")) == 2)
        os.kill(victim := pids("worker.up")[0], signal.SIGSTOP)
        await soon(lambda: len(pids("worker.up")) == 3)
        assert pids("worker.hung") == pids("worker.ended") == [victim]
        for _ in range(20):  # a connection each, of which the victim would have had its share
            async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as http:
                assert (await http.get(f"http://127.0.0.1:{port}/livez")).status_code == 200
        parent.on_signal(signal.SIGTERM)
        assert await running == 0


@linux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_ends_all_of_them(service, number):
    workers = service.workers
    assert service.gateway.end(number) == 0
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    assert not [line for line in service.gateway.stderr if "Traceback" in line]


@linux
def test_a_signal_to_all_of_them_is_not_taken_for_two(service):
    """As systemd sends it: to every process of a service."""
    for pid in (*service.workers, service.gateway.process.pid):
        os.kill(pid, signal.SIGTERM)
    assert service.gateway.process.wait(PATIENCE_SECONDS) == 0
    assert service.gateway.events("worker.ended") == []


@linux
def test_workers_end_with_their_parent(service):
    workers = service.workers
    service.gateway.process.kill()
    until(lambda: not [pid for pid in workers if Path(f"/proc/{pid}").exists()])


@linux
def test_nothing_is_left_of_a_parent_that_is_killed(tmp_path):
    with serving(TMPDIR=str(tmp_path)) as service:
        workers = service.workers
        assert len([*tmp_path.iterdir()]) == 1
        service.gateway.process.kill()
        until(lambda: not [pid for pid in workers if Path(f"/proc/{pid}").exists()])
        assert not [*tmp_path.iterdir()]


@linux
def test_what_is_left_where_all_are_killed_is_cleared_by_the_next_start_and_no_neighbours(tmp_path):
    with serving(TMPDIR=str(tmp_path)) as neighbour:
        (theirs,) = tmp_path.iterdir()
        with serving(TMPDIR=str(tmp_path)) as service:
            service.kill(service.workers)
        assert len([*tmp_path.iterdir()]) == 2
        with serving(TMPDIR=str(tmp_path)) as service:
            assert len([*tmp_path.iterdir()]) == 2
            assert operations(neighbour) == operations(service) == 0
            assert service.gateway.end() == 0
        assert [*tmp_path.iterdir()] == [theirs]
        assert neighbour.gateway.end() == 0
    assert not [*tmp_path.iterdir()]


def test_workers_whose_parent_did_not_listen_end_quietly(service):
    """What they told it lies unread when it ends, which makes an error of the end."""
    workers = service.workers
    service.gateway.process.send_signal(signal.SIGSTOP)
    time.sleep(2.5)  # noqa: TID251 - in other processes
    service.gateway.process.kill()
    until(lambda: not [pid for pid in workers if Path(f"/proc/{pid}").exists()])
    assert service.gateway.events("library_log") == []


def test_a_configuration_that_does_not_fit_is_told_once(tmp_path):
    manifest = tmp_path / "manifest.json"
    manifest.write_text('{"x": "{ nothing }"}', encoding="utf-8")
    environment = {
        "PORT": "0",
        "WEB_CONCURRENCY": "3",
        "GATEWAY_UPSTREAM_URL": NOBODY,
        "GATEWAY_TRUSTED_DOCUMENTS": "enforce",
        "GATEWAY_TRUSTED_DOCUMENTS_PATH": str(manifest),
    }
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "serve"],
        env=inherited() | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("GATEWAY_TRUSTED_DOCUMENTS_PATH: x: ") == 1
