"""`GET …/appointments`, and `…/appointments/{appointmentId}` by id or by reference code.

The company `0` stands for every company of the account. Without `levelDetail=full`, appointments in a
list lack some keys.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from operator import itemgetter

from starlette.datastructures import QueryParams

from gateway.sandbox.endpoints.companies import requested_company
from gateway.sandbox.fixtures.clock import instant
from gateway.sandbox.fixtures.entities import Appointment, Json
from gateway.sandbox.fixtures.history import ClientHistory, parse_appointment_id
from gateway.sandbox.fixtures.malformed_entities import MALFORMED_APPOINTMENTS
from gateway.sandbox.representations.appointment import (
    FULL_DETAIL_KEYS,
    appointment_json,
)
from gateway.sandbox.responses import (
    EndpointRequest,
    Response,
    error_response,
    item_response,
    list_response,
)

ALL_COMPANIES_ID = "0"

ATTRIBUTE_BY_FILTER: Mapping[str, Callable[[Appointment], str]] = {
    "clientId": lambda one: one.client_id,
    "staffId": lambda one: one.staff.id,
    "serviceId": lambda one: one.service.id,
    "status": lambda one: one.status,
}


def list_appointments(request: EndpointRequest) -> Response:
    """Appointments in the order of their starts. Blank filters are ignored; both dates are exclusive."""
    company_id, query = request.ids["companyId"], request.query
    if company_id != ALL_COMPANIES_ID and requested_company(request) is None:
        return item_response(None)
    try:
        period = parse_period(query)
    except ValueError as error:
        return error_response(400, str(error))
    filters = {name: value for name in ATTRIBUTE_BY_FILTER if (value := query.get(name))}
    items_by_start = [
        (
            instant(one.start),
            appointment_json(
                one, history, request.sample_data.current_state_by_account[request.account]
            ),
        )
        for history in _histories(request, filters.get("clientId"))
        for one in history.appointments.values()
        if _belongs_to(company_id, one)
        and all(ATTRIBUTE_BY_FILTER[name](one) == value for name, value in filters.items())
        and _is_within_period(one, *period)
    ]
    results = [one for _, one in sorted(items_by_start, key=itemgetter(0))]
    if period == (None, None) and filters.keys() <= {"clientId"}:
        results += _find_malformed(request, filters.get("clientId"))
    return list_response(with_requested_detail(one, query) for one in results)


def appointment_by_id(request: EndpointRequest) -> Response:
    """The appointment in its state after its last activity."""
    id_ = parse_appointment_id(request.ids["appointmentId"])
    for one in _find_malformed(request):
        if one["id"] == id_:
            return item_response(one)
    history = request.sample_data.history_for_entity(request.account, id_)
    appointment = history.appointments.get(id_) if history else None
    if (
        history is None
        or appointment is None
        or not _belongs_to(request.ids["companyId"], appointment)
    ):
        return item_response(None)
    return item_response(
        appointment_json(
            appointment, history, request.sample_data.current_state_by_account[request.account]
        )
    )


def _histories(request: EndpointRequest, client_id: str | None) -> Iterator[ClientHistory]:
    sample_data, account = request.sample_data, request.account
    for one in sample_data.clients[account] if client_id is None else (client_id,):
        if client_timeline := sample_data.client_timeline(account, one):
            yield client_timeline.history


def _belongs_to(company_id: str, one: Appointment) -> bool:
    return company_id in (ALL_COMPANIES_ID, one.company.id) and not one.deleted


def _is_within_period(one: Appointment, after: datetime | None, before: datetime | None) -> bool:
    start, end = one.start.replace(tzinfo=None), one.end.replace(tzinfo=None)
    return (after is None or start > after) and (before is None or end < before)


def with_requested_detail(appointment: Json, query: QueryParams) -> Json:
    """The appointment, without some keys unless the request asks for all of them."""
    if query.get("levelDetail") == "full":
        return appointment
    return {name: value for name, value in appointment.items() if name not in FULL_DETAIL_KEYS}


def parse_period(query: QueryParams) -> tuple[datetime | None, datetime | None]:
    """The times after which requested appointments start, and before which they end.

    Raises:
        ValueError: One of the dates is none.
    """
    try:
        return _parse_local_date_time(query, "startDate"), _parse_local_date_time(query, "endDate")
    except ValueError:
        message = "The parameters startDate and endDate must be local dates."
        raise ValueError(message) from None


def _parse_local_date_time(query: QueryParams, name: str) -> datetime | None:
    """The date or local date-time in a query parameter; None where the parameter is blank or absent."""
    value = query.get(name)
    local_time = datetime.fromisoformat(value) if value else None
    if local_time and local_time.tzinfo:
        raise ValueError("not a local time")
    return local_time


def _find_malformed(request: EndpointRequest, client_id: str | None = None) -> list[Json]:
    """The malformed appointments. Only the client filter is applied, since the other keys are malformed."""
    return [
        one
        for company_id, one in MALFORMED_APPOINTMENTS.get(request.account, ())
        if request.ids["companyId"] in (ALL_COMPANIES_ID, company_id)
        and client_id in (None, one["client"]["id"])
    ]
