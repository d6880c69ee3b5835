"""Every field of the schema says how it is read, so that none is left to graphql-core unawares."""

from datetime import UTC, datetime
from typing import Any

import pytest
import strawberry
from graphql import GraphQLObjectType, is_abstract_type
from graphql.pyutils import Path
from strawberry.types.field import StrawberryField

from gateway.config.settings import Settings
from gateway.engine.resolvers import Computed, Loaded, Place, Plain, Reached, Resolved
from gateway.schema import compiled, schema, served
from gateway.schema.context import Context
from gateway.schema.engine_binding import fields
from gateway.schema.timeline import ACTIVITIES
from gateway.upstream.records import activities
from gateway.upstream.records.resources import ClientReference
from tests.schema import clinic

SCHEMA = schema()
FIELDS = fields(SCHEMA)
CLINIC = fields(served(compiled(clinic.Query, types=clinic.KINDS)))
NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
TYPES = [
    type_
    for type_ in SCHEMA.type_map.values()
    if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__")
]


@pytest.mark.parametrize("type_", TYPES, ids=str)
def test_every_field_says_how_it_is_read(type_):
    assert [name for name in type_.fields if FIELDS.reading(type_.name, name) is None] == []


def test_what_the_schema_tells_of_itself_is_graphql_cores():
    assert FIELDS.reading("__Schema", "types") is None


@pytest.mark.parametrize(
    ("type_name", "field", "kind"),
    [
        ("User", "firstName", Plain),
        ("ZonedDateTime", "instant", Computed),
        ("NoteSnapshot", "bodyText", Computed),
        ("Staff", "lastName", Plain),
        ("Staff", "email", Loaded),
        ("AppointmentSnapshot", "current", Loaded),
        ("FormResult", "answers", Loaded),
        ("Client", "activities", Resolved),
        ("Query", "clients", Resolved),
        ("ActivityConnection", "totalCount", Plain),
    ],
)
def test_fields_are_read_in_four_ways(type_name, field, kind):
    assert type(FIELDS.reading(type_name, field)) is kind


@pytest.mark.parametrize(
    ("type_name", "root", "given"),
    [("Client", Reached(ClientReference(id="7")), {}), ("Query", None, {"clientId": "7"})],
)
def test_a_resolver_takes_arguments_by_the_names_that_callers_know(type_name, root, given):
    """The words `kinds: []` match nothing, so that nothing is asked of the upstream."""
    reading = FIELDS.reading(type_name, "activities")
    assert isinstance(reading, Resolved)
    told: dict[str, Any] = {"upstream_url": "http://upstream"}
    made: dict[str, Any] = {"session": None, "settings": Settings(**told)}
    place = Place(Context(**made), Path(None, "activities", type_name), [])
    page = reading.resolve(root, place, **given, kinds=[], appointmentId="31", **{"from": NEW_YEAR})
    selection = page.value.selection
    assert (selection.client_id, selection.appointment_id) == ("7", "31")
    assert selection.since == NEW_YEAR


def test_an_attribute_is_named_as_in_python():
    assert FIELDS.reading("User", "emailAddress") == Plain("email_address")


def test_fields_of_one_entity_are_one_load():
    email, phone = (FIELDS.reading("Staff", name) for name in ("email", "phone"))
    assert isinstance(email, Loaded)
    assert isinstance(phone, Loaded)
    assert (email.load, email.ids) == (phone.load, phone.ids)


def test_every_type_that_an_abstract_one_may_be_is_known_by_its_classes():
    for type_ in filter(is_abstract_type, SCHEMA.type_map.values()):
        for possible in SCHEMA.get_possible_types(type_):
            assert FIELDS.classes[possible.name]


def test_every_kind_of_activity_has_a_type():
    for record in (*ACTIVITIES.records.values(), ACTIVITIES.others):
        assert FIELDS.types[record] == record.__name__


GUARDED = [
    ("Staff", "lastName"),  # a plain field
    ("Staff", "loudInitials"),
    ("Staff", "deniedEmail"),
    ("Client", "deniedProfile"),
    ("Query", "deniedActivities"),
    ("Query", "found"),  # whose argument Strawberry makes an object of
    ("Snapshot", "who"),  # a method
]


@pytest.mark.parametrize(("type_name", "field"), GUARDED)
def test_what_strawberry_does_more_for_is_left_to_it(type_name, field):
    assert CLINIC.reading(type_name, field) is None


@pytest.mark.parametrize(("type_name", "field"), [("Staff", "initials"), ("Query", "client")])
def test_a_field_beside_is_read_by_plans(type_name, field):
    assert CLINIC.reading(type_name, field) is not None


class Uppercase(StrawberryField):
    def get_result(self, *args: Any, **kwargs: Any) -> Any:
        return str(super().get_result(*args, **kwargs)).upper()


def test_a_kind_of_field_of_its_own_is_left_to_strawberry():
    @strawberry.type
    class Shouting:
        name: str = Uppercase()  # type: ignore[assignment]

    found = fields(strawberry.Schema(Shouting)._schema)
    assert found.reading("Shouting", "name") is None


def test_what_could_not_be_read_is_named():
    assert FIELDS.unreadable is activities.Unreadable
