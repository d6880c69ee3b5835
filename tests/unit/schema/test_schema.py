import re
from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_abstract_type,
    is_introspection_type,
    is_leaf_type,
    is_specified_scalar_type,
    print_schema,
    validate_schema,
)

from gateway import schema
from gateway.config.settings import Settings
from gateway.schema import schema_sdl
from gateway.schema.activity import KINDS

OURS = {
    name: type_
    for name, type_ in schema.build_schema().type_map.items()
    if not is_introspection_type(type_) and not is_specified_scalar_type(type_)
}
COMPOSITE = {
    name: type_
    for name, type_ in OURS.items()
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
}
FIELDS = {
    f"{name}.{field_name}": field
    for name, type_ in COMPOSITE.items()
    for field_name, field in type_.fields.items()
}
ARGUMENTS = {
    f"{place}({name})": argument
    for place, field in FIELDS.items()
    for name, argument in field.args.items()
}
VALUES = {
    f"{name}.{value_name}": value
    for name, type_ in OURS.items()
    if isinstance(type_, GraphQLEnumType)
    for value_name, value in type_.values.items()
}
INPUT_FIELDS = {
    f"{name}.{field_name}": field
    for name, type_ in OURS.items()
    if isinstance(type_, GraphQLInputObjectType)
    for field_name, field in type_.fields.items()
}
DESCRIBED = {**OURS, **FIELDS, **ARGUMENTS, **INPUT_FIELDS, **VALUES}
FEWEST_WORDS = 4
"""The number of words in the first sentence of a description that says what the thing is, such as
"The order of a timeline."."""


def test_the_schema_is_valid():
    assert validate_schema(schema.build_schema()) == []


def sentences(description: str) -> list[str]:
    return re.split(r"(?<=[.:]) (?=[A-Z])", description)


def is_in_whole_sentences(description: str) -> bool:
    first, *_ = sentences(description)
    return (
        re.fullmatch(r"[A-Z][^\n]*[^\s.]\.", description) is not None
        and len(first.split()) >= FEWEST_WORDS
        and "  " not in description
    )


def test_everything_is_described_in_whole_sentences():
    assert [
        place
        for place, each in DESCRIBED.items()
        if not is_in_whole_sentences(each.description or "")
    ] == []


def test_a_field_that_may_be_null_says_when():
    assert [
        place
        for place, field in FIELDS.items()
        if not isinstance(field.type, GraphQLNonNull)
        and not re.search(r"\b[Nn]ull\b", field.description or "")
    ] == []


def test_the_descriptions_of_a_subgraph_are_whole_sentences_too():
    types = schema.build_schema(federated=True).type_map
    added = [types[name] for name in ("_Any", "_Entity", "_Service")]
    fields = {**types["Query"].fields, **types["_Service"].fields}  # type: ignore[attr-defined]
    added += [fields[name] for name in ("_entities", "_service", "sdl")]
    added += fields["_entities"].args.values()
    for each in added:
        assert re.fullmatch(r"[A-Z][^\n]*[^\s.]\.", each.description or "")


CONNECTIONS = [
    place
    for place, field in FIELDS.items()
    if get_named_type(field.type).name.endswith("Connection")
]


TIMELINES = [place for place in CONNECTIONS if place.endswith(".activities")]
OF_CLIENTS = {"Query.activities", "Client.activities"}
"""The timelines in which a page may begin at an instant, or lie around an activity."""


def test_these_fields_have_pages():
    assert {*TIMELINES} == {
        "Query.activities",
        "Client.activities",
        "Appointment.activities",
        "AppointmentThread.activities",
    }
    assert {*CONNECTIONS} == {*TIMELINES, "Client.appointmentThreads"}


@pytest.mark.parametrize("place", CONNECTIONS)
def test_a_field_with_pages_and_its_sizes_name_the_default_and_the_largest_page(place):
    given: dict[str, Any] = {"upstream_url": "http://upstream"}
    settings = Settings(**given)
    field = FIELDS[place]
    sizes = {str(settings.default_page_size), str(settings.max_page_size)}
    for described in (field, field.args["first"], field.args["last"]):
        assert sizes <= {*re.findall(r"\d+", described.description or "")}
        assert "unless the gateway is set otherwise" in (described.description or "")


