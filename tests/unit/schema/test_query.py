from collections import Counter
from typing import Any

import httpx
import pytest

from gateway.schema import build_schema

REFUSED = "BAD_USER_INPUT"
BROKEN = "UPSTREAM_CONTRACT_BROKEN"


@pytest.fixture
def upstream(gateway_over):
    """A gateway whose clients have one activity each, of the client's id; 404 is nobody."""
    asked: Counter[str] = Counter()

    def send(request):
        client_id = request.url.params["clientId"]
        asked[client_id] += 1
        if client_id == "404":
            return httpx.Response(404)
        return httpx.Response(200, json={"items": [{"id": f"of {client_id}", "type": "note"}]})

    gateway = gateway_over(send, max_clients=3)
    gateway.asked = asked
    return gateway


CLIENTS = "query($ids: [ID!]!) { clients(ids: $ids) { id activities { nodes { id } } } }"


def client(id_: str) -> dict[str, object]:
    return {"id": id_, "activities": {"nodes": [{"id": f"of {id_}"}]}}


async def test_a_client_by_itself_costs_nothing(upstream):
    assert await upstream.data("{ client(id: 7) { id } }") == {"client": {"id": "7"}}
    assert not upstream.asked


async def test_a_client_has_a_timeline(upstream):
    data = await upstream.data("{ client(id: 7) { id activities { nodes { id } } } }")
    assert data == {"client": client("7")}


async def test_clients_come_in_the_order_asked(upstream):
    data = await upstream.data(CLIENTS, ids=["9", 7, "8"])
    assert data == {"clients": [client("9"), client("7"), client("8")]}
    assert upstream.asked == {"9": 1, "7": 1, "8": 1}


async def test_a_client_asked_for_twice_is_read_once(upstream):
    data = await upstream.data(CLIENTS, ids=["7", "7"])
    assert data == {"clients": [client("7"), client("7")]}
    assert upstream.asked == {"7": 1}


async def test_no_clients_are_an_empty_list(upstream):
    assert await upstream.data(CLIENTS, ids=[]) == {"clients": []}


async def test_an_unknown_client_costs_its_own_timeline_only(upstream, codes):
    answer = await upstream.ask(CLIENTS, {"ids": ["404", "7"]})
    assert answer["data"] == {"clients": [{"id": "404", "activities": None}, client("7")]}
    assert codes(answer) == {"clients.0.activities": "NOT_FOUND"}


BLANK_IDS = {
    "ids": ("clients", CLIENTS, {"ids": ["7", " "]}),
    "no text among the ids": ("clients", CLIENTS, {"ids": [""]}),
    "id": ("client", "query($id: ID!) { client(id: $id) { id } }", {"id": " "}),
    "clientId": (
        "activities",
        "query($id: ID!) { activities(clientId: $id) { totalCount } }",
        {"id": "\t"},
    ),
}


@pytest.mark.parametrize(("field", "query", "variables"), BLANK_IDS.values(), ids=BLANK_IDS)
async def test_a_blank_id_is_refused_by_the_name_of_its_argument_without_a_call(
    upstream, field, query, variables
):
    answer = await upstream.ask(query, variables)
    argument = {"clients": "ids", "client": "id", "activities": "clientId"}[field]
    (error,) = answer["errors"]
    assert error["path"] == [field]
    assert error["extensions"] == {"code": REFUSED, "argument": argument}
    assert f"`{argument}`" in error["message"]
    assert not upstream.asked


async def test_more_clients_than_the_setting_allows_are_refused_without_a_call(upstream, codes):
    answer = await upstream.ask(CLIENTS, {"ids": list("1234")})
    assert answer["data"] is None
    assert codes(answer) == {"clients": REFUSED}
    assert answer["errors"][0]["extensions"]["argument"] == "ids"
    assert not upstream.asked


COMPANIES = "/api/2.1/scheduling/companies"
APPOINTMENT = (
    "query($id: ID!, $companyId: ID) { appointment(id: $id, companyId: $companyId) { id notes } }"
)
KNOWN = {f"{COMPANIES}/{company}/appointments/31": {"id": 31, "notes": company} for company in "39"}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize(
    ("configured", "sent", "company"),
    [
        (None, {"companyId": "3"}, "3"),
        ("9", {"companyId": "3"}, "3"),
        ("9", {"companyId": 3}, "3"),
        ("9", {"companyId": None}, "9"),
        ("9", {}, "9"),
    ],
)
async def test_an_appointment_is_one_read_of_the_named_or_else_the_configured_company(
    gateway_with, compile_queries, configured, sent, company
):
    gateway = gateway_with(KNOWN, company_id=configured, compile_queries=compile_queries)
    data = await gateway.data(APPOINTMENT, id="31", **sent)
    assert data == {"appointment": {"id": "31", "notes": company}}
    assert gateway.asked == {f"{COMPANIES}/{company}/appointments/31": 1}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("sent", [{}, {"companyId": None}], ids=str)
