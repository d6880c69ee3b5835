"""Health checks and metrics at an address of their own, over real sockets, in one process and with workers."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

import httpx
import pytest

from tests.support import plain_http
from tests.support.processes import Running, free_ports, inherited, running, until

pytestmark = pytest.mark.socket

PROBES = ("/livez", "/readyz", "/metrics")
QUERY = {"query": "{ __typename }"}
BOTH = pytest.mark.parametrize("workers", [1, 2])


class Service(NamedTuple):
    """`gateway serve`, at its two addresses."""

    public: str
    admin: str
    gateway: Running

    def ready(self) -> httpx.Response:
        return plain_http.get(f"{self.admin}/readyz")


@contextmanager
def serving(workers: int, *, host: str = "127.0.0.1", **given: str) -> Iterator[Service]:
    port, admin_port = free_ports(2)
    public, admin = f"http://127.0.0.1:{port}", f"http://{host}:{admin_port}"
    environment = {
        "PORT": str(port),
        "WEB_CONCURRENCY": str(workers),
        "GATEWAY_UPSTREAM_URL": "http://127.0.0.1:9",
        "GATEWAY_ADMIN_ADDRESS": f"{host}:{admin_port}",
        **given,
    }
    with running("serve", ready=f"{public}/", **environment) as gateway:
        service = Service(public, admin, gateway)
        until(lambda: len(gateway.events("worker.up")) >= (workers if workers > 1 else 0))
        yield service


def operations(text: str) -> float:
    lines = [line for line in text.splitlines() if line.startswith("gateway_operations_total{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module", params=[1, 2])
def service(request) -> Iterator[Service]:
    workers: int = request.param
    host = "[::1]" if workers == 1 and has_ipv6() else "127.0.0.1"
    with serving(workers, host=host) as started:
        yield started


def test_probes_answer_at_their_own_address_only(service):
    for path in PROBES:
        assert plain_http.get(service.admin + path).status_code == 200
        assert plain_http.get(service.public + path).status_code == 404
    for path in ("/", "/graphql", "/schema.graphql"):
        assert plain_http.get(service.admin + path).status_code == 404
    assert "live" not in plain_http.get(f"{service.public}/").json()
    (started,) = service.gateway.events("started")
    assert started["admin_url"] == service.admin


def test_the_metrics_are_those_of_all_workers(service):
    before = operations(plain_http.get(f"{service.admin}/metrics").text)
    for _ in range(20):  # each over a connection of its own
        plain_http.post(f"{service.public}/graphql", json=QUERY)
    assert operations(plain_http.get(f"{service.admin}/metrics").text) == before + 20


@BOTH
def test_probes_answer_while_requests_are_drained(workers):
    with serving(workers, GATEWAY_DRAIN_SECONDS="60") as service:
        assert service.ready().json() == {"status": "ready"}
        service.gateway.process.terminate()
        until(lambda: service.ready().status_code == 503)
        assert service.ready().json() == {"status": "not ready", "reason": "draining"}
        assert plain_http.get(f"{service.admin}/livez").status_code == 200
        assert plain_http.post(f"{service.public}/graphql", json=QUERY).status_code == 200
        assert service.gateway.end() == 0


@BOTH
def test_probes_answer_while_the_last_requests_end(workers):
    """The public port is closed by then, and a request waits for an upstream that does not answer."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with (
            serving(workers, GATEWAY_UPSTREAM_URL=url) as service,
            ThreadPoolExecutor(1) as pool,
        ):
            query = {"query": '{ client(id: "1") { profile { firstName } } }'}
            keys = {"apiKey": "k", "token": "t"}
            pool.submit(httpx.post, f"{service.public}/graphql", json=query, headers=keys)
            call, _ = silent.accept()
            with call:
                service.gateway.process.terminate()
                until(lambda: not accepts(service.public))
                assert plain_http.get(f"{service.admin}/livez").status_code == 200
                assert service.ready().status_code == 503
                assert service.gateway.end() == 0


def accepts(url: str) -> bool:
    try:
        plain_http.get(url)
    except httpx.TransportError:
        return False
    return True


@BOTH
def test_an_admin_port_in_use_is_named_and_ends_the_start(workers):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        settings = {
            "PORT": "0",
            "WEB_CONCURRENCY": str(workers),
            "GATEWAY_UPSTREAM_URL": "http://127.0.0.1:9",
            "GATEWAY_ADMIN_ADDRESS": f"127.0.0.1:{port}",
        }
        ended = subprocess.run(
            [sys.executable, "-m", "gateway", "serve"],
            env=inherited() | settings,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stderr == (
        f"Port {port} of 127.0.0.1 cannot be used: Address already in use: "
        "set GATEWAY_ADMIN_ADDRESS to another.\n"
    )
