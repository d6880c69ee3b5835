from collections.abc import Awaitable
from inspect import isawaitable
from types import SimpleNamespace
from typing import Any

import pytest
from graphql.pyutils import Path
from strawberry.permission import BasePermission

from gateway.engine.resolvers import (
    AttributeField,
    ComputedField,
    IdsField,
    LoadedField,
    NeedsFallback,
    Node,
    ResolveInfo,
    ResolverField,
)
from gateway.errors import InvalidUpstreamResponse
from gateway.schema.client import timeline_client
from gateway.schema.context import Context
from gateway.schema.resolvers import (
    FIELD_SOURCE_KEY,
    PartialValue,
    SchemaObject,
    computed_field,
    current_field,
    entity_field,
    ids_field,
    is_readable,
    is_type_of_records,
    load_function,
    loaded_field,
    plain_text_field,
    resolve_attribute,
    resolver_metadata,
    text_attribute,
)
from gateway.upstream.endpoints import APPOINTMENT, COMPANY, NOTE, STAFF
from gateway.upstream.records.activities import (
    UNREADABLE,
    AppointmentActivity,
    AppointmentSnapshot,
    FormSnapshot,
    NoteSnapshot,
    ServiceSnapshot,
    StaffSnapshot,
)
from gateway.upstream.records.resources import (
    Appointment,
    Client,
    ClientReference,
    CompanyReference,
    Picture,
    ServiceReference,
    Staff,
    StaffReference,
)

BROKEN = "UPSTREAM_CONTRACT_BROKEN"


def test_a_field_is_the_attribute_of_its_name():
    assert resolve_attribute(ServiceSnapshot(service_id="11", name="Haircut"), "name") == "Haircut"


def test_what_was_not_sent_is_null():
    assert resolve_attribute(ServiceSnapshot(service_id="11"), "name") is None


UNREADABLE_NAME: dict[str, Any] = {"name": UNREADABLE}


@pytest.mark.parametrize("reader", [resolve_attribute, text_attribute])
def test_what_is_unreadable_breaks_the_contract(reader):
    with pytest.raises(InvalidUpstreamResponse):
        reader(ServiceSnapshot(service_id="11", **UNREADABLE_NAME), "name")


@pytest.mark.parametrize(("sent", "shown"), [("x", "x"), (5, "5"), (1.5, "1.5"), (None, None)])
def test_a_text_may_be_sent_as_a_number(sent, shown):
    assert text_attribute(ServiceSnapshot(service_id="11", name=sent), "name") == shown


@pytest.mark.parametrize(
    ("value", "expected"), [(UNREADABLE, False), (None, True), ("", True), (0, True), ([], True)]
)
def test_only_the_stand_in_is_unreadable(value, expected):
    assert is_readable(value) is expected


def test_a_type_knows_the_records_of_its_class():
    is_service = is_type_of_records(ServiceSnapshot)
    assert is_service(Node(ServiceSnapshot(service_id="1")), None)
    assert not is_service(Node(FormSnapshot(form_id="1")), None)
    assert not is_service(ServiceSnapshot(service_id="1"), None)


def test_a_type_names_the_classes_of_its_records():
    knows: Any = is_type_of_records(ServiceSnapshot, FormSnapshot)
    assert knows.record_types == (ServiceSnapshot, FormSnapshot)


CLIENT = Node(ClientReference(id=7))
NINE = {"company_id": "9"}
"""The ids of an object that was reached by company 9."""


def appointment(link: object = None) -> Any:
    """An appointment in client 7's timeline."""
    told: dict[str, Any] = {"appointment_id": "31", "self_link": link}
    return CLIENT.child(AppointmentActivity(id="1", kind_raw="appointment")).child(
        AppointmentSnapshot(**told, service=ServiceSnapshot(service_id="11"))
    )


def service_of(node: Node[Any]) -> Any:
    return resolve_attribute(node, "service")


def test_an_object_inside_another_has_the_ids_that_led_to_it():
    assert service_of(appointment()) == Node(ServiceSnapshot(service_id="11"), {"client_id": "7"})
    assert service_of(appointment(LINK)) == Node(
        ServiceSnapshot(service_id="11"), {"client_id": "7", "company_id": "3"}
    )


