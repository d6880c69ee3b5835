"""Upstream: the REST API, one method per endpoint."""

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import TypeVar

import httpx
from msgspec import Raw

from gateway.config.settings import Settings
from gateway.errors import ContractBroken, NotFound
from gateway.observability.event_loop import Steps
from gateway.upstream.credentials import Caller
from gateway.upstream.http.fetcher import Reads
from gateway.upstream.http.instrumentation import Watch
from gateway.upstream.http.read import Meaning
from gateway.upstream.http.stale_cache import Dated
from gateway.upstream.records import decoding, resources
from gateway.upstream.records.activities import Record
from gateway.upstream.records.decoding import Roster
from gateway.upstream.records.enums import ActivityKind
from gateway.upstream.surprises import noted

_R = TypeVar("_R", bound=Record)

_TIMELINE = Meaning(about="clientId", narrowed_by="type", ordered_by="sort")


class Upstream:
    """The REST API. Safe to share between requests: callers share answers within an identity only.

    Every method raises an `UpstreamError`, and nothing else, where the upstream gives no answer. One
    thing that it does not know is None, not an error.
    """

    def __init__(
        self,
        settings: Settings,
        transport: httpx.AsyncBaseTransport,
        *,
        watch: Watch | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._watch = watch or Watch()
        self._reads = Reads(settings, transport, watch=self._watch, now=now)
        self._activities = f"{settings.activities_prefix}/activities"
        self._client = settings.clients_path + "/{clientId}"
        self._note = settings.notes_prefix + "/notes/{noteId}"
        self._company = settings.scheduling_prefix + "/companies/{companyId}"
        self._form = settings.forms_prefix + "/forms/{formId}"
        self._conference = settings.conferences_prefix + "/conferences/{conferenceId}"
        self._conference_session = self._conference + "/sessions/{sessionId}"

    async def aclose(self) -> None:
        await self._reads.aclose()

    def decoding_timelines(self) -> AbstractContextManager[None]:
        """Around whatever decodes activities: what is surprising in them is counted."""
        return noted(partial(self._watch.surprise, self._activities))

    async def activities(
        self,
        caller: Caller,
        client_id: str,
        *,
        kinds: Collection[ActivityKind] | None = None,
        appointment_id: str | None = None,
        newest_first: bool = False,
    ) -> Dated[list[Raw]]:
        """A client's timeline, in whatever order, each activity still to be decoded.

        Where the upstream fails, it may be an earlier one, with other kinds in it as well. Entities are
        never: nothing in them could say so.

        Args:
            caller: Who asks.
            client_id: Whose timeline.
            kinds: Only these; None for all, also those not known yet.
            appointment_id: Only what belongs to this appointment.
            newest_first: The order that the upstream is asked for. The answer may have another: that
                of an equal read, or of the earlier one.
        """
        query = {"clientId": client_id, "sort": "desc" if newest_first else "asc"}
        if kinds is not None:
            query["type"] = ",".join(kind.value for kind in ActivityKind if kind in kinds)
        if appointment_id is not None:
            query["appointmentId"] = appointment_id
        return await self._reads.latest(caller, self._activities, decoding.items, query, _TIMELINE)

    async def client(self, caller: Caller, client_id: str) -> resources.Client | None:
        return await self._one(caller, self._client, resources.Client, {"clientId": client_id})

    async def note(self, caller: Caller, note_id: str) -> resources.Note | None:
        return await self._one(caller, self._note, resources.Note, {"noteId": note_id})

    async def company(self, caller: Caller, company_id: str) -> resources.Company | None:
        return await self._one(
            caller, self._company, resources.Company, {"companyId": company_id}, keep=True
        )

    async def staff(self, caller: Caller, company_id: str) -> Roster[resources.Staff]:
        """All staff of a company: there is no way to ask for some of them."""
        return await self._reads.get(
            caller,
            self._company + "/staff",
            partial(decoding.roster, declared=resources.Staff),
            ids={"companyId": company_id},
            keep=True,
        )

    async def services(self, caller: Caller, company_id: str) -> Roster[resources.Service]:
        """All services of a company: there is no way to ask for some of them."""
        return await self._reads.get(
            caller,
            self._company + "/services",
            partial(decoding.roster, declared=resources.Service),
            ids={"companyId": company_id},
            keep=True,
        )

    async def appointment(
        self, caller: Caller, company_id: str, appointment_id: str
    ) -> resources.Appointment | None:
        def decoded(body: bytes) -> Steps[resources.Appointment]:
            found = yield from decoding.entity(body, declared=resources.Appointment)
            if str(found.id) != appointment_id:
                raise ContractBroken("The upstream sent another appointment than was asked for.")
            return found

        ids = {"companyId": company_id, "appointmentId": appointment_id}
        template = self._company + "/appointments/{appointmentId}"
        try:
            return await self._reads.get(caller, template, decoded, ids=ids)
        except NotFound:
            return None

    async def appointments(
        self, caller: Caller, company_id: str, client_id: str
    ) -> Roster[resources.Appointment]:
        """A client's appointments with a company. The filter is not documented: see `settings`."""
        return await self._reads.get(
            caller,
            self._company + "/appointments",
            partial(decoding.roster, declared=resources.Appointment),
            ids={"companyId": company_id},
            query={"clientId": client_id, "levelDetail": "full"},
        )

    async def form(self, caller: Caller, form_id: str) -> resources.Form | None:
        return await self._one(caller, self._form, resources.Form, {"formId": form_id}, keep=True)

    async def form_result(
        self, caller: Caller, form_id: str, result_id: str
    ) -> resources.FormResult | None:
        return await self._one(
            caller,
            self._form + "/results/{resultId}",
            resources.FormResult,
            {"formId": form_id, "resultId": result_id},
        )

    async def conference(self, caller: Caller, conference_id: str) -> resources.Conference | None:
        return await self._one(
            caller,
            self._conference,
            resources.Conference,
            {"conferenceId": conference_id},
            keep=True,
        )

    async def conference_session(
        self, caller: Caller, conference_id: str, session_id: str
    ) -> resources.ConferenceSession | None:
        return await self._one(
            caller,
            self._conference_session,
            resources.ConferenceSession,
            {"conferenceId": conference_id, "sessionId": session_id},
            keep=True,
        )

    async def conference_registration(
        self, caller: Caller, conference_id: str, session_id: str, registration_id: str
    ) -> resources.ConferenceRegistration | None:
        return await self._one(
            caller,
            self._conference_session + "/registrations/{registrationId}",
            resources.ConferenceRegistration,
            {
                "conferenceId": conference_id,
                "sessionId": session_id,
                "registrationId": registration_id,
            },
        )

    async def _one(
        self,
        caller: Caller,
        template: str,
        declared: type[_R],
        ids: Mapping[str, str],
        *,
        keep: bool = False,
    ) -> _R | None:
        decoded = partial(decoding.entity, declared=declared)
        try:
            return await self._reads.get(caller, template, decoded, ids=ids, keep=keep)
        except NotFound:
            return None
