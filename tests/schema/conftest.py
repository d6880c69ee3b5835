"""One upstream item, as callers see it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

Shown = Callable[..., Awaitable[tuple[Any, dict[str, str]]]]


def codes(answer: dict[str, Any], below: int = 0) -> dict[str, str]:
    """The codes of an answer's errors by path, without so many steps from the root."""
    return {
        ".".join(map(str, error["path"][below:])): error["extensions"]["code"]
        for error in answer.get("errors", [])
    }


@pytest.fixture(name="codes")
def _codes() -> Callable[..., dict[str, str]]:
    return codes


@pytest.fixture
def shown(gateway_over_items) -> Shown:
    """A selection of one item: `node, codes = await shown(item, "id")`; codes by path within it."""

    async def shown(item: object, selection: str, **settings: Any) -> tuple[Any, dict[str, str]]:
        query = f"{{ activities(clientId: 7) {{ nodes {{ {selection} }} }} }}"
        answer = await gateway_over_items(item, **settings).ask(query)
        return answer["data"]["activities"]["nodes"][0], codes(answer, below=3)

    return shown
