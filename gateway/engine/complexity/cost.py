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

MAX_SAFE_INTEGER = 2**53 - 1
"""Where counting ends. Fragments in fragments come to numbers of any length; this one is exact in JSON."""

_MAX_DIGITS = 10
"""Of a literal that is read as a number: `Int` has no more, and reading long ones takes its time."""


@dataclass(frozen=True, slots=True)
class ListSize:
    """How many items a list has, where arguments say so: by a number, or by a list of as many.

    Attributes:
        arguments: Their names. Of several that are given, the largest counts.
        default: How many there are where none is given.
        maximum: How many there are at most; also where an argument is not what it should be.
    """

    arguments: tuple[str, ...]
    default: int
    maximum: int

    def evaluate(self, values: Iterable[object]) -> int:
        """How many items there are for these values of the arguments; None is no value."""
        counts = (self._item_count(value) for value in values if value is not None)
        return max(counts, default=self.default)

    def _item_count(self, value: object) -> int:
        match value:
            case bool():
                return self.maximum
            case int():
                return max(0, min(value, self.maximum))
        return self.maximum


@dataclass(frozen=True, slots=True)
class SizedByArgument(ListSize):
    """How many items a list has that holds one for each element of an argument."""

    def _item_count(self, value: object) -> int:
        return min(len(value), self.maximum) if isinstance(value, list) else self.maximum


class Multiplier(NamedTuple):
    """How many items a list has that variables have a say in."""

    list_size: ListSize
    literal_values: tuple[object, ...]
    variable_names: tuple[str, ...]

    @classmethod
    def from_arguments(
        cls, list_size: ListSize, arguments: Iterable[ArgumentNode]
    ) -> "Multiplier | int":
        """How often a list is counted whose field has these arguments: known, or to be told later."""
        values = [each.value for each in arguments if each.name.value in list_size.arguments]
        literal_values = tuple(
            literal_value(value) for value in values if not isinstance(value, VariableNode)
        )
        variable_names = tuple(each.name.value for each in values if isinstance(each, VariableNode))
        return (
            cls(list_size, literal_values, variable_names)
            if variable_names
            else list_size.evaluate(literal_values)
        )

    def evaluate(self, variables: Mapping[str, object]) -> int:
        """How many items there are for these variables."""
        return self.list_size.evaluate(
            [*self.literal_values, *map(variables.get, self.variable_names)]
        )


def literal_value(value: ValueNode | ConstValueNode | None) -> object:
    """The value of a literal, as far as it can say how many: a number or a list; else the literal."""
    match value:
        case None | NullValueNode():
            return None
        case IntValueNode(value=digits) if len(digits) <= _MAX_DIGITS:
            return int(digits)
        case ListValueNode(values=values):
            return [None] * len(values)
    return value


class CostTerm(NamedTuple):
    """A number that is partly known: so much, and what these steps of a reckoning come to."""

    constant: int = 0
    step_indexes: tuple[int, ...] = ()


class CostStep(NamedTuple):
    """A sum, so many times."""

    multiplier: Multiplier | int
    term: CostTerm


@dataclass(frozen=True, slots=True)
class CostProgram:
    """How the costs of a document come about: steps, each of which uses only earlier ones.

    What does not depend on variables never becomes a step. No sum is copied into another that has
    more than one step, so that there are never more of them than there are fields and fragments.
    """

    steps: list[CostStep] = field(default_factory=list)

    def multiply(self, multiplier: Multiplier | int, term: CostTerm) -> CostTerm:
        """A sum so many times."""
        if isinstance(multiplier, int):
            if not term.step_indexes:
                return CostTerm(min(multiplier * term.constant, MAX_SAFE_INTEGER))
            if multiplier == 1 and len(term.step_indexes) == 1:
                return term
        self.steps.append(CostStep(multiplier, term))
        return CostTerm(0, (len(self.steps) - 1,))

    def total(self, terms: Iterable[CostTerm]) -> CostTerm:
        """All sums in one, of at most one step."""
        constant = 0
        step_indexes: list[int] = []
        for each in terms:
            constant += each.constant
            step_indexes += each.step_indexes
        return self.multiply(1, CostTerm(min(constant, MAX_SAFE_INTEGER), tuple(step_indexes)))


