"""Session: one caller's request, as the upstream sees it. Whatever is asked twice is read once."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from aiodataloader import DataLoader
from msgspec import Raw

from gateway.config.settings import Settings
from gateway.errors import CompanyUnknown, ContractBroken, InputRefused, NotFound
from gateway.upstream.credentials import Caller
from gateway.upstream.dataloading import Loads, outcomes
from gateway.upstream.endpoints import Upstream
from gateway.upstream.http.stale_cache import Dated
from gateway.upstream.read_log import Call
from gateway.upstream.records import links, resources
from gateway.upstream.records.decoding import Roster
from gateway.upstream.records.enums import ActivityKind

_T = TypeVar("_T")

Kinds = frozenset[ActivityKind]

_ALL = frozenset(ActivityKind)
"""Every kind, `UNKNOWN` included: the upstream is asked without a `type`."""


class _Scope(NamedTuple):
    """What one timeline call can be about: a client, or one appointment of a client."""

    client_id: str
    appointment_id: str | None


class _Wanted(NamedTuple):
    """What a selection wants of a timeline."""

    kinds: Kinds
    newest_first: bool


class _Read(NamedTuple):
    """A read of a timeline that was started, and what it covers."""

    kinds: Kinds
    task: asyncio.Task[Dated[list[Raw]]]


class _Appointment(NamedTuple):
    company_id: str
    appointment_id: str


class _List(NamedTuple):
    """What one list of appointments can be about."""

    company_id: str
    client_id: str


class Session:
    """What one caller's operation asks. Made inside the request's event loop, closed after it.

    Where there is no answer an `UpstreamError` is raised: on await, or at once where an argument tells.
    One thing that is no more is None. A failure is remembered like an answer.
    """

    def __init__(self, upstream: Upstream, caller: Caller, settings: Settings) -> None:
        self._upstream = upstream
        self._caller = caller
        self._settings = settings
        self._loads = Loads(
            reads=settings.max_upstream_calls, concurrency=settings.max_upstream_concurrency
        )
        self._timeline_reads: defaultdict[_Scope, list[_Read]] = defaultdict(list)
        self._lists: dict[_List, asyncio.Task[Roster[resources.Appointment]]] = {}
        self._whose: dict[_Appointment, str] = {}
        self._loaders: dict[object, DataLoader[Any, Any]] = {}

    @property
    def calls(self) -> Sequence[Call]:
        """What was read so far, in the order of the answers."""
        return self._caller.calls

    async def aclose(self) -> None:
        await self._loads.aclose()
        self._loaders.clear()  # which refer to this: it shall go at once, with all that was read

    def timeline(
        self,
        client_id: str,
        *,
        kinds: Kinds | None,
        appointment_id: str | None,
        newest_first: bool = False,
    ) -> Coroutine[Any, Any, Dated[list[Raw]]]:
        """A client's activities of some kinds, or all, perhaps among others; each still to be decoded.

        They may come in another order than is wanted: others may want another.
        """
        scope = _Scope(client_id, appointment_id)
        if scope not in self._loaders:
            self._loaders[scope] = DataLoader(partial(self._read_timeline, scope))
        wanted = _Wanted(_ALL if kinds is None else kinds, newest_first)
        return self._loads.load(self._loaders[scope], wanted)

    def staff(self, company_id: str | None, staff_id: str) -> Awaitable[resources.Staff | None]:
        """A member of staff; the company's list is read once, whatever the number of them."""
        return _member(self._load(self._upstream.staff, self._company(company_id)), staff_id)

    def service(
        self, company_id: str | None, service_id: str
    ) -> Awaitable[resources.Service | None]:
        """A service; the company's list is read once, whatever the number of them."""
        return _member(self._load(self._upstream.services, self._company(company_id)), service_id)

    def appointment(
        self, company_id: str | None, appointment_id: str, client_id: str | None
    ) -> Awaitable[resources.Appointment | None]:
        """An appointment as it is today, alone or, where the upstream can, by its client's list."""
        key = _Appointment(self._company(company_id), appointment_id)
        if client_id is not None:
            self._whose[key] = client_id
        if _Appointment not in self._loaders:
            self._loaders[_Appointment] = DataLoader(self._read_appointments)
        return self._loads.load(self._loaders[_Appointment], key)

    def company(self, company_id: str) -> Awaitable[resources.Company | None]:
        return self._load(self._upstream.company, company_id)

    def client(
        self, client_id: str, asked_id: str | None = None
    ) -> Awaitable[resources.Client | None]:
        """A client. What cannot be an id is the caller's mistake where it is the one asked for."""
        if client_id == asked_id and not links.is_id(client_id):
            raise InputRefused("This cannot be a client's id.")
        return self._load(self._upstream.client, client_id)

    def note(self, note_id: str) -> Awaitable[resources.Note | None]:
        return self._load(self._upstream.note, note_id)

    def form(self, form_id: str) -> Awaitable[resources.Form | None]:
        return self._load(self._upstream.form, form_id)

    def form_result(
        self, form_id: str | None, result_id: str
    ) -> Awaitable[resources.FormResult | None]:
        if form_id is None:
            raise ContractBroken("The upstream does not say which form this is a result of.")
        return self._load(self._upstream.form_result, form_id, result_id)

    def conference(self, conference_id: str) -> Awaitable[resources.Conference | None]:
        return self._load(self._upstream.conference, conference_id)

    def conference_session(
        self, conference_id: str | None, session_id: str
    ) -> Awaitable[resources.ConferenceSession | None]:
        return self._load(self._upstream.conference_session, _conference(conference_id), session_id)

    def conference_registration(
        self, conference_id: str | None, session_id: str | None, registration_id: str
    ) -> Awaitable[resources.ConferenceRegistration | None]:
        ids = _conference(conference_id), _conference(session_id), registration_id
        return self._load(self._upstream.conference_registration, *ids)

    def _load(
        self, read: Callable[..., Coroutine[Any, Any, _T]], *ids: str
    ) -> Coroutine[Any, Any, _T]:
        """What one of the upstream's methods finds for some ids."""
        if read not in self._loaders:
            self._loaders[read] = self._loads.one_by_one(partial(read, self._caller))
        return self._loads.load(self._loaders[read], ids)

    def _company(self, company_id: str | None) -> str:
        known = company_id or self._settings.company_id
        if known is None:
            raise CompanyUnknown("Nothing says which company this belongs to.")
        return known

    async def _read_timeline(self, scope: _Scope, wanted: Sequence[_Wanted]) -> list[Any]:
        """One call for the union of the kinds wanted; newest first where nobody wants it otherwise."""
        union = frozenset[ActivityKind]().union(*[each.kinds for each in wanted])
        covered = _ALL if ActivityKind.UNKNOWN in union else union
        read = self._covering(scope, _Wanted(covered, all(each.newest_first for each in wanted)))
        return await outcomes([read]) * len(wanted)

    def _covering(self, scope: _Scope, wanted: _Wanted) -> asyncio.Task[Dated[list[Raw]]]:
        """A read that covers the kinds: one already started, whatever its order, or a new one."""
        kinds = wanted.kinds
        for read in self._timeline_reads[scope]:
            if kinds <= read.kinds:
                return read.task
        task = self._loads.start(
            self._upstream.activities,
            self._caller,
            scope.client_id,
            kinds=None if kinds == _ALL else kinds,
            appointment_id=scope.appointment_id,
            newest_first=wanted.newest_first,
        )
        self._timeline_reads[scope].append(_Read(kinds, task))
        return task

    async def _read_appointments(self, keys: Sequence[_Appointment]) -> list[Any]:
        """Alone, or by list: one list is cheaper than two or more single reads.

        What a list does not have is read alone: that the list is complete is not documented.
        """
        counts = Counter(map(self._list_of, keys))
        lists = {key: task for key in keys if (task := self._list(key, counts)) is not None}
        rosters = dict(zip(lists, await outcomes(lists.values()), strict=True))
        found = {key: _listed(rosters.get(key), key.appointment_id) for key in keys}
        alone = {
            key: self._loads.start(self._upstream.appointment, self._caller, *key)
            for key, appointment in found.items()
            if appointment is None
        }
        found |= dict(zip(alone, await outcomes(alone.values()), strict=True))
        return [found[key] for key in keys]

    def _list(
        self, key: _Appointment, counts: Mapping[_List, int]
    ) -> asyncio.Task[Roster[resources.Appointment]] | None:
        """The list that an appointment may stand in: one already read, or a new one if it pays."""
        if not self._settings.appointments_by_client or key not in self._whose:
            return None
        wanted = self._list_of(key)
        if wanted not in self._lists and counts[wanted] > 1:
            self._lists[wanted] = self._loads.start(
                self._upstream.appointments, self._caller, *wanted
            )
        return self._lists.get(wanted)

    def _list_of(self, key: _Appointment) -> _List:
        return _List(key.company_id, self._whose.get(key, ""))


def _conference(id_: str | None) -> str:
    if id_ is None:
        raise ContractBroken(
            "The upstream does not say which conference or session this belongs to."
        )
    return id_


async def _member(load: Awaitable[Roster[Any]], id_: str) -> Any:
    return (await load).find(id_)


def _listed(
    roster: Roster[resources.Appointment] | Exception | None, appointment_id: str
) -> resources.Appointment | Exception | None:
    """What a list has to say of an appointment; None where it says nothing, or there is no such list."""
    match roster:
        case None | NotFound() | InputRefused() | ContractBroken():
            return None
        case Exception():
            return roster
    try:
        return roster.find(appointment_id)
    except ContractBroken:
        return None
