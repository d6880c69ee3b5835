"""Limits of query complexity: compares measures of an operation with maximums, before validation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.engine.complexity.cost import MAX_SAFE_INTEGER, FieldCosts
from gateway.engine.complexity.measure import OperationSize
from gateway.errors import LimitExceeded


@dataclass(frozen=True, slots=True)
class Limits:
    """The maximum of each measure, and the field costs. By default, all is allowed and a field costs 1.

    Attributes:
        characters: Characters of the document.
        tokens: Tokens of the document.
        depth: Nesting of fields.
        aliases: Fields with an alias.
        alias_characters: Characters of the longest alias.
        root_fields: Fields of the root type.
        duplicate_fields: Fields to be merged under one response key.
        comparisons: Comparisons of fields and fragments by validation.
        cost: The cost of the operation.
        field_costs: The costs of the schema's fields.
    """

    characters: int = MAX_SAFE_INTEGER
    tokens: int = MAX_SAFE_INTEGER
    depth: int = MAX_SAFE_INTEGER
    aliases: int = MAX_SAFE_INTEGER
    alias_characters: int = MAX_SAFE_INTEGER
    root_fields: int = MAX_SAFE_INTEGER
    duplicate_fields: int = MAX_SAFE_INTEGER
    comparisons: int = MAX_SAFE_INTEGER
    cost: int = MAX_SAFE_INTEGER
    field_costs: FieldCosts = field(default_factory=FieldCosts)


class LimitCheck(NamedTuple):
    """One measure and its limit.

    Attributes:
        limit: The name of the limit in `extensions`.
        label: The name of the measure in messages.
        measured: The measured value.
        allowed: The maximum.
    """

    limit: str
    label: str
    measured: int
    allowed: int

    @property
    def is_exceeded(self) -> bool:
        return self.measured > self.allowed


def enforce(size: OperationSize, limits: Limits) -> None:
    """Raise `LimitExceeded` for an operation or a fragment above a limit other than that of the cost."""
    for each in _structure_checks(size, limits):
        _raise_if_exceeded(each)


def enforce_cost(size: OperationSize, limits: Limits, variables: Mapping[str, object]) -> None:
    """Raise `LimitExceeded` for an operation that costs too much with these variables.

    The cost is not computed where its maximum is within the limit.
    """
    if size.cost.maximum > limits.cost:
        _raise_if_exceeded(_cost_check(size, limits, variables))


def compare_with_limits(
    size: OperationSize, limits: Limits, variables: Mapping[str, object]
) -> list[LimitCheck]:
    """All measures of an operation and their limits."""
    return [*_structure_checks(size, limits), _cost_check(size, limits, variables)]


def enforce_characters(text: str, limits: Limits) -> None:
    """Raise `LimitExceeded` for a document that is too long to be parsed."""
    if len(text) > limits.characters:
        raise LimitExceeded(
            f"The document is too large: it has {len(text)} characters, "
            f"and the maximum is {limits.characters}.",
            limit="characters",
            measured=len(text),
            allowed=limits.characters,
        )


def comparisons_exceeded(limits: Limits) -> LimitExceeded:
    """The error for a document whose validation stopped at the first comparison above the limit."""
    return LimitExceeded(
        f"Validation needs more than {limits.comparisons} field comparisons, the maximum.",
        limit="comparisons",
        measured=limits.comparisons + 1,
        allowed=limits.comparisons,
    )


def tokens_exceeded(limits: Limits) -> LimitExceeded:
    """The error for a document whose parsing stopped at the first token above the limit."""
    return LimitExceeded(
        f"The document is too large: it has more than {limits.tokens} tokens.",
        limit="tokens",
        measured=limits.tokens + 1,
        allowed=limits.tokens,
    )


def _structure_checks(size: OperationSize, limits: Limits) -> Iterator[LimitCheck]:
    yield LimitCheck("characters", "number of characters", size.characters, limits.characters)
    yield LimitCheck("tokens", "number of tokens", size.tokens, limits.tokens)
    yield LimitCheck("depth", "depth", size.depth, limits.depth)
    yield LimitCheck("aliases", "number of aliases", size.aliases, limits.aliases)
    yield LimitCheck(
        "aliasCharacters",
        "longest alias, in characters,",
        size.alias_characters,
        limits.alias_characters,
    )
    yield LimitCheck("rootFields", "number of root fields", size.root_fields, limits.root_fields)
    yield LimitCheck(
        "duplicateFields",
        "number of fields merged at one response path",
        size.duplicate_fields,
        limits.duplicate_fields,
    )


def _cost_check(size: OperationSize, limits: Limits, variables: Mapping[str, object]) -> LimitCheck:
    return LimitCheck("cost", "cost", size.cost.evaluate(variables), limits.cost)


def _raise_if_exceeded(check: LimitCheck) -> None:
    if check.is_exceeded:
        raise LimitExceeded(
            f"The operation is too large: its {check.label} is {check.measured}, "
            f"and the maximum is {check.allowed}.",
            limit=check.limit,
            measured=check.measured,
            allowed=check.allowed,
        )
