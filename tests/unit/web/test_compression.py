"""Which responses are compressed, for whom, and what that takes."""

import asyncio
import gzip
import json
import threading
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.config.origins import AllowedOrigins
from gateway.web.compression import Compression
from gateway.web.content_coding import CODINGS, ContentCoding
from gateway.web.responses import EncodedResponse
from tests.unit.web.connection import Connection, settled

GZIP = {"Accept-Encoding": "gzip"}
PAGE = "https://app.example.com"
LISTED = {"cors_origins": (PAGE,)}
TYPES = "{ __schema { types { name description } } }"
INVALID = f"{{ {' '.join(f'field{number}' for number in range(50))} }}"
TEXT = "hello " * 50_000
NOTE = {"type": "note", "id": "1", "note": {"id": "2", "body": TEXT}}
BODY = '{ activities(clientId: "1") { nodes { ... on NoteActivity { note { body } } } } }'
BLOCKING_BYTES = 262_144


def coding_of(answer: httpx.Response) -> str | None:
    coding: str | None = answer.headers.get("content-encoding")
    return coding


def listed(header: str) -> set[str]:
    return set(header.lower().split(", "))


@pytest.mark.parametrize("media_type", ["application/json", "application/graphql-response+json"])
@pytest.mark.parametrize("coding", [each.name for each in CODINGS])
async def test_an_answer_has_the_same_content_in_every_coding(http, coding, media_type):
    headers = {"Accept": media_type, "Accept-Encoding": "identity"}
    plain = await http.post("/graphql", json={"query": TYPES}, headers=headers)
    headers["Accept-Encoding"] = coding
    answer = await http.post("/graphql", json={"query": TYPES}, headers=headers)
    assert (coding_of(plain), coding_of(answer)) == (None, coding)
    assert answer.content == plain.content
    assert int(answer.headers["content-length"]) == answer.num_bytes_downloaded
    assert answer.num_bytes_downloaded < len(plain.content) / 3
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert answer.headers["vary"] == plain.headers["vary"] == "Accept, Accept-Encoding"


async def test_an_error_is_compressed_as_well(http):
    answer = await http.post("/graphql", json={"query": INVALID}, headers=GZIP)
    assert coding_of(answer) == "gzip"
    assert answer.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_without_accept_encoding_nothing_is_compressed(http):
    del http.headers["accept-encoding"]
    assert coding_of(await http.post("/graphql", json={"query": TYPES})) is None


async def test_several_lines_of_accept_encoding_are_one_list(http):
    headers = [("Accept-Encoding", "br;q=0.5"), ("Accept-Encoding", "gzip")]
    assert coding_of(await http.post("/graphql", json={"query": TYPES}, headers=headers)) == "gzip"


@pytest.mark.parametrize(
    ("accept_encoding", "size", "coding"),
    [
        ("gzip", 1_023, None),
        ("gzip", 1_024, "gzip"),
        ("gzip, identity;q=0", 1, "gzip"),
        ("gzip, identity;q=0", 0, None),
    ],
)
def test_a_small_body_is_compressed_only_for_whom_plain_is_not_acceptable(
    accept_encoding, size, coding
):
    headers = [(b"accept-encoding", accept_encoding.encode())]
    found = Compression(AllowedOrigins()).coding_for(headers, b"x" * size)
    assert (found and found.name) == coding


async def test_the_schema_is_compressed(http):
    plain = await http.get("/schema.graphql", headers={"Accept-Encoding": "identity"})
    for coding in ("zstd", "br", "gzip", "gzip"):
        answer = await http.get("/schema.graphql", headers={"Accept-Encoding": coding})
        assert (coding_of(answer), answer.text) == (coding, plain.text)
        assert int(answer.headers["content-length"]) == answer.num_bytes_downloaded
        assert answer.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/metrics", "/livez", "/readyz", "/nowhere"])
async def test_metrics_and_health_are_never_compressed(http, path):
    answer = await http.get(path, headers={"Accept-Encoding": "gzip, identity;q=0"})
    assert answer.content
    assert coding_of(answer) is None


@pytest.mark.parametrize("path", [f"/graphql?query={TYPES}", "/schema.graphql"])
async def test_head_has_the_headers_of_get(http, path):
    got, headed = [
        await http.request(method, path, headers=GZIP | {"X-Request-Id": "1"})
        for method in ("GET", "HEAD")
    ]
    assert coding_of(got) == "gzip"
    assert headed.headers == got.headers


@pytest.mark.parametrize(
    ("sent", "is_compressed"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "unknown"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://others.example"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": PAGE}, True),
        ({"Sec-Fetch-Site": "same-site", "Origin": PAGE}, True),
        ({"Origin": "https://others.example"}, True),  # no browser that protects pages from others
    ],
    ids=str,
)
@pytest.mark.parametrize("path", [f"/graphql?query={TYPES}", "/schema.graphql"])
async def test_a_page_of_another_site_gets_plain_answers_unless_listed(
    http_with, path, sent, is_compressed
):
    answer = await http_with(**LISTED).get(path, headers=GZIP | sent)
    assert answer.status_code == 200
    assert coding_of(answer) == ("gzip" if is_compressed else None)
    assert "accept-encoding" in listed(answer.headers["vary"])


