import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from graphql import GraphQLError, build_schema
from starlette.datastructures import Headers
from structlog.testing import capture_logs

from gateway.engine.fair_scheduler import FairScheduler
from gateway.engine.preparation import build_preparer
from gateway.engine.prepared_operation import PreparedOperation
from gateway.engine.trusted_documents import TrustedDocuments
from gateway.observability.request_stats import RequestStats
from gateway.web.graphql_endpoint import GraphQLEndpoint
from tests.support.processes import PATIENCE_SECONDS
from tests.support.secret import SECRET

GRAPHQL = "application/graphql-response+json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"
TIMELINE = "{ activities(clientId: 1) { totalCount } }"


def broken(request: httpx.Request) -> httpx.Response:
    raise ValueError(SECRET)


async def test_a_bug_while_executing_is_told_at_its_path_without_details(gateway_over):
    with capture_logs():
        answer = await gateway_over(broken).post(TIMELINE)
    assert answer.status_code == 200
    assert answer.json()["data"] == {"activities": None}
    (error,) = answer.json()["errors"]
    assert error["path"] == ["activities"]
    assert error["extensions"].keys() == {"code", "errorId"}
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    for inside in (SECRET, "ValueError", "Traceback", ".py"):
        assert inside not in answer.text


async def test_the_log_has_the_bug_under_the_id_that_the_caller_got(gateway_over):
    with capture_logs() as entries:
        answer = await gateway_over(broken).ask(TIMELINE)
    (bug,) = [entry for entry in entries if entry["event"] == "internal_error"]
    assert bug["id"] == answer["errors"][0]["extensions"]["errorId"]
    assert bug["log_level"] == "error"
    assert bug["exceptions"][0]["type"] == "builtins.ValueError"
    assert "tests.unit.web.test_graphql_endpoint" in bug["exceptions"][0]["frames"][-1]
    assert SECRET not in repr(entries)


async def test_a_bug_at_one_place_leaves_the_others_alone(gateway_over):
    with capture_logs():
        answer = await gateway_over(broken).ask("{ __typename " + TIMELINE[1:])
    assert answer["data"] == {"__typename": "Query", "activities": None}


@dataclass(frozen=True)
class Nothing:
    reported_errors: list[GraphQLError] = field(default_factory=list)

    def extensions(self, *, compiled: bool, cost: Callable[[], int]) -> Mapping[str, object]:
        return {}


SCHEMA = build_schema("type Query { read: Int } type Mutation { write: Int }")


def endpoint(**given: Any) -> httpx.AsyncClient:
    """HTTP to an endpoint over a schema of two lines."""

    @asynccontextmanager
    async def context_for(headers: Headers, tally: RequestStats) -> AsyncIterator[Nothing]:
        yield Nothing()

    parts: dict[str, Any] = {
        "schema": SCHEMA,
        "documents": TrustedDocuments("off", {}),
        "preparer": build_preparer(SCHEMA),
        "open_context": context_for,
        "graphiql_page": None,
        "max_body_bytes": 1000,
    }
    app = GraphQLEndpoint(**(parts | given))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway/graphql")


class Busy(FairScheduler):
    """Turns that are somebody else's until it is over."""

    def __init__(self) -> None:
        super().__init__()
        self.is_over = asyncio.Event()
        self.waiting = asyncio.Event()

    async def run(self, work: Callable[[], Any]) -> Any:
        self.waiting.set()
        await self.is_over.wait()
        return await super().run(work)


@pytest.mark.parametrize(
    "unknown",
    [{"query": "{ __typename }"}, {"query": "{ read }", "extensions": {"a": "x" * 20_000}}],
    ids=["document", "large body"],
)
async def test_what_may_take_long_waits_for_its_turn_and_what_is_known_does_not(unknown):
    turns = Busy()
    turns.is_over.set()
    preparer = build_preparer(SCHEMA)
    preparer.scheduler = turns
    http = endpoint(preparer=preparer, max_body_bytes=100_000)
    known = {"query": "{ read }"}
    await http.post("", json=known)
    turns.is_over.clear()
    waiting = asyncio.create_task(http.post("", json=unknown))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await turns.waiting.wait()
    assert (await http.post("", json=known)).json() == {"data": {"read": None}}
    assert not waiting.done()
    turns.is_over.set()
    assert (await waiting).status_code == 200


class Unprepared:
    """Prepares nothing: a bug."""

    async def prepare(self, *_: object, **__: object) -> PreparedOperation:
        raise RuntimeError(SECRET)


