"""What an operation makes use of: read off its text, whatever was meant when it was drawn."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ObjectValueNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    visit,
)

from tests.differential.operations import Operation

SELECTED = (
    *("__typename", "edges", "nodes", "pageInfo", "totalCount", "completeness", "action"),
    *("appointmentThreads", "steps", "latest", "counts", "users", "days"),
)
FILTERS = (
    *("kinds", "events", "actions", "userNames", "hasUser", "search", "from", "to"),
    "appointmentId",
)
PAGING = ("phases", "sort", "first", "after", "last", "before", "around", "startingAt")
CHANGED = ("TextValue", "IntValue", "AppointmentStatusValue", "RegistrationStatusValue")
"""The members of `ChangeValue` that stand nowhere else."""

DIRECTED = {
    "field": "fields",
    "inline_fragment": "inline fragments",
    "fragment_spread": "fragment spreads",
    "__typename": "__typename",
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
    *("aliases of one attribute", "aliases of one attribute under a condition"),
    *("conditional fragments in conditional ones", "keys both always and under a condition"),
    *("empty selection sets", "selection sets that conditions leave empty"),
    *("filters by a variable", "filters by a literal", "variables inside of filters"),
    *(
        "words of the upstream",
        "today's entities",
        "clients of activities",
        "fragments on changed values",
    ),
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
    found = reader.found | ({"entities"} if operation.entities else set())
    for selection_set in reader.selection_sets:
        found |= _in_one(selection_set, fragments)
        if not selection_set.selections:
            found.add("empty selection sets")
        elif not _is_something_left(selection_set, fragments, reader.values):
            found.add("selection sets that conditions leave empty")
    return frozenset(found)


class _Reader(Visitor):
    """Notes what it comes across."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        super().__init__()
        self._variables = variables
        self._defaults: dict[str, ValueNode | None] = {}
        self.values = {**variables}
        self.found: set[str] = set()
        self.selection_sets: list[SelectionSetNode] = []

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: object) -> None:
        self.found.add("variables")
        name = node.variable.name.value
        self._defaults[name] = node.default_value
        if node.default_value is not None:
            self.found.add("defaults of variables")
        if name not in self._variables:
            self.found.add("variables left out")
            if isinstance(node.default_value, BooleanValueNode):
                self.values[name] = node.default_value.value
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
        for argument in node.arguments or ():
            if argument.name.value == "filter":
                self._filter(argument.value)
        self.found |= {
            what
            for what, is_there in {
                "clients of activities": name == "client" and not arguments,
                "today's entities": name == "current",
                "words of the upstream": name.endswith("Raw"),
            }.items()
            if is_there
        }
        self._directed(node, name if name == "__typename" else node.kind)

    def enter_inline_fragment(
        self, node: InlineFragmentNode, _key: object, _parent: object, _path: object, above: Any
    ) -> None:
        self.found.add("inline fragments")
        self._condition(node)
        self._directed(node, node.kind, above)

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: object) -> None:
        self._condition(node)

    def enter_fragment_spread(
        self, node: FragmentSpreadNode, _key: object, _parent: object, _path: object, above: Any
    ) -> None:
        self.found.add("fragment spreads")
        if any(isinstance(each, FragmentDefinitionNode) for each in above):
            self.found.add("nested fragment spreads")
        self._directed(node, node.kind, above)

    def enter_selection_set(self, node: SelectionSetNode, *_: object) -> None:
        self.selection_sets.append(node)

    def _filter(self, given: ValueNode) -> None:
        """Notes the members of a filter, those of a variable's value and of its default likewise."""
        match given:
            case VariableNode():
                self.found.add("filters by a variable")
                name = given.name.value
                value, default = self._variables.get(name), self._defaults.get(name)
                self.found |= {*value} & {*FILTERS} if isinstance(value, dict) else set()
                if name not in self._variables and isinstance(default, ObjectValueNode):
                    self.found |= {each.name.value for each in default.fields}
            case ObjectValueNode():
                self.found.add("filters by a literal")
                self.found |= {each.name.value for each in given.fields}
                if any(isinstance(each.value, VariableNode) for each in given.fields):
                    self.found.add("variables inside of filters")

    def _condition(self, node: InlineFragmentNode | FragmentDefinitionNode) -> None:
        match node.type_condition and node.type_condition.name.value:
            case None:
                self.found.add("fragments on no type")
            case "Activity":
                self.found.add("fragments on the interface")
            case str(kind) if kind.endswith("Activity"):
                self.found.add("fragments on kinds")
            case str(member) if member in CHANGED:
                self.found.add("fragments on changed values")

    def _directed(self, node: SelectionNode, kind: str, above: Any = ()) -> None:
        for directive in node.directives or ():
            name = directive.name.value
            by_variable = isinstance((directive.arguments or ())[0].value, VariableNode)
            self.found.add(f"@{name} {'by a variable' if by_variable else 'by a literal'}")
            self.found.add(f"@{name} on {DIRECTED[kind]}")
        around = [each for each in above if isinstance(each, FieldNode | InlineFragmentNode)]
        if node.directives and around and isinstance(around[-1], InlineFragmentNode):
            is_in_one = bool(around[-1].directives)
            self.found |= {"conditional fragments in conditional ones"} if is_in_one else set()


