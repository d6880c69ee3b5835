import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from gateway.config.settings import Settings
from gateway.observability.request_stats import RequestStats
from gateway.web.app import create_app
from gateway.web.concurrency import ConcurrencyLimiter
from gateway.web.request_middleware import RequestMiddleware
from tests.support.gateway import SANDBOX
from tests.support.processes import PATIENCE_SECONDS

TIMELINE = {"query": '{ activities(clientId: "1") { totalCount } }'}
RESPONSE = "application/graphql-response+json"


class Slow:
    """An upstream whose timelines come when they are told to."""

    def __init__(self) -> None:
        self.asked = asyncio.Semaphore(0)
        self.ready = asyncio.Event()
        self.cancelled = asyncio.Semaphore(0)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.release()
        try:
            await self.ready.wait()
        except asyncio.CancelledError:
            self.cancelled.release()
            raise
        return httpx.Response(200, json={"items": []})


class Served:
    """A gateway with little room over a slow upstream."""

    def __init__(self, most: int, **settings: Any) -> None:
        self._callers = count()
        self.upstream = Slow()
        self.app = create_app(
            Settings(upstream_url=SANDBOX, **settings),
            transport=httpx.MockTransport(self.upstream),
        )
        self.admission: ConcurrencyLimiter = self.app.state.limiter
        self.admission.limit = most
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://gateway"
        )

    async def asking(self) -> asyncio.Task[httpx.Response]:
        """A request that waits for the upstream. Each is somebody else's, so that no read is shared."""
        keys = {"apiKey": str(next(self._callers)), "token": "t"}
        task = asyncio.create_task(self.http.post("/graphql", json=TIMELINE, headers=keys))
        await self.upstream.asked.acquire()
        return task


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    gateway = Served(2, cors_origins=("https://page.example",))
    yield gateway
    gateway.upstream.ready.set()
    await gateway.http.aclose()


async def test_one_too_many_is_refused_and_the_others_are_answered(served):
    tasks = [await served.asking() for _ in range(2)]
    refused = await served.http.post("/graphql", json=TIMELINE)
    served.upstream.ready.set()
    answers = await asyncio.gather(*tasks)
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
    assert refused.json() == {
        "errors": [
            {
                "message": "The gateway is at capacity. Retry after the number of seconds in `Retry-After`.",
                "extensions": {"code": "OVERLOADED", "retryable": True},
            }
        ]
    }
    assert [each.json() for each in answers] == [{"data": {"activities": {"totalCount": 0}}}] * 2


async def test_there_is_room_again_once_somebody_has_left(served):
    tasks = [await served.asking() for _ in range(2)]
    tasks[0].cancel()
    await asyncio.wait(tasks[:1])
    assert served.admission.in_flight == 1
    await served.asking()
    assert (await served.http.post("/graphql", json=TIMELINE)).status_code == 503


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (RESPONSE, RESPONSE),
        (f"application/json;q=0.5, {RESPONSE}", RESPONSE),
        ("text/html", "application/json"),
        ("nonsense", "application/json"),
        (f"{RESPONSE}{', a/b' * 100}", "application/json"),
    ],
)
async def test_a_refusal_is_json_of_the_type_that_is_wanted(accept, media_type):
    full = Served(0)
    answer = await full.http.post("/graphql", json=TIMELINE, headers={"Accept": accept})
    assert answer.status_code == 503
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert answer.headers["vary"] == "Accept"
    assert answer.headers["cache-control"] == "private, no-store"


async def test_every_refusal_has_an_id_of_its_own_and_forbids_guessing_its_type():
    full = Served(0)
    answers = [
        await full.http.post("/graphql", json=TIMELINE, headers={"X-Request-Id": name})
        for name in ("one", "two")
    ]
    assert [each.headers.get_list("x-request-id") for each in answers] == [["one"], ["two"]]
    assert [each.headers.get_list("x-content-type-options") for each in answers] == [
        ["nosniff"],
        ["nosniff"],
    ]


async def test_every_refusal_has_its_line_and_is_counted():
    full = Served(0)
    with capture_logs() as entries:
        await full.http.post("/graphql", json=TIMELINE)
    [line] = entries
    assert (line["event"], line["status"]) == ("request", 503)
    assert (line["outcome"], line["codes"]) == ("rejected", ("OVERLOADED",))
    told = (await full.http.get("/metrics")).text
    assert 'gateway_operation_errors_total{code="OVERLOADED",outcome="rejected"} 1.0' in told


