"""The README's shell commands, run as they are written."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.socket

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
LINES = [line.split("  #")[0].strip() for block in BLOCKS for line in block.strip().splitlines()]
CURLS = [line for line in LINES if line.startswith("curl")]
SERVERS = [line for line in LINES if "serve" in line or line == "make sandbox"]

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")},
    "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
}


def started(command):
    """A server that answers; it runs in a process group of its own."""
    process = subprocess.Popen(
        command,
        shell=True,
        cwd=ROOT,
        env=ENVIRONMENT,
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(600):
        assert process.poll() is None, f"{command} ended"
        try:
            if httpx.get("http://127.0.0.1:8000/livez").status_code == 200:
                return process
        except httpx.TransportError:
            time.sleep(0.05)  # noqa: TID251 - another process starts meanwhile
    raise AssertionError(f"{command} does not answer")


def stop(process):
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(timeout=10)


@pytest.fixture(scope="module")
def sandbox():
    process = started("make sandbox")
    yield
    stop(process)


def test_the_readme_has_commands_of_each_sort():
    assert len(CURLS) == 3
    assert len(SERVERS) == 3


@pytest.mark.parametrize("command", CURLS)
def test_a_curl_command_works(command, sandbox):
    ran = subprocess.run(
        command, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=10, check=True
    )
    answer = json.loads(ran.stdout or "{}")
    assert not {"errors", "error"} & answer.keys()


@pytest.mark.parametrize("command", [line for line in SERVERS if "GATEWAY_UPSTREAM_URL" in line])
def test_the_gateway_serves_the_real_api(command):
    stop(started(command))