class _Selected(NamedTuple):
    """A field of a selection set, and whether a condition is on it or on a fragment that it is in."""

    field: FieldNode
    is_conditional: bool

    @property
    def key(self) -> str:
        return (self.field.alias or self.field.name).value


def _in_one(selection_set: SelectionSetNode, fragments: _Fragments) -> set[str]:
    """What there is in one selection set and in the fragments in it."""
    selected = [*_fields(selection_set, fragments)]
    return {
        name
        for name, is_there in {
            "merged selections": _merges(selected, fragments),
            "aliases of one attribute": _has_aliases(selected),
            "aliases of one attribute under a condition": _has_aliases(selected, under=True),
            "keys both always and under a condition": _has_both(selected),
        }.items()
        if is_there
    }


def _merges(selected: list[_Selected], fragments: _Fragments) -> bool:
    """Whether a response key is selected more than once with different selections inside."""
    insides: defaultdict[str, set[frozenset[str]]] = defaultdict(set)
    for each in selected:
        if each.field.selection_set is not None:
            inside = _fields(each.field.selection_set, fragments)
            insides[each.key].add(frozenset(inner.key for inner in inside))
    return any(len(inside) > 1 for inside in insides.values())


def _has_aliases(selected: list[_Selected], *, under: bool = False) -> bool:
    """Whether one field has several keys; if `under`, one of them under a condition."""
    keys: defaultdict[str, set[str]] = defaultdict(set)
    conditional = set()
    for each in selected:
        if not each.field.arguments:
            keys[each.field.name.value].add(each.key)
            conditional |= {each.field.name.value} if each.is_conditional else set()
    several = {name for name, found in keys.items() if len(found) > 1}
    return bool(several & conditional if under else several)


def _has_both(selected: list[_Selected]) -> bool:
    always = {each.key for each in selected if not each.is_conditional}
    return any(each.is_conditional and each.key in always for each in selected)


def _fields(
    selection_set: SelectionSetNode, fragments: _Fragments, *, is_conditional: bool = False
) -> Iterator[_Selected]:
    """The fields of a selection set and of the fragments in it."""
    for selection in selection_set.selections:
        conditional = is_conditional or bool(selection.directives)
        if isinstance(selection, FieldNode):
            yield _Selected(selection, conditional)
        else:
            inside = _inside(selection, fragments)
            yield from _fields(inside, fragments, is_conditional=conditional)


def _inside(fragment: SelectionNode, fragments: _Fragments) -> SelectionSetNode:
    if isinstance(fragment, FragmentSpreadNode):
        return fragments[fragment.name.value]
    assert isinstance(fragment, InlineFragmentNode)
    return fragment.selection_set


def _is_something_left(
    selection_set: SelectionSetNode, fragments: _Fragments, values: Mapping[str, Any]
) -> bool:
    """Whether a selection of an object has a field as the variables have it, whatever its type is."""
    return any(
        isinstance(each, FieldNode)
        or _is_something_left(_inside(each, fragments), fragments, values)
        for each in selection_set.selections
        if _is_selected(each, values)
    )


def _is_selected(selection: SelectionNode, values: Mapping[str, Any]) -> bool:
    for directive in selection.directives or ():
        [argument] = directive.arguments or ()
        given = argument.value
        if isinstance(given, VariableNode):
            is_so = values.get(given.name.value) is True
        else:
            assert isinstance(given, BooleanValueNode)  # the document is valid
            is_so = given.value
        if is_so is not (directive.name.value == "include"):
            return False
    return True
