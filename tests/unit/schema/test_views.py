"""Objects as the methods of their types see them."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from graphql.pyutils import is_awaitable
from msgspec import field

from gateway.engine.resolvers import Node
from gateway.errors import InvalidUpstreamResponse
from gateway.observability.event_loop import CooperativeSteps
from gateway.schema.resolvers import (
    LongComputation,
    PartialValue,
    as_node,
    computed_field,
    ids_field,
    is_type_of_records,
    loaded_field,
)
from gateway.schema.scalars import LocalDateTime, ZonedDateTime as Zoned
from gateway.schema.views import ValueType, View, to_view
from gateway.upstream.endpoints import STAFF
from gateway.upstream.records import resources
from gateway.upstream.records.activities import (
    UNREADABLE,
    AppointmentSnapshot,
    NoteActivity,
    Record,
    StaffSnapshot,
    ZonedDateTime,
)
from gateway.upstream.records.field_types import BoundedList, Count, Text

LINK = "https://api.example.com/api/2.1/scheduling/companies/3/appointments/31"


class Answer(Record, frozen=True, kw_only=True):
    """Its attributes have the names of a `Reached`."""

    value: str = "a value"
    through: str = "a through"
    to: str = "a to"
    nearest: str = "a nearest"


def _half(*_: Any) -> Any:
    raise PartialValue([1], InvalidUpstreamResponse("The other half."))


def _long(staff: StaffSnapshot) -> CooperativeSteps[str]:
    yield
    return f"{staff.first_name} is {staff.staff_id}"


def _slowly(staff: StaffSnapshot, _context: Any) -> str:
    raise LongComputation(_long(staff))


@strawberry.type
class Person:
    is_type_of = is_type_of_records(StaffSnapshot)
    first_name: str
    age = 7

    initial: str = computed_field(
        lambda staff, _: staff.first_name[0], str, depends_on=("first_name",), description="x"
    )
    story: str = computed_field(
        _slowly, str, depends_on=("first_name",), description="x", may_be_long=True
    )
    half: list[int] = computed_field(_half, list[int], depends_on=(), description="x")
    email_address: str = loaded_field(STAFF, "email_address", str, description="x")
    nickname: str = strawberry.field(default="none")

    @strawberry.field
    def full_name(self) -> str:
        return f"{self.first_name}!"

    @property
    def shout(self) -> str:
        return self.first_name.upper()

    @staticmethod
    def fixed() -> str:
        return "fixed"

    @classmethod
    def of_class(cls) -> str:
        return cls.__name__


@strawberry.type
class Snapshot:
    staff: Person | None
    previous_staff: list[Person | None] | None


PERSON: Any = Person.__strawberry_definition__  # type: ignore[attr-defined]
SNAPSHOT: Any = Snapshot.__strawberry_definition__  # type: ignore[attr-defined]
MINA = StaffSnapshot(staff_id="21", first_name="Mina")
IDS = {"company_id": "3", "client_id": "7"}
"""The ids of what led to the record of a view."""


CONTEXT: Any = SimpleNamespace(settings=SimpleNamespace(default_time_zone="Europe/Berlin"))


def view(record: Any, type_: Any = None) -> Any:
    return View(Node(record, IDS), type_, CONTEXT)


def snapshot(**given: Any) -> Any:
    return view(AppointmentSnapshot(**{"appointment_id": "31", **given}), SNAPSHOT)


def test_a_view_has_the_attributes_of_its_record():
    seen_ = snapshot(notes="Soon.", self_link=LINK)
    assert (seen_.appointment_id, seen_.notes, seen_.status) == ("31", "Soon.", None)
    assert seen_.company_id == "3"


@pytest.mark.parametrize("name", Answer.__struct_fields__)
def test_no_attribute_of_a_record_is_hidden(name):
    assert getattr(view(Answer()), name) == f"a {name}"


def test_an_object_in_it_is_a_view_too():
    start = ZonedDateTime(date_time="2026-03-01T09:00:00")
    seen_ = snapshot(staff=MINA, start=start)
    assert seen_.staff.first_name == "Mina"
    assert seen_.start.local.hour == 9
    assert seen_.previous_staff is None
    assert as_node(seen_.staff) == as_node(seen_).child(MINA) == Node(MINA, IDS)


def test_a_list_is_a_list_of_views():
    [first, second] = snapshot(previous_staff=[MINA, None]).previous_staff
    assert (first.full_name(), second) == ("Mina!", None)


def test_what_cannot_be_read_raises_as_a_field_does():
    with pytest.raises(InvalidUpstreamResponse):
        _ = snapshot(notes=UNREADABLE).notes


CLASS: Mapping[str, object] = {"shout": "MINA", "age": 7}


@pytest.mark.parametrize(("name", "expected"), CLASS.items())
def test_a_view_has_what_the_class_of_its_type_has(name, expected):
    assert getattr(view(MINA, PERSON), name) == expected
    assert getattr(snapshot(staff=MINA).staff, name) == expected


@pytest.mark.parametrize(
    ("name", "expected"), {"full_name": "Mina!", "fixed": "fixed", "of_class": "Person"}.items()
)
def test_methods_of_the_class_are_called_with_the_view(name, expected):
    assert getattr(view(MINA, PERSON), name)() == expected


@pytest.mark.parametrize("name", ["email_address", "nickname", "unknown", "__await__", "__len__"])
def test_what_a_record_does_not_have_a_view_does_not(name):
    """A field that has to be loaded is no attribute, nor is a default of one."""
    for each in (view(MINA, PERSON), view(MINA)):
        with pytest.raises(AttributeError):
            getattr(each, name)


def test_a_missing_attribute_is_told_without_anybodys_data():
    with pytest.raises(
        AttributeError, match=r"^<a view of StaffSnapshot> has no attribute 'nickname'\.$"
    ):
        _ = view(MINA, PERSON).nickname


class Sent(Record, frozen=True, kw_only=True):
    """What the upstream sends."""

    id: Text = 21
    text: Text = 5
    texts: BoundedList[Text] = field(default_factory=lambda: [5, "a", 1.5])
    count: Count = 5
    price: float = 2.5
    paid: bool = True
    local: Text = 7
    number: Text = 8

    @property
    def derived(self) -> Text | None:
        return 6

    @property
    def undeclared(self):
        return 6


@strawberry.type
class Shown:
    id: strawberry.ID
    texts: list[str | None] | None
    local: LocalDateTime
    count: str
    paid: str
    number: int

    @strawberry.field
    def price(self) -> str:
        return f"{self.price:.1f}"


BY_FIELDS = {
    "id": "21",
    "texts": ["5", "a", "1.5"],
    "local": "7",
    "count": "5",
    "paid": "true",
    "number": 8,
    "price": 2.5,
}
BY_THE_RECORD = {
    "id": "21",
    "text": "5",
    "texts": ["5", "a", "1.5"],
    "count": 5,
    "price": 2.5,
    "paid": True,
    "derived": "6",
    "undeclared": 6,
}


@pytest.mark.parametrize(("name", "expected"), BY_FIELDS.items())
def test_an_attribute_that_is_a_field_is_what_the_field_shows(name, expected):
    """But for one with a resolver, which may make anything of the attribute."""
    assert getattr(view(Sent(), Shown.__strawberry_definition__), name) == expected  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "expected"), BY_THE_RECORD.items())
def test_an_attribute_that_is_no_field_is_a_text_where_the_record_says_so(name, expected):
    assert getattr(view(Sent()), name) == expected


def test_an_entity_may_have_an_attribute_that_the_field_would_load():
    mina = resources.Staff(id=21, email_address=8)
    assert view(mina, PERSON).email_address == "8"


def test_what_is_computed_is_an_attribute():
    zoned = ZonedDateTime(date_time="2026-03-01T09:00:00")
    seen_ = view(zoned, Zoned.__strawberry_definition__)  # type: ignore[attr-defined]
    assert (seen_.instant.hour, seen_.time_zone) == (8, "Europe/Berlin")
    assert view(MINA, PERSON).initial == "M"
    assert view(zoned).time_zone is None


def test_what_takes_long_to_compute_is_an_attribute_too():
    assert view(MINA, PERSON).story == "Mina is 21"


def test_what_is_computed_in_part_raises():
    with pytest.raises(InvalidUpstreamResponse, match="half"):
        _ = view(MINA, PERSON).half


@strawberry.type
class Customer:
    id: strawberry.ID

    @strawberry.field
    def greeting(self) -> str:
        return f"Hello {self.id}"


def customer(client_id: str) -> resources.ClientReference:
    return resources.ClientReference(id=client_id)


@strawberry.type
class Noted:
    client: Customer = ids_field(customer, ("client_id",), Customer, description="x")
    kind_raw: str


NOTED: Any = Noted.__strawberry_definition__  # type: ignore[attr-defined]
NOTE = NoteActivity(id="1", kind_raw="note")


def test_what_is_made_of_the_ids_that_led_to_an_object_is_an_attribute_of_it():
    client = view(NOTE, NOTED).client
    assert (client.id, client.greeting()) == ("7", "Hello 7")
    assert as_node(client) == Node(resources.ClientReference(id="7"), IDS)
    assert view(NOTE, NOTED).kind_raw == "note"


def test_the_ids_that_lead_on_are_those_of_the_object_that_is_made_of_them():
    """A client replaces the client that led to it, by the same id; and nothing replaces the company."""
    assert as_node(view(NOTE, NOTED).client).inner_ids == IDS


def test_an_id_that_is_sent_as_a_number_is_a_text_there_as_well():
    numbered = View(Node(NOTE, {"client_id": 7}), NOTED, CONTEXT)
    assert numbered.client.id == "7"


def test_without_its_type_an_object_has_only_its_record():
    with pytest.raises(AttributeError):
        _ = view(NOTE).client


def test_a_view_cannot_be_changed():
    with pytest.raises(AttributeError):
        view(MINA).first_name = "Tom"


def test_views_of_equal_records_are_equal():
    one, other = (
        view(MINA),
        View(Node(StaffSnapshot(staff_id="21", first_name="Mina")), PERSON, CONTEXT),
    )
    assert one == other
    assert len({one, other}) == 1
    assert one != view(StaffSnapshot(staff_id="22"))
    assert one != MINA


def test_a_view_is_waited_for_by_nobody():
    assert not is_awaitable(view(MINA))


def test_a_type_knows_its_values_by_their_views():
    is_person = is_type_of_records(StaffSnapshot)
    assert is_person(view(MINA), None)
    assert not is_person(view(Answer()), None)


@pytest.mark.parametrize("value", [None, 5, "text", [1, None], MINA])
def test_what_was_not_reached_is_seen_as_it_is(value):
    assert to_view(value, ValueType(), CONTEXT) == value
