"""Whatever an id is, the upstream sees the path and the parameters that were meant, or nothing at all."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import example, given, settings, strategies as st

from gateway.config.settings import Settings
from gateway.errors import InvalidArgument, InvalidUpstreamResponse
from gateway.upstream import endpoints
from gateway.upstream.api import UpstreamApi
from gateway.upstream.credentials import Caller
from gateway.upstream.endpoints import CLIENT_APPOINTMENT, Endpoint
from gateway.upstream.http.transport import AiohttpTransport
from gateway.upstream.records.enums import ActivityKind
from gateway.web.app import create_app
from tests.security.secrets.serving import serving_bytes
from tests.unit.upstream.reading import result_of

pytestmark = pytest.mark.socket

CALLER = Caller(((b"apiKey", b"key"), (b"token", b"token")), b"")
BODY = b'{"id": "7", "items": []}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(BODY), BODY)

HOSTILE = [
    "",
    " ",
    ".",
    "..",
    "../../admin",
    "..%2f..%2fadmin",
    "%2e%2e/x",
    "..;/x",
    "a/b",
    "//evil.example/x",
    "http://evil.example/",
    "@evil.example",
    "a@evil.example:80",
    "evil.example:80",
    "\\\\evil.example\\x",
    "a?b=c",
    "a#b",
    "a&type=x",
    "a;type=x",
    "a=b",
    "a&clientId=2",
    "%26clientId%3D2",
    "%",
    "%zz",
    "%00",
    "\x00",
    "a\r\nX-Evil: 1",
    "a\r\n\r\nGET /evil HTTP/1.1\r\nHost: evil\r\n\r\n",
    "a\nb",
    "a\tb",
    "a HTTP/1.1",
    "+",
    "a b",
    "é",
    "e\u0301",
    "\uff0e\uff0e\uff0f",
    "\u2025",
    "\u2028",
    "\u202e",
    "\ufeff",
    "😀",
    "\ud800",
    "{clientId}",
    "{0.__class__}",
    "$(id)",
    "'; DROP TABLE x; --",
    "<script>",
    "7" * 65,
    "7" * 10_000,
    "\u00e9" * 40_000,
]
pieces = (
    st.sampled_from(HOSTILE[:-2]) | st.text(max_size=20) | st.from_regex(r"[A-Za-z0-9_-]{1,64}")
)
ids = st.lists(pieces, max_size=4).map("".join) | st.sampled_from(HOSTILE)

PARTS: dict[Endpoint[Any], str] = {
    endpoints.CLIENT: "/api/2.0/clients/{}",
    endpoints.NOTE: "/api/2.0/notes/{}",
    endpoints.COMPANY: "/api/2.1/scheduling/companies/{}",
    endpoints.STAFF: "/api/2.1/scheduling/companies/{}/staff",
    endpoints.SERVICE: "/api/2.1/scheduling/companies/{}/services",
    endpoints.APPOINTMENT: "/api/2.1/scheduling/companies/{}/appointments/{}",
    endpoints.FORM: "/api/2.3/forms/{}",
    endpoints.FORM_RESULT: "/api/2.3/forms/{}/results/{}",
    endpoints.CONFERENCE: "/conferences/api/1.0/conferences/{}",
    endpoints.CONFERENCE_SESSION: "/conferences/api/1.0/conferences/{}/sessions/{}",
    endpoints.CONFERENCE_REGISTRATION: (
        "/conferences/api/1.0/conferences/{}/sessions/{}/registrations/{}"
    ),
}
"""The endpoints whose ids all stand in the path."""


class Wire(NamedTuple):
    """The loop that everything runs in, the upstream's port, and the heads of the requests it got."""

    runner: asyncio.Runner
    port: int
    heads: list[bytes]

    @property
    def settings(self) -> Settings:
        url = f"http://127.0.0.1:{self.port}"
        given: dict[str, Any] = {"upstream_url": url, "compile_queries": "eager"}
        return Settings(**given)

    def request_heads(self, read: Callable[[UpstreamApi], Awaitable[object]]) -> list[bytes]:
        """The heads of the requests that a read makes."""
        self.heads.clear()

        async def ask() -> None:
            transport = AiohttpTransport(max_connections=1)
            upstream = UpstreamApi(self.settings, transport)
            try:
                await read(upstream)
            except (InvalidUpstreamResponse, InvalidArgument):
                pass  # where something was asked all the same, the head tells
            finally:
                await transport.aclose()

        self.runner.run(ask())
        return list(self.heads)

    def target(self, head: bytes) -> tuple[str, list[tuple[str, str]]]:
        """Path and parameters of a request that is otherwise just what it should be."""
        line, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        found = re.fullmatch(rb"GET (/[!-~]*) HTTP/1\.1", line)
        assert found, line
        names = sorted(header.partition(b":")[0].lower() for header in headers)
        assert names == [b"accept", b"accept-encoding", b"apikey", b"host", b"token", b"user-agent"]
        assert f"Host: 127.0.0.1:{self.port}".encode() in headers
        path, _, query = found[1].decode("ascii").partition("?")
        assert not re.search(r"[#;?]", query)
        return path, parse_qsl(
            query, keep_blank_values=True, strict_parsing=bool(query), errors="strict"
        )


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    heads: list[bytes] = []

    def answer(head: bytes) -> bytes:
        heads.append(head)
        return ANSWER

    with asyncio.Runner() as runner:
        serving = serving_bytes(answer)
        yield Wire(runner, runner.run(serving.__aenter__()), heads)
        runner.run(serving.__aexit__(None, None, None))


