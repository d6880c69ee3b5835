import asyncio
import itertools
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.cli.welcome import welcome
from gateway.config.settings import Settings
from gateway.server.lifecycle import (
    GracefulShutdown,
    PortUnavailable,
    ShutdownPhase,
    bind_listening_socket,
    build_server,
    gateway_server,
    next_phase,
    reserve_port,
)
from gateway.web.concurrency import ConcurrencyLimiter
from tests.support import plain_http
from tests.support.clock import Clock
from tests.support.gateway import ACCOUNT_1
from tests.support.processes import PATIENCE_SECONDS, Running, free_ports, running, until

ACTIVITIES = "/api/2.3/activities"
TIMELINE = {"query": "{ activities(clientId: 1020) { totalCount } }"}
Given = tuple[int, dict[str, str]]
ANSWER = {"data": {"activities": {"totalCount": 20}}}


async def nothing(*_: object) -> None:
    pass


def departure(*, drain_seconds: float = 60.0, grace_seconds: float = 60.0) -> GracefulShutdown:
    return GracefulShutdown(
        [build_server(nothing, "127.0.0.1", 0), build_server(nothing, "127.0.0.1", 0)],
        ConcurrencyLimiter(nothing, 1, max_body_bytes=0),
        drain_seconds=drain_seconds,
        grace_seconds=grace_seconds,
    )


@pytest.mark.parametrize(
    ("numbers", "stage"),
    [
        ([signal.SIGTERM], ShutdownPhase.DRAINING),
        ([signal.SIGINT], ShutdownPhase.CLOSING),
        *[
            (list(both), ShutdownPhase.CANCELLING)
            for both in itertools.product((signal.SIGTERM, signal.SIGINT), repeat=2)
        ],
        ([signal.SIGTERM] * 3, ShutdownPhase.CANCELLING),
    ],
)
def test_a_signal_drains_ctrl_c_does_not_wait_for_it_and_a_second_one_for_nothing(numbers, stage):
    reached = ShutdownPhase.RUNNING
    for number in numbers:
        reached = next_phase(reached, number)
    assert reached is stage


async def test_who_drains_takes_requests_still():
    leaving = departure()
    leaving.on_signal(signal.SIGTERM)
    assert leaving.phase is ShutdownPhase.DRAINING
    assert not [each for each in leaving.servers if each.should_exit]


async def test_stages_follow_each_other_in_their_time(monkeypatch):
    clock = Clock(0.0)
    monkeypatch.setattr(asyncio.get_running_loop(), "time", clock)
    leaving = departure(drain_seconds=10, grace_seconds=30)
    leaving.advance_to(ShutdownPhase.DRAINING)
    for now, phase in (
        (9.9, ShutdownPhase.DRAINING),
        (10.1, ShutdownPhase.CLOSING),
        (39.9, ShutdownPhase.CLOSING),
        (40.2, ShutdownPhase.CANCELLING),
    ):
        clock.now = now
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert leaving.phase is phase
    assert all(each.should_exit for each in leaving.servers)


async def test_a_stage_comes_once_and_nothing_goes_back():
    leaving = departure()
    for stage in (ShutdownPhase.CANCELLING, ShutdownPhase.DRAINING, ShutdownPhase.CANCELLING):
        leaving.advance_to(stage)
    assert leaving.phase is ShutdownPhase.CANCELLING


@pytest.mark.parametrize(
    ("number", "phase"), [(signal.SIGTERM, "draining"), (signal.SIGINT, "closing")]
)
async def test_the_start_of_a_shutdown_is_logged_once(number, phase):
    leaving = departure()
    with capture_logs() as entries:
        for _ in range(3):
            leaving.on_signal(number)
    assert leaving.phase is ShutdownPhase.CANCELLING
    assert entries == [
        {"event": "stopping", "log_level": "info", "pid": os.getpid(), "phase": phase}
    ]


@pytest.mark.socket
@pytest.mark.parametrize(
    ("number", "phase"), [(signal.SIGTERM, "draining"), (signal.SIGINT, "closing")]
)
@pytest.mark.parametrize("workers", [1, 2])
def test_each_process_logs_its_shutdown_from_start_to_end(number, phase, workers):
    (port,) = free_ports(1)
    environment = {
        "PORT": str(port),
        "WEB_CONCURRENCY": str(workers),
        "GATEWAY_UPSTREAM_URL": "http://127.0.0.1:9",
        "GATEWAY_DRAIN_SECONDS": "0",
    }
    with running("serve", ready=f"http://127.0.0.1:{port}/livez", **environment) as gateway:
        if workers > 1:
            until(lambda: len(gateway.events("worker.up")) == workers)
        pids = {gateway.process.pid, *(each["pid"] for each in gateway.events("worker.up"))}
        assert gateway.end(number) == 0
        until(lambda: len(gateway.events("stopped")) == len(pids))
    stopping, stopped = gateway.events("stopping"), gateway.events("stopped")
    assert len(pids) == len(stopping) == len(stopped) == (1 if workers == 1 else workers + 1)
    assert {each["pid"] for each in stopping} == {each["pid"] for each in stopped} == pids
    own = [each for each in stopping if each["pid"] == gateway.process.pid]
    assert [each["phase"] for each in own] == [phase]
    assert json.loads(gateway.stderr[-1])["event"] == "stopped"
    assert str(port) not in json.dumps([*stopping, *stopped])


