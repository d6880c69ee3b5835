"""Whom a gateway trusts, as a process: those whom the system trusts, or whom `SSL_CERT_FILE` names."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.resilience import certificates, peer
from tests.support.processes import free_ports, running

pytestmark = pytest.mark.socket

BODY = {"query": "{ activities(clientId: 1) { totalCount } }"}


@pytest.fixture
async def upstream() -> AsyncIterator[str]:
    """One with a certificate of an authority that no system knows."""
    tls = certificates.serving(certificates.in_order())
    async with peer.playing(peer.says(certificates.EMPTY), tls=tls) as playing:
        yield f"https://localhost:{playing.port}"


async def ask_gateway(**environment: str) -> object:
    """What a gateway with this environment answers."""
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    with running("serve", ready=f"{address}/livez", PORT=str(port), **environment):
        async with httpx.AsyncClient(base_url=address) as http:
            return (await http.post("/graphql", json=BODY)).json()["data"]


async def test_an_authority_of_ones_own_is_trusted_where_it_is_named(upstream, tmp_path):
    file = tmp_path / "authority.pem"
    file.write_bytes(certificates.authority())
    given = {"GATEWAY_UPSTREAM_URL": upstream}
    assert await ask_gateway(**given) == {"activities": None}
    assert await ask_gateway(**given, SSL_CERT_FILE=str(file)) == {"activities": {"totalCount": 0}}
