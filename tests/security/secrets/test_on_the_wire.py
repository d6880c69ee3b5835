"""Over real connections: what HTTP libraries would say of bytes that are not HTTP, or of no connection."""

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from typing import Any

import anyio
import httpx
import pytest

from gateway.config.settings import Settings
from gateway.observability import logging
from gateway.web.app import create_app
from tests.security.secrets.failing import HEADERS, PAGE, PERSON
from tests.security.secrets.planted import (
    CALLERS,
    OWN_CREDENTIALS,
    SENT,
    WRITTEN,
    codes_of,
    found_in_answer,
    found_in_log,
    found_in_numbers,
)
from tests.security.secrets.serving import serving_bytes
from tests.support.processes import PATIENCE_SECONDS, free_ports
from tests.support.secret import SECRET
from tests.unit.server.test_socket import ONE_BY_ONE, Pair, serving

pytestmark = pytest.mark.socket

QUERY = f'{{ activities(clientId: "{WRITTEN}") {{ totalCount }} }}'
TALKATIVE = {"LOG_LEVEL": "debug", "PYTHONWARNINGS": "always", "PYTHONASYNCIODEBUG": "1"}
OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = b'Content-Length: 12\r\n\r\n{"items":[]}'
BROKEN, DOWN = "UPSTREAM_CONTRACT_BROKEN", "UPSTREAM_UNAVAILABLE"
TOO_LARGE = "UPSTREAM_RESPONSE_TOO_LARGE"
_SECRET = SECRET.encode()
_HEADERS = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items()).encode()

SENT_BACK: Mapping[str, tuple[bytes, str | None]] = {
    "nothing": (b"", DOWN),
    "no HTTP": (_SECRET + b"\r\n\r\n", DOWN),
    "another protocol": (b"SSH-2.0-" + _SECRET + b"\r\n", DOWN),
    "half a head": (OK + b"X-A: " + _SECRET, DOWN),
    "a header without a name": (OK + b": " + _SECRET + b"\r\n\r\n", DOWN),
    "a header without a value": (OK + _SECRET + b"\r\n\r\n", DOWN),
    "a header that is long": (OK + b"X-A: " + _SECRET * 5000 + b"\r\n" + EMPTY, None),
    "a header that is too long": (OK + b"X-A: " + _SECRET * 20_000 + b"\r\n" + EMPTY, TOO_LARGE),
    "a length that is none": (OK + b"Content-Length: " + _SECRET + b"\r\n\r\n", DOWN),
    "half a body": (OK + b"Content-Length: 1000\r\n\r\n" + PERSON.encode(), DOWN),
    "a chunk that is none": (OK + b"Transfer-Encoding: chunked\r\n\r\n" + _SECRET, DOWN),
    "a reason": (b"HTTP/1.1 200 " + _SECRET + b"\r\n" + EMPTY, None),
    "a cookie": (OK + b"Set-Cookie: a=" + _SECRET + b"\r\n" + EMPTY, None),
    "a cookie that is none": (OK + b"Set-Cookie: " + _SECRET + b"(x)=" + _SECRET + b"\r\n" + EMPTY, None),
    "a cookie of odd characters": (OK + b"Set-Cookie: \xff" + _SECRET + b";;=;\r\n" + EMPTY, None),
    "an early hint": (b"HTTP/1.1 103 Early\r\nLink: " + _SECRET + b"\r\n\r\n" + OK + EMPTY, None),
    "a redirect": (b"HTTP/1.1 302 Found\r\n" + _HEADERS + b"Content-Length: 0\r\n\r\n", BROKEN),
    "a page": (b"HTTP/1.1 503 No\r\n" + _HEADERS + b"Connection: close\r\n\r\n" + PAGE.encode(), DOWN),
    "no encoding": (OK + b"Content-Encoding: " + _SECRET + b"\r\n" + EMPTY, None),
    "an odd charset": (OK + b"Content-Type: a/b; charset=\xff" + _SECRET + b"\r\n" + EMPTY, None),
}  # fmt: skip


@pytest.fixture
async def upstream() -> AsyncIterator[dict[str, bytes]]:
    """A server that sends whatever stands under "bytes", and hangs up."""
    answer = {"bytes": b""}
    async with serving_bytes(lambda _: answer["bytes"]) as port:
        answer["address"] = str(port).encode()
        yield answer


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_whatever_the_upstream_sends_the_process_tells_nothing(upstream, compile_queries):
    address = f"http://localhost:{upstream['address'].decode()}"
    own = {"GATEWAY_API_KEY": f"key-{SECRET}", "GATEWAY_TOKEN": f"token-{SECRET}"}
    modes = {
        "GATEWAY_COMPILE_QUERIES": compile_queries,
        "GATEWAY_EXPLAIN": "true",
        "GATEWAY_ENTITY_CACHE_SECONDS": "9",
    }
    with serving(address, **TALKATIVE, **own, **modes, **ONE_BY_ONE) as pair:
        async with httpx.AsyncClient(base_url=pair.graphql) as http:
            for name, (sent, code) in SENT_BACK.items():
                upstream["bytes"] = sent
                for caller in CALLERS.values():
                    answer = await http.post(
                        "/graphql", json={"query": QUERY}, headers=SENT | caller
                    )
                    assert (name, codes_of(answer)) == (name, {code} - {None})
                    assert (name, found_in_answer(answer)) == (name, [])
            assert found_in_numbers((await http.get("/metrics")).text) == []
        assert pair.gateway.end() == 0
    assert events_of(pair) == []


