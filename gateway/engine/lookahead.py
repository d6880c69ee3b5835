"""Look-ahead: whether an operation selects fields below the one that is being resolved."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLSkipDirective,
    SelectionNode,
)
from graphql.execution import VariableValues, get_directive_values


class FieldInfo(Protocol):
    """The attributes of a resolve info that look-ahead uses, of graphql-core's and of the compiler's."""

    @property
    def field_nodes(self) -> Iterable[FieldNode]: ...

    @property
    def fragments(self) -> Mapping[str, FragmentDefinitionNode]: ...

    @property
    def variable_values(self) -> VariableValues: ...


def selected_names(info: FieldInfo, *path: str) -> frozenset[str]:
    """The names of the fields that are selected at the end of a path of field names below the resolved field.

    Types are not told apart: a field inside of a fragment counts whatever the fragment's type is.
    """
    nodes: Iterable[FieldNode] = info.field_nodes
    for name in path:
        nodes = [each for each in _inner_fields(nodes, info) if each.name.value == name]
    return frozenset(each.name.value for each in _inner_fields(nodes, info))


def _inner_fields(nodes: Iterable[FieldNode], info: FieldInfo) -> Iterator[FieldNode]:
    visited: set[str] = set()
    for node in nodes:
        if node.selection_set is not None:
            yield from _fields(node.selection_set.selections, info, visited)


def _fields(
    selections: Iterable[SelectionNode], info: FieldInfo, visited: set[str]
) -> Iterator[FieldNode]:
    for node in selections:
        if not _is_included(node, info.variable_values):
            continue
        if isinstance(node, FieldNode):
            yield node
            continue
        fragment: Any = node
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name in visited:
                continue
            visited.add(name)
            fragment = info.fragments[name]
        yield from _fields(fragment.selection_set.selections, info, visited)


def _is_included(node: SelectionNode, variables: VariableValues) -> bool:
    """Whether `@skip` and `@include` leave a node in the selection."""
    if not node.directives:
        return True
    skip = get_directive_values(GraphQLSkipDirective, node, variables)
    include = get_directive_values(GraphQLIncludeDirective, node, variables)
    return not (skip and skip["if"]) and not (include and not include["if"])
