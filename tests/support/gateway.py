"""The gateway in process, over whatever upstream a test makes up."""

import os
from collections.abc import Callable, Coroutine, Mapping
from functools import cache
from typing import Any

import httpx
from opentelemetry.trace import TracerProvider

from gateway.config.settings import Settings
from gateway.web.app import create_app
from tests.support.clock import Clock

SANDBOX = "http://sandbox"
ACCOUNT_1 = {"api_key": "sandbox-key-1", "token": "sandbox-token-1"}

Handler = (
    Callable[[httpx.Request], httpx.Response]
    | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]
)


def settings_of(**given: Any) -> Settings:
    """Settings are frozen, and to check them takes a fifth of a test: the same ones are made once.

    Not where they name a file, which may have other contents the next time.
    """
    if any(name.endswith("_path") for name in given):
        return Settings(**given)
    try:
        environment = {**os.environ, "PYTEST_CURRENT_TEST": ""}
        return _settings_of(frozenset(given.items()), frozenset(environment.items()))
    except TypeError:  # a value that cannot be hashed
        return Settings(**given)


@cache
def _settings_of(given: frozenset[tuple[str, Any]], _environment: object) -> Settings:
    return Settings(**dict(given))


class Gateway:
    """A gateway in process, and how tests talk to it.

    Attributes:
        clock: Its clock.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        *,
        tracer_provider: TracerProvider | None = None,
        **settings: Any,
    ) -> None:
        given = {"upstream_url": SANDBOX, "compile_queries": "eager", **ACCOUNT_1, **settings}
        self.clock = Clock()
        self.app = create_app(
            settings_of(**given),
            transport=transport,
            now=self.clock,
            tracer_provider=tracer_provider,
        )
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://gateway"
        )

    async def post(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        body = {"query": query, "variables": variables}
        accept = {"accept": "application/graphql-response+json"}
        return await self.http.post("/graphql", json=body, headers={**accept, **(headers or {})})

    async def ask(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The answer to a query, as JSON."""
        answer: dict[str, Any] = (await self.post(query, variables, headers)).json()
        return answer

    async def data(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer that must have no errors."""
        answer = await self.ask(query, variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data
