"""The benchmark: `python -m tests.benchmarks --help`.

Without a command it compares the gateway with other GraphQL servers, and writes tables in Markdown.
The command `compare` compares the gateways of two checkouts; each other command measures the
gateway alone, or one server after the other.

\b
    python -m tests.benchmarks                                   # all scenarios and servers: half an hour
    python -m tests.benchmarks --quick                           # a minute: shows only the order of magnitude
    python -m tests.benchmarks --scenario hundred --contender gateway --contender mercurius
    python -m tests.benchmarks compare --with ../other           # the gateways of two checkouts
    python -m tests.benchmarks start                             # the time from start to first response
    python -m tests.benchmarks memory --seconds 600              # the memory of the gateway under load
    python -m tests.benchmarks hold                              # how long one request blocks the event loop
    python -m tests.benchmarks wait                              # how long a large response delays other requests
    python -m tests.benchmarks overload                          # requests at four times the capacity
    python -m tests.benchmarks hostile                           # the CPU time of hostile requests
    python -m tests.benchmarks profile --scenario hundred        # the CPU time by function
"""

import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

import click
import uvloop

from tests.benchmarks.answers import AnswersDiffer
from tests.benchmarks.bounds import MOST_HOLD_MILLISECONDS, Bound, bounds, growth
from tests.benchmarks.comparison import Effort, Figures, compare
from tests.benchmarks.contenders import (
    CONTENDERS,
    GATEWAY,
    Contender,
    gateway_of,
    install_packages,
)
from tests.benchmarks.examinations import Examiner, Waited
from tests.benchmarks.hostile import Taken, examine as examine_hostile
from tests.benchmarks.inside import Hold
from tests.benchmarks.interpreters import Interpreter, choose, describe
from tests.benchmarks.load import Refused
from tests.benchmarks.machine import machine
from tests.benchmarks.report import number, report, table
from tests.benchmarks.scenarios import (
    FILTERED,
    PAGE_OF_HTML,
    SCENARIOS,
    Condition,
    Scenario,
    page_of,
)
from tests.benchmarks.servers import Placement
from tests.benchmarks.upstream import UpstreamServer, timeline_of
from tests.resilience.overload import CAPACITY, Drill, calling, limited_gateway

_FULL = Effort(rounds=3, seconds=2, warming_seconds=60)
_QUICK = Effort(rounds=1, seconds=1, warming_seconds=3)
_QUICK_SCENARIOS = ("one", "hundred", "cold")
_QUICK_CONDITIONS = (Condition(0, 8),)
_MOST_WAIT_MILLISECONDS = 250

_OF_GATEWAYS = {**SCENARIOS, FILTERED.name: FILTERED}
"""The scenarios that two checkouts of the gateway can answer."""

_SCENARIO = click.Choice(list(SCENARIOS))
_CONTENDER = click.Choice(list(CONTENDERS))


_scenarios_among = partial(
    click.option, "--scenario", "scenarios", multiple=True, help="Only this one; repeatable."
)
_contenders = click.option(
    "--contender", "contenders", type=_CONTENDER, multiple=True, help="Only this one; repeatable."
)


@click.group(invoke_without_command=True, help=__doc__)
@click.option(
    "--python",
    type=click.Path(exists=True, dir_okay=False),
    envvar="BENCHMARK_PYTHON",
    help="The interpreter of the servers in Python, with their packages. By default one built with PGO.",
)
@_scenarios_among(type=_SCENARIO)
@_contenders
@click.option("--rounds", type=click.IntRange(1), help="How many turns each contender has.")
@click.option("--seconds", type=click.FloatRange(0.1), help="How long a turn takes.")
@click.option(
    "--quick", is_flag=True, help="Only three scenarios and one condition, with a short warm-up."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="A file to which the tables are written as well.",
)
@click.pass_context
def main(
    context: click.Context,
    *,
    python: str | None,
    scenarios: Sequence[str],
    contenders: Sequence[str],
    rounds: int | None,
    seconds: float | None,
    quick: bool,
    output: Path | None,
) -> None:
    interpreter = context.obj = choose() if python is None else describe(python)
    if context.invoked_subcommand is not None:
        return
    usual = _QUICK if quick else _FULL
    effort = replace(usual, rounds=rounds or usual.rounds, seconds=seconds or usual.seconds)
    names = scenarios or (_QUICK_SCENARIOS if quick else SCENARIOS)
    chosen = _chosen(contenders)
    measured: list[Figures] = []
    found: list[Bound] = []
    on = machine(interpreter)

    async def measure_all(at: Examiner) -> None:
        for name in names:
            under = _QUICK_CONDITIONS if quick else SCENARIOS[name].conditions
            measured.extend(await _figures(SCENARIOS[name], chosen, under, effort, at))
        if GATEWAY in chosen and len(names) == len(SCENARIOS):
            click.echo("Bounds …", err=True)
            found.extend([bound async for bound in bounds(at)])

    _run(measure_all)
    tables = report(on, measured, effort, [*growth(measured), *found])
    click.echo(tables, nl=False)
    if output is not None:
        output.write_text(tables, encoding="utf-8")
    if {one.scenario.name for one in measured} != set(names):
        sys.exit(1)