@pytest.mark.parametrize("place", TIMELINES)
def test_a_field_with_pages_takes_a_filter_an_order_and_a_page(place):
    arguments = {name: str(each.type) for name, each in FIELDS[place].args.items()}
    assert arguments.pop("clientId", "ID!") == "ID!"
    assert arguments == {
        "filter": "ActivityFilter",
        "sort": "SortOrder",
        "first": "Int",
        "after": "String",
        "last": "Int",
        "before": "String",
        **({"around": "ID", "startingAt": "DateTime"} if place in OF_CLIENTS else {}),
    }


def test_values_are_in_capitals():
    names = {place: place.split(".")[1] for place in VALUES}
    assert [
        place for place, name in names.items() if not re.fullmatch(r"[A-Z]+(_[A-Z]+)*", name)
    ] == []


def test_fields_and_arguments_are_in_camel_case():
    names = {
        place: re.split(r"[.(]", place.rstrip(")"))[-1]
        for place in (*FIELDS, *ARGUMENTS, *INPUT_FIELDS)
    }
    assert [
        place for place, name in names.items() if not re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name)
    ] == []


def test_no_default_of_null_is_shown():
    defaults = set(re.findall(r"(?<!^union ChangeValue )= .*", schema_sdl(), re.MULTILINE))
    assert defaults == {"= ASC"}


async def test_introspection_shows_the_same_defaults(gateway_over_items):
    data = await gateway_over_items().data("""{
      __type(name: "Query") { fields { name args { name defaultValue } } }
    }""")
    defaults = {
        (field["name"], argument["name"]): argument["defaultValue"]
        for field in data["__type"]["fields"]
        for argument in field["args"]
        if argument["defaultValue"] is not None
    }
    assert defaults == {("activities", "sort"): "ASC"}
    data = await gateway_over_items().data("""{
      __type(name: "ActivityFilter") { inputFields { name defaultValue } }
    }""")
    fields = [place.removeprefix("ActivityFilter.") for place in INPUT_FIELDS]
    assert data["__type"]["inputFields"] == [
        {"name": name, "defaultValue": None} for name in fields
    ]


def test_the_printed_schema_is_the_one_that_is_executed():
    assert print_schema(build_schema(schema_sdl())).strip() == schema_sdl().strip()


SUBGRAPH = schema.build_schema(federated=True).type_map
ROOT_FIELDS = COMPOSITE["Query"].fields
REACHED_BY_CURRENT = {
    get_named_type(type_.fields["current"].type).name
    for type_ in COMPOSITE.values()
    if "current" in type_.fields
}
REACHED_BY_ROOT_FIELDS = {
    get_named_type(field.type).name
    for field in ROOT_FIELDS.values()
    if {"id", "ids"} & {*field.args}
}
REACHED_BY_FEDERATION = {type_.name for type_ in SUBGRAPH["_Entity"].types}  # type: ignore[attr-defined]
ENTITIES = REACHED_BY_CURRENT | REACHED_BY_ROOT_FIELDS | REACHED_BY_FEDERATION
"""What a thing is today: reached by `current`, by its id at the root, or by federation."""

ACTIVITIES = {"Activity", *(kind.__name__ for kind in KINDS)}
SNAPSHOTS = {name for name in COMPOSITE if name.endswith("Snapshot")}


def test_these_are_the_entities():
    assert sorted(ENTITIES) == [
        *("Appointment", "Client", "Company", "Conference", "ConferenceRegistration"),
        *("ConferenceSession", "Form", "FormResult", "Note", "Service", "Staff"),
    ]
    assert not ENTITIES & (SNAPSHOTS | ACTIVITIES)


