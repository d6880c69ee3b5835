"""What Strawberry knows of a field holds: when it is asked for the first time, by a compiled query, and without."""

from collections.abc import Mapping
from typing import Any

import httpx
import msgspec
import pytest

from gateway import schema
from gateway.config.settings import Settings
from gateway.engine.compiler.compiled_query import query_compiler
from gateway.engine.execution import execute
from gateway.engine.preparation import Preparer, build_preparer
from gateway.schema.context import Context
from gateway.schema.engine_binding import bind_fields
from gateway.upstream.api import UpstreamApi
from gateway.upstream.credentials import CallerFactory
from gateway.upstream.session import UpstreamSession
from tests.unit.schema.clinic import KINDS, Query, loud, named

SERVED = schema.executable_schema(schema.build_strawberry_schema(Query, types=KINDS))
DIRECTED = schema.executable_schema(
    schema.build_strawberry_schema(Query, types=KINDS, directives=[loud, named])
)

LINK = "https://api.example.com/api/2.1/scheduling/companies/3/appointments/31"
MINA = {"id": "21", "firstName": "Mina", "lastName": "Ray"}
TOM = {"id": "22", "firstName": "Tom", "lastName": "Ott"}
NINE = {"dateTime": "2026-03-01T09:00:00", "timeZone": "Europe/Berlin"}


def item(id_: str, **appointment: object) -> dict[str, object]:
    told = {"id": "31", "selfLink": LINK, "staff": MINA, "start": NINE, **appointment}
    return {"id": id_, "type": "appointment", "date": NINE, "appointment": told}


ITEMS = [
    item("1", previousStaff=TOM),
    item("2", staff=TOM),
    {"id": "3", "type": "note", "date": NINE},
]
UPSTREAM = {
    "/api/2.1/scheduling/companies/3/staff": {
        "items": [MINA | {"email": "m@example.org"}, TOM | {"email": "t@example.org"}]
    },
    "/api/2.1/scheduling/companies/3/appointments/31": {"id": "31", "staff": MINA},
    "/api/2.0/clients/7": {"id": "7", "firstName": "Zoe"},
}