def test_each_object_of_a_list_does_too():
    known = Client(id="7", companies=[CompanyReference(id="3"), CompanyReference(id="4")])
    companies = resolve_attribute(Node(known, {"client_id": "7"}), "companies")
    assert [(each.value.id, each.ids) for each in companies] == [
        ("3", {"client_id": "7"}),
        ("4", {"client_id": "7"}),
    ]


def test_a_list_with_something_unreadable_in_it_is_unreadable():
    companies: list[Any] = [CompanyReference(id="3"), UNREADABLE]
    with pytest.raises(InvalidUpstreamResponse):
        resolve_attribute(Node(Client(id="7", companies=companies)), "companies")


class Pair(SchemaObject, frozen=True):
    one: object
    other: object


def test_an_object_of_the_schema_leads_to_what_is_in_it():
    pair = Node(Pair(Pair(1, ServiceSnapshot(service_id="11")), "text"), NINE)
    inner = resolve_attribute(pair, "one")
    assert inner == Node(pair.value.one, NINE)
    assert resolve_attribute(inner, "other") == Node(ServiceSnapshot(service_id="11"), NINE)
    assert (resolve_attribute(inner, "one"), resolve_attribute(pair, "other")) == (1, "text")


LINK = "https://api.example.com/api/2.1/scheduling/companies/3/appointments/31"


def test_an_id_is_an_attribute_of_the_object_or_else_one_that_led_to_it():
    ids = {name: appointment(LINK).id(name) for name in ("appointment_id", "client_id")}
    assert ids == {"appointment_id": "31", "client_id": "7"}
    service = service_of(appointment(LINK))
    assert {name: service.id(name) for name in ("service_id", "client_id", "company_id")} == {
        "service_id": "11",
        "client_id": "7",
        "company_id": "3",
    }
    assert (service.id("form_id"), service.id("appointment_id")) == (None, None)


@pytest.mark.parametrize("sent", [11, "11"], ids=repr)
def test_an_id_is_a_text(sent):
    assert Node(ServiceSnapshot(service_id=sent)).id("service_id") == "11"


def test_an_id_may_be_unreadable():
    unreadable: Any = UNREADABLE
    assert Node(ServiceSnapshot(service_id=unreadable)).id("service_id") is UNREADABLE


@pytest.mark.parametrize(("link", "company"), [(LINK, "3"), (None, None), (UNREADABLE, None)])
def test_a_company_is_told_by_the_appointments_link(link, company):
    assert service_of(appointment(link)).id("company_id") == company


@pytest.mark.parametrize(
    ("company", "found"),
    [(CompanyReference(id=4), "4"), (None, "3"), (UNREADABLE, "3")],
    ids=["told", "not told", "unreadable"],
)
def test_a_company_is_told_by_the_appointment_of_today_before_the_link(company, found):
    told: dict[str, Any] = {"company": company}
    today = appointment(LINK).child(Appointment(id="31", **told))
    assert today.child(ServiceReference(id="11")).id("company_id") == found


@pytest.mark.parametrize(
    ("client", "found"),
    [(ClientReference(id="8"), "8"), (None, "7"), (UNREADABLE, "7")],
    ids=["told", "not told", "unreadable"],
)
def test_a_client_is_told_by_the_appointment_of_today_before_the_timeline(client, found):
    told: dict[str, Any] = {"client": client}
    today = appointment().child(Appointment(id="31", **told))
    assert today.child(ServiceReference(id="11")).id("client_id") == found


def test_what_nothing_tells_is_none():
    alone = Node(Appointment(id="31"))
    assert (alone.id("company_id"), alone.id("client_id")) == (None, None)


# What a field declares is what its resolver does


class Loads:
    """What tests load; notes of which endpoint, and for which ids."""

    def __init__(self, found: object) -> None:
        self.found = found
        self.asked: list[tuple[Any, ...]] = []

    def load(self, endpoint: Any, *ids: str | None) -> Awaitable[Any]:
        """As the session does, it notes what is asked for before anybody waits."""
        self.asked.append((endpoint, *ids))
        return self._find()

    async def _find(self) -> Any:
        return self.found


def context_of(found: object = None) -> Context:
    given: dict[str, Any] = {"session": Loads(found), "settings": None}
    return Context(**given)


