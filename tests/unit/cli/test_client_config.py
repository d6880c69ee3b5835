"""What the file contains that `gateway schema client-config` writes, for the served schema and for others."""

import json
import re
from typing import Any

import pytest
from click.testing import CliRunner, Result
from graphql import build_schema, is_object_type, is_scalar_type, is_specified_scalar_type

from gateway import schema
from gateway.cli.client_config import CacheClient, client_config
from gateway.cli.main import main

APOLLO, URQL = CacheClient.APOLLO, CacheClient.URQL

CLINIC = """
type Query {
  visits(patientId: ID!, filter: String, sort: String, first: Int, after: String, last: Int, before: String): VisitConnection
  doctors: [Doctor!]!
}

type VisitConnection { edges: [VisitEdge!]! nodes: [Visit!]! pageInfo: PageInfo! totals: Totals }

type VisitEdge { cursor: String! node: Visit! }

type PageInfo { hasNextPage: Boolean! endCursor: String }

interface Visit { id: ID! changes: [Change!] }

type Consultation implements Visit { id: ID! changes: [Change!] doctor: DoctorSnapshot }

type Surgery implements Visit { id: ID! changes: [Change!] at: Moment extra: JSON }

type Change { before: Value }

union Value = DoctorSnapshot | Totals

type DoctorSnapshot { doctorId: ID name: String current: Doctor }

type Doctor {
  id: ID!
  names: [String!]
  rooms: [Room!]
  visits(sort: String, around: ID, first: Int, after: String, last: Int, before: String): VisitConnection
}

type Room { number: Int beds: [Bed!] }

type Bed { number: Int }

type Totals { count: Int }

scalar Moment

scalar JSON
"""

EMBEDDED = {"keyFields": False, "merge": True}


def config(client: CacheClient, *replaced: tuple[str, str]) -> str:
    """The file for the clinic's schema, with these texts replaced."""
    sdl = CLINIC
    for old, new in replaced:
        assert old in sdl
        sdl = sdl.replace(old, new)
    return client_config(build_schema(sdl), client)


def constant(text: str, name: str) -> Any:
    """The value of a constant in the file; a function and its arguments are one string."""
    declaration = rf"^(?:export )?const {name}\b[^=]* = (.*?)( as const)?;$"
    found = re.search(declaration, text, re.MULTILINE | re.DOTALL)
    assert found
    literal = re.sub(r"(\w+): ", r'"\1": ', re.sub(r",(\s*[\]})])", r"\1", found[1]))
    calls = re.compile(r": (embedded|recorded|\w+\(.*?\))", re.DOTALL)
    return json.loads(calls.sub(lambda call: f": {json.dumps(call[1])}", literal))


@pytest.fixture
def run():
    """Runs the command."""

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["schema", *arguments])

    return command


# ---------------------------------------------------------------- the command


@pytest.mark.parametrize("client", CacheClient)
def test_the_command_writes_the_file_for_the_served_schema(run, client):
    result = run("client-config", client.value)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == client_config(schema.build_schema(), client)
    command = f"`gateway schema client-config {client}`"
    assert result.stdout.startswith(f"// Written by {command} from the schema of the gateway.\n")


