"""The sandbox's own endpoints: they set faults, and list the calls that were made."""

import pytest

from gateway.sandbox.fault_injection.faults import FaultInjector
from tests.unit.sandbox.contract import ACTIVITIES, STAFF_OF_COMPANY


async def test_controls_need_no_credentials(stranger):
    assert (await stranger.get("/_sandbox/faults")).json() == {"faults": [], "hits": []}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/_sandbox/", 404),
        ("GET", "/_sandbox/world", 404),
        ("POST", "/_sandbox/faults", 501),
        ("PUT", "/_sandbox/calls", 501),
    ],
)
async def test_what_is_no_control_is_refused(stranger, method, path, status):
    answer = await stranger.request(method, path)
    assert answer.status_code == answer.json()["error"]["code"] == status


# Faults


async def test_faults_that_are_set_are_shown_and_cleared(stranger):
    fault = {"path": "/api/*", "status": 503, "times": 2}
    set_ = await stranger.put("/_sandbox/faults", json=[fault])
    shown = await stranger.get("/_sandbox/faults")
    assert set_.json() == shown.json() == {"faults": [fault], "hits": [0]}
    assert (await stranger.delete("/_sandbox/faults")).json() == {"faults": [], "hits": []}


async def test_a_malformed_list_of_faults_is_refused_and_changes_nothing(stranger):
    await stranger.put("/_sandbox/faults", json=[{"path": "/api/*"}])
    refused = await stranger.put("/_sandbox/faults", json=[{"path": "/api/*", "state": 503}])
    assert refused.status_code == 400
    assert "`state` - at `$[0]`" in refused.json()["error"]["message"]
    assert (await stranger.get("/_sandbox/faults")).json()["hits"] == [0]


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
def test_the_refusal_of_a_malformed_list_says_what_is_wrong(content, words):
    raw = content if isinstance(content, bytes) else content.encode()
    with pytest.raises(ValueError, match=words):
        FaultInjector().replace(raw)


# Calls


async def test_calls_are_counted_by_template_and_listed_in_order(rest):
    await rest.get(ACTIVITIES, params={"clientId": "1001"})
    await rest.get(ACTIVITIES)
    await rest.get("/api/9/nothing%20here")
    shown = (await rest.get("/_sandbox/calls")).json()
    assert shown["calls"] == {f"GET {ACTIVITIES}": 2, "GET {unknown}": 1}
    assert shown["requests"] == [
        {"method": "GET", "path": ACTIVITIES, "url": f"{ACTIVITIES}?clientId=1001", "status": 200},
        {"method": "GET", "path": ACTIVITIES, "url": ACTIVITIES, "status": 400},
        {"method": "GET", "path": "{unknown}", "url": "/api/9/nothing%20here", "status": 404},
    ]


async def test_calls_are_counted_and_faults_found_by_template(rest):
    await rest.put("/_sandbox/faults", json=[{"path": STAFF_OF_COMPANY, "status": 503, "times": 1}])
    path = "/api/2.1/scheduling/companies/101/staff"
    assert [(await rest.get(path)).status_code for _ in range(2)] == [503, 200]
    assert (await rest.get("/_sandbox/calls")).json()["calls"] == {f"GET {STAFF_OF_COMPANY}": 2}


async def test_credentials_are_not_listed(rest):
    await rest.get(f"{ACTIVITIES}?apiKey=k&clientId=a%20b&token=t&flag")
    await rest.get(f"{ACTIVITIES}?apikey=k")
    urls = [call["url"] for call in (await rest.get("/_sandbox/calls")).json()["requests"]]
    assert urls == [f"{ACTIVITIES}?clientId=a%20b&flag", ACTIVITIES]


async def test_calls_are_forgotten_on_request(rest):
    await rest.get(ACTIVITIES)
    assert (await rest.delete("/_sandbox/calls")).json() == {"calls": {}, "requests": []}


async def test_controls_are_no_calls(rest):
    await rest.get("/_sandbox/faults")
    assert (await rest.get("/_sandbox/calls")).json()["calls"] == {}
