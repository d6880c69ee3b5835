"""Over the network: what only a real port, a real client and a real process can show."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

import httpx
import pytest

from tests.support import plain_http
from tests.support.processes import (
    PATIENCE_SECONDS,
    Running,
    await_answer,
    free_ports,
    inherited,
    running,
    until,
)

pytestmark = pytest.mark.socket

ACTIVITIES = "/api/2.3/activities"
TIMELINE = "{ activities(clientId: 1001) { totalCount } }"
ONE_BY_ONE = {"GATEWAY_UPSTREAM_ATTEMPTS": "1", "GATEWAY_CIRCUIT_BREAKER_RESET_SECONDS": "0.000001"}
"""So that many faults, one after the other, are each told. tests/resilience has the rest."""

KEYS = {"apiKey": "sandbox-key-1", "token": "sandbox-token-1"}


class Pair(NamedTuple):
    """A gateway and the sandbox behind it, each at its own port."""

    graphql: str
    rest: str
    gateway: Running

    def ask(self, query: str = TIMELINE, **headers: str) -> dict[str, Any]:
        answer = plain_http.post(f"{self.graphql}/graphql", json={"query": query}, headers=headers)
        result: dict[str, Any] = answer.json()
        return result

    def set_faults(self, *faults: object) -> None:
        plain_http.put(f"{self.rest}/_sandbox/faults", json=faults).raise_for_status()

    def error(self) -> dict[str, Any]:
        """The extensions of the one error in the answer about client 1001."""
        answer = self.ask()
        assert answer["data"] == {"activities": None}
        (error,) = answer["errors"]
        extensions: dict[str, Any] = error["extensions"]
        return extensions


@contextmanager
def sandbox(**environment: str) -> Iterator[Pair]:
    port, rest_port = free_ports(2)
    address, rest = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{rest_port}"
    arguments = ["sandbox", "--port", str(port), "--rest-port", str(rest_port)]
    with running(*arguments, ready=f"{address}/livez", **ONE_BY_ONE, **environment) as gateway:
        await_answer(gateway.process, rest, gateway.stderr)
        yield Pair(address, rest, gateway)


@pytest.fixture(scope="module")
def started() -> Iterator[Pair]:
    with sandbox(GATEWAY_MAX_BODY_BYTES="100000") as pair:
        yield pair


@pytest.fixture
def pair(started) -> Pair:
    """`gateway sandbox`, without faults."""
    plain_http.delete(f"{started.rest}/_sandbox/faults")
    plain_http.delete(f"{started.rest}/_sandbox/calls")
    both: Pair = started
    return both


def test_graphql_answers_over_the_network(pair):
    assert pair.ask() == {"data": {"activities": {"totalCount": 1}}}


def test_a_get_answers_over_the_network(pair):
    answer = plain_http.get(f"{pair.graphql}/graphql", params={"query": TIMELINE})
    assert answer.json() == {"data": {"activities": {"totalCount": 1}}}


def test_a_browser_gets_graphiql_over_the_network(pair):
    answer = plain_http.get(f"{pair.graphql}/graphql", headers={"Accept": "text/html"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("headers", [KEYS, {"Authorization": "Bearer sandbox-access-1"}], ids=str)
def test_the_rest_api_answers_with_credentials(pair, headers):
    answer = plain_http.get(f"{pair.rest}{ACTIVITIES}?clientId=1001", headers=headers)
    assert answer.status_code == 200
    assert len(answer.json()["items"]) == 1


def test_the_rest_api_wants_credentials(pair):
    answer = plain_http.get(f"{pair.rest}{ACTIVITIES}?clientId=1001")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 401)


def test_the_credentials_of_a_caller_win_over_those_of_the_sandbox(pair):
    answer = pair.ask(apiKey="sandbox-key-2", token="sandbox-token-2")
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"drop": "before"}, {"code": "UPSTREAM_UNAVAILABLE", "retryable": True}),
        ({"drop": "headers"}, {"code": "UPSTREAM_UNAVAILABLE", "retryable": True}),
        ({"drop": "body"}, {"code": "UPSTREAM_UNAVAILABLE", "retryable": True}),
        ({"truncate": 40}, {"code": "UPSTREAM_UNAVAILABLE", "retryable": True}),
        ({"status": 503}, {"code": "UPSTREAM_UNAVAILABLE", "retryable": True}),
        ({"status": 504}, {"code": "UPSTREAM_TIMEOUT", "retryable": True}),
        ({"status": 401}, {"code": "UNAUTHENTICATED"}),
        ({"status": 403}, {"code": "FORBIDDEN"}),
        ({"status": 404}, {"code": "NOT_FOUND"}),
        ({"status": 422}, {"code": "BAD_USER_INPUT"}),
        (
            {"status": 302, "headers": {"Location": "/elsewhere"}},
            {"code": "UPSTREAM_CONTRACT_BROKEN"},
        ),
        (
            {"status": 429, "headers": {"Retry-After": "7"}},
            {
                "code": "UPSTREAM_BUSY",
                "retryable": True,
                "retryAfter": 7,
                "reason": "rate_limited",
            },
        ),
        (
            {"status": 429},
            {"code": "UPSTREAM_BUSY", "retryable": True, "reason": "rate_limited"},
        ),
        (
            {"body": "<h1>Maintenance</h1>", "contentType": "text/html"},
            {"code": "UPSTREAM_CONTRACT_BROKEN"},
        ),
        ({"body": ""}, {"code": "UPSTREAM_CONTRACT_BROKEN"}),
        (
            {"body": {"error": {"code": 403, "reason": "forbidden", "message": "m"}}},
            {"code": "FORBIDDEN"},
        ),
        (
            {"body": {"error": {"code": 503, "reason": "unavailable", "message": "m"}}},
            {"code": "UPSTREAM_UNAVAILABLE", "retryable": True},
        ),
        ({"bodyBytes": 40_000_000}, {"code": "UPSTREAM_RESPONSE_TOO_LARGE"}),
    ],
    ids=str,
)
def test_a_fault_of_the_upstream_is_an_error_with_a_code(pair, fault, expected):
    pair.set_faults({"path": ACTIVITIES, **fault})
    assert pair.error() == expected
    assert pair.gateway.process.poll() is None


def test_a_slow_upstream_is_given_up_before_it_answers():
    """Whose answer would be in order; it is not asked again."""
    with sandbox(GATEWAY_UPSTREAM_ATTEMPT_TIMEOUT_SECONDS="0.5") as pair:
        plain_http.delete(f"{pair.rest}/_sandbox/calls")
        pair.set_faults({"path": ACTIVITIES, "delayMilliseconds": 5000, "times": 1})
        assert pair.error() == {"code": "UPSTREAM_TIMEOUT", "retryable": True}
        calls = plain_http.get(f"{pair.rest}/_sandbox/calls").json()["calls"]
    assert calls == {f"GET {ACTIVITIES}": 1}


def test_a_fault_that_is_over_leaves_nothing_behind(pair):
    for drop in ("before", "headers", "body"):
        pair.set_faults({"path": ACTIVITIES, "drop": drop, "times": 1})
        pair.error()
        assert pair.ask() == {"data": {"activities": {"totalCount": 1}}}


def test_a_fault_for_one_client_leaves_the_others_alone(pair):
    pair.set_faults({"path": ACTIVITIES, "query": {"clientId": "1001"}, "drop": "before"})
    answer = pair.ask(
        "{ a: activities(clientId: 1001) { totalCount } b: activities(clientId: 1020) { totalCount } }"
    )
    assert answer["data"] == {"a": None, "b": {"totalCount": 20}}
    assert [error["path"] for error in answer["errors"]] == [["a"]]


@pytest.mark.parametrize("path", ["/graphql", "/livez", "/nowhere"])
def test_no_answer_names_the_server(pair, path):
    assert "server" not in plain_http.get(pair.graphql + path).headers


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/graphql?query={__typename}", "*/*"),
        ("/graphql?query={", "*/*"),
        ("/graphql", "text/html"),
        ("/livez", "*/*"),
        ("/readyz", "*/*"),
        ("/schema.graphql", "*/*"),
        ("/nowhere", "*/*"),
    ],
)
def test_a_head_has_the_length_of_a_get_and_no_body_on_the_wire(pair, path, accept):
    with httpx.Client(base_url=pair.graphql, headers={"Accept": accept}) as http:
        # The next answer on the connection is where a body would have been.
        head, get = http.head(path), http.get(path)
    assert head.status_code == get.status_code
    assert head.headers["content-length"] == get.headers["content-length"]
    assert int(get.headers["content-length"]) == get.num_bytes_downloaded


def test_the_metrics_have_a_head_on_the_wire(pair):
    with httpx.Client(base_url=pair.graphql) as http:
        head, get = http.head("/metrics"), http.get("/metrics")
    assert (head.status_code, get.status_code) == (200, 200)
    assert head.headers["content-type"] == get.headers["content-type"]


SENT_BY_MONITORING = (
    "apollographql-client-name,apollographql-client-version,baggage,content-type,sentry-trace,"
    "traceparent,tracestate"
)


@pytest.mark.parametrize("origin", ["http://localhost:5173", "http://127.0.0.1:3000"])
def test_a_page_under_development_may_call_the_sandbox(pair, origin):
    asked = {"Access-Control-Request-Method": "POST"}
    asked |= {"Origin": origin, "Access-Control-Request-Headers": SENT_BY_MONITORING}
    answer = plain_http.options(f"{pair.graphql}/graphql", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-headers"] == SENT_BY_MONITORING


@pytest.mark.parametrize("origin", ["http://192.168.0.2:3000", "https://localhost:5173", "null"])
def test_no_other_page_may(pair, origin):
    asked = {"Access-Control-Request-Method": "POST", "Origin": origin}
    answer = plain_http.options(f"{pair.graphql}/graphql", headers=asked)
    assert answer.status_code == 400
    assert not [name for name in answer.headers if name.startswith("access-")]


def test_a_page_reads_what_the_connection_itself_answers(pair):
    head = b"GET /graphql HTTP/1.1\r\nHost: a\r\nOrigin: http://localhost:1\r\nX: %b\r\n\r\n"
    answer = _wire(pair, head % (b"x" * 40_000))
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"\r\naccess-control-allow-origin: http://localhost:1\r\n" in answer


def test_who_closes_its_half_after_asking_is_answered(pair):
    address = httpx.URL(pair.graphql)
    pair.set_faults({"path": ACTIVITIES, "delayMilliseconds": 200})
    with closing(
        socket.create_connection((address.host, address.port or 80), timeout=PATIENCE_SECONDS)
    ) as wire:
        wire.sendall(_post(TIMELINE))
        wire.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: wire.recv(65_536), b""))
    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.endswith(b'{"data":{"activities":{"totalCount":1}}}')


def test_a_body_that_is_too_large_is_refused_on_the_wire(pair):
    for content in (b" " * 100_001, iter([b" " * 50_000] * 4)):
        answer = plain_http.post(
            f"{pair.graphql}/graphql", content=content, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 413
        assert answer.json()["errors"][0]["extensions"]["code"] == "PAYLOAD_TOO_LARGE"


def _wire(pair: Pair, sent: bytes) -> bytes:
    """What comes back, byte by byte, for what no client library would send."""
    address = httpx.URL(pair.graphql)
    with closing(
        socket.create_connection((address.host, address.port or 80), timeout=PATIENCE_SECONDS)
    ) as wire:
        wire.sendall(sent)
        received = b""
        while chunk := wire.recv(65_536):
            received += chunk
    return received


@pytest.mark.parametrize(
    "query_string",
    [b"query=\xff", b"query=%ff", b"query=%ed%a0%80"],
    ids=repr,
)
def test_a_query_string_that_is_not_utf_8_is_a_bad_request_on_the_wire(pair, query_string):
    sent = b"GET /graphql?%b HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n"
    assert _wire(pair, sent % query_string).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("host", [b"", b"[", b"a b", b"\xff"], ids=repr)
def test_a_strange_host_does_not_matter(pair, host):
    sent = b"GET /graphql?query={__typename} HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n"
    status_line, _, rest = _wire(pair, sent % host).partition(b"\r\n")
    assert b" 500 " not in status_line
    assert b"Traceback" not in rest


async def _leave(pair: Pair, *, after: bytes) -> None:
    address = httpx.URL(pair.graphql)
    _, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(after)
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.transport.abort()


def _post(query: str, *, missing_bytes: int = 0) -> bytes:
    body = json.dumps({"query": query}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body) + missing_bytes}\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize(
    "after",
    [
        b"POST /graphql HTT",
        _post(TIMELINE, missing_bytes=10),
        _post("{ activities(clientId: 1020) { totalCount } }"),
    ],
    ids=["within the head", "within the body", "before the answer"],
)
async def test_a_caller_that_leaves_does_not_disturb_the_others(pair, after):
    """Client 1020's timeline is slow, so that whoever asks for it is gone before it is there."""
    pair.set_faults({"path": ACTIVITIES, "query": {"clientId": "1020"}, "delayMilliseconds": 200})
    async with httpx.AsyncClient(base_url=pair.graphql) as http:
        async with asyncio.TaskGroup() as group:
            asking = [
                group.create_task(http.post("/graphql", json={"query": TIMELINE}))
                for _ in range(10)
            ]
            for _ in range(5):
                group.create_task(_leave(pair, after=after))
        await asyncio.sleep(0.3)
        answers = [await http.post("/graphql", json={"query": TIMELINE})]
        answers += [task.result() for task in asking]
    assert {answer.text for answer in answers} == {'{"data":{"activities":{"totalCount":1}}}'}
    assert not [
        line for line in pair.gateway.stderr if "Traceback" in line or '"internal_error"' in line
    ]


