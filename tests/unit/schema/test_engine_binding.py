"""Every field of the schema says how it is read, so that none is left to graphql-core unawares."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
import strawberry
from graphql import GraphQLObjectType, is_abstract_type
from graphql.pyutils import Path
from strawberry.types.field import StrawberryField

from gateway.config.settings import Settings
from gateway.engine.resolvers import (
    AttributeField,
    ComputedField,
    IdsField,
    LoadedField,
    Node,
    ResolveInfo,
    ResolverField,
)
from gateway.schema import build_schema, build_strawberry_schema, executable_schema
from gateway.schema.context import Context
from gateway.schema.engine_binding import bind_fields
from gateway.schema.enums import ActivityEvent
from gateway.schema.resolvers import resolver_metadata
from gateway.schema.timeline import ACTIVITIES
from gateway.upstream.records import activities
from gateway.upstream.records.resources import ClientReference
from tests.unit.schema import clinic

SCHEMA = build_schema()
FIELDS = bind_fields(SCHEMA)
CLINIC = bind_fields(executable_schema(build_strawberry_schema(clinic.Query, types=clinic.KINDS)))
NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
CREATED = ActivityEvent.CREATED
TYPES = [
    type_
    for type_ in SCHEMA.type_map.values()
    if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__")
]


@pytest.mark.parametrize("type_", TYPES, ids=str)
def test_every_field_says_how_it_is_read(type_):
    assert [
        name for name in type_.fields if FIELDS.compilable_source(type_.name, name) is None
    ] == []


def test_what_the_schema_tells_of_itself_is_graphql_cores():
    assert FIELDS.compilable_source("__Schema", "types") is None


@pytest.mark.parametrize(
    ("type_name", "field", "kind"),
    [
        ("User", "firstName", AttributeField),
        ("ZonedDateTime", "instant", ComputedField),
        ("NoteSnapshot", "bodyText", ComputedField),
        ("Staff", "lastName", AttributeField),
        ("Staff", "emailAddress", LoadedField),
        ("AppointmentSnapshot", "current", LoadedField),
        ("FormSnapshot", "current", LoadedField),
        ("Form", "title", LoadedField),
        ("FormResult", "answers", ComputedField),
        ("NoteActivity", "client", IdsField),
        ("Appointment", "activities", ResolverField),
        ("Query", "appointment", ResolverField),
        ("Client", "activities", ResolverField),
        ("Query", "clients", ResolverField),
        ("ActivityConnection", "totalCount", AttributeField),
    ],
)
def test_fields_are_read_in_five_ways(type_name, field, kind):
    assert type(FIELDS.compilable_source(type_name, field)) is kind


@pytest.mark.parametrize(
    ("type_name", "root", "given"),
    [("Client", Node(ClientReference(id="7")), {}), ("Query", None, {"clientId": "7"})],
)
def test_a_resolver_takes_arguments_by_the_names_that_callers_know(type_name, root, given):
    """The filter `kinds: []` matches nothing, so that nothing is asked of the upstream."""
    reading = FIELDS.compilable_source(type_name, "activities")
    assert isinstance(reading, ResolverField)
    told: dict[str, Any] = {"upstream_url": "http://upstream"}
    made: dict[str, Any] = {"session": None, "settings": Settings(**told)}
    place = ResolveInfo(Context(**made), Path(None, "activities", type_name), [])
    coerced = {"kinds": [], "events": [CREATED], "appointmentId": "31", "from": NEW_YEAR}
    page = reading.resolve(root, place, **given, filter=coerced, first=3)
    selection = page.value.timeline_filter
    assert (selection.client_id, selection.appointment_id) == ("7", "31")
    assert (selection.since, selection.until) == (NEW_YEAR, None)
    assert (selection.kinds, selection.events) == (frozenset(), {CREATED})
    assert page.value.window.size == 3


def plain(at_most: int) -> str:
    return f"{at_most}"


def rooted(root: strawberry.Parent[Node[str]], info: strawberry.Info, at_most: int) -> str:
    return f"{root.value} {info.context} {at_most}"


@strawberry.type
class Greeter:
    plain: str = strawberry.field(resolver=plain, metadata=resolver_metadata(plain))
    rooted: str = strawberry.field(resolver=rooted, metadata=resolver_metadata(rooted))


@pytest.mark.parametrize(("field", "expected"), [("plain", "3"), ("rooted", "hello context 3")])
def test_a_resolver_is_given_the_root_and_the_info_only_where_it_names_them(field, expected):
    source = bind_fields(strawberry.Schema(Greeter)._schema).compilable_source("Greeter", field)
    assert isinstance(source, ResolverField)
    info = ResolveInfo("context", Path(None, field, "Greeter"), [])
    assert source.resolve(Node("hello"), info, atMost=3) == expected


def test_an_attribute_is_named_as_in_python():
    assert FIELDS.compilable_source("User", "emailAddress") == AttributeField("email_address")


def test_fields_of_one_entity_are_one_load():
    email, phone = (FIELDS.compilable_source("Staff", name) for name in ("emailAddress", "phone"))
    assert isinstance(email, LoadedField)
    assert isinstance(phone, LoadedField)
    assert (email.load, email.ids) == (phone.load, phone.ids)
    current = FIELDS.compilable_source("StaffSnapshot", "current")
    assert isinstance(current, LoadedField)
    assert current.load is email.load


def test_every_type_that_an_abstract_one_may_be_is_known_by_its_classes():
    for type_ in filter(is_abstract_type, SCHEMA.type_map.values()):
        for possible in SCHEMA.get_possible_types(type_):
            assert FIELDS.classes_by_type[possible.name]


def test_every_kind_of_activity_has_a_type():
    for record in (*ACTIVITIES.record_by_tag.values(), ACTIVITIES.fallback_record):
        assert FIELDS.type_by_class[record] == record.__name__


GUARDED = [
    ("Staff", "lastName"),  # a plain field
    ("Staff", "loudInitials"),
    ("Staff", "deniedEmail"),
    ("Client", "deniedProfile"),
    ("Query", "deniedActivities"),
    ("AppointmentActivity", "guardedKind"),
    ("AppointmentActivity", "clientLabel"),
    ("Snapshot", "who"),  # a method
]


@pytest.mark.parametrize(("type_name", "field"), GUARDED)
def test_what_strawberry_does_more_for_is_left_to_it(type_name, field):
    assert CLINIC.compilable_source(type_name, field) is None


@pytest.mark.parametrize(
    ("type_name", "field"),
    [
        ("Staff", "initials"),
        ("Query", "client"),
        ("Query", "found"),  # whose argument is an input object
        ("AppointmentActivity", "client"),
    ],
)
def test_a_field_beside_is_read_by_compiled_queries(type_name, field):
    assert CLINIC.compilable_source(type_name, field) is not None


def called_with(**arguments: Any) -> Any:
    """What the resolver of `wordsOf` makes of arguments as graphql-core coerces them."""
    source = CLINIC.compilable_source("Query", "wordsOf")
    assert isinstance(source, ResolverField)
    return source.resolve(None, ResolveInfo(None, Path(None, "wordsOf", "Query"), []), **arguments)


WHOLE = {"clientId": "7", "manner": clinic.Manner.POLITE, "parts": [{"text": "a", "times": 2}]}
COERCED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "UNSET None"),
    "null": ({"search": None, "others": None}, "None None"),
    "an object": ({"search": WHOLE}, "Dear 7: ['aa'] UNSET UNSET"),
    "an object inside": (
        {"search": {**WHOLE, "parts": [], "ending": {"text": "!", "times": 1}, "from": "x"}},
        "Dear 7: [] ! 'x'",
    ),
    "nulls inside": (
        {"search": {**WHOLE, "ending": None, "from": None}},
        "Dear 7: ['aa'] None None",
    ),
    "a list of objects": (
        {"search": WHOLE, "others": [{"text": "b", "times": 1}]},
        "Dear 7: ['aa', 'b'] UNSET UNSET",
    ),
    "an empty list": ({"search": WHOLE, "others": []}, "Dear 7: ['aa'] UNSET UNSET"),
}


@pytest.mark.parametrize(("arguments", "words"), COERCED.values(), ids=COERCED)
def test_a_resolver_gets_input_objects_as_the_classes_that_declare_them(arguments, words):
    kept = copy.deepcopy(arguments)
    assert called_with(**arguments).value.text == words
    assert arguments == kept, "the coerced values are shared by all that use a variable"


def test_a_resolver_gets_lists_of_its_own():
    def append_x(words: list[str]) -> str:
        words.append("x")
        return str(words)

    @strawberry.type
    class Changing:
        words: str = strawberry.field(resolver=append_x, metadata=resolver_metadata(append_x))

    source = bind_fields(strawberry.Schema(Changing)._schema).compilable_source("Changing", "words")
    assert isinstance(source, ResolverField)
    words = ["a"]
    for _ in range(2):
        assert source.resolve(None, ResolveInfo(None, Path(None, "x", "X"), []), words=words) == (
            "['a', 'x']"
        )


class Uppercase(StrawberryField):
    def get_result(self, *args: Any, **kwargs: Any) -> Any:
        return str(super().get_result(*args, **kwargs)).upper()


def test_a_kind_of_field_of_its_own_is_left_to_strawberry():
    @strawberry.type
    class Shouting:
        name: str = Uppercase()  # type: ignore[assignment]

    found = bind_fields(strawberry.Schema(Shouting)._schema)
    assert found.compilable_source("Shouting", "name") is None


def test_what_could_not_be_read_is_named():
    assert FIELDS.unreadable is activities.Unreadable
