"""What the gateway is to reach: its CPU time per request as a part of another's, in the same run."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.benchmarks.comparison import Figures
from tests.benchmarks.contenders import APOLLO, GATEWAY, MERCURIUS, STRAWBERRY, Contender
from tests.benchmarks.scenarios import SCENARIOS, Condition, Scenario


class Target(NamedTuple):
    """A ratio.

    Attributes:
        most: What it may be.
        aim: What is tried for.
    """

    scenario: Scenario
    against: Contender
    most: float
    aim: float


TARGETS = tuple(
    Target(SCENARIOS[name], against, most, aim)
    for name, against, most, aim in (
        ("one", MERCURIUS, 3.5, 2.3),
        ("one", APOLLO, 1.9, 1.2),
        ("hundred", MERCURIUS, 0.60, 0.45),
        ("hundred", STRAWBERRY, 1 / 30, 1 / 40),
        ("thousand", MERCURIUS, 0.45, 0.38),
        ("ten-clients", MERCURIUS, 1.3, 0.9),
        ("ten-times", MERCURIUS, 0.65, 0.42),
        ("staff", MERCURIUS, 0.75, 0.55),
        ("cold", STRAWBERRY, 0.8, 0.6),
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

    @property
    def aims_reached(self) -> int:
        """Under how many of the conditions even the aim was."""
        return sum(ratio <= self.target.aim for ratio in self.ratios.values())


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
