"""`GET …/staff`, and `…/staff/{staffId}` by id or by external id."""

from gateway.sandbox.endpoints.companies import requested_company
from gateway.sandbox.fixtures.entities import Json
from gateway.sandbox.fixtures.malformed_entities import MALFORMED_STAFF
from gateway.sandbox.representations.staff import staff_json
from gateway.sandbox.responses import EndpointRequest, Response, item_response, list_response


def list_staff(request: EndpointRequest) -> Response:
    members = _members(request)
    if members is None:
        return item_response(None)
    malformed = MALFORMED_STAFF.get(request.ids["companyId"], ())
    return list_response([*members[:1], *malformed, *members[1:]])


def staff_by_id(request: EndpointRequest) -> Response:
    requested_id = request.ids["staffId"]
    for one in _members(request) or ():
        if requested_id in (str(one["id"]), one.get("externalId")):
            return item_response(one)
    return item_response(None)


def _members(request: EndpointRequest) -> list[Json] | None:
    """The staff of the company in the path; None where there is no such company."""
    company = requested_company(request)
    if company is None:
        return None
    current_state = request.sample_data.current_state_by_account[request.account]
    services = current_state.services_of(company)
    return [staff_json(one, company, services) for one in current_state.staff_of(company)]
