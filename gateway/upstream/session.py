"""Upstream session: the reads of one operation; a read requested twice is made once."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Self, TypeGuard, TypeVar

from aiodataloader import DataLoader
from msgspec import Raw, Struct

from gateway.config.settings import Settings
from gateway.errors import CompanyUnknown, InvalidArgument, InvalidUpstreamResponse, NotFound
from gateway.upstream.api import UpstreamApi
from gateway.upstream.credentials import Caller
from gateway.upstream.dataloading import DataLoaderScope, value_of
from gateway.upstream.endpoints import (
    APPOINTMENT,
    APPOINTMENT_WITHOUT_COMPANY,
    CLIENT_APPOINTMENT,
    Endpoint,
)
from gateway.upstream.http.futures import completed_future
from gateway.upstream.http.read_result import Err, Ok, ReadResult
from gateway.upstream.http.stale_cache import Timestamped
from gateway.upstream.read_log import ReadLogEntry, UpstreamUsage, upstream_usage
from gateway.upstream.records import resources
from gateway.upstream.records.activities import Record
from gateway.upstream.records.decoding import ResourceIndex
from gateway.upstream.records.enums import ActivityKind

_R = TypeVar("_R", bound=Record)

ActivityKindSet = frozenset[ActivityKind]

_ALL_KINDS = frozenset(ActivityKind)
"""Every kind, `UNKNOWN` included: the call has no `type` parameter."""


class _TimelineKey(Struct, frozen=True):
    """Key of a timeline: a client, or one appointment of a client."""

    client_id: str
    appointment_id: str | None


class _TimelineLoad(Struct, frozen=True):
    """A load of a timeline: the kinds and the order that a selection needs."""

    kinds: ActivityKindSet
    newest_first: bool


class _TimelineRead(Struct, frozen=True):
    """A read of a timeline that was started, and the kinds it covers."""

    kinds: ActivityKindSet
    result: asyncio.Future[ReadResult[list[Raw]]]


class _ReadKey(Struct, frozen=True):
    """Key of a read: an endpoint, and the ids in its path and query."""

    endpoint: Endpoint[Any]
    ids: tuple[str, ...]

    @classmethod
    def of(cls, endpoint: Endpoint[Any], ids: tuple[str, ...]) -> Self:
        """Key of the read that the load of a resource needs: of itself, or of the list that has it."""
        return cls(endpoint, ids[:-1] if endpoint.is_list else ids)


class _AppointmentKey(NamedTuple):
    """Key of an appointment of a company."""

    company_id: str
    appointment_id: str


class UpstreamSession:
    """The upstream reads of one operation: however often a thing is loaded, it is read once.

    DataLoaders batch the loads that can share a read: the kinds of a timeline, a company's staff, a company's
    services, and the appointments of a client where the upstream can list these. A single thing is read at
    once, by a memo of the reads started.

    A session is created inside the request's event loop and closed after the operation. A `FieldError` is
    raised on await where there is no usable response. A resource that no longer exists is None. Failures are
    memoized like responses.
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
        self._reads: dict[_ReadKey, asyncio.Future[ReadResult[Any]]] = {}
        self._client_id_by_appointment: dict[_AppointmentKey, str | None] = {}
        self._loaders: dict[Hashable, DataLoader[Any, Any]] = {}

    @property
    def read_log(self) -> Sequence[ReadLogEntry]:
        """The reads made so far, in the order of their responses."""
        return self._caller.read_log

    @property
    def usage(self) -> UpstreamUsage:
        """What the operation used of the upstream so far."""
        return upstream_usage(self._caller.read_log)

    async def aclose(self) -> None:
        await self._loader_scope.aclose()
        # Loaders refer to the session, and failed reads to their frames: without cycles, all is freed at once.
        self._loaders.clear()
        self._reads.clear()

    def load(self, endpoint: Endpoint[_R], *ids: str | None) -> asyncio.Future[_R | None]:
        """The resource with these ids, or None where it no longer exists.

        The load starts at the call. None, without a read, where an id that the endpoint requires is unknown.
        The configured company stands in for an unknown one to which a resource belongs.

        Args:
            endpoint: The endpoint of the resource.
            ids: The ids that `endpoint.ids` names.

        Raises:
            CompanyUnknown: On await, where only the company is unknown, none is configured, and no path without
                a company has the resource.
        """
        read_ids = self._read_ids(endpoint, ids)
        if not _are_known(read_ids):
            if not endpoint.belongs_to_company or not _are_known(read_ids[1:]):
                return completed_future(None)
            if endpoint is APPOINTMENT and self._settings.appointments_path:
                return self._load_without_company(str(read_ids[-1]))
            return value_of(completed_future(Err(self._unknown_company(), None, 0, attempts=0)))
        if endpoint.is_list:
            return self._load_from_list(endpoint, read_ids)
        if self._batches(endpoint):
            return self._load_appointment(_AppointmentKey(*read_ids), client_id=ids[-1])
        return value_of(self._existing_or_new_read(_ReadKey(endpoint, read_ids)))

    def timeline(
        self,
        client_id: str,
        *,
        kinds: ActivityKindSet | None,
        appointment_id: str | None,
        newest_first: bool = False,
    ) -> asyncio.Future[Timestamped[list[Raw]]]:
        """A client's activities of some kinds, or all, possibly among others; each still to be decoded.

        The order may differ from `newest_first`: another load of the same timeline may need another order.
        """
        key = _TimelineKey(client_id, appointment_id)
        if key not in self._loaders:
            self._loaders[key] = self._loader_scope.loader(partial(self._batch_timeline, key))
        load = _TimelineLoad(_ALL_KINDS if kinds is None else kinds, newest_first)
        return self._loader_scope.load(self._loaders[key], load)

    def _read_ids(
        self, endpoint: Endpoint[Any], ids: tuple[str | None, ...]
    ) -> tuple[str | None, ...]:
        """The ids that a read needs, with the configured company in place of an unknown one."""
        if len(ids) != len(endpoint.ids):
            raise TypeError(f"The endpoint takes the ids {', '.join(endpoint.ids)}.")
        required_ids = ids[: len(endpoint.required_ids)]
        if endpoint.belongs_to_company:
            return required_ids[0] or self._settings.company_id, *required_ids[1:]
        return required_ids

    def _batches(self, endpoint: Endpoint[Any]) -> bool:
        """Whether single resources of an endpoint may be read with others at once."""
        return endpoint is APPOINTMENT and self._settings.appointments_by_client

    def _existing_or_new_read(self, key: _ReadKey) -> asyncio.Future[ReadResult[Any]]:
        if key not in self._reads:
            self._reads[key] = self._loader_scope.schedule_read(
                partial(self._api.fetch, self._caller, key.endpoint, *key.ids)
            )
        return self._reads[key]

    def _load_from_list(
        self, endpoint: Endpoint[_R], ids: tuple[str, ...]
    ) -> asyncio.Future[_R | None]:
        """Load a resource from the list of its parent, by a DataLoader of this list."""
        key = _ReadKey.of(endpoint, ids)
        # Not left to the batch, which is dispatched later: limits refuse reads in the order of the loads.
        self._existing_or_new_read(key)
        if key not in self._loaders:
            self._loaders[key] = self._loader_scope.loader(partial(self._batch_from_list, key))
        return self._loader_scope.load(self._loaders[key], ids[-1])

    async def _batch_from_list(
        self, key: _ReadKey, ids: Sequence[str]
    ) -> list[ReadResult[Record | None]]:
        """One list for all ids of a batch, and of later batches."""
        index = await self._existing_or_new_read(key)
        return [_find(index, id_) for id_ in ids]

    def _unknown_company(self) -> CompanyUnknown:
        self._api.record_unknown_company()
        return CompanyUnknown("The company of this resource is unknown.")

    def _load_without_company(self, appointment_id: str) -> asyncio.Future[Any]:
        """Load an appointment whose company is unknown, by its id alone."""
        endpoint = APPOINTMENT_WITHOUT_COMPANY
        self._existing_or_new_read(_ReadKey(endpoint, (appointment_id,)))
        if endpoint not in self._loaders:
            self._loaders[endpoint] = self._loader_scope.loader(self._batch_without_company)
        return self._loader_scope.load(self._loaders[endpoint], appointment_id)

    async def _batch_without_company(
        self, ids: Sequence[str]
    ) -> list[ReadResult[resources.Appointment | None]]:
        """One read for each appointment; one that is not found may yet be one of the unknown company."""
        results: list[ReadResult[resources.Appointment | None]] = []
        for id_ in ids:
            result = await self._existing_or_new_read(_ReadKey(APPOINTMENT_WITHOUT_COMPANY, (id_,)))
            if isinstance(result, Ok) and result.content is None:
                result = Err(self._unknown_company(), result.status, result.size, result.attempts)
            results.append(result)
        return results

    def _load_appointment(self, key: _AppointmentKey, client_id: str | None) -> asyncio.Future[Any]:
        """Load an appointment, read alone or from its client's list."""
        self._client_id_by_appointment[key] = client_id or self._client_id_by_appointment.get(key)
        if APPOINTMENT not in self._loaders:
            self._loaders[APPOINTMENT] = self._loader_scope.loader(self._batch_appointments)
        return self._loader_scope.load(self._loaders[APPOINTMENT], key)

    async def _batch_timeline(
        self, key: _TimelineKey, loads: Sequence[_TimelineLoad]
    ) -> list[ReadResult[Timestamped[list[Raw]]]]:
        """One read for the union of the kinds of a batch; newest first where every load of the batch is."""
        union = frozenset[ActivityKind]().union(*[each.kinds for each in loads])
        kinds = _ALL_KINDS if ActivityKind.UNKNOWN in union else union
        newest_first = all(each.newest_first for each in loads)
        result = await self._existing_or_new_timeline(key, _TimelineLoad(kinds, newest_first))
        if isinstance(result, Ok):
            timestamped = Timestamped(result.content, result.read_at, result.is_stale)
            return [result.with_content(timestamped)] * len(loads)
        return [result] * len(loads)

    def _existing_or_new_timeline(
        self, key: _TimelineKey, load: _TimelineLoad
    ) -> asyncio.Future[ReadResult[list[Raw]]]:
        """The read that covers the kinds: one already started, in any order, or a new one."""
        kinds = load.kinds
        for read in self._timeline_reads[key]:
            if kinds <= read.kinds:
                return read.result
        result = self._loader_scope.schedule_read(
            partial(
                self._api.activities,
                self._caller,
                key.client_id,
                kinds=None if kinds == _ALL_KINDS else kinds,
                appointment_id=key.appointment_id,
                newest_first=load.newest_first,
            )
        )
        self._timeline_reads[key].append(_TimelineRead(kinds, result))
        return result

    async def _batch_appointments(
        self, keys: Sequence[_AppointmentKey]
    ) -> list[ReadResult[resources.Appointment | None]]:
        """Read a batch of appointments, from lists or alone: one list is cheaper than two single reads.

        An appointment that a list lacks is read alone: the completeness of lists is undocumented.
        """
        counts = Counter(map(self._client_list, keys))
        lists = [self._existing_or_new_list(key, counts) for key in keys]
        results = {
            key: None if list_ is None else _from_list(await list_, key.appointment_id)
            for key, list_ in zip(keys, lists, strict=True)
        }
        single_reads = {
            key: self._existing_or_new_read(_ReadKey(APPOINTMENT, key))
            for key, appointment in results.items()
            if appointment is None
        }
        return [
            result if result is not None else await single_reads[key]
            for key, result in results.items()
        ]

    def _existing_or_new_list(
        self, key: _AppointmentKey, counts: Mapping[_ReadKey | None, int]
    ) -> asyncio.Future[ReadResult[ResourceIndex[resources.Appointment]]] | None:
        """The list that may hold an appointment: one already read, or a new one for several appointments."""
        client_list = self._client_list(key)
        if client_list is None or (client_list not in self._reads and counts[client_list] < 2):
            return None
        return self._existing_or_new_read(client_list)

    def _client_list(self, key: _AppointmentKey) -> _ReadKey | None:
        """The key of the list of the appointment's client, where the client is known."""
        client_id = self._client_id_by_appointment[key]
        if client_id is None:
            return None
        return _ReadKey(CLIENT_APPOINTMENT, (key.company_id, client_id))


def _are_known(ids: tuple[str | None, ...]) -> TypeGuard[tuple[str, ...]]:
    return None not in ids


def _find(result: ReadResult[ResourceIndex[Any]], id_: str) -> ReadResult[Any]:
    """The result of a list for one of its resources."""
    if isinstance(result, Err):
        return result
    try:
        return result.with_content(result.content.find(id_))
    except InvalidUpstreamResponse as error:
        return Err(error, result.status, result.size, result.attempts)


def _from_list(
    result: ReadResult[ResourceIndex[resources.Appointment]], appointment_id: str
) -> ReadResult[resources.Appointment | None] | None:
    """The result of a list for an appointment; None where the list lacks it or cannot be used."""
    match _find(result, appointment_id):
        case (
            Ok(content=None) | Err(error=NotFound() | InvalidArgument() | InvalidUpstreamResponse())
        ):
            return None
        case found:
            return found