@pytest.mark.parametrize("name", COMPOSITE)
def test_a_type_has_an_id_if_and_only_if_it_is_an_entity_or_an_activity(name):
    """Normalising caches merge objects of one type and id: no recorded value stands under an entity's id."""
    has_id = "id" in COMPOSITE[name].fields
    assert has_id is (name in ENTITIES | ACTIVITIES)


def test_an_id_is_never_null_and_of_the_one_type():
    ids = {str(field.type) for place, field in FIELDS.items() if place.endswith(".id")}
    assert ids == {"ID!"}


SNAPSHOT_IDS = {
    "AppointmentSnapshot": "appointmentId",
    "CompanySnapshot": "companyId",
    "ConferenceRegistrationSnapshot": "registrationId",
    "ConferenceSessionSnapshot": "sessionId",
    "ConferenceSnapshot": "conferenceId",
    "FormResultSnapshot": "formResultId",
    "FormSnapshot": "formId",
    "NoteSnapshot": "noteId",
    "ServiceSnapshot": "serviceId",
    "StaffSnapshot": "staffId",
}


def test_every_snapshot_is_known_here():
    assert {*SNAPSHOT_IDS} == SNAPSHOTS


@pytest.mark.parametrize("name", SNAPSHOT_IDS)
def test_a_snapshot_has_an_id_that_is_named_after_its_entity_and_leads_to_it(name):
    fields = COMPOSITE[name].fields
    ids = {field: str(each.type) for field, each in fields.items() if "ID" in str(each.type)}
    assert ids == {SNAPSHOT_IDS[name]: "ID"}
    assert str(fields["current"].type) == name.removesuffix("Snapshot")


def composites_of(type_: Any, left_out: set[str], found: set[str]) -> set[str]:
    """The composite types that the fields of a type lead to, but for some fields."""
    named = get_named_type(type_)
    if is_leaf_type(named) or named.name in found:
        return found
    found.add(named.name)
    if is_abstract_type(named):
        for possible in schema.build_schema().get_possible_types(named):
            composites_of(possible, left_out, found)
    for name, field in getattr(named, "fields", {}).items():
        if name not in left_out:
            composites_of(field.type, left_out, found)
    return found


def test_what_an_activity_recorded_leads_to_an_entity_by_current_alone():
    recorded = composites_of(OURS["Activity"], {"current", "client"}, set())
    assert not recorded & ENTITIES
    assert recorded >= SNAPSHOTS | ACTIVITIES


@pytest.mark.parametrize("name", sorted(ENTITIES))
def test_an_entity_leads_to_what_was_recorded_by_lists_of_it_alone(name):
    found = composites_of(OURS[name], {"activities", "appointmentThreads"}, set())
    assert not found & (SNAPSHOTS | ACTIVITIES)


ENUMS_OF_WORDS = {
    "ActivityEvent",
    "ActivityKind",
    "AppointmentStatus",
    "ChangedField",
    "FormResultStatus",
    "RegistrationSourceType",
    "RegistrationStatus",
}
"""The enums whose values stand for words of the upstream."""


def test_these_are_the_enums():
    enums = {name for name, type_ in OURS.items() if isinstance(type_, GraphQLEnumType)}
    others = {"ActivityAction", "AppointmentPhase", "ErrorCode", "SortOrder"}
    assert enums == ENUMS_OF_WORDS | others


@pytest.mark.parametrize(
    "place",
    [
        place
        for place, field in FIELDS.items()
        if get_named_type(field.type).name in ENUMS_OF_WORDS and place != "KindCount.kind"
    ],
)
def test_the_word_of_the_upstream_stands_beside_each_enum(place):
    type_name, name = place.split(".")
    fields = COMPOSITE[type_name].fields
    raw = fields.get(f"{name}Raw") or fields["raw"]
    is_required = str(fields[name].type).endswith("!")
    assert str(raw.type) == ("String!" if is_required else "String")