many = partial(settings, max_examples=150, derandomize=True, database=None, deadline=None)


@pytest.mark.parametrize(("endpoint", "path"), PARTS.items(), ids=PARTS.values())
def test_an_id_in_a_path_is_one_part_of_it_or_is_not_sent(wire, endpoint, path):
    count = path.count("{}")

    @many()
    @given(st.tuples(*[ids] * count))
    def holds(given_ids: tuple[str, ...]) -> None:
        heads = wire.request_heads(lambda upstream: upstream.fetch(CALLER, endpoint, *given_ids))
        if all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", each) for each in given_ids):
            assert [wire.target(head) for head in heads] == [(path.format(*given_ids), [])]
        else:
            assert heads == []

    holds()


def test_an_id_in_a_query_is_one_parameter_of_it_or_is_not_sent(wire):
    @many()
    @given(ids, st.none() | ids)
    @example("a&sort=desc", "b#")
    def holds(client_id: str, appointment_id: str | None) -> None:
        kinds = [ActivityKind.NOTE]
        heads = wire.request_heads(
            lambda upstream: result_of(
                upstream.activities(CALLER, client_id, appointment_id=appointment_id, kinds=kinds)
            )
        )
        expected = [("clientId", client_id), ("sort", "asc"), ("type", "note")]
        expected += [] if appointment_id is None else [("appointmentId", appointment_id)]
        # What no URL can hold is refused before anything is sent.
        if heads or fits(client_id, appointment_id or ""):
            [target] = map(wire.target, heads)
            assert target == ("/api/2.3/activities", expected)

    holds()


def fits(*values: str) -> bool:
    return all(not re.search("[\ud800-\udfff]", each) for each in values) and (
        sum(len(each.encode("utf-8", "replace")) for each in values) < 10_000
    )


def test_a_list_of_appointments_takes_no_more_than_ids_either(wire):
    @many()
    @given(ids, ids)
    def holds(company_id: str, client_id: str) -> None:
        heads = wire.request_heads(
            lambda upstream: result_of(
                upstream.fetch(CALLER, CLIENT_APPOINTMENT, company_id, client_id)
            )
        )
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", company_id):
            assert heads == []
        elif heads or fits(client_id):
            [target] = map(wire.target, heads)
            path = f"/api/2.1/scheduling/companies/{company_id}/appointments"
            assert target == (path, [("clientId", client_id), ("levelDetail", "full")])

    holds()


QUERY = """query ($id: ID!, $appointment: ID!) { client(id: $id) {
  profile { firstName } activities(filter: {appointmentId: $appointment}) { totalCount }
} }"""


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
def test_an_id_that_a_caller_sends_changes_nothing_but_its_value(wire, compile_queries):
    """Through GraphQL, as a variable and as a literal."""

    async def ask(id_: str) -> list[str]:
        app = create_app(wire.settings.model_copy(update={"compile_queries": compile_queries}))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
            body = {"query": QUERY, "variables": {"id": id_, "appointment": id_}}
            headers = {"apiKey": "key", "token": "token"}
            answer = await http.post("/graphql", json=body, headers=headers)
        async with app.router.lifespan_context(app):
            pass
        return [error["extensions"]["code"] for error in answer.json().get("errors", [])]

    for id_ in [each for each in HOSTILE if "\ud800" not in each]:
        wire.heads.clear()
        codes = wire.runner.run(ask(id_))
        assert set(codes) <= {"BAD_USER_INPUT"}
        heads = [head.replace(b"X-Request-Id", b"x-request-id") for head in wire.heads]
        for head in heads:
            without = re.sub(rb"(?i)x-request-id: [0-9a-f]{32}\r\n", b"", head)
            path, parameters = wire.target(without)
            assert path == "/api/2.3/activities"
            assert parameters == [("clientId", id_), ("sort", "asc"), ("appointmentId", id_)]
