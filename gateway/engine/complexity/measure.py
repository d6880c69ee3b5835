"""How large operations are: each fragment measured once, in linear time, whether valid or not."""

from collections import Counter
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
    MOST,
    Cost,
    Factor,
    Length,
    Reckoning,
    Sum,
    Weight,
    Weights,
    literal,
)


@dataclass(frozen=True, slots=True)
class Size:
    """What an operation, or a fragment, measures.

    All fields are counted as if all were included, whatever the directives and the types of objects,
    and those of a fragment wherever it is spread.

    Attributes:
        characters: The characters of its document.
        tokens: The tokens of its document, comments included.
        depth: How deep its fields are nested.
        aliases: How many of its fields have an alias.
        alias_characters: How long the longest of these is.
        root_fields: How many fields it starts from; a fragment, from none.
        duplicate_fields: How many of its fields may have to be merged at one place of the answer. A
            fragment counts as many fields of any name as it has of one.
        cost: What it costs, by its variables; a fragment, nothing.
    """

    characters: int
    tokens: int
    depth: int
    aliases: int
    alias_characters: int
    root_fields: int
    duplicate_fields: int
    cost: Cost


def measure(document: DocumentNode, weights: Weights) -> list[Size]:
    """The sizes of a document's definitions, in their order.

    Takes time in proportion to the document: each selection set is looked at once, and each fragment
    is measured once, however often it is spread. Nothing need be valid: what the schema does not have
    weighs 1, a fragment that is not there nothing, and one that spreads itself as if it did not.
    """
    measuring = _Measuring(weights)
    keys = [
        measuring.collect(definition, place)
        for place, definition in enumerate(document.definitions)
    ]
    totals = measuring.totals()
    return [
        _size(document, definition, totals.get(key, _NOTHING), measuring.reckoning)
        for key, definition in zip(keys, document.definitions, strict=True)
    ]


def _size(
    document: DocumentNode, definition: DefinitionNode, total: "_Total", reckoning: Reckoning
) -> Size:
    root_fields, cost = 0, Cost(Sum(), (), {})
    if isinstance(definition, OperationDefinitionNode):
        variables = definition.variable_definitions or ()
        defaults = {each.variable.name.value: literal(each.default_value) for each in variables}
        root_fields, cost = total.fields, Cost(total.cost, reckoning.steps, defaults)
    return Size(
        characters=document.loc.end if document.loc else 0,
        tokens=document.token_count,
        depth=total.depth,
        aliases=total.aliases,
        alias_characters=total.longest,
        root_fields=root_fields,
        duplicate_fields=total.alike,
        cost=cost,
    )


class _Total(NamedTuple):
    """What a selection set comes to, with all that is in it.

    Attributes:
        depth: How deep its fields are nested.
        fields: How many fields it has, without those in them.
        aliases: How many fields with an alias it has, with those in them.
        longest: How long the longest of these aliases is.
        alike: How many of its fields, or of those in them, may be merged at one place.
        cost: What it costs.
        per_item: What it costs besides, for each item of the page that it is about.
    """

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    longest: int = 0
    alike: int = 0
    cost: Sum = Sum()
    per_item: Sum = Sum()


_NOTHING = _Total()
_ORDINARY = Weight()

_Key = str | int
"""What a definition is known by: a fragment by its name, an operation by its place."""


@dataclass(eq=False, slots=True)
class _Scope:
    """A selection set with those of the inline fragments in it: fields, and names of fragments."""

    fields: list[tuple[FieldNode, Weight, "_Scope | None"]] = field(default_factory=list)
    spreads: list[str] = field(default_factory=list)
    total: _Total = _NOTHING


