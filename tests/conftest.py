"""The gateway over the sandbox, in process; and over any upstream that a test makes up."""

import logging
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any

import httpx
import pytest
import structlog
from opentelemetry.trace import TracerProvider

from gateway.config.settings import Settings
from gateway.observability import logging as gateway_logging
from gateway.sandbox.app import create_sandbox
from gateway.web.app import create_app
from tests.support.quick_run import (  # noqa: F401  # hooks
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_deselected,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)

SANDBOX = "http://sandbox"
ACCOUNT_1 = {"api_key": "sandbox-key-1", "token": "sandbox-token-1"}

Handler = (
    Callable[[httpx.Request], httpx.Response]
    | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]
)


@pytest.fixture
def anyio_backend():
    return "asyncio"


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


class Clock:
    """The time of day, which a test turns. It is 09:00 in UTC on 2026-03-29."""

    def __init__(self) -> None:
        self.now = 1_774_774_800.0

    def __call__(self) -> float:
        return self.now


class Gateway:
    """A gateway in process, and how tests talk to it.

    Attributes:
        clock: Its clock.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        *,
        tracer_provider: TracerProvider | None = None,
        **settings: Any,
    ) -> None:
        given = {"upstream_url": SANDBOX, "compile_queries": "eager", **ACCOUNT_1, **settings}
        self.clock = Clock()
        self.app = create_app(
            Settings(**given),
            transport=transport,
            now=self.clock,
            tracer_provider=tracer_provider,
        )
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://gateway"
        )

    async def post(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        body = {"query": query, "variables": variables}
        accept = {"accept": "application/graphql-response+json"}
        return await self.http.post("/graphql", json=body, headers={**accept, **(headers or {})})

    async def ask(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The answer to a query, as JSON."""
        answer: dict[str, Any] = (await self.post(query, variables, headers)).json()
        return answer

    async def data(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer that must have no errors."""
        answer = await self.ask(query, variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data


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
