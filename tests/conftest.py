"""The gateway over the sandbox, in process; and over any upstream that a test makes up."""

import logging
import signal
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import structlog

from gateway.observability import logging as gateway_logging
from gateway.sandbox.app import create_sandbox
from tests.support.gateway import SANDBOX, Gateway, Handler
from tests.support.quick_run import (  # noqa: F401  # hooks
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_deselected,
    pytest_sessionfinish,
    pytest_sessionstart,
    pytest_terminal_summary,
    pytest_testnodedown,
)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def heeded_signals() -> Iterator[None]:
    """Processes that tests start heed SIGINT and SIGHUP, which `nohup` and a script's background ignore.

    A process inherits that a signal is ignored, but not a handler.
    """
    ignored = [
        each for each in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(each) is signal.SIG_IGN
    ]
    for number in ignored:
        signal.signal(number, lambda *_: None)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture
def telemetry_restored() -> Iterator[None]:
    """For tests that configure telemetry: it takes over all that would be written to standard error."""
    before, root = structlog.get_config(), logging.getLogger()
    logger = gateway_logging._logger
    handlers, level = root.handlers[:], root.level
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning
    yield
    gateway_logging.flush()
    sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning = hooks
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)
    gateway_logging._logger = logger


@pytest.fixture
def log(capfd, telemetry_restored) -> Callable[[], str]:
    """What the log has since this was asked last, for tests that configure telemetry: `log()`."""

    def log() -> str:
        assert gateway_logging.flush()
        written = capfd.readouterr()
        assert written.out == ""
        text: str = written.err
        return text

    return log


@pytest.fixture(scope="session")
def sandbox_app():
    return create_sandbox()


@pytest.fixture
async def rest(sandbox_app):
    """The sandbox itself, as account 1; its faults and counts are cleared."""
    transport = httpx.ASGITransport(sandbox_app)
    headers = {"apiKey": "sandbox-key-1", "token": "sandbox-token-1"}
    async with httpx.AsyncClient(transport=transport, base_url=SANDBOX, headers=headers) as http:
        await http.delete("/_sandbox/faults")
        await http.delete("/_sandbox/calls")
        yield http


@pytest.fixture
def gateway(rest, sandbox_app):
    """The gateway over the sandbox, as account 1 unless the caller sends credentials."""
    return Gateway(httpx.ASGITransport(sandbox_app))


@pytest.fixture
def sandbox_gateway(rest, sandbox_app):
    """Makes a gateway over the sandbox with settings: `sandbox_gateway(compile_queries="off")`."""

    def over(**settings: Any) -> Gateway:
        return Gateway(httpx.ASGITransport(sandbox_app), **settings)

    return over


@pytest.fixture
def ask(gateway):
    return gateway.ask


@pytest.fixture
def upstream_calls(rest):
    """Counts the sandbox's calls by path template: `await upstream_calls()`."""

    async def count() -> Counter[str]:
        return Counter((await rest.get("/_sandbox/calls")).json()["calls"])

    return count


@pytest.fixture
def gateway_over():
    """Makes a gateway over a made-up upstream: `gateway_over(handler, **settings)`."""

    def over(handler: Handler, **settings: Any) -> Gateway:
        return Gateway(httpx.MockTransport(handler), **settings)

    return over


@pytest.fixture
def gateway_over_items(gateway_over):
    """Makes a gateway whose upstream sends these items, whatever it is asked."""

    def over(*items: object, **settings: Any) -> Gateway:
        made: Gateway = gateway_over(
            lambda _: httpx.Response(200, json={"items": list(items)}), **settings
        )
        return made

    return over