@pytest.fixture
def answers():
    """Answers an operation on a schema three times: `await answers(text)`.

    For the first time, then by its compiled query, then without: which must be the same.
    """

    async def answers(
        text: str,
        items: list[Any] | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        is_directed = "@loud" in text or "@named" in text
        served = DIRECTED if is_directed else SERVED
        preparers = _preparers(served)
        answered = [
            await _answer(
                preparer, text, ITEMS if items is None else items, served, variables or {}
            )
            for preparer in preparers
        ]
        assert [
            preparer.prepare_now(text, None).compiled_query is not None
            for preparer in preparers[1:]
        ] == [
            not is_directed,
            False,
        ]
        assert answered[0] == answered[1] == answered[2]
        result = msgspec.to_builtins(answered[0])
        errors = {
            ".".join(map(str, error["path"])): (error["message"], error["extensions"])
            for error in result.get("errors", [])
        }
        return result["data"], errors

    return answers


def _preparers(served: Any) -> list[Preparer]:
    twice = build_preparer(
        served, compile_query=query_compiler(served, bind_fields(served)), eager=False
    )
    return [twice, twice, build_preparer(served)]


async def _answer(
    preparer: Any, text: str, items: list[Any], served: Any, variables: Mapping[str, Any]
) -> Any:
    def send(request: httpx.Request) -> httpx.Response:
        known = {**UPSTREAM, "/api/2.3/activities": {"items": items}}
        found = known.get(request.url.path)
        return httpx.Response(404) if found is None else httpx.Response(200, json=found)

    told: dict[str, Any] = {"upstream_url": "http://upstream", "api_key": "k", "token": "t"}
    settings = Settings(**told)
    upstream = UpstreamApi(settings, httpx.MockTransport(send))
    session = UpstreamSession(upstream, CallerFactory(settings).from_headers([]), settings)
    try:
        context = Context(session, settings)
        result = (
            await execute(served, preparer.prepare_now(text, None), variables, context)
        ).result
        plain_data = msgspec.json.decode(msgspec.json.encode(result.data))
        return msgspec.structs.replace(result, data=plain_data)
    finally:
        await session.aclose()


REFUSED = "You may not see this.", {"code": "FORBIDDEN"}
LOG_IN = "Log in to see this.", {"code": "UNAUTHENTICATED", "hint": "Log in."}
BROKEN = (
    "The upstream returned a value of an unexpected type for this field.",
    {"code": "UPSTREAM_CONTRACT_BROKEN"},
)
MINA_ONLY = "Mina only.", {"code": "FORBIDDEN"}


async def of_appointments(answers: Any, selection: str, items: Any = None) -> tuple[Any, Any]:
    """What an appointment shows of each item that is one, and errors by their paths below `nodes`."""
    inner = f"... on AppointmentActivity {{ appointment {{ {selection} }} }}"
    data, errors = await answers(f"{{ activities(clientId: 7) {{ nodes {{ {inner} }} }} }}", items)
    nodes = data["activities"]["nodes"]
    shown = [node["appointment"] for node in nodes if node]
    return shown, {key.removeprefix("activities.nodes."): told for key, told in errors.items()}


ROOTS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "a method": ('{ hello(name: "Jo") }', {"hello": "Hello Jo, {}"}, {}),
    "a permission": ("{ version secret }", {"version": "1", "secret": None}, {"secret": REFUSED}),
    "a permission before a resolver of the gateway": (
        "{ deniedActivities(clientId: 7) { nodes { id } } }",
        {"deniedActivities": None},
        {"deniedActivities": LOG_IN},
    ),
    "a permission that raises what it likes": (
        "{ deniedClient(id: 7) { id } }",
        {"deniedClient": None},
        {"deniedClient": ("Not on my watch.", {"code": "FORBIDDEN"})},
    ),
    "a permission that raises an error of the gateway": (
        "{ unknownClient(id: 7) { id } }",
        {"unknownClient": None},
        {"unknownClient": ("Unknown client.", {"code": "NOT_FOUND"})},
    ),
    "a permission that is given later": (
        "{ grantedActivities(clientId: 7) { nodes { id label } } }",
        {
            "grantedActivities": {
                "nodes": [
                    {"id": "1", "label": "appointment 1!"},
                    {"id": "2", "label": "appointment 2!"},
                    {"id": "3", "label": "note 3?"},
                ]
            }
        },
        {},
    ),
    "an extension that changes an argument": (
        "{ fewActivities(clientId: 7) { totalCount nodes { id } } }",
        {"fewActivities": {"totalCount": 3, "nodes": [{"id": "1"}]}},
        {},
    ),
    "arguments of any name": (
        """{ words(source: "a", resolve: "b", parent: "c", field: "d")
             loudWords(resolve: "b", parent: "c", field: "d") }""",
        {"words": "a b c d", "loudWords": "B C D"},
        {},
    ),
    "a directive beside arguments of any name": (
        '{ words(source: "a", resolve: "b", parent: "c", field: "d") @loud }',
        {"words": "A B C D!"},
        {},
    ),
    "an argument that is an object": (
        '{ found(search: {clientId: "7"}) { id } }',
        {"found": {"id": "7"}},
        {},
    ),
    "an argument that is an object with objects inside": (
        """{ wordsOf(
          search: { clientId: 7, manner: POLITE, from: "x", ending: { text: "!" }
                    parts: [{ text: "a" }, { text: "b", times: 2 }] }
          others: { text: "c" }
        ) { text } }""",
        {"wordsOf": {"text": "Dear 7: ['a', 'bb', 'c'] ! 'x'"}},
        {},
    ),
    "an argument that is an object with its defaults": (
        "{ wordsOf(search: { clientId: 7 }) { text } }",
        {"wordsOf": {"text": "7: [] UNSET UNSET"}},
        {},
    ),
    "an argument that is an object with nulls": (
        "{ wordsOf(search: { clientId: 7, ending: null, from: null }) { text } }",
        {"wordsOf": {"text": "7: [] None None"}},
        {},
    ),
    "an argument that may be an object and is null or absent": (
        "{ wordsOf(search: null, others: null) { text } absent: wordsOf { text } }",
        {"wordsOf": {"text": "None None"}, "absent": {"text": "UNSET None"}},
        {},
    ),
    "the client of an activity": (
        "{ activities(clientId: 7, first: 1) { nodes { client { id profile { greeting } } } } }",
        {"activities": {"nodes": [{"client": {"id": "7", "profile": {"greeting": "Hello Zoe"}}}]}},
        {},
    ),
    "methods and a permission that read the client of their activity": (
        """{ activities(clientId: 7, first: 1) { nodes {
          clientLabel clientLater { id profile { firstName } } guardedKind
        } } }""",
        {
            "activities": {
                "nodes": [
                    {
                        "clientLabel": "of client 7",
                        "clientLater": {"id": "7", "profile": {"firstName": "Zoe"}},
                        "guardedKind": "appointment",
                    }
                ]
            }
        },
        {},
    ),
    "a permission that refuses the activities of another client": (
        """{ activities(clientId: 8, first: 1) { nodes {
          id client { id } clientLabel guardedKind
        } } }""",
        {
            "activities": {
                "nodes": [
                    {
                        "id": "1",
                        "client": {"id": "8"},
                        "clientLabel": "of client 8",
                        "guardedKind": None,
                    }
                ]
            }
        },
        {"activities.nodes.0.guardedKind": ("Client 7 only.", {"code": "FORBIDDEN"})},
    ),
    "a permission on the client of an activity": (
        """{ activities(clientId: 7, first: 1) { nodes {
          grantedClient { id profile { firstName } } deniedClient { id }
        } } }""",
        {
            "activities": {
                "nodes": [
                    {
                        "grantedClient": {"id": "7", "profile": {"firstName": "Zoe"}},
                        "deniedClient": None,
                    }
                ]
            }
        },
        {"activities.nodes.0.deniedClient": LOG_IN},
    ),
    "a directive": ('{ hello(name: "Jo") @loud(times: 2) }', {"hello": "HELLO JO, {}!!"}, {}),
    "a directive on a field without a resolver": (
        "{ __typename @loud client(id: 7) { profile { firstName @loud } } }",
        {"__typename": "QUERY!", "client": {"profile": {"firstName": "ZOE!"}}},
        {},
    ),
    "a permission on an entity": (
        "{ client(id: 7) { id profile { firstName } deniedProfile { firstName } } }",
        {"client": {"id": "7", "profile": {"firstName": "Zoe"}, "deniedProfile": None}},
        {"client.deniedProfile": REFUSED},
    ),
    "what is given later, and below": (
        "{ client(id: 7) { grantedProfile { greeting firstName deniedFirstName } } }",
        {
            "client": {
                "grantedProfile": {
                    "greeting": "Hello Zoe",
                    "firstName": "Zoe",
                    "deniedFirstName": None,
                }
            }
        },
        {"client.grantedProfile.deniedFirstName": REFUSED},
    ),
    "a method of what is loaded": (
        "{ client(id: 7) { profile { greeting deniedFirstName } } }",
        {"client": {"profile": {"greeting": "Hello Zoe", "deniedFirstName": None}}},
        {"client.profile.deniedFirstName": REFUSED},
    ),
    "fields of a connection": (
        "{ activities(clientId: 7, first: 1) { totalCount deniedCount nodes { id } } }",
        {"activities": {"totalCount": 3, "deniedCount": None, "nodes": [{"id": "1"}]}},
        {"activities.deniedCount": REFUSED},
    ),
    "a method that gives objects of an interface": (
        "{ activities(clientId: 7, first: 1) { sameNodes { id label } } }",
        {"activities": {"sameNodes": [{"id": "1", "label": "appointment 1!"}]}},
        {},
    ),
    "fields of an interface": (
        "{ activities(clientId: 7, first: 1) { nodes { id label deniedKind } } }",
        {"activities": {"nodes": [{"id": "1", "label": "appointment 1!", "deniedKind": None}]}},
        {"activities.nodes.0.deniedKind": REFUSED},
    ),
}


