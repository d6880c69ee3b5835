"""Endpoints: the upstream REST API as rows of data, one for each endpoint, and the class that reads them."""

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Generic, Literal, TypeVar

import httpx
from msgspec import Raw

from gateway.config.settings import Settings
from gateway.errors import InvalidUpstreamResponse
from gateway.upstream.credentials import Caller
from gateway.upstream.http.fetcher import UpstreamFetcher
from gateway.upstream.http.futures import completed_future
from gateway.upstream.http.instrumentation import UpstreamInstrumentation
from gateway.upstream.http.read import Read, ReadTemplate, encode_parameter
from gateway.upstream.http.read_result import Err, ReadResult
from gateway.upstream.records import decoding, resources
from gateway.upstream.records.activities import Record
from gateway.upstream.records.decoding import ResourceIndex
from gateway.upstream.records.enums import ActivityKind
from gateway.upstream.surprises import observe_surprises

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
        "clients_path", "conferences_prefix", "forms_prefix", "notes_prefix", "scheduling_prefix"
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


class UpstreamApi:
    """The upstream REST API. Safe to share between requests: responses are shared within one identity only.

    A read starts at the call. Its result is an `Err` where the upstream gives no usable response.
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
        self._settings = settings
        self._activities_path = f"{settings.activities_prefix}/activities"
        self._template_by_endpoint: dict[Endpoint[Any], ReadTemplate[Any]] = {}

    def report_timeline_surprises(self) -> AbstractContextManager[None]:
        """Context manager around the decoding of activities: surprises in them are counted."""
        return observe_surprises(
            partial(self._instrumentation.record_surprise, self._activities_path)
        )

    def activities(
        self,
        caller: Caller,
        client_id: str,
        *,
        kinds: Collection[ActivityKind] | None = None,
        appointment_id: str | None = None,
        newest_first: bool = False,
    ) -> asyncio.Future[ReadResult[list[Raw]]]:
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
        path = self._activities_path
        subject = f"{path}?clientId={encode_parameter(client_id)}"
        order = "&sort=desc" if newest_first else "&sort=asc"
        types = "" if kinds is None else f"&type={_type_parameter(kinds)}"
        appointment = (
            "" if appointment_id is None else f"&appointmentId={encode_parameter(appointment_id)}"
        )
        key = caller.identity, subject + types + appointment
        all_kinds_key = caller.identity, subject + appointment
        return self._fetcher.fetch(
            Read(
                caller,
                path,
                subject + order + types + appointment,
                key,
                ((path, client_id),),
                decoding.items,
                stale_keys=(key, all_kinds_key),
            )
        )

    def resource(
        self, caller: Caller, endpoint: Endpoint[_R], *ids: str
    ) -> asyncio.Future[ReadResult[_R | None]]:
        """A single resource, or None where the upstream does not know it; `ids` are those of the path."""
        return self._fetch(caller, endpoint, ids)

    def resource_index(
        self, caller: Caller, endpoint: Endpoint[Any], *parent_ids: str
    ) -> asyncio.Future[ReadResult[ResourceIndex[Any]]]:
        """All resources of a parent: the upstream has no endpoint for some of them."""
        return self._fetch(caller, endpoint, parent_ids)

    def _fetch(
        self, caller: Caller, endpoint: Endpoint[Any], ids: tuple[str, ...]
    ) -> asyncio.Future[ReadResult[Any]]:
        template = self._template_by_endpoint.get(endpoint)
        if template is None:
            template = self._template_by_endpoint[endpoint] = self._template(endpoint)
        try:
            read = template.fill(caller, ids)
        except InvalidUpstreamResponse as error:
            return completed_future(Err(error.with_traceback(None), None, 0, attempts=0))
        return self._fetcher.fetch(read)

    def _template(self, endpoint: Endpoint[Any]) -> ReadTemplate[Any]:
        return ReadTemplate(
            getattr(self._settings, endpoint.setting) + endpoint.path,
            partial(
                decoding.index_resources if endpoint.is_list else decoding.entity,
                declared=endpoint.record,
            ),
            query=endpoint.query,
            is_cacheable=endpoint.cacheable,
            none_if_not_found=not endpoint.is_list,
        )


def _type_parameter(kinds: Collection[ActivityKind]) -> str:
    """The names of kinds in one order, separated by percent-encoded commas."""
    return "%2C".join([kind.value for kind in ActivityKind if kind in kinds])
