"""Query cost: the costs of an operation's fields times the sizes of lists, as a function of the variables."""

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
"""The maximum of all counts, exact in JSON. Nested fragments multiply to numbers of any length."""

_MAX_DIGITS = 10
"""The maximum length of an integer literal: `Int` has no longer ones, and long ones are slow to parse."""


@dataclass(frozen=True, slots=True)
class ListSize:
    """The assumed size of a list, given by slicing arguments such as `first`.

    Attributes:
        arguments: The names of the arguments. Where several have values, the largest counts.
        default: The size where no argument has a value.
        maximum: The maximum size; also the size where an argument has an invalid value.
    """

    arguments: tuple[str, ...]
    default: int
    maximum: int

    def evaluate(self, values: Iterable[object]) -> int:
        """The size for these values of the arguments; None is no value."""
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
    """The assumed size of a list with one item for each element of a list argument."""

    def _item_count(self, value: object) -> int:
        return min(len(value), self.maximum) if isinstance(value, list) else self.maximum


class Multiplier(NamedTuple):
    """The size of a list as a function of variables."""

    list_size: ListSize
    literal_values: tuple[object, ...]
    variable_names: tuple[str, ...]

    @classmethod
    def from_arguments(
        cls, list_size: ListSize, arguments: Iterable[ArgumentNode]
    ) -> "Multiplier | int":
        """The size of a field's list: a number, or a multiplier where arguments use variables."""
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
        """The size for these variables."""
        return self.list_size.evaluate(
            [*self.literal_values, *map(variables.get, self.variable_names)]
        )


def literal_value(value: ValueNode | ConstValueNode | None) -> object:
    """The value of a literal where that gives a size: a number or a list; else the literal's node."""
    match value:
        case None | NullValueNode():
            return None
        case IntValueNode(value=digits) if len(digits) <= _MAX_DIGITS:
            return int(digits)
        case ListValueNode(values=values):
            return [None] * len(values)
    return value


class CostTerm(NamedTuple):
    """A term of a cost: a constant plus the results of earlier steps of the program."""

    constant: int = 0
    step_indexes: tuple[int, ...] = ()


class CostStep(NamedTuple):
    """A step of a cost program: a multiplier times a term."""

    multiplier: Multiplier | int
    term: CostTerm


@dataclass(frozen=True, slots=True)
class CostProgram:
    """A straight-line program for the costs of a document: each step uses only results of earlier ones.

    A cost that does not depend on variables is a constant and never a step. A term that uses several steps
    becomes a step of its own before other terms use it, so that the number of steps is linear in the number
    of fields and fragments.
    """

    steps: list[CostStep] = field(default_factory=list)

    def multiply(self, multiplier: Multiplier | int, term: CostTerm) -> CostTerm:
        """A term times a multiplier."""
        if isinstance(multiplier, int):
            if not term.step_indexes:
                return CostTerm(min(multiplier * term.constant, MAX_SAFE_INTEGER))
            if multiplier == 1 and len(term.step_indexes) == 1:
                return term
        self.steps.append(CostStep(multiplier, term))
        return CostTerm(0, (len(self.steps) - 1,))

    def total(self, terms: Iterable[CostTerm]) -> CostTerm:
        """The sum of the terms, as a term that uses at most one step."""
        constant = 0
        step_indexes: list[int] = []
        for each in terms:
            constant += each.constant
            step_indexes += each.step_indexes
        return self.multiply(1, CostTerm(constant, tuple(step_indexes)))


@dataclass(frozen=True)
class Cost:
    """The cost of an operation, as a function of its variables.

    Attributes:
        term: The cost in terms of the steps.
        steps: The cost program of the document.
        defaults: The default values of the operation's variables.
    """

    term: CostTerm
    steps: Sequence[CostStep]
    defaults: Mapping[str, object]

    @cached_property
    def maximum(self) -> int:
        """The maximum over all variables."""
        return self._evaluate(lambda multiplier: multiplier.list_size.maximum)

    def evaluate(self, variables: Mapping[str, object]) -> int:
        """The cost for these variables, which need not be valid."""
        if not self.term.step_indexes:
            return self.term.constant
        values = {**self.defaults, **variables}
        return self._evaluate(lambda multiplier: multiplier.evaluate(values))

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
"""The assumed size of a list without slicing arguments."""

FieldCoordinates = tuple[str, str]
"""The names of a type and of a field of it."""


class FieldCost(NamedTuple):
    """The cost of a field and the multiplier of its selection set.

    Attributes:
        base: The cost of the field itself, each time.
        per_item: The cost of each value of the field, added to the cost of its selection set.
        multiplier: The multiplier of the selection set: a number, or the size that the arguments give.
        page_multiplier: For a field whose value is a page (a connection): the size of the page's lists.
        is_paginated: Whether the field is a list of a page, whose size multiplies the selection set.
        type_name: The type of the value, where the field has a selection set.
    """

    base: int = 1
    per_item: int = 0
    multiplier: ListSize | int = 1
    page_multiplier: ListSize | None = None
    is_paginated: bool = False
    type_name: str | None = None


@dataclass(frozen=True, slots=True)
class FieldCosts:
    """The part of a schema that cost analysis uses, also on documents that may be invalid.

    Attributes:
        cost_by_field: The cost of each field; a field without an entry costs 1.
        root_type_by_operation: The names of the root types.
    """

    cost_by_field: Mapping[FieldCoordinates, FieldCost] = field(default_factory=dict)
    root_type_by_operation: Mapping[OperationType, str] = field(default_factory=dict)


def build_field_costs(
    schema: GraphQLSchema, declared_costs: Mapping[FieldCoordinates, FieldCost]
) -> FieldCosts:
    """The costs of all fields of a schema.

    Args:
        schema: The schema, for the types of fields. A list without a declared size counts as ten items.
        declared_costs: The costs of fields that cost more than 1 or whose arguments give a list size.
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