@dataclass(frozen=True)
class Cost:
    """The cost of an operation.

    Attributes:
        term: The cost, by the steps.
        steps: The reckoning of its document.
        defaults: What its variables are where the caller does not say.
    """

    term: CostTerm
    steps: Sequence[CostStep]
    defaults: Mapping[str, object]

    @cached_property
    def maximum(self) -> int:
        """What it is at most, whatever the variables."""
        return self._evaluate(lambda factor: factor.list_size.maximum)

    def evaluate(self, variables: Mapping[str, object]) -> int:
        """What it is for these variables, whether they fit the operation or not."""
        if not self.term.step_indexes:
            return self.term.constant
        values = {**self.defaults, **variables}
        return self._evaluate(lambda factor: factor.evaluate(values))

    def _evaluate(self, evaluate_multiplier: Callable[[Multiplier], int]) -> int:
        values: list[int] = []
        for multiplier, (constant, step_indexes) in self.steps:
            count = multiplier if isinstance(multiplier, int) else evaluate_multiplier(multiplier)
            values.append(
                min(
                    count * (constant + sum(values[step] for step in step_indexes)),
                    MAX_SAFE_INTEGER,
                )
            )
        return min(
            self.term.constant + sum(values[step] for step in self.term.step_indexes),
            MAX_SAFE_INTEGER,
        )


_DEFAULT_LIST_SIZE = 10
"""How many items a list counts as having where no argument says."""

FieldCoordinates = tuple[str, str]
"""The names of a type and of a field of it."""


class FieldCost(NamedTuple):
    """What a field weighs, and what is selected of it.

    Attributes:
        base: What the field itself costs, each time.
        per_item: What each of its values costs besides what is selected of it.
        multiplier: How often what is selected of it is counted: so often, or as often as its arguments say.
        page_multiplier: Where its value holds a page of lists: how many items these have.
        is_paginated: Whether it is such a list: what is selected of it counts as the page says.
        type_name: The type of its value, where something is selected of that.
    """

    base: int = 1
    per_item: int = 0
    multiplier: ListSize | int = 1
    page_multiplier: ListSize | None = None
    is_paginated: bool = False
    type_name: str | None = None


@dataclass(frozen=True, slots=True)
class FieldCosts:
    """What is known of a schema before a document is known to fit it.

    Attributes:
        cost_by_field: What fields weigh; those that are not there weigh 1.
        root_type_by_operation: The names of the types that operations start from.
    """

    cost_by_field: Mapping[FieldCoordinates, FieldCost] = field(default_factory=dict)
    root_type_by_operation: Mapping[OperationType, str] = field(default_factory=dict)


def build_field_costs(
    schema: GraphQLSchema, declared_costs: Mapping[FieldCoordinates, FieldCost]
) -> FieldCosts:
    """The weights of all fields of a schema.

    Args:
        schema: Says of what types fields are, and which are lists: of ten items, if nothing else is said.
        declared_costs: What fields weigh that weigh more than 1, or have as many values as arguments say.
    """
    root_type_by_operation = {
        operation: type_.name
        for operation in OperationType
        if (type_ := schema.get_root_type(operation))
    }
    return FieldCosts(dict(_collect_field_costs(schema, declared_costs)), root_type_by_operation)


def _collect_field_costs(
    schema: GraphQLSchema, declared_costs: Mapping[FieldCoordinates, FieldCost]
) -> Iterator[tuple[FieldCoordinates, FieldCost]]:
    for type_ in schema.type_map.values():
        if is_object_type(type_):
            for name, definition in type_.fields.items():
                yield (
                    (type_.name, name),
                    _add_list_defaults(definition, declared_costs.get((type_.name, name))),
                )
        elif is_interface_type(type_):
            possible_types = [each.name for each in schema.get_possible_types(type_)]
            for name, definition in type_.fields.items():
                base = max(
                    declared_costs.get((each, name), FieldCost()).base for each in possible_types
                )
                yield (type_.name, name), _add_list_defaults(definition, FieldCost(base))
    if schema.query_type is not None:
        yield (schema.query_type.name, "__schema"), FieldCost(type_name="__Schema")
        yield (schema.query_type.name, "__type"), FieldCost(type_name="__Type")


def _add_list_defaults(definition: GraphQLField, declared_cost: FieldCost | None) -> FieldCost:
    cost = declared_cost or FieldCost()
    named_type = get_named_type(definition.type)
    is_list = is_list_type(get_nullable_type(definition.type))
    if is_list and cost.multiplier == 1 and not cost.is_paginated:
        cost = cost._replace(multiplier=_DEFAULT_LIST_SIZE)
    return cost._replace(type_name=named_type.name) if is_composite_type(named_type) else cost
