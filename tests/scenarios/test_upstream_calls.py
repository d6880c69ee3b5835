"""What each way of asking costs: exactly these calls, as the sandbox and the gateway count them."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Gateway

EVERYTHING = Path(__file__).with_name("everything.graphql").read_text(encoding="utf-8")

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


def ten_times(selection: str) -> str:
    return "{ " + " ".join(f'c{n}: client(id: "1100") {{ {selection} }}' for n in range(10)) + " }"


def ten_clients(selection: str) -> str:
    ids = ", ".join(f'"{id_}"' for id_ in TEN)
    return f"{{ clients(ids: [{ids}]) {{ {selection} }} }}"


TABLE = (
    # ---- what costs nothing
    Row("a client's id", '{ __typename client(id: "1100") { id } }', lambda seen: {}),
    Row("ten clients' ids", ten_clients("id"), lambda seen: {}),
    Row(
        "filters that nothing passes",
        '{ client(id: "1100") { a: activities(kinds: []) { totalCount nodes { id } } '
        "b: activities(events: []) { totalCount } } }",
        lambda seen: {},
    ),
    # ---- timelines
    Row("a timeline", nodes("id kind"), lambda seen: {TIMELINE: 1}),
    Row(
        "the same client ten times",
        ten_times("activities { totalCount }"),
        lambda seen: {TIMELINE: 1},
    ),
    Row(
        "the same client with other kinds, orders and pages",
        '{ client(id: "1100") { a: activities(kinds: [NOTE]) { totalCount } '
        "b: activities(sort: DESC, first: 3) { totalCount } "
        "c: activities(kinds: [APPOINTMENT], events: [UPDATED], last: 2) { totalCount } } }",
        lambda seen: {TIMELINE: 1},
    ),
    Row(
        "ten clients",
        ten_clients("activities { totalCount }"),
        lambda seen: {TIMELINE: len(TEN)},
        codes=frozenset({"NOT_FOUND", "UPSTREAM_CONTRACT_BROKEN"}),
    ),
    Row(
        "the thread of each appointment",
        appointment("current { activities { totalCount } }"),
        lambda seen: {TIMELINE: 1 + seen.appointments_left, APPOINTMENT: seen.appointments},
    ),
    Row(
        "one thread by two ways and three selections",
        '{ client(id: "1100") { activities(appointmentId: "411100000001") { nodes { '
        "... on AppointmentActivity { appointment { current { "
        "a: activities { totalCount } b: activities(kinds: [NOTE], sort: DESC) { totalCount } "
        "} } } } } } }",
        lambda seen: {TIMELINE: 1, APPOINTMENT: 1},
    ),
    # ---- staff and services
    Row(
        "names of staff and services",
        appointment("staff { id firstName lastName } previousStaff { lastName } service { name }"),
        lambda seen: {TIMELINE: 1},
    ),
    Row(
        "a detail of staff that is not included",
        appointment("staff { lastName email @include(if: false) phone @skip(if: true) }"),
        lambda seen: {TIMELINE: 1},
    ),
    Row(
        "one detail of staff",
        appointment("staff { email }"),
        lambda seen: {TIMELINE: 1, STAFF: seen.companies},
    ),
    Row(
        "all details of staff",
        appointment(
            "staff { id firstName lastName email phone otherPhone title gender color description "
            "pictureUrl role externalId }"
        ),
        lambda seen: {TIMELINE: 1, STAFF: seen.companies},
    ),
    Row(
        "one detail of services",
        appointment("service { duration } previousService { price }"),
        lambda seen: {TIMELINE: 1, SERVICES: seen.companies},
    ),
    Row(
        "staff then, before and now",
        appointment("staff { email } previousStaff { email } current { staff { email } }"),
        lambda seen: {TIMELINE: 1, STAFF: seen.companies, APPOINTMENT: seen.appointments},
    ),
    Row(
        "a detail of staff by changes",
        nodes("changes { before { ... on Staff { email } } after { ... on Staff { email } } }"),
        lambda seen: {TIMELINE: 1, STAFF: seen.companies},
    ),
    Row(
        "a detail by aliases and fragments",
        appointment("staff { email again: email ...who } other: staff { ...who }")
        + " fragment who on Staff { mail: email phone }",
        lambda seen: {TIMELINE: 1, STAFF: seen.companies},
    ),
    Row(
        "staff of two clients of one company",
        '{ clients(ids: ["1001", "1020"]) { activities { nodes { '
        "... on AppointmentActivity { appointment { staff { email } } } } } } }",
        lambda seen: {TIMELINE: 2, STAFF: 1},
    ),
    # ---- appointments as they are today
    Row(
        "appointments one by one",
        appointment("status current { id status price { amount } }"),
        lambda seen: {TIMELINE: 1, APPOINTMENT: seen.appointments},
    ),
    Row(
        "appointments by list, the missing ones alone",
        appointment("status current { id status price { amount } }"),
        lambda seen: {TIMELINE: 1, APPOINTMENTS: seen.companies, APPOINTMENT: seen.gone},
        settings=BY_LIST,
    ),
    Row(
        "a single appointment, though there are lists",
        '{ activities(clientId: "1001") { nodes { '
        "... on AppointmentActivity { appointment { current { status } } } } } }",
        lambda seen: {TIMELINE: 1, APPOINTMENT: 1},
        settings=BY_LIST,
    ),
    Row(
        "companies by appointments and profile",
        '{ client(id: "1100") { profile { companies { name timeZone } } activities(first: 100) '
        "{ nodes { ... on AppointmentActivity { appointment { current { "
        "company { timeZone } place: company { email } } } } } } } }",
        lambda seen: {
            TIMELINE: 1,
            CLIENT: 1,
            APPOINTMENT: seen.appointments,
            COMPANY: seen.companies,
        },
    ),
    Row(
        "the names of companies",
        appointment("current { company { id name } client { id } }"),
        lambda seen: {TIMELINE: 1, APPOINTMENT: seen.appointments},
    ),
    # ---- notes, forms, conferences
    Row("notes", nodes(note("current { html }")), lambda seen: {TIMELINE: 1, NOTE: seen.notes}),
    Row(
        "notes and consents",
        nodes(note("body current { html text }") + consent("current { html }")),
        lambda seen: {TIMELINE: 1, NOTE: seen.notes + seen.consents},
    ),
    Row(
        "form results",
        form_result("id form { id name } date currentStatus answers { title value }"),
        lambda seen: {TIMELINE: 1, RESULT: seen.results},
    ),
    Row(
        "titles of forms",
        form_result("form { name title }"),
        lambda seen: {TIMELINE: 1, FORM: seen.forms},
    ),
    Row(
        "conferences",
        registration("conference { title description tags location { city } }"),
        lambda seen: {TIMELINE: 1, CONFERENCE: seen.conferences},
    ),
    Row(
        "sessions",
        registration("session { start { dateTime } status webLink }"),
        lambda seen: {TIMELINE: 1, SESSION: seen.sessions},
    ),
    Row(
        "registrations",
        registration("status current { status seats client { id } }"),
        lambda seen: {TIMELINE: 1, REGISTRATION: seen.registrations},
    ),
    # ---- who clients are
    Row("a profile", '{ client(id: "1100") { profile { firstName } } }', lambda seen: {CLIENT: 1}),
    Row(
        "a profile ten times", ten_times("profile { firstName lastName }"), lambda seen: {CLIENT: 1}
    ),
    Row("ten profiles", ten_clients("profile { lastName }"), lambda seen: {CLIENT: len(TEN)}),
    Row(
        "a profile and a timeline",
        '{ client(id: "1100") { profile { lastName } activities { totalCount } } }',
        lambda seen: {CLIENT: 1, TIMELINE: 1},
    ),
    Row(
        "a profile by its appointments",
        appointment("current { client { id profile { lastName } } }"),
        lambda seen: {TIMELINE: 1, APPOINTMENT: seen.appointments, CLIENT: 1},
    ),
    # ---- all of it
    Row(
        "everything",
        EVERYTHING.replace("$client: ID!", '$client: ID! = "1100"'),
        lambda seen: {
            TIMELINE: 1 + seen.appointments_left,
            CLIENT: 1,
            COMPANY: seen.companies,
            STAFF: seen.companies,
            SERVICES: seen.companies,
            APPOINTMENT: seen.appointments,
            NOTE: seen.notes + seen.consents,
            FORM: seen.forms,
            RESULT: seen.results,
            CONFERENCE: seen.conferences,
            SESSION: seen.sessions,
            REGISTRATION: seen.registrations,
        },
    ),
)


@pytest.fixture
async def seen(rest):
    answer = await rest.get(f"{TIMELINE}?clientId=1100")
    await rest.delete("/_sandbox/calls")
    return Seen(answer.json()["items"])


@pytest.fixture
def explaining(rest, sandbox_app):
    def over_sandbox(**settings: Any) -> Gateway:
        return Gateway(httpx.ASGITransport(sandbox_app), explain=True, **settings)

    return over_sandbox


def told(answer: dict[str, Any]) -> Counter[str]:
    """The calls that `extensions.gateway` tells of."""
    reads = answer["extensions"]["gateway"]["reads"]
    return Counter(f"{r['method']} {r['path']}" for r in reads if r["cacheStatus"] == "called")


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
async def test_a_query_makes_exactly_these_calls(row, seen, explaining, upstream_calls):
    answer = await explaining(**row.settings).ask(row.query, headers=EXPLAIN)
    assert {e["extensions"]["code"] for e in answer.get("errors", ())} == row.codes
    calls = await upstream_calls()
    assert calls == Counter({f"GET {path}": n for path, n in row.calls(seen).items()})
    assert told(answer) == calls
    assert answer["extensions"]["gateway"]["upstreamCalls"] == calls.total()


async def test_the_timeline_points_at_many_things_of_few_places(seen):
    assert vars(seen) == {
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


async def test_what_is_kept_is_called_once_for_two_queries(seen, explaining, upstream_calls):
    gateway = explaining(entity_cache_seconds=60)
    query = appointment("staff { email } current { company { timeZone } }")
    first, second = [await gateway.ask(query, headers=EXPLAIN) for _ in range(2)]
    assert first["data"] == second["data"]
    assert await upstream_calls() == told(first) + told(second)
    assert told(first) - told(second) == {
        f"GET {STAFF}": seen.companies,
        f"GET {COMPANY}": seen.companies,
    }


async def test_appointments_by_list_are_those_read_one_by_one(explaining):
    query = appointment(
        "current { id status paid notes location price { amount currency } history { text } }"
    )
    by_list = await explaining(**BY_LIST).data(query)
    assert by_list == await explaining().data(query)
