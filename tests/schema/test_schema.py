import re

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_introspection_type,
    is_specified_scalar_type,
    print_schema,
    validate_schema,
)

from gateway import schema
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
DESCRIBED = {**OURS, **FIELDS, **ARGUMENTS, **VALUES}


def test_the_schema_is_valid():
    assert validate_schema(schema.build_schema()) == []


@pytest.mark.parametrize("place", DESCRIBED)
def test_everything_is_described_in_sentences(place):
    assert re.fullmatch(r"[A-Z][^\n]*[^\s.]\.", DESCRIBED[place].description or "")


@pytest.mark.parametrize("place", VALUES)
def test_values_are_in_capitals(place):
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", place.split(".")[1])


@pytest.mark.parametrize("place", [*FIELDS, *ARGUMENTS])
def test_fields_and_arguments_are_in_camel_case(place):
    name = re.split(r"[.(]", place.rstrip(")"))[-1]
    assert re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name)


def test_no_default_of_null_is_shown():
    defaults = set(re.findall(r"= .*", schema_sdl()))
    assert defaults == {
        "= ASC",
        "= TextValue | ZonedDateTime | Service | Staff | AppointmentStatusValue",
    }


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


def test_the_printed_schema_is_the_one_that_is_executed():
    assert print_schema(build_schema(schema_sdl())).strip() == schema_sdl().strip()


SNAPSHOTS = {
    "AppointmentSnapshot": "appointmentId",
    "NoteSnapshot": "noteId",
    "ConferenceRegistrationSnapshot": "registrationId",
}


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_a_snapshot_says_of_what_but_has_no_id(name):
    fields = COMPOSITE[name].fields
    assert "id" not in fields
    assert str(fields[SNAPSHOTS[name]].type) == "ID!"


def test_every_snapshot_is_known_here():
    assert {name for name in OURS if name.endswith("Snapshot")} == set(SNAPSHOTS)


def test_an_id_is_never_null_and_of_the_one_type():
    ids = {
        place: str(field.type)
        for place, field in FIELDS.items()
        if place.endswith(".id") and place != "FormAnswer.id"  # an answer may have none
    }
    assert set(ids.values()) == {"ID!"}


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


ACTIVITY = ["id", "kind", "kindRaw", "updatedAttributes"]
NON_NULL = {
    "Activity": ACTIVITY,
    "ActivityConnection": ["edges", "nodes", "pageInfo", "totalCount", "completeness"],
    "ActivityEdge": ["cursor", "node"],
    "Appointment": ["id"],
    "AppointmentActivity": ACTIVITY,
    "AppointmentSnapshot": ["appointmentId"],
    "AppointmentStatusValue": ["status"],
    "Client": ["id"],
    "Company": ["id"],
    "Completeness": ["isComplete", "missing", "isStale"],
    "Conference": ["id"],
    "ConferenceRegistration": ["id"],
    "ConferenceRegistrationActivity": ACTIVITY,
    "ConferenceRegistrationSnapshot": ["registrationId"],
    "ConferenceSession": ["id"],
    "ConsentActivity": ACTIVITY,
    "CustomStatus": ["id"],
    "EmailNotificationActivity": ACTIVITY,
    "FieldChange": ["field"],
    "Form": ["id"],
    "FormAnswer": ["path"],
    "FormResult": ["id"],
    "FormResultActivity": ACTIVITY,
    "MissingPart": ["code", "message", "count", "retryable"],
    "Note": ["id"],
    "NoteActivity": ACTIVITY,
    "NoteSnapshot": ["noteId"],
    "PageInfo": ["hasNextPage", "hasPreviousPage"],
    "Query": ["client", "clients"],
    "Service": ["id"],
    "Staff": ["id"],
    "TextMessageNotificationActivity": ACTIVITY,
    "TextValue": ["text"],
    "UnknownActivity": [*ACTIVITY, "payload"],
    "ZonedDateTime": ["dateTime", "isAmbiguous"],
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


@pytest.mark.parametrize("place", [*FIELDS, *ARGUMENTS])
def test_lists_have_no_holes(place):
    type_ = str({**FIELDS, **ARGUMENTS}[place].type)
    assert "[" not in type_ or re.fullmatch(r"\[\w+!\]!?", type_)


def test_no_type_is_there_for_nothing():
    used = {get_named_type(field.type).name for field in [*FIELDS.values(), *ARGUMENTS.values()]}
    unions = [type_ for type_ in OURS.values() if isinstance(type_, GraphQLUnionType)]
    members = {type_.name for union in unions for type_ in union.types}
    kinds = {kind.__name__ for kind in KINDS}
    assert set(OURS) - used - members - kinds == {"Query"}
