"""Python source of single expressions and statements, which the code generator puts together."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import NoneType
from typing import Any, NamedTuple

from graphql import GraphQLLeafType

from gateway.engine.compiler.collect_fields import ALWAYS, Condition
from gateway.engine.compiler.declared_types import union_members
from gateway.engine.compiler.leaf_values import serializes_unchanged
from gateway.engine.compiler.response_objects import attribute_name


class Entry(NamedTuple):
    """A key of the object, an expression for its value, and the condition of the entry."""

    key: str
    expression: str
    condition: Condition


def has_repeated_keys(entries: Sequence[Entry]) -> bool:
    """Whether the position of a key depends on variables, so that no class has the object's keys in order."""
    return len({entry.key for entry in entries}) < len(entries)


def statements(
    entries: Sequence[Entry],
    deferrals: Mapping[str, str],
    condition_expression: Callable[[Condition], str],
    response_class: str | None,
) -> list[str]:
    """The statements that build and return an object.

    Fields are deferred in the order of the entries, so that loads start in the order of graphql-core.

    Args:
        entries: The entries of the object in order. Of entries with the same key, the first whose condition
            holds counts.
        deferrals: The statements that defer fields, by key.
        condition_expression: Returns an expression for whether a condition holds.
        response_class: The name of the object's class; None for a dict, where keys are repeated.
    """
    occurrences = Counter(entry.key for entry in entries)
    if response_class is None:
        lines, assigned_length, assignment = ["result = {}"], 0, 'result["{}"] = {}'
    else:
        assigned_length = _call_length(entries, deferrals)
        lines = _call(f"result = {response_class}", entries[:assigned_length])
        if assigned_length == len(entries) and not deferrals:
            return _call(f"return {response_class}", entries)
        assignment = f"result.{attribute_name('{}')} = {{}}"
    for index, (key, expression, condition) in enumerate(entries):
        block = [assignment.format(key, expression)] if index >= assigned_length else []
        block += [deferrals[key]] if key in deferrals else []
        tests = [] if condition == ALWAYS else [condition_expression(condition)]
        tests += [f'"{key}" not in result'] if occurrences[key] > 1 else []
        lines += _if_block(tests, block)
    return [*lines, "return result"]


def values_statement(entries: Iterable[Entry]) -> list[str]:
    """The statement that returns the values of deferred fields, without an object around them."""
    return _call("return ", entries)


def _call_length(entries: Sequence[Entry], deferrals: Mapping[str, str]) -> int:
    """The number of entries in the call of the class: up to the first that is deferred or has a condition."""
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


def _call(start: str, entries: Iterable[Entry]) -> list[str]:
    """A call with the value of each entry, beside its key in a comment; or a tuple of the values."""
    lines = [f"    {expression},  # {key}" for key, expression, _ in entries]
    return [f"{start}(", *lines, ")"] if lines else [f"{start}()"]


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
