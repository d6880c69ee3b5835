"""`GET …/companies` and `…/companies/{companyId}`: the list has a row of one that was deleted."""

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
    """The company in the path, also for what belongs to one."""
    return request.sample_data.current_state_by_account[request.account].companies.get(
        request.ids["companyId"]
    )
