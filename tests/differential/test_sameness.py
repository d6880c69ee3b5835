"""Compiled queries answer what graphql-core answers: the same bytes, by the same calls, whatever is asked.

Two thousand examples, always the same ones, and each is asked again with other variables. `SAMENESS_EXAMPLES=20000
pytest tests/differential -n 2` goes on with their numbers, and `SAMENESS_SEED=anything` draws others. With
`-rP`, it prints how often each feature occurred.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from tests.differential.examples import Example, example
from tests.differential.features import FEATURES, features
from tests.differential.gateways import Gateways
from tests.differential.timelines import SENT, WELL_FORMED

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("SAMENESS_EXAMPLES", "2000"))
SEED = os.environ.get("SAMENESS_SEED", "sameness")
TESTS = 4
"""Among which the examples are divided, so that both workers have some."""

TURNED = "pages turned"
REVERSED = "conditions reversed"
COMPILED = "answered by a compiled query alone"
STALE = "earlier answers"
LEAST_SHARES: Mapping[str, float] = {
    **dict.fromkeys((*FEATURES, *SENT, TURNED), 0.05),
    REVERSED: 0.5,
    WELL_FORMED: 0.4,
    COMPILED: 0.5,
    STALE: 0.01,
}
"""In how many of the examples each must be, for sameness to be proved of it."""


@pytest.mark.parametrize("part", range(TESTS))
def test_compiled_queries_answer_what_graphql_core_answers(part):
    numbers = range(part, EXAMPLES, TESTS)
    seen: Counter[str] = Counter()
    with asyncio.Runner() as runner:
        for number in numbers:
            drawn = example(SEED, number)
            seen.update(same(drawn, Gateways(runner, drawn.settings)))
    shares = {name: seen[name] / len(numbers) for name in LEAST_SHARES}
    for name, share in shares.items():
        print(f"{share:7.1%} {name}")  # noqa: T201 - for whoever asks for it
    assert not {name: share for name, share in shares.items() if share < LEAST_SHARES[name]}


def same(drawn: Example, gateways: Gateways) -> set[str]:
    """What was seen of an example, of which nothing may differ."""
    seen = {*features(drawn.operation), *drawn.sent.features}
    given: Mapping[str, Any] = drawn.operation.variables
    compiled, executed, is_fully_compiled, is_stale = gateways.observed(drawn, given)
    assert compiled == executed, difference(drawn, given)
    assert b'"GRAPHQL_VALIDATION_FAILED"' not in executed.body
    others = {TURNED: drawn.turned(executed.body), REVERSED: drawn.reversed()}
    if any(others.values()):
        again = {**given, **others[TURNED], **others[REVERSED]}
        compiled, executed, *_ = gateways.observed(drawn, again)
        assert compiled == executed, difference(drawn, again)
    happened = {**others, COMPILED: is_fully_compiled, STALE: is_stale}
    return seen | {name for name, what in happened.items() if what}


def difference(drawn: Example, variables: Mapping[str, Any]) -> str:
    return f"example {drawn.number}\n{drawn.operation.document}\n{variables}"
