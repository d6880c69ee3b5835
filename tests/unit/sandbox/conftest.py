"""The sandbox in process, and its sample data."""

from random import Random

import httpx
import pytest

from gateway.sandbox.app import create_sandbox
from gateway.sandbox.fixtures.catalogue import build_catalogue
from gateway.sandbox.fixtures.entities import Client
from gateway.sandbox.fixtures.history import ClientHistory
from gateway.sandbox.fixtures.sample import SampleData

CREDENTIALS = {"apiKey": "sandbox-key-1", "token": "sandbox-token-1"}


@pytest.fixture
def rest():
    """An HTTP client of account 1."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(create_sandbox(activities=3)),
        base_url="http://sandbox",
        headers=CREDENTIALS,
    )


@pytest.fixture
def stranger(rest):
    """The same sandbox, without credentials."""
    return httpx.AsyncClient(transport=rest._transport, base_url="http://sandbox")


@pytest.fixture(scope="session")
def sample_data():
    return SampleData()


@pytest.fixture
def history():
    owned = build_catalogue("1", 1)
    client = Client("7", "Léa", "Ito", "lea.ito@example.com", "+33100000000")
    return ClientHistory(client, owned, tuple(owned.companies.values()), Random(1))