def shown_by(field: Any, root: Node[Any], context: Context) -> Any:
    """What graphql-core is given for a field."""
    info = ResolveInfo(context, Path(None, "field", "Type"), [])
    return field.base_resolver.wrapped_func(root, info)


def reading(field: Any) -> Any:
    return field.metadata[FIELD_SOURCE_KEY]


def as_company(record: Any, context: Context) -> CompanyReference:
    return CompanyReference(id=record.service_id, name=record.name)


def test_a_computed_field_is_its_function_of_the_record():
    sources = ("service_id", "name")
    field = computed_field(as_company, str | None, depends_on=sources, description="x")
    root = Node(ServiceSnapshot(service_id="11", name="Cut"), NINE)
    assert shown_by(field, root, context_of()) == Node(CompanyReference(id="11", name="Cut"), NINE)
    assert reading(field) == ComputedField(as_company, sources)


def test_what_a_computed_field_leaves_out_is_reported_and_the_rest_stands():
    error = InvalidUpstreamResponse("Some are left out.")

    def some(record: Any, context: Context) -> list[Any]:
        raise PartialValue([record, 1], error)

    root, context = Node(ServiceSnapshot(service_id="11"), NINE), context_of()
    field = computed_field(some, list[str], depends_on=("service_id",), description="x")
    assert shown_by(field, root, context) == [Node(root.value, NINE), 1]
    [reported] = context.reported_errors
    assert (reported.original_error, reported.path) == (error, ["field"])


@pytest.mark.parametrize(("body", "plain"), [("<p>a</p>b", "a\nb"), (7, "7"), (None, None)])
async def test_the_plain_text_of_a_field_is_computed_of_that_field_alone(body, plain):
    field = plain_text_field("body", description="x")
    assert shown_by(field, Node(NoteSnapshot(note_id="1", body=body)), context_of()) == plain
    assert reading(field).depends_on == ("body",)
    assert reading(field).function(SimpleNamespace(body=body), context_of()) == plain


class Allowed(BasePermission):
    def has_permission(self, source: Any, info: Any, **given: Any) -> bool:
        return True


@pytest.mark.sample(1)
@pytest.mark.parametrize("guards", [{}, {"permission_classes": [Allowed]}], ids=str)
async def test_much_plain_text_is_left_to_who_can_pause(guards):
    body = "<p>a &amp; b</p>" * 40_000
    text = "\n".join(["a & b"] * 40_000)
    short = body[: 16 * 3_000]  # of which one pass of the loop takes no second one
    context = context_of()
    field = plain_text_field("body", description="x", **guards)
    with pytest.raises(NeedsFallback):
        reading(field).function(SimpleNamespace(body=body), context)
    assert reading(field).function(SimpleNamespace(body=short), context)
    for sent in (body, short):
        shown = shown_by(field, Node(NoteSnapshot(note_id="1", body=sent)), context)
        assert text.startswith(await shown if isawaitable(shown) else shown)


IDS = {"company_id": "3", "client_id": "7"}
REFERENCE = Node(StaffReference(id=21, first_name="Mina"), IDS)
FOUND = Staff(id="21", first_name="Wilhelmina", picture=Picture(url="https://x"))
OF: dict[str, tuple[Any, object]] = {
    "an attribute": ("first_name", "Wilhelmina"),
    "a property": ("picture_url", "https://x"),
    "an object": ("picture", Node(Picture(url="https://x"), IDS)),
}


@pytest.mark.parametrize(("of", "expected"), OF.values(), ids=OF)
async def test_a_field_that_is_looked_up_is_read_of_what_is_loaded(of, expected):
    field, context = loaded_field(STAFF, of, str | None, description="x"), context_of(FOUND)
    assert await shown_by(field, REFERENCE, context) == expected
    assert loads(context) == [(STAFF, "3", "21")]


@pytest.mark.parametrize(("of", "expected"), OF.values(), ids=OF)
def test_a_field_of_an_entity_that_was_loaded_is_read_of_it_at_once(of, expected):
    field, context = loaded_field(STAFF, of, str | None, description="x"), context_of()
    assert shown_by(field, Node(FOUND, IDS), context) == expected
    assert loads(context) == []