async def test_hundreds_of_half_sent_bodies_have_nobody_refused(pair):
    """More than there is room for at once, of a few bytes each."""
    address = httpx.URL(pair.graphql)
    half = _post(TIMELINE, missing_bytes=10)
    writers = []
    for _ in range(300):
        _, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(half)
        writers.append(writer)
    async with httpx.AsyncClient(base_url=pair.graphql) as http:
        await asyncio.sleep(0.3)
        for _ in range(20):
            answer = await http.post("/graphql", json={"query": TIMELINE})
            assert answer.json() == {"data": {"activities": {"totalCount": 1}}}
    for writer in writers:
        writer.transport.abort()


async def test_callers_with_different_credentials_in_a_race_get_their_own_answers(pair):
    query = "{ one: activities(clientId: 1001) { totalCount } two: activities(clientId: 3005) { totalCount } }"

    async def ask(http: httpx.AsyncClient, account: int) -> tuple[int, str]:
        keys = {"apiKey": f"sandbox-key-{account}", "token": f"sandbox-token-{account}"}
        answer = await http.post("/graphql", json={"query": query}, headers=keys)
        return account, json.dumps(answer.json()["data"])

    async with httpx.AsyncClient(base_url=pair.graphql) as http:
        found = set(await asyncio.gather(*(ask(http, 1 + number % 2) for number in range(40))))
    assert found == {
        (1, '{"one": {"totalCount": 1}, "two": null}'),
        (2, '{"one": null, "two": {"totalCount": 5}}'),
    }


