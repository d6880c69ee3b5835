"""What Ctrl-C leaves of a command: an exit status, and no text."""

import secrets
import signal
import subprocess
import sys
from typing import NoReturn

import pytest
from click.testing import CliRunner

from gateway.cli.main import main
from tests.support.processes import PATIENCE_SECONDS, inherited


@pytest.mark.parametrize("command", ["serve", "sandbox"])
def test_ctrl_c_while_modules_are_imported_leaves_no_traceback(command):
    """Python is told to write a line for each module that it has imported, so that the moment is known."""
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "gateway", command],
        env={**inherited(), "GATEWAY_UPSTREAM_URL": "http://127.0.0.1:9", "PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        next(line for line in process.stderr if line.rstrip().endswith("gateway.cli.exit_statuses"))
        next(line for line in process.stderr if line.rstrip().endswith("click.core"))
        process.send_signal(signal.SIGINT)
        written, errors = process.communicate(timeout=PATIENCE_SECONDS)
    others = [line for line in errors.splitlines() if not line.startswith("import time:")]
    assert (process.returncode, written, others) == (130, "", [])


def test_ctrl_c_in_a_command_leaves_no_text(monkeypatch, telemetry_restored):
    def interrupt(_: int) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(secrets, "token_urlsafe", interrupt)
    result = CliRunner().invoke(main, ["caller-key", "web"])
    assert (result.exit_code, result.output) == (130, "")
