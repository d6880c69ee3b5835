"""What an operation selects: for every object type, its fields in order, merged. The first pass."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from graphql.execution import VariableValues, get_argument_values


class FieldArguments:
    """Coerces the arguments of one occurrence of a field, as graphql-core does.

    What the document gives without variables is coerced once. A variable that has a value has been
    coerced already: only where one has none does it matter what the argument says of that.
    """

    def __init__(self, field: GraphQLField, node: FieldNode) -> None:
        self._field = field
        self._node = node
        argument_nodes = node.arguments or ()
        self._variables = {
            argument.name.value: argument.value.name.value
            for argument in argument_nodes
            if isinstance(argument.value, VariableNode)
        }
        self._has_inner_variables = any(
            isinstance(argument.value, ListValueNode | ObjectValueNode)
            for argument in argument_nodes
        )
        self._constants: Mapping[str, Any] | None = None

    def coerce(self, variables: VariableValues) -> dict[str, Any]:
        """The arguments by name; raises GraphQLError for what a variable made unfit."""
        values = {
            name: variables.coerced.get(variable) for name, variable in self._variables.items()
        }
        if self._constants is not None and None not in values.values():
            return {**self._constants, **values}
        coerced = get_argument_values(self._field, self._node, variables)
        if not self._has_inner_variables:
            self._constants = {
                name: value for name, value in coerced.items() if name not in self._variables
            }
        return coerced


_MAX_SELECTIONS = 10_000
_MAX_CONDITIONS = 100
"""Documents can select more than they have characters, and under more conditions than they have
variables. Whoever writes such gets it slowly."""

Condition = frozenset[tuple[str, bool]]
"""The variables that must have these values for something to be selected."""

ALWAYS: Condition = frozenset()


def holds(condition: Condition, variables: VariableValues) -> bool:
    """Whether the variables have the values that a condition wants."""
    return all(variables.coerced[name] is expected for name, expected in condition)


class CannotCompile(Exception):
    """An operation that no plan can be made for."""


@dataclass(eq=False, repr=False, slots=True)
class Field:
    """A field of one type under one response key, all its occurrences merged.

    Attributes:
        key: Its name in the response.
        parent: The type that it is a field of.
        definition: What the schema says of it.
        occurrences: Where the document asks for it, and when.
        arguments: The arguments of each occurrence; those of all are the same.
        selection_by_type: By the name of each object type that its value may have: what is selected of it.
    """

    key: str
    parent: GraphQLObjectType
    definition: GraphQLField
    occurrences: list[tuple[FieldNode, Condition]]
    arguments: FieldArguments
    selection_by_type: Mapping[str, "Selection"]

    @property
    def name(self) -> str:
        return self.occurrences[0][0].name.value

    @property
    def type(self) -> GraphQLOutputType:
        return self.definition.type

    def nodes(self, variables: VariableValues) -> list[FieldNode]:
        """Where the document asks for it, as the variables have it: each node once."""
        selected_nodes = [
            node for node, condition in self.occurrences if holds(condition, variables)
        ]
        return list({id(node): node for node in selected_nodes}.values())


@dataclass(eq=False, repr=False, slots=True, weakref_slot=True)
class Selection:
    """What is selected of an object type.

    Attributes:
        type: The type.
        fields: In the order of the response; with a condition each, and more than once where the
            place of a field depends on variables: the first that holds counts.
    """

    type: GraphQLObjectType
    fields: list[tuple[Field, Condition]]

    def distinct_fields(self) -> Iterator[Field]:
        """Each field once."""
        return iter({id(field): field for field, _ in self.fields}.values())


_ConditionalSelectionSet = tuple[SelectionSetNode, Condition]
"""A selection set of the document, and when it counts."""


class FieldCollector:
    """Collects and merges, as section 6.3.2 of the GraphQL specification has it, but for all variables at once.

    Attributes:
        condition_variables: Those that decide what is selected.
    """

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._selection_cache: dict[tuple[str, tuple[tuple[int, Condition], ...]], Selection] = {}
        self._remaining_selections = _MAX_SELECTIONS
        self._conditions: set[Condition] = set()
        self.condition_variables: set[str] = set()

    def collect(self, operation: OperationDefinitionNode) -> Selection:
        """What is selected of the operation's root type.

        Raises:
            NotPlannable: It is more than a plan should hold.
        """
        root = self._schema.get_root_type(operation.operation)
        assert root is not None  # the document is valid
        return self._selection(root, [(operation.selection_set, ALWAYS)])

    def _selection(
        self, type_: GraphQLObjectType, sets: Sequence[_ConditionalSelectionSet]
    ) -> Selection:
        """Equal sets are one selection, so that what is made of it is made once."""
        key = (type_.name, tuple((id(nodes), condition) for nodes, condition in sets))
        if key not in self._selection_cache:
            self._selection_cache[key] = self._merge(type_, sets)
        return self._selection_cache[key]

    def _merge(
        self, type_: GraphQLObjectType, sets: Sequence[_ConditionalSelectionSet]
    ) -> Selection:
        occurrences: dict[str, list[tuple[FieldNode, Condition]]] = {}
        order: list[tuple[str, Condition]] = []
        visited: dict[str, list[Condition]] = {}
        for each in sets:
            for node, condition in self._collect(type_, each, visited):
                key = node.alias.value if node.alias else node.name.value
                seen = occurrences.setdefault(key, [])
                if not any(earlier <= condition for _, earlier in seen):
                    order.append((key, condition))
                seen.append((node, condition))
        fields = {
            key: self._field(type_, key, field_occurrences)
            for key, field_occurrences in occurrences.items()
        }
        return Selection(type_, [(fields[key], condition) for key, condition in order])

    def _collect(
        self,
        type_: GraphQLObjectType,
        conditional_set: _ConditionalSelectionSet,
        visited: dict[str, list[Condition]],
    ) -> Iterator[tuple[FieldNode, Condition]]:
        selection_set, outer_condition = conditional_set
        for node in selection_set.selections:
            self._enforce_limits()
            condition = self._condition(node, outer_condition)
            if condition is None:
                continue
            if isinstance(node, FieldNode):
                yield node, condition
            elif (fragment := self._fragment(node, condition, visited)) and self._applies(
                fragment, type_
            ):
                inner_set = (fragment.selection_set, condition)
                yield from self._collect(type_, inner_set, visited)

    def _enforce_limits(self) -> None:
        self._remaining_selections -= 1
        if self._remaining_selections < 0 or len(self._conditions) > _MAX_CONDITIONS:
            raise CannotCompile

    def _fragment(
        self, node: SelectionNode, condition: Condition, visited: dict[str, list[Condition]]
    ) -> InlineFragmentNode | FragmentDefinitionNode | None:
        """A fragment that is spread; None where all it can select is selected already."""
        if isinstance(node, InlineFragmentNode):
            return node
        assert isinstance(node, FragmentSpreadNode)
        earlier = visited.setdefault(node.name.value, [])
        if any(each <= condition for each in earlier):
            return None
        earlier.append(condition)
        return self._fragments[node.name.value]

    def _applies(
        self, fragment: InlineFragmentNode | FragmentDefinitionNode, type_: GraphQLObjectType
    ) -> bool:
        if fragment.type_condition is None or fragment.type_condition.name.value == type_.name:
            return True
        condition_type = self._schema.type_map[fragment.type_condition.name.value]
        return is_abstract_type(condition_type) and self._schema.is_sub_type(condition_type, type_)

    def _field(
        self, parent: GraphQLObjectType, key: str, occurrences: list[tuple[FieldNode, Condition]]
    ) -> Field:
        first, _ = occurrences[0]
        definition = self._schema.get_field(parent, first.name.value)
        assert definition is not None  # the document is valid
        sets = [
            (node.selection_set, condition)
            for node, condition in occurrences
            if node.selection_set is not None
        ]
        named_type = get_named_type(definition.type)
        selection_by_type = {
            possible.name: self._selection(possible, sets)
            for possible in self._possible_types(named_type)
        }
        return Field(
            key,
            parent,
            definition,
            occurrences,
            FieldArguments(definition, first),
            selection_by_type,
        )

    def _possible_types(self, named_type: object) -> Iterable[GraphQLObjectType]:
        if is_object_type(named_type):
            return [named_type]
        if is_abstract_type(named_type):
            abstract: GraphQLAbstractType = named_type
            return self._schema.get_possible_types(abstract)
        return []

    def _condition(self, node: SelectionNode, outer_condition: Condition) -> Condition | None:
        """When a node is selected; None where it never is."""
        condition, never = set(outer_condition), False
        for directive in node.directives or ():
            if directive.name.value not in {"skip", "include"}:
                raise CannotCompile
            expected = directive.name.value == "include"
            [argument] = directive.arguments or ()
            if isinstance(argument.value, VariableNode):
                name = argument.value.name.value
                self.condition_variables.add(name)
                condition.add((name, expected))
            else:
                assert isinstance(argument.value, BooleanValueNode)  # the document is valid
                never = never or argument.value.value != expected
        contradicts = any((each, not value) in condition for each, value in condition)
        if never or contradicts:
            return None
        self._conditions.add(frozenset(condition))
        return frozenset(condition)
