"""Endpoints: the upstream REST API as rows of data, one for each endpoint."""

from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Literal, TypeVar

from gateway.upstream.records import resources
from gateway.upstream.records.activities import Record

_R = TypeVar("_R", bound=Record)
_COMPANY_ID = "company_id"


@dataclass(frozen=True, kw_only=True, eq=False)
class Endpoint(Generic[_R]):
    """One endpoint of the upstream REST API: where resources of one kind are, and which ids lead to one.

    Endpoints are compared by identity: each is a constant of this module.

    Attributes:
        record: The record of the resource.
        setting: The setting with the first part of the path.
        path: The rest of the path. Its placeholders, and those of `query`, take the ids in the order of `ids`.
            Their names appear in logs.
        query: The query parameters.
        ids: The names of the ids by which one resource is loaded, from the outermost resource to the
            resource itself, and the hints after them.
        hints: The names of ids that are not needed, but allow the resource to be read with others at once.
        is_list: Whether the upstream only has a list of all these resources of a parent. The last id is then
            that of one resource in the list.
        cacheable: Whether a response may be cached for `entity_cache_seconds`.
        has_other_identifiers: Whether the upstream also finds the resource by another identifier than its id,
            such as a reference code. The id of the loaded resource then tells whether it was found by its id.
    """

    record: type[_R]
    setting: Literal[
        "appointments_path",
        "clients_path",
        "conferences_prefix",
        "forms_prefix",
        "notes_prefix",
        "scheduling_prefix",
    ]
    path: str
    query: tuple[tuple[str, str], ...] = ()
    ids: tuple[str, ...]
    hints: tuple[str, ...] = ()
    is_list: bool = False
    cacheable: bool = False
    has_other_identifiers: bool = False

    @cached_property
    def required_ids(self) -> tuple[str, ...]:
        """The names of the ids without which no resource can be loaded."""
        return self.ids[: len(self.ids) - len(self.hints)]

    @property
    def own_id(self) -> str:
        """The name of the resource's own id."""
        return self.required_ids[-1]

    @cached_property
    def belongs_to_company(self) -> bool:
        """Whether the first id is that of the company to which the resource belongs."""
        return self.required_ids[0] == _COMPANY_ID and len(self.required_ids) > 1


CLIENT = Endpoint(
    record=resources.Client, setting="clients_path", path="/{clientId}", ids=("client_id",)
)
NOTE = Endpoint(
    record=resources.Note, setting="notes_prefix", path="/notes/{noteId}", ids=("note_id",)
)
COMPANY = Endpoint(
    record=resources.Company,
    setting="scheduling_prefix",
    path="/companies/{companyId}",
    ids=(_COMPANY_ID,),
    cacheable=True,
)
STAFF = Endpoint(
    record=resources.Staff,
    setting="scheduling_prefix",
    path="/companies/{companyId}/staff",
    ids=(_COMPANY_ID, "staff_id"),
    is_list=True,
    cacheable=True,
)
SERVICE = Endpoint(
    record=resources.Service,
    setting="scheduling_prefix",
    path="/companies/{companyId}/services",
    ids=(_COMPANY_ID, "service_id"),
    is_list=True,
    cacheable=True,
)
APPOINTMENT = Endpoint(
    record=resources.Appointment,
    setting="scheduling_prefix",
    path="/companies/{companyId}/appointments/{appointmentId}",
    ids=(_COMPANY_ID, "appointment_id", "client_id"),
    hints=("client_id",),
    has_other_identifiers=True,
)
CLIENT_APPOINTMENT = Endpoint(
    record=resources.Appointment,
    setting="scheduling_prefix",
    path="/companies/{companyId}/appointments",
    query=(("clientId", "{clientId}"), ("levelDetail", "full")),
    ids=(_COMPANY_ID, "client_id", "appointment_id"),
    is_list=True,
)
"""An appointment in the list of its client. The filter is undocumented: see `Settings.appointments_by_client`."""

APPOINTMENT_WITHOUT_COMPANY = Endpoint(
    record=resources.Appointment,
    setting="appointments_path",
    path="/{appointmentId}",
    ids=("appointment_id",),
    has_other_identifiers=True,
)
"""An appointment whose company is unknown. The path is undocumented: see `Settings.appointments_path`."""

FORM = Endpoint(
    record=resources.Form,
    setting="forms_prefix",
    path="/forms/{formId}",
    ids=("form_id",),
    cacheable=True,
)
FORM_RESULT = Endpoint(
    record=resources.FormResult,
    setting="forms_prefix",
    path="/forms/{formId}/results/{resultId}",
    ids=("form_id", "form_result_id"),
)
CONFERENCE = Endpoint(
    record=resources.Conference,
    setting="conferences_prefix",
    path="/conferences/{conferenceId}",
    ids=("conference_id",),
    cacheable=True,
)
CONFERENCE_SESSION = Endpoint(
    record=resources.ConferenceSession,
    setting="conferences_prefix",
    path="/conferences/{conferenceId}/sessions/{sessionId}",
    ids=("conference_id", "session_id"),
    cacheable=True,
)
CONFERENCE_REGISTRATION = Endpoint(
    record=resources.ConferenceRegistration,
    setting="conferences_prefix",
    path="/conferences/{conferenceId}/sessions/{sessionId}/registrations/{registrationId}",
    ids=("conference_id", "session_id", "registration_id"),
)