async def _figures(
    scenario: Scenario,
    chosen: Sequence[Contender],
    conditions: Sequence[Condition],
    effort: Effort,
    at: Examiner,
) -> list[Figures]:
    """Those of a scenario; none where it cannot be measured, which is said."""
    click.echo(f"{scenario.title} …", err=True)
    fit = [one for one in scenario.contenders if one in chosen]
    try:
        return await compare(scenario, fit, conditions, effort, at.upstream, at.placement)
    except (AnswersDiffer, Refused, TimeoutError) as failure:
        reasons = [str(failure), *getattr(failure, "__notes__", ())]
        click.echo(f"{scenario.name} could not be measured: {' '.join(reasons)}", err=True)
        return []


@main.command("compare")
@click.option(
    "--with",
    "root",
    type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path),
    required=True,
    help="The folder of the other checkout.",
)
@_scenarios_among(type=click.Choice(list(_OF_GATEWAYS)))
@click.option("--connections", type=click.IntRange(1), default=64, show_default=True)
@click.option("--rounds", type=click.IntRange(1), default=10, show_default=True)
@click.option("--seconds", type=click.FloatRange(0.1), default=0.5, show_default=True)
def compare_checkouts(
    *, root: Path, scenarios: Sequence[str], connections: int, rounds: int, seconds: float
) -> None:
    """Compare the gateway of this checkout with that of another. Needs no Node.js.

    Both are measured in each round, so that other load on the machine affects both. The ratio is the median of
    the ratios of all rounds.
    """
    under = (Condition(0, connections),)
    effort = Effort(rounds=rounds, seconds=seconds, warming_seconds=2)
    rows = []

    async def compare_all(at: Examiner) -> None:
        for name in scenarios or _OF_GATEWAYS:
            pair = (GATEWAY, gateway_of(root))
            ours, theirs = await compare(
                _OF_GATEWAYS[name], pair, under, effort, at.upstream, at.placement
            )
            rounds = zip(ours.cpu_milliseconds, theirs.cpu_milliseconds, strict=True)
            ratios = [one / other for one, other in rounds]
            rows.append(
                (
                    ours.scenario.title,
                    *(number(cpu) for cpu in (ours.cpu, theirs.cpu)),
                    *(number(of(ratios)) for of in (median, min, max)),
                )
            )

    _run(compare_all)
    head = ("CPU ms per request", "this", f"of {root.name}", "this / other", "least", "most")
    click.echo(table(head, rows))


@main.command()
@_contenders
@click.option("--times", type=click.IntRange(1), default=10, show_default=True)
def start(*, contenders: Sequence[str], times: int) -> None:
    """Measure the time from the start of a process to its first response."""
    rows = []
    chosen = _chosen(contenders)

    async def start_all(at: Examiner) -> None:
        for one in chosen:
            took = [seconds * 1000 async for seconds in at.starts(one, times)]
            rows.append((one.title, *(f"{of(took):.0f}" for of in (median, min, max))))

    _run(start_all)
    click.echo(table(("contender", "ms to serve", "least", "most"), rows))


@main.command()
@click.option("--contender", type=_CONTENDER, default=GATEWAY.name, show_default=True)
@click.option("--seconds", type=click.FloatRange(1), default=300, show_default=True)
@click.option("--readings", type=click.IntRange(1), default=10, show_default=True)
def memory(*, contender: str, seconds: float, readings: int) -> None:
    """Measure the memory of a server under a long load of all operations."""
    [chosen] = _chosen([contender])

    async def read_all(at: Examiner) -> None:
        async for kept in at.memory(chosen, seconds=seconds, readings=readings):
            click.echo(
                f"{kept.seconds:6.0f} s {kept.answers:9} answers {kept.resident_megabytes:7.1f} MB"
            )

    _run(read_all)


@main.command()
@click.option("--scenario", type=_SCENARIO, default="thousand", show_default=True)
@click.option("--seconds", type=click.FloatRange(1), default=10, show_default=True)
def hold(*, scenario: str, seconds: float) -> None:
    """Measure how long one request blocks the event loop of the gateway; exit status 1 if too long."""
    holds: list[Hold] = []

    async def hold_all(at: Examiner) -> None:
        holds.extend(await at.holds(SCENARIOS[scenario], seconds))

    _run(hold_all)
    cpu = [1000 * one.cpu_seconds for one in holds]
    clock = [1000 * one.seconds for one in holds]
    rows = [
        (name, *(f"{milliseconds:.1f}" for milliseconds in (of[0], median(of[1:]), max(of[1:]))))
        for name, of in (("by CPU time", cpu), ("by the clock", clock))
    ]
    click.echo(table((f"ms, {len(holds)} requests", "first", "median", "most"), rows))
    if max(cpu) > MOST_HOLD_MILLISECONDS:
        click.echo(f"It should be at most {MOST_HOLD_MILLISECONDS:g} ms.", err=True)
        sys.exit(1)


