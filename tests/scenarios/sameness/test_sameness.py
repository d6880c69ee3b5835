"""Plans answer what graphql-core answers: the same bytes, by the same calls, whatever is asked.

A few hundred examples, always the same ones. `SAMENESS_EXAMPLES=20000 pytest tests/scenarios/sameness`
draws as many new ones, and tells how often each feature was among them.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings

from tests.scenarios.sameness.examples import Example, examples
from tests.scenarios.sameness.features import FEATURES, features
from tests.scenarios.sameness.gateways import Gateways
from tests.scenarios.sameness.timelines import SENT, WELL_FORMED

IS_LONG = "SAMENESS_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("SAMENESS_EXAMPLES", "300"))

TURNED = "pages turned"
PLANNED = "answered by a plan alone"
STALE = "earlier answers"
LEAST_SHARES: Mapping[str, float] = {
    **dict.fromkeys((*FEATURES, *SENT, TURNED), 0.05),
    WELL_FORMED: 0.4,
    PLANNED: 0.5,
    STALE: 0.01,
}
"""In how many of the examples each must be, for sameness to be proved of it."""


@pytest.fixture(scope="module")
def gateways():
    with asyncio.Runner() as runner:
        yield Gateways(runner)


def test_plans_answer_what_graphql_core_answers(gateways, pytestconfig, capsys):
    seen: Counter[str] = Counter()

    @settings(
        max_examples=EXAMPLES,
        derandomize=not IS_LONG,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(examples)
    def same(example: Example) -> None:
        planned, executed, by_plan_alone, is_stale = gateways.observed(
            example, example.operation.variables
        )
        assert planned == executed
        seen[PLANNED] += by_plan_alone
        seen[STALE] += is_stale
        assert b'"GRAPHQL_VALIDATION_FAILED"' not in executed.body
        seen.update(["examples", *features(example.operation), *example.sent.features])
        turned = example.turned(executed.body)
        if turned is not None:
            planned, executed, *_ = gateways.observed(example, turned)
            assert planned == executed
            seen[TURNED] += 1

    same()
    shares = {name: seen[name] / seen["examples"] for name in LEAST_SHARES}
    if IS_LONG:
        with capsys.disabled():
            report(pytestconfig, seen["examples"], shares)
    assert not {name: share for name, share in shares.items() if share < LEAST_SHARES[name]}


def report(config: pytest.Config, examples_seen: int, shares: Mapping[str, float]) -> None:
    terminal = config.get_terminal_writer()
    terminal.line(f"\n{examples_seen} examples")
    for name, share in shares.items():
        terminal.line(f"{share:7.1%} {name}")
