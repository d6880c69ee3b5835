"""Upstream: the REST API, one method per endpoint."""

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import TypeVar

import httpx
from msgspec import Raw

from gateway.errors import ContractBroken, NotFound
from gateway.settings import Settings
from gateway.steps import Steps
from gateway.upstream import conferences, decode, entities, forms
from gateway.upstream.caller import Caller
from gateway.upstream.decode import Roster
from gateway.upstream.read import Meaning
from gateway.upstream.reads import Reads
from gateway.upstream.records import Record
from gateway.upstream.stale import Dated
from gateway.upstream.surprises import noted
from gateway.upstream.watch import Watch
from gateway.upstream.words import ActivityKind

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
        return await self._reads.latest(caller, self._activities, decode.items, query, _TIMELINE)

    async def client(self, caller: Caller, client_id: str) -> entities.Client | None:
        return await self._one(caller, self._client, entities.Client, {"clientId": client_id})

    async def note(self, caller: Caller, note_id: str) -> entities.Note | None:
        return await self._one(caller, self._note, entities.Note, {"noteId": note_id})

    async def company(self, caller: Caller, company_id: str) -> entities.Company | None:
        return await self._one(
            caller, self._company, entities.Company, {"companyId": company_id}, keep=True
        )

    async def staff(self, caller: Caller, company_id: str) -> Roster[entities.Staff]:
        """All staff of a company: there is no way to ask for some of them."""
        return await self._reads.get(
            caller,
            self._company + "/staff",
            partial(decode.roster, declared=entities.Staff),
            ids={"companyId": company_id},
            keep=True,
        )

    async def services(self, caller: Caller, company_id: str) -> Roster[entities.Service]:
        """All services of a company: there is no way to ask for some of them."""
        return await self._reads.get(
            caller,
            self._company + "/services",
            partial(decode.roster, declared=entities.Service),
            ids={"companyId": company_id},
            keep=True,
        )

    async def appointment(
        self, caller: Caller, company_id: str, appointment_id: str
    ) -> entities.Appointment | None:
        def decoded(body: bytes) -> Steps[entities.Appointment]:
            found = yield from decode.entity(body, declared=entities.Appointment)
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
    ) -> Roster[entities.Appointment]:
        """A client's appointments with a company. The filter is not documented: see `settings`."""
        return await self._reads.get(
            caller,
            self._company + "/appointments",
            partial(decode.roster, declared=entities.Appointment),
            ids={"companyId": company_id},
            query={"clientId": client_id, "levelDetail": "full"},
        )

    async def form(self, caller: Caller, form_id: str) -> forms.Form | None:
        return await self._one(caller, self._form, forms.Form, {"formId": form_id}, keep=True)

    async def form_result(
        self, caller: Caller, form_id: str, result_id: str
    ) -> forms.FormResult | None:
        return await self._one(
            caller,
            self._form + "/results/{resultId}",
            forms.FormResult,
            {"formId": form_id, "resultId": result_id},
        )

    async def conference(self, caller: Caller, conference_id: str) -> conferences.Conference | None:
        return await self._one(
            caller,
            self._conference,
            conferences.Conference,
            {"conferenceId": conference_id},
            keep=True,
        )

    async def conference_session(
        self, caller: Caller, conference_id: str, session_id: str
    ) -> conferences.ConferenceSession | None:
        return await self._one(
            caller,
            self._conference_session,
            conferences.ConferenceSession,
            {"conferenceId": conference_id, "sessionId": session_id},
            keep=True,
        )

    async def conference_registration(
        self, caller: Caller, conference_id: str, session_id: str, registration_id: str
    ) -> conferences.ConferenceRegistration | None:
        return await self._one(
            caller,
            self._conference_session + "/registrations/{registrationId}",
            conferences.ConferenceRegistration,
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
        decoded = partial(decode.entity, declared=declared)
        try:
            return await self._reads.get(caller, template, decoded, ids=ids, keep=keep)
        except NotFound:
            return None