def test_nothing_but_events_is_written(pair):
    pair.ask()
    until(lambda: bool(pair.gateway.events("request")))
    assert list(pair.gateway.stdout) == []
    events = [json.loads(line) for line in pair.gateway.stderr if line.startswith('{"')]
    assert {"event", "level", "timestamp", "request_id"} <= events[-1].keys()
    assert "sandbox-token" not in json.dumps(events)


@pytest.fixture(scope="module")
def rest_only() -> Iterator[str]:
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    arguments = ["sandbox", "--rest-only", "--port", str(port), "--activities", "3"]
    with running(*arguments, ready=address):
        yield address


@contextmanager
def serving(upstream: str, **environment: str) -> Iterator[Pair]:
    """`gateway serve` before an upstream."""
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    given = {
        "GATEWAY_UPSTREAM_URL": upstream,
        "GATEWAY_DRAIN_SECONDS": "0",
        "PORT": str(port),
        **environment,
    }
    with running("serve", ready=f"{address}/livez", **given) as gateway:
        yield Pair(address, upstream, gateway)


@pytest.fixture(scope="module")
def served(rest_only) -> Iterator[Pair]:
    with serving(rest_only) as pair:
        yield pair


def test_the_rest_api_alone_has_no_graphql(rest_only):
    assert plain_http.get(f"{rest_only}/graphql").status_code == 404
    answer = plain_http.get(f"{rest_only}{ACTIVITIES}?clientId=5000", headers=KEYS)
    assert len(answer.json()["items"]) == 3


