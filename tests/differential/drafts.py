"""An operation while it is drawn: any valid one, from the schema, of a bounded size."""

from functools import cache
from typing import NamedTuple

from graphql import (
    GraphQLCompositeType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_leaf_type,
    is_required_argument,
)
from graphql.utilities import do_types_overlap

from tests.differential.draws import Draws
from tests.differential.inputs import Inputs

DEEPEST = 8
LARGEST = 20

READ_ALONE = {
    *("Client.profile", "Query.appointment"),
    *("Appointment.activities", "AppointmentThread.activities"),
}
"""Fields that cost a read; so does each `current`, and the fields of an entity that `CARRIED` does not name."""

CARRIED = {
    "Staff": {"id", "firstName", "lastName"},
    "Service": {"id", "name"},
    "Company": {"id", "name"},
    "Form": {"id"},
}

LIKELY = {
    "activities": 8,
    "appointmentThreads": 6,
    "steps": 16,
    "latest": 4,
    "counts": 9,
    "users": 4,
    "days": 4,
    "clients": 2,
    "nodes": 8,
    "edges": 4,
    "node": 4,
    "client": 2,
    "current": 8,
    "answers": 3,
    "profile": 3,
    "date": 2,
    "changes": 4,
    "action": 4,
    **dict.fromkeys(("before", "after"), 4),
    **dict.fromkeys(("staff", "service", "company", "form", "conference", "session"), 2),
    "user": 5,
    "marketingConsent": 3,
    **dict.fromkeys(("appointment", "note", "formResult", "conferenceRegistration"), 9),
    **dict.fromkeys(("emailNotification", "textMessageNotification", "payload"), 6),
}
"""How much more likely a field is than another."""

GIVEN = {"filter": 58, "phases": 50}
"""Of a hundred fields that take an argument, to how many it is given, where that is not as usual."""

INTROSPECTION = (
    ("__schema", "{ queryType { name } }"),
    ('ofNote: __type(name: "NoteSnapshot")', "{ kind name fields { name type { name } } }"),
    ('ofActivity: __type(name: "Activity")', "{ possibleTypes { name __typename } }"),
    ('ofNothing: __type(name: "Nothing")', "{ name }"),
)

CONDITIONAL = (0, 8, 8, 20, 40)
"""Of a hundred selections of an operation, to how many each of `@include` and `@skip` is written."""

PAGES = (
    ("first",),
    ("first", "after"),
    ("last",),
    ("last", "before"),
    ("after",),
    ("before",),
    ("first", "before"),
    ("around",),
    ("first", "around"),
    ("startingAt",),
    ("first", "startingAt"),
)
PAGING = {"first", "after", "last", "before", "around", "startingAt"}
CURSORS = ("pageInfo { startCursor endCursor }", "edges { cursor }")


class Fragment(NamedTuple):
    name: str
    on: GraphQLCompositeType
    selection_set: str


