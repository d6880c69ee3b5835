import asyncio
import json

import httpx
import pytest
from starlette.datastructures import QueryParams

from gateway.sandbox.fault_injection.faults import FaultInjector

PATH = "/api/2.3/activities"
TEMPLATE = "/api/2.1/scheduling/companies/{companyId}/staff"
STAFF = "/api/2.1/scheduling/companies/101/staff"


async def spoilt(rest: httpx.AsyncClient, **fault: object) -> httpx.Response:
    """The answer about client 1001, under one fault."""
    set_ = await rest.put("/_sandbox/faults", json=[{"path": PATH, **fault}])
    assert set_.status_code == 200
    return await rest.get(PATH, params={"clientId": "1001"})


async def test_a_status_alone_has_the_upstreams_form_of_an_error(rest):
    answer = await spoilt(rest, status=503)
    assert answer.status_code == answer.json()["error"]["code"] == 503
    assert answer.headers["content-type"].startswith("application/json")


async def test_a_status_that_is_no_error_has_no_body(rest):
    answer = await spoilt(rest, status=204)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-length" not in answer.headers


async def test_too_many_requests_say_when_to_come_again(rest):
    answer = await spoilt(rest, status=429, headers={"Retry-After": "7"})
    assert answer.headers["retry-after"] == "7"
    assert answer.json()["error"]["reason"] == "tooManyRequests"


async def test_an_error_can_come_with_200(rest):
    error = {"error": {"code": 401, "reason": "r", "message": "m"}}
    answer = await spoilt(rest, status=200, body=error)
    assert (answer.status_code, answer.json()) == (200, error)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("body", [{"items": None}, [1, "two"], {}], ids=repr)
async def test_an_object_or_a_list_is_sent_as_json(rest, body):
    assert (await spoilt(rest, body=body)).json() == body


async def test_a_text_is_sent_as_it_is(rest):
    answer = await spoilt(rest, status=502, body="<h1>Bad</h1>", contentType="text/html")
    assert answer.text == "<h1>Bad</h1>"
    assert answer.headers["content-type"] == "text/html"


async def test_a_text_is_sent_in_the_charset_that_the_content_type_names(rest):
    content_type = 'application/json; charset="ISO-8859-1"; x=1'
    answer = await spoilt(rest, body='{"a": "é€"}', contentType=content_type)
    assert answer.content == b'{"a": "\xe9&#8364;"}'


async def test_bytes_are_sent_as_they_are(rest):
    answer = await spoilt(rest, bodyBase64="/wD+", contentType="application/json")
    assert answer.content == b"\xff\x00\xfe"


async def test_a_delay_alone_leaves_the_answer_as_it_is(rest):
    answer = await spoilt(rest, delayMilliseconds=1)
    assert len(answer.json()["items"]) == 1


async def test_while_one_answer_is_delayed_others_are_sent(rest):
    delayed = asyncio.create_task(spoilt(rest, delayMilliseconds=3_600_000))
    for _ in range(10):
        await asyncio.sleep(0)
        assert (await rest.get(STAFF)).status_code == 200
    requests = (await rest.get("/_sandbox/calls")).json()["requests"]
    [call] = [each for each in requests if each["path"] == PATH]
    assert call["status"] is None
    assert not delayed.done()
    delayed.cancel()


async def test_headers_alone_are_put_on_the_normal_answer(rest):
    answer = await spoilt(rest, headers={"Set-Cookie": "x=y"}, contentType="text/plain")
    assert answer.headers.get_list("set-cookie") == ["x=y"]
    assert answer.headers["content-type"] == "text/plain"
    assert len(json.loads(answer.content)["items"]) == 1


async def test_times_says_how_many_requests_are_hit(rest):
    statuses = [(await spoilt(rest, status=500, times=2)).status_code]
    statuses += [(await rest.get(PATH, params={"clientId": "1001"})).status_code for _ in range(2)]
    assert statuses == [500, 500, 200]
    assert (await rest.get("/_sandbox/faults")).json()["hits"] == [2]


async def test_a_query_singles_one_client_out(rest):
    assert (await spoilt(rest, status=500, query={"clientId": "1020"})).status_code == 200
    assert (await rest.get(PATH, params={"clientId": "1020"})).status_code == 500


async def test_the_first_that_matches_hits(rest):
    faults = [{"path": "/other"}, {"path": PATH, "status": 500}, {"path": "*", "status": 400}]
    await rest.put("/_sandbox/faults", json=faults)
    assert (await rest.get(PATH)).status_code == 500
    assert (await rest.get("/anything")).status_code == 400


async def test_faults_come_before_credentials(stranger):
    assert (await spoilt(stranger, status=500)).status_code == 500
    assert (await spoilt(stranger, delayMilliseconds=0)).status_code == 401


@pytest.mark.parametrize(
    ("path", "matches"),
    [
        (TEMPLATE, True),
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
    assert (faults.match_and_count(TEMPLATE, STAFF, QueryParams()) is not None) == matches


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("not json", "malformed"),
        ("{}", "Expected `array`"),
        ("[{}]", "missing required field `path`"),
        ('[{"path": ""}]', "length >= 1"),
        ('[{"path": "*", "status": 99}]', "`int` >= 200"),
        ('[{"path": "*", "status": "503"}]', r"Expected `int.*`\$\[0\]\.status`"),
        ('[{"path": "*", "times": 0}]', "`int` >= 1"),
        ('[{"path": "*", "drop": "after"}]', "Invalid enum value 'after'"),
        ('[{"path": "*", "body": "a", "bodyBytes": 1}]', "exclude each other"),
        ('[{"path": "*", "body": "a", "bodyBase64": "AA=="}]', "exclude each other"),
        ('[{"path": "*", "compress": ["br"]}]', "Invalid enum value"),
        ('[{"path": "*", "contentType": "text/html;charset=klingon"}]', "unknown charset klingon"),
        ('[{"path": "*", "headers": {"Content-Length": "1"}}]', "regex"),
        ('[{"path": "*", "headers": {"X": "a\\r\\nb"}}]', "regex"),
        (b'[{"path": "\xff"}]', "(?i)utf-8"),
    ],
)
def test_a_malformed_list_says_what_is_wrong(content, words):
    raw = content if isinstance(content, bytes) else content.encode()
    with pytest.raises(ValueError, match=words):
        FaultInjector().replace(raw)
