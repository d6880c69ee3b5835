import itertools
import json
import re
from collections.abc import MutableMapping
from typing import Any

import httpx
import pytest
import structlog
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from gateway.config.paths import PROBES
from gateway.web.request_middleware import RequestMiddleware

TIMELINE = '{ activities(clientId: "4711") { totalCount } }'
SECRETS = {
    "apiKey": "key-of-a-caller",
    "token": "token-of-a-caller",
    "Cookie": "crumbs-of-a-caller",
    "User-Agent": "browser-of-a-caller",
}


@pytest.mark.parametrize("sent", ["a", "A-b_c.9", "x" * 128])
async def test_a_usable_request_id_is_kept(http, sent):
    answer = await http.get("/livez", headers={"X-Request-Id": sent})
    assert answer.headers["x-request-id"] == sent


@pytest.mark.parametrize(
    "sent", ["", "x" * 129, "a b", "a/b", 'a"b', "a,b", "é".encode().decode("latin-1"), "${jndi}"]
)
async def test_any_other_request_id_is_replaced(http, sent):
    header = sent.encode("latin-1")
    answer = await http.get("/livez", headers=[(b"X-Request-Id", header)])
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_requests_without_an_id_get_different_ids(http):
    """More of them than one block of random bytes has ids for."""
    ids = [(await http.get("/livez")).headers["x-request-id"] for _ in range(600)]
    assert len(set(ids)) == 600
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)


@pytest.mark.parametrize("sent", [["mine"], ["mine", "another"], ["not usable"], []])
async def test_the_upstream_gets_the_one_request_id_that_the_caller_gets(gateway_over, sent):
    seen: list[str] = []

    def upstream(request):
        seen.extend(request.headers.get_list("x-request-id"))
        return httpx.Response(200, json={"items": []})

    answer = await gateway_over(upstream).http.post(
        "/graphql", json={"query": TIMELINE}, headers=[("X-Request-Id", name) for name in sent]
    )
    assert seen == answer.headers.get_list("x-request-id")
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/livez"), ("GET", "/graphql"), ("PUT", "/graphql"), ("GET", "/nowhere")],
)
async def test_every_answer_forbids_guessing_its_type(http, method, path):
    answer = await http.request(method, path)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/schema.graphql", 200),
        ("GET", "/livez", 200),
        ("GET", "/metrics", 200),
        ("PUT", "/readyz", 405),
        ("GET", "/", 200),
        ("GET", "/nowhere", 404),
    ],
)
async def test_every_request_leaves_one_event_and_probes_leave_it_at_debug(
    http, method, path, status
):
    with capture_logs([merge_contextvars]) as entries:
        answer = await http.request(method, path)
    events = [entry for entry in entries if entry["event"] == "request"]
    assert len(events) == 1
    milliseconds = events[0].pop("milliseconds")
    assert milliseconds >= 0
    assert events[0] == {
        "event": "request",
        "log_level": "debug" if path in PROBES else "info",
        "method": method,
        "status": status,
        "request_id": answer.headers["x-request-id"],
    }


async def request_line(gateway: Any, query: str, **sent: Any) -> MutableMapping[str, Any]:
    """The line of one operation, without what differs each time."""
    with capture_logs() as entries:
        await gateway.post(query, **sent)
    (line,) = [entry for entry in entries if entry["event"] == "request"]
    assert line.pop("milliseconds") >= 0
    return line


REQUEST = {"event": "request", "log_level": "info", "method": "POST"}


async def test_the_line_of_an_operation_tells_how_it_went_and_what_it_took(gateway):
    assert await request_line(gateway, '{ client(id: "1100") { profile { firstName } } }') == {
        **REQUEST,
        "status": 200,
        "outcome": "ok",
        "compiled": True,
        "reads": 1,
        "upstream_calls": 1,
        "retries": 0,
    }


async def test_the_line_of_an_operation_has_the_codes_of_its_errors_and_every_call(gateway_over):
    def answer(request: httpx.Request) -> httpx.Response:
        if "5" in request.url.query.decode():
            return httpx.Response(502)
        return httpx.Response(200, json={"items": []})

    query = '{ a: activities(clientId: "5") { totalCount } b: activities(clientId: "6") { totalCount } }'
    line = await request_line(gateway_over(answer, upstream_attempts=2), query)
    assert (line["outcome"], line["codes"]) == ("partial", ("UPSTREAM_UNAVAILABLE",))
    assert (line["reads"], line["upstream_calls"], line["retries"]) == (2, 3, 1)