class Draft:
    """An operation while it is drawn.

    Selections of one response key always mean the same: a key follows from its field and arguments.
    """

    def __init__(self, draws: Draws, schema: GraphQLSchema, *, entities: bool) -> None:
        """`entities` lets it ask for what costs reads beside the timelines."""
        self._draws = draws
        self._schema = schema
        self._entities = entities
        self._left = 0
        self._is_heading = False
        self._conditional = draws.one_of(CONDITIONAL)
        self._arguments: dict[str, list[str]] = {}
        self.inputs = Inputs(draws, schema)
        self.fragments: list[Fragment] = []

    def root(self) -> str:
        assert self._schema.query_type is not None
        selections = []
        for _ in range(self._draws.one_of((1, 1, 2))):
            self._left = self._draws.number(6, LARGEST)
            self._is_heading = self._entities and self._draws.chance(60)
            selections.append(self._selection(self._schema.query_type, 0))
        return f"{{ {' '.join(selections)} }}"

    def _selection_set(self, parent: GraphQLCompositeType, depth: int, most: int = 6) -> str:
        count = self._draws.number(1, 2 if self._is_bounded(depth) else most)
        if self._draws.chance(1):
            return "{ }"
        selected = self._simple(parent) if self._draws.chance(50) else []
        count = self._draws.one_of((0, 0, 1)) if selected else count
        if self._is_heading and leads_to_today(self._schema, parent):
            selected.append(self._step(parent, depth))
        selected += [self._selection(parent, depth) for _ in range(count)]
        selections = " ".join(selected)
        if self._draws.chance(4):  # all of it or nothing
            return f"{{ ...{self._directive()} {{ {selections} }} }}"
        return f"{{ {selections} }}"

    def _step(self, parent: GraphQLCompositeType, depth: int) -> str:
        """A selection that leads from the root to some `current`, which few of those drawn at random reach."""
        options = leads_to_today(self._schema, parent)
        if not isinstance(parent, GraphQLObjectType):
            on = self._draws.one_of([self._schema.type_map[name] for name in options])
            assert isinstance(on, GraphQLObjectType)
            return f"... on {on.name}{self._directives()} {self._selection_set(on, depth, most=2)}"
        name = self._draws.one_of(options)
        if name == "current":
            self._is_heading = False
        return self._field(parent, depth, name)

    def _simple(self, parent: GraphQLCompositeType) -> list[str]:
        """What most callers ask of an object that has but leaves; some also under other keys, on a condition."""
        if not isinstance(parent, GraphQLObjectType):
            return []
        names = _leaves(parent, entities=self._entities)
        if len(names) < len(parent.fields):
            return []
        leaves = [name for name in names if not parent.fields[name].args and self._draws.chance(50)]
        others = [f"{self._alias_of(name)}{name}" for name in leaves if self._draws.chance(25)]
        others += ["__typename"] if self._draws.chance(25) else []
        return leaves + [f"{each}{self._directive()}" for each in others]

    def _selection(self, parent: GraphQLCompositeType, depth: int) -> str:
        self._left -= 1
        is_object = isinstance(parent, GraphQLObjectType)
        if parent is self._schema.query_type and self._is_heading:
            return self._step(parent, depth)
        if self._draws.chance(18 if is_object else 65):
            return self._fragment(parent, depth)
        if isinstance(parent, GraphQLUnionType) or self._draws.chance(6):
            return f"{self._alias('__typename', '')}__typename{self._directives()}"
        if parent is self._schema.query_type and self._draws.chance(8):
            head, inside = self._draws.one_of(INTROSPECTION)
            return f"{head}{self._directives()} {inside}"
        if self._draws.chance(1) and (everything := whole(parent)):
            return everything
        return self._field(parent, depth)

    def _is_bounded(self, depth: int) -> bool:
        return self._left <= 0 or depth >= DEEPEST

    # ---- fields

    def _field(
        self, parent: GraphQLObjectType | GraphQLInterfaceType, depth: int, name: str = ""
    ) -> str:
        leaves = _leaves(parent, entities=self._entities) if self._is_bounded(depth) else ()
        name = name or self._draws.one_of(leaves or _names(parent, entities=self._entities))
        field = parent.fields[name]
        arguments, cursors = self._given(field)
        if field.args:
            alias = self._key(f"{parent.name}.{name}", arguments)
            inside = self._inside(field, depth, cursors=cursors)
            return f"{alias}{name}{arguments}{self._directives()}{inside}"
        keys = [self._alias(name, _label(parent))]
        if self._draws.chance(15):  # side by side
            keys.append(self._alias_of(name))
        return " ".join(
            f"{key}{name}{self._directives()}{self._inside(field, depth, cursors=False)}"
            for key in keys
        )

    def _inside(self, field: GraphQLField, depth: int, *, cursors: bool) -> str:
        type_ = get_named_type(field.type)
        if is_leaf_type(type_):
            return ""
        assert is_composite_type(type_)
        inside = self._selection_set(type_, depth + 1)
        if cursors:
            return f" {{ {self._draws.one_of(CURSORS)} ... {inside} }}"
        return f" {inside}"

    def _alias(self, name: str, labelled: str) -> str:
        """One key for different fields of different types, or two keys for one field."""
        if not self._draws.chance(12):
            return ""
        return "label: " if name == labelled else self._alias_of(name)

    def _alias_of(self, name: str) -> str:
        return f"{self._draws.one_of('ab')}_{name}: "

    def _key(self, field: str, arguments: str) -> str:
        """Equal arguments, equal keys; and the other way round. Without arguments, no key of its own."""
        known = self._arguments.setdefault(field, [""])
        if arguments not in known:
            known.append(arguments)
        number = known.index(arguments)
        return f"{field.partition('.')[2]}{number}: " if number else ""

    def _given(self, field: GraphQLField) -> tuple[str, bool]:
        """The arguments, and whether a cursor is among them that an earlier answer has."""
        page = self._draws.one_of(PAGES) if self._draws.chance(50) else ()
        written, cursors = [], False
        for argument_name, argument in field.args.items():
            if argument_name in PAGING:
                wanted = argument_name in page
            else:
                percent = GIVEN.get(argument_name, 16)
                wanted = is_required_argument(argument) or self._draws.chance(percent)
            if not wanted:
                continue
            is_cursor = argument_name in {"after", "before"} and self._draws.chance(85)
            cursors = cursors or is_cursor
            give = self.inputs.cursor if is_cursor else self.inputs.argument
            written.append(f"{argument_name}: {give(argument_name, argument)}")
        return (f"({', '.join(written)})" if written else ""), cursors

    def _directives(self) -> str:
        names = [name for name in ("include", "skip") if self._draws.chance(self._conditional)]
        return "".join(map(self._written, names))

    def _directive(self) -> str:
        return self._written(self._draws.one_of(("include", "skip")))

    def _written(self, directive: str) -> str:
        return f" @{directive}(if: {self.inputs.condition()})"

    # ---- fragments

    def _fragment(self, parent: GraphQLCompositeType, depth: int) -> str:
        if self._draws.chance(35):
            return f"...{self._spread(parent, depth)}{self._directives()}"
        inside = self._condition(parent)
        on = "" if inside is parent and self._draws.chance(40) else f" on {inside.name}"
        directives = self._directives()
        return f"...{on}{directives} {self._selection_set(inside, depth, most=3)}"

    def _spread(self, parent: GraphQLCompositeType, depth: int) -> str:
        """The name of a fragment: a new one, or one that is finished and so cannot spread itself."""
        known = [each for each in self.fragments if do_types_overlap(self._schema, each.on, parent)]
        if known and self._draws.chance(40):
            return self._draws.one_of(known).name
        on = self._condition(parent)
        selection_set = self._selection_set(on, depth, most=3)
        fragment = Fragment(f"F{len(self.fragments)}", on, selection_set)
        self.fragments.append(fragment)
        return fragment.name

    def _condition(self, parent: GraphQLCompositeType) -> GraphQLCompositeType:
        """A type that a fragment inside of `parent` may be on."""
        if isinstance(parent, GraphQLObjectType):
            options: tuple[GraphQLCompositeType, ...] = (parent, parent, parent, *parent.interfaces)
            return self._draws.one_of(options)
        if isinstance(parent, GraphQLInterfaceType) and self._draws.chance(25):
            return parent
        return self._draws.one_of(self._schema.get_possible_types(parent))


