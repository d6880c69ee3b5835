import asyncio
import re
from typing import Any

import httpx
import pytest
from graphql import GraphQLUnionType, find_breaking_changes

from gateway import schema
from gateway.schema import federation
from tests.unit.schema.conftest import codes

COMPANY = (
    "102"  # to which staff 10201 and 10202 and service 10252 belong, and client 1100's appointments
)

FORM, NOTE = "1000000000000701", "421100000004"

EVERYTHING = """query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on Appointment { id start { instant } client { id } staff { firstName emailAddress } service { name } }
    ... on Client { id profile { lastName } activities(first: 2) { totalCount nodes { kind } } }
    ... on Company { id name currency }
    ... on Conference { id title code seats: capacity }
    ... on Form { id formName: name title }
    ... on Note { id bodyText author { lastName } }
    ... on Service { id name durationMinutes price { amount } }
    ... on Staff { id firstName lastName emailAddress }
  }
}"""

BROKEN = {"_entities.0.activities": "UPSTREAM_CONTRACT_BROKEN"}

ENTITIES: dict[str, dict[str, Any]] = {
    "Appointment": {"id": "411100000002"},
    "Client": {"id": "1100"},
    "Company": {"id": "102", "name": "Harbor Advisors", "currency": "USD"},
    "Conference": {"id": "1802", "title": "Préparer sa retraite", "seats": 40, "code": "C1802"},
    "Form": {"id": FORM, "formName": "Intake questionnaire"},
    "Note": {"id": NOTE, "bodyText": "Sent the prices.\nWill think…"},
    "Service": {"id": "10252"},
    "Staff": {"id": "10201"},
}


@pytest.fixture(params=["eager", "off"])
def subgraph(request, sandbox_gateway):
    """Makes a subgraph over the sandbox."""

    def over(**settings: Any) -> Any:
        return sandbox_gateway(federation=True, compile_queries=request.param, **settings)

    return over


def one(name: str, id_: object = None) -> dict[str, Any]:
    """How a router refers to an entity."""
    return {"__typename": name, "id": ENTITIES[name]["id"] if id_ is None else id_}


async def entities(gateway: Any, *wanted: object) -> list[Any]:
    """Entities, none of which fails."""
    found: list[Any] = (await gateway.data(EVERYTHING, representations=wanted))["_entities"]
    return found


async def test_an_entity_has_all_that_its_type_has_where_only_its_id_is_known(subgraph):
    found = await entities(subgraph(company_id=COMPANY), *map(one, ENTITIES))
    assert [each["__typename"] for each in found] == [*ENTITIES]
    for each, known in zip(found, ENTITIES.values(), strict=True):
        assert each == {**each, **known}
        assert all(value is not None for value in each.values()), each


async def test_entities_are_read_in_batches(subgraph, upstream_calls):
    wanted = [*map(one, ENTITIES), one("Staff", "10202"), one("Company"), one("Client")]
    found = await entities(subgraph(company_id=COMPANY), *wanted)
    assert [each["id"] for each in found[-3:]] == ["10202", "102", "1100"]
    calls = await upstream_calls()
    assert calls.total() == 9  # the appointment's staff is in the same list
    assert set(calls.values()) == {1}


@pytest.mark.parametrize("more", [[], [one("Company", "99999999"), one("Company", "/"), 7]])
async def test_what_routers_ask_for_is_answered_by_compiled_queries(sandbox_gateway, more):
    """Also where some of it is no more, or never was."""
    gateway = sandbox_gateway(federation=True, company_id=COMPANY, explain=True)
    asked = {"representations": [*map(one, ENTITIES), *more]}
    answer = await gateway.ask(EVERYTHING, asked, {"X-Gateway-Explain": "1"})
    assert answer["extensions"]["gateway"]["compiled"] is True
    assert None not in answer["data"]["_entities"][: len(ENTITIES)]