@main.command()
@click.option("--activities", type=click.IntRange(1, 99_999), default=46_000, show_default=True)
@click.option("--readers", type=click.IntRange(1), default=1, show_default=True)
@click.option("--times", type=click.IntRange(1), default=5, show_default=True)
def wait(*, activities: int, readers: int, times: int) -> None:
    """Measure how long other requests wait while the gateway processes a large response; exit status 1 if too long.

    The first response is a timeline, by default of 29 MB. The second has 10 MB of HTML, whose text is selected.
    """
    waited: list[tuple[Scenario, Waited]] = []

    async def wait_all(at: Examiner) -> None:
        for scenario in (page_of(activities), PAGE_OF_HTML):
            waits = at.waits(GATEWAY, scenario, readers=readers, times=times)
            waited.extend([(scenario, each) async for each in waits])

    _run(wait_all)
    rows = [
        (
            f"{scenario.title}, {len(timeline_of(str(scenario.variables(0)['client']))) / 1e6:.1f} MB",
            f"{1000 * each.longest_seconds:.0f}",
            f"{each.answered:,}",
            f"{1000 * each.reading_seconds:.0f}",
        )
        for scenario, each in waited
    ]
    title = f"{readers} at once" if readers > 1 else "read"
    click.echo(
        table((title, "longest wait for /livez, ms", "answers", "ms until all is read"), rows)
    )
    if max(each.longest_seconds for _, each in waited) * 1000 > _MOST_WAIT_MILLISECONDS:
        click.echo(f"It should be at most {_MOST_WAIT_MILLISECONDS} ms.", err=True)
        sys.exit(1)


@main.command()
@click.option("--scenario", type=_SCENARIO, default="hundred", show_default=True)
@click.option("--seconds", type=click.FloatRange(1), default=5, show_default=True)
@click.option(
    "--compile/--no-compile", "compiled", default=True, help="Whether queries are compiled."
)
def profile(*, scenario: str, seconds: float, compiled: bool) -> None:
    """Profile the gateway by cProfile, which shows functions in C as cheaper than they are."""

    async def profile_all(at: Examiner) -> None:
        click.echo(await at.profile(SCENARIOS[scenario], seconds, compiled=compiled))

    _run(profile_all)


def _run(examine: Callable[[Examiner], Coroutine[None, None, None]]) -> None:
    """With the upstream and the load at the last core, servers at the first, where there are two."""
    interpreter: Interpreter = click.get_current_context().obj
    click.echo(f"Servers in Python run on {interpreter}.", err=True)
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})

    async def over_upstream() -> None:
        async with UpstreamServer() as upstream:
            placement = Placement(cores[0], interpreter.executable)
            await examine(Examiner(upstream, placement))

    uvloop.run(over_upstream())


def _chosen(names: Sequence[str]) -> list[Contender]:
    """All where none is named; ready to be started."""
    chosen = [CONTENDERS[name] for name in names or CONTENDERS]
    if any(one.over_node for one in chosen):
        install_packages()
    return chosen


@main.command()
def overload() -> None:
    """Send four times as many requests as the gateway has capacity for; exit status 1 if a bound is exceeded.

    The gateway has to accept at least 80 % of the requests that it accepts at its capacity, and to reject more
    than it accepts. The latency of a request is the number of accepted requests that are answered meanwhile.
    Its 99th percentile for accepted requests has to be less than twice that at capacity. For rejections it has
    to be lower than for accepted requests, and the median less than a fifth.
    """

    async def drills() -> tuple[Drill, Drill]:
        with limited_gateway() as gateway:
            async with calling(gateway) as http:
                calm, storm = Drill(http, CAPACITY), Drill(http, 4 * CAPACITY)
                await calm.run()
                await storm.run()
        return calm, storm

    calm, storm = uvloop.run(drills())
    rejected = [each.others for each in storm.rejected]
    counts = {"at capacity": calm.accepted, "at four times": storm.accepted, "rejected": rejected}
    for name, others in counts.items():
        click.echo(
            f"{name}: {len(others)}, while others were answered: median {median(others)}, p99 {_p99(others)}"
        )
    is_within = (
        len(storm.accepted) >= 0.8 * len(calm.accepted)
        and _p99(storm.accepted) < 2 * _p99(calm.accepted)
        and len(rejected) > len(storm.accepted)
        and _p99(rejected) < _p99(storm.accepted)
        and median(rejected) < median(storm.accepted) / 5
    )
    sys.exit(not is_within)


@main.command()
def hostile() -> None:
    """Measure the CPU time of each hostile request; exit status 1 if a bound is exceeded."""

    async def examine() -> list[Taken]:
        return [each async for each in examine_hostile()]

    taken = sorted(uvloop.run(examine()), key=lambda each: each.seconds / each.most_seconds)
    for name, seconds, most_seconds in taken:
        click.echo(f"{1000 * seconds:8.2f} ms of at most {1000 * most_seconds:.2f} ms: {name}")
    sys.exit(not all(each.is_within for each in taken))


def _p99(counts: Sequence[int]) -> int:
    return sorted(counts)[int(len(counts) * 0.99)]


if __name__ == "__main__":
    main()