@pytest.mark.parametrize(
    "twice",
    [
        [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "cross-site"), ("Origin", PAGE), ("Origin", PAGE)],
    ],
    ids=["site", "origin"],
)
async def test_headers_that_no_browser_repeats_are_no_proof(http_with, twice):
    headers = [*GZIP.items(), *twice]
    assert coding_of(await http_with(**LISTED).get("/schema.graphql", headers=headers)) is None


async def test_compression_can_be_switched_off(http_with):
    http = http_with(compression=False)
    answer = await http.post("/graphql", json={"query": TYPES}, headers=GZIP)
    schema = await http.get("/schema.graphql", headers=GZIP)
    assert (coding_of(answer), coding_of(schema)) == (None, None)
    assert (answer.headers["vary"], schema.headers.get("vary")) == ("Accept", None)


class SlowCoding:
    """A coding whose compressions end when a test says so."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.started = self.active = self.most_active = 0
        self.may_end = threading.Event()
        self.coding = ContentCoding("slow", self._compress)

    def _compress(self, body: bytes) -> bytes:
        with self._lock:
            self.started += 1
            self.active += 1
            self.most_active = max(self.most_active, self.active)
        assert self.may_end.wait(30)
        with self._lock:
            self.active -= 1
        return body[:1]


@pytest.fixture
def slow():
    coding = SlowCoding()
    yield coding
    coding.may_end.set()


def large_response(size: int = BLOCKING_BYTES + 1) -> EncodedResponse:
    return EncodedResponse(200, [(b"content-length", b"%d" % size)], b"x" * size)


async def turns(work: Coroutine[Any, Any, object]) -> int:
    """How many turns of the event loop the work takes."""
    task, count = asyncio.create_task(work), 0
    while not task.done():
        await asyncio.sleep(0)
        count += 1
    await task
    return count


async def test_the_event_loop_is_free_while_a_large_answer_is_compressed():
    compression = Compression(AllowedOrigins())
    for coding in CODINGS:
        assert await turns(compression.compress(large_response(BLOCKING_BYTES), coding)) == 1
        assert await turns(compression.compress(large_response(), coding)) > 1


async def until(condition) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - a thread makes it true
            await asyncio.sleep(0.001)


async def test_few_large_answers_are_compressed_at_once(slow):
    compression = Compression(AllowedOrigins())
    tasks = [
        asyncio.create_task(compression.compress(large_response(), slow.coding)) for _ in range(5)
    ]
    await until(lambda: slow.active == 2)
    slow.may_end.set()
    answers = await asyncio.gather(*tasks)
    assert [each.headers for each in answers] == [
        [(b"content-encoding", b"slow"), (b"content-length", b"1")]
    ] * 5
    assert (slow.started, slow.most_active) == (5, 2)


async def test_who_leaves_before_a_large_answer_is_compressed_leaves_nothing(gateway_over, slow):
    gateway = gateway_over(lambda _: httpx.Response(200, json={"items": [NOTE]}))
    compression = gateway.app.state.limiter._app.compression
    busy = [
        asyncio.create_task(compression.compress(large_response(), slow.coding)) for _ in range(2)
    ]
    await until(lambda: slow.active == 2)
    caller = Connection(gateway.app)
    query = json.dumps({"query": BODY}).encode()
    await caller.sends(
        b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Accept-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(query), query)
    )
    await until(compression._threads._work_queue.qsize)
    assert gateway.app.state.limiter.in_flight == 1
    with capture_logs() as entries:
        caller.leaves()
        await settled()
    assert [entry["outcome"] for entry in entries] == ["disconnected"]
    assert gateway.app.state.limiter.in_flight == 0
    slow.may_end.set()
    await asyncio.gather(*busy)
    answer = await gateway.post(BODY, headers=GZIP)
    assert (coding_of(answer), answer.json()["data"]["activities"]["nodes"][0]["note"]) == (
        "gzip",
        {"body": TEXT},
    )
    assert bytes(caller.transport.written) == b""


async def test_a_large_answer_arrives_compressed_on_the_wire(gateway_over):
    gateway = gateway_over(lambda _: httpx.Response(200, json={"items": [NOTE]}))
    caller = Connection(gateway.app)
    query = json.dumps({"query": BODY}).encode()
    await caller.sends(
        b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Accept-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(query), query)
    )
    await until(lambda: caller.answers)
    [body] = caller.answers
    assert b"content-length: %d\r\n" % len(body) in bytes(caller.transport.written)
    assert json.loads(gzip.decompress(body))["data"]["activities"]["nodes"]