@pytest.mark.parametrize("headers", [KEYS, {"Authorization": "Bearer sandbox-access-1"}], ids=str)
def test_serve_forwards_the_credentials_of_its_caller(served, headers):
    assert served.ask(**headers) == {"data": {"activities": {"totalCount": 1}}}


@pytest.mark.parametrize("headers", [{}, {"apiKey": "sandbox-key-1"}], ids=str)
def test_serve_has_no_credentials_of_its_own(served, headers):
    answer = served.ask(**headers)
    assert answer["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


def test_serve_says_where_it_serves(served):
    until(lambda: len(served.gateway.stderr) > 0)
    first = json.loads(served.gateway.stderr[0])
    assert (first["event"], first["url"]) == ("started", f"{served.graphql}/graphql")
    assert list(served.gateway.stdout) == []


def test_serve_starts_without_its_upstream_and_says_what_is_missing():
    (closed,) = free_ports(1)
    with serving(f"http://127.0.0.1:{closed}") as pair:
        assert pair.error() == {"code": "UPSTREAM_UNAVAILABLE", "retryable": True}
        assert plain_http.get(f"{pair.graphql}/readyz").status_code == 200


def test_credentials_meant_for_the_real_api_do_not_matter_to_the_sandbox():
    port, rest_port = free_ports(2)
    address, rest = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{rest_port}"
    arguments = ["sandbox", "--port", str(port), "--rest-port", str(rest_port)]
    real = {"GATEWAY_BEARER_TOKEN": "real", "GATEWAY_UPSTREAM_URL": "https://api.agendize.com"}
    with running(*arguments, ready=f"{address}/livez", **real) as gateway:
        assert "errors" not in Pair(address, rest, gateway).ask()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_ends_both_servers_cleanly(number):
    port, rest_port = free_ports(2)
    ready = f"http://127.0.0.1:{port}/livez"
    arguments = ["sandbox", "--port", str(port), "--rest-port", str(rest_port)]
    with running(*arguments, ready=ready) as gateway:
        assert gateway.end(number) == 0
    assert not [line for line in gateway.stderr if "Traceback" in line or "ERROR" in line]


def test_a_request_under_way_is_answered_before_the_end(rest_only):
    fault = {"path": ACTIVITIES, "query": {"clientId": "1020"}, "delayMilliseconds": 700}
    plain_http.put(f"{rest_only}/_sandbox/faults", json=[fault]).raise_for_status()
    answers: list[dict[str, Any]] = []

    with serving(rest_only) as pair:
        slow: Callable[[], None] = lambda: answers.append(  # noqa: E731 - what the thread does
            pair.ask("{ activities(clientId: 1020) { totalCount } }", **KEYS)
        )
        asking = threading.Thread(target=slow)
        asking.start()
        _until_called(rest_only, "clientId=1020")
        assert pair.gateway.end() == 0
        asking.join()
    assert answers == [{"data": {"activities": {"totalCount": 20}}}]


def _until_called(rest: str, query: str) -> None:
    pause = threading.Event()
    for _ in range(100):
        calls = plain_http.get(f"{rest}/_sandbox/calls").json()["requests"]
        if any(query in call["url"] for call in calls):
            return
        pause.wait(0.02)
    raise AssertionError(f"Nobody called with {query}.")


def test_an_open_connection_does_not_hold_the_end_up(rest_only):
    with serving(rest_only) as pair, httpx.Client(base_url=pair.graphql) as http:
        http.get("/livez")  # and stay connected
        assert pair.gateway.end() == 0


@pytest.mark.parametrize(("header", "explained"), [({"X-Gateway-Explain": "1"}, True), ({}, False)])
def test_the_sandbox_explains_to_those_who_ask(pair, header, explained):
    answer = pair.ask(**header)
    assert ("extensions" in answer) == explained
    if explained:
        (read,) = answer["extensions"]["gateway"]["reads"]
        assert (read["path"], read["status"], read["cacheStatus"]) == (ACTIVITIES, 200, "called")


def test_serve_explains_nothing_unless_it_is_set(served):
    assert served.ask(**KEYS, **{"X-Gateway-Explain": "1"}).keys() == {"data"}


class SlowUpstream:
    """A server that answers when it is told to, and sees whoever asked it hang up."""

    def __init__(self) -> None:
        self.asked = asyncio.Semaphore(0)
        self.hung_up = asyncio.Event()
        self.ready = asyncio.Event()
        self.calls = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.calls += 1
        self.asked.release()
        leaving, ready = (asyncio.create_task(each) for each in (reader.read(1), self.ready.wait()))
        await asyncio.wait((leaving, ready), return_when=asyncio.FIRST_COMPLETED)
        if leaving.done():
            self.hung_up.set()
        else:
            body = b'{"items": []}'
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
        for task in (leaving, ready):
            task.cancel()
        await asyncio.gather(leaving, ready, return_exceptions=True)
        writer.close()


class BeforeSlow(NamedTuple):
    upstream: SlowUpstream
    pair: Pair


@pytest.fixture
async def before_slow():
    """`gateway serve` before a slow upstream."""
    upstream = SlowUpstream()
    server = await asyncio.start_server(upstream, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with serving(f"http://127.0.0.1:{port}") as pair:
        yield BeforeSlow(upstream, pair)
    server.close()
    await server.wait_closed()


async def _asking(pair: Pair) -> asyncio.StreamWriter:
    """A caller that waits for its answer."""
    address = httpx.URL(pair.graphql)
    _, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(_post(TIMELINE))
    await writer.drain()
    return writer


async def test_a_caller_that_leaves_ends_the_upstream_read_on_the_wire(before_slow):
    """Long before the upstream's time is up."""
    upstream, pair = before_slow
    caller = await _asking(pair)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await upstream.asked.acquire()
        caller.transport.abort()
        await upstream.hung_up.wait()
    assert not [
        line for line in pair.gateway.stderr if "Traceback" in line or '"internal_error"' in line
    ]


async def test_who_closes_its_half_and_waits_long_is_answered(before_slow):
    upstream, pair = before_slow
    address = httpx.URL(pair.graphql)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(_post(TIMELINE))
    writer.write_eof()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await upstream.asked.acquire()
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        upstream.ready.set()
        received = await reader.read()
    writer.close()
    assert received.endswith(b'{"data":{"activities":{"totalCount":0}}}')
    assert (upstream.calls, upstream.hung_up.is_set()) == (1, False)


async def test_a_caller_that_leaves_does_not_take_a_shared_read_along(before_slow):
    upstream, pair = before_slow
    caller = await _asking(pair)
    async with httpx.AsyncClient(base_url=pair.graphql) as http, asyncio.timeout(PATIENCE_SECONDS):
        await upstream.asked.acquire()
        staying = asyncio.create_task(http.post("/graphql", json={"query": TIMELINE}))
        await asyncio.sleep(0.2)
        caller.transport.abort()
        await asyncio.sleep(0.2)
        upstream.ready.set()
        answer = await staying
    assert answer.json() == {"data": {"activities": {"totalCount": 0}}}
    assert (upstream.calls, upstream.hung_up.is_set()) == (1, False)


def test_a_port_that_is_taken_ends_the_command_with_one_line():
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "gateway", "sandbox", "--port", str(port), "--rest-port", "0"],
            env=inherited(),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    assert done.returncode not in (0, -signal.SIGTERM)
    assert done.stderr.endswith(": Address already in use: set PORT or --port to another.\n")
    assert "Traceback" not in done.stderr