def unopened(headers: Headers, tally: RequestStats) -> AbstractAsyncContextManager[Nothing]:
    raise RuntimeError(SECRET)


@pytest.mark.parametrize(
    "part", [{"preparer": Unprepared()}, {"open_context": unopened}], ids=["prepare", "context"]
)
async def test_a_bug_outside_of_execution_is_a_500_in_json_without_details(part):
    with capture_logs() as entries:
        answer = await endpoint(**part).post(
            "", json={"query": "{ read }"}, headers={"Accept": GRAPHQL}
        )
    assert answer.status_code == 500
    assert answer.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert answer.json().keys() == {"errors"}
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert [entry["id"] for entry in entries] == [error["extensions"]["errorId"]]
    assert SECRET not in answer.text


@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "DELETE", "PATCH", "TRACE", "QUERY"])
async def test_other_methods_are_refused_with_those_allowed(http, method):
    answer = await http.request(method, "/graphql", json={"query": "{ __typename }"})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert answer.json()["errors"][0]["extensions"] == {"code": "METHOD_NOT_ALLOWED"}


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("{ __typename }", GRAPHQL),
        ("{ __typename }", "application/json"),
        ("{ nothing }", GRAPHQL),
        ("{", GRAPHQL),
        ("", GRAPHQL),
        ("", "text/html"),
        ("{ __typename }", "image/png"),
    ],
)
async def test_head_gets_what_get_gets_but_for_the_body(http, query, accept):
    asked = {"params": {"query": query} if query else {}, "headers": {"Accept": accept}}
    get, head = [await http.request(method, "/graphql", **asked) for method in ("GET", "HEAD")]
    for answer in (get, head):
        del answer.headers["x-request-id"]
    assert (head.status_code, head.headers, head.content) == (get.status_code, get.headers, b"")
    assert int(head.headers["content-length"]) == len(get.content) > 0


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_mutation_over_get_is_refused_with_the_method_allowed(method):
    answer = await endpoint().request(method, "", params={"query": "mutation { write }"})
    if method == "HEAD":
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        return
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json()["errors"][0]["extensions"] == {"code": "METHOD_NOT_ALLOWED"}


async def test_the_operation_that_is_named_decides_whether_get_may_ask():
    both = "query r { read } mutation w { write }"
    statuses = [
        (await endpoint().get("", params={"query": both, "operationName": name})).status_code
        for name in ("r", "w")
    ]
    assert statuses == [200, 405]


async def test_a_mutation_over_post_is_run():
    answer = await endpoint().post("", json={"query": "mutation { write }"})
    assert answer.json() == {"data": {"write": None}}


async def test_our_schema_has_no_mutation_for_get_to_run(http):
    answer = await http.get(
        "/graphql", params={"query": "mutation { __typename }"}, headers={"Accept": GRAPHQL}
    )
    assert 400 <= answer.status_code < 500
    assert "data" not in answer.json()


@pytest.mark.parametrize("query", ["", "?query=%7B__typename%7D"])
async def test_a_browser_gets_graphiql(http, query):
    answer = await http.get("/graphql" + query, headers={"Accept": BROWSER})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "GraphiQL" in answer.text


@pytest.mark.parametrize(
    "accept", [None, "*/*", "application/json", "application/json, text/html;q=0.9", "text/*;q=0"]
)
async def test_whoever_does_not_prefer_html_gets_json(http, accept):
    headers = {} if accept is None else {"Accept": accept}
    answer = await http.get("/graphql", headers=headers)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "status", "code"),
    [(BROWSER, 400, "BAD_REQUEST"), ("text/html", 406, "NOT_ACCEPTABLE")],
)
async def test_without_graphiql_a_browser_gets_json(http_with, accept, status, code):
    answer = await http_with(graphiql=False).get("/graphql", headers={"Accept": accept})
    assert answer.status_code == status
    assert answer.json()["errors"][0]["extensions"]["code"] == code


async def test_graphiql_is_not_for_post(http):
    answer = await http.post("/graphql", json={}, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"]) == (
        406,
        "application/json; charset=utf-8",
    )


async def test_several_accept_lines_are_one_list(http):
    answer = await http.get(
        "/graphql?query={__typename}", headers=[("Accept", "image/png"), ("Accept", GRAPHQL)]
    )
    assert answer.headers["content-type"].startswith(GRAPHQL)


