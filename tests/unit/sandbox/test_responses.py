import json

from gateway.sandbox.responses import (
    Response,
    error_response,
    item_response,
    json_response,
    list_response,
)


def test_a_header_replaces_the_one_of_its_name():
    answer = Response(200, b"").with_header("Content-Type", "text/html")
    assert answer.headers == (("content-type", "text/html"),)


def test_a_refusal_has_the_upstreams_form():
    answer = error_response(404, "No.")
    assert answer.status == 404
    assert json.loads(answer.body) == {
        "error": {"code": 404, "reason": "notFound", "message": "No."}
    }


def test_a_thing_is_bare_a_list_has_items_and_nothing_is_not_found():
    assert item_response({"id": "1"}).body == b'{"id":"1"}'
    assert list_response(iter([1, 2])).body == b'{"items":[1,2]}'
    assert item_response(None).status == 404


def test_every_status_has_a_reason():
    assert json.loads(error_response(418, "No.").body)["error"]["reason"] == "error"


def test_json_is_utf_8():
    assert json_response(["é"]).body == '["é"]'.encode()
