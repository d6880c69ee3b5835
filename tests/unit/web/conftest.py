"""HTTP to a gateway, saying exactly what a test says."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

HttpWith = Callable[..., httpx.AsyncClient]


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("No connection.", request=request)


@pytest.fixture
def http_with(gateway_over) -> HttpWith:
    """Makes an HTTP client of a gateway with settings, without upstream; no header by default."""

    def over(**settings: Any) -> httpx.AsyncClient:
        http: httpx.AsyncClient = gateway_over(unreachable, **settings).http
        del http.headers["accept"]
        return http

    return over


@pytest.fixture
def http(http_with) -> httpx.AsyncClient:
    client: httpx.AsyncClient = http_with()
    return client
