"""Upstream session: the reads of one operation; a read requested twice is made once."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from aiodataloader import DataLoader
from msgspec import Raw

from gateway.config.settings import Settings
from gateway.errors import CompanyUnknown, InvalidArgument, InvalidUpstreamResponse, NotFound
from gateway.upstream.credentials import Caller
from gateway.upstream.dataloading import DataLoaderScope, gather_outcomes
from gateway.upstream.endpoints import UpstreamApi
from gateway.upstream.http.stale_cache import Timestamped
from gateway.upstream.read_log import ReadLogEntry
from gateway.upstream.records import links, resources
from gateway.upstream.records.decoding import ResourceIndex
from gateway.upstream.records.enums import ActivityKind

_T = TypeVar("_T")

ActivityKindSet = frozenset[ActivityKind]

_ALL_KINDS = frozenset(ActivityKind)
"""Every kind, `UNKNOWN` included: the call has no `type` parameter."""


class _TimelineKey(NamedTuple):
    """Key of a timeline: a client, or one appointment of a client."""

    client_id: str
    appointment_id: str | None


class _TimelineLoad(NamedTuple):
    """A load of a timeline: the kinds and the order that a selection needs."""

    kinds: ActivityKindSet
    newest_first: bool


class _TimelineRead(NamedTuple):
    """A read of a timeline that was started, and the kinds it covers."""

    kinds: ActivityKindSet
    task: asyncio.Task[Timestamped[list[Raw]]]


class _AppointmentKey(NamedTuple):
    """Key of an appointment of a company."""

    company_id: str
    appointment_id: str


class _AppointmentListKey(NamedTuple):
    """Key of a list of appointments: those of a client with a company."""

    company_id: str
    client_id: str


class UpstreamSession:
    """The upstream reads of one operation, batched and deduplicated by DataLoaders.

    A session is created inside the request's event loop and closed after the operation. A `FieldError` is
    raised where there is no usable response: on await, or at once where an argument is invalid. A single
    resource that no longer exists is None. Failures are memoized like responses.
    """

    def __init__(self, api: UpstreamApi, caller: Caller, settings: Settings) -> None:
        self._api = api
        self._caller = caller
        self._settings = settings
        self._loader_scope = DataLoaderScope(
            max_reads=settings.max_upstream_reads,
            max_concurrent_reads=settings.max_concurrent_reads_per_operation,
        )
        self._timeline_reads: defaultdict[_TimelineKey, list[_TimelineRead]] = defaultdict(list)
        self._list_task_by_key: dict[
            _AppointmentListKey, asyncio.Task[ResourceIndex[resources.Appointment]]
        ] = {}
        self._client_id_by_appointment: dict[_AppointmentKey, str] = {}
        self._loaders: dict[object, DataLoader[Any, Any]] = {}

    @property
    def read_log(self) -> Sequence[ReadLogEntry]:
        """The reads made so far, in the order of their responses."""
        return self._caller.read_log

    async def aclose(self) -> None:
        await self._loader_scope.aclose()
        # The loaders refer to the session: without the cycle, its records are freed at once.
        self._loaders.clear()

    def timeline(
        self,
        client_id: str,
        *,
        kinds: ActivityKindSet | None,
        appointment_id: str | None,
        newest_first: bool = False,
    ) -> Coroutine[Any, Any, Timestamped[list[Raw]]]:
        """A client's activities of some kinds, or all, possibly among others; each still to be decoded.

        The order may differ from `newest_first`: another load of the same timeline may need another order.
        """
        key = _TimelineKey(client_id, appointment_id)
        if key not in self._loaders:
            self._loaders[key] = DataLoader(partial(self._batch_timeline, key))
        load = _TimelineLoad(_ALL_KINDS if kinds is None else kinds, newest_first)
        return self._loader_scope.load(self._loaders[key], load)

    def staff(self, company_id: str | None, staff_id: str) -> Awaitable[resources.Staff | None]:
        """A member of staff; the company's list is read once for all of its members."""
        return _find_in_list(self._load(self._api.staff, self._company_id(company_id)), staff_id)

    def service(
        self, company_id: str | None, service_id: str
    ) -> Awaitable[resources.Service | None]:
        """A service; the company's list is read once for all of its services."""
        return _find_in_list(
            self._load(self._api.services, self._company_id(company_id)), service_id
        )

    def appointment(
        self, company_id: str | None, appointment_id: str, client_id: str | None
    ) -> Awaitable[resources.Appointment | None]:
        """The current state of an appointment, read alone or, if the upstream can, from its client's list."""
        key = _AppointmentKey(self._company_id(company_id), appointment_id)
        if client_id is not None:
            self._client_id_by_appointment[key] = client_id
        if _AppointmentKey not in self._loaders:
            self._loaders[_AppointmentKey] = DataLoader(self._batch_appointments)
        return self._loader_scope.load(self._loaders[_AppointmentKey], key)

    def company(self, company_id: str) -> Awaitable[resources.Company | None]:
        return self._load(self._api.company, company_id)

    def client(
        self, client_id: str, requested_id: str | None = None
    ) -> Awaitable[resources.Client | None]:
        """A client. An invalid id is the caller's error where the caller sent it, else the upstream's."""
        if client_id == requested_id and not links.is_id(client_id):
            raise InvalidArgument("Invalid client id.")
        return self._load(self._api.client, client_id)

    def note(self, note_id: str) -> Awaitable[resources.Note | None]:
        return self._load(self._api.note, note_id)

    def form(self, form_id: str) -> Awaitable[resources.Form | None]:
        return self._load(self._api.form, form_id)

    def form_result(
        self, form_id: str | None, result_id: str
    ) -> Awaitable[resources.FormResult | None]:
        if form_id is None:
            raise InvalidUpstreamResponse(
                "The upstream did not return the form of this form result."
            )
        return self._load(self._api.form_result, form_id, result_id)

    def conference(self, conference_id: str) -> Awaitable[resources.Conference | None]:
        return self._load(self._api.conference, conference_id)

    def conference_session(
        self, conference_id: str | None, session_id: str
    ) -> Awaitable[resources.ConferenceSession | None]:
        return self._load(self._api.conference_session, _require_id(conference_id), session_id)

    def conference_registration(
        self, conference_id: str | None, session_id: str | None, registration_id: str
    ) -> Awaitable[resources.ConferenceRegistration | None]:
        ids = _require_id(conference_id), _require_id(session_id), registration_id
        return self._load(self._api.conference_registration, *ids)

    def _load(
        self, fetch: Callable[..., Coroutine[Any, Any, _T]], *ids: str
    ) -> Coroutine[Any, Any, _T]:
        """Load a resource by its ids through the DataLoader of one endpoint."""
        if fetch not in self._loaders:
            self._loaders[fetch] = self._loader_scope.loader(partial(fetch, self._caller))
        return self._loader_scope.load(self._loaders[fetch], ids)

    def _company_id(self, company_id: str | None) -> str:
        resolved_id = company_id or self._settings.company_id
        if resolved_id is None:
            raise CompanyUnknown("The company is unknown: set GATEWAY_COMPANY_ID.")
        return resolved_id

    async def _batch_timeline(self, key: _TimelineKey, loads: Sequence[_TimelineLoad]) -> list[Any]:
        """One read for the union of the kinds of a batch; newest first where every load of the batch is."""
        union = frozenset[ActivityKind]().union(*[each.kinds for each in loads])
        kinds = _ALL_KINDS if ActivityKind.UNKNOWN in union else union
        read = self._existing_or_new_read(
            key, _TimelineLoad(kinds, all(each.newest_first for each in loads))
        )
        return await gather_outcomes([read]) * len(loads)

    def _existing_or_new_read(
        self, key: _TimelineKey, load: _TimelineLoad
    ) -> asyncio.Task[Timestamped[list[Raw]]]:
        """The read that covers the kinds: one already started, in any order, or a new one."""
        kinds = load.kinds
        for read in self._timeline_reads[key]:
            if kinds <= read.kinds:
                return read.task
        task = self._loader_scope.schedule_read(
            self._api.activities,
            self._caller,
            key.client_id,
            kinds=None if kinds == _ALL_KINDS else kinds,
            appointment_id=key.appointment_id,
            newest_first=load.newest_first,
        )
        self._timeline_reads[key].append(_TimelineRead(kinds, task))
        return task

    async def _batch_appointments(self, keys: Sequence[_AppointmentKey]) -> list[Any]:
        """Read a batch of appointments, from lists or alone: one list is cheaper than two single reads.

        An appointment that a list lacks is read alone: the completeness of lists is undocumented.
        """
        counts = Counter(map(self._list_key, keys))
        lists = {
            key: task
            for key in keys
            if (task := self._existing_or_new_list(key, counts)) is not None
        }
        index_by_key = dict(zip(lists, await gather_outcomes(lists.values()), strict=True))
        results = {key: _from_list(index_by_key.get(key), key.appointment_id) for key in keys}
        single_reads = {
            key: self._loader_scope.schedule_read(self._api.appointment, self._caller, *key)
            for key, appointment in results.items()
            if appointment is None
        }
        results |= dict(
            zip(single_reads, await gather_outcomes(single_reads.values()), strict=True)
        )
        return [results[key] for key in keys]

    def _existing_or_new_list(
        self, key: _AppointmentKey, counts: Mapping[_AppointmentListKey, int]
    ) -> asyncio.Task[ResourceIndex[resources.Appointment]] | None:
        """The list that may hold an appointment: one already read, or a new one for several appointments."""
        if not self._settings.appointments_by_client or key not in self._client_id_by_appointment:
            return None
        list_key = self._list_key(key)
        if list_key not in self._list_task_by_key and counts[list_key] > 1:
            self._list_task_by_key[list_key] = self._loader_scope.schedule_read(
                self._api.appointments, self._caller, *list_key
            )
        return self._list_task_by_key.get(list_key)

    def _list_key(self, key: _AppointmentKey) -> _AppointmentListKey:
        return _AppointmentListKey(key.company_id, self._client_id_by_appointment.get(key, ""))


def _require_id(id_: str | None) -> str:
    if id_ is None:
        raise InvalidUpstreamResponse(
            "The upstream did not return the id of the conference or session."
        )
    return id_


async def _find_in_list(load: Awaitable[ResourceIndex[Any]], id_: str) -> Any:
    return (await load).find(id_)


def _from_list(
    index: ResourceIndex[resources.Appointment] | Exception | None, appointment_id: str
) -> resources.Appointment | Exception | None:
    """The outcome of a list for an appointment; None where the list lacks it or cannot be used."""
    match index:
        case None | NotFound() | InvalidArgument() | InvalidUpstreamResponse():
            return None
        case Exception():
            return index
    try:
        return index.find(appointment_id)
    except InvalidUpstreamResponse:
        return None