@pytest.mark.sample(9)
@pytest.mark.parametrize(("text", "data", "errors"), ROOTS.values(), ids=ROOTS)
async def test_what_is_declared_of_a_field_holds_compiled_or_not(answers, text, data, errors):
    assert await answers(text) == (data, errors)


EMAILS = "email deniedEmail emailDeniedLater emailGrantedLater loudEmail lastingEmail"
EMAILS_SHOWN = {
    "email": "m@example.org",
    "deniedEmail": None,
    "emailDeniedLater": None,
    "emailGrantedLater": "m@example.org",
    "loudEmail": "M@EXAMPLE.ORG",
    "lastingEmail": "M@EXAMPLE.ORG!",
}
BELOW: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "a method": ("staff { fullName }", {"staff": {"fullName": "Mina Ray"}}, {}),
    "what is made of the ids that led to an object": (
        "staff { employer { id } }",
        {"staff": {"employer": {"id": "3"}}},
        {},
    ),
    "a permission on what is made of the ids that led to an object": (
        "staff { grantedEmployer { id } } previousStaff { deniedEmployer { id } }",
        {"staff": {"grantedEmployer": {"id": "3"}}, "previousStaff": {"deniedEmployer": None}},
        {"previousStaff.deniedEmployer": MINA_ONLY},
    ),
    "an async method with an argument": (
        'staff { fullNameLater(ending: "!") }',
        {"staff": {"fullNameLater": "Dr Ray!"}},
        {},
    ),
    "a method that uses others of its class": (
        "staff { letter }",
        {"staff": {"letter": "letter: Dear Mina Ray"}},
        {},
    ),
    "a method that gives an object in it": (
        "who { staffId fullName current { email } initials company }",
        {
            "who": {
                "staffId": "21",
                "fullName": "Mina Ray",
                "current": {"email": "m@example.org"},
                "initials": "MR",
                "company": "3",
            }
        },
        {},
    ),
    "a method that gives its object": (
        "staff { same { current { email } fullName } twice { staffId current { id } } }",
        {
            "staff": {
                "same": {"current": {"email": "m@example.org"}, "fullName": "Mina Ray"},
                "twice": [{"staffId": "21", "current": {"id": "21"}}] * 2,
            }
        },
        {},
    ),
    "a method that gives an object of the type": (
        "staff { deputy { fullName current { email } } }",
        {"staff": {"deputy": {"fullName": "Depp Uty", "current": None}}},
        {
            "staff.deputy.current": (
                "The company of this resource is unknown.",
                {"code": "COMPANY_UNKNOWN"},
            )
        },
    ),
    "a method that gives a list, null among it": (
        "everybody { fullName current { email } }",
        {
            "everybody": [
                {"fullName": "Mina Ray", "current": {"email": "m@example.org"}},
                None,
                {"fullName": "Tom Ott", "current": {"email": "t@example.org"}},
            ]
        },
        {},
    ),
    "a method that looks into objects": (
        "time names when { dateTime }",
        {
            "time": "2026-03-01T09:00:00 in Europe/Berlin",
            "names": "Mina, Dr Ray",
            "when": {"dateTime": "2026-03-01T09:00:00"},
        },
        {},
    ),
    "an extension that makes a text of what a method gives": ("price", {"price": "2.50"}, {}),
    "a method that reads what is computed": ("begins", {"begins": "2026-03-01T08:00:00"}, {}),
    "a resolver that gets what was reached": (
        "staff { company guardedCompany }",
        {"staff": {"company": "3", "guardedCompany": "C3"}},
        {},
    ),
    "a permission on a plain field": (
        "staff { lastName } previousStaff { lastName }",
        {"staff": {"lastName": "Ray"}, "previousStaff": {"lastName": None}},
        {"previousStaff.lastName": MINA_ONLY},
    ),
    "a permission that a resolver has": (
        "previousStaff { guardedCompany }",
        {"previousStaff": {"guardedCompany": None}},
        {"previousStaff.guardedCompany": MINA_ONLY},
    ),
    "a permission and an extension on a computed field": (
        "staff { initials deniedInitials loudInitials }",
        {"staff": {"initials": "MR", "deniedInitials": None, "loudInitials": "MR"}},
        {"staff.deniedInitials": REFUSED},
    ),
    "permissions and extensions on what is loaded": (
        f"current {{ staff {{ {EMAILS} }} }}",
        {"current": {"staff": EMAILS_SHOWN}},
        {
            "current.staff.deniedEmail": REFUSED,
            "current.staff.emailDeniedLater": LOG_IN,
        },
    ),
    "permissions and extensions on what was loaded before": (
        f"staff {{ current {{ {EMAILS} }} }}",
        {"staff": {"current": EMAILS_SHOWN}},
        {
            "staff.current.deniedEmail": REFUSED,
            "staff.current.emailDeniedLater": LOG_IN,
        },
    ),
    "a permission above what is loaded": (
        "guardedStaff { current { email } fullName company }",
        {
            "guardedStaff": {
                "current": {"email": "m@example.org"},
                "fullName": "Mina Ray",
                "company": "3",
            }
        },
        {},
    ),
    "a permission on an entity that a snapshot leads to": (
        """staff { grantedCurrent { nameTag } deniedCurrent { nameTag } }
           previousStaff { grantedCurrent { email } deniedCurrent { id } }""",
        {
            "staff": {
                "grantedCurrent": {"nameTag": "Mina (21)"},
                "deniedCurrent": {"nameTag": "Mina (21)"},
            },
            "previousStaff": {
                "grantedCurrent": {"email": "t@example.org"},
                "deniedCurrent": None,
            },
        },
        {"previousStaff.deniedCurrent": MINA_ONLY},
    ),
    "an extension that gives something else of the object": (
        "predecessor { current { email } fullName }",
        {"predecessor": {"current": {"email": "t@example.org"}, "fullName": "Tom Ott"}},
        {},
    ),
    "a permission that says nothing": ("deniedStaff { staffId }", {"deniedStaff": []}, {}),
    "directives": (
        "staff @named { firstName @loud fullName @loud(times: 2) } previousStaff @named { staffId }",
        {"staff": {"firstName": "MINA!", "fullName": "MINA RAY!!"}, "previousStaff": None},
        {},
    ),
}


