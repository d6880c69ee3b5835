"""What a fault does to an answer, and to the connection that carries it."""

import asyncio
import gzip
import json
import logging
import socket
import zlib
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.datastructures import QueryParams

from gateway.sandbox.app import create_sandbox
from gateway.sandbox.fault_injection.body_faults import overwrite_json
from gateway.sandbox.fault_injection.faults import FaultInjector
from gateway.sandbox.fault_injection.protocol import SandboxProtocol
from tests.unit.sandbox.conftest import CREDENTIALS
from tests.unit.sandbox.contract import ACTIVITIES, STAFF_OF_COMPANY

STAFF = "/api/2.1/scheduling/companies/101/staff"


async def faulty_answer(
    rest: httpx.AsyncClient, client_id: str = "1001", **fault: object
) -> httpx.Response:
    """The answer about a client, under one fault."""
    controls = await rest.put("/_sandbox/faults", json=[{"path": ACTIVITIES, **fault}])
    assert controls.status_code == 200
    return await rest.get(ACTIVITIES, params={"clientId": client_id})


@asynccontextmanager
async def sandbox_server() -> AsyncIterator[httpx.AsyncClient]:
    """The sandbox behind a port of its own, and an HTTP client of account 1."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(create_sandbox(), http=SandboxProtocol, log_config=None)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=url, headers=CREDENTIALS) as rest:
            yield rest
        server.should_exit = True
        await running


# Which requests a fault hits


@pytest.mark.parametrize(
    ("path", "matches"),
    [
        (STAFF_OF_COMPANY, True),
        (STAFF, True),
        ("/api/2.1/*", True),
        ("*", True),
        ("/api/2.1", False),
        ("/api/2.3/*", False),
    ],
)
def test_a_path_is_a_template_the_path_or_a_beginning(path, matches):
    faults = FaultInjector()
    faults.replace(json.dumps([{"path": path}]).encode())
    assert (faults.match_and_count(STAFF_OF_COMPANY, STAFF, QueryParams()) is not None) == matches


async def test_times_says_how_many_requests_are_hit(rest):
    statuses = [(await faulty_answer(rest, status=500, times=2)).status_code]
    statuses += [
        (await rest.get(ACTIVITIES, params={"clientId": "1001"})).status_code for _ in range(2)
    ]
    assert statuses == [500, 500, 200]
    assert (await rest.get("/_sandbox/faults")).json()["hits"] == [2]


async def test_a_query_singles_one_client_out(rest):
    assert (await faulty_answer(rest, status=500, query={"clientId": "1020"})).status_code == 200
    assert (await rest.get(ACTIVITIES, params={"clientId": "1020"})).status_code == 500


async def test_the_first_fault_that_matches_hits(rest):
    faults = [{"path": "/other"}, {"path": ACTIVITIES, "status": 500}, {"path": "*", "status": 400}]
    await rest.put("/_sandbox/faults", json=faults)
    assert (await rest.get(ACTIVITIES)).status_code == 500
    assert (await rest.get("/anything")).status_code == 400


async def test_faults_come_before_credentials(stranger):
    assert (await faulty_answer(stranger, status=500)).status_code == 500
    assert (await faulty_answer(stranger, delayMilliseconds=0)).status_code == 401


# Statuses, headers and delays


async def test_a_status_alone_has_the_upstreams_form_of_an_error(rest):
    answer = await faulty_answer(rest, status=503)
    assert answer.status_code == answer.json()["error"]["code"] == 503
    assert answer.headers["content-type"].startswith("application/json")


async def test_a_status_that_is_no_error_has_no_body(rest):
    answer = await faulty_answer(rest, status=204)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-length" not in answer.headers


async def test_too_many_requests_say_when_to_come_again(rest):
    answer = await faulty_answer(rest, status=429, headers={"Retry-After": "7"})
    assert answer.headers["retry-after"] == "7"
    assert answer.json()["error"]["reason"] == "tooManyRequests"


async def test_an_error_can_come_with_200(rest):
    error = {"error": {"code": 401, "reason": "r", "message": "m"}}
    answer = await faulty_answer(rest, status=200, body=error)
    assert (answer.status_code, answer.json()) == (200, error)
    assert answer.headers["content-type"] == "application/json"


async def test_headers_alone_are_put_on_the_normal_answer(rest):
    answer = await faulty_answer(rest, headers={"Set-Cookie": "x=y"}, contentType="text/plain")
    assert answer.headers.get_list("set-cookie") == ["x=y"]
    assert answer.headers["content-type"] == "text/plain"
    assert len(json.loads(answer.content)["items"]) == 1


async def test_a_delay_alone_leaves_the_answer_as_it_is(rest):
    answer = await faulty_answer(rest, delayMilliseconds=1)
    assert len(answer.json()["items"]) == 1


async def test_while_one_answer_is_delayed_others_are_sent(rest):
    delayed = asyncio.create_task(faulty_answer(rest, delayMilliseconds=3_600_000))
    for _ in range(10):
        await asyncio.sleep(0)
        assert (await rest.get(STAFF)).status_code == 200
    requests = (await rest.get("/_sandbox/calls")).json()["requests"]
    [call] = [each for each in requests if each["path"] == ACTIVITIES]
    assert call["status"] is None
    assert not delayed.done()
    delayed.cancel()


# Bodies


@pytest.mark.parametrize("body", [{"items": None}, [1, "two"], {}], ids=repr)
async def test_an_object_or_a_list_is_sent_as_json(rest, body):
    assert (await faulty_answer(rest, body=body)).json() == body


async def test_a_text_is_sent_as_it_is(rest):
    answer = await faulty_answer(rest, status=502, body="<h1>Bad</h1>", contentType="text/html")
    assert answer.text == "<h1>Bad</h1>"
    assert answer.headers["content-type"] == "text/html"


async def test_a_text_is_sent_in_the_charset_of_the_content_type(rest):
    content_type = 'application/json; charset="ISO-8859-1"; x=1'
    answer = await faulty_answer(rest, body='{"a": "é€"}', contentType=content_type)
    assert answer.content == b'{"a": "\xe9&#8364;"}'


async def test_bytes_are_sent_as_they_are(rest):
    answer = await faulty_answer(rest, bodyBase64="/wD+", contentType="application/json")
    assert answer.content == b"\xff\x00\xfe"


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ({"a": "1e400"}, b'{"a":1e400,"b":[{"c":1},{"c":2},3]}'),
        ({"new": "NaN"}, b'{"a":0,"b":[{"c":1},{"c":2},3],"new":NaN}'),
        ({"b/1": "]"}, b'{"a":0,"b":[{"c":1},],3]}'),
        ({"b/*/c": "{}"}, b'{"a":0,"b":[{"c":{}},{"c":{}},3]}'),
        ({"*": "x"}, b'{"a":x,"b":x}'),
        ({"a": "1", "b/0": "2"}, b'{"a":1,"b":[2,{"c":2},3]}'),
        ({"b/7": "1", "c/d": "1", "a/b": "1", "a/b/c": "1"}, b'{"a":0,"b":[{"c":1},{"c":2},3]}'),
    ],
    ids=str,
)
def test_other_json_is_put_in_places(places, expected):
    assert overwrite_json(b'{"a":0,"b":[{"c":1},{"c":2},3]}', places) == expected


async def test_a_fault_puts_json_in_places_of_the_normal_answer(rest):
    answer = await faulty_answer(rest, put={"items/*/date": "[[]]"})
    assert [item["date"] for item in answer.json()["items"]] == [[[]]]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_compressed_answer_is_the_normal_one(rest, coding):
    answer = await faulty_answer(rest, compress=[coding])
    assert answer.headers["content-encoding"] == coding
    assert len(answer.json()["items"]) == 1


async def test_compression_upon_compression_makes_a_bomb_small(rest):
    await rest.put(
        "/_sandbox/faults",
        json=[{"path": ACTIVITIES, "bodyBytes": 10_000_000, "compress": ["deflate", "gzip"]}],
    )
    async with rest.stream("GET", ACTIVITIES, params={"clientId": "1001"}) as answer:
        sent = b"".join([piece async for piece in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "deflate, gzip"
    assert len(sent) < 1000
    assert len(zlib.decompress(gzip.decompress(sent))) == 10_000_000


@pytest.mark.parametrize("length", [12, 13, 65_548, 200_000])
async def test_an_overlong_body_is_a_list_of_nothing(rest, length):
    answer = await faulty_answer(rest, bodyBytes=length)
    assert len(answer.content) == length
    assert answer.json() == {"items": []}
    assert "content-length" not in answer.headers


@pytest.mark.parametrize("length", [0, 11])
async def test_where_a_list_does_not_fit_there_are_blanks(rest, length):
    assert (await faulty_answer(rest, bodyBytes=length)).content == b" " * length


# Bodies that end early, and connections that are dropped


async def test_a_truncated_body_is_shorter_than_promised(rest):
    answer = await faulty_answer(rest, truncate=10)
    assert answer.content == b'{"items":['
    assert int(answer.headers["content-length"]) > 10


async def test_truncating_after_the_end_changes_nothing(rest):
    answer = await faulty_answer(rest, truncate=1_000_000)
    assert len(answer.content) == int(answer.headers["content-length"])


async def test_nothing_at_all_of_a_body_may_be_sent(rest):
    assert (await faulty_answer(rest, truncate=0)).content == b""


async def test_an_overlong_body_can_be_cut_off_too(rest):
    assert len((await faulty_answer(rest, bodyBytes=200_000, truncate=100_000)).content) == 100_000


@pytest.mark.parametrize("drop", ["before", "headers", "body"])
async def test_without_a_socket_a_dropped_connection_is_an_exception(rest, drop):
    with pytest.raises(ConnectionResetError):
        await faulty_answer(rest, drop=drop)


async def test_a_call_that_got_no_answer_has_no_status(rest):
    with pytest.raises(ConnectionResetError):
        await faulty_answer(rest, drop="before")
    with pytest.raises(ConnectionResetError):
        await faulty_answer(rest, drop="headers")
    statuses = [call["status"] for call in (await rest.get("/_sandbox/calls")).json()["requests"]]
    assert statuses == [None, 200]


async def test_an_overlong_body_ends_when_its_caller_leaves():
    app, is_gone, sent = create_sandbox(), asyncio.Event(), []
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as controls:
        fault = {"path": ACTIVITIES, "bodyBytes": 10**12}
        await controls.put("/_sandbox/faults", json=[fault])

    async def receive() -> dict[str, object]:
        await is_gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])
        if len(sent) == 10:
            is_gone.set()

    scope = {
        "type": "http",
        "method": "GET",
        "path": ACTIVITIES,
        "raw_path": ACTIVITIES.encode(),
        "query_string": b"",
        "headers": [],
    }
    await app(scope, receive, send)
    assert sent == ["http.response.start", *["http.response.body"] * (len(sent) - 1)]
    assert len(sent) < 20


# Over a connection


@pytest.mark.socket
async def test_without_faults_all_of_the_answer_arrives():
    async with sandbox_server() as rest:
        answer = await rest.get(ACTIVITIES, params={"clientId": "1100"})
        assert len(answer.json()["items"]) == 100
        assert len(answer.content) == int(answer.headers["content-length"])


@pytest.mark.socket
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"drop": "before"}, "without sending a response"),
        ({"drop": "headers"}, "received 0 bytes"),
        ({"drop": "body"}, "received [1-9]"),
        ({"truncate": 10}, "received 10 bytes"),
        ({"truncate": 0}, "received 0 bytes"),
        ({"bodyBytes": 200_000, "truncate": 100_000}, "incomplete chunked read"),
        ({"status": 503, "drop": "body"}, "received [1-9]"),
    ],
    ids=["before", "headers", "body", "truncate", "nothing", "chunked", "replaced"],
)
async def test_a_connection_is_dropped_where_the_fault_says_unlogged(fault, words, caplog):
    caplog.set_level(logging.WARNING)
    async with sandbox_server() as rest:
        with pytest.raises(httpx.RemoteProtocolError, match=words):
            await faulty_answer(rest, "1100", **fault)
        await rest.delete("/_sandbox/faults")
        assert (await rest.get(ACTIVITIES, params={"clientId": "1001"})).status_code == 200
    assert caplog.records == []


@pytest.mark.socket
async def test_an_overlong_body_is_streamed():
    async with sandbox_server() as rest:
        await rest.put("/_sandbox/faults", json=[{"path": ACTIVITIES, "bodyBytes": 5_000_000}])
        async with rest.stream("GET", ACTIVITIES) as answer:
            assert answer.headers["transfer-encoding"] == "chunked"
            assert sum([len(piece) async for piece in answer.aiter_bytes()]) == 5_000_000
