"""The statements of a function: they build an object, key by key, and tell what waits."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from gateway.operations.plan.selections import ALWAYS, Condition


class Entry(NamedTuple):
    """A key of the object, an expression for its value, and when it is there."""

    key: str
    expression: str
    condition: Condition


def statements(
    entries: Sequence[Entry], waits: Mapping[str, str], holding: Callable[[Condition], str]
) -> list[str]:
    """The lines that build and return an object.

    What waits is told in the order of the entries, so that loads begin in the order in which
    graphql-core would begin them.

    Args:
        entries: What the object has, in order. Of a key that is there more than once, the first that
            holds counts.
        waits: By key, what is done where something there has to wait.
        holding: An expression for whether a condition holds.
    """
    times = Counter(entry.key for entry in entries)
    at_once = _at_once(entries, waits)
    if at_once == len(entries) and not waits:
        return _literal("return", entries)
    lines = _literal("out =", entries[:at_once])
    for place, (key, expression, condition) in enumerate(entries):
        done = [f'out["{key}"] = {expression}'] if place >= at_once else []
        done += [waits[key]] if key in waits else []
        tests = [] if condition == ALWAYS else [holding(condition)]
        tests += [f'"{key}" not in out'] if times[key] > 1 else []
        lines += _under(tests, done)
    return [*lines, "return out"]


def _at_once(entries: Sequence[Entry], waits: Mapping[str, str]) -> int:
    """How many entries make a literal: up to the first that waits, or has a condition."""
    for place, (key, _, condition) in enumerate(entries):
        if condition != ALWAYS:
            return place
        if key in waits:
            return place + 1
    return len(entries)


def _under(tests: Sequence[str], done: list[str]) -> list[str]:
    if not tests or not done:
        return done
    return [f"if {' and '.join(tests)}:", *(f"    {statement}" for statement in done)]


def _literal(start: str, entries: Iterable[Entry]) -> list[str]:
    lines = [f'    "{key}": {expression},' for key, expression, _ in entries]
    return [f"{start} {{", *lines, "}"] if lines else [f"{start} {{}}"]
