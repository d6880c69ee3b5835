"""What the gateway is to reach: its CPU time per request as a part of another's, in the same run."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.benchmarks.comparison import Figures
from tests.benchmarks.contenders import (
    APOLLO,
    GATEWAY,
    MERCURIUS,
    PASS_THROUGH,
    STRAWBERRY,
    Contender,
)
from tests.benchmarks.scenarios import SCENARIOS, Condition, Scenario


class Target(NamedTuple):
    scenario: Scenario
    against: Contender
    most: float


TARGETS = tuple(
    Target(SCENARIOS[name], against, most)
    for name, against, most in (
        ("hundred", STRAWBERRY, 1 / 30),
        ("hundred", MERCURIUS, 0.5),
        ("hundred", PASS_THROUGH, 1.0),
        ("thousand", MERCURIUS, 0.7),
        ("one", APOLLO, 1.0),
        ("ten-clients", MERCURIUS, 0.7),
        ("ten-times", MERCURIUS, 0.5),
        ("staff", MERCURIUS, 0.8),
        ("cold", STRAWBERRY, 1.0),
    )
)


class Verdict(NamedTuple):
    """The ratio that was measured under each condition, against what it may be."""

    target: Target
    ratios: dict[Condition, float]

    @property
    def reached(self) -> int:
        """Under how many of the conditions."""
        return sum(ratio <= self.target.most for ratio in self.ratios.values())


def verdicts(measured: Sequence[Figures]) -> Iterator[Verdict]:
    """Of the targets that something was measured for."""
    cpu = {(one.scenario.name, one.condition, one.contender.name): one.cpu for one in measured}
    for target in TARGETS:
        name, against = target.scenario.name, target.against.name
        ratios = {
            condition: ours / cpu[name, condition, against]
            for (scenario, condition, contender), ours in cpu.items()
            if (scenario, contender) == (name, GATEWAY.name) and (name, condition, against) in cpu
        }
        if ratios:
            yield Verdict(target, ratios)
