import json

from starlette.datastructures import QueryParams

from gateway.sandbox.endpoints.activities import list_activities
from gateway.sandbox.responses import EndpointRequest


def test_an_endpoint_can_be_asked_without_http(sample_data):
    answer = list_activities(EndpointRequest(sample_data, "1", {}, QueryParams("clientId=1001")))
    assert answer.status == 200
    assert len(json.loads(answer.body)["items"]) == 1
