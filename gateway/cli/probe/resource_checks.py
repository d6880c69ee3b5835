"""The checks of linked resources: one of each kind, by the path that is set, else by other known ones."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gateway.cli.probe.assumptions import Findings
from gateway.cli.probe.probe_client import ProbeClient
from gateway.config.settings import Settings, env_name
from gateway.errors import InvalidUpstreamResponse, ResponseTooLarge
from gateway.observability.event_loop import run_to_completion
from gateway.upstream import endpoints
from gateway.upstream.credentials import Caller
from gateway.upstream.endpoints import Endpoint
from gateway.upstream.http.exchange import Exchange
from gateway.upstream.http.read import ReadTemplate
from gateway.upstream.records import activities, decoding, links
from gateway.upstream.records.activities import Activity, AppointmentSnapshot
from gateway.upstream.records.enums import ActivityEvent

_OK = 200
_NOT_FOUND = 404
_NOBODY = Caller((), b"probe")

_WITHOUT_COMPANY = "appointment-without-company"
_LIKELY_APPOINTMENTS_PATH = "/api/2.3/scheduling/appointments"
_ALL_COMPANIES = "0"

_OTHER_PREFIXES: Mapping[str, Sequence[str]] = {
    "clients_path": (
        "/api/2.3/clients",
        "/api/2.3/contacts",
        "/api/2.1/clients",
        "/api/2.0/clients",
    ),
    "notes_prefix": ("/api/2.3", "/api/2.0"),
    "scheduling_prefix": ("/api/2.3/scheduling", "/api/2.1/scheduling", "/api/2.0/scheduling"),
    "forms_prefix": ("/api/2.3", "/api/2.0"),
    "conferences_prefix": ("/conferences/api/1.0",),
}
"""The prefixes that documents of some version show, by setting."""


class Subject(NamedTuple):
    """A resource to read: the assumption about its path, its endpoint, and the ids that lead to it."""

    assumption: str
    endpoint: Endpoint[Any]
    ids: tuple[str, ...]


class ResourceChecks:
    """Checks the assumptions about linked resources."""

    def __init__(self, settings: Settings, client: ProbeClient, findings: Findings) -> None:
        self._settings = settings
        self._client = client
        self._findings = findings
        self._prefix_by_setting: dict[str, str] = {}

    async def check(self, client_id: str, records: Sequence[Activity]) -> None:
        """Read the client, and one resource of each kind that its activities name.

        Raises:
            RequestsStopped: No further request may be made.
        """
        subjects: dict[str, Subject] = {}
        for subject in _subjects(client_id, records, self._settings.company_id):
            if all(map(links.is_id, subject.ids)):
                subjects.setdefault(subject.assumption, subject)
        for name in _ASSUMPTIONS:
            if name == _WITHOUT_COMPANY and name in subjects:
                await self._check_without_company(subjects[name])
            elif name in subjects:
                await self._check(subjects[name])
            else:
                is_of_company = name in _OF_COMPANY
                self._findings.miss(
                    name, "No company is known." if is_of_company else "No activity names one."
                )

    async def _check(self, subject: Subject) -> None:
        setting = subject.endpoint.setting
        configured: str = getattr(self._settings, setting)
        exchange = await self._read(subject, self._prefix_by_setting.get(setting, configured))
        if exchange.status == _NOT_FOUND and setting not in self._prefix_by_setting:
            for prefix in _OTHER_PREFIXES.get(setting, ()):
                if (
                    prefix != configured
                    and (other := await self._read(subject, prefix)).status == _OK
                ):
                    self._prefix_by_setting[setting] = prefix
                    self._findings.differ(
                        subject.assumption,
                        f"It is at {prefix}{subject.endpoint.path}.",
                        f"{env_name(setting)}={prefix}",
                    )
                    exchange = other
                    break
        elif exchange.status == _OK and setting not in self._prefix_by_setting:
            self._prefix_by_setting[setting] = configured
        problem = _problem(subject, exchange)
        if problem:
            self._findings.differ(subject.assumption, problem)
        else:
            self._findings.hold(subject.assumption)

    async def _check_without_company(self, subject: Subject) -> None:
        """Read an appointment by its id alone, at the path that is set, else at the likely one."""
        configured = self._settings.appointments_path
        path = configured or _LIKELY_APPOINTMENTS_PATH
        exchange = await self._read(subject, path)
        problem = _problem(subject, exchange)
        if configured and problem:
            self._findings.differ(_WITHOUT_COMPANY, problem)
        elif not configured and not problem:
            setting = f"{env_name(subject.endpoint.setting)}={path}"
            self._findings.differ(_WITHOUT_COMPANY, f"It is at {path}/{{appointmentId}}.", setting)
        else:
            self._findings.hold(_WITHOUT_COMPANY)

    async def _read(self, subject: Subject, prefix: str) -> Exchange:
        endpoint = subject.endpoint
        template = ReadTemplate(prefix + endpoint.path, decoding.items, query=endpoint.query)
        query = "?" + "&".join(f"{name}={value}" for name, value in endpoint.query)
        return await self._client.get(
            template.path + (query if endpoint.query else ""),
            template.fill(_NOBODY, subject.ids).target,
        )


def _problem(subject: Subject, exchange: Exchange) -> str:
    """How a response is not the resource; empty where it is."""
    if exchange.status is None:
        return f"There is no response ({exchange.reason})."
    if exchange.status != _OK:
        return f"It has status {exchange.status}."
    if exchange.body is None:
        return exchange.problem
    if (error := decoding.parse_error_object(exchange.body)) is not None:
        return f"It has status 200 with an error object (code {error.code})."
    try:
        return _content_problem(subject, exchange.body)
    except (InvalidUpstreamResponse, ResponseTooLarge) as error:
        return str(error)


def _content_problem(subject: Subject, body: bytes) -> str:
    """How a body is not the resource; empty where it is.

    Raises:
        InvalidUpstreamResponse: The body cannot be decoded.
        ResponseTooLarge: The body has too many keys.
    """
    endpoint = subject.endpoint
    own_id = subject.ids[endpoint.ids.index(endpoint.own_id)]
    if endpoint.is_list:
        index = run_to_completion(decoding.index_resources(body, endpoint.record))
        found = index.find(own_id) is not None
        return "" if found else "The list lacks one that an activity names."
    resource = run_to_completion(decoding.entity(body, endpoint.record))
    return "" if str(resource.id) == own_id else "The resource has another id than its path."


_ASSUMPTIONS = (
    "client-path",
    "note-path",
    "company-path",
    "staff-path",
    "service-path",
    "appointment-path",
    _WITHOUT_COMPANY,
    "company-zero",
    "client-appointments",
    "form-path",
    "form-result-path",
    "conference-path",
    "session-path",
    "registration-path",
)

_OF_COMPANY = frozenset({*_ASSUMPTIONS[2:9]} - {_WITHOUT_COMPANY, "company-zero"})


def _subjects(
    client_id: str, records: Sequence[Activity], company_id: str | None
) -> Iterator[Subject]:
    """The resources that activities name, those of the latest activities first."""
    yield Subject("client-path", endpoints.CLIENT, (client_id,))
    deleted: set[str] = set()
    for record in reversed(records):
        details = _details(record)
        own_id = _id(details)
        if own_id is None or own_id in deleted:
            continue
        if record.event is ActivityEvent.DELETED:
            deleted.add(own_id)
            continue
        match details:
            case activities.NoteSnapshot():
                yield Subject("note-path", endpoints.NOTE, (own_id,))
            case activities.AppointmentSnapshot():
                yield from _appointment_subjects(client_id, details, own_id, company_id)
            case activities.FormResultSnapshot(form_id=str(form_id)):
                yield Subject("form-path", endpoints.FORM, (form_id,))
                yield Subject("form-result-path", endpoints.FORM_RESULT, (form_id, own_id))
            case activities.ConferenceRegistrationSnapshot(
                conference_id=str(conference_id), session_id=str(session_id)
            ):
                ids = (conference_id, session_id, own_id)
                yield Subject("conference-path", endpoints.CONFERENCE, ids[:1])
                yield Subject("session-path", endpoints.CONFERENCE_SESSION, ids[:2])
                yield Subject("registration-path", endpoints.CONFERENCE_REGISTRATION, ids)


def _appointment_subjects(
    client_id: str, snapshot: AppointmentSnapshot, own_id: str, company_id: str | None
) -> Iterator[Subject]:
    yield Subject(_WITHOUT_COMPANY, endpoints.APPOINTMENT_WITHOUT_COMPANY, (own_id,))
    yield Subject("company-zero", endpoints.APPOINTMENT, (_ALL_COMPANIES, own_id))
    company_id = snapshot.company_id or company_id
    if company_id is None:
        return
    yield Subject("company-path", endpoints.COMPANY, (company_id,))
    yield Subject("appointment-path", endpoints.APPOINTMENT, (company_id, own_id))
    yield Subject(
        "client-appointments", endpoints.CLIENT_APPOINTMENT, (company_id, client_id, own_id)
    )
    if (staff_id := _id(snapshot.staff)) is not None:
        yield Subject("staff-path", endpoints.STAFF, (company_id, staff_id))
    if (service_id := _id(snapshot.service)) is not None:
        yield Subject("service-path", endpoints.SERVICE, (company_id, service_id))


_DETAILS = ("appointment", "note", "form_result", "conference_registration")
_ID_NAMES = (
    "appointment_id",
    "note_id",
    "form_result_id",
    "registration_id",
    "staff_id",
    "service_id",
)


def _details(record: Activity) -> object:
    """The snapshot of an activity that has one with an id."""
    return next((getattr(record, name) for name in _DETAILS if hasattr(record, name)), None)


def _id(snapshot: object) -> str | None:
    """The id of a snapshot, if it has one."""
    for name in _ID_NAMES:
        id_ = getattr(snapshot, name, None)
        if isinstance(id_, int | str):
            return str(id_)
    return None
