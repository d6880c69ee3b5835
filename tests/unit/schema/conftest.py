"""One upstream item, as callers see it; and what an upstream says of the things it points at."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import pytest

ACTIVITIES = "/api/2.3/activities"

Shown = Callable[..., Awaitable[tuple[Any, dict[str, str]]]]


def codes(answer: dict[str, Any], below: int = 0) -> dict[str, str]:
    """The codes of an answer's errors by path, without so many steps from the root."""
    found = {
        ".".join(map(str, error["path"][below:])): error["extensions"]["code"]
        for error in answer.get("errors", [])
    }
    assert len(found) == len(answer.get("errors", [])), "two errors at one place"
    return found


@pytest.fixture(name="codes")
def _codes() -> Callable[..., dict[str, str]]:
    return codes


def _sent(answer: object) -> httpx.Response:
    match answer:
        case int(status):
            return httpx.Response(status)
        case bytes(body):
            return httpx.Response(200, content=body)
    return httpx.Response(200, json=answer)


@pytest.fixture
def gateway_with(gateway_over):
    """Makes a gateway over an upstream that sends these items and, by path, these answers.

    An answer is JSON, bytes, or the status of a failure; at other paths nothing is known. What was
    asked is counted: `gateway.asked`.
    """

    def over(answers: Mapping[str, object], *items: object, **settings: Any) -> Any:
        known = {ACTIVITIES: {"items": items}, **answers}
        settings = {"upstream_attempts": 1, **settings}
        asked: Counter[str] = Counter()

        def send(request: httpx.Request) -> httpx.Response:
            asked[request.url.path] += 1
            return _sent(known.get(request.url.path, 404))

        gateway = gateway_over(send, **settings)
        gateway.asked = asked
        return gateway

    return over


@pytest.fixture
def select(gateway_with) -> Shown:
    """A selection of one item: `node, codes = await select(item, "id")`; codes by path within it.

    What the upstream knows besides stands in `upstream`, by path.
    """

    async def select(
        item: object,
        selection: str,
        upstream: Mapping[str, object] | None = None,
        **settings: Any,
    ) -> tuple[Any, dict[str, str]]:
        query = f"{{ activities(clientId: 7) {{ nodes {{ {selection} }} }} }}"
        answer = await gateway_with(upstream or {}, item, **settings).ask(query)
        return answer["data"]["activities"]["nodes"][0], codes(answer, below=3)

    return select