async def test_an_appointment_of_no_known_company_is_an_error_without_a_call(
    gateway_with, codes, compile_queries, sent
):
    gateway = gateway_with(KNOWN, compile_queries=compile_queries)
    answer = await gateway.ask(APPOINTMENT, {"id": "31", **sent})
    assert answer["data"] == {"appointment": None}
    assert codes(answer) == {"appointment": "COMPANY_UNKNOWN"}
    assert not gateway.asked


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("status", [404, 410])
async def test_an_appointment_that_no_longer_exists_is_null_without_an_error(
    gateway_with, compile_queries, status
):
    path = f"{COMPANIES}/3/appointments/32"
    gateway = gateway_with({path: status}, compile_queries=compile_queries)
    assert await gateway.data(APPOINTMENT, id="32", companyId="3") == {"appointment": None}
    assert gateway.asked == {path: 1}


@pytest.mark.parametrize(
    ("answer", "code"),
    [(500, "UPSTREAM_UNAVAILABLE"), (403, "FORBIDDEN"), (b"<p>", BROKEN)],
)
async def test_an_appointment_that_cannot_be_read_is_one_error(gateway_with, codes, answer, code):
    gateway = gateway_with({f"{COMPANIES}/3/appointments/31": answer})
    found = await gateway.ask(APPOINTMENT, {"id": "31", "companyId": "3"})
    assert found["data"] == {"appointment": None}
    assert codes(found) == {"appointment": code}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_an_appointment_is_not_found_by_its_reference(gateway_with, compile_queries):
    by_reference = {f"{COMPANIES}/3/appointments/R-31": {"id": "31", "reference": "R-31"}}
    gateway = gateway_with(by_reference, compile_queries=compile_queries)
    assert await gateway.data(APPOINTMENT, id="R-31", companyId="3") == {"appointment": None}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("argument", ["id", "companyId"])
@pytest.mark.parametrize("id_", ["", " ", "../companies", "7/8", "é", "x" * 65])
async def test_what_cannot_be_an_id_is_refused_by_the_name_of_its_argument_without_a_call(
    gateway_with, compile_queries, argument, id_
):
    gateway = gateway_with({}, company_id="9", compile_queries=compile_queries)
    answer = await gateway.ask(APPOINTMENT, {"id": "31", "companyId": "3", argument: id_})
    assert answer["data"] == {"appointment": None}
    (error,) = answer["errors"]
    assert error["path"] == ["appointment"]
    assert error["extensions"] == {"code": REFUSED, "argument": argument}
    assert not gateway.asked


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_what_an_appointment_refers_to_is_of_the_company_that_was_named(
    gateway_with, compile_queries
):
    """The appointment does not say of which company it is; the setting names another one."""
    known = {
        f"{COMPANIES}/3/appointments/31": {"id": "31", "staff": {"id": "21"}},
        f"{COMPANIES}/3/staff": {"items": [{"id": "21", "title": "dr"}]},
    }
    gateway = gateway_with(known, company_id="9", compile_queries=compile_queries)
    data = await gateway.data("{ appointment(id: 31, companyId: 3) { staff { id title } } }")
    assert data == {"appointment": {"staff": {"id": "21", "title": "dr"}}}
    assert gateway.asked == dict.fromkeys(known, 1)


async def test_an_appointment_at_the_root_and_in_a_timeline_is_one_read(gateway_with):
    path = f"{COMPANIES}/3/appointments/31"
    item = {"id": "1", "type": "appointment", "appointment": {"id": "31", "selfLink": path}}
    gateway = gateway_with(KNOWN, item)
    selection = "... on AppointmentActivity { appointment { current { notes } } }"
    data = await gateway.data(f"""{{
      appointment(id: 31, companyId: 3) {{ notes }}
      activities(clientId: 7) {{ nodes {{ {selection} }} }}
    }}""")
    assert data["activities"]["nodes"] == [{"appointment": {"current": data["appointment"]}}]
    assert gateway.asked == {path: 1, "/api/2.3/activities": 1}


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        ", filter: { kinds: [NOTE] }",
        ", filter: { events: [CREATED] }",
        ', filter: { from: "2026-07-01T00:00:00Z", to: "2026-07-02T00:00:00Z" }',
        ", sort: DESC, first: 1",
        ", last: 1",
    ],
)
async def test_a_timeline_is_the_same_from_the_root_and_from_the_client(upstream, arguments):
    of_client = f"({arguments.removeprefix(', ')})" if arguments else ""
    fields = "{ totalCount nodes { id } pageInfo { startCursor } }"
    data = await upstream.data(f"""{{
      activities(clientId: 7{arguments}) {fields} client(id: 7) {{ activities{of_client} {fields} }}
    }}""")
    assert data["client"]["activities"] == data["activities"]


@pytest.mark.parametrize(
    ("type_", "missing"), [("Client", set()), ("Appointment", {"around", "startingAt"})]
)
def test_a_timeline_takes_the_same_arguments_at_the_root_and_at_an_object(type_, missing):
    """But for places, which only the timeline of a client has."""
    types: dict[str, Any] = {**build_schema().type_map}
    client_id, *root = types["Query"].fields["activities"].args.items()
    of_object = types[type_].fields["activities"].args.items()
    assert client_id[0] == "clientId"
    assert [
        (name, str(each.type), each.default_value, each.description)
        for name, each in root
        if name not in missing
    ] == [(name, str(each.type), each.default_value, each.description) for name, each in of_object]
