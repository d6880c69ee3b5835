"""How large operations may be: what is measured of them against what is allowed, before validation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.engine.complexity.cost import MAX_SAFE_INTEGER, FieldCosts
from gateway.engine.complexity.measure import OperationSize
from gateway.errors import LimitExceeded


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of each measure is allowed, and what costs are reckoned from.

    Where nothing is said, everything is allowed, and a field costs 1.
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
    """One measure beside its limit; `limit` and `label` are what callers read of it."""

    limit: str
    label: str
    measured: int
    allowed: int

    @property
    def is_exceeded(self) -> bool:
        return self.measured > self.allowed


def enforce(size: OperationSize, limits: Limits) -> None:
    """Raises LimitExceeded for an operation or fragment that is too large, its cost aside."""
    for each in _structure_checks(size, limits):
        _raise_if_exceeded(each)


def enforce_cost(size: OperationSize, limits: Limits, variables: Mapping[str, object]) -> None:
    """Raises LimitExceeded for an operation that costs too much with these variables.

    Nothing is reckoned where none could make it cost that much.
    """
    if size.cost.maximum > limits.cost:
        _raise_if_exceeded(_cost_check(size, limits, variables))


def compare_with_limits(
    size: OperationSize, limits: Limits, variables: Mapping[str, object]
) -> list[LimitCheck]:
    """All measures of an operation beside their limits."""
    return [*_structure_checks(size, limits), _cost_check(size, limits, variables)]


def enforce_characters(text: str, limits: Limits) -> None:
    """Raises LimitExceeded for a document that is too long to be read."""
    if len(text) > limits.characters:
        raise LimitExceeded(
            f"The document is too large: it has {len(text)} characters, "
            f"and {limits.characters} are allowed.",
            limit="characters",
            measured=len(text),
            allowed=limits.characters,
        )


def comparisons_exceeded(limits: Limits) -> LimitExceeded:
    """The refusal of a document that was validated no further than to the first comparison too many."""
    return LimitExceeded(
        "The document is too large: validation has to compare too many of its fields and fragments, "
        f"of which {limits.comparisons} times is allowed.",
        limit="comparisons",
        measured=limits.comparisons + 1,
        allowed=limits.comparisons,
    )


def tokens_exceeded(limits: Limits) -> LimitExceeded:
    """The refusal of a document that was read no further than to the first token too many."""
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
        "number of fields at one place of the answer",
        size.duplicate_fields,
        limits.duplicate_fields,
    )


def _cost_check(size: OperationSize, limits: Limits, variables: Mapping[str, object]) -> LimitCheck:
    return LimitCheck("cost", "cost", size.cost.evaluate(variables), limits.cost)


def _raise_if_exceeded(check: LimitCheck) -> None:
    if check.is_exceeded:
        raise LimitExceeded(
            f"The operation is too large: its {check.label} is {check.measured}, "
            f"and {check.allowed} is allowed.",
            limit=check.limit,
            measured=check.measured,
            allowed=check.allowed,
        )