async def test_a_page_can_read_why_it_was_refused():
    full = Served(0, cors_origins=("https://page.example",))
    headers = {"Origin": "https://page.example"}
    answer = await full.http.post("/graphql", json=TIMELINE, headers=headers)
    assert answer.status_code == 503
    assert answer.headers["access-control-allow-origin"] == "https://page.example"
    assert "Retry-After" in answer.headers["access-control-expose-headers"]


class Sending:
    """A caller that sends a body in parts, when it is told to.

    Attributes:
        sent: What it was answered.
    """

    def __init__(self, app: Any, **headers: str) -> None:
        self.sent: list[Message] = []
        self.parts: asyncio.Queue[Message] = asyncio.Queue()
        self.is_asked = False
        pairs = {"content-type": "application/json", **headers}
        self.scope: Scope = {
            "type": "http",
            "method": "POST",
            "path": "/graphql",
            "root_path": "",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in pairs.items()],
        }
        self.call = asyncio.create_task(app(self.scope, self._receive, self._send))

    async def _receive(self) -> Message:
        self.is_asked = True
        return await self.parts.get()

    async def _send(self, message: Message) -> None:
        self.sent.append(message)

    def sends(self, body: bytes, *, more: bool = False) -> None:
        self.parts.put_nowait({"type": "http.request", "body": body, "more_body": more})

    async def status(self) -> int:
        await asyncio.wait_for(self.call, PATIENCE_SECONDS)
        status: int = self.sent[0]["status"]
        return status

    @property
    def code(self) -> object:
        [error] = json.loads(self.sent[1]["body"])["errors"]
        return error["extensions"]["code"]


COUNT = json.dumps(TIMELINE).encode()


async def _settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_half_a_body_takes_nobodys_place(served):
    """Hundreds of them, and as many are answered as there is room for."""
    halves = [Sending(served.app) for _ in range(300)]
    for each in halves:
        each.sends(COUNT[:11], more=True)
    await _settled()
    assert served.admission.in_flight == 0
    answers = [await served.asking() for _ in range(2)]
    served.upstream.ready.set()
    assert {each.status_code for each in await asyncio.gather(*answers)} == {200}
    halves[0].sends(COUNT[11:])
    assert await halves[0].status() == 200
    for each in halves[1:]:
        each.call.cancel()
    await asyncio.gather(*(each.call for each in halves[1:]), return_exceptions=True)
    assert served.admission.in_flight == 0


async def test_whoever_is_one_too_many_is_refused_once_the_body_is_there():
    full = Served(0)
    caller = Sending(full.app)
    caller.sends(COUNT[:11], more=True)
    await _settled()
    assert caller.sent == []
    caller.sends(COUNT[11:])
    assert (await caller.status(), caller.code) == (503, "OVERLOADED")


async def test_a_request_without_a_body_is_refused_at_once():
    async def never() -> Message:
        raise AssertionError("A body was waited for.")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    limiter = ConcurrencyLimiter(Served(0).app, 0, max_body_bytes=1000)
    await limiter({"type": "http", "method": "GET", "path": "/graphql", "headers": []}, never, send)
    assert [message.get("status") for message in sent] == [503, None]


async def test_a_body_that_is_too_large_is_refused_for_that_though_there_is_no_room():
    full = Served(0, max_body_bytes=1_000)
    announced, endless = Sending(full.app, **{"content-length": "1001"}), Sending(full.app)
    assert (await announced.status(), announced.code) == (413, "PAYLOAD_TOO_LARGE")
    assert not announced.is_asked
    for _ in range(2):
        endless.sends(b" " * 501, more=True)
    assert (await endless.status(), endless.code) == (413, "PAYLOAD_TOO_LARGE")


async def test_who_leaves_within_a_body_has_left_though_there_is_no_room():
    caller = Sending(Served(0).app)
    caller.sends(COUNT[:11], more=True)
    caller.parts.put_nowait({"type": "http.disconnect"})
    assert await caller.status() == 400
    assert RequestStats.from_scope(caller.scope).outcome == "disconnected"


async def test_at_the_end_who_is_still_sending_is_told(served):
    caller = Sending(served.app)
    caller.sends(COUNT[:11], more=True)
    await _settled()
    served.admission.cancel_all()
    assert (await caller.status(), caller.code) == (503, "OVERLOADED")


async def test_what_is_not_graphql_is_served_though_there_is_no_room():
    full = Served(0)
    for path in ("/livez", "/readyz", "/schema.graphql"):
        assert (await full.http.get(path)).status_code == 200