async def test_an_entity_is_all_that_is_loaded():
    field = current_field(STAFF, str | None, description="x")
    root = Node(StaffSnapshot(staff_id="21"), IDS)
    assert await shown_by(field, root, context_of(FOUND)) == Node(FOUND, IDS)


async def test_the_client_of_an_appointment_that_is_loaded_leads_on():
    """By the rule of a node: the ids that the class of an object names replace those that led to it."""
    today = Appointment(id="31", client=ClientReference(id="8"), company=CompanyReference(id="4"))
    field = current_field(APPOINTMENT, str | None, description="x")
    found = await shown_by(field, appointment(LINK), context_of(today))
    assert found == Node(today, {"client_id": "7", "company_id": "3"})
    assert found.inner_ids == {"client_id": "8", "company_id": "4"}


CLIENT_IDS = ("client_id", "client_argument")


def test_a_field_of_the_ids_that_led_to_an_object_is_made_of_them():
    field = ids_field(timeline_client, CLIENT_IDS, str, description="x")
    root = CLIENT.child(AppointmentActivity(id="1", kind_raw="appointment"))
    client = ClientReference(id="7")
    assert field.base_resolver.wrapped_func(root) == Node(client, {"client_id": "7"})
    assert reading(field) == IdsField(timeline_client, CLIENT_IDS)


SNAPSHOT = AppointmentSnapshot(appointment_id=31, self_link=LINK)
LOADING: dict[str, tuple[Any, Node[Any], tuple[object, ...]]] = {
    "an attribute": (
        loaded_field(STAFF, "first_name", str | None, description="x"),
        REFERENCE,
        (STAFF, "3", "21"),
    ),
    "a field of what has no id but its own": (
        loaded_field(COMPANY, "phone", str | None, description="x"),
        Node(CompanyReference(id=4), IDS),
        (COMPANY, "4"),
    ),
    "an entity": (
        current_field(STAFF, str | None, description="x"),
        Node(StaffSnapshot(staff_id=21), IDS),
        (STAFF, "3", "21"),
    ),
    "an entity of which no id is known": (
        current_field(STAFF, str | None, description="x"),
        Node(StaffSnapshot(first_name="Mina")),
        (STAFF, None, None),
    ),
    "an entity with a hint": (
        current_field(APPOINTMENT, str | None, description="x"),
        Node(SNAPSHOT, IDS),
        (APPOINTMENT, "3", "31", "7"),
    ),
    "an entity with a load of its own": (
        entity_field(load_function(NOTE), ("note_id",), str | None, description="x"),
        Node(NoteSnapshot(note_id="41")),
        (NOTE, "41"),
    ),
}


def loads(context: Any) -> list[tuple[Any, ...]]:
    return context.session.asked  # type: ignore[no-any-return]


@pytest.mark.parametrize(("field", "root", "asked"), LOADING.values(), ids=LOADING)
async def test_what_is_loaded_and_is_no_more_is_null(field, root, asked):
    assert await shown_by(field, root, context_of()) is None


@pytest.mark.parametrize(("field", "root", "asked"), LOADING.values(), ids=LOADING)
async def test_a_load_is_of_the_nearest_ids_and_begins_before_anybody_waits(field, root, asked):
    context = context_of()
    waiting = shown_by(field, root, context)
    assert loads(context) == [asked]
    await waiting


def test_an_unreadable_id_breaks_the_contract_and_nothing_is_loaded():
    unreadable: Any = UNREADABLE
    field, context = current_field(STAFF, str | None, description="x"), context_of()
    with pytest.raises(InvalidUpstreamResponse):
        shown_by(field, Node(StaffSnapshot(staff_id=unreadable), IDS), context)
    assert loads(context) == []


async def test_what_is_loaded_and_cannot_be_read_breaks_the_contract():
    spoilt: dict[str, Any] = {"first_name": UNREADABLE}
    field = loaded_field(STAFF, "first_name", str | None, description="x")
    with pytest.raises(InvalidUpstreamResponse):
        await shown_by(field, REFERENCE, context_of(Staff(id="21", **spoilt)))


