"""Gateways and sandboxes in processes of their own, at real ports."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx

from gateway.config.settings import PREFIX, Settings, env_name
from tests.support import plain_http

PATIENCE_SECONDS = 60.0
"""How long another process may take on a machine that is busy. It says when a test gives up, and bounds no behaviour."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on: all held open at once, so that they differ."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def inherited() -> dict[str, str]:
    """The environment of the tests, without settings."""
    ours = {env_name(name) for name in Settings.model_fields}
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ours and not name.startswith(PREFIX)
    }


def until(condition: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for what other processes do; the log, for one, is written a moment after what it tells of."""
    pause = threading.Event()
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        pause.wait(0.05)


class Lines(deque[str]):
    """The last lines that a process wrote. Another thread adds to them, also while a test goes through them."""

    def __init__(self) -> None:
        super().__init__(maxlen=1000)

    def __iter__(self) -> Iterator[str]:
        return iter([*super().__iter__()])


class Running(NamedTuple):
    """A process under test, and the last lines that it wrote."""

    process: subprocess.Popen[str]
    stdout: Lines
    stderr: Lines

    def end(self, number: int = signal.SIGTERM) -> int:
        """The status it ends with."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of this name, as far as they were read."""
        found = [json.loads(line) for line in self.stderr if line.startswith('{"')]
        return [each for each in found if each["event"] == name]


@contextmanager
def running(*arguments: str, ready: str, **environment: str) -> Iterator[Running]:
    """`python -m gateway …`, once its address `ready` answers; it does not drain, unless a test wants it to."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", *arguments],
        env=inherited() | {"GATEWAY_DRAIN_SECONDS": "0"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    written: list[Lines] = []
    readers = []
    for stream in (process.stdout, process.stderr):
        kept = Lines()
        written.append(kept)
        readers.append(threading.Thread(target=kept.extend, args=(stream,)))
        readers[-1].start()
    try:
        await_answer(process, ready, written[1])
        yield Running(process, *written)
    finally:
        _stop(process)
        for reader in readers:
            reader.join()
        process.stdout.close()
        process.stderr.close()


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def await_answer(process: subprocess.Popen[str], url: str, stderr: deque[str]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    pause = threading.Event()
    while time.monotonic() < until and process.poll() is None:
        try:
            plain_http.get(url, timeout=5)
        except httpx.TransportError:
            pause.wait(0.05)
        else:
            return
    raise AssertionError(f"{url} does not answer: {''.join(stderr)}")