@pytest.mark.parametrize(
    ("method", "body", "accept", "status", "vary"),
    [
        ("POST", {"query": "{ __typename }"}, "*/*", 200, "Accept, Accept-Encoding"),
        ("POST", {"query": "{"}, GRAPHQL, 400, "Accept, Accept-Encoding"),
        ("POST", {}, "*/*", 400, "Accept, Accept-Encoding"),
        ("POST", {}, "image/png", 406, "Accept, Accept-Encoding"),
        ("PUT", {}, "*/*", 405, "Accept, Accept-Encoding"),
        ("GET", None, BROWSER, 200, "Accept"),
    ],
)
async def test_every_answer_depends_on_accept(http, method, body, accept, status, vary):
    answer = await http.request(method, "/graphql", json=body, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["vary"]) == (status, vary)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "BAD_REQUEST"),
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        (
            {"query": "query a { __typename } query b { __typename }"},
            "OPERATION_RESOLUTION_FAILURE",
        ),
        ({"query": "{ __typename }", "operationName": "c"}, "OPERATION_RESOLUTION_FAILURE"),
        (
            {"query": "query ($id: ID!) { activities(clientId: $id) { totalCount } }"},
            "BAD_USER_INPUT",
        ),
    ],
)
async def test_the_answer_to_what_never_ran_has_no_data(http, body, code):
    answer = (await http.post("/graphql", json=body)).json()
    assert answer.keys() == {"errors"}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {code}


async def test_a_document_by_id_asks_for_its_text(http):
    hashed = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    answer = await http.post("/graphql", json={"extensions": hashed})
    assert (answer.status_code, answer.json()["errors"]) == (
        200,
        [
            {
                "message": "PersistedQueryNotSupported",
                "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"},
            }
        ],
    )


TEXT = "{ read }"
UNKNOWN = "{ other: read }"
HASH = hashlib.sha256(TEXT.encode()).hexdigest()
UNKNOWN_HASH = hashlib.sha256(UNKNOWN.encode()).hexdigest()
SHA1 = hashlib.sha1(TEXT.encode()).hexdigest()
TWO = "query r { read } mutation w { write }"
MODES = ["off", "log", "enforce"]
MANIFEST = {HASH: TEXT, f"sha256:{HASH}": TEXT, SHA1: TEXT, "two": TWO}


def by_id(document_id: str) -> dict[str, Any]:
    return {"documentId": document_id}


