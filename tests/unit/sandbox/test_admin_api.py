import pytest


async def test_controls_need_no_credentials(stranger):
    assert (await stranger.get("/_sandbox/faults")).json() == {"faults": [], "hits": []}


async def test_what_is_set_is_shown_and_cleared(stranger):
    fault = {"path": "/api/*", "status": 503, "times": 2}
    set_ = await stranger.put("/_sandbox/faults", json=[fault])
    shown = await stranger.get("/_sandbox/faults")
    assert set_.json() == shown.json() == {"faults": [fault], "hits": [0]}
    assert (await stranger.delete("/_sandbox/faults")).json() == {"faults": [], "hits": []}


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


async def test_a_malformed_list_is_refused_and_changes_nothing(stranger):
    await stranger.put("/_sandbox/faults", json=[{"path": "/api/*"}])
    refused = await stranger.put("/_sandbox/faults", json=[{"path": "/api/*", "state": 503}])
    assert refused.status_code == 400
    assert "`state` - at `$[0]`" in refused.json()["error"]["message"]
    assert (await stranger.get("/_sandbox/faults")).json()["hits"] == [0]