@pytest.mark.sample(8)
@pytest.mark.parametrize(("selection", "shown", "errors"), BELOW.values(), ids=BELOW)
async def test_what_is_declared_holds_below_the_root(answers, selection, shown, errors):
    below = {f"0.appointment.{key}": told for key, told in errors.items()}
    assert await of_appointments(answers, selection, ITEMS[:1]) == ([shown], below)


async def test_each_item_of_a_list_is_asked_about_by_itself(answers):
    shown, errors = await of_appointments(answers, "staff { firstName lastName fullName }")
    assert [each["staff"]["lastName"] for each in shown] == ["Ray", None]
    assert [each["staff"]["fullName"] for each in shown] == ["Mina Ray", "Tom Ott"]
    assert errors == {"1.appointment.staff.lastName": MINA_ONLY}


NUMBERS = item(
    "1",
    id=31,
    staff={"id": 21, "firstName": 5, "lastName": 1.5},
    previousStaff={"id": 22, "firstName": 5},
    service={"id": 9, "name": 1e30},
    notes=7,
)
AS_TEXTS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "a method, and a permission that compares ids": (
        "staff { staffId shout } previousStaff { staffId shout }",
        {
            "staff": {"staffId": "21", "shout": "5"},
            "previousStaff": {"staffId": "22", "shout": None},
        },
        {"previousStaff.shout": ("21 only.", {"code": "FORBIDDEN"})},
    ),
    "attributes that are no fields": ("what", {"what": "9 1E+30"}, {}),
    "an extension": (
        "notes chief { staffId fullName current { email } }",
        {
            "notes": "7",
            "chief": {
                "staffId": "21",
                "fullName": "5 1.5",
                "current": {"email": "m@example.org"},
            },
        },
        {},
    ),
    "an extension of what is loaded": (
        "current { staff { loudEmail } } staff { current { loudEmail } }",
        {"current": {"staff": {"loudEmail": "8"}}, "staff": {"current": {"loudEmail": "8"}}},
        {},
    ),
    "a directive": (
        "__typename @loud staff { staffId @loud firstName @loud fullName @loud }",
        {
            "__typename": "SNAPSHOT!",
            "staff": {"staffId": "21!", "firstName": "5!", "fullName": "5 1.5!"},
        },
        {},
    ),
}


