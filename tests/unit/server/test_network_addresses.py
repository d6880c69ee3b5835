"""The log of a gateway behind a trusted proxy, whatever the proxy and its callers do."""

import socket

import httpx
import pytest

from tests.support.processes import free_ports, running

pytestmark = pytest.mark.socket

PROXY = "127.0.0.9"
CALLER = "203.0.113.7"
FORWARDED = {
    "X-Forwarded-For": CALLER,
    "X-Real-IP": CALLER,
    "Forwarded": f"for={CALLER}",
    "X-Forwarded-Prefix": "/p",
    "X-Forwarded-Proto": "https",
}


def send(port: int, data: bytes) -> bytes:
    """What a connection from the proxy receives, to its end."""
    with socket.create_connection(
        ("127.0.0.1", port), timeout=10, source_address=(PROXY, 0)
    ) as connection:
        connection.sendall(data)
        received = b""
        while part := connection.recv(65536):
            received += part
        return received


def test_no_network_address_is_logged():
    (port,) = free_ports(1)
    settings = {
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "LOG_LEVEL": "debug",
        "GATEWAY_UPSTREAM_URL": "http://127.0.0.1:9",
        "GATEWAY_TRUSTED_PROXIES": PROXY,
        "GATEWAY_API_KEY": "k",
        "GATEWAY_TOKEN": "t",
    }
    with running("serve", ready=f"http://127.0.0.1:{port}/livez", **settings) as gateway:
        with httpx.Client(transport=httpx.HTTPTransport(local_address=PROXY)) as proxy:
            url = f"http://127.0.0.1:{port}/p/graphql"
            query = {"query": '{ client(id: "1") { profile { firstName } } }'}
            assert "errors" in proxy.post(url, json=query, headers=FORWARDED).json()
            page = proxy.get(url, headers={**FORWARDED, "Accept": "text/html"})
            assert '"/p/' in page.text
        assert send(port, b"no HTTP\r\n\r\n").startswith(b"HTTP/1.1 400")
        with socket.create_connection(("127.0.0.1", port), source_address=(PROXY, 0)) as caller:
            caller.sendall(b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        assert gateway.end() == 0
        log = "".join(gateway.stderr)
    assert len(gateway.events("request")) >= 2
    assert PROXY not in log
    assert CALLER not in log
