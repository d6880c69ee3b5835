"""Reloads of files by gateways in processes of their own."""

import asyncio
import json
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest

from tests.support import plain_http
from tests.support.processes import PATIENCE_SECONDS, Running, free_ports, running, until

pytestmark = pytest.mark.socket

NOBODY = "http://127.0.0.1:9"
"""An upstream that is not there."""

TIMELINE = """
query %s($first: Int!) {
  activities(clientId: "1100", first: $first) {
    totalCount
    nodes {
      event
      date { instant }
      ... on AppointmentActivity { appointment { status start { dateTime } staff { firstName } } }
    }
  }
}
"""

SMALL = 'query %s { activities(clientId: "1100") { totalCount } }'


def write(file: Path, names: Iterable[str], text: str = "query %s { __typename }") -> None:
    """A manifest in place of the former one, with a document by the name of each operation."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps({name: text % name for name in names}), encoding="utf-8")
    new.replace(file)


class Service(NamedTuple):
    """A gateway, and where it answers."""

    process: Running
    address: str

    def runs(self, document_id: str) -> bool:
        """Whether a document is trusted, of whichever worker answers."""
        answer = plain_http.post(f"{self.address}/graphql", json={"documentId": document_id}).json()
        return "errors" not in answer

    def metric(self, name: str) -> float:
        lines = plain_http.get(f"{self.address}/metrics").text.splitlines()
        (value,) = [line.rpartition(" ")[2] for line in lines if line.startswith(f"{name} ")]
        return float(value)


@contextmanager
def serving(**settings: str) -> Iterator[Service]:
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    given = {
        "PORT": str(port),
        "GATEWAY_UPSTREAM_URL": NOBODY,
        "GATEWAY_RELOAD_SECONDS": "0",
        **settings,
    }
    with running("serve", ready=f"{address}/livez", **given) as process:
        until(lambda: len(process.events("worker.up")) == int(given.get("WEB_CONCURRENCY", "0")))
        yield Service(process, address)


def enforcing(path: Path) -> dict[str, str]:
    return {"GATEWAY_TRUSTED_DOCUMENTS": "enforce", "GATEWAY_TRUSTED_DOCUMENTS_PATH": str(path)}


def test_sighup_reloads_a_process(tmp_path):
    write(tmp_path / "web.json", ["One"])
    with serving(**enforcing(tmp_path)) as service:
        assert service.runs("One")
        write(tmp_path / "web.json", ["Two"])
        assert not service.runs("Two"), "nothing is reloaded by time"
        service.process.process.send_signal(signal.SIGHUP)
        until(lambda: service.runs("Two"))
        assert not service.runs("One")
        assert service.process.end() == 0


def test_sighup_reloads_all_workers(tmp_path):
    write(tmp_path / "web.json", ["One"])
    token = tmp_path / "token"
    token.write_text("first", encoding="utf-8")
    given = {**enforcing(tmp_path), "GATEWAY_BEARER_TOKEN_FILE": str(token)}
    with serving(**given, WEB_CONCURRENCY="2") as service:
        write(tmp_path / "web.json", ["One", "Two", "Three"])
        token.write_text("second", encoding="utf-8")
        service.process.process.send_signal(signal.SIGHUP)
        until(lambda: len(service.process.events("reload.changed")) == 4)
        settings = Counter(each["setting"] for each in service.process.events("reload.changed"))
        assert settings == {"GATEWAY_TRUSTED_DOCUMENTS_PATH": 2, "GATEWAY_BEARER_TOKEN_FILE": 2}
        assert all(service.runs("Two") for _ in range(16)), "each on a connection of its own"
        assert service.metric("gateway_trusted_documents") == 3
        changed = 'gateway_trusted_documents_reloads_total{outcome="changed"}'
        assert service.metric(changed) == 2
        assert service.process.end() == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sighup_ends_a_gateway_without_files(workers):
    given = {"WEB_CONCURRENCY": workers} if workers != "1" else {}
    with serving(**given) as service:
        assert service.process.end(signal.SIGHUP) == -signal.SIGHUP


class Load:
    """Requests by some connections at once, until the test ends them.

    Attributes:
        answers: How many answers were as expected, and which others came.
    """

    def __init__(self, address: str, requests: Iterable[dict[str, Any]]) -> None:
        self.answers: Counter[str] = Counter()
        self._url = f"{address}/graphql"
        self._requests = list(requests)

    async def _send(self, http: aiohttp.ClientSession, is_over: asyncio.Event) -> None:
        while not is_over.is_set():
            for body in self._requests:
                try:
                    async with http.post(self._url, json=body) as response:
                        found = await response.json()
                        is_fine = response.status == 200 and "errors" not in found
                        self.answers["fine" if is_fine else str(found)] += 1
                except aiohttp.ClientError as error:
                    self.answers[type(error).__name__] += 1

    async def run_until(self, condition: Callable[[], bool]) -> None:
        """Send until the condition holds, which is looked at now and then."""
        is_over = asyncio.Event()
        async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(self._send(http, is_over))
            async with asyncio.timeout(10 * PATIENCE_SECONDS):
                while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - of a process, and no event
                    await asyncio.sleep(0.2)
            is_over.set()


@pytest.mark.slow
async def test_no_request_fails_while_a_thousand_documents_are_reloaded(tmp_path):
    """Of the requests, all but one in ten need no upstream: the sandbox's is in the same process."""
    write(tmp_path / "app.json", ["Alive"])
    write(tmp_path / "timeline.json", ["Timeline"], TIMELINE)
    write(tmp_path / "web.json", [f"Old{number}" for number in range(1_000)])
    port, rest_port = free_ports(2)
    address = f"http://127.0.0.1:{port}"
    ports = {"PORT": str(port), "GATEWAY_SANDBOX_REST_PORT": str(rest_port)}
    given = {
        **enforcing(tmp_path),
        "GATEWAY_RELOAD_SECONDS": "0.2",
        "LOG_LEVEL": "warning",
        **ports,
    }
    bodies: list[dict[str, Any]] = [{"documentId": "Alive"}] * 9
    bodies.append({"documentId": "Timeline", "variables": {"first": 5}})
    with running("sandbox", ready=f"{address}/livez", **given) as process:
        service = Service(process, address)
        changed = 'gateway_trusted_documents_reloads_total{outcome="changed"}'
        write(tmp_path / "web.json", [f"New{number}" for number in range(1_000)], SMALL)
        load = Load(address, bodies)
        await load.run_until(
            lambda: service.metric(changed) == 1 and load.answers.total() >= 10_000
        )
        assert set(load.answers) == {"fine"}
        assert service.metric("gateway_trusted_documents") == 1_002
        assert not service.runs("Old0")