@pytest.mark.parametrize("arguments", [[], ["relay"], ["apollo", "urql"], ["--apollo"]], ids=str)
def test_wrong_usage_has_a_status_of_its_own(run, arguments):
    result = run("client-config", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage: " in result.stderr


# ---------------------------------------------------------------- both clients


@pytest.mark.parametrize("client", CacheClient)
def test_the_order_of_types_in_the_schema_makes_no_difference(client):
    reordered = "\n\n".join(reversed(CLINIC.strip().split("\n\n")))
    assert client_config(build_schema(reordered), client) == config(client)


@pytest.mark.parametrize("client", CacheClient)
def test_possible_types_are_those_of_the_command_of_that_name(run, client):
    text = client_config(schema.build_schema(), client)
    assert constant(text, "possibleTypes") == json.loads(run("possible-types").stdout)


@pytest.mark.parametrize("client", CacheClient)
def test_every_custom_scalar_has_a_type(client):
    assert constant(config(client), "scalars") == {"JSON": "unknown", "Moment": "string"}
    added = config(client, ("scalar Moment", "scalar Moment\n\nscalar Color"))
    assert constant(added, "scalars")["Color"] == "string"
    served = schema.build_schema()
    assert constant(client_config(served, client), "scalars").keys() == {
        name
        for name, type_ in served.type_map.items()
        if is_scalar_type(type_) and not is_specified_scalar_type(type_)
    }


@pytest.mark.parametrize("client", CacheClient)
def test_the_codes_of_errors_are_those_of_the_schema(client):
    assert "export type ErrorCode = string;\n" in config(client)
    listed = config(client, ("scalar JSON", "scalar JSON\n\nenum ErrorCode { LATE FAILED }"))
    assert 'export type ErrorCode =\n  | "FAILED"\n  | "LATE";\n' in listed


@pytest.mark.parametrize("client", CacheClient)
def test_the_served_schema_needs_no_line_that_is_longer_than_prettier_allows(client):
    text = client_config(schema.build_schema(), client)
    code = [line for line in text.splitlines() if not line.lstrip().startswith(("/", "*"))]
    assert [line for line in code if len(line) > 80] == []


# ---------------------------------------------------------------- Apollo Client


def test_types_without_an_id_are_merged_into_what_has_them():
    assert constant(config(APOLLO), "typePolicies") == {
        "Bed": EMBEDDED,
        "Change": EMBEDDED,
        "Consultation": {"fields": {"changes": "recorded"}},
        "Doctor": {"fields": {"rooms": {"merge": False}, "visits": 'paging(["sort"])'}},
        "DoctorSnapshot": EMBEDDED,
        "Query": {
            "fields": {
                "visits": 'paging(["patientId", "filter", "sort"])',
                "doctors": {"merge": False},
            }
        },
        "Room": {**EMBEDDED, "fields": {"beds": {"merge": False}}},
        "Surgery": {"fields": {"changes": "recorded"}},
        "Totals": EMBEDDED,
    }


def test_a_type_that_gets_an_id_is_an_entity():
    before = constant(config(APOLLO), "typePolicies")
    assert before["DoctorSnapshot"] == EMBEDDED
    changed = config(APOLLO, ("type DoctorSnapshot {", "type DoctorSnapshot { id: ID!"))
    after = constant(changed, "typePolicies")
    assert before == {**after, "DoctorSnapshot": EMBEDDED}
    assert "DoctorSnapshot" not in after


def test_a_type_that_is_added_has_its_policy():
    added = config(
        APOLLO,
        ("type Bed {", "type Pillow { color: String }\n\ntype Bed { pillow: Pillow"),
        ("interface Visit {", "type Checkup implements Visit { id: ID! }\n\ninterface Visit {"),
        ("interface Visit { id: ID! changes: [Change!] }", "interface Visit { id: ID! }"),
    )
    assert constant(added, "typePolicies")["Pillow"] == EMBEDDED
    assert constant(added, "possibleTypes")["Visit"] == ["Checkup", "Consultation", "Surgery"]


def test_a_connection_that_is_added_has_pages():
    pages = "first: Int, after: String, last: Int, before: String"
    added = config(
        APOLLO,
        ("type Room {", f"type Room {{ visits(sort: String, day: Int, {pages}): VisitConnection!"),
    )
    room = constant(added, "typePolicies")["Room"]["fields"]
    assert room == {"visits": 'paging(["sort", "day"])', "beds": {"merge": False}}


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ("bedId: ID! doctor: Doctor!", 'partOf("doctor", "bedId")'),
        ("bedId: ID doctor: Doctor!", None),
        ("bedId: ID! doctor: Doctor", None),
        ("bedId: ID! doctor: Doctor! substitute: Doctor!", None),
        ("bedId: ID! doctor: DoctorSnapshot!", None),
    ],
)
def test_a_part_of_an_entity_has_the_ids_of_both_as_its_key(fields, key):
    beds = ("type Bed { number: Int }", f"type Bed {{ {fields} }}")
    policy = constant(config(APOLLO, beds), "typePolicies")["Bed"]
    assert policy == {"keyFields": key or False, "merge": True}
    assert constant(config(URQL, beds), "keys")["Bed"] == (key or "embedded")


def test_an_argument_that_is_added_distinguishes_lists():
    added = config(APOLLO, ("filter: String, ", "filter: String, search: String, "))
    fields = constant(added, "typePolicies")["Query"]["fields"]
    assert fields["visits"] == 'paging(["patientId", "filter", "search", "sort"])'


def test_each_type_of_the_served_schema_is_merged_or_has_an_id():
    served = schema.build_schema()
    policies = constant(client_config(served, APOLLO), "typePolicies")
    merged = {name for name, policy in policies.items() if policy.get("merge")}
    without_id = {
        name
        for name, type_ in served.type_map.items()
        if is_object_type(type_) and not name.startswith("__") and "id" not in type_.fields
    }
    assert merged <= without_id
    others = {"Query", "PageInfo"}
    assert {
        name for name in without_id - merged if not name.endswith(("Connection", "Edge"))
    } == others


# ---------------------------------------------------------------- urql


def test_types_without_an_id_have_no_key():
    without_id = ["Bed", "Change", "DoctorSnapshot", "PageInfo", "Room", "Totals"]
    connections = ["VisitConnection", "VisitEdge"]
    assert constant(config(URQL), "keys") == dict.fromkeys(without_id + connections, "embedded")


def test_a_type_that_gets_an_id_has_a_key():
    before = constant(config(URQL), "keys")
    changed = config(URQL, ("type DoctorSnapshot {", "type DoctorSnapshot { id: ID!"))
    assert before == {**constant(changed, "keys"), "DoctorSnapshot": "embedded"}


def test_a_type_that_is_added_has_no_key_either():
    added = config(URQL, ("type Bed {", "type Pillow { color: String }\n\ntype Bed { p: Pillow"))
    assert constant(added, "keys")["Pillow"] == "embedded"


def test_each_connection_has_pages():
    assert constant(config(URQL), "resolvers") == {
        "Doctor": {"visits": 'paging(["sort"])'},
        "Query": {"visits": 'paging(["patientId", "filter", "sort"])'},
    }


def test_graphcache_knows_every_field_of_every_type():
    served = schema.build_schema()
    assert constant(client_config(served, URQL), "fieldNames") == {
        name: list(type_.fields)
        for name, type_ in served.type_map.items()
        if is_object_type(type_) and not name.startswith("__")
    }


def test_graphcache_knows_the_root_types():
    assert '    queryType: { name: "Query" },\n    types: [' in config(URQL)
    changing = config(URQL, ("scalar JSON", "scalar JSON\n\ntype Mutation { discharge: Boolean }"))
    assert '    mutationType: { name: "Mutation" },\n' in changing
    assert "Mutation" not in constant(changing, "keys")
