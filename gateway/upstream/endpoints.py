"""Endpoints: the upstream REST API, one method for each endpoint."""

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import TypeVar

import httpx
from msgspec import Raw

from gateway.config.settings import Settings
from gateway.errors import InvalidUpstreamResponse, NotFound
from gateway.observability.event_loop import CooperativeSteps
from gateway.upstream.credentials import Caller
from gateway.upstream.http.fetcher import UpstreamFetcher
from gateway.upstream.http.instrumentation import UpstreamInstrumentation
from gateway.upstream.http.read import ParameterRoles
from gateway.upstream.http.stale_cache import Timestamped
from gateway.upstream.records import decoding, resources
from gateway.upstream.records.activities import Record
from gateway.upstream.records.decoding import ResourceIndex
from gateway.upstream.records.enums import ActivityKind
from gateway.upstream.surprises import observe_surprises

_R = TypeVar("_R", bound=Record)

_TIMELINE_ROLES = ParameterRoles(
    subject_parameter="clientId", filter_parameter="type", sort_parameter="sort"
)


class UpstreamApi:
    """The upstream REST API. Safe to share between requests: responses are shared within one identity only.

    Every method raises a `FieldError`, and nothing else, where the upstream gives no usable response. A
    single resource that the upstream does not know is None, not an error.
    """

    def __init__(
        self,
        settings: Settings,
        transport: httpx.AsyncBaseTransport,
        *,
        instrumentation: UpstreamInstrumentation | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._instrumentation = instrumentation or UpstreamInstrumentation()
        self._fetcher = UpstreamFetcher(
            settings, transport, instrumentation=self._instrumentation, now=now
        )
        self._activities_path = f"{settings.activities_prefix}/activities"
        self._client_path = settings.clients_path + "/{clientId}"
        self._note_path = settings.notes_prefix + "/notes/{noteId}"
        self._company_path = settings.scheduling_prefix + "/companies/{companyId}"
        self._form_path = settings.forms_prefix + "/forms/{formId}"
        self._conference_path = settings.conferences_prefix + "/conferences/{conferenceId}"
        self._conference_session_path = self._conference_path + "/sessions/{sessionId}"

    def report_timeline_surprises(self) -> AbstractContextManager[None]:
        """Context manager around the decoding of activities: surprises in them are counted."""
        return observe_surprises(
            partial(self._instrumentation.record_surprise, self._activities_path)
        )

    async def activities(
        self,
        caller: Caller,
        client_id: str,
        *,
        kinds: Collection[ActivityKind] | None = None,
        appointment_id: str | None = None,
        newest_first: bool = False,
    ) -> Timestamped[list[Raw]]:
        """A client's timeline in any order, each activity still to be decoded.

        Where the upstream fails, the timeline may be a stale one, with further kinds in it. Entities are
        never stale: nothing in an entity could say so.

        Args:
            caller: The caller of the read.
            client_id: The client whose timeline is read.
            kinds: Only these kinds; None for all, including kinds that are not known yet.
            appointment_id: Only activities of this appointment.
            newest_first: The order requested from the upstream. The response may have another order: that of
                an equal read, or of the stale timeline.
        """
        query = {"clientId": client_id, "sort": "desc" if newest_first else "asc"}
        if kinds is not None:
            query["type"] = ",".join(kind.value for kind in ActivityKind if kind in kinds)
        if appointment_id is not None:
            query["appointmentId"] = appointment_id
        return await self._fetcher.fetch_with_stale(
            caller, self._activities_path, decoding.items, query, _TIMELINE_ROLES
        )

    async def client(self, caller: Caller, client_id: str) -> resources.Client | None:
        return await self._fetch_or_none(
            caller, self._client_path, resources.Client, {"clientId": client_id}
        )

    async def note(self, caller: Caller, note_id: str) -> resources.Note | None:
        return await self._fetch_or_none(
            caller, self._note_path, resources.Note, {"noteId": note_id}
        )

    async def company(self, caller: Caller, company_id: str) -> resources.Company | None:
        return await self._fetch_or_none(
            caller, self._company_path, resources.Company, {"companyId": company_id}, cacheable=True
        )

    async def staff(self, caller: Caller, company_id: str) -> ResourceIndex[resources.Staff]:
        """All staff of a company: the upstream has no endpoint for some of them."""
        return await self._fetcher.fetch(
            caller,
            self._company_path + "/staff",
            partial(decoding.index_resources, declared=resources.Staff),
            ids={"companyId": company_id},
            cacheable=True,
        )

    async def services(self, caller: Caller, company_id: str) -> ResourceIndex[resources.Service]:
        """All services of a company: the upstream has no endpoint for some of them."""
        return await self._fetcher.fetch(
            caller,
            self._company_path + "/services",
            partial(decoding.index_resources, declared=resources.Service),
            ids={"companyId": company_id},
            cacheable=True,
        )

    async def appointment(
        self, caller: Caller, company_id: str, appointment_id: str
    ) -> resources.Appointment | None:
        def decode_appointment(body: bytes) -> CooperativeSteps[resources.Appointment]:
            record = yield from decoding.entity(body, declared=resources.Appointment)
            if str(record.id) != appointment_id:
                raise InvalidUpstreamResponse(
                    "The upstream returned a different appointment than the requested one."
                )
            return record

        ids = {"companyId": company_id, "appointmentId": appointment_id}
        template = self._company_path + "/appointments/{appointmentId}"
        try:
            return await self._fetcher.fetch(caller, template, decode_appointment, ids=ids)
        except NotFound:
            return None

    async def appointments(
        self, caller: Caller, company_id: str, client_id: str
    ) -> ResourceIndex[resources.Appointment]:
        """A client's appointments with a company.

        The filter is undocumented: see `Settings.appointments_by_client`.
        """
        return await self._fetcher.fetch(
            caller,
            self._company_path + "/appointments",
            partial(decoding.index_resources, declared=resources.Appointment),
            ids={"companyId": company_id},
            query={"clientId": client_id, "levelDetail": "full"},
        )

    async def form(self, caller: Caller, form_id: str) -> resources.Form | None:
        return await self._fetch_or_none(
            caller, self._form_path, resources.Form, {"formId": form_id}, cacheable=True
        )

    async def form_result(
        self, caller: Caller, form_id: str, result_id: str
    ) -> resources.FormResult | None:
        return await self._fetch_or_none(
            caller,
            self._form_path + "/results/{resultId}",
            resources.FormResult,
            {"formId": form_id, "resultId": result_id},
        )

    async def conference(self, caller: Caller, conference_id: str) -> resources.Conference | None:
        return await self._fetch_or_none(
            caller,
            self._conference_path,
            resources.Conference,
            {"conferenceId": conference_id},
            cacheable=True,
        )

    async def conference_session(
        self, caller: Caller, conference_id: str, session_id: str
    ) -> resources.ConferenceSession | None:
        return await self._fetch_or_none(
            caller,
            self._conference_session_path,
            resources.ConferenceSession,
            {"conferenceId": conference_id, "sessionId": session_id},
            cacheable=True,
        )

    async def conference_registration(
        self, caller: Caller, conference_id: str, session_id: str, registration_id: str
    ) -> resources.ConferenceRegistration | None:
        return await self._fetch_or_none(
            caller,
            self._conference_session_path + "/registrations/{registrationId}",
            resources.ConferenceRegistration,
            {
                "conferenceId": conference_id,
                "sessionId": session_id,
                "registrationId": registration_id,
            },
        )

    async def _fetch_or_none(
        self,
        caller: Caller,
        template: str,
        record_type: type[_R],
        ids: Mapping[str, str],
        *,
        cacheable: bool = False,
    ) -> _R | None:
        decoder = partial(decoding.entity, declared=record_type)
        try:
            return await self._fetcher.fetch(
                caller, template, decoder, ids=ids, cacheable=cacheable
            )
        except NotFound:
            return None
