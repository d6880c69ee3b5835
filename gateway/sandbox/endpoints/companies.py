"""`GET …/companies` and `…/companies/{companyId}`; the list also has a row for a deleted company."""

from gateway.sandbox.fixtures.catalogue import Company
from gateway.sandbox.fixtures.entities import DELETED_COMPANIES
from gateway.sandbox.representations.company import company_json
from gateway.sandbox.responses import EndpointRequest, Response, item_response, list_response


def list_companies(request: EndpointRequest) -> Response:
    current_companies = request.sample_data.current_state_by_account[
        request.account
    ].companies.values()
    deleted = DELETED_COMPANIES.get(request.account, ())
    return list_response([*map(company_json, current_companies), *deleted])


def company_by_id(request: EndpointRequest) -> Response:
    company = requested_company(request)
    return item_response(company and company_json(company))


def requested_company(request: EndpointRequest) -> Company | None:
    """The company in the path, also of paths for its resources; None for an unknown id."""
    return request.sample_data.current_state_by_account[request.account].companies.get(
        request.ids["companyId"]
    )
