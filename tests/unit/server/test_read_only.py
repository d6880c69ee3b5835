"""`gateway serve` as a container has it: nothing can be written, nobody in particular, no capability."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import plain_http
from tests.support.confined import USER, confined, python
from tests.support.processes import PATIENCE_SECONDS, await_answer, free_ports, until

pytestmark = [
    pytest.mark.socket,
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("setpriv") is None, reason="mounts; needs root"
    ),
]

ROOT = Path(__file__).parents[3]


class Service:
    def __init__(self, address, process, stderr):
        self.address = address
        self.process = process
        self._stderr = stderr

    def events(self, name):
        return [each for line in [*self._stderr] if (each := json.loads(line))["event"] == name]

    def operations(self):
        """How many there were, as one scrape of whichever worker tells it."""
        return self._counted(plain_http.get(f"{self.address}/metrics").text)

    def start_and_count(self):
        """When the worker was started that tells it, where each tells its own, and how many it had."""
        text = plain_http.get(f"{self.address}/metrics").text
        (started,) = re.findall(r"^process_start_time_seconds (\S+)$", text, re.MULTILINE)
        return started, self._counted(text)

    def _counted(self, text):
        return sum(
            map(float, re.findall(r"^gateway_operations_total\S* (\S+)$", text, re.MULTILINE))
        )

    def status(self, field):
        told = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        return re.findall(rf"^{field}:\s*(.*)$", told, re.MULTILINE)


@contextmanager
def serving(*writable, redirection=""):
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    settings = {
        "PORT": str(port),
        "WEB_CONCURRENCY": "2",
        "GATEWAY_UPSTREAM_URL": "http://127.0.0.1:9",
        "GATEWAY_DRAIN_SECONDS": "0",
    }
    gateway = [sys.executable, "-m", "gateway", "serve"]
    variables = [f"{name}={value}" for name, value in settings.items()]
    shell = ["/bin/sh", "-c", f'cd "$0" && exec "$@" {redirection}', str(ROOT)]
    command = confined(
        ["/usr/bin/env", "-i", *variables, *shell, *gateway],
        [*python(), ROOT / "gateway"],
        writable=writable,
    )
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        kept: deque[str] = deque()
        reader = threading.Thread(target=kept.extend, args=(process.stderr,))
        reader.start()
        try:
            await_answer(process, f"{address}/livez", kept)
            yield Service(address, process, kept)
        finally:
            process.kill()
            reader.join()


def ended(service):
    service.process.send_signal(signal.SIGTERM)
    return service.process.wait(PATIENCE_SECONDS)


@pytest.mark.parametrize(
    "writable", [("/tmp",), ("/dev/shm",), ("/tmp=4k", "/dev/shm")], ids=" ".join
)
def test_two_workers_share_metrics_wherever_anything_can_be_written(writable):
    with serving(*writable) as service:
        until(lambda: len(service.events("worker.up")) == 2)
        for _ in range(8):
            body = {"query": "{ __typename }"}
            plain_http.post(f"{service.address}/graphql", json=body).raise_for_status()
        assert {service.operations() for _ in range(16)} == {8}
        assert ended(service) == 0
        assert service.events("metrics.not_shared") == []


def test_two_workers_serve_where_nothing_can_be_written_and_say_that_each_counts_alone():
    with serving() as service:
        until(lambda: len(service.events("worker.up")) == 2)
        assert service.status("Uid") == ["\t".join([str(USER)] * 4)]
        assert {*service.status("Cap...")} == {"0" * 16}
        for _ in range(8):
            body = {"query": "{ __typename }"}
            plain_http.post(f"{service.address}/graphql", json=body).raise_for_status()
        told = dict(service.start_and_count() for _ in range(32))
        assert len(told) == 2
        assert sum(told.values()) == 8
        assert ended(service) == 0
        assert [each["level"] for each in service.events("metrics.not_shared")] == ["warning"]
        assert service.events("library_log") == []


def test_with_closed_descriptors_as_well_it_serves_and_ends_well():
    with serving(redirection="<&- >&- 2>&-") as service:
        assert plain_http.get(f"{service.address}/readyz").status_code == 200
        assert ended(service) == 0
