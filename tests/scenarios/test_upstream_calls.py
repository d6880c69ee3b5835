"""What each way of asking costs: exactly these calls, as the sandbox and the gateway count them."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type, is_leaf_type

from gateway.schema import build_schema
from tests.differential.drafts import whole
from tests.support.documents import EVERYTHING
from tests.support.gateway import Gateway

TIMELINE = "/api/2.3/activities"
CLIENT = "/api/2.0/clients/{clientId}"
NOTE = "/api/2.0/notes/{noteId}"
COMPANY = "/api/2.1/scheduling/companies/{companyId}"
STAFF = f"{COMPANY}/staff"
SERVICES = f"{COMPANY}/services"
APPOINTMENTS = f"{COMPANY}/appointments"
APPOINTMENT = f"{COMPANY}/appointments/{{appointmentId}}"
FORM = "/api/2.3/forms/{formId}"
RESULT = f"{FORM}/results/{{resultId}}"
CONFERENCE = "/conferences/api/1.0/conferences/{conferenceId}"
SESSION = f"{CONFERENCE}/sessions/{{sessionId}}"
REGISTRATION = f"{SESSION}/registrations/{{registrationId}}"

EXPLAIN = {"X-Gateway-Explain": "1"}
TEN = ("1000", "1001", "1020", "1100", "2000", "1999", "1", "2", "3", "4")
"""The last four are nobody."""

BY_LIST = {"appointments_by_client": True}


class Seen:
    """How many distinct things the REST timeline of client 1100 points at."""

    def __init__(self, items: list[dict[str, Any]]) -> None:
        self.appointments = _distinct(items, "appointment")
        self.gone = _distinct([i for i in items if i.get("event") == "deleted"], "appointment")
        self.appointments_left = self.appointments - self.gone
        self.companies = len(set(re.findall(r"/companies/(\d+)/", str(items))))
        self.staff = _distinct(items, "appointment", "staff")
        self.services = _distinct(items, "appointment", "service")
        self.notes = _distinct([i for i in items if i["type"] == "note"], "note")
        self.consents = _distinct([i for i in items if i["type"] == "consent"], "note")
        self.results = _distinct(items, "formResult")
        self.forms = _distinct(items, "formResult", "form")
        self.conferences = _distinct(items, "conferenceRegistration", "conference")
        self.sessions = _distinct(items, "conferenceRegistration", "session")
        self.registrations = _distinct(items, "conferenceRegistration")


def _distinct(items: list[dict[str, Any]], *path: str) -> int:
    for name in path:
        items = [item[name] for item in items if name in item]
    return len({str(item["id"]) for item in items})


@dataclass(frozen=True)
class Row:
    name: str
    query: str
    calls: Callable[[Seen], Mapping[str, int]]
    settings: Mapping[str, object] = field(default_factory=dict)
    codes: frozenset[str] = frozenset()


def nodes(selection: str) -> str:
    return f'{{ activities(clientId: "1100", first: 100) {{ nodes {{ {selection} }} }} }}'


def appointment(selection: str) -> str:
    return nodes(f"... on AppointmentActivity {{ appointment {{ {selection} }} }}")


def note(selection: str) -> str:
    return f"... on NoteActivity {{ note {{ {selection} }} }}"


def consent(selection: str) -> str:
    return f"... on ConsentActivity {{ note {{ {selection} }} }}"


def form_result(selection: str) -> str:
    return nodes(f"... on FormResultActivity {{ formResult {{ {selection} }} }}")


def registration(selection: str) -> str:
    return nodes(
        f"... on ConferenceRegistrationActivity {{ conferenceRegistration {{ {selection} }} }}"
    )


def of_profile(selection: str) -> str:
    return f'{{ client(id: "1100") {{ profile {{ {selection} }} }} }}'


def ten_times(selection: str) -> str:
    return "{ " + " ".join(f'c{n}: client(id: "1100") {{ {selection} }}' for n in range(10)) + " }"


def ten_clients(selection: str) -> str:
    ids = ", ".join(f'"{id_}"' for id_ in TEN)
    return f"{{ clients(ids: [{ids}]) {{ {selection} }} }}"


TABLE = (
    # ---- what costs nothing
    Row("a client's id", '{ __typename client(id: "1100") { id } }', lambda timeline: {}),
    Row("ten clients' ids", ten_clients("id"), lambda timeline: {}),
    Row(
        "filters that nothing passes",
        '{ client(id: "1100") { a: activities(filter: {kinds: []}) { totalCount nodes { id } } '
        "b: activities(filter: {events: []}) { totalCount } } }",
        lambda timeline: {},
    ),
    # ---- timelines
    Row("a timeline", nodes("id kind"), lambda timeline: {TIMELINE: 1}),
    Row(
        "the same client ten times",
        ten_times("activities { totalCount }"),
        lambda timeline: {TIMELINE: 1},
    ),
    Row(
        "the same client with other kinds, orders and pages",
        '{ client(id: "1100") { a: activities(filter: {kinds: [NOTE]}) { totalCount } '
        "b: activities(sort: DESC, first: 3) { totalCount } "
        "c: activities(filter: {kinds: [APPOINTMENT], events: [UPDATED]}, last: 2) { totalCount } } }",
        lambda timeline: {TIMELINE: 1},
    ),
    Row(
        "ten clients",
        ten_clients("activities { totalCount }"),
        lambda timeline: {TIMELINE: len(TEN)},
        codes=frozenset({"NOT_FOUND", "UPSTREAM_CONTRACT_BROKEN"}),
    ),
    Row(
        "the thread of each appointment",
        appointment("current { activities { totalCount } }"),
        lambda timeline: {
            TIMELINE: 1 + timeline.appointments_left,
            APPOINTMENT: timeline.appointments,
        },
    ),
    Row(
        "one thread by two ways and three selections",
        '{ client(id: "1100") { activities(filter: {appointmentId: "411100000001"}) { nodes { '
        "... on AppointmentActivity { appointment { current { a: activities { totalCount } "
        "b: activities(filter: {kinds: [NOTE]}, sort: DESC) { totalCount } "
        "} } } } } } }",
        lambda timeline: {TIMELINE: 1, APPOINTMENT: 1},
    ),
    Row(
        "the thread of an appointment that is asked for by its id",
        '{ appointment(id: "411100000001", companyId: "101") { activities { totalCount } } }',
        lambda timeline: {APPOINTMENT: 1, TIMELINE: 1},
    ),
    # ---- staff and services
    Row(
        "recorded names of staff and services",
        appointment(
            "staff { staffId firstName lastName } previousStaff { lastName } service { name }"
        ),
        lambda timeline: {TIMELINE: 1},
    ),
    Row(
        "staff of today that are not included",
        appointment("staff { lastName current @include(if: false) { role } }"),
        lambda timeline: {TIMELINE: 1},
    ),
    Row(
        "recorded names of staff and those of today",
        appointment("staff { firstName current { firstName } }"),
        lambda timeline: {TIMELINE: 1, STAFF: timeline.companies},
    ),
    Row(
        "staff then, before and now",
        appointment(
            "staff { current { role } } previousStaff { current { role } } current { staff { role } }"
        ),
        lambda timeline: {
            TIMELINE: 1,
            STAFF: timeline.companies,
            APPOINTMENT: timeline.appointments,
        },
    ),
    Row(
        "services then, before and now",
        appointment(
            "service { current { id } } previousService { current { price { amount } } } "
            "current { service { name color } }"
        ),
        lambda timeline: {
            TIMELINE: 1,
            SERVICES: timeline.companies,
            APPOINTMENT: timeline.appointments,
        },
    ),
    Row(
        "staff and services of today by changes",
        nodes("changes { before { ...today } after { ...today } }")
        + " fragment today on ChangeValue { ... on StaffSnapshot { current { role } } "
        "... on ServiceSnapshot { current { color } } }",
        lambda timeline: {TIMELINE: 1, STAFF: timeline.companies, SERVICES: timeline.companies},
    ),
    Row(
        "a detail by aliases and fragments",
        appointment("staff { current { phone again: phone ...who } } other: staff { ...then }")
        + " fragment then on StaffSnapshot { today: current { ...who } }"
        " fragment who on Staff { mail: emailAddress phone }",
        lambda timeline: {TIMELINE: 1, STAFF: timeline.companies},
    ),
    Row(
        "staff of two clients of one company",
        '{ clients(ids: ["1001", "1020"]) { activities { nodes { '
        "... on AppointmentActivity { appointment { staff { current { role } } } } } } } }",
        lambda timeline: {TIMELINE: 2, STAFF: 1},
    ),
    Row(
        "the currency of prices, which is that of the company",
        appointment("service { current { price { amount currency } } }"),
        lambda timeline: {TIMELINE: 1, SERVICES: timeline.companies, COMPANY: timeline.companies},
    ),
    Row(
        "the amounts of prices, which are no reason to read a company",
        appointment("service { current { price { amount } } }"),
        lambda timeline: {TIMELINE: 1, SERVICES: timeline.companies},
    ),
    # ---- appointments as they are today
    Row(
        "appointments one by one",
        appointment("status current { id status price { amount } }"),
        lambda timeline: {TIMELINE: 1, APPOINTMENT: timeline.appointments},
    ),
    Row(
        "appointments by list, the missing ones alone",
        appointment("status current { id status price { amount } }"),
        lambda timeline: {
            TIMELINE: 1,
            APPOINTMENTS: timeline.companies,
            APPOINTMENT: timeline.gone,
        },
        settings=BY_LIST,
    ),
    Row(
        "a single appointment, though there are lists",
        '{ activities(clientId: "1001") { nodes { '
        "... on AppointmentActivity { appointment { current { status } } } } } }",
        lambda timeline: {TIMELINE: 1, APPOINTMENT: 1},
        settings=BY_LIST,
    ),
    Row(
        "companies by links, appointments and profile",
        '{ client(id: "1100") { profile { companies { name timeZone } } activities(first: 100) '
        "{ nodes { ... on AppointmentActivity { appointment { company { current { currency } } "
        "current { company { timeZone } place: company { phone } } } } } } } }",
        lambda timeline: {
            TIMELINE: 1,
            CLIENT: 1,
            APPOINTMENT: timeline.appointments,
            COMPANY: timeline.companies,
        },
    ),
    Row(
        "the names of companies",
        appointment("current { company { id name } client { id } }"),
        lambda timeline: {TIMELINE: 1, APPOINTMENT: timeline.appointments},
    ),
    # ---- notes, forms, conferences
    Row(
        "notes",
        nodes(note("current { body }")),
        lambda timeline: {TIMELINE: 1, NOTE: timeline.notes},
    ),
    Row(
        "form results and their forms, recorded and today",
        form_result(
            "formResultId form { formId name current { name title } } "
            "current { statusRaw form { id title } answers { title value } }"
        ),
        lambda timeline: {TIMELINE: 1, RESULT: timeline.results, FORM: timeline.forms},
    ),
    Row(
        "registrations, and what they are for, recorded and today",
        registration(
            "status conference { title current { title tags } } session { sessionId current { status } } "
            "current { status numberOfSeats client { id } }"
        ),
        lambda timeline: {
            TIMELINE: 1,
            CONFERENCE: timeline.conferences,
            SESSION: timeline.sessions,
            REGISTRATION: timeline.registrations,
        },
    ),
    # ---- who clients are
    Row(
        "a profile",
        '{ client(id: "1100") { profile { firstName } } }',
        lambda timeline: {CLIENT: 1},
    ),
    Row(
        "a profile ten times",
        ten_times("profile { firstName lastName }"),
        lambda timeline: {CLIENT: 1},
    ),
    Row("ten profiles", ten_clients("profile { lastName }"), lambda timeline: {CLIENT: len(TEN)}),
    Row(
        "a profile and a timeline",
        '{ client(id: "1100") { profile { lastName } activities { totalCount } } }',
        lambda timeline: {CLIENT: 1, TIMELINE: 1},
    ),
    Row(
        "a profile by its appointments",
        appointment("current { client { id profile { lastName } } }"),
        lambda timeline: {TIMELINE: 1, APPOINTMENT: timeline.appointments, CLIENT: 1},
    ),
    Row(
        "the client of each activity, with profile and timeline",
        nodes("client { id profile { lastName } activities { totalCount } }"),
        lambda timeline: {TIMELINE: 1, CLIENT: 1},
    ),
    # ---- all of it
    Row(
        "everything",
        EVERYTHING.replace("$client: ID!", '$client: ID! = "1100"'),
        lambda timeline: {
            TIMELINE: 1 + timeline.appointments_left,
            CLIENT: 1,
            COMPANY: timeline.companies,
            STAFF: timeline.companies,
            SERVICES: timeline.companies,
            APPOINTMENT: timeline.appointments,
            NOTE: timeline.notes + timeline.consents,
            FORM: timeline.forms,
            RESULT: timeline.results,
            CONFERENCE: timeline.conferences,
            SESSION: timeline.sessions,
            REGISTRATION: timeline.registrations,
        },
    ),
)


@dataclass(frozen=True)
class Reached:
    """One way to an entity: what the way costs, which fields come with it, and what any other costs."""

    by: str
    entity: str
    query: Callable[[str], str]
    calls: Callable[[Seen], Mapping[str, int]]
    free: frozenset[str] | None = None
    more: Callable[[Seen], Mapping[str, int]] = lambda timeline: {}
    cost: Mapping[str, Callable[[Seen], Mapping[str, int]]] = field(default_factory=dict)

    def calls_for(self, field_name: str, timeline: Seen) -> Counter[str]:
        is_free = self.free is None or field_name in self.free
        more = self.cost.get(field_name, (lambda timeline: {}) if is_free else self.more)
        return Counter(self.calls(timeline)) + Counter(more(timeline))


def current_appointment(selection: str) -> str:
    return appointment(f"current {{ {selection} }}")


def notes_and_consents(selection: str) -> str:
    return nodes(note(selection) + consent(selection))


def then(outer: Callable[[str], str], *names: str) -> Callable[[str], str]:
    """The query for what is selected inside of fields within others."""
    return lambda selection: outer(f"{' { '.join(names)} {{ {selection} {'} ' * len(names)}")


OF_TODAY = {"profile": lambda timeline: {CLIENT: 1}}
"""What a client costs beside the timeline that is read anyway."""

OF_TIMELINES = dict.fromkeys(("activities", "appointmentThreads"), lambda timeline: {TIMELINE: 1})
"""What a timeline costs that is not read anyway."""

WAYS = (
    # ---- from what was recorded: one read of the thing as it is today, or the list that has it
    Reached(
        "AppointmentSnapshot.current",
        "Appointment",
        then(appointment, "current"),
        lambda timeline: {TIMELINE: 1, APPOINTMENT: timeline.appointments},
        cost={"activities": lambda timeline: {TIMELINE: timeline.appointments_left}},
    ),
    Reached(
        "CompanySnapshot.current",
        "Company",
        then(appointment, "company", "current"),
        lambda timeline: {TIMELINE: 1, COMPANY: timeline.companies},
    ),
    Reached(
        "StaffSnapshot.current",
        "Staff",
        then(appointment, "staff", "current"),
        lambda timeline: {TIMELINE: 1, STAFF: timeline.companies},
    ),
    Reached(
        "ServiceSnapshot.current",
        "Service",
        then(appointment, "service", "current"),
        lambda timeline: {TIMELINE: 1, SERVICES: timeline.companies},
    ),
    Reached(
        "NoteSnapshot.current",
        "Note",
        then(notes_and_consents, "current"),
        lambda timeline: {TIMELINE: 1, NOTE: timeline.notes + timeline.consents},
    ),
    Reached(
        "FormResultSnapshot.current",
        "FormResult",
        then(form_result, "current"),
        lambda timeline: {TIMELINE: 1, RESULT: timeline.results},
    ),
    Reached(
        "FormSnapshot.current",
        "Form",
        then(form_result, "form", "current"),
        lambda timeline: {TIMELINE: 1, FORM: timeline.forms},
    ),
    Reached(
        "ConferenceSnapshot.current",
        "Conference",
        then(registration, "conference", "current"),
        lambda timeline: {TIMELINE: 1, CONFERENCE: timeline.conferences},
    ),
    Reached(
        "ConferenceSessionSnapshot.current",
        "ConferenceSession",
        then(registration, "session", "current"),
        lambda timeline: {TIMELINE: 1, SESSION: timeline.sessions},
    ),
    Reached(
        "ConferenceRegistrationSnapshot.current",
        "ConferenceRegistration",
        then(registration, "current"),
        lambda timeline: {TIMELINE: 1, REGISTRATION: timeline.registrations},
    ),
    # ---- from another entity: what its own payload carries is free, the rest costs its own read
    Reached(
        "Appointment.staff",
        "Staff",
        then(current_appointment, "staff"),
        lambda timeline: {TIMELINE: 1, APPOINTMENT: timeline.appointments},
        free=frozenset({"id", "firstName", "lastName"}),
        more=lambda timeline: {STAFF: timeline.companies},
    ),
    Reached(
        "Appointment.service",
        "Service",
        then(current_appointment, "service"),
        lambda timeline: {TIMELINE: 1, APPOINTMENT: timeline.appointments},
        free=frozenset({"id", "name"}),
        more=lambda timeline: {SERVICES: timeline.companies},
    ),
    Reached(
        "Appointment.company",
        "Company",
        then(current_appointment, "company"),
        lambda timeline: {TIMELINE: 1, APPOINTMENT: timeline.appointments},
        free=frozenset({"id", "name"}),
        more=lambda timeline: {COMPANY: timeline.companies},
    ),
    Reached(
        "Appointment.client",
        "Client",
        then(current_appointment, "client"),
        lambda timeline: {TIMELINE: 1, APPOINTMENT: timeline.appointments},
        cost=OF_TODAY,
    ),
    Reached(
        "FormResult.form",
        "Form",
        then(form_result, "current", "form"),
        lambda timeline: {TIMELINE: 1, RESULT: timeline.results},
        free=frozenset({"id"}),
        more=lambda timeline: {FORM: timeline.forms},
    ),
    Reached(
        "ConferenceRegistration.client",
        "Client",
        then(registration, "current", "client"),
        lambda timeline: {TIMELINE: 1, REGISTRATION: timeline.registrations},
        cost=OF_TODAY,
    ),
    Reached(
        "ClientProfile.companies",
        "Company",
        then(of_profile, "companies"),
        lambda timeline: {CLIENT: 1},
        free=frozenset({"id", "name"}),
        more=lambda timeline: {COMPANY: timeline.companies},
    ),
    # ---- by an id
    Reached(
        "Activity.client",
        "Client",
        then(nodes, "client"),
        lambda timeline: {TIMELINE: 1},
        cost=OF_TODAY,
    ),
    Reached(
        "AppointmentThread.client",
        "Client",
        lambda selection: (
            f'{{ client(id: "1100") {{ appointmentThreads {{ nodes {{ client {{ {selection} }} }} }} }} }}'
        ),
        lambda timeline: {TIMELINE: 1},
        cost={**OF_TODAY, "activities": lambda timeline: {TIMELINE: 1}},  # of all kinds
    ),
    Reached(
        "Query.client",
        "Client",
        lambda selection: f'{{ client(id: "1100") {{ {selection} }} }}',
        lambda timeline: {},
        cost={**OF_TODAY, **OF_TIMELINES},
    ),
    Reached(
        "Query.clients",
        "Client",
        lambda selection: f'{{ clients(ids: ["1100", "1100"]) {{ {selection} }} }}',
        lambda timeline: {},
        cost={**OF_TODAY, **OF_TIMELINES},
    ),
    Reached(
        "Query.appointment",
        "Appointment",
        lambda selection: (
            f'{{ appointment(id: "411100000001", companyId: "101") {{ {selection} }} }}'
        ),
        lambda timeline: {APPOINTMENT: 1},
        cost={"activities": lambda timeline: {TIMELINE: 1}},
    ),
)
SCHEMA = build_schema()
ACTIVITY = cast("GraphQLInterfaceType", SCHEMA.type_map["Activity"])
OBJECTS = [each for each in SCHEMA.type_map.values() if isinstance(each, GraphQLObjectType)]
ENTITIES = {
    each.name: each for each in OBJECTS if "id" in each.fields and ACTIVITY not in each.interfaces
}


@pytest.fixture
async def timeline(rest):
    answer = await rest.get(f"{TIMELINE}?clientId=1100")
    await rest.delete("/_sandbox/calls")
    return Seen(answer.json()["items"])


@pytest.fixture
def explaining(rest, sandbox_app):
    def over_sandbox(**settings: Any) -> Gateway:
        return Gateway(httpx.ASGITransport(sandbox_app), explain=True, **settings)

    return over_sandbox


def count_calls(answer: dict[str, Any]) -> Counter[str]:
    """The calls that `extensions.gateway` tells of."""
    reads = answer["extensions"]["gateway"]["reads"]
    return Counter(f"{r['method']} {r['path']}" for r in reads if r["cacheStatus"] == "called")


@pytest.mark.sample(12)
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
async def test_a_query_makes_exactly_these_calls(row, timeline, explaining, upstream_calls):
    answer = await explaining(**row.settings).ask(row.query, headers=EXPLAIN)
    assert {e["extensions"]["code"] for e in answer.get("errors", ())} == row.codes
    calls = await upstream_calls()
    assert calls == Counter({f"GET {path}": n for path, n in row.calls(timeline).items()})
    assert count_calls(answer) == calls
    assert answer["extensions"]["gateway"]["upstreamCalls"] == calls.total()


def test_the_ways_are_all_that_lead_to_an_entity():
    declared = {
        f"{ACTIVITY.name if ACTIVITY in each.interfaces else each.name}.{name}": entity
        for each in OBJECTS
        for name, field in each.fields.items()
        if not each.name.startswith("__")
        and (entity := get_named_type(field.type).name) in ENTITIES
    }
    assert {way.by: way.entity for way in WAYS} == declared


@pytest.mark.sample(12)
@pytest.mark.parametrize(
    ("way", "field_name"),
    [(way, name) for way in WAYS for name in ENTITIES[way.entity].fields],
    ids=lambda part: part if isinstance(part, str) else part.by,
)
async def test_a_field_of_an_entity_costs_exactly_this(
    way, field_name, timeline, explaining, upstream_calls
):
    type_ = get_named_type(ENTITIES[way.entity].fields[field_name].type)
    query = way.query(field_name if is_leaf_type(type_) else f"{field_name} {{ __typename }}")
    answer = await explaining().ask(query, headers=EXPLAIN)
    assert "errors" not in answer
    calls = {path.removeprefix("GET "): n for path, n in (await upstream_calls()).items()}
    assert calls == way.calls_for(field_name, timeline)


async def test_all_that_was_recorded_is_free(explaining, upstream_calls):
    """All there is outside of `current`: what an activity carries, and the company in an appointment's link."""
    kinds = SCHEMA.get_possible_types(ACTIVITY)
    query = nodes(" ".join(f"... on {each.name} {{ {whole(each)} }}" for each in kinds))
    assert "company { companyId }" in query
    assert "client { id }" in query
    assert "current" not in query
    found = (await explaining().data(query))["activities"]["nodes"]
    companies = [each["appointment"]["company"] for each in found if "appointment" in each]
    assert {each["companyId"] for each in companies} == {"101", "102"}
    assert await upstream_calls() == {f"GET {TIMELINE}": 1}


async def test_the_timeline_points_at_many_things_of_few_places(timeline):
    assert vars(timeline) == {
        "appointments": 9,
        "gone": 2,
        "appointments_left": 7,
        "companies": 2,
        "staff": 10,
        "services": 7,
        "notes": 12,
        "consents": 2,
        "results": 11,
        "forms": 3,
        "conferences": 1,
        "sessions": 2,
        "registrations": 3,
    }


async def test_what_is_kept_is_called_once_for_two_queries(timeline, explaining, upstream_calls):
    gateway = explaining(entity_cache_seconds=60)
    query = appointment("staff { current { role } } current { company { timeZone } }")
    first, second = [await gateway.ask(query, headers=EXPLAIN) for _ in range(2)]
    assert first["data"] == second["data"]
    assert await upstream_calls() == count_calls(first) + count_calls(second)
    assert count_calls(first) - count_calls(second) == {
        f"GET {STAFF}": timeline.companies,
        f"GET {COMPANY}": timeline.companies,
    }


async def test_appointments_by_list_are_those_read_one_by_one(explaining):
    query = appointment(
        "current { id status isPaid notes locationText price { amount currency } history { text } }"
    )
    by_list = await explaining(**BY_LIST).data(query)
    assert by_list == await explaining().data(query)