def by_hash(document_id: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": document_id}}}


def trusting(mode: Any) -> httpx.AsyncClient:
    return endpoint(documents=TrustedDocuments(mode, MANIFEST))


async def send_parameters(
    http: httpx.AsyncClient, method: str, parameters: dict[str, Any]
) -> httpx.Response:
    if method == "POST":
        return await http.post("", json=parameters)
    written = {k: v if isinstance(v, str) else json.dumps(v) for k, v in parameters.items()}
    return await http.get("", params=written)


RUN = (200, None)
UNSUPPORTED = (200, "PERSISTED_QUERY_NOT_SUPPORTED")
NOT_FOUND = (200, "PERSISTED_QUERY_NOT_FOUND")
NOT_TRUSTED = (403, "DOCUMENT_NOT_TRUSTED")
BAD = (400, "BAD_REQUEST")

WITH_AN_ID = {
    "a known id": (None, HASH, [UNSUPPORTED, RUN, RUN]),
    "a known id with its algorithm": (None, f"sha256:{HASH}", [UNSUPPORTED, RUN, RUN]),
    "a known id of another algorithm": (None, SHA1, [UNSUPPORTED, RUN, RUN]),
    "an unknown id": (None, "0" * 64, [UNSUPPORTED, NOT_FOUND, NOT_FOUND]),
    "a known id and its text": (TEXT, HASH, [RUN, RUN, RUN]),
    "a known id and another text": (UNKNOWN, HASH, [BAD, BAD, BAD]),
    "a known sha1 and another text": (UNKNOWN, SHA1, [RUN, BAD, BAD]),
    "a known text and the hash of another": (TEXT, "0" * 64, [BAD, BAD, BAD]),
    "an unknown text and its hash": (UNKNOWN, UNKNOWN_HASH, [RUN, RUN, NOT_TRUSTED]),
}
WITHOUT = {
    "a known text": ({"query": TEXT}, [RUN, RUN, RUN]),
    "an unknown text": ({"query": UNKNOWN}, [RUN, RUN, NOT_TRUSTED]),
    "a list for an id": (
        {"query": TEXT, "extensions": {"persistedQuery": [HASH]}},
        [BAD, BAD, BAD],
    ),
    "no hash": ({"extensions": {"persistedQuery": {"version": 1}}}, [BAD, BAD, BAD]),
    "two ids": (by_id(HASH) | by_hash(SHA1), [BAD, BAD, BAD]),
}


async def status_and_code(
    mode: str, method: str, parameters: dict[str, Any]
) -> tuple[int, str | None]:
    """The status and the code of the answer, which has data if it has no code."""
    answer = await send_parameters(trusting(mode), method, parameters)
    body = answer.json()
    assert len(body) == 1
    if "data" in body:
        return answer.status_code, None
    (error,) = body["errors"]
    assert error["extensions"].keys() == {"code"}
    return answer.status_code, error["extensions"]["code"]


@pytest.mark.parametrize(("text", "document_id", "expected"), WITH_AN_ID.values(), ids=WITH_AN_ID)
@pytest.mark.parametrize("place", [by_id, by_hash])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_each_mode_has_its_answer_to_an_id(method, place, text, document_id, expected):
    parameters = place(document_id) | ({} if text is None else {"query": text})
    assert [await status_and_code(mode, method, parameters) for mode in MODES] == expected


@pytest.mark.parametrize(("parameters", "expected"), WITHOUT.values(), ids=WITHOUT)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_each_mode_has_its_answer_to_a_text_and_to_what_is_malformed(
    method, parameters, expected
):
    assert [await status_and_code(mode, method, parameters) for mode in MODES] == expected


@pytest.mark.parametrize("accept", ["application/json", GRAPHQL])
@pytest.mark.parametrize(
    ("parameters", "status", "message"),
    [
        (by_id("x"), 200, "PersistedQueryNotFound"),
        ({"query": UNKNOWN}, 403, "Only trusted documents are accepted: send a document id."),
    ],
    ids=["id", "text"],
)
async def test_a_document_that_is_not_run_is_told_alike_in_both_media_types(
    parameters, status, message, accept
):
    answer = await trusting("enforce").post("", json=parameters, headers={"Accept": accept})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith(accept)
    assert [error["message"] for error in answer.json()["errors"]] == [message]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_operation_of_a_document_is_asked_for_by_its_name(method):
    asked = by_id("two")
    assert await status_and_code("enforce", method, asked) == (200, "OPERATION_RESOLUTION_FAILURE")
    assert await status_and_code("enforce", method, asked | {"operationName": "r"}) == RUN
    assert await status_and_code("enforce", method, asked | {"operationName": "x"}) == (
        200,
        "OPERATION_RESOLUTION_FAILURE",
    )


async def test_get_does_not_run_a_mutation_by_its_id_either():
    asked = by_id("two") | {"operationName": "w"}
    assert await status_and_code("enforce", "POST", asked) == RUN
    assert await status_and_code("enforce", "GET", asked) == (405, "METHOD_NOT_ALLOWED")


async def test_a_refusal_repeats_nothing_that_was_sent():
    for parameters in ({"query": UNKNOWN}, by_id("other"), by_id(HASH) | {"query": UNKNOWN}):
        answer = await trusting("enforce").post("", json=parameters)
        assert "other" not in answer.text


async def test_the_log_has_no_more_of_an_unknown_document_than_its_hash():
    parameters = {"query": UNKNOWN, "variables": {"name": SECRET}, "operationName": None}
    with capture_logs() as entries:
        await trusting("log").post("", json=parameters)
    assert entries == [{"event": "document.untrusted", "log_level": "info", "sha256": UNKNOWN_HASH}]


async def test_what_is_sent_is_not_registered():
    http = trusting("log")
    sending = by_hash(UNKNOWN_HASH)
    for _ in range(2):
        assert (await http.post("", json=sending | {"query": UNKNOWN})).json() == {
            "data": {"other": None}
        }
        (error,) = (await http.post("", json=sending)).json()["errors"]
        assert error["message"] == "PersistedQueryNotFound"


def _scope(**headers: str) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), v.encode()) for name, v in headers.items()],
    }


async def _status(app: Any, scope: dict[str, Any], receive: Any) -> int:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    status: int = sent[0]["status"]
    return status


async def test_a_caller_that_leaves_within_its_body_is_no_bug():
    async def receive():
        return {"type": "http.disconnect"}

    app = endpoint()._transport.app  # type: ignore[attr-defined]  # an ASGITransport
    with capture_logs() as entries:
        assert await _status(app, _scope(content_type="application/json"), receive) == 400
    assert entries == []


