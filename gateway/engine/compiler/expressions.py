"""Python source of single expressions and statements, which the code generator puts together."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import NoneType
from typing import Any, NamedTuple

from graphql import GraphQLLeafType

from gateway.engine.compiler.collect_fields import ALWAYS, Condition
from gateway.engine.compiler.leaf_values import serializes_unchanged
from gateway.engine.compiler.projection import union_members


class Entry(NamedTuple):
    """A key of the object, an expression for its value, and the condition of the entry."""

    key: str
    expression: str
    condition: Condition


def statements(
    entries: Sequence[Entry],
    deferrals: Mapping[str, str],
    condition_expression: Callable[[Condition], str],
) -> list[str]:
    """The statements that build and return an object.

    Fields are deferred in the order of the entries, so that loads start in the order of graphql-core.

    Args:
        entries: The entries of the object in order. Of entries with the same key, the first whose condition
            holds counts.
        deferrals: The statements that defer fields, by key.
        condition_expression: Returns an expression for whether a condition holds.
    """
    occurrences = Counter(entry.key for entry in entries)
    literal_length = _literal_length(entries, deferrals)
    if literal_length == len(entries) and not deferrals:
        return _literal("return", entries)
    lines = _literal("result =", entries[:literal_length])
    for index, (key, expression, condition) in enumerate(entries):
        block = [f'result["{key}"] = {expression}'] if index >= literal_length else []
        block += [deferrals[key]] if key in deferrals else []
        tests = [] if condition == ALWAYS else [condition_expression(condition)]
        tests += [f'"{key}" not in result'] if occurrences[key] > 1 else []
        lines += _if_block(tests, block)
    return [*lines, "return result"]


def _literal_length(entries: Sequence[Entry], deferrals: Mapping[str, str]) -> int:
    """The number of entries of the dict literal: up to the first that is deferred or has a condition."""
    for index, (key, _, condition) in enumerate(entries):
        if condition != ALWAYS:
            return index
        if key in deferrals:
            return index + 1
    return len(entries)


def _if_block(tests: Sequence[str], block: list[str]) -> list[str]:
    if not tests or not block:
        return block
    return [f"if {' and '.join(tests)}:", *(f"    {statement}" for statement in block)]


def _literal(start: str, entries: Iterable[Entry]) -> list[str]:
    lines = [f'    "{key}": {expression},' for key, expression, _ in entries]
    return [f"{start} {{", *lines, "}"] if lines else [f"{start} {{}}"]


def all_serialize_unchanged(leaf: GraphQLLeafType, declared: Any, *, nullable: bool) -> bool:
    """Whether serialization leaves all values of a declared type unchanged."""
    return all(
        nullable if each is NoneType else serializes_unchanged(leaf, each)
        for each in union_members(declared)
    )


def null_guard(value: str, declared: Any, expression: str, *, nullable: bool) -> str:
    """An expression from a template with `{}` for the value: null for null, or a fallback if non-null."""
    if expression == "{}" and nullable and declared is not None:
        return value
    if declared is None and nullable:
        return f"None if (v := readable({value})) is None else {expression.format('v')}"
    if declared is None:
        return expression.format(f"non_null({value})")
    if NoneType not in union_members(declared):
        return expression.format(value)
    if nullable:
        return f"None if (v := {value}) is None else {expression.format('v')}"
    return expression.format(f"non_null({value})")


def constant(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