@pytest.mark.parametrize(("selection", "shown", "errors"), AS_TEXTS.values(), ids=AS_TEXTS)
async def test_a_number_in_the_place_of_a_text_is_a_text_for(
    answers, monkeypatch, selection, shown, errors
):
    if "loudEmail" in selection:
        staff = "/api/2.1/scheduling/companies/3/staff"
        monkeypatch.setitem(UPSTREAM, staff, {"items": [{"id": 21, "email": 8}]})
    below = {f"0.appointment.{key}": told for key, told in errors.items()}
    assert await of_appointments(answers, selection, [NUMBERS]) == ([shown], below)


async def test_what_cannot_be_read_breaks_the_contract_at_the_method(answers):
    broken = item("1", staff={"id": "21", "firstName": {}, "lastName": "Ray"}, start=7)
    shown, errors = await of_appointments(
        answers, "time names staff { staffId fullName }", [broken]
    )
    assert shown == [{"time": None, "names": None, "staff": {"staffId": "21", "fullName": None}}]
    below = "0.appointment"
    assert errors == dict.fromkeys(
        (f"{below}.time", f"{below}.names", f"{below}.staff.fullName"), BROKEN
    )


@pytest.mark.parametrize("on", [True, False])
async def test_a_condition_decides_whether_a_method_runs(answers, on):
    text = """query ($on: Boolean!) { activities(clientId: 7, first: 1) { nodes {
      id label @include(if: $on) ... @include(if: $on) { deniedKind } } } }"""
    data, errors = await answers(text, variables={"on": on})
    [node] = data["activities"]["nodes"]
    label = {"label": "appointment 1!", "deniedKind": None}
    assert node == {"id": "1", **(label if on else {})}
    assert len(errors) == on