def test_fields_of_one_load_declare_the_same_load():
    attribute, other = (
        reading(loaded_field(STAFF, name, str | None, description="x"))
        for name in ("first_name", "picture")
    )
    whole = reading(current_field(STAFF, str | None, description="x"))
    assert attribute == LoadedField(
        load_function(STAFF), ("company_id", "id"), AttributeField("first_name"), Staff
    )
    assert other == LoadedField(attribute.load, attribute.ids, AttributeField("picture"), Staff)
    assert whole == LoadedField(attribute.load, ("company_id", "staff_id"), None, Staff)


def test_a_resolver_is_declared_as_it_is():
    def resolver(first: int) -> object:
        return first

    assert resolver_metadata(resolver) == {FIELD_SOURCE_KEY: ResolverField(resolver, items=None)}


# Over HTTP


STAFF_LIST = "/api/2.1/scheduling/companies/3/staff"
SERVICES = "/api/2.1/scheduling/companies/3/services"
TODAY = "/api/2.1/scheduling/companies/3/appointments/31"


def item(id_: str, **fields: object) -> dict[str, object]:
    told = {"id": "31", "selfLink": LINK, "staff": {"id": "21", "firstName": "Mina"}, **fields}
    return {"id": id_, "type": "appointment", "appointment": told}


def selected(fields: str) -> str:
    inner = f"... on AppointmentActivity {{ appointment {{ {fields} }} }}"
    return f"{{ activities(clientId: 7) {{ totalCount nodes {{ id {inner} }} }} }}"


FAILURES: dict[str, tuple[object, str]] = {
    "400": (400, "BAD_USER_INPUT"),
    "401": (401, "UNAUTHENTICATED"),
    "403": (403, "FORBIDDEN"),
    "404": (404, "NOT_FOUND"),
    "429": (429, "UPSTREAM_BUSY"),
    "500": (500, "UPSTREAM_UNAVAILABLE"),
    "504": (504, "UPSTREAM_TIMEOUT"),
    "302": (302, BROKEN),
    "no JSON": (b"<p>", BROKEN),
    "an error in a success": ({"error": {"code": 403}}, "FORBIDDEN"),
    "too much": (b" " * 5000, "UPSTREAM_RESPONSE_TOO_LARGE"),
}


@pytest.mark.parametrize(("answer", "code"), FAILURES.values(), ids=FAILURES)
async def test_a_fetch_that_fails_nulls_its_fields_in_every_place(
    gateway_with, codes, answer, code
):
    gateway = gateway_with({STAFF_LIST: answer}, item("1"), item("2"), max_upstream_bytes=4000)
    fields = "appointmentId staff { firstName current { phone } again: current { title } }"
    result = await gateway.ask(selected(fields))
    person = {"firstName": "Mina", "current": None, "again": None}
    nodes = [{"id": id_, "appointment": {"appointmentId": "31", "staff": person}} for id_ in "12"]
    assert result["data"]["activities"] == {"totalCount": 2, "nodes": nodes}
    assert codes(result, below=2) == {
        f"{n}.appointment.staff.{field}": code for n in (0, 1) for field in ("current", "again")
    }
    assert gateway.asked[STAFF_LIST] == 1


@pytest.mark.parametrize(("answer", "code"), FAILURES.values(), ids=FAILURES)
async def test_an_entity_that_fails_is_null_in_every_place(gateway_with, codes, answer, code):
    gateway = gateway_with({TODAY: answer}, item("1"), item("2"), max_upstream_bytes=4000)
    result = await gateway.ask(selected("current { id notes } staff { firstName }"))
    fields = {"current": None, "staff": {"firstName": "Mina"}}
    nodes = [{"id": id_, "appointment": fields} for id_ in "12"]
    assert result["data"]["activities"]["nodes"] == nodes
    gone = code == "NOT_FOUND"  # one thing that is no more is no failure
    expected = {} if gone else {f"{n}.appointment.current": code for n in (0, 1)}
    assert codes(result, below=2) == expected
    assert gateway.asked[TODAY] == 1