def possible_types(type_: Any, among: GraphQLSchema) -> list[Any]:
    """The types whose fields a selection of a composite type may have: its own, and those of its fragments."""
    own = [] if isinstance(type_, GraphQLUnionType) else [type_]
    return [*own, *among.get_possible_types(type_)] if is_abstract_type(type_) else own


def different_shapes(
    one: Any, other: Any, place: str, among: GraphQLSchema, compared: set[Any]
) -> Iterator[str]:
    """The places at which GraphQL's `SameResponseShape` is false for fields of two types.

    Fields of one name below differ where a selection has both: all fields of one name are compared.
    """
    while isinstance(one, GraphQLNonNull | GraphQLList) or isinstance(
        other, GraphQLNonNull | GraphQLList
    ):
        if type(one) is not type(other):
            yield place
            return
        one, other = one.of_type, other.of_type
    if is_leaf_type(one) or is_leaf_type(other):
        if one is not other:
            yield place
        return
    for pair in product(possible_types(one, among), possible_types(other, among)):
        names = frozenset(type_.name for type_ in pair)
        if names in compared:
            continue
        compared.add(names)
        yield from different_fields(*pair, place, among, compared)


def different_fields(
    one: Any, other: Any, place: str, among: GraphQLSchema, compared: set[Any]
) -> Iterator[str]:
    """The places below two object types at which fields of one name differ in their shape."""
    for name in {**one.fields}.keys() & {**other.fields}.keys():
        below = f"{place}.{name}"
        yield from different_shapes(
            one.fields[name].type, other.fields[name].type, below, among, compared
        )


TOGETHER = {
    "ChangeValue": [type_.name for type_ in OURS["ChangeValue"].types],  # type: ignore[attr-defined]
    "Activity": [kind.__name__ for kind in KINDS],
}


@pytest.mark.parametrize(
    "pair",
    [pair for names in TOGETHER.values() for pair in combinations(names, 2)],
    ids=" and ".join,
)
def test_fields_of_one_name_have_one_shape_where_types_meet_in_a_selection(pair):
    """Without an alias, as GraphQL's rule on overlapping fields asks. Routers alias fields of `_Entity`."""
    one, other = (COMPOSITE[name] for name in pair)
    found = different_fields(one, other, " and ".join(pair), schema.build_schema(), set())
    assert [*found] == []


CLASHES = {
    "a leaf type": ("a: Int", "a: String", ["A and B.a"]),
    "an enum": ("a: One", "a: Other", ["A and B.a"]),
    "a wrapper": ("a: Int!", "a: Int", ["A and B.a"]),
    "a wrapper within a list": ("a: [Int!]", "a: [Int]", ["A and B.a"]),
    "a list": ("a: [Int]", "a: Int", ["A and B.a"]),
    "an object and a leaf": ("a: P", "a: Int", ["A and B.a"]),
    "a field of objects": ("a: P", "a: Q", ["A and B.a.x"]),
    "a field of objects in lists": ("a: [P!]!", "a: [Q!]!", ["A and B.a.x"]),
    "a field of the members of a union": ("a: U", "a: U", ["A and B.a.x"]),
    "a field of a possible type of an interface": ("a: I", "a: Q", ["A and B.a.x"]),
    "nothing, of equal types": ("a: [P!]", "a: [P!]", []),
    "nothing, of equal shapes": ("a: P b: Int", "a: R c: String", []),
    "nothing, of types that lead back": ("a: A b: B", "a: B b: A", []),
}


@pytest.mark.parametrize(("one", "other", "found"), CLASHES.values(), ids=CLASHES)
def test_that_fields_differ_in_their_shape_is_found(one, other, found):
    made = build_schema(f"""
      type A {{ {one} }} type B {{ {other} }} type Query {{ a: A b: B }}
      enum One {{ X }} enum Other {{ X }} union U = P | Q
      interface I {{ y: Int }} type P implements I {{ x: Int y: Int }}
      type Q {{ x: String y: Int }} type R {{ x: Int }}
    """)
    pair = made.type_map["A"], made.type_map["B"]
    assert [*different_fields(*pair, "A and B", made, set())] == found


