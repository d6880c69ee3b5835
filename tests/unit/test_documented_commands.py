"""The commands of the README and of docs/, run as they are printed."""

import json
import os
import re
import shlex
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

from tests.support import plain_http
from tests.support.pages import COMMAND_BLOCKS, ROOT
from tests.support.processes import PATIENCE_SECONDS, free_ports, inherited, until

pytestmark = pytest.mark.socket

_LINES = [
    re.split(r"\s+#", line)[0].strip()
    for block in COMMAND_BLOCKS.values()
    for line in block.replace("\\\n", " ").strip().splitlines()
    if not line.startswith("#")
]
LINES = list(dict.fromkeys(_LINES))
MAKE = [line for line in LINES if line.startswith("make ")]
DOCKER = [line for line in LINES if line.startswith("docker run ")]
IMAGE = "docker build -t gateway ."
CURLS = [line for line in LINES if line.startswith("curl ")]
SERVERS = [line for line in LINES if line.endswith("gateway serve")]
ONE_OFF = [line for line in LINES if line not in {IMAGE, *MAKE, *DOCKER, *CURLS, *SERVERS}]

_PATIENCE_SECONDS = 300
"""In a checkout that is new, `make` installs and builds first."""


class Server(NamedTuple):
    """What a command has started.

    Attributes:
        process: In a process group of its own.
        port: Where it serves GraphQL: not the documented port, where anybody else may serve.
        rest_port: Where a sandbox serves the REST API, likewise.
    """

    process: subprocess.Popen[bytes]
    port: int
    rest_port: int

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(PATIENCE_SECONDS)


def environment(**variables: str) -> dict[str, str]:
    """The environment of the tests without settings, with `gateway` on the path."""
    path = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
    return inherited() | {"PATH": path, "PYTHONPATH": str(ROOT)} | variables


def started(command: str, folder: Path, **variables: str) -> Server:
    """A server that has answered: its log has the request that got the answer."""
    port, rest_port = free_ports(2)
    ports = {"PORT": str(port), "GATEWAY_SANDBOX_REST_PORT": str(rest_port)}
    log = folder / "log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            command,
            shell=True,
            cwd=ROOT,
            env=environment(**ports, **variables),
            start_new_session=True,
            stderr=stderr,
        )
    server, request_id = Server(process, port, rest_port), f"docs-{uuid.uuid4().hex}"

    def has_answered() -> bool:
        assert process.poll() is None, f"{command} ended: {log.read_text('utf-8')}"
        with suppress(httpx.TransportError):
            address = f"http://127.0.0.1:{port}/graphql"
            plain_http.get(address, headers={"X-Request-Id": request_id})
        return request_id in log.read_text("utf-8")

    try:
        until(has_answered, seconds=_PATIENCE_SECONDS)
    except BaseException:
        server.stop()
        raise
    return server


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It has bound both ports itself, or it would not have started."""
    server = started("make sandbox", tmp_path_factory.mktemp("sandbox"))
    yield server
    server.stop()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with all that a checkout has, in which commands can write; `src` is a frontend's own folder."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for entry in ROOT.iterdir():
        (folder / entry.name).symlink_to(entry)
    (folder / "src").mkdir()
    return folder


def test_the_documentation_has_commands_of_each_sort():
    assert {"make sandbox", "make test", "make check", "make docs", "make schema"} <= {*MAKE}
    assert len(CURLS) >= 3
    assert len(SERVERS) >= 2
    assert len(ONE_OFF) >= 5
    assert len(DOCKER) >= 2
    assert IMAGE in LINES


@pytest.mark.parametrize("command", CURLS)
def test_a_curl_command_works(command, sandbox):
    for documented, real in ((8000, sandbox.port), (8001, sandbox.rest_port)):
        command = command.replace(f"127.0.0.1:{documented}", f"127.0.0.1:{real}")
    ran = subprocess.run(
        command,
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    answer = json.loads(ran.stdout or "{}")
    plain_http.delete(f"http://127.0.0.1:{sandbox.rest_port}/_sandbox/faults").raise_for_status()
    assert not {"errors", "error"} & answer.keys()


@pytest.mark.parametrize("command", SERVERS)
def test_the_gateway_serves_as_documented(command, tmp_path):
    started(command, tmp_path).stop()


@pytest.mark.parametrize("command", ONE_OFF)
def test_a_command_that_ends_succeeds(command, checkout):
    ran = subprocess.run(
        command,
        shell=True,
        cwd=checkout,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("command", DOCKER)
def test_the_image_runs_the_documented_command(command, tmp_path):
    """CI builds the image step by step; here is what runs in it, with the HOST that it sets."""
    options, _, given = f"{command} ".partition(" gateway ")
    variables = dict(re.findall(r" -e ([A-Z_]+)=(\S+)", options))
    (default,) = re.findall(r"^CMD (.+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    runs = given.strip() or shlex.join(json.loads(default))
    started(runs, tmp_path, HOST="0.0.0.0", **variables).stop()


@pytest.mark.parametrize("command", MAKE)
def test_a_documented_make_target_exists(command):
    """CI runs the targets themselves: they would run these tests again, or change the checkout."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in command.split()[1:]:
        assert f"\n{target}:" in makefile


def test_a_stranger_at_the_port_is_not_taken_for_the_command(tmp_path):
    """One that answers whatever is asked, beside a command that does not serve."""
    command = (
        f"{sys.executable} -c 'import os, http.server as h; "
        'h.test(h.SimpleHTTPRequestHandler, port=int(os.environ["PORT"]), bind="127.0.0.1")\' '
        "2>/dev/null & sleep 2; exit 3"
    )
    with pytest.raises(AssertionError, match="ended"):
        started(command, tmp_path)
