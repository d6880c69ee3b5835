"""Which requests the sandbox answers, and in what form."""

import json

import pytest
from starlette.datastructures import QueryParams

from gateway.sandbox.endpoints.activities import list_activities
from gateway.sandbox.responses import (
    EndpointRequest,
    Response,
    error_response,
    item_response,
    json_response,
    list_response,
)
from gateway.sandbox.routes import ENDPOINT_BY_TEMPLATE, UNKNOWN_TEMPLATE, match_route
from tests.unit.sandbox.contract import ACTIVITIES, STAFF_OF_COMPANY

# Paths and methods


@pytest.mark.parametrize("template", ENDPOINT_BY_TEMPLATE)
def test_every_path_is_found_by_its_own_template(template):
    path = template.replace("{", "").replace("}", "")
    assert match_route(path).template == template
    assert all(name == value for name, value in match_route(path).ids.items())


def test_a_route_has_the_ids_of_the_path():
    assert match_route("/api/2.1/scheduling/companies/101/staff") == (
        STAFF_OF_COMPANY,
        {"companyId": "101"},
    )


@pytest.mark.parametrize(
    "path", ["/", "/api/2.1/scheduling", "/api/2.0/forms", "/api/2.3/clients/1"]
)
def test_other_paths_are_unknown(path):
    assert match_route(path) == (UNKNOWN_TEMPLATE, {})


async def test_an_unknown_path_is_refused(rest):
    answer = await rest.get("/api/2.3/fax")
    assert answer.status_code == answer.json()["error"]["code"] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_not_implemented(rest, method):
    answer = await rest.request(method, ACTIVITIES, params={"clientId": "1001"})
    assert answer.status_code == answer.json()["error"]["code"] == 501


def test_an_endpoint_can_be_asked_without_http(sample_data):
    answer = list_activities(EndpointRequest(sample_data, "1", {}, QueryParams("clientId=1001")))
    assert answer.status == 200
    assert len(json.loads(answer.body)["items"]) == 1


# Responses


def test_a_refusal_has_the_upstreams_form():
    answer = error_response(404, "No.")
    assert answer.status == 404
    assert json.loads(answer.body) == {
        "error": {"code": 404, "reason": "notFound", "message": "No."}
    }


def test_every_status_has_a_reason():
    assert json.loads(error_response(418, "No.").body)["error"]["reason"] == "error"


def test_an_entity_is_bare_and_a_list_has_items():
    assert item_response({"id": "1"}).body == b'{"id":"1"}'
    assert list_response(iter([1, 2])).body == b'{"items":[1,2]}'
    assert item_response(None).status == 404


def test_a_header_replaces_the_one_of_its_name():
    answer = Response(200, b"").with_header("Content-Type", "text/html")
    assert answer.headers == (("content-type", "text/html"),)


def test_json_is_utf_8():
    assert json_response(["é"]).body == '["é"]'.encode()