async def test_a_body_that_announces_too_much_is_not_read():
    async def receive():
        raise AssertionError("The body was read.")

    app = endpoint()._transport.app  # type: ignore[attr-defined]  # an ASGITransport
    assert await _status(app, _scope(content_length="1001"), receive) == 413


async def test_a_query_string_that_is_not_utf_8_is_a_bad_request_without_escapes_too():
    async def receive():
        raise AssertionError("A GET has no body.")

    app = endpoint()._transport.app  # type: ignore[attr-defined]  # an ASGITransport
    scope = {**_scope(), "method": "GET", "query_string": b"query=\xff"}
    assert await _status(app, scope, receive) == 400


def messages(*given: dict[str, Any]) -> Any:
    """A caller that sends these, and then waits for its answer."""
    left = [*given]

    async def receive() -> dict[str, Any]:
        if left:
            return left.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    return receive


READ = {"type": "http.request", "body": b'{"query": "{ read }"}', "more_body": False}
GONE = {"type": "http.disconnect"}


async def test_a_caller_that_leaves_ends_its_operation_and_then_its_context():
    steps: list[str] = []
    started = asyncio.Event()

    async def resolve(*_: object) -> None:
        steps.append("started")
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            steps.append("cancelled")

    @asynccontextmanager
    async def closing(headers: Headers, tally: RequestStats) -> AsyncIterator[Nothing]:
        try:
            yield Nothing()
        finally:
            steps.append("closed")

    schema = build_schema("type Query { read: Int }")
    assert schema.query_type
    schema.query_type.fields["read"].resolve = resolve
    before = asyncio.all_tasks()
    app = endpoint(schema=schema, open_context=closing)._transport.app  # type: ignore[attr-defined]  # an ASGITransport

    async def receive() -> dict[str, Any]:
        if not steps:
            steps.append("sent")
            return READ
        await started.wait()
        return GONE

    with capture_logs() as entries:
        scope = _scope(content_type="application/json")
        assert (await _status(app, scope, receive), entries) == (400, [])
    assert (steps, RequestStats.from_scope(scope).outcome) == (
        ["sent", "started", "cancelled", "closed"],
        "disconnected",
    )
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize("passes", range(4))
async def test_a_caller_that_leaves_while_its_operation_ends_is_answered_or_noted(passes):
    """In whichever pass of the loop each of both happens."""
    loop, end = asyncio.get_running_loop(), asyncio.Event()
    gone = loop.create_future()

    async def resolve(*_: object) -> int:
        await asyncio.sleep(0.01)
        loop.call_soon(end.set)
        for _pass in range(passes):
            await asyncio.sleep(0)
        gone.set_result(GONE)
        await end.wait()
        return 1

    schema = build_schema("type Query { read: Int }")
    assert schema.query_type
    schema.query_type.fields["read"].resolve = resolve
    app = endpoint(schema=schema)._transport.app  # type: ignore[attr-defined]  # an ASGITransport
    sent = [READ]

    async def receive() -> dict[str, Any]:
        left: dict[str, Any] = sent.pop() if sent else await gone
        return left

    scope = _scope(content_type="application/json")
    status = await _status(app, scope, receive)
    outcome = RequestStats.from_scope(scope).outcome
    assert (status, outcome) in {(200, "ok"), (400, "disconnected")}


async def test_an_answer_in_time_leaves_nobody_waiting_for_the_caller_to_go():
    before = asyncio.all_tasks()
    app = endpoint()._transport.app  # type: ignore[attr-defined]  # an ASGITransport
    scope = _scope(content_type="application/json")
    assert await _status(app, scope, messages(READ)) == 200
    assert asyncio.all_tasks() == before


async def test_what_a_caller_sends_besides_is_no_reason_to_stop():
    app = endpoint()._transport.app  # type: ignore[attr-defined]  # an ASGITransport
    scope = {**_scope(), "method": "GET", "query_string": b"query={read}"}
    empty = {"type": "http.request", "body": b"", "more_body": False}
    assert await _status(app, scope, messages(empty, empty)) == 200


async def test_a_request_that_is_cancelled_cancels_its_operation():
    cancelled = []

    async def resolve(*_: object) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    schema = build_schema("type Query { read: Int }")
    assert schema.query_type
    schema.query_type.fields["read"].resolve = resolve
    app = endpoint(schema=schema)._transport.app  # type: ignore[attr-defined]  # an ASGITransport
    scope = _scope(content_type="application/json")
    call = asyncio.create_task(_status(app, scope, messages(READ)))
    await asyncio.sleep(0.02)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert cancelled == [True]
