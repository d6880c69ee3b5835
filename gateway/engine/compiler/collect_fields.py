"""CollectFields for all types and all variables at once: the selected fields, merged. The first pass."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import (
    ArgumentNode,
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
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution import VariableValues, get_argument_values
from graphql.utilities.coerce_input_value import coerce_default_value


class FieldArguments:
    """Coerces the arguments of one occurrence of a field, as graphql-core does (CoerceArgumentValues).

    Constant values are coerced once. A variable is coerced already: it is the value of its argument, or the
    default of the argument stands in for it where it has no value. graphql-core coerces all arguments where a
    list or an object has variables inside, and where it has to report an error.
    """

    def __init__(self, field: GraphQLField, node: FieldNode) -> None:
        self._field = field
        self._node = node
        self._constants: Mapping[str, Any] | None = None
        self._variables: list[_VariableArgument] = []
        self._has_inner_variables = False
        for argument in node.arguments or ():
            if isinstance(argument.value, VariableNode):
                self._variables.append(_VariableArgument.of(field, argument))
            elif _has_variables(argument.value):
                self._has_inner_variables = True

    def coerce(self, variables: VariableValues) -> dict[str, Any]:
        """The arguments by name; raises `GraphQLError` where a variable makes an argument invalid."""
        if self._constants is None:
            return self._coerce_all(variables)
        arguments = {**self._constants}
        for name, variable, is_non_null, default in self._variables:
            value = variables.coerced.get(variable, Undefined)
            if value is Undefined:
                value = default
            if is_non_null and (value is None or value is Undefined):
                return self._coerce_all(variables)
            if value is not Undefined:
                arguments[name] = value
        return arguments

    def _coerce_all(self, variables: VariableValues) -> dict[str, Any]:
        arguments = get_argument_values(self._field, self._node, variables)
        if not self._has_inner_variables:
            names = {each.name for each in self._variables}
            self._constants = {
                name: value for name, value in arguments.items() if name not in names
            }
        return arguments


class _VariableArgument(NamedTuple):
    """An argument whose value is a variable.

    Attributes:
        name: The name of the argument.
        variable: The name of the variable.
        is_non_null: Whether null is no value of the argument.
        default: The coerced default value of the argument; `Undefined` where there is none.
    """

    name: str
    variable: str
    is_non_null: bool
    default: Any

    @classmethod
    def of(cls, field: GraphQLField, node: ArgumentNode) -> "_VariableArgument":
        assert isinstance(node.value, VariableNode)
        argument = field.args[node.name.value]
        return cls(
            argument.out_name or node.name.value,
            node.value.name.value,
            is_non_null_type(argument.type),
            coerce_default_value(argument),
        )


def _has_variables(value: ValueNode) -> bool:
    """Whether a list or an object has variables inside."""
    match value:
        case VariableNode():
            return True
        case ListValueNode(values=values):
            return any(map(_has_variables, values))
        case ObjectValueNode(fields=fields):
            return any(_has_variables(each.value) for each in fields)
    return False


_MAX_SELECTIONS = 10_000
_MAX_CONDITIONS = 100
"""The limits of compilation. Through fragments, a document can select more fields than it has characters,
under more conditions than it has variables; graphql-core executes such documents."""

Condition = frozenset[tuple[str, bool]]
"""The values that variables must have for a node to be selected (`@skip`, `@include`)."""

ALWAYS: Condition = frozenset()


def holds(condition: Condition, variables: VariableValues) -> bool:
    """Whether a condition is met by the variables."""
    return all(variables.coerced[name] is expected for name, expected in condition)


class CannotCompile(Exception):
    """The operation cannot be compiled; graphql-core executes it."""


@dataclass(eq=False, repr=False, slots=True)
class Field:
    """A field of one type under one response key, with all of its occurrences merged.

    Attributes:
        key: The response key.
        parent: The object type that has the field.
        definition: The definition of the field in the schema.
        occurrences: The nodes of the field in the document, each with its condition.
        arguments: The arguments, which are the same for all occurrences.
        selection_by_type: The selection for each possible object type of the value, by the type's name.
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
        """The distinct nodes of the field whose conditions are met by the variables."""
        selected_nodes = [
            node
            for node, condition in self.occurrences
            if condition == ALWAYS or holds(condition, variables)
        ]
        if len(selected_nodes) == 1:
            return selected_nodes
        return list({id(node): node for node in selected_nodes}.values())


@dataclass(eq=False, repr=False, slots=True, weakref_slot=True)
class Selection:
    """The fields that are selected from an object type.

    Attributes:
        type: The type.
        fields: The fields in response order, each with a condition. A field whose position depends on
            variables is listed several times: the first entry whose condition holds counts.
    """

    type: GraphQLObjectType
    fields: list[tuple[Field, Condition]]

    def distinct_fields(self) -> Iterator[Field]:
        """The fields, each once."""
        return iter({id(field): field for field, _ in self.fields}.values())


_ConditionalSelectionSet = tuple[SelectionSetNode, Condition]
"""A selection set of the document and its condition."""


class FieldCollector:
    """CollectFields (GraphQL specification, 6.3.2), but for all variables at once.

    Attributes:
        fragments: The fragments of the document, by name.
        condition_variables: The variables that `@skip` and `@include` use.
    """

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self.fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._selection_cache: dict[tuple[str, tuple[tuple[int, Condition], ...]], Selection] = {}
        self._remaining_selections = _MAX_SELECTIONS
        self._conditions: set[Condition] = set()
        self.condition_variables: set[str] = set()

    def collect(self, operation: OperationDefinitionNode) -> Selection:
        """The selection from the operation's root type.

        Raises:
            CannotCompile: The operation exceeds a limit of compilation, or uses a directive that is not
                supported.
        """
        root = self._schema.get_root_type(operation.operation)
        assert root is not None  # the document is valid
        return self._selection(root, [(operation.selection_set, ALWAYS)])

    def _selection(
        self, type_: GraphQLObjectType, sets: Sequence[_ConditionalSelectionSet]
    ) -> Selection:
        """The selection from a type, memoized, so that later passes process equal sets once."""
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
        """The fragment of a node; None where it was spread before under a condition that this one implies."""
        if isinstance(node, InlineFragmentNode):
            return node
        assert isinstance(node, FragmentSpreadNode)
        earlier = visited.setdefault(node.name.value, [])
        if any(each <= condition for each in earlier):
            return None
        earlier.append(condition)
        return self.fragments[node.name.value]

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
        """The condition under which a node is selected; None where it never is."""
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
