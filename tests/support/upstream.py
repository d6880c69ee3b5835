"""The upstream as a test has it: it sends one list to all who ask, or a status in place of it."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx


def path_of(request: httpx.Request) -> str:
    return request.url.path


class Upstream:
    """Sends these items, whatever it is asked. A test may change what it sends between two calls.

    Attributes:
        items: The elements of the list.
        status: The status of every answer. An answer that is no success has no body.
        status_by_key: The statuses of single keys, in place of `status`.
        gate_by_key: Calls of a key wait here while its gate is closed. Their status is the one at their arrival.
        calls: How often each key was called.
        queries: The query parameters of all calls, in their order.
    """

    def __init__(self, *items: Any, key: Callable[[httpx.Request], str] = path_of) -> None:
        self.items = list(items)
        self.status = 200
        self.status_by_key: dict[str, int] = {}
        self.gate_by_key: dict[str, asyncio.Event] = {}
        self.calls: Counter[str] = Counter()
        self.queries: list[dict[str, str]] = []
        self._key = key

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        key = self._key(request)
        self.calls[key] += 1
        self.queries.append(dict(request.url.params))
        status = self.status_by_key.get(key, self.status)
        if key in self.gate_by_key:
            await self.gate_by_key[key].wait()
        return self.answer(request) if status == 200 else httpx.Response(status)

    def answer(self, _request: httpx.Request) -> httpx.Response:
        """The answer where nothing fails."""
        return httpx.Response(200, json={"items": self.items})
