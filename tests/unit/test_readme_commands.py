"""The README's shell commands, run as they are written."""

import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.support.processes import free_ports, inherited, until

pytestmark = pytest.mark.socket

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
LINES = [line.split("  #")[0].strip() for block in BLOCKS for line in block.strip().splitlines()]
CURLS = [line for line in LINES if line.startswith("curl")]
SERVERS = [line for line in LINES if "serve" in line or line == "make sandbox"]


_PATIENCE_SECONDS = 300
"""In a checkout that is new, `make` installs and builds first."""


class Server(NamedTuple):
    """What a command has started.

    Attributes:
        process: In a process group of its own.
        port: Where it serves GraphQL: not the README's, where anybody else may serve.
    """

    process: subprocess.Popen[bytes]
    port: int

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(timeout=10)


def started(command: str, folder: Path) -> Server:
    """A server that has answered: its log has the request that got the answer."""
    (port,) = free_ports(1)
    path = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
    log = folder / "log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            command,
            shell=True,
            cwd=ROOT,
            env=inherited() | {"PATH": path, "PORT": str(port)},
            start_new_session=True,
            stderr=stderr,
        )
    server, request_id = Server(process, port), f"readme-{uuid.uuid4().hex}"

    def has_answered() -> bool:
        assert process.poll() is None, f"{command} ended: {log.read_text('utf-8')}"
        with suppress(httpx.TransportError):
            address = f"http://127.0.0.1:{port}/graphql"
            httpx.get(address, headers={"X-Request-Id": request_id})
        return request_id in log.read_text("utf-8")

    try:
        until(has_answered, seconds=_PATIENCE_SECONDS)
    except BaseException:
        server.stop()
        raise
    return server


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Its REST API is at the README's port: where that is taken, it does not start."""
    server = started("make sandbox", tmp_path_factory.mktemp("sandbox"))
    yield server
    server.stop()


def test_the_readme_has_commands_of_each_sort():
    assert len(CURLS) == 3
    assert len(SERVERS) == 3


@pytest.mark.parametrize("command", CURLS)
def test_a_curl_command_works(command, sandbox):
    command = command.replace("127.0.0.1:8000", f"127.0.0.1:{sandbox.port}")
    ran = subprocess.run(
        command, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=10, check=True
    )
    answer = json.loads(ran.stdout or "{}")
    assert not {"errors", "error"} & answer.keys()


@pytest.mark.parametrize("command", [line for line in SERVERS if "GATEWAY_UPSTREAM_URL" in line])
def test_the_gateway_serves_the_real_api(command, tmp_path):
    started(command, tmp_path).stop()


def test_a_stranger_at_the_port_is_not_taken_for_the_command(tmp_path):
    """One that answers whatever is asked, beside a command that does not serve."""
    command = (
        f"{sys.executable} -c 'import os, http.server as h; "
        'h.test(h.SimpleHTTPRequestHandler, port=int(os.environ["PORT"]), bind="127.0.0.1")\' '
        "2>/dev/null & sleep 2; exit 3"
    )
    with pytest.raises(AssertionError, match="ended"):
        started(command, tmp_path)