@pytest.mark.slow
@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_an_entity_that_comes_late_costs_no_other(gateway_over, compile_queries):
    async def send(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/companies/2"):
            await asyncio.sleep(60)
        if "/companies/" in request.url.path:
            return httpx.Response(200, json={"id": "1", "name": "Prompt"})
        return httpx.Response(200, json={"items": []})

    gateway = gateway_over(
        send, federation=True, compile_queries=compile_queries, operation_timeout_seconds=0.3
    )
    text = """query ($r: [_Any!]!) {
      _entities(representations: $r) { ... on Company { name } ... on Client { activities { totalCount } } }
    }"""
    wanted = [one("Company", "2"), one("Company", "1"), one("Client")]
    answer = await gateway.ask(text, {"r": wanted})
    assert answer["data"]["_entities"] == [
        None,
        {"name": "Prompt"},
        {"activities": {"totalCount": 0}},
    ]
    assert codes(answer) == {"_entities.0": "UPSTREAM_TIMEOUT"}


async def test_a_representation_may_be_a_literal(subgraph):
    text = '{ _entities(representations: [{__typename: "Client", id: "7", points: 1}]) { ... on Client { id } } }'
    assert await subgraph().data(text) == {"_entities": [{"id": "7"}]}


@pytest.mark.parametrize("name", ["Client", "Company"])
async def test_an_id_may_be_a_number_as_in_arguments(subgraph, name):
    (found,) = await entities(subgraph(), one(name, int(ENTITIES[name]["id"])))
    assert found["id"] == ENTITIES[name]["id"]


async def test_a_client_is_not_looked_for(subgraph, upstream_calls):
    text = "query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Client { id } } }"
    data = await subgraph().data(text, r=[one("Client", "nobody")])
    assert data == {"_entities": [{"__typename": "Client", "id": "nobody"}]}
    assert not await upstream_calls()


async def test_a_page_of_a_client_may_have_a_place(subgraph):
    answer = await subgraph().ask(
        """query ($representations: [_Any!]!, $id: ID) { _entities(representations: $representations) { ... on Client {
          activities(around: $id, first: 3) { precedingCount nodes { id } }
          unknown: activities(around: "404") { totalCount }
        } } }""",
        {"representations": [one("Client")], "id": "9008299254741209"},
    )
    [client] = answer["data"]["_entities"]
    assert client["activities"]["precedingCount"] == 46
    assert client["activities"]["nodes"][1] == {"id": "9008299254741209"}
    assert codes(answer) == {"_entities.0.unknown": "NOT_FOUND"}


@pytest.mark.parametrize("name", sorted({*ENTITIES} - {"Client"}))
async def test_what_is_no_more_is_null(subgraph, name):
    assert await entities(subgraph(company_id=COMPANY), one(name, "99999999")) == [None]


async def test_what_the_upstream_knows_by_another_word_has_no_such_id(subgraph):
    """Conferences can be read by what another system calls them. A router would merge two into one."""
    assert await entities(subgraph(), one("Conference", "CONF-1802")) == [None]


async def failing(gateway: Any, *wanted: object) -> tuple[list[Any], dict[str, str]]:
    answer = await gateway.ask(EVERYTHING, {"representations": wanted})
    return answer["data"]["_entities"], codes(answer)


@pytest.mark.parametrize("name", ["Appointment", "Service", "Staff"])
async def test_what_belongs_to_a_company_needs_one(subgraph, name):
    found, told = await failing(subgraph(), one("Company"), one(name), one("Form"))
    assert [each and each["id"] for each in found] == [COMPANY, None, FORM]
    assert told == {"_entities.1": "COMPANY_UNKNOWN"}


@pytest.mark.sample(12)
@pytest.mark.parametrize(
    "representation",
    [
        7,
        "Client",
        [],
        {},
        {"__typename": "Client"},
        {"id": "7"},
        {"__typename": "Client", "id": 7.5},
        {"__typename": "Client", "id": True},
        {"__typename": "Client", "id": None},
        {"__typename": ["Client"], "id": "7"},
        {"__typename": "User", "id": "7"},
        {"__typename": "Query", "id": "7"},
        {"__typename": "NoteSnapshot", "id": "7"},
        {"__typename": "FormResult", "id": "7"},
        {"__typename": "NoteActivity", "id": "7"},
        {"__typename": "Client", "id": ""},
        {"__typename": "Client", "id": " "},
        {"__typename": "Company", "id": ""},
        {"__typename": "Company", "id": "../clients/7"},
        {"__typename": "Company", "id": "7?a=b"},
        {"__typename": "Company", "id": "7" * 65},
        {"__typename": "Company", "reference": "7"},
    ],
    ids=str,
)
async def test_what_is_no_representation_costs_itself_alone(
    subgraph, upstream_calls, representation
):
    found, told = await failing(subgraph(), representation, one("Company"))
    assert [each and each["id"] for each in found] == [None, COMPANY]
    assert told == {"_entities.0": "BAD_USER_INPUT"}
    assert (await upstream_calls()).total() == 1


async def test_a_refusal_names_the_argument(subgraph):
    wanted = [one("Company", "7?a=b"), one("Client", " ")]
    answer = await subgraph().ask(EVERYTHING, {"representations": wanted})
    refused = {"code": "BAD_USER_INPUT", "argument": "representations"}
    assert [error["extensions"] for error in answer["errors"]] == [refused] * 2


async def test_there_may_be_so_many_of_them(subgraph):
    gateway = subgraph(max_representations=2)
    assert len(await entities(gateway, one("Client"), one("Client"))) == 2
    answer = await gateway.ask(EVERYTHING, {"representations": [one("Client")] * 3})
    assert (answer["data"], codes(answer)) == (None, {"_entities": "BAD_USER_INPUT"})


async def test_each_of_them_costs_what_is_selected_of_it(subgraph):
    """And ten more, for the read that finds it."""
    gateway = subgraph(max_cost=231)
    text = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Client { id profile { lastName } } } }"
    assert "errors" not in await gateway.ask(text, {"r": [one("Client")] * 10})
    answer = await gateway.ask(text, {"r": [one("Client")] * 11})
    assert answer["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"


APPOINTMENT = "/api/2.1/scheduling/companies/102/appointments/7"


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize(
    ("client", "told"), [({"id": "1"}, {}), (None, BROKEN), ({"name": "A"}, BROKEN)], ids=str
)
async def test_an_appointments_thread_needs_to_know_whose_it_is(
    gateway_with, compile_queries, client, told
):
    gateway = gateway_with(
        {APPOINTMENT: {"id": "7", "client": client}},
        federation=True,
        company_id=COMPANY,
        compile_queries=compile_queries,
    )
    text = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Appointment { id activities { totalCount } } } }"
    answer = await gateway.ask(text, {"r": [one("Appointment", "7")]})
    thread = None if told else {"totalCount": 0}
    assert answer["data"] == {"_entities": [{"id": "7", "activities": thread}]}
    assert codes(answer) == told