def test_a_port_that_is_taken_is_refused_also_to_those_who_would_share_it():
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        for opening in (bind_listening_socket, reserve_port):
            with pytest.raises(PortUnavailable, match=f"Port {port} of 127.0.0.1 cannot be used"):
                opening("127.0.0.1", port)


def test_a_port_that_is_reserved_is_for_those_who_share_it():
    with reserve_port("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        with pytest.raises(PortUnavailable):
            bind_listening_socket("127.0.0.1", port)
        sharing = [bind_listening_socket("127.0.0.1", port, reuse_port=True) for _ in range(2)]
        assert {each.getsockname() for each in sharing} == {held.getsockname()}
        for each in sharing:
            each.close()


def test_a_port_can_be_reserved_while_connections_of_an_earlier_process_end():
    """The side that closes first keeps the address for a minute (TIME_WAIT)."""
    with bind_listening_socket("127.0.0.1", 0) as server:
        port = server.getsockname()[1]
        with closing(socket.create_connection(("127.0.0.1", port))) as caller:
            accepted, _ = server.accept()
            accepted.close()
            assert caller.recv(1) == b""
    with reserve_port("127.0.0.1", port), pytest.raises(PortUnavailable):
        bind_listening_socket("127.0.0.1", port)


def test_a_port_of_the_newer_protocol_can_be_reserved_as_well():
    try:
        bind_listening_socket("::1", 0).close()
    except PortUnavailable:
        pytest.skip("This machine has no IPv6.")
    with reserve_port("::1", 0) as held:
        bind_listening_socket("::1", held.getsockname()[1], reuse_port=True).close()


class Slow:
    """A gateway before an upstream that takes its time for one client."""

    def __init__(self, address: str, rest: str, gateway: Running) -> None:
        self.address = address
        self.rest = rest
        self.gateway = gateway
        self.answers: list[httpx.Response | Exception] = []

    def asking(self) -> threading.Thread:
        """Somebody who asks for what is slow, and is waiting for it."""
        thread = threading.Thread(target=self._ask)
        thread.start()
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            calls = plain_http.get(f"{self.rest}/_sandbox/calls", timeout=PATIENCE_SECONDS).json()[
                "requests"
            ]
            if any("clientId=1020" in call["url"] for call in calls):
                return thread
        raise AssertionError("Nobody called.")

    def _ask(self) -> None:
        headers = {"apiKey": ACCOUNT_1["api_key"], "token": ACCOUNT_1["token"]}
        try:
            answer = plain_http.post(
                f"{self.address}/graphql", json=TIMELINE, headers=headers, timeout=PATIENCE_SECONDS
            )
            self.answers.append(answer)
        except httpx.TransportError as error:
            self.answers.append(error)

    def get(self, path: str = "/readyz") -> httpx.Response:
        return plain_http.get(self.address + path, timeout=PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def rest() -> Iterator[str]:
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    with running("sandbox", "--rest-only", "--port", str(port), ready=address):
        yield address


@pytest.fixture
def slow(rest, request) -> Iterator[Slow]:
    milliseconds, environment = request.param
    fault = {"path": ACTIVITIES, "query": {"clientId": "1020"}, "delayMilliseconds": milliseconds}
    plain_http.put(f"{rest}/_sandbox/faults", json=[fault]).raise_for_status()
    plain_http.delete(f"{rest}/_sandbox/calls").raise_for_status()
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    given = {"GATEWAY_UPSTREAM_URL": rest, "PORT": str(port), **environment}
    with running("serve", ready=f"{address}/livez", **given) as gateway:
        yield Slow(address, rest, gateway)


def stop_case(milliseconds: int, drain: float, grace: float, workers: int = 1) -> Given:
    return milliseconds, {
        "GATEWAY_DRAIN_SECONDS": str(drain),
        "GATEWAY_SHUTDOWN_GRACE_SECONDS": str(grace),
        "WEB_CONCURRENCY": str(workers),
    }


def before(*slow: Given) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "slow", slow, indirect=True, ids=["alone", "workers"][: len(slow)]
    )


def clean(gateway: Running) -> bool:
    return not [
        line for line in gateway.stderr if "Traceback" in line or '"internal_error"' in line
    ]


@pytest.mark.socket
@before(stop_case(100, drain=300, grace=300))
def test_while_draining_requests_are_served_and_their_connections_closed(slow):
    with httpx.Client(base_url=slow.address) as staying:
        assert "connection" not in staying.get("/livez").headers
        slow.gateway.process.send_signal(signal.SIGTERM)
        while (ready := slow.get()).status_code == 200:
            pass
        again = staying.get("/livez")  # over the connection that was open before
    slow.asking().join()
    assert ready.status_code == 503
    assert ready.json() == {"status": "not ready", "reason": "draining"}
    assert again.status_code == 200
    assert [answer.json() for answer in slow.answers] == [ANSWER]
    closed = [ready, again, *slow.answers, slow.get("/nowhere")]
    assert [each.headers["connection"] for each in closed] == ["close"] * 4
    assert slow.gateway.end() == 0
    with pytest.raises(httpx.ConnectError):
        slow.get()


@pytest.mark.socket
@before(stop_case(1500, 0.2, 300), stop_case(1500, 0.2, 300, workers=2))
def test_a_slow_request_is_finished_after_the_drain(slow):
    asking = slow.asking()
    assert slow.gateway.end() == 0
    asking.join()
    assert [answer.json() for answer in slow.answers] == [ANSWER]
    assert clean(slow.gateway)


@pytest.mark.socket
@before(stop_case(60_000, drain=0, grace=0.5), stop_case(60_000, drain=0, grace=0.5, workers=2))
def test_a_request_beyond_the_grace_is_cut_and_told_so(slow):
    asking = slow.asking()
    assert slow.gateway.end() == 0
    asking.join()
    [answer] = slow.answers
    assert isinstance(answer, httpx.Response)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["errors"][0]["extensions"] == {"code": "OVERLOADED", "retryable": True}
    assert clean(slow.gateway)


@pytest.mark.socket
@before(stop_case(60_000, drain=300, grace=300), stop_case(60_000, drain=300, grace=300, workers=2))
def test_a_second_signal_waits_for_nothing(slow):
    asking = slow.asking()
    slow.gateway.process.send_signal(signal.SIGTERM)
    while slow.get().status_code == 200:
        pass
    assert slow.gateway.end(signal.SIGINT) == 0
    asking.join()
    [answer] = slow.answers
    assert isinstance(answer, httpx.Response)
    assert answer.status_code == 503
    assert clean(slow.gateway)


@pytest.mark.socket
@before(stop_case(700, drain=300, grace=300))
def test_ctrl_c_does_not_drain_but_finishes_what_was_asked(slow):
    asking = slow.asking()
    assert slow.gateway.end(signal.SIGINT) == 0
    asking.join()
    assert [answer.json() for answer in slow.answers] == [ANSWER]


@pytest.mark.socket
@before(stop_case(100, drain=0, grace=0.5))
def test_a_caller_that_takes_nothing_does_not_hold_the_end_up(slow):
    """It has asked for more than fits into the buffers on its way, and reads none of it."""
    address = httpx.URL(slow.address)
    body = json.dumps({"query": "{ __typename }"}).encode()
    asked = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection((address.host, address.port or 80)) as wire:
        wire.sendall(asked % len(body) + body[:-5])  # and not the rest of it
        with socket.create_connection((address.host, address.port or 80)) as deaf:
            deaf.settimeout(0.5)
            with pytest.raises(TimeoutError):
                deaf.sendall(b"GET /schema.graphql HTTP/1.1\r\nHost: x\r\n\r\n" * 1_000_000)
            assert slow.gateway.end() == 0
    assert clean(slow.gateway)


@pytest.mark.parametrize("collector", [None, "http://localhost:9"])
async def test_headers_of_a_proxy_are_read_for_spans_alone(collector):
    settings = Settings.from_environment(
        upstream_url="http://upstream", otel_exporter_otlp_endpoint=collector
    )
    [server] = gateway_server(settings).servers
    server.config.load()
    app: Any = server.config.app
    async with app.router.lifespan_context(app):  # which ends the exporter
        assert (server.config.loaded_app is app) == (collector is None)


async def test_over_data_of_ones_own_graphiql_names_no_sample_client():
    settings = Settings.from_environment(upstream_url="http://upstream")
    sandbox_server = build_server(nothing, "127.0.0.1", 0)
    shutdown = gateway_server(settings, sandbox_server=sandbox_server, has_sample_data=False)
    transport = httpx.ASGITransport(shutdown.servers[-1].config.app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        page = await http.get("/graphql", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "&quot;overSandbox&quot;: true" not in page.text


def test_over_data_of_ones_own_the_welcome_names_no_sample_client():
    texts = [welcome("http://g", "http://r", has_sample_data=each) for each in (True, False)]
    assert ["1100" in each for each in texts] == [True, False]
