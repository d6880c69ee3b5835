"""Session: one caller's request, as the upstream sees it. Whatever is asked twice is read once."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from typing import Any, NamedTuple

from aiodataloader import DataLoader

from gateway.upstream.api import Caller, Upstream
from gateway.upstream.records import Activity, ActivityKind

Kinds = frozenset[ActivityKind]

_ALL = frozenset(ActivityKind)
"""Every kind, `UNKNOWN` included: the upstream is asked without a `type`."""


class _Thread(NamedTuple):
    """What one upstream call can be about: a client, or one appointment of a client."""

    client_id: str
    appointment_id: str | None


class _Wanted(NamedTuple):
    thread: _Thread
    kinds: Kinds


class _Read(NamedTuple):
    """A read that was started: what it covers, and its outcome."""

    kinds: Kinds
    outcome: asyncio.Task[list[Activity]]


class Session:
    """What one caller's operation asks. Made inside the request's event loop, closed after it."""

    def __init__(self, upstream: Upstream, caller: Caller, *, concurrency: int) -> None:
        self._upstream = upstream
        self._caller = caller
        self._slots = asyncio.Semaphore(concurrency)
        self._reads: defaultdict[_Thread, list[_Read]] = defaultdict(list)
        self._loads: set[asyncio.Future[Sequence[Activity]]] = set()
        self._closed = False
        self._timelines: DataLoader[_Wanted, Sequence[Activity]] = DataLoader(
            self._read_timelines  # type: ignore[arg-type]  # an exception fails the key it stands for
        )

    def timeline(
        self, client_id: str, *, kinds: Kinds | None, appointment_id: str | None
    ) -> Coroutine[Any, Any, Sequence[Activity]]:
        """A client's activities of some kinds, or all; those without a usable kind count as unknown.

        The load is enqueued by the call, not by the await: all that one pass of the executor
        asks for is one batch, however deep in the operation it stands.

        Raises:
            UpstreamError: On await, where the upstream gave no timeline.
        """
        thread = _Thread(client_id, appointment_id)
        load = self._timelines.load(_Wanted(thread, _ALL if kinds is None else kinds))
        self._loads.add(load)
        if self._closed:
            load.cancel()
        # A waiter that is cancelled must not cancel the future: others wait for it too.
        return _shielded(load)

    async def aclose(self) -> None:
        """Give up what is still under way, and cancel who still waits: the loader would not."""
        self._closed = True
        outcomes = [read.outcome for reads in self._reads.values() for read in reads]
        for outcome in outcomes:
            outcome.cancel()
        for load in self._loads:
            load.cancel()
        await asyncio.gather(*outcomes, return_exceptions=True)

    async def _read_timelines(self, wanted: list[_Wanted]) -> list[Sequence[Activity] | Exception]:
        """One call per thread, for the union of the kinds wanted of it; a failure stays its own."""
        if self._closed:  # a batch is dispatched a little after it was enqueued
            raise asyncio.CancelledError
        unions: defaultdict[_Thread, Kinds] = defaultdict(frozenset)
        for each in wanted:
            unions[each.thread] |= _ALL if ActivityKind.UNKNOWN in each.kinds else each.kinds
        reads = {thread: self._covering(thread, kinds) for thread, kinds in unions.items()}
        outcomes = await asyncio.gather(*reads.values(), return_exceptions=True)
        found = dict(zip(reads, outcomes, strict=True))
        return [_selected(found[each.thread], each.kinds) for each in wanted]

    def _covering(self, thread: _Thread, kinds: Kinds) -> asyncio.Task[list[Activity]]:
        """A read that covers the kinds: one already started, or a new one."""
        for read in self._reads[thread]:
            if kinds <= read.kinds:
                return read.outcome
        outcome = asyncio.create_task(self._read(thread, kinds))
        self._reads[thread].append(_Read(kinds, outcome))
        return outcome

    async def _read(self, thread: _Thread, kinds: Kinds) -> list[Activity]:
        async with self._slots:
            return await self._upstream.activities(
                self._caller,
                thread.client_id,
                kinds=None if kinds == _ALL else kinds,
                appointment_id=thread.appointment_id,
            )


async def _shielded(load: asyncio.Future[Sequence[Activity]]) -> Sequence[Activity]:
    return await asyncio.shield(load)


def _selected(
    outcome: list[Activity] | BaseException, kinds: Kinds
) -> Sequence[Activity] | Exception:
    match outcome:
        case Exception():
            return outcome
        case BaseException():  # cancelled: not an error, and not for one key
            raise outcome
    return [activity for activity in outcome if activity.kind in kinds]
