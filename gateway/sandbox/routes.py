"""Every path that the upstream knows, and which endpoint answers there."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from starlette.routing import compile_path

from gateway.sandbox.endpoints.activities import activities
from gateway.sandbox.endpoints.appointments import appointment, appointments
from gateway.sandbox.endpoints.clients import client
from gateway.sandbox.endpoints.companies import companies, company
from gateway.sandbox.endpoints.conferences import conference, registration, session, sessions
from gateway.sandbox.endpoints.forms import form, form_result, forms
from gateway.sandbox.endpoints.notes import note
from gateway.sandbox.endpoints.services import service, services
from gateway.sandbox.endpoints.staff import member, staff
from gateway.sandbox.responses import Answer, Question

COMPANIES = "/api/2.1/scheduling/companies"
FORMS = "/api/2.3/forms"
CONFERENCE = "/conferences/api/1.0/conferences/{conferenceId}"
SESSIONS = f"{CONFERENCE}/sessions"

ENDPOINTS: Mapping[str, Callable[[Question], Answer]] = {
    "/api/2.3/activities": activities,
    "/api/2.0/clients/{clientId}": client,
    "/api/2.0/notes/{noteId}": note,
    COMPANIES: companies,
    COMPANIES + "/{companyId}": company,
    COMPANIES + "/{companyId}/staff": staff,
    COMPANIES + "/{companyId}/staff/{staffId}": member,
    COMPANIES + "/{companyId}/services": services,
    COMPANIES + "/{companyId}/services/{serviceId}": service,
    COMPANIES + "/{companyId}/appointments": appointments,
    COMPANIES + "/{companyId}/appointments/{appointmentId}": appointment,
    FORMS: forms,
    FORMS + "/{formId}": form,
    FORMS + "/{formId}/results/{resultId}": form_result,
    CONFERENCE: conference,
    SESSIONS: sessions,
    SESSIONS + "/{sessionId}": session,
    SESSIONS + "/{sessionId}/registrations/{registrationId}": registration,
}
PATTERNS = {template: compile_path(template)[0] for template in ENDPOINTS}
UNKNOWN = "{unknown}"


class Route(NamedTuple):
    template: str
    ids: Mapping[str, str]


def route_of(path: str) -> Route:
    """To `UNKNOWN` where there is no such path."""
    for template, pattern in PATTERNS.items():
        if found := pattern.match(path):
            return Route(template, found.groupdict())
    return Route(UNKNOWN, {})
