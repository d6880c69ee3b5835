"""Examples, by number: an operation, what the upstream sends to it, and how the gateway is set."""

import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, NamedTuple

from gateway.schema import build_schema
from tests.differential.draws import Draws
from tests.differential.operations import Operation, operation
from tests.differential.timelines import Sent, draw_upstream

SETTINGS: tuple[Mapping[str, Any], ...] = (
    {},
    {
        "appointments_by_client": True,
        "company_id": "4",
        "default_page_size": 3,
        "default_time_zone": "America/New_York",
        "stale_if_error_seconds": 600,
    },
)


class Example(NamedTuple):
    """What a test needs to know; `settings` is an index of `SETTINGS`."""

    number: int
    operation: Operation
    sent: Sent
    settings: int

    def turned(self, body: bytes) -> Mapping[str, Any]:
        """Variables for the same operation on another page, where an answer has cursors to them."""
        answer = json.loads(body, parse_int=str)  # Python converts no number of 5,000 digits
        found = [*_cursors(answer)]
        return dict.fromkeys(self.operation.cursors, found[len(found) // 2]) if found else {}

    def reversed(self) -> Mapping[str, Any]:
        """Variables by which what was excluded is selected, and the other way round."""
        given = self.operation.variables
        return {name: given.get(name) is not True for name in self.operation.conditions}


def example(seed: str, number: int) -> Example:
    """Always the same for a seed and a number."""
    draws = Draws(Random(f"{seed} {number}"))
    settings = draws.number(0, len(SETTINGS) - 1)
    keeps_answers = "stale_if_error_seconds" in SETTINGS[settings]
    asked = operation(draws, build_schema())
    failing_percent = 40 if keeps_answers else 6
    return Example(
        number,
        asked,
        draw_upstream(draws, entities=asked.entities, failing_percent=failing_percent),
        settings,
    )


def _cursors(answer: object) -> Iterator[str]:
    """Whatever stands under a key that ends like those of cursors."""
    inside = answer.items() if isinstance(answer, dict) else ()
    for key, value in inside:
        if isinstance(value, str) and key.lower().endswith("cursor"):
            yield value
    values = answer if isinstance(answer, list) else (value for _, value in inside)
    for value in values:
        yield from _cursors(value)