async def test_at_the_end_who_still_waits_is_told_and_the_work_is_cancelled(served):
    tasks = [await served.asking() for _ in range(2)]
    served.admission.cancel_all()
    served.admission.cancel_all()
    answers = [*await asyncio.gather(*tasks), await served.http.post("/graphql", json=TIMELINE)]
    for answer in answers:
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert (
            answer.json()["errors"][0]["message"]
            == "The gateway is shutting down. Retry the request."
        )
        assert answer.json()["errors"][0]["extensions"]["code"] == "OVERLOADED"
    assert served.admission.in_flight == 0
    async with asyncio.timeout(PATIENCE_SECONDS):
        for _ in tasks:
            await served.upstream.cancelled.acquire()


@pytest.mark.parametrize("path", ["/graphql", "/livez", "/nowhere"])
async def test_every_answer_is_the_last_of_its_connection_while_draining(served, path):
    assert "connection" not in (await served.http.get(path)).headers
    served.admission.start_draining()
    assert (await served.http.get(path)).headers["connection"] == "close"


async def test_what_was_asked_before_the_drain_is_answered_and_hung_up_on(served):
    task = await served.asking()
    served.admission.start_draining()
    served.upstream.ready.set()
    answer = await task
    assert answer.json() == {"data": {"activities": {"totalCount": 0}}}
    assert answer.headers["connection"] == "close"


async def _sent(limiter: ConcurrencyLimiter) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await limiter({"type": "http", "method": "GET", "headers": []}, receive, send)
    return sent


async def test_an_answer_that_has_begun_is_not_begun_again():
    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        limiter.cancel_all()
        await asyncio.sleep(1)

    limiter = ConcurrencyLimiter(half, 1, max_body_bytes=1000)
    sent = await _sent(limiter)
    assert [message.get("status") for message in sent] == [200]


async def test_a_time_out_of_something_else_is_not_taken_for_the_end():
    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        raise TimeoutError

    limiter = ConcurrencyLimiter(late, 1, max_body_bytes=1000)
    with pytest.raises(TimeoutError):
        await _sent(limiter)
    assert limiter.in_flight == 0


async def test_what_is_not_http_passes_through():
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])
        await send({"type": "lifespan.startup.complete"})

    async def nothing(*_: Any) -> Any:
        return None

    draining = RequestMiddleware(app, is_draining=lambda: True)
    await draining({"type": "lifespan"}, nothing, nothing)
    assert seen == ["lifespan"]


async def test_to_refuse_costs_a_fraction_of_the_least_answer():
    """In calls of functions, Python's and others."""

    given: Any = {"upstream_url": SANDBOX}

    async def work(limit: int) -> int:
        limiter = create_app(Settings(**given)).state.limiter
        limiter.limit = limit
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/graphql",
            "query_string": b"query={__typename}",
            "headers": [(b"accept", RESPONSE.encode())],
        }
        await limiter(scope, _nothing_more, _to_nobody)  # what is done once is done
        calls: Counter[str] = Counter()
        sys.setprofile(lambda _frame, event, _argument: calls.update((event,)))
        try:
            await limiter(scope, _nothing_more, _to_nobody)
        finally:
            sys.setprofile(None)
        return calls["call"] + calls["c_call"]

    refused, answered = await work(0), await work(1)
    assert 0 < refused < answered / 3


async def _nothing_more() -> Message:
    await asyncio.sleep(3600)
    raise AssertionError


async def _to_nobody(_: Message) -> None:
    pass


async def test_whose_answer_nobody_reads_takes_nobodys_place():
    unread = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def stuck(message: Message) -> None:
        if message["type"] == "http.response.body":
            await unread.wait()

    async def nothing() -> Message:
        return {"type": "http.request"}

    limiter = ConcurrencyLimiter(app, 1, max_body_bytes=100)
    scope = {"type": "http", "method": "GET", "headers": []}
    readers = [asyncio.create_task(limiter(scope, nothing, stuck)) for _ in range(20)]
    await asyncio.sleep(0.01)
    assert [each.done() for each in readers] == [False] * 20
    statuses: list[int] = []

    async def record_status(message: Message) -> None:
        statuses.append(message.get("status", 0))

    await limiter(scope, nothing, record_status)
    assert statuses == [200, 0]
    unread.set()
    await asyncio.gather(*readers)
    assert limiter.in_flight == 0