async def test_a_method_knows_the_variables(answers):
    data, _ = await answers(
        "query ($name: String!) { hello(name: $name) }", variables={"name": "A"}
    )
    assert data == {"hello": "Hello A, {'name': 'A'}"}


SEARCHES: dict[str, tuple[str, dict[str, Any], str]] = {
    "the object": (
        "query ($search: Search) { wordsOf(search: $search) { text } }",
        {"search": {"clientId": "7", "manner": "POLITE", "parts": [{"text": "a", "times": 2}]}},
        "Dear 7: ['aa'] UNSET UNSET",
    ),
    "no object": (
        "query ($search: Search) { wordsOf(search: $search) { text } }",
        {},
        "UNSET None",
    ),
    "null": (
        "query ($search: Search) { wordsOf(search: $search) { text } }",
        {"search": None},
        "None None",
    ),
    "a default": (
        'query ($search: Search = { clientId: "8", from: "x" }) { wordsOf(search: $search) { text } }',
        {},
        "8: [] UNSET 'x'",
    ),
    "fields of the object": (
        """query ($id: ID!, $manner: Manner!, $part: Part!, $from: String) {
          wordsOf(search: { clientId: $id, manner: $manner, parts: [$part], ending: $part, from: $from }) {
            text } }""",
        {"id": 9, "manner": "POLITE", "part": {"text": "b"}},
        "Dear 9: ['b'] b UNSET",
    ),
    "a list of objects": (
        "query ($others: [Part!]) { wordsOf(search: { clientId: 7 }, others: $others) { text } }",
        {"others": [{"text": "c"}, {"text": "d", "times": 3}]},
        "7: ['c', 'ddd'] UNSET UNSET",
    ),
}


@pytest.mark.parametrize(("text", "variables", "words"), SEARCHES.values(), ids=SEARCHES)
async def test_an_input_object_may_come_of_variables_compiled_or_not(
    answers, text, variables, words
):
    assert await answers(text, variables=variables) == ({"wordsOf": {"text": words}}, {})


async def test_without_directives_a_schema_that_has_some_is_compiled_as_any_other(answers):
    text = "{ activities(clientId: 7, first: 1) { nodes { id label } } }"
    preparer = _preparers(DIRECTED)[0]
    first, second = [await _answer(preparer, text, ITEMS, DIRECTED, {}) for _ in range(2)]
    assert first == second
    assert preparer.prepare_now(text, None).compiled_query is not None


async def test_a_permission_refuses_what_it_is_asked_about_once_more():
    """Also where the schema was built more than once of the same types."""
    again = schema.executable_schema(schema.build_strawberry_schema(Query, types=KINDS))
    result = await _answer(build_preparer(again), "{ secret }", ITEMS, again, {})
    assert [error["message"] for error in result.errors] == [REFUSED[0]]
