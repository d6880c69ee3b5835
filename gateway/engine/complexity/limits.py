"""How large operations may be: what is measured of them against what is allowed, before validation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.engine.complexity.cost import MOST, Weights
from gateway.engine.complexity.measure import Size
from gateway.errors import LimitExceeded


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of each measure is allowed, and what costs are reckoned from.

    Where nothing is said, everything is allowed, and a field costs 1.
    """

    characters: int = MOST
    tokens: int = MOST
    depth: int = MOST
    aliases: int = MOST
    alias_characters: int = MOST
    root_fields: int = MOST
    duplicate_fields: int = MOST
    comparisons: int = MOST
    cost: int = MOST
    weights: Weights = field(default_factory=Weights)


class Measured(NamedTuple):
    """One measure beside its limit; `limit` and `words` are what callers read of it."""

    limit: str
    words: str
    measured: int
    allowed: int

    @property
    def is_beyond(self) -> bool:
        return self.measured > self.allowed


def enforce(size: Size, limits: Limits) -> None:
    """Raises LimitExceeded for an operation or fragment that is too large, its cost aside."""
    for each in _structure(size, limits):
        _refuse_beyond(each)


def enforce_cost(size: Size, limits: Limits, variables: Mapping[str, object]) -> None:
    """Raises LimitExceeded for an operation that costs too much with these variables.

    Nothing is reckoned where none could make it cost that much.
    """
    if size.cost.most > limits.cost:
        _refuse_beyond(_cost(size, limits, variables))


def compared(size: Size, limits: Limits, variables: Mapping[str, object]) -> list[Measured]:
    """All measures of an operation beside their limits."""
    return [*_structure(size, limits), _cost(size, limits, variables)]


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


def too_many_comparisons(limits: Limits) -> LimitExceeded:
    """The refusal of a document that was validated no further than to the first comparison too many."""
    return LimitExceeded(
        "The document is too large: validation has to compare too many of its fields and fragments, "
        f"of which {limits.comparisons} times is allowed.",
        limit="comparisons",
        measured=limits.comparisons + 1,
        allowed=limits.comparisons,
    )


def too_many_tokens(limits: Limits) -> LimitExceeded:
    """The refusal of a document that was read no further than to the first token too many."""
    return LimitExceeded(
        f"The document is too large: it has more than {limits.tokens} tokens.",
        limit="tokens",
        measured=limits.tokens + 1,
        allowed=limits.tokens,
    )


def _structure(size: Size, limits: Limits) -> Iterator[Measured]:
    yield Measured("characters", "number of characters", size.characters, limits.characters)
    yield Measured("tokens", "number of tokens", size.tokens, limits.tokens)
    yield Measured("depth", "depth", size.depth, limits.depth)
    yield Measured("aliases", "number of aliases", size.aliases, limits.aliases)
    yield Measured(
        "aliasCharacters",
        "longest alias, in characters,",
        size.alias_characters,
        limits.alias_characters,
    )
    yield Measured("rootFields", "number of root fields", size.root_fields, limits.root_fields)
    yield Measured(
        "duplicateFields",
        "number of fields at one place of the answer",
        size.duplicate_fields,
        limits.duplicate_fields,
    )


def _cost(size: Size, limits: Limits, variables: Mapping[str, object]) -> Measured:
    return Measured("cost", "cost", size.cost.of(variables), limits.cost)


def _refuse_beyond(each: Measured) -> None:
    if each.is_beyond:
        raise LimitExceeded(
            f"The operation is too large: its {each.words} is {each.measured}, "
            f"and {each.allowed} is allowed.",
            limit=each.limit,
            measured=each.measured,
            allowed=each.allowed,
        )
