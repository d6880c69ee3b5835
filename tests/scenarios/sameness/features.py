"""What an operation makes use of: read off its text, whatever was meant when it was drawn."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    visit,
)

from tests.scenarios.sameness.operations import Operation

SELECTED = ("__typename", "edges", "nodes", "pageInfo", "totalCount", "completeness")
FILTERS = ("kinds", "events", "from", "to", "appointmentId", "sort")
PAGING = ("first", "after", "last", "before")
DIRECTED = {
    "field": "fields",
    "inline_fragment": "inline fragments",
    "fragment_spread": "fragment spreads",
}
CONDITIONS = tuple(
    f"@{directive} {what}"
    for directive in ("skip", "include")
    for what in ("by a variable", "by a literal", *(f"on {place}" for place in DIRECTED.values()))
)
FEATURES = (
    *("variables", "defaults of variables", "variables left out", "variables that are null"),
    *("aliases", "merged selections", "arguments below the root", "entities", "introspection"),
    *("fragments on the interface", "fragments on kinds", "fragments on no type"),
    *("inline fragments", "fragment spreads", "nested fragment spreads"),
    *SELECTED,
    *FILTERS,
    *PAGING,
    *CONDITIONS,
)
"""All that may be said of an operation."""

_Fragments = Mapping[str, SelectionSetNode]


def features(operation: Operation) -> frozenset[str]:
    document = parse(operation.document, no_location=True)
    reader = _Reader(operation.variables)
    visit(document, reader)
    fragments = {
        each.name.value: each.selection_set
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    merged = any(_merges(selection_set, fragments) for selection_set in reader.selection_sets)
    found = {*reader.found, *(("merged selections",) if merged else ())}
    return frozenset(found | ({"entities"} if operation.entities else set()))


class _Reader(Visitor):
    """Notes what it comes across."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        super().__init__()
        self._variables = variables
        self.found: set[str] = set()
        self.selection_sets: list[SelectionSetNode] = []

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: object) -> None:
        self.found.add("variables")
        name = node.variable.name.value
        if node.default_value is not None:
            self.found.add("defaults of variables")
        if name not in self._variables:
            self.found.add("variables left out")
        elif self._variables[name] is None:
            self.found.add("variables that are null")

    def enter_field(self, node: FieldNode, *_: object) -> None:
        name, arguments = node.name.value, {each.name.value for each in node.arguments or ()}
        self.found |= {name} & {*SELECTED} | arguments & {*FILTERS, *PAGING}
        if node.alias is not None:
            self.found.add("aliases")
        if name == "activities" and arguments and "clientId" not in arguments:
            self.found.add("arguments below the root")
        if name in {"__schema", "__type"}:
            self.found.add("introspection")
        self._directed(node)

    def enter_inline_fragment(self, node: InlineFragmentNode, *_: object) -> None:
        self.found.add("inline fragments")
        self._condition(node)
        self._directed(node)

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: object) -> None:
        self._condition(node)

    def enter_fragment_spread(
        self, node: FragmentSpreadNode, _key: object, _parent: object, _path: object, above: Any
    ) -> None:
        self.found.add("fragment spreads")
        if any(isinstance(each, FragmentDefinitionNode) for each in above):
            self.found.add("nested fragment spreads")
        self._directed(node)

    def enter_selection_set(self, node: SelectionSetNode, *_: object) -> None:
        self.selection_sets.append(node)

    def _condition(self, node: InlineFragmentNode | FragmentDefinitionNode) -> None:
        match node.type_condition and node.type_condition.name.value:
            case None:
                self.found.add("fragments on no type")
            case "Activity":
                self.found.add("fragments on the interface")
            case str(kind) if kind.endswith("Activity"):
                self.found.add("fragments on kinds")

    def _directed(self, node: FieldNode | InlineFragmentNode | FragmentSpreadNode) -> None:
        for directive in node.directives or ():
            name = directive.name.value
            by_variable = isinstance((directive.arguments or ())[0].value, VariableNode)
            self.found.add(f"@{name} {'by a variable' if by_variable else 'by a literal'}")
            self.found.add(f"@{name} on {DIRECTED[node.kind]}")


def _merges(selection_set: SelectionSetNode, fragments: _Fragments) -> bool:
    """Whether a response key is selected more than once with different selections inside."""
    insides: defaultdict[str, list[frozenset[str]]] = defaultdict(list)
    for field in _fields(selection_set, fragments):
        if field.selection_set is not None:
            key = (field.alias or field.name).value
            keys = (each.alias or each.name for each in _fields(field.selection_set, fragments))
            insides[key].append(frozenset(name.value for name in keys))
    return any(len({*inside}) > 1 for inside in insides.values())


def _fields(selection_set: SelectionSetNode, fragments: _Fragments) -> Iterator[FieldNode]:
    """The fields of a selection set and of the fragments in it."""
    for selection in selection_set.selections:
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from _fields(selection.selection_set, fragments)
        elif isinstance(selection, FragmentSpreadNode):
            yield from _fields(fragments[selection.name.value], fragments)
