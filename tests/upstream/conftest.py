"""The upstream's client over whatever a test makes up."""

from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from gateway.settings import Settings
from gateway.upstream.api import Upstream

Handler = (
    Callable[[httpx.Request], httpx.Response]
    | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]
)


@pytest.fixture
async def upstream_over():
    """Makes an `Upstream` over a handler or a transport: `upstream_over(handler, **settings)`."""
    opened: list[Upstream] = []

    def over(answers: Handler | httpx.AsyncBaseTransport, **settings: Any) -> Upstream:
        given = {"upstream_url": "http://upstream", **settings}
        transport = (
            answers
            if isinstance(answers, httpx.AsyncBaseTransport)
            else httpx.MockTransport(answers)
        )
        opened.append(Upstream(Settings(**given), transport))
        return opened[-1]

    yield over
    for upstream in opened:
        await upstream.aclose()
