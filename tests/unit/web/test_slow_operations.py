"""Which operations are logged as slow, and that the event says where the time went and nothing personal."""

import asyncio
import hashlib
import itertools
import json
from collections.abc import Awaitable, MutableMapping
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from gateway.observability.request_stats import RequestStats
from gateway.web.slow_operations import SlowOperationLog
from tests.support.gateway import Gateway

TIMELINE = '{ activities(clientId: "4711") { totalCount } }'
EVERY = {"slow_operation_seconds": 1e-9}
"""The setting with which every operation is slow."""


def empty_timeline(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"items": []})


class SilentUpstream:
    """Never responds.

    Attributes:
        is_called: Set at the first call.
    """

    def __init__(self) -> None:
        self.is_called = asyncio.Event()

    async def __call__(self, _: httpx.Request) -> httpx.Response:
        self.is_called.set()
        await asyncio.Event().wait()
        raise AssertionError("the wait is only cancelled")


async def slow_operation(work: Awaitable[object]) -> MutableMapping[str, Any]:
    """The event that this work leaves, without its duration."""
    with capture_logs() as entries:
        await work
    (event,) = [entry for entry in entries if entry["event"] == "operation.slow"]
    assert event.pop("milliseconds") > 0
    return event


async def slow_operation_count(work: Awaitable[object]) -> int:
    with capture_logs() as entries:
        await work
    return [entry["event"] for entry in entries].count("operation.slow")


async def send_and_leave(gateway: Gateway, query: str, after: asyncio.Event) -> None:
    """Send a query, and disconnect at an event."""
    body = json.dumps({"query": query}).encode()
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Message:
        if (message := next(messages, None)) is not None:
            return message
        await after.wait()
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        pass

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": headers}
    await gateway.app(scope, receive, send)


async def test_the_event_says_what_each_read_took(gateway_over):
    async def answer(request: httpx.Request) -> httpx.Response:
        if "clients" in request.url.path:
            await asyncio.sleep(0.05)
            return httpx.Response(502)
        return empty_timeline(request)

    query = (
        """query Ada { client(id: "4711") { profile { firstName } activities { totalCount } } }"""
    )
    gateway = gateway_over(answer, upstream_attempts=2, **EVERY)
    event = await slow_operation(gateway.post(query, headers={"graphql-client-name": "web"}))
    slowest = event.pop("slowest_reads")
    assert all(read.pop("milliseconds") > 0 for read in slowest)
    assert slowest == [
        {
            "path": "/api/2.0/clients/{clientId}",
            "status": 502,
            "cache_status": "called",
            "attempts": 2,
        },
        {"path": "/api/2.3/activities", "status": 200, "cache_status": "called", "attempts": 1},
    ]
    assert event == {
        "event": "operation.slow",
        "log_level": "warning",
        "outcome": "partial",
        "codes": ("UPSTREAM_UNAVAILABLE",),
        "compiled": True,
        "reads": 2,
        "upstream_calls": 3,
        "retries": 1,
        "client_application": "web",
        "sha256": hashlib.sha256(query.encode()).hexdigest(),
        "further_reads": 0,
    }


async def test_a_trusted_document_is_named(gateway_over, tmp_path):
    trusted = f"query Timeline {TIMELINE}"
    (tmp_path / "manifest.json").write_text(json.dumps({"one": trusted}), "utf-8")
    gateway = gateway_over(
        empty_timeline,
        trusted_documents="log",
        trusted_documents_path=tmp_path / "manifest.json",
        **EVERY,
    )
    event = await slow_operation(gateway.post(trusted))
    assert event["operation"] == "Timeline"
    assert "sha256" not in event


async def test_only_the_slowest_reads_are_listed(gateway_over):
    aliases = " ".join(
        f'a{number}: activities(clientId: "{number}") {{ totalCount }}' for number in range(12)
    )
    event = await slow_operation(gateway_over(empty_timeline, **EVERY).post(f"{{ {aliases} }}"))
    durations = [read["milliseconds"] for read in event["slowest_reads"]]
    assert len(durations) == 10
    assert durations == sorted(durations, reverse=True)
    assert event["further_reads"] == 2


async def test_an_operation_that_ends_at_its_deadline_is_logged(gateway_over):
    gateway = gateway_over(SilentUpstream(), operation_timeout_seconds=0.05, **EVERY)
    event = await slow_operation(gateway.post(TIMELINE))
    (read,) = event["slowest_reads"]
    assert (event["outcome"], event["codes"]) == ("error", ("UPSTREAM_TIMEOUT",))
    assert (read["status"], read["attempts"]) == (None, 1)


async def test_an_operation_whose_caller_leaves_has_its_unfinished_reads(gateway_over):
    upstream = SilentUpstream()
    gateway = gateway_over(upstream, **EVERY)
    event = await slow_operation(send_and_leave(gateway, TIMELINE, after=upstream.is_called))
    (read,) = event["slowest_reads"]
    assert (event["outcome"], event["reads"], event["upstream_calls"]) == ("disconnected", 1, 1)
    assert (read["path"], read["status"]) == ("/api/2.3/activities", None)
    assert (read["cache_status"], read["attempts"]) == ("called", 1)


async def test_an_operation_that_a_shutdown_ends_is_logged(gateway_over):
    upstream = SilentUpstream()
    gateway = gateway_over(upstream, **EVERY)

    async def shut_down() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(gateway.post(TIMELINE))
            await upstream.is_called.wait()
            gateway.app.state.limiter.cancel_all()

    event = await slow_operation(shut_down())
    assert event["sha256"] == hashlib.sha256(TIMELINE.encode()).hexdigest()
    assert len(event["slowest_reads"]) == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [("{ nothing }", "GRAPHQL_VALIDATION_FAILED"), ("{", "GRAPHQL_PARSE_FAILED")],
)
async def test_a_rejected_operation_that_took_long_is_logged(gateway_over, query, code):
    event = await slow_operation(gateway_over(empty_timeline, **EVERY).post(query))
    assert (event["outcome"], event["codes"], event["slowest_reads"]) == ("rejected", (code,), [])


async def test_the_event_has_no_text_variable_or_id_of_the_request(gateway_over):
    query = "query Ada($id: ID!) { client(id: $id) { profile { firstName } } }"
    gateway = gateway_over(lambda _: httpx.Response(200, json={"firstName": "Ada"}), **EVERY)
    event = await slow_operation(gateway.post(query, {"id": "4711"}))
    for private in ("4711", "Ada", "firstName"):
        assert private not in repr(event)


async def test_a_page_is_no_slow_operation(gateway_over):
    gateway = gateway_over(empty_timeline, **EVERY)
    assert (
        await slow_operation_count(gateway.http.get("/graphql", headers={"Accept": "text/html"}))
        == 0
    )


async def test_no_operation_is_logged_as_slow_by_default(gateway_over):
    assert await slow_operation_count(gateway_over(empty_timeline).post(TIMELINE)) == 0


async def operation(scope: Scope, receive: Receive, send: Send) -> None:
    RequestStats.from_scope(scope).document_text = TIMELINE
    await PlainTextResponse("")(scope, receive, send)


@pytest.mark.parametrize(("seconds", "count"), [(0.25, 1), (0.26, 0)])
async def test_an_operation_is_slow_from_the_configured_seconds_on(seconds, count):
    """By a clock that goes a quarter of a second at a time."""
    ticks = itertools.count(10, 0.25)
    log = SlowOperationLog(operation, seconds, clock=lambda: next(ticks))

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Message) -> None:
        next(ticks)  # however long the caller takes to read

    scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": []}
    assert await slow_operation_count(log(scope, receive, send)) == count