@cache
def _names(parent: GraphQLObjectType | GraphQLInterfaceType, *, entities: bool) -> tuple[str, ...]:
    """The fields that can be selected, each as often as it is likely."""
    names = [name for name in parent.fields if entities or not _costs_a_read(parent, name)]
    return tuple(name for name in names for _ in range(LIKELY.get(name, 1)))


@cache
def _leaves(parent: GraphQLObjectType | GraphQLInterfaceType, *, entities: bool) -> tuple[str, ...]:
    """Those of them that have nothing inside."""
    names = dict.fromkeys(_names(parent, entities=entities))
    return tuple(name for name in names if is_leaf_type(get_named_type(parent.fields[name].type)))


@cache
def leads_to_today(schema: GraphQLSchema, parent: GraphQLCompositeType) -> tuple[str, ...]:
    """The fields of a type, or the possible types of one that is abstract, that lead to some `current`."""
    if not isinstance(parent, GraphQLObjectType):
        possible = schema.get_possible_types(parent)
        leads = {each.name: leads_to_today(schema, each) for each in possible}
        return tuple(name for name, inside in leads.items() if {*inside} - {"changes"})
    names = []
    for name, field in parent.fields.items():
        type_ = get_named_type(field.type)
        if name == "current":
            names += [name, name]
        elif not is_composite_type(type_) or _costs_a_read(parent, name):
            continue
        elif name == "activities" or (name.startswith("client") and parent is schema.query_type):
            names.append(name)
        elif "id" not in getattr(type_, "fields", ()) or isinstance(type_, GraphQLInterfaceType):
            names += [name] if leads_to_today(schema, type_) else []
    return tuple(names)


@cache
def whole(parent: GraphQLCompositeType) -> str:
    """All that a type has without arguments and reads, as callers like to ask for it."""
    if isinstance(parent, GraphQLUnionType):
        return " ".join(f"... on {each.name} {{ {whole(each)} }}" for each in parent.types)
    selections = []
    for name in dict.fromkeys(_names(parent, entities=False)):
        type_ = get_named_type(parent.fields[name].type)
        if parent.fields[name].args:
            continue
        if is_composite_type(type_):
            selections.append(f"{name} {{ {whole(type_)} }}")
        else:
            selections.append(name)
    return " ".join(selections)


@cache
def _label(parent: GraphQLObjectType | GraphQLInterfaceType) -> str:
    """The first field of texts, if there is one: equal shapes, so that selections can be merged."""
    texts = (name for name, field in parent.fields.items() if str(field.type) == "String")
    return next(texts, "")


def _costs_a_read(parent: GraphQLNamedType, name: str) -> bool:
    beyond = parent.name in CARRIED and name not in CARRIED[parent.name]
    return beyond or name == "current" or f"{parent.name}.{name}" in READ_ALONE
