"""What operations cost: what their fields weigh, as often as there may be of them, by the variables."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from graphql import (
    ArgumentNode,
    ConstValueNode,
    GraphQLField,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationType,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_interface_type,
    is_list_type,
    is_object_type,
)

MOST = 2**53 - 1
"""Where counting ends. Fragments in fragments come to numbers of any length; this one is exact in JSON."""

_MOST_DIGITS = 10
"""Of a literal that is read as a number: `Int` has no more, and reading long ones takes its time."""


@dataclass(frozen=True, slots=True)
class Length:
    """How many items a list has, where arguments say so: by a number, or by a list of as many.

    Attributes:
        arguments: Their names. Of several that are given, the largest counts.
        usually: How many there are where none is given.
        most: How many there are at most; also where an argument is not what it should be.
    """

    arguments: tuple[str, ...]
    usually: int
    most: int

    def times(self, values: Iterable[object]) -> int:
        """How many items there are for these values of the arguments; None is no value."""
        said = (self._said(value) for value in values if value is not None)
        return max(said, default=self.usually)

    def _said(self, value: object) -> int:
        match value:
            case bool():
                return self.most
            case int():
                return max(0, min(value, self.most))
        return self.most


@dataclass(frozen=True, slots=True)
class AsListed(Length):
    """How many items a list has that holds one for each element of an argument."""

    def _said(self, value: object) -> int:
        return min(len(value), self.most) if isinstance(value, list) else self.most


class Factor(NamedTuple):
    """How many items a list has that variables have a say in."""

    length: Length
    given: tuple[object, ...]
    variables: tuple[str, ...]

    @classmethod
    def of(cls, length: Length, arguments: Iterable[ArgumentNode]) -> "Factor | int":
        """How often a list is counted whose field has these arguments: known, or to be told later."""
        values = [each.value for each in arguments if each.name.value in length.arguments]
        given = tuple(literal(value) for value in values if not isinstance(value, VariableNode))
        variables = tuple(each.name.value for each in values if isinstance(each, VariableNode))
        return cls(length, given, variables) if variables else length.times(given)

    def times(self, variables: Mapping[str, object]) -> int:
        """How many items there are for these variables."""
        return self.length.times([*self.given, *map(variables.get, self.variables)])


def literal(value: ValueNode | ConstValueNode | None) -> object:
    """The value of a literal, as far as it can say how many: a number or a list; else the literal."""
    match value:
        case None | NullValueNode():
            return None
        case IntValueNode(value=digits) if len(digits) <= _MOST_DIGITS:
            return int(digits)
        case ListValueNode(values=values):
            return [None] * len(values)
    return value


class Sum(NamedTuple):
    """A number that is partly known: so much, and what these steps of a reckoning come to."""

    known: int = 0
    steps: tuple[int, ...] = ()


class Step(NamedTuple):
    """A sum, so many times."""

    factor: Factor | int
    sum: Sum


@dataclass(frozen=True, slots=True)
class Reckoning:
    """How the costs of a document come about: steps, each of which uses only earlier ones.

    What does not depend on variables never becomes a step. No sum is copied into another that has
    more than one step, so that there are never more of them than there are fields and fragments.
    """

    steps: list[Step] = field(default_factory=list)

    def times(self, factor: Factor | int, sum_: Sum) -> Sum:
        """A sum so many times."""
        if isinstance(factor, int):
            if not sum_.steps:
                return Sum(min(factor * sum_.known, MOST))
            if factor == 1 and len(sum_.steps) == 1:
                return sum_
        self.steps.append(Step(factor, sum_))
        return Sum(0, (len(self.steps) - 1,))

    def total(self, sums: Iterable[Sum]) -> Sum:
        """All sums in one, of at most one step."""
        known = 0
        steps: list[int] = []
        for each in sums:
            known += each.known
            steps += each.steps
        return self.times(1, Sum(min(known, MOST), tuple(steps)))


@dataclass(frozen=True)
class Cost:
    """The cost of an operation.

    Attributes:
        sum: The cost, by the steps.
        steps: The reckoning of its document.
        defaults: What its variables are where the caller does not say.
    """

    sum: Sum
    steps: Sequence[Step]
    defaults: Mapping[str, object]

    @cached_property
    def most(self) -> int:
        """What it is at most, whatever the variables."""
        return self._value(lambda factor: factor.length.most)

    def of(self, variables: Mapping[str, object]) -> int:
        """What it is for these variables, whether they fit the operation or not."""
        if not self.sum.steps:
            return self.sum.known
        values = {**self.defaults, **variables}
        return self._value(lambda factor: factor.times(values))

    def _value(self, times: Callable[[Factor], int]) -> int:
        values: list[int] = []
        for factor, (known, steps) in self.steps:
            count = factor if isinstance(factor, int) else times(factor)
            values.append(min(count * (known + sum(values[step] for step in steps)), MOST))
        return min(self.sum.known + sum(values[step] for step in self.sum.steps), MOST)


_USUAL_ITEMS = 10
"""How many items a list counts as having where no argument says."""

FieldName = tuple[str, str]
"""The names of a type and of a field of it."""


class Weight(NamedTuple):
    """What a field weighs, and what is selected of it.

    Attributes:
        own: What the field itself costs, each time.
        each: What each of its values costs besides what is selected of it.
        times: How often what is selected of it is counted: so often, or as often as its arguments say.
        page: Where its value holds a page of lists: how many items these have.
        is_paged: Whether it is such a list: what is selected of it counts as the page says.
        type: The type of its value, where something is selected of that.
    """

    own: int = 1
    each: int = 0
    times: Length | int = 1
    page: Length | None = None
    is_paged: bool = False
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """What is known of a schema before a document is known to fit it.

    Attributes:
        fields: What fields weigh; those that are not there weigh 1.
        roots: The names of the types that operations start from.
    """

    fields: Mapping[FieldName, Weight] = field(default_factory=dict)
    roots: Mapping[OperationType, str] = field(default_factory=dict)


def weights(schema: GraphQLSchema, said: Mapping[FieldName, Weight]) -> Weights:
    """The weights of all fields of a schema.

    Args:
        schema: Says of what types fields are, and which are lists: of ten items, if nothing else is said.
        said: What fields weigh that weigh more than 1, or have as many values as arguments say.
    """
    roots = {
        operation: type_.name
        for operation in OperationType
        if (type_ := schema.get_root_type(operation))
    }
    return Weights(dict(_weights(schema, said)), roots)


def _weights(
    schema: GraphQLSchema, said: Mapping[FieldName, Weight]
) -> Iterator[tuple[FieldName, Weight]]:
    for type_ in schema.type_map.values():
        if is_object_type(type_):
            for name, definition in type_.fields.items():
                yield (type_.name, name), _filled(definition, said.get((type_.name, name)))
        elif is_interface_type(type_):
            possible = [each.name for each in schema.get_possible_types(type_)]
            for name, definition in type_.fields.items():
                own = max(said.get((each, name), Weight()).own for each in possible)
                yield (type_.name, name), _filled(definition, Weight(own))
    if schema.query_type is not None:
        yield (schema.query_type.name, "__schema"), Weight(type="__Schema")
        yield (schema.query_type.name, "__type"), Weight(type="__Type")


def _filled(definition: GraphQLField, said: Weight | None) -> Weight:
    weight = said or Weight()
    named = get_named_type(definition.type)
    is_list = is_list_type(get_nullable_type(definition.type))
    if is_list and weight.times == 1 and not weight.is_paged:
        weight = weight._replace(times=_USUAL_ITEMS)
    return weight._replace(type=named.name) if is_composite_type(named) else weight
