"""The comparison: answers first, then CPU time and latencies, contender after contender, in rounds."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median, quantiles

from tests.benchmarks.accounting import CoreSpeed
from tests.benchmarks.answers import same_answers
from tests.benchmarks.contenders import Contender
from tests.benchmarks.load import connected, load
from tests.benchmarks.scenarios import Condition, Scenario
from tests.benchmarks.servers import Placement, Server, running
from tests.benchmarks.upstream import UpstreamServer

_WARMING = Condition(0, 8)
_BETTER = 0.98
"""A figure below this part of the best so far shows that a server was not warm yet."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long everything is measured.

    Attributes:
        rounds: How many turns each contender has, under each condition.
        seconds: How long a turn takes.
        warming_seconds: How long a server is warmed at most.
    """

    rounds: int
    seconds: float
    warming_seconds: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one contender in one scenario under one condition.

    Attributes:
        cpu_milliseconds: What the process tree used per request, by round; as if the core had been as
            fast as at the start of the benchmark.
        requests_per_second: How many it answered, by round.
        latencies: How many seconds each answer took, of all rounds.
        disturbances: Which part of the time its core was busy for others, by round.
    """

    scenario: Scenario
    condition: Condition
    contender: Contender
    cpu_milliseconds: list[float] = field(default_factory=list)
    requests_per_second: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    disturbances: list[float] = field(default_factory=list)

    @property
    def cpu(self) -> float:
        """The figure that counts."""
        return median(self.cpu_milliseconds)


def percentiles(latencies: Sequence[float]) -> tuple[float, float]:
    """The 50th and the 99th."""
    if len(latencies) < 2:
        return latencies[0], latencies[0]
    cuts = quantiles(latencies, n=100, method="inclusive")
    return cuts[49], cuts[98]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A server that is up, and how long its answers are."""

    scenario: Scenario
    server: Server
    expected_bytes: int
    speed: CoreSpeed

    def unmeasured(self, condition: Condition) -> Figures:
        return Figures(self.scenario, condition, self.server.contender)

    async def warm(self, most_seconds: float) -> None:
        """Load it until its figure has not become better for a while."""
        wanted = self.server.contender.warming_seconds
        best, warmed, since_best = float("inf"), 0, 0
        while warmed < most_seconds and (warmed < wanted or since_best < wanted):
            figures = self.unmeasured(_WARMING)
            await self.measure(figures, seconds=1)
            since_best = 0 if figures.cpu < best * _BETTER else since_best + 1
            best = min(best, figures.cpu)
            warmed += 1

    async def measure(self, figures: Figures, *, seconds: float) -> None:
        """Add a turn to its figures."""
        requests = self.scenario.requests(self.server.contender)
        with connected(self.server.port, figures.condition.connections) as connections:
            # Once each, so that the connections to the upstream are open as well.
            await load(connections, requests, seconds=0, expected_bytes=self.expected_bytes)
            speed_before = await self.speed.now()
            before, core_before = self.server.cpu_seconds(), self.server.core_seconds()
            asked = await load(
                connections, requests, seconds=seconds, expected_bytes=self.expected_bytes
            )
            used = self.server.cpu_seconds() - before
            used_by_all = self.server.core_seconds() - core_before
            speed = (speed_before + await self.speed.now()) / 2
        answers = len(asked.latencies)
        figures.cpu_milliseconds.append(used * speed / answers * 1000)
        figures.requests_per_second.append(answers / asked.seconds)
        figures.latencies.extend(asked.latencies)
        figures.disturbances.append(max(0.0, used_by_all - used) / asked.seconds)


async def compare(
    scenario: Scenario,
    contenders: Sequence[Contender],
    conditions: Sequence[Condition],
    effort: Effort,
    upstream: UpstreamServer,
    placement: Placement,
) -> list[Figures]:
    """The figures of a scenario. Its servers are new, so that none carries what others left behind.

    Raises:
        AnswersDiffer: Contenders do not answer the same.
        Refused: One of them does not answer.
    """
    upstream.delay_seconds = 0
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(running(one, upstream.origin, placement))
            for one in contenders
        ]
        lengths = await same_answers(scenario, servers, upstream)
        candidates = [
            _Candidate(scenario, server, length, placement.speed)
            for server, length in zip(servers, lengths, strict=True)
        ]
        for candidate in candidates:
            await candidate.warm(effort.warming_seconds)
        measured = []
        for condition in conditions:
            upstream.delay_seconds = condition.delay_milliseconds / 1000
            measured += await _rounds(candidates, condition, effort)
        return measured


async def _rounds(
    candidates: Sequence[_Candidate], condition: Condition, effort: Effort
) -> list[Figures]:
    """Each has a turn in every round: what disturbs the machine for a while disturbs all of them."""
    measured = [candidate.unmeasured(condition) for candidate in candidates]
    for _ in range(effort.rounds):
        for candidate, figures in zip(candidates, measured, strict=True):
            await candidate.measure(figures, seconds=effort.seconds)
    return measured
