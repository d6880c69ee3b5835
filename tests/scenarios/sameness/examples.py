"""Strategy for examples: an operation, what the upstream sends to it, and how the gateway is set."""

import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, NamedTuple

from hypothesis import strategies as st

from gateway.schema import schema
from tests.scenarios.sameness.draws import Draws
from tests.scenarios.sameness.operations import Operation, operation
from tests.scenarios.sameness.timelines import Sent, sent

SETTINGS: tuple[Mapping[str, Any], ...] = (
    {},
    {
        "appointments_by_client": True,
        "company_id": "4",
        "default_page_size": 3,
        "default_time_zone": "America/New_York",
        "stale_if_error_seconds": 600,
        "upstream_attempts": 1,
    },
)


class Example(NamedTuple):
    """What a test needs to know; `settings` is an index of `SETTINGS`."""

    operation: Operation
    sent: Sent
    settings: int

    def turned(self, body: bytes) -> Mapping[str, Any] | None:
        """Variables for the same operation on another page, where an answer has cursors to them."""
        found = [*_cursors(json.loads(body))]
        if not found or not self.operation.cursors:
            return None
        given = dict.fromkeys(self.operation.cursors, found[len(found) // 2])
        return {**self.operation.variables, **given}


def _example(random: Random) -> Example:
    draws = Draws(random)
    asked = operation(draws, schema())
    answers = sent(draws, entities=asked.entities)
    return Example(asked, answers, draws.number(0, len(SETTINGS) - 1))


examples = st.randoms(use_true_random=False).map(_example)


def _cursors(answer: object) -> Iterator[str]:
    """Whatever stands under a key that ends like those of cursors."""
    inside = answer.items() if isinstance(answer, dict) else ()
    for key, value in inside:
        if isinstance(value, str) and key.lower().endswith("cursor"):
            yield value
    values = answer if isinstance(answer, list) else (value for _, value in inside)
    for value in values:
        yield from _cursors(value)
