"""Generated operations over the network: whatever is asked, the answer is JSON with a known code.

A few hundred, always the same ones. `SCHEMATHESIS_EXAMPLES=5000 pytest tests/security/test_schemathesis.py`
draws so many new ones for each root field, well and ill formed, and tells what they were answered.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings, strategies as st
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from gateway import schema
from gateway.errors import INTERNAL_SERVER_ERROR, GatewayError
from tests.support.processes import free_ports, running

pytestmark = pytest.mark.socket

IS_LONG = "SCHEMATHESIS_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "40"))
SEED = int(os.environ.get("SCHEMATHESIS_SEED", "1"))

OPERATIONS = {
    operation.label: operation
    for found in schemathesis.graphql.from_file(schema.schema_sdl()).get_all_operations()
    if isinstance(found, Ok) and (operation := found.ok())
}
CLIENTS = ("1001", "1020", "1100", "1999", "1")
_LITERAL = r"(?:\"(?:[^\"\\]|\\.)*\"|-?[0-9.e+]+|null|\[[^\]]*\])"
ARGUMENTS = re.compile(rf"\b(clientId|id|ids|first|last|after|before|from|to): {_LITERAL}")
"""What is asked for. Made up, it would hardly ever be a client's, or a page that there is."""


def _codes(error: type[GatewayError]) -> Iterator[str]:
    if "code" in vars(error):
        yield error.code
    for kind in error.__subclasses__():
        yield from _codes(kind)


PLANNED = {*_codes(GatewayError)} - {INTERNAL_SERVER_ERROR}


class Server(NamedTuple):
    http: httpx.Client
    seen: Counter[str]

    def ask(self, **request: Any) -> None:
        answer = self.http.request(url="/graphql", **request)
        assert answer.status_code < 500
        assert answer.headers["content-type"].endswith("+json; charset=utf-8")
        content = json.loads(answer.content, parse_constant=pytest.fail)
        codes = {error["extensions"]["code"] for error in content.get("errors", [])}
        assert codes <= PLANNED
        assert codes or content["data"]
        self.seen.update(codes or ["well"])
        self.seen["answers"] += 1


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    port, rest_port = free_ports(2)
    origin = f"http://127.0.0.1:{port}"
    arguments = ["sandbox", "--port", str(port), "--rest-port", str(rest_port)]
    with (
        running(*arguments, ready=f"{origin}/livez", LOG_LEVEL="error") as gateway,
        httpx.Client(base_url=origin, trust_env=False, timeout=30) as http,
    ):
        http.headers["accept"] = "application/graphql-response+json"
        yield Server(http, Counter())
        assert gateway.process.poll() is None


def test_there_is_an_operation_for_each_root_field():
    query = schema.build_schema().query_type
    assert query is not None
    assert {label.removeprefix("Query.") for label in OPERATIONS} == {*query.fields}


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
@pytest.mark.parametrize("label", OPERATIONS)
def test_a_generated_operation_has_an_answer_with_a_known_code(server, label, mode):
    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(
        OPERATIONS[label].as_strategy(generation_mode=mode),
        st.sampled_from((None, *CLIENTS)),
        st.sampled_from(("GET", "POST")),
    )
    def answered(case: Any, client: str | None, method: str) -> None:
        asked = {"query": _about(str(case.body), client)}
        if method == "GET" and len(asked["query"]) < 10_000:
            server.ask(method="GET", params=asked)
        else:
            server.ask(method="POST", json=asked)

    answered()


VARIABLES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(CLIENTS),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=20,
)
DOCUMENT = """
    query A($client: ID!, $first: Int, $after: String, $kinds: [ActivityKind!], $from: DateTime,
            $sort: SortOrder! = ASC, $events: [ActivityEvent!], $with: Boolean = true,
            $filter: ActivityFilter) {
      activities(clientId: $client, first: $first, after: $after, sort: $sort,
                 filter: {kinds: $kinds, from: $from, events: $events}) {
        totalCount nodes @include(if: $with) { id date { instant } } pageInfo { endCursor }
      }
      filtered: activities(clientId: $client, filter: $filter) { totalCount }
    }
    query B($ids: [ID!]!, $with: Boolean!) { clients(ids: $ids) { id profile @skip(if: $with) { firstName } } }
"""
NAMES = (
    "client",
    "first",
    "after",
    "kinds",
    "from",
    "sort",
    "events",
    "with",
    "filter",
    "ids",
    "other",
)


@seed(SEED)
@settings(
    max_examples=EXAMPLES * 3,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    st.dictionaries(st.sampled_from(NAMES), VARIABLES) | VARIABLES,
    st.sampled_from(("A", "B", "C", "", None)) | st.text(),
)
def test_generated_variables_have_an_answer_with_a_known_code(server, variables, name):
    asked = {"query": DOCUMENT, "variables": variables, "operationName": name}
    body = json.dumps(asked).encode("ascii")  # NaN and Infinity among them, as Python writes them
    server.ask(method="POST", content=body, headers={"content-type": "application/json"})


def test_the_answers_were_not_all_alike(server, capsys, pytestconfig):
    seen: Mapping[str, int] = server.seen
    if IS_LONG:
        with capsys.disabled():
            terminal = pytestconfig.get_terminal_writer()
            terminal.line("")
            for code, count in server.seen.most_common():
                terminal.line(f"{count:8} {code}")
    assert seen["well"] > seen["answers"] / 20
    for code in ("BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "NOT_FOUND"):
        assert seen[code]


def _about(document: str, client: str | None) -> str:
    """The document, about a client of the sandbox and pages that there are."""
    if client is None:
        return document
    known = {"clientId": f'"{client}"', "id": f'"{client}"', "ids": f'["{client}"]', "first": "5"}
    return ARGUMENTS.sub(lambda found: f"{found[1]}: {known.get(found[1], 'null')}", document)
