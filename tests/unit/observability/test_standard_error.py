"""`gateway serve` where standard error is a full disk, a closed pipe, one that nobody reads, or closed itself."""

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support import plain_http
from tests.support.processes import PATIENCE_SECONDS, await_answer, free_ports, inherited, until

pytestmark = pytest.mark.socket

NOBODY = "http://127.0.0.1:9"
"""An upstream that is not there."""

TIMELINE = "{ activities(clientId: 1001) { totalCount } }"


class Service:
    """A gateway in a process of its own, whose standard error is the test's business."""

    def __init__(self, address: str, process: subprocess.Popen[str]) -> None:
        self.address = address
        self._process = process

    def error(self) -> object:
        """The code of the one error in the answer to a query."""
        body = {"query": TIMELINE}
        answer = plain_http.post(f"{self.address}/graphql", json=body, timeout=PATIENCE_SECONDS)
        assert answer.status_code == 200, answer.text
        (error,) = answer.json()["errors"]
        return error["extensions"]["code"]

    def dropped(self) -> float:
        """How many events were dropped, as one scrape of whichever worker tells it."""
        told = plain_http.get(f"{self.address}/metrics", timeout=PATIENCE_SECONDS).text
        value = re.search(r"^gateway_log_events_dropped_total (\S+)$", told, re.MULTILINE)
        assert value is not None
        return float(value[1])

    def ask_often(self, count: int) -> int:
        """Ask so often for what there is not, over one connection; how many answers came."""
        url = httpx.URL(self.address)
        request = b"GET /nowhere HTTP/1.1\r\nHost: gateway\r\n\r\n"
        last = b"GET /nowhere HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n"
        found = b""
        with closing(
            socket.create_connection((url.host, url.port or 80), timeout=PATIENCE_SECONDS)
        ) as wire:
            sent = request * (count - 1) + last
            sending = threading.Thread(target=wire.sendall, args=[sent])
            sending.start()
            while piece := wire.recv(65_536):
                found += piece
            sending.join()
        return found.count(b"HTTP/1.1 404 ")

    def end(self) -> int:
        """The status that it ends with at SIGTERM."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_SECONDS)


@contextmanager
def serving(stderr: int, *, closed: str = "", workers: int = 1) -> Iterator[Service]:
    """`gateway serve`, once it answers.

    Args:
        stderr: Its standard error.
        closed: What the shell closes instead.
        workers: How many there are.
    """
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    environment = {
        "PORT": str(port),
        "WEB_CONCURRENCY": str(workers),
        "GATEWAY_UPSTREAM_URL": NOBODY,
        "GATEWAY_DRAIN_SECONDS": "0",
        "GATEWAY_UPSTREAM_ATTEMPTS": "1",
    }
    process = subprocess.Popen(
        ["/bin/sh", "-c", f'exec "$0" "$@" {closed}', sys.executable, "-m", "gateway", "serve"],
        env=inherited() | environment,
        stderr=stderr,
        text=True,
    )
    try:
        await_answer(process, f"{address}/livez", deque(["no log"]))
        yield Service(address, process)
    finally:
        process.kill()
        process.wait()


@contextmanager
def full_disk() -> Iterator[int]:
    with Path("/dev/full").open("wb") as full:
        yield full.fileno()


@contextmanager
def closed_pipe() -> Iterator[int]:
    reading, descriptor = os.pipe()
    os.close(reading)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("broken", [full_disk, closed_pipe])
def test_a_log_that_cannot_be_written_changes_no_answer_and_is_counted(broken, workers):
    """Each read that fails is two events: its own, and that of its request."""
    with broken() as stderr, serving(stderr, workers=workers) as service:
        assert {service.error() for _ in range(20)} == {"UPSTREAM_UNAVAILABLE"}
        until(lambda: service.dropped() >= 40)
        assert service.end() == 0


def test_a_reader_of_the_log_that_leaves_changes_no_answer():
    reading, descriptor = os.pipe()
    with serving(descriptor) as service:
        os.close(descriptor)
        assert service.error() == "UPSTREAM_UNAVAILABLE"
        os.close(reading)
        assert {service.error() for _ in range(20)} == {"UPSTREAM_UNAVAILABLE"}
        until(lambda: service.dropped() >= 40)
        assert service.end() == 0


@pytest.mark.parametrize(("closed", "workers"), [("2>&-", 1), ("<&- >&- 2>&-", 2)])
def test_a_log_that_is_closed_changes_no_answer_and_gets_into_no_other(closed, workers):
    """Without care, a socket would get its number, and with it all that is logged."""
    with serving(subprocess.DEVNULL, closed=closed, workers=workers) as service:
        assert {service.error() for _ in range(20)} == {"UPSTREAM_UNAVAILABLE"}
        assert service.ask_often(100) == 100
        until(lambda: service.dropped() >= 140)
        assert service.end() == 0


def read_all(reading: int) -> str:
    os.set_blocking(reading, False)
    found = b""
    while piece := os.read(reading, 65_536):
        found += piece
    return found.decode()


@pytest.mark.parametrize(("blocks", "workers"), [(True, 1), (False, 1), (True, 2)])
def test_a_log_that_nobody_reads_stops_nothing_and_what_was_written_is_whole(blocks, workers):
    """Beyond what the pipe takes and what waits for it, events are dropped."""
    reading, descriptor = os.pipe()
    fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, 131_072)  # some 400 lines
    os.set_blocking(descriptor, blocks)
    before = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    with closing(open(reading, "rb", buffering=0)):  # noqa: PTH123 - a descriptor has no path
        with serving(descriptor, workers=workers) as service:
            for _ in range(6 * workers):  # so that one of the workers has at least 12,000
                assert service.ask_often(2000) == 2000
            until(lambda: service.dropped() > 1000)
            assert service.error() == "UPSTREAM_UNAVAILABLE"
            assert service.end() == 0
        assert fcntl.fcntl(descriptor, fcntl.F_GETFL) == before
        os.close(descriptor)
        first, *events = map(json.loads, read_all(reading).splitlines())
    assert (first["event"], first["url"]) == ("started", f"{service.address}/graphql")
    assert len(events) > 241
    assert {each["event"] for each in events} <= {"request", "worker.up", "stopping", "stopped"}
