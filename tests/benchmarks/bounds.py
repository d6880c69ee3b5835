"""What the gateway keeps to, whatever the others do: how its cost grows, how long others wait, what it takes."""

from collections.abc import AsyncIterator, Iterator, Sequence
from statistics import median
from typing import NamedTuple

from tests.benchmarks.comparison import Figures, percentiles
from tests.benchmarks.contenders import GATEWAY
from tests.benchmarks.examinations import Examiner
from tests.benchmarks.load import Asked
from tests.benchmarks.scenarios import ALONE, SCENARIOS

MOST_HOLD_MILLISECONDS = 15.0
_MOST_START_SECONDS = 1.0
_MOST_IDLE_MEGABYTES = 90.0
_MOST_P99_BY_P50 = 2.0
_MOST_GROWTH = 1.5
"""What is sorted grows by a third more than linearly, and 10,000 activities fit into no cache of a processor."""

_STARTS = 5
_SECONDS = 10.0
_FLOOR_BODY_BYTES = 1_000
_STEADY_SCENARIOS = ("one", "hundred")


class Bound(NamedTuple):
    """One of them, and what was measured.

    Attributes:
        floor: What the machine allows, measured with a server that only computes as long; None where it has no part.
    """

    title: str
    most: float
    measured: float
    floor: float | None = None

    @property
    def is_kept(self) -> bool:
        return self.measured <= self.most


def growth(measured: Sequence[Figures]) -> Iterator[Bound]:
    """How the cost of one activity grows, where both pages were measured."""
    cpu = {
        one.scenario.name: one.cpu
        for one in measured
        if one.contender is GATEWAY and one.condition == ALONE
    }
    if cpu.keys() >= {"thousand", "ten-thousand"}:
        ratio = cpu["ten-thousand"] / cpu["thousand"] / 10
        yield Bound("CPU of an activity among 10,000 / among 1,000", _MOST_GROWTH, ratio)


async def bounds(at: Examiner) -> AsyncIterator[Bound]:
    """Those for which servers are started anew: two minutes."""
    starts = [seconds async for seconds in at.starts(GATEWAY, _STARTS)]
    yield Bound("from start to ready, s", _MOST_START_SECONDS, median(starts))
    yield Bound("memory when idle, MB", _MOST_IDLE_MEGABYTES, await at.idle_megabytes(GATEWAY))
    holds = await at.holds(SCENARIOS["thousand"], _SECONDS)
    longest = max(1000 * hold.cpu_seconds for hold in holds)
    yield Bound(
        "longest hold of the event loop at 1,000 activities, ms", MOST_HOLD_MILLISECONDS, longest
    )
    for name in _STEADY_SCENARIOS:
        scenario = SCENARIOS[name]
        steady = await at.steady(GATEWAY, scenario, _SECONDS)
        floor = await at.fixed_work(steady, _FLOOR_BODY_BYTES)
        title = f"p99 / p50 of {scenario.title}, at half of the most requests/s"
        yield Bound(title, _MOST_P99_BY_P50, _p99_by_p50(steady), _p99_by_p50(floor))


def _p99_by_p50(asked: Asked) -> float:
    p50, p99 = percentiles(asked.latencies)
    return p99 / p50