async def test_a_fetch_that_fails_leaves_the_others_alone(gateway_with, codes):
    services = {"items": [{"id": "11", "duration": 45}]}
    gateway = gateway_with({STAFF_LIST: 500, SERVICES: services}, item("1", service={"id": "11"}))
    fields = "staff { current { emailAddress } } service { current { durationMinutes } }"
    result = await gateway.ask(selected(fields))
    (node,) = result["data"]["activities"]["nodes"]
    service = {"current": {"durationMinutes": 45}}
    assert node["appointment"] == {"staff": {"current": None}, "service": service}
    assert codes(result, below=2) == {"0.appointment.staff.current": "UPSTREAM_UNAVAILABLE"}


OF_TODAY = "staff { firstName emailAddress phone }"


@pytest.mark.parametrize(("answer", "code"), FAILURES.values(), ids=FAILURES)
async def test_a_fetch_that_fails_nulls_the_fields_of_what_an_entity_refers_to(
    gateway_with, codes, answer, code
):
    today = {"id": "31", "staff": {"id": "21", "firstName": "Mina"}}
    gateway = gateway_with({STAFF_LIST: answer, TODAY: today}, max_upstream_bytes=4000)
    result = await gateway.ask(f"{{ appointment(id: 31, companyId: 3) {{ {OF_TODAY} }} }}")
    person = {"firstName": "Mina", "emailAddress": None, "phone": None}
    assert result["data"] == {"appointment": {"staff": person}}
    places = [f"appointment.staff.{field}" for field in ("emailAddress", "phone")]
    assert codes(result) == dict.fromkeys(places, code)
    assert gateway.asked == {TODAY: 1, STAFF_LIST: 1}


@pytest.mark.parametrize(("calls", "kept"), [(1, 0), (2, 1), (3, 2), (4, 3)])
async def test_what_the_budget_does_not_allow_is_null_and_the_rest_stands(
    gateway_with, codes, calls, kept
):
    """One call is the timeline's, and each appointment is one more."""
    ids = ["31", "32", "33"]
    known = {f"{TODAY[:-2]}{id_}": {"id": id_, "notes": f"of {id_}"} for id_ in ids}
    items = [item(id_, id=id_) for id_ in ids]
    gateway = gateway_with(known, *items, max_upstream_reads=calls)
    result = await gateway.ask(selected("appointmentId current { notes }"))
    nodes = result["data"]["activities"]["nodes"]
    notes = [each["appointment"]["current"] for each in nodes]
    assert notes == [{"notes": f"of {id_}"} for id_ in ids[:kept]] + [None] * (3 - kept)
    assert [each["appointment"]["appointmentId"] for each in nodes] == ids
    assert codes(result, below=2) == {
        f"{n}.appointment.current": "UPSTREAM_BUDGET_EXCEEDED" for n in range(kept, 3)
    }
    assert gateway.asked.total() == calls


async def test_the_budget_counts_calls_and_not_places(gateway_with, codes):
    people = {"items": [{"id": "21", "email": "mina@example.com"}]}
    items = [item(str(n)) for n in range(30)]
    gateway = gateway_with({STAFF_LIST: people}, *items, max_upstream_reads=2)
    result = await gateway.ask(selected("staff { current { emailAddress phone title } }"))
    assert codes(result) == {}
    assert gateway.asked.total() == 2


async def test_a_timeline_beyond_the_budget_is_null_and_the_others_stand(gateway_with, codes):
    gateway = gateway_with({}, {"id": "1", "type": "note"}, max_upstream_reads=2)
    result = await gateway.ask("{ clients(ids: [1, 2, 3]) { id activities { totalCount } } }")
    found = [each["activities"] for each in result["data"]["clients"]]
    assert found == [{"totalCount": 1}, {"totalCount": 1}, None]
    assert codes(result) == {"clients.2.activities": "UPSTREAM_BUDGET_EXCEEDED"}


@pytest.mark.parametrize("id_", ["../staff", "3/4", "..", "a?b", "x" * 65, "é"])
async def test_an_id_that_leads_elsewhere_is_never_asked_for(gateway_with, codes, id_):
    gateway = gateway_with({}, item("1", id=id_))
    result = await gateway.ask(selected("appointmentId current { id }"))
    (node,) = result["data"]["activities"]["nodes"]
    assert node["appointment"] == {"appointmentId": id_, "current": None}
    assert codes(result, below=2).keys() == {"0.appointment.current"}
    assert gateway.asked == {"/api/2.3/activities": 1}
