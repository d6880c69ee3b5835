"""The report: what was measured, as tables in Markdown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from statistics import mean, median

from tests.benchmarks.bounds import Bound
from tests.benchmarks.comparison import Effort, Figures, percentiles
from tests.benchmarks.contenders import CONTENDERS, FIXED_WORK, GATEWAY
from tests.benchmarks.scenarios import ALONE, Condition
from tests.benchmarks.targets import Verdict, verdicts

_WHOLE_TIMELINES = {"hundred": 100, "thousand": 1_000, "ten-thousand": 10_000}
"""The scenarios that are one page of all there is, with how many activities that is."""


def report(
    on: Mapping[str, str], measured: Sequence[Figures], effort: Effort, found: Sequence[Bound]
) -> str:
    """All of it; the targets are at its end.

    Args:
        on: The machine, as it was before anything ran.
        measured: By scenario, condition and contender.
        effort: How it was measured.
        found: What was measured of the bounds.
    """
    parts = [
        "\n".join(f"- {name}: {value}" for name, value in on.items()),
        _method(effort),
        _disturbance(measured),
    ]
    for title, figures in groupby(measured, lambda one: one.scenario.title):
        parts += [f"## {title[0].upper()}{title[1:]}", _scenario([*figures])]
    if len(growing := list(_growth(measured))) > 1:
        head = ("activities in one page", "CPU ms per request", "CPU µs per activity")
        parts += [f"## How the gateway's cost grows, at {ALONE}", table(head, growing)]
    if found:
        parts += ["## Bounds", _bounds(found)]
    if judged := list(verdicts(measured)):
        parts += ["## Targets", _targets(judged)]
    return "\n\n".join(parts) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The first column is text, the others are numbers."""
    rule = (":---", *["---:"] * (len(head) - 1))
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def number(value: float) -> str:
    """Three digits that count, and no exponent."""
    return f"{float(f'{value:.3g}'):,.10g}"


def _method(effort: Effort) -> str:
    cold = effort.warming_seconds < max(one.warming_seconds for one in CONTENDERS.values())
    return (
        f"Turns of each contender under each condition: {effort.rounds} of {effort.seconds:g} s, after at "
        f"most {effort.warming_seconds:g} s of warming. CPU is what the process tree used per request: the "
        "median of the turns, with the least and the most. A condition is the delay of the upstream and the "
        "number of connections, each of which asks again as soon as it is answered: where there are many, "
        "latency is mostly waiting for one another."
        + " **What runs on Node.js was not warm yet: this shows the order of magnitude.**"
        * cold
    )


def _disturbance(measured: Sequence[Figures]) -> str:
    """A machine that had something else to do makes everything dearer, and not all of it alike."""
    shares = [share for figures in measured for share in figures.disturbances] or [0.0]
    return (
        "The servers' core was busy for other processes during "
        f"{mean(shares):.1%} of the time, during {max(shares):.0%} of the turn that was disturbed most."
    )


def _bounds(found: Sequence[Bound]) -> str:
    head = ("this gateway", "at most", "measured", "kept", FIXED_WORK.title)
    return table(head, map(_bound, found))


def _bound(bound: Bound) -> list[str]:
    floor = "" if bound.floor is None else number(bound.floor)
    kept = "yes" if bound.is_kept else "no"
    return [bound.title, number(bound.most), number(bound.measured), kept, floor]


def _targets(judged: Sequence[Verdict]) -> str:
    conditions = list(dict.fromkeys(condition for one in judged for condition in one.ratios))
    head = ("CPU of this gateway / of the other", "at most", "aim", *map(str, conditions))
    return table((*head, "reached"), (_target(one, conditions) for one in judged))


def _target(verdict: Verdict, conditions: Sequence[Condition]) -> list[str]:
    target, ratios = verdict
    shown = (number(ratios[each]) if each in ratios else "" for each in conditions)
    name = f"{target.scenario.title} / {target.against.title}"
    return [name, number(target.most), number(target.aim), *shown, _reached(verdict)]


def _reached(verdict: Verdict) -> str:
    of = len(verdict.ratios)
    if verdict.aims_reached == of:
        return "the aim"
    if verdict.reached == of:
        return "yes"
    return f"in {verdict.reached} of {of}" if verdict.reached else "no"


def _scenario(measured: Sequence[Figures]) -> str:
    ours = {one.condition: one.cpu for one in measured if one.contender is GATEWAY}
    head = ("contender", "delay, connections", "CPU ms (least to most)", "ours / theirs")
    return table((*head, "p50 ms", "p99 ms", "requests/s"), (_row(one, ours) for one in measured))


def _row(figures: Figures, ours: dict[Condition, float]) -> list[str]:
    least, most = min(figures.cpu_milliseconds), max(figures.cpu_milliseconds)
    ratio = ours[figures.condition] / figures.cpu if figures.condition in ours else None
    p50, p99 = percentiles(figures.latencies)
    return [
        figures.contender.title,
        str(figures.condition),
        f"{number(figures.cpu)} ({number(least)} to {number(most)})",
        "" if ratio is None else number(ratio),
        number(p50 * 1000),
        number(p99 * 1000),
        number(median(figures.requests_per_second)),
    ]


def _growth(measured: Sequence[Figures]) -> Iterator[tuple[str, str, str]]:
    for figures in measured:
        activities = _WHOLE_TIMELINES.get(figures.scenario.name)
        if activities and figures.contender is GATEWAY and figures.condition == ALONE:
            per_activity = figures.cpu / activities * 1000
            yield f"{activities:,}", number(figures.cpu), number(per_activity)