def events_of(pair: Pair) -> list[str]:
    """What a process that has ended wrote and should not have. Its address it may tell."""
    assert list(pair.gateway.stdout) == []
    return found_in_log(
        "".join(line for line in pair.gateway.stderr if not line.startswith("http://127"))
    )


ASKED = {
    "no HTTP": b"\x16\x03\x01" + _SECRET + b"\r\n\r\n",
    "an odd method": _SECRET.upper() + b" /graphql HTTP/1.1\r\nHost: a\r\n\r\n",
    "a path that is none": b"GET " + _SECRET + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "another site": b"GET http://" + _SECRET + b"/graphql HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tunnel": b"CONNECT " + _SECRET + b":443 HTTP/1.1\r\nHost: a\r\n\r\n",
    "an odd version": b"GET /graphql?" + _SECRET + b" HTTP/9.9\r\nHost: a\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _SECRET,
    "a header without a name": b"GET /graphql HTTP/1.1\r\n: " + _SECRET + b"\r\n\r\n",
    "a header of odd characters": b"GET /graphql HTTP/1.1\r\nHost: a\r\ntoken: a\x00" + _SECRET + b"\r\n\r\n",
    "a token of odd characters": b"GET /graphql?query={__typename} HTTP/1.1\r\nHost: a\r\nConnection: close\r\ntoken: \x01\xff" + _SECRET + b"\r\n\r\n",
    "headers without an end": b"GET /graphql HTTP/1.1\r\nHost: a\r\ntoken: " + _SECRET * 20_000 + b"\r\n\r\n",
    "two lengths": b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n" + _SECRET,
    "a length and chunks": b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + _SECRET,
    "a chunk that is none": b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + _SECRET + b"\r\n",
    "half a body": b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n" + _SECRET,
    "an upgrade": b"GET /graphql?" + _SECRET + b" HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + _SECRET + b"\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "an expectation": b"POST /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: " + _SECRET + b"\r\nContent-Length: 6\r\n\r\n" + _SECRET,
    "a secret in the path": b"GET /" + _SECRET + b"/../%ff?" + _SECRET + b" HTTP/1.1\r\nHost: " + _SECRET + b"\r\nConnection: close\r\n\r\n",
}  # fmt: skip


def test_whatever_a_caller_sends_the_process_tells_nothing():
    with serving("http://127.0.0.1:9", **TALKATIVE) as pair:
        for name, sent in ASKED.items():
            received = _wire(pair, sent)
            found = found_in_answer(httpx.Response(200, content=received))
            assert (name, found) == (name, [])
            is_refused = name in {"an odd version", "HTTP/2"}
            assert received.startswith(b"HTTP/1.1 505 ") == is_refused, name
            assert is_refused or not received.startswith(b"HTTP/1.1 5"), name
        assert pair.gateway.end() == 0
    assert events_of(pair) == []
    assert any(
        '"message": "Invalid HTTP request received."' in line for line in pair.gateway.stderr
    )


def _wire(pair: Pair, sent: bytes) -> bytes:
    address = httpx.URL(pair.graphql)
    received = b""
    with closing(
        socket.create_connection((address.host, address.port or 80), timeout=PATIENCE_SECONDS)
    ) as wire:
        wire.sendall(sent)
        wire.shutdown(socket.SHUT_WR)
        try:
            while chunk := wire.recv(65_536):
                received += chunk
        except ConnectionResetError:
            pass
    return received


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("reached", ["nobody", "no name", "no TLS"])
async def test_an_upstream_that_cannot_be_reached_is_not_named(log, scheme, reached):
    logging.configure("debug")
    async with serving_bytes(lambda _: OK + EMPTY) as port:
        hosts = {
            "nobody": f"127.0.0.1:{free_ports(1)[0]}",
            "no name": f"{SECRET}-host.invalid:8443",
            "no TLS": f"127.0.0.1:{port}",
        }
        url = f"{scheme}://{hosts[reached]}"
        given: dict[str, Any] = {"upstream_url": url, **OWN_CREDENTIALS, "explain": True}
        given["compile_queries"] = "eager"
        app = create_app(Settings(**given))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
            answer = await http.post("/graphql", json={"query": QUERY}, headers=SENT)
        async with app.router.lifespan_context(app):
            await anyio.lowlevel.checkpoint()
    expected = set() if (scheme, reached) == ("http", "no TLS") else {DOWN}
    assert codes_of(answer) == expected
    assert found_in_answer(answer) == []
    assert "127.0.0.1" not in answer.text
    text = log()
    assert found_in_log(text) == []
    assert "127.0.0.1" not in text
