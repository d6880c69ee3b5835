"""Measures the size of operations by static analysis, in linear time, valid or not; each fragment once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from graphql import (
    DefinitionNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from gateway.engine.complexity.cost import (
    MAX_SAFE_INTEGER,
    Cost,
    CostProgram,
    CostTerm,
    FieldCost,
    FieldCosts,
    ListSize,
    Multiplier,
    literal_value,
)


@dataclass(frozen=True, slots=True)
class OperationSize:
    """The measures of an operation or a fragment.

    All fields are counted as included, whatever the directives and type conditions; the fields of a fragment
    are counted at each spread.

    Attributes:
        characters: The number of characters of the document.
        tokens: The number of tokens of the document, comments included.
        depth: The nesting depth of the fields.
        aliases: The number of fields with an alias.
        alias_characters: The length of the longest alias.
        root_fields: The number of root fields; 0 for a fragment.
        duplicate_fields: The maximum number of fields that may be merged under one response key. The most
            frequent keys of fragments count as one key.
        cost: The cost as a function of the variables; 0 for a fragment.
    """

    characters: int
    tokens: int
    depth: int
    aliases: int
    alias_characters: int
    root_fields: int
    duplicate_fields: int
    cost: Cost


def measure_document(document: DocumentNode, field_costs: FieldCosts) -> list[OperationSize]:
    """The sizes of a document's definitions, in document order.

    Takes time in proportion to the document: each selection set is visited once, and each fragment is
    measured once, however often it is spread. The document need not be valid: a field that the schema does
    not have costs 1, a missing fragment nothing, and a spread of a fragment within itself nothing.
    """
    visitor = _SizeVisitor(field_costs)
    keys = [
        visitor.add_definition(definition, index)
        for index, definition in enumerate(document.definitions)
    ]
    subtree_sizes = visitor.subtree_sizes()
    return [
        _build_size(
            document, definition, subtree_sizes.get(key, _EMPTY_SUBTREE), visitor.cost_program
        )
        for key, definition in zip(keys, document.definitions, strict=True)
    ]


def _build_size(
    document: DocumentNode,
    definition: DefinitionNode,
    subtree: "_SubtreeSize",
    cost_program: CostProgram,
) -> OperationSize:
    root_fields, cost = 0, Cost(CostTerm(), (), {})
    if isinstance(definition, OperationDefinitionNode):
        variables = definition.variable_definitions or ()
        defaults = {
            each.variable.name.value: literal_value(each.default_value) for each in variables
        }
        root_fields, cost = subtree.field_count, Cost(subtree.cost, cost_program.steps, defaults)
    return OperationSize(
        characters=document.loc.end if document.loc else 0,
        tokens=document.token_count,
        depth=subtree.depth,
        aliases=subtree.alias_count,
        alias_characters=subtree.longest_alias,
        root_fields=root_fields,
        duplicate_fields=subtree.duplicate_fields,
        cost=cost,
    )


class _SubtreeSize(NamedTuple):
    """The measures of a selection set, nested ones included.

    Attributes:
        depth: The nesting depth of the fields.
        field_count: The number of fields, without nested ones.
        alias_count: The number of fields with an alias, nested ones included.
        longest_alias: The length of the longest alias.
        duplicate_fields: The maximum number of fields, at any depth, to be merged under one response key.
        cost: The cost, without that of page items.
        page_item_cost: The additional cost for each item of the enclosing page.
    """

    depth: int = 0
    field_count: int = 0
    alias_count: int = 0
    longest_alias: int = 0
    duplicate_fields: int = 0
    cost: CostTerm = CostTerm()
    page_item_cost: CostTerm = CostTerm()


_EMPTY_SUBTREE = _SubtreeSize()
_DEFAULT_FIELD_COST = FieldCost()

_DefinitionKey = str | int
"""The key of a definition: the name of a fragment, the index of an operation."""


@dataclass(eq=False, slots=True)
class _SelectionScope:
    """A selection set, inline fragments included: its fields and the names of its fragment spreads."""

    fields: list[tuple[FieldNode, FieldCost, "_SelectionScope | None"]] = field(
        default_factory=list
    )
    fragment_names: list[str] = field(default_factory=list)
    subtree: _SubtreeSize = _EMPTY_SUBTREE


class _SizeVisitor:
    """Measures a document. Iterative, not recursive: callers choose how deep documents are nested."""

    def __init__(self, field_costs: FieldCosts) -> None:
        self.cost_program = CostProgram()
        self._field_costs = field_costs
        self._scopes_by_key: dict[_DefinitionKey, list[_SelectionScope]] = {}  # outer before inner

    def add_definition(self, definition: DefinitionNode, index: int) -> _DefinitionKey:
        """Add a definition; returns its key. Fragments with equal names, which is invalid, count as one."""
        match definition:
            case FragmentDefinitionNode(name=name, type_condition=condition):
                self._add_scopes(name.value, definition.selection_set, condition.name.value)
                return name.value
            case OperationDefinitionNode(operation=operation):
                self._add_scopes(
                    index,
                    definition.selection_set,
                    self._field_costs.root_type_by_operation.get(operation),
                )
        return index

    def _add_scopes(
        self, key: _DefinitionKey, selection_set: SelectionSetNode, type_: str | None
    ) -> None:
        scopes = self._scopes_by_key.setdefault(key, [_SelectionScope()])
        pending = [(selection_set, type_, scopes[0])]
        while pending:
            selections, type_, scope = pending.pop()
            for node in selections.selections:
                if isinstance(node, FieldNode):
                    field_cost = self._field_costs.cost_by_field.get(
                        (type_ or "", node.name.value), _DEFAULT_FIELD_COST
                    )
                    inner_scope = None
                    if node.selection_set is not None:
                        inner_scope = _SelectionScope()
                        scopes.append(inner_scope)
                        pending.append((node.selection_set, field_cost.type_name, inner_scope))
                    scope.fields.append((node, field_cost, inner_scope))
                elif isinstance(node, InlineFragmentNode):
                    condition = node.type_condition
                    inner_type = condition.name.value if condition else type_
                    pending.append((node.selection_set, inner_type, scope))
                else:
                    assert isinstance(node, FragmentSpreadNode)
                    scope.fragment_names.append(node.name.value)

    def subtree_sizes(self) -> Mapping[_DefinitionKey, _SubtreeSize]:
        """The measures of each definition, computed in topological order of the fragment spreads."""
        fragment_names_by_key = {
            key: [name for scope in scopes for name in scope.fragment_names]
            for key, scopes in self._scopes_by_key.items()
        }
        sizes: dict[_DefinitionKey, _SubtreeSize] = {}
        for key in _topological_order(fragment_names_by_key):
            for scope in reversed(self._scopes_by_key[key]):
                fragment_sizes = [sizes.get(name, _EMPTY_SUBTREE) for name in scope.fragment_names]
                scope.subtree = self._scope_size(scope, fragment_sizes)
            sizes[key] = self._scopes_by_key[key][0].subtree
        return sizes

    def _scope_size(
        self, scope: _SelectionScope, fragment_sizes: Sequence[_SubtreeSize]
    ) -> _SubtreeSize:
        """The measures of a scope, given those of its fragments and inner scopes."""
        # Depths and lengths are maxima, counts are sums. Fragments that spread others twice double the counts at
        # each level, so counts are bounded: Python's integers would grow without end.
        depth = alias_count = longest_alias = base_cost = 0
        field_count, duplicate_fields = len(scope.fields), 0
        count_by_response_name: dict[str, int] = {}
        costs = [each.cost for each in fragment_sizes]
        page_item_costs = [each.page_item_cost for each in fragment_sizes]
        for each in fragment_sizes:
            depth = max(depth, each.depth)
            field_count += each.field_count
            alias_count += each.alias_count
            longest_alias = max(longest_alias, each.longest_alias)
            duplicate_fields += each.duplicate_fields
        for node, field_cost, inner_scope in scope.fields:
            base_cost += field_cost.base
            response_name, merged_fields = node.name.value, 1
            if node.alias is not None:
                response_name = node.alias.value
                alias_count += 1
                longest_alias = max(longest_alias, len(response_name))
            if inner_scope is not None:
                below = inner_scope.subtree
                depth = max(depth, below.depth + 1)
                alias_count += below.alias_count
                longest_alias = max(longest_alias, below.longest_alias)
                merged_fields = max(1, below.duplicate_fields)
                selection_cost = self._selection_cost(node, field_cost, below)
                (page_item_costs if field_cost.is_paginated else costs).append(selection_cost)
            count_by_response_name[response_name] = (
                count_by_response_name.get(response_name, 0) + merged_fields
            )
        costs.append(CostTerm(base_cost))
        return _SubtreeSize(
            depth=max(depth, 1) if scope.fields else depth,
            field_count=min(field_count, MAX_SAFE_INTEGER),
            alias_count=min(alias_count, MAX_SAFE_INTEGER),
            longest_alias=longest_alias,
            duplicate_fields=min(
                duplicate_fields + max(count_by_response_name.values(), default=0),
                MAX_SAFE_INTEGER,
            ),
            cost=self.cost_program.total(costs),
            page_item_cost=self.cost_program.total(page_item_costs),
        )

    def _selection_cost(
        self, node: FieldNode, field_cost: FieldCost, subtree: _SubtreeSize
    ) -> CostTerm:
        """The cost of a field's selection set for all values of the field; for one, if it is paginated."""
        arguments = node.arguments or ()
        page_multiplier = (
            Multiplier.from_arguments(field_cost.page_multiplier, arguments)
            if field_cost.page_multiplier
            else 1
        )
        page_cost = self.cost_program.multiply(page_multiplier, subtree.page_item_cost)
        item_cost = self.cost_program.total(
            [CostTerm(field_cost.per_item), subtree.cost, page_cost]
        )
        multiplier = (
            Multiplier.from_arguments(field_cost.multiplier, arguments)
            if isinstance(field_cost.multiplier, ListSize)
            else field_cost.multiplier
        )
        return self.cost_program.multiply(multiplier, item_cost)


def _topological_order(
    dependencies: Mapping[_DefinitionKey, Sequence[_DefinitionKey]],
) -> Iterable[_DefinitionKey]:
    """The keys in topological order: each after its dependencies; within a cycle, after some of them."""
    order: dict[_DefinitionKey, None] = {}
    visited: set[_DefinitionKey] = set()
    stack = list(dependencies)
    while stack:
        key = stack[-1]
        if key in visited:
            order[stack.pop()] = None
        else:
            visited.add(key)
            stack += [
                each for each in dependencies[key] if each in dependencies and each not in visited
            ]
    return order
