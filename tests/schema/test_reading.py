from typing import Any

import pytest

from gateway.errors import ContractBroken
from gateway.schema.reading import Reached, read, readable, recorded_as, text
from gateway.upstream.entities import Appointment, Client, ClientReference, CompanyReference
from gateway.upstream.records import (
    UNREADABLE,
    AppointmentActivity,
    AppointmentSnapshot,
    Form,
    Service,
)

BROKEN = "UPSTREAM_CONTRACT_BROKEN"


def test_a_field_is_the_attribute_of_its_name():
    assert read(Service(id="11", name="Haircut"), "name") == "Haircut"


def test_what_was_not_sent_is_null():
    assert read(Service(id="11"), "name") is None


UNREADABLE_NAME: dict[str, Any] = {"name": UNREADABLE}


@pytest.mark.parametrize("reader", [read, text])
def test_what_is_unreadable_breaks_the_contract(reader):
    with pytest.raises(ContractBroken):
        reader(Service(id="11", **UNREADABLE_NAME), "name")


@pytest.mark.parametrize(("sent", "shown"), [("x", "x"), (5, "5"), (1.5, "1.5"), (None, None)])
def test_a_text_may_be_sent_as_a_number(sent, shown):
    assert text(Service(id="11", name=sent), "name") == shown


@pytest.mark.parametrize(
    ("value", "expected"), [(UNREADABLE, False), (None, True), ("", True), (0, True), ([], True)]
)
def test_only_the_stand_in_is_unreadable(value, expected):
    assert readable(value) is expected


def test_a_type_knows_the_records_of_its_class():
    is_service = recorded_as(Service)
    assert is_service(Reached(Service(id="1")), None)
    assert not is_service(Reached(Form(id="1")), None)
    assert not is_service(Service(id="1"), None)


CLIENT = Reached(ClientReference(id=7))


def appointment(link: object = None) -> Any:
    """An appointment in client 7's timeline."""
    told: dict[str, Any] = {"appointment_id": "31", "self_link": link}
    return CLIENT.to(AppointmentActivity(id="1", kind_raw="appointment")).to(
        AppointmentSnapshot(**told, service=Service(id="11"))
    )


def test_a_record_inside_another_knows_what_it_was_reached_through():
    snapshot = appointment()
    assert read(snapshot, "service") == Reached(Service(id="11"), snapshot)


def test_each_record_of_a_list_does_too():
    client = Reached(Client(id="7", companies=[CompanyReference(id="3"), CompanyReference(id="4")]))
    companies = read(client, "companies")
    assert [(each.record.id, each.through) for each in companies] == [("3", client), ("4", client)]


def test_a_list_with_something_unreadable_in_it_is_unreadable():
    companies: list[Any] = [CompanyReference(id="3"), UNREADABLE]
    with pytest.raises(ContractBroken):
        read(Reached(Client(id="7", companies=companies)), "companies")


def test_the_nearest_record_of_a_kind_may_be_this_one():
    snapshot = appointment()
    service = read(snapshot, "service")
    assert service.nearest(Service) is service.record
    assert service.nearest(AppointmentSnapshot) is snapshot.record
    assert service.nearest(ClientReference) is CLIENT.record
    assert service.nearest(Form) is None


LINK = "https://api.example.com/api/2.1/scheduling/companies/3/appointments/31"


@pytest.mark.parametrize(("link", "company"), [(LINK, "3"), (None, None), (UNREADABLE, None)])
def test_a_company_is_told_by_the_appointments_link(link, company):
    assert read(appointment(link), "service").company_id == company


@pytest.mark.parametrize(
    ("company", "found"),
    [(CompanyReference(id=4), "4"), (None, "3"), (UNREADABLE, "3")],
    ids=["told", "not told", "unreadable"],
)
def test_a_company_is_told_by_the_appointment_of_today_before_the_link(company, found):
    today = appointment(LINK).to(Appointment(id="31", company=company))
    assert today.to(Service(id="11")).company_id == found


@pytest.mark.parametrize(
    ("client", "found"),
    [(ClientReference(id="8"), "8"), (None, "7"), (UNREADABLE, "7")],
    ids=["told", "not told", "unreadable"],
)
def test_a_client_is_told_by_the_appointment_of_today_before_the_timeline(client, found):
    today = appointment().to(Appointment(id="31", client=client))
    assert today.to(Service(id="11")).client_id == found


def test_what_nothing_tells_is_none():
    alone = Reached(Appointment(id="31"))
    assert (alone.company_id, alone.client_id) == (None, None)


STAFF = "/api/2.1/scheduling/companies/3/staff"
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
    gateway = gateway_with({STAFF: answer}, item("1"), item("2"), max_upstream_bytes=4000)
    result = await gateway.ask(selected("appointmentId staff { firstName email phone }"))
    person = {"firstName": "Mina", "email": None, "phone": None}
    nodes = [{"id": id_, "appointment": {"appointmentId": "31", "staff": person}} for id_ in "12"]
    assert result["data"]["activities"] == {"totalCount": 2, "nodes": nodes}
    assert codes(result, below=2) == {
        f"{n}.appointment.staff.{field}": code for n in (0, 1) for field in ("email", "phone")
    }
    assert gateway.asked[STAFF] == 1


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
    gateway = gateway_with({STAFF: 500, SERVICES: services}, item("1", service={"id": "11"}))
    result = await gateway.ask(selected("staff { email } service { duration }"))
    (node,) = result["data"]["activities"]["nodes"]
    assert node["appointment"] == {"staff": {"email": None}, "service": {"duration": 45}}
    assert codes(result, below=2) == {"0.appointment.staff.email": "UPSTREAM_UNAVAILABLE"}


@pytest.mark.parametrize(("calls", "kept"), [(1, 0), (2, 1), (3, 2), (4, 3)])
async def test_what_the_budget_does_not_allow_is_null_and_the_rest_stands(
    gateway_with, codes, calls, kept
):
    """One call is the timeline's, and each appointment is one more."""
    ids = ["31", "32", "33"]
    known = {f"{TODAY[:-2]}{id_}": {"id": id_, "notes": f"of {id_}"} for id_ in ids}
    items = [item(id_, id=id_) for id_ in ids]
    gateway = gateway_with(known, *items, max_upstream_calls=calls)
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
    gateway = gateway_with({STAFF: people}, *items, max_upstream_calls=2)
    result = await gateway.ask(selected("staff { email phone title }"))
    assert codes(result) == {}
    assert gateway.asked.total() == 2


async def test_a_timeline_beyond_the_budget_is_null_and_the_others_stand(gateway_with, codes):
    gateway = gateway_with({}, {"id": "1", "type": "note"}, max_upstream_calls=2)
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