async def test_the_subgraph_tells_what_is_composed(subgraph):
    data = await subgraph().data("{ _service { sdl } }")
    assert data == {"_service": {"sdl": schema.schema_sdl(federated=True)}}


async def test_the_subgraph_does_not_tell_where_the_schema_is_not_shown(subgraph):
    answer = await subgraph(introspection=False).ask("{ _service { sdl } }")
    assert (answer["data"], codes(answer)) == (None, {"_service": "BAD_USER_INPUT"})


async def test_what_is_composed_is_at_its_address(subgraph):
    answer = await subgraph().http.get("/schema.graphql")
    assert answer.text == schema.schema_sdl(federated=True)


def test_what_is_composed_is_the_schema_with_keys():
    """Not one word more: what is said of a field is the same for all who read it."""
    plain, composed = (
        schema.schema_sdl().splitlines(),
        schema.schema_sdl(federated=True).splitlines(),
    )
    added = [line for line in composed if line not in plain]
    assert added == [
        "extend schema",
        '  @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable"])',
        *(f'type {name} @key(fields: "id") {{' for name in ("Appointment", "Client")),
        *(f'type {name} @key(fields: "id") {{' for name in ("Company", "Conference", "Form")),
        'type Note @key(fields: "id") {',
        "type PageInfo @shareable {",
        *(f'type {name} @key(fields: "id") {{' for name in ("Service", "Staff")),
    ]
    assert [re.sub(r" @(key|shareable).* ", " ", line) for line in composed[3:]] == plain


def test_a_type_with_an_interface_has_a_key():
    text = schema.schema_sdl().replace("\ntype Staff {", "\ntype Staff implements Person & Named {")
    composed = federation.subgraph_sdl(text)
    assert '\ntype Staff implements Person & Named @key(fields: "id") {\n' in composed


def test_a_type_that_is_missing_is_reported():
    text = schema.schema_sdl().replace("\ntype Staff {", "\ntype Employee {")
    with pytest.raises(LookupError, match="Staff"):
        federation.subgraph_sdl(text)


async def test_without_federation_there_is_none(gateway):
    answer = await gateway.ask("{ _service { sdl } }")
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert not {"_Any", "_Entity", "_Service"} & {*schema.build_schema().type_map}


def test_whatever_has_a_key_can_be_asked_for():
    keyed = re.findall(r"^type (\w+) @key", schema.schema_sdl(federated=True), re.MULTILINE)
    entity = schema.build_schema(federated=True).type_map["_Entity"]
    assert isinstance(entity, GraphQLUnionType)
    assert sorted(keyed) == sorted(type_.name for type_ in entity.types) == sorted(ENTITIES)


def test_a_subgraph_has_all_that_the_schema_has():
    plain, served = (schema.build_schema(federated=federated) for federated in (False, True))
    assert find_breaking_changes(plain, served) == []
    assert {*served.type_map} - {*plain.type_map} == {"_Any", "_Entity", "_Service"}
