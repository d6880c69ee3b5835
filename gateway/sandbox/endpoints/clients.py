"""`GET /api/2.0/clients/{clientId}`: a client."""

from gateway.sandbox.representations.client import client_json
from gateway.sandbox.responses import EndpointRequest, Response, item_response


def client_by_id(request: EndpointRequest) -> Response:
    client_timeline = request.sample_data.client_timeline(request.account, request.ids["clientId"])
    return item_response(client_timeline and client_json(client_timeline.history))