class _Measuring:
    """Measures a document. Walks without recursion: how deep fragments nest, callers decide."""

    def __init__(self, weights: Weights) -> None:
        self.reckoning = Reckoning()
        self._weights = weights
        self._scopes: dict[_Key, list[_Scope]] = {}  # of each definition, outer before inner

    def collect(self, definition: DefinitionNode, place: int) -> _Key:
        """Take a definition in. Fragments of one name, which are not valid, count as one."""
        match definition:
            case FragmentDefinitionNode(name=name, type_condition=condition):
                self._collect(name.value, definition.selection_set, condition.name.value)
                return name.value
            case OperationDefinitionNode(operation=operation):
                self._collect(place, definition.selection_set, self._weights.roots.get(operation))
        return place

    def _collect(self, key: _Key, outermost: SelectionSetNode, type_: str | None) -> None:
        scopes = self._scopes.setdefault(key, [_Scope()])
        left = [(outermost, type_, scopes[0])]
        while left:
            selections, type_, scope = left.pop()
            for node in selections.selections:
                if isinstance(node, FieldNode):
                    weight = self._weights.fields.get((type_ or "", node.name.value), _ORDINARY)
                    inner = None
                    if node.selection_set is not None:
                        inner = _Scope()
                        scopes.append(inner)
                        left.append((node.selection_set, weight.type, inner))
                    scope.fields.append((node, weight, inner))
                elif isinstance(node, InlineFragmentNode):
                    condition = node.type_condition
                    inside = condition.name.value if condition else type_
                    left.append((node.selection_set, inside, scope))
                else:
                    assert isinstance(node, FragmentSpreadNode)
                    scope.spreads.append(node.name.value)

    def totals(self) -> Mapping[_Key, _Total]:
        """What each definition comes to: first those that others spread."""
        spreads = {
            key: [name for scope in scopes for name in scope.spreads]
            for key, scopes in self._scopes.items()
        }
        totals: dict[_Key, _Total] = {}
        for key in _inside_out(spreads):
            for scope in reversed(self._scopes[key]):
                spread = [totals.get(name, _NOTHING) for name in scope.spreads]
                scope.total = self._total(scope, spread)
            totals[key] = self._scopes[key][0].total
        return totals

    def _total(self, scope: _Scope, spread: Sequence[_Total]) -> _Total:
        """What a scope comes to, where what is in it is known."""
        inner = [_NOTHING if below is None else below.total for _, _, below in scope.fields]
        alike = Counter[str]()
        for (node, _, _), below in zip(scope.fields, inner, strict=True):
            alike[(node.alias or node.name).value] += max(1, below.alike)
        aliases = [len(node.alias.value) for node, _, _ in scope.fields if node.alias]
        within = (*spread, *inner)
        cost, per_item = self._costs(scope, spread)
        return _Total(
            depth=max([0, *(each.depth for each in spread), *(each.depth + 1 for each in inner)]),
            fields=_sum(len(scope.fields), *(each.fields for each in spread)),
            aliases=_sum(len(aliases), *(each.aliases for each in within)),
            longest=max([0, *aliases, *(each.longest for each in within)]),
            alike=_sum(max(alike.values(), default=0), *(each.alike for each in spread)),
            cost=cost,
            per_item=per_item,
        )

    def _costs(self, scope: _Scope, spread: Sequence[_Total]) -> tuple[Sum, Sum]:
        cost = [each.cost for each in spread]
        per_item = [each.per_item for each in spread]
        for node, weight, below in scope.fields:
            cost.append(Sum(weight.own))
            if below is not None:
                inside = self._inside(node, weight, below.total)
                (per_item if weight.is_paged else cost).append(inside)
        return self.reckoning.total(cost), self.reckoning.total(per_item)

    def _inside(self, node: FieldNode, weight: Weight, below: _Total) -> Sum:
        """What is selected of a field costs for all of its values; if it is paged, for one."""
        arguments = node.arguments or ()
        page = Factor.of(weight.page, arguments) if weight.page else 1
        paged = self.reckoning.times(page, below.per_item)
        of_one = self.reckoning.total([Sum(weight.each), below.cost, paged])
        times = (
            Factor.of(weight.times, arguments) if isinstance(weight.times, Length) else weight.times
        )
        return self.reckoning.times(times, of_one)


def _sum(*counts: int) -> int:
    return min(sum(counts), MOST)


def _inside_out(spreads: Mapping[_Key, Sequence[_Key]]) -> Iterable[_Key]:
    """All keys, each after those that it leads to; where these lead back to it, before some."""
    order: dict[_Key, None] = {}
    begun: set[_Key] = set()
    left = list(spreads)
    while left:
        key = left[-1]
        if key in begun:
            order[left.pop()] = None
        else:
            begun.add(key)
            left += [each for each in spreads[key] if each in spreads and each not in begun]
    return order
