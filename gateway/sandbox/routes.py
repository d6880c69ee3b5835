"""The routes of the emulated REST API: the path templates and their endpoints."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from starlette.routing import compile_path

from gateway.sandbox.endpoints.activities import list_activities
from gateway.sandbox.endpoints.appointments import appointment_by_id, list_appointments
from gateway.sandbox.endpoints.clients import client_by_id
from gateway.sandbox.endpoints.companies import company_by_id, list_companies
from gateway.sandbox.endpoints.conferences import (
    conference_by_id,
    list_sessions,
    registration_by_id,
    session_by_id,
)
from gateway.sandbox.endpoints.forms import form_by_id, form_result_by_id, list_forms
from gateway.sandbox.endpoints.notes import note_by_id
from gateway.sandbox.endpoints.services import list_services, service_by_id
from gateway.sandbox.endpoints.staff import list_staff, staff_by_id
from gateway.sandbox.responses import EndpointRequest, Response

ACTIVITIES_PATH = "/api/2.3/activities"
CLIENT_PATH = "/api/2.0/clients/{clientId}"
NOTE_PATH = "/api/2.0/notes/{noteId}"
COMPANIES_PATH = "/api/2.1/scheduling/companies"
FORMS_PATH = "/api/2.3/forms"
CONFERENCE_PATH = "/conferences/api/1.0/conferences/{conferenceId}"
SESSIONS_PATH = f"{CONFERENCE_PATH}/sessions"

ENDPOINT_BY_TEMPLATE: Mapping[str, Callable[[EndpointRequest], Response]] = {
    ACTIVITIES_PATH: list_activities,
    CLIENT_PATH: client_by_id,
    NOTE_PATH: note_by_id,
    COMPANIES_PATH: list_companies,
    COMPANIES_PATH + "/{companyId}": company_by_id,
    COMPANIES_PATH + "/{companyId}/staff": list_staff,
    COMPANIES_PATH + "/{companyId}/staff/{staffId}": staff_by_id,
    COMPANIES_PATH + "/{companyId}/services": list_services,
    COMPANIES_PATH + "/{companyId}/services/{serviceId}": service_by_id,
    COMPANIES_PATH + "/{companyId}/appointments": list_appointments,
    COMPANIES_PATH + "/{companyId}/appointments/{appointmentId}": appointment_by_id,
    FORMS_PATH: list_forms,
    FORMS_PATH + "/{formId}": form_by_id,
    FORMS_PATH + "/{formId}/results/{resultId}": form_result_by_id,
    CONFERENCE_PATH: conference_by_id,
    SESSIONS_PATH: list_sessions,
    SESSIONS_PATH + "/{sessionId}": session_by_id,
    SESSIONS_PATH + "/{sessionId}/registrations/{registrationId}": registration_by_id,
}
PATTERN_BY_TEMPLATE = {template: compile_path(template)[0] for template in ENDPOINT_BY_TEMPLATE}
LIST_TEMPLATES = frozenset(
    template
    for template in ENDPOINT_BY_TEMPLATE
    if any(other.startswith(template + "/{") for other in ENDPOINT_BY_TEMPLATE)
)
"""The templates of lists of resources, which are those that the templates of resources continue."""

UNKNOWN_TEMPLATE = "{unknown}"


class Route(NamedTuple):
    """The template of a path, and the ids in the path."""

    template: str
    ids: Mapping[str, str]


def match_route(path: str) -> Route:
    """The route of a path; its template is `UNKNOWN_TEMPLATE` where no template matches."""
    for template, pattern in PATTERN_BY_TEMPLATE.items():
        if match := pattern.match(path):
            return Route(template, match.groupdict())
    return Route(UNKNOWN_TEMPLATE, {})
