import itertools
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

from gateway.web.access import AccessMiddleware

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


async def test_two_requests_without_an_id_get_two_ids(http):
    ids = [(await http.get("/livez")).headers["x-request-id"] for _ in range(2)]
    assert len(set(ids)) == 2


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
        ("GET", "/graphql", 400),
        ("PUT", "/graphql", 405),
        ("GET", "/", 404),
    ],
)
async def test_every_request_leaves_one_event(http, method, path, status):
    with capture_logs([merge_contextvars]) as entries:
        answer = await http.request(method, path)
    events = [entry for entry in entries if entry["event"] == "request"]
    assert len(events) == 1
    milliseconds = events[0].pop("milliseconds")
    assert milliseconds >= 0
    assert events[0] == {
        "event": "request",
        "log_level": "info",
        "method": method,
        "status": status,
        "request_id": answer.headers["x-request-id"],
    }


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
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
        await AccessMiddleware(app, clock=lambda: next(clock))(scope, receive, send)
    return entries


async def test_time_is_counted_by_the_clock_that_was_given():
    entries = await _logged(PlainTextResponse("x"))
    assert entries[0]["milliseconds"] == 250


async def test_a_bug_further_in_leaves_its_event_all_the_same():
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError

    app = httpx.ASGITransport(AccessMiddleware(broken), raise_app_exceptions=False)
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
