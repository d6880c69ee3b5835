"""`GET …/services` and `…/services/{serviceId}`: the services of a company."""

from gateway.sandbox.endpoints.companies import requested_company
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.representations.services import service_json
from gateway.sandbox.responses import EndpointRequest, Response, item_response, list_response


def list_services(request: EndpointRequest) -> Response:
    services = _company_services(request)
    return item_response(None) if services is None else list_response(services)


def service_by_id(request: EndpointRequest) -> Response:
    requested_id = request.ids["serviceId"]
    matches = (one for one in _company_services(request) or () if str(one["id"]) == requested_id)
    return item_response(next(matches, None))


def _company_services(request: EndpointRequest) -> list[Json] | None:
    """The services of the company in the path; None where there is no such company."""
    company = requested_company(request)
    if company is None:
        return None
    current_state = request.sample_data.current_state_by_account[request.account]
    staff = current_state.staff_of(company)
    return [service_json(one, staff) for one in current_state.services_of(company)]