def test_every_kind_of_activity_has_all_that_the_interface_has():
    interface = COMPOSITE["Activity"].fields
    kinds = [type_ for type_ in COMPOSITE.values() if COMPOSITE["Activity"] in type_.interfaces]
    assert {kind.name for kind in kinds} == {kind.__name__ for kind in KINDS}
    for kind in kinds:
        shared = {name: field for name, field in kind.fields.items() if name in interface}
        assert {name: str(field.type) for name, field in shared.items()} == {
            name: str(field.type) for name, field in interface.items()
        }


def test_nothing_is_a_union_but_a_changed_value():
    unions = {name for name, type_ in OURS.items() if isinstance(type_, GraphQLUnionType)}
    assert unions == {"ChangeValue"}


ACTIVITY = ["id", "client", "kind", "kindRaw", "updatedAttributes", "action"]
NON_NULL = {
    "Activity": ACTIVITY,
    "ActionCount": ["action", "count"],
    "ActivityConnection": [
        *("edges", "nodes", "pageInfo", "totalCount"),
        *("precedingCount", "followingCount", "completeness", "counts"),
    ],
    "ActivityCounts": ["kinds", "actions", "users", "days"],
    "ActivityEdge": ["cursor", "node"],
    "AppointmentActivity": ACTIVITY,
    "AppointmentStatusValue": ["appointmentStatus", "raw"],
    "AppointmentThread": [
        *("appointmentId", "client", "latest", "phase", "rescheduleCount", "steps", "isComplete"),
    ],
    "AppointmentThreadConnection": ["edges", "nodes", "pageInfo", "totalCount", "completeness"],
    "AppointmentThreadEdge": ["cursor", "node"],
    "Completeness": ["isComplete", "missing", "isStale"],
    "ConferenceRegistrationActivity": ACTIVITY,
    "ConsentActivity": ACTIVITY,
    "DayCount": ["count"],
    "EmailNotificationActivity": ACTIVITY,
    "FieldChange": ["field", "fieldRaw"],
    "FormAnswer": ["path"],
    "FormResultActivity": ACTIVITY,
    "IntValue": ["value"],
    "MissingPart": ["code", "message", "count", "retryable"],
    "KindCount": ["kind", "count"],
    "NoteActivity": ACTIVITY,
    "PageInfo": ["hasNextPage", "hasPreviousPage"],
    "Query": ["client", "clients"],
    "RegistrationStatusValue": ["registrationStatus", "raw"],
    "TextMessageNotificationActivity": ACTIVITY,
    "TextValue": ["text"],
    "UnknownActivity": [*ACTIVITY, "payload"],
    "UserCount": ["count"],
    "ZonedDateTime": ["dateTime", "isAmbiguous"],
    **{name: ["id"] for name in ENTITIES},
}
"""All that the gateway can promise whatever the upstream sends."""


def test_only_what_can_be_promised_is_non_null():
    promised = {
        name: [
            field_name
            for field_name, field in type_.fields.items()
            if isinstance(field.type, GraphQLNonNull)
        ]
        for name, type_ in COMPOSITE.items()
    }
    assert {name: fields for name, fields in promised.items() if fields} == NON_NULL


def test_lists_have_no_holes():
    types = {
        place: str(each.type) for place, each in {**FIELDS, **ARGUMENTS, **INPUT_FIELDS}.items()
    }
    assert [
        place
        for place, type_ in types.items()
        if "[" in type_ and not re.fullmatch(r"\[\w+!\]!?", type_)
    ] == []


def test_no_type_is_there_for_nothing():
    typed = [*FIELDS.values(), *ARGUMENTS.values(), *INPUT_FIELDS.values()]
    used = {get_named_type(each.type).name for each in typed}
    unions = [type_ for type_ in OURS.values() if isinstance(type_, GraphQLUnionType)]
    members = {type_.name for union in unions for type_ in union.types}
    kinds = {kind.__name__ for kind in KINDS}
    assert set(OURS) - used - members - kinds == {"Query"}