async def test_the_line_counts_the_calls_that_failed_before_a_stale_answer(gateway_over):
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(502) if is_failing else httpx.Response(200, json={"items": []})

    query = '{ activities(clientId: "5") { totalCount completeness { isStale } } }'
    gateway = gateway_over(answer, stale_if_error_seconds=60, upstream_attempts=2)
    is_failing = False
    await gateway.post(query)
    is_failing = True
    line = await request_line(gateway, query)
    assert line["outcome"] == "ok"
    assert (line["reads"], line["upstream_calls"], line["retries"]) == (1, 2, 1)


async def test_the_line_of_what_is_refused_has_the_code_and_no_call(gateway):
    assert await request_line(gateway, "query Mine { nothing }") == {
        **REQUEST,
        "status": 400,
        "outcome": "rejected",
        "codes": ("GRAPHQL_VALIDATION_FAILED",),
        "compiled": False,
        "reads": 0,
        "upstream_calls": 0,
        "retries": 0,
    }


async def test_the_line_names_only_trusted_documents(gateway_over, tmp_path):
    """What a caller calls its operations may be anything, a person's name too."""
    trusted = f"query Timeline {TIMELINE}"
    (tmp_path / "manifest.json").write_text(json.dumps({"one": trusted}), "utf-8")
    gateway = gateway_over(
        lambda _: httpx.Response(200, json={"items": []}),
        trusted_documents="log",
        trusted_documents_path=tmp_path / "manifest.json",
    )
    assert (await request_line(gateway, trusted))["operation"] == "Timeline"
    assert "operation" not in await request_line(gateway, f"query Ada_Lovelace {TIMELINE}")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_a_probe_is_no_event_but_a_detail(http, path):
    with capture_logs() as entries:
        await http.get(path)
    assert [(entry["event"], entry["log_level"]) for entry in entries] == [("request", "debug")]


async def test_no_event_of_a_request_tells_who_asked_or_whom_about(gateway):
    with capture_logs([merge_contextvars]) as entries:
        await gateway.post(TIMELINE, headers=SECRETS)
        await gateway.http.get("/graphql", params={"query": TIMELINE}, headers=SECRETS)
    assert {entry["event"] for entry in entries} == {"request", "upstream.failed"}
    for private in (*SECRETS.values(), "4711", "totalCount"):
        assert private not in repr(entries)


async def test_the_ids_of_two_requests_do_not_meet_in_the_log(http):
    with capture_logs([merge_contextvars]) as entries:
        await http.get("/livez", headers={"X-Request-Id": "one"})
        structlog.get_logger().info("between")
        await http.get("/livez", headers={"X-Request-Id": "two"})
    assert [entry.get("request_id") for entry in entries] == ["one", None, "two"]


async def _logged(app: ASGIApp, scope_type: str = "http") -> list[MutableMapping[str, Any]]:
    """What the log has of one request, by a clock that goes a quarter of a second at a time."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        pass

    clock = itertools.count(10, 0.25)
    scope = {"type": scope_type, "method": "GET", "path": "/", "headers": []}
    with capture_logs() as entries:
        await RequestMiddleware(app, clock=lambda: next(clock))(scope, receive, send)
    return entries


async def test_time_is_counted_by_the_clock_that_was_given():
    entries = await _logged(PlainTextResponse("x"))
    assert entries[0]["milliseconds"] == 250


async def test_a_bug_further_in_leaves_its_event_all_the_same():
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError

    app = httpx.ASGITransport(RequestMiddleware(broken), raise_app_exceptions=False)
    with capture_logs() as entries:
        async with httpx.AsyncClient(transport=app, base_url="http://gateway") as http:
            await http.get("/")
    assert [(entry["event"], entry["status"]) for entry in entries] == [("request", 0)]


async def test_what_is_not_http_passes_through_without_an_event():
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    entries = await _logged(app, "lifespan")
    assert (seen, entries) == (["lifespan"], [])
